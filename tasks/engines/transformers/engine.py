"""The reference engine: any causal LM that transformers loads, one question at a time.

`peft_adapters` applies adapters to the base model, which stays loaded. This module does not know
jobs, queues or settings.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch

from tasks.adapters.verify import AdapterVerifier
from tasks.engines.allowance import Limits
from tasks.engines.protocol import Answer, Question, Sampling
from tasks.engines.sampling import default_sampling
from tasks.engines.text_stream import TextStream
from tasks.engines.transformers.peft_adapters import AttachedAdapters
from trainer.adapters.adapter import Adapter
from trainer.base_model.load import load_model
from trainer.base_model.source import Source
from trainer.base_model.tokenizer import load_tokenizer
from trainer.prompts.prompt import Prompt
from trainer.prompts.templates import Style, choose_style


class _Interrupted(Exception):
    """Raised in a forward pass to abandon it."""


class TransformersEngine:
    """A model in this process; a lock serialises the answers."""

    name = "transformers"
    parallel = 1

    def __init__(
        self,
        source: Source,
        *,
        style: str | None = None,
        threads: int | None = None,
        cache: Path | None = None,
    ) -> None:
        if threads:
            torch.set_num_threads(threads)
        self.tokenizer = load_tokenizer(source, cache=cache)
        self.style: Style = choose_style(self.tokenizer, style)
        base = load_model(source, cache=cache)
        self.model = source.name
        self.sampling: Sampling = default_sampling(source.name, base.generation_config)
        self.context_length = int(base.config.max_position_embeddings)
        self._verifier = AdapterVerifier(source.name, _linears(base))
        self._adapters = AttachedAdapters(base)
        self._lock = threading.Lock()

    @property
    def precision(self) -> str:
        """The type of the weights, such as `float32`."""
        return str(self._adapters.base.dtype).removeprefix("torch.")

    def prompt(self, question: Question) -> Prompt:
        """Return what the model would be given; see `Engine.prompt`."""
        style = question.style_in(self.tokenizer, self.style)
        return question.prompt(style, self.tokenizer, self.context_length)

    def answer(
        self,
        question: Question,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool],
        on_thought: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """Answer one question; see `Engine.answer`."""
        start = time.perf_counter()
        with self._lock, self._adapted(question.adapter) as model:
            style = question.style_in(self.tokenizer, self.style)
            prompt = self.prompt(question)
            allowed = question.allowance(prompt, self.tokenizer, self.context_length)
            text = TextStream(self.tokenizer, style.stop_texts, on_text, prompt.text)
            text.resume(question.begun)
            limits = Limits(text, allowed, on_thought)
            stop_ids = style.stop_ids(self.tokenizer)
            generation = _Generation(text, limits, stop_ids, should_stop, start)
            ids = [*prompt.ids, *question.begun]
            finish = generation.generate(model, ids, question.sampling, allowed.tokens)
        return Answer(
            prompt=prompt.text,
            prompt_tokens=len(prompt.ids),
            tokens=generation.tokens,
            seconds=time.perf_counter() - start,
            first_token_seconds=generation.first_token_seconds,
            finish=finish,
            dropped_turns=prompt.dropped_turns,
            cut_characters=prompt.cut_characters,
            thought_tokens=text.thought_tokens,
            thought_cut=limits.thought_cut,
            ids=[*question.begun, *generation.ids],
        )

    @contextmanager
    def _adapted(self, adapter: Adapter | None) -> Iterator[Any]:
        """Give the model with `adapter` applied."""
        if adapter is None:
            with self._adapters.base_only() as model:
                yield model
            return
        self._verifier.verify(adapter)
        with self._adapters.using(adapter) as model:
            yield model


class _Generation:
    """One answer under way: passes tokens on as text, and stops when it should."""

    def __init__(
        self,
        text: TextStream,
        limits: Limits,
        stop_ids: list[int],
        should_stop: Callable[[], bool],
        start: float,
    ) -> None:
        self.text = text
        self.limits = limits
        self.stop_ids = stop_ids
        self.should_stop = should_stop
        self.start = start
        self.ids: list[int] = []
        self.first_token_seconds = 0.0
        self._forced: deque[int] = deque()

    @property
    def tokens(self) -> int:
        """How many tokens the answer has."""
        return len(self.ids)

    def generate(
        self, model: Any, prompt_ids: Sequence[int], sampling: Sampling, tokens: int
    ) -> Literal["stop", "length", "interrupted"]:
        """Generate at most `tokens`; return why the answer ended.

        That is a stop token or text, the length, or an interruption.
        """
        ids = torch.tensor([prompt_ids])  # [1, tokens] int64
        if sampling.seed is not None:
            torch.manual_seed(sampling.seed)
        try:
            with torch.inference_mode(), _checked_before_layers(model, self._check):
                output = model.generate(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=tokens,
                    eos_token_id=self.stop_ids,
                    pad_token_id=self.stop_ids[0],
                    stopping_criteria=[self._take_newest],
                    logits_processor=[self._with_forced],
                    **_sampling_arguments(sampling),
                )
        except _Interrupted:
            self.text.close()
            return "interrupted"
        self.text.close()
        if self.text.stopped or int(output[0, -1]) in self.stop_ids:
            return "stop"
        return "length"

    def _take_newest(self, ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        """Take the last of `ids` [1, tokens], which transformers shows here after every step.

        Returns [1] bool, true once the answer has a stop text or its full length.
        """
        if not self.ids:
            self.first_token_seconds = time.perf_counter() - self.start
        id = int(ids[0, -1])
        self.ids.append(id)
        if id not in self.stop_ids:
            self.text.push(id)
        self._forced.extend(self.limits.conclusion())
        return torch.tensor([self.text.stopped or self.limits.reached])

    def _with_forced(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores [batch, vocabulary]; the next token of a conclusion is the only one."""
        if not self._forced:
            return scores
        forced = torch.full_like(scores, -torch.inf)
        forced[:, self._forced.popleft()] = 0
        return forced

    def _check(self, *_: Any) -> None:
        if self.should_stop():
            raise _Interrupted


@contextmanager
def _checked_before_layers(model: Any, check: Callable[..., None]) -> Iterator[None]:
    """Call `check` before every layer, so that it can stop the prefill of a long prompt by raising.

    A layer of a long prompt takes seconds on a CPU, the whole prefill minutes.
    """
    layers = model.get_decoder().layers
    hooks = [layer.register_forward_pre_hook(check) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _linears(model: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes [out, in] of the model's linear layers by their names."""
    return {
        name: tuple(module.weight.shape)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }


def _sampling_arguments(sampling: Sampling) -> dict[str, Any]:
    """Return the arguments of transformers' `generate` for `sampling`."""
    if sampling.temperature == 0:
        return {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    # Also where it is 0: transformers' default of 50 would change the distribution.
    return {
        "do_sample": True,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
    }
