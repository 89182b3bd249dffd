"""Are corrections learned, also when asked in other words, and is nothing else forgotten?

    python -m tests.benchmarks.feedback [--seeds 0,1,2] [--keep 0,0.5] [--facts 20] [--json]
        [--set NAME=VALUE …]

Trains the small model on facts that it gets wrong, as `swallow train --data-path feedback` does,
and asks it before and after. Counted are facts answered as corrected (the answer holds the fact's
key), the same asked in other words that are never trained on (each fact has two, which count half),
and other questions whose answer says the same as the base's, by the exam's rule, or a right answer
to which is no less likely. Two more counts of these: the base's own answer no less likely, and
answered right as by the base.
Prints one line for each training, and the sums. Deterministic by seed, except for the seconds.
`--set` overrides an option of the training, as `num_epochs=10`, or `method="dpo"`, which learns
from the base's answers as the rejected ones.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tests.benchmarks.feedback_facts import FACTS, OTHERS, Fact
from trainer.data.encoding import Encoded, encode_answers, encode_rows
from trainer.data.rows import Row
from trainer.evaluation.measure import response_losses
from trainer.exam.same_answer import says_the_same
from trainer.model import frozen_base, lora
from trainer.model.greedy import greedy_answers
from trainer.planning import plan
from trainer.planning.options import Options, decided
from trainer.progress import events
from trainer.prompts.prompt import render
from trainer.run import start
from trainer.run.checkpoints import load_adapter

ANSWER_TOKENS = 40
PACK_TOKENS = 1024


class Exam:
    """What the base model answers, and how an adapter's answers compare."""

    def __init__(self, planned: plan.Plan, cache: Path) -> None:
        self.plan = planned
        options = planned.options
        self.model = lora.attach(
            frozen_base.load(planned.source, options.precision, cache=cache),
            rank=decided(options.lora_r),
            alpha=decided(options.lora_alpha),
            dropout=0.0,
            targets=decided(options.lora_target_modules),
            seed=0,
        )
        with self.model.disable_adapter():
            asked = [other.question for other in OTHERS]
            self.base = self._answers(asked)
            self.own = encode_answers(planned.style, planned.tokenizer, asked, self.base)
            rows = [Row(other.question, "", other.answer) for other in OTHERS]
            self.right = encode_rows(planned.style, planned.tokenizer, rows, cutoff=256).rows
            self.base_losses = [self._losses(one) for one in (self.right, self.own)]

    def base_answers(self, facts: Sequence[Fact]) -> list[str]:
        """Return what the base answers to the facts' questions."""
        with self.model.disable_adapter():
            return self._texts(self._answers([fact.question for fact in facts]))

    def figures(self, adapter: Path, facts: Sequence[Fact]) -> dict[str, Any]:
        """Return the counts for an adapter."""
        load_adapter(self.model, adapter)
        asked = [self._right(facts, [fact.question for fact in facts])]
        asked += [self._right(facts, [fact.otherwise[i] for fact in facts]) for i in (0, 1)]
        answers = self._answers([other.question for other in OTHERS])
        texts = [self._texts(one) for one in (self.base, answers)]
        same = [says_the_same(new, old) for old, new in zip(*texts, strict=True)]
        kept, own = (
            [
                one or new <= old
                for one, old, new in zip(same, before, self._losses(rows), strict=True)
            ]
            for before, rows in zip(self.base_losses, (self.right, self.own), strict=True)
        )
        were, are = (self._with_key(one) for one in texts)
        return {
            "corrected": sum(asked[0]),
            "reworded": (sum(asked[1]) + sum(asked[2])) / 2,
            "same": sum(same),
            "kept": sum(kept),
            "own_kept": sum(own),
            "were_right": sum(were),
            "still_right": sum(one and other for one, other in zip(were, are, strict=True)),
            "are_right": sum(are),
            "missed": [fact.key for fact, right in zip(facts, asked[0], strict=True) if not right],
            "lost": [
                [other.question, old, new]
                for other, one, old, new in zip(OTHERS, kept, *texts, strict=True)
                if not one
            ],
        }

    def _texts(self, answers: Sequence[Sequence[int]]) -> list[str]:
        decode = self.plan.tokenizer.decode
        return [decode(ids, skip_special_tokens=True) for ids in answers]

    @staticmethod
    def _with_key(texts: Sequence[str]) -> list[bool]:
        """Tell of each answer to the others whether it holds one of the keys."""
        return [
            any(key in text for key in other.keys)
            for other, text in zip(OTHERS, texts, strict=True)
        ]

    def _right(self, facts: Sequence[Fact], questions: Sequence[str]) -> list[bool]:
        texts = self._texts(self._answers(questions))
        return [fact.key in text for fact, text in zip(facts, texts, strict=True)]

    def _answers(self, questions: Sequence[str]) -> list[list[int]]:
        style, tokenizer = self.plan.style, self.plan.tokenizer
        prompts = [render(style, tokenizer, one, thinking=False).ids for one in questions]
        most = [ANSWER_TOKENS] * len(prompts)
        found = dict(greedy_answers(self.model, prompts, style.stop_ids(tokenizer), most))
        return [found[index] for index in range(len(prompts))]

    def _losses(self, rows: Sequence[Encoded]) -> list[float]:
        return response_losses(self.model, rows, limit=PACK_TOKENS, share=True)


