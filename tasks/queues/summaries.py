"""Questions about conversations, fitted to a prompt: one that is to be summarised is condensed part
by part, of another the oldest messages are left out.

One attempt at a job generates several times and writes one answer: where it is lost, the next one
begins with the first part.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from tasks.asking.material import Said, in_parts, input_of, newest
from tasks.attempts.attempt import Attempt
from tasks.broker.jobs import Jobs
from tasks.engines.protocol import Answer, Engine, Question
from trainer.prompts.instructions import Language, summarise_part

PART_TOKENS = 200
"""The most tokens of the summary of a part: far fewer than the part itself has."""

MOST_ROUNDS = 3
"""How often summaries that do not fit together are summarised once more; then the end is cut."""


@dataclass(frozen=True)
class Fitted:
    """A question as it is asked; `parts` are the answers that condensed what it is about, and of
    which the last may have been interrupted. `left_out` of the oldest messages did not fit."""

    question: Question
    parts: Sequence[Answer] = ()
    left_out: int = 0

    @property
    def interrupted(self) -> bool:
        """Whether the question itself is not to be asked any more."""
        return bool(self.parts) and self.parts[-1].finish == "interrupted"

    def added_to(self, answer: Answer) -> dict[str, Any]:
        """Return what this adds to, or changes in, the result of the final answer."""
        added: dict[str, Any] = {}
        if self.left_out:
            added["dropped_turns"] = answer.dropped_turns + self.left_out
        if self.parts:
            answers = self.parts if self.interrupted else (*self.parts, answer)
            added["parts"] = len(self.parts)
            added["tokens"] = sum(one.tokens for one in answers)
            added["seconds"] = sum(one.seconds for one in answers)
        return added


def fit(
    engine: Engine, jobs: Jobs, attempt: Attempt, question: Question, request: Mapping[str, Any]
) -> Fitted:
    """Return `question` about as much of the messages of its request as fits.

    Raises:
        InstructionTooLong: not even the question alone fits.
        EngineFailed: the generating process died.
    """
    material = request.get("material", ())
    if "summarise" in request and material:
        condensing = _Condensing(engine, jobs, attempt, question, request["summarise"])
        left = condensing.condense(material, partial(_fits, engine, question, request))
        asked = replace(question, input=input_of(request, left))
        return Fitted(asked, condensing.answers)
    if len(material) < 2:
        return Fitted(question)
    kept = newest(material, partial(_fits, engine, question, request))
    asked = replace(question, input=input_of(request, kept))
    return Fitted(asked, left_out=len(material) - len(kept))


def _fits(
    engine: Engine, question: Question, request: Mapping[str, Any], material: Sequence[Said]
) -> bool:
    """Tell whether nothing would be left out of a question about `material`."""
    asked = replace(question, input=input_of(request, material))
    return not engine.prompt(asked).cut_characters


@dataclass
class _Condensing:
    engine: Engine
    jobs: Jobs
    attempt: Attempt
    question: Question
    language: Language
    answers: list[Answer] = field(default_factory=list)

    def condense(
        self, material: Sequence[Said], fits: Callable[[Sequence[Said]], bool]
    ) -> Sequence[Said]:
        """Return the material, or summaries of its parts in its place; fewer where interrupted."""
        for _ in range(MOST_ROUNDS):
            if fits(material) or self._interrupted:
                break
            material = self._summaries(material)
        self.attempt.begin_part()
        return material

    @property
    def _interrupted(self) -> bool:
        return bool(self.answers) and self.answers[-1].finish == "interrupted"

    def _summaries(self, material: Sequence[Said]) -> list[Said]:
        most = min(PART_TOKENS, self.question.sampling.max_new_tokens)
        asked = replace(
            self.question,
            instruction=summarise_part(self.language),
            standing="",  # how to answer concerns the answer
            thinking="off",
            sampling=self.question.sampling.changed(max_new_tokens=most),
        )
        parts = in_parts(material, partial(_fits, self.engine, asked, {}))
        summaries: list[Said] = []
        for number, part in enumerate(parts, 1):
            self._tell(number, len(parts))
            text = self._answer(replace(asked, input=input_of({}, part)))
            if self._interrupted:
                break
            speaker = f"{number}/{len(parts)}"
            summaries.append({"user": "", "speaker": speaker, "text": text})
        return summaries

    def _answer(self, question: Question) -> str:
        pieces: list[str] = []
        self.attempt.begin_part()
        answer = self.engine.answer(question, pieces.append, self.attempt.should_stop)
        self.answers.append(answer)
        return "".join(pieces).strip()

    def _tell(self, number: int, count: int) -> None:
        data = {"number": number, "count": count}
        if self.jobs.append(self.attempt.job, self.attempt.number, "part", data) is None:
            self.attempt.stop("lost")