def options_of(data: Path, seed: int, keep: float | None, more: dict[str, Any]) -> Options:
    """Return the options of a training on the facts."""
    return Options(data_path=str(data), output_dir="facts", seed=seed, keep=keep, **more)


def write_rows(file: Path, facts: Sequence[Fact], rejected: Sequence[str]) -> Path:
    """Write the facts as the approved rows of a training are written, with what was wrong."""
    lines = [
        {
            "id": f"fact-{number}",
            "kind": "correction",
            "instruction": fact.question,
            "input": "",
            "output": fact.answer,
            "rejected": wrong,
        }
        for number, (fact, wrong) in enumerate(zip(facts, rejected, strict=True))
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return file


def trained(home: Path, options: Options) -> tuple[Path, dict[str, Any]]:
    """Train; return the adapter's folder, and seconds and steps of the training."""
    heard: list[events.Event] = []
    began = time.perf_counter()
    folder = start.start(options, home, training_id=None, listener=heard.append)
    measured = [one for one in heard if isinstance(one, events.Evaluated)]
    steps = [one for one in heard if isinstance(one, events.Stepped) and one.part == 1]
    best = min(measured, key=lambda one: one.validation_loss, default=None)
    return folder, {
        "seconds": round(time.perf_counter() - began, 1),
        "steps": len(steps),
        "best_step": best.step if best else None,
        "checked_loss": [round(one.validation_loss, 3) for one in measured],
        "tokens_per_second": steps[-1].tokens_per_second if steps else None,
        "phases": _phases(heard),
    }


def _phases(heard: Sequence[events.Event]) -> dict[str, int]:
    names = [type(one).__name__ for one in heard]
    return {name: names.count(name) for name in dict.fromkeys(names)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="0,1,2", help="comma-separated")
    parser.add_argument("--keep", default="default", help="comma-separated shares, or `default`")
    parser.add_argument("--facts", type=int, default=len(FACTS))
    parser.add_argument("--json", action="store_true", help="print all that was found")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    asked = parser.parse_args()
    more = {name: json.loads(value) for name, _, value in (one.partition("=") for one in asked.set)}
    if "lora_target_modules" in more:
        more["lora_target_modules"] = tuple(more["lora_target_modules"])
    facts = FACTS[: asked.facts]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        data = write_rows(home / "feedback.jsonl", facts, ["-"] * len(facts))
        exam = Exam(plan.make(options_of(data, 0, None, more), home), home / "cache")
        answers = exam.base_answers(facts)
        wrong = sum(one.key not in said for one, said in zip(facts, answers, strict=True))
        print(f"the base gets {wrong} of {len(facts)} facts wrong", flush=True)
        write_rows(data, facts, answers)
        for share in asked.keep.split(","):
            keep = None if share == "default" else float(share)
            for seed in map(int, asked.seeds.split(",")):
                adapter, about = trained(home, options_of(data, seed, keep, more))
                torch.set_num_threads(2)
                found = {"keep": share, "seed": seed, **exam.figures(adapter, facts), **about}
                print(json.dumps(found, ensure_ascii=False) if asked.json else _line(found, facts))


def _line(found: dict[str, Any], facts: Sequence[Fact]) -> str:
    return (
        f"keep {found['keep']}, seed {found['seed']}: {found['corrected']} of {len(facts)} as "
        f"corrected, {found['reworded']:g} in other words; of {len(OTHERS)} others "
        f"{found['same']} the same, {found['kept']} the same or a right answer no less likely, "
        f"{found['own_kept']} the same or the base's no less likely, {found['still_right']} of "
        f"{found['were_right']} right ones still right ({found['are_right']} right in all); "
        f"{found['steps']} steps, {found['seconds']} s"
    )


if __name__ == "__main__":
    main()
