"""The fast engine: Llama-family models on a CPU, many questions at once, adapters at run time.

Renders prompts, turns token ids into text and stops answers; the tokens are generated in a process
of its own (`generator_client`, `generator_process`). Does not know jobs, queues or settings.
"""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from queue import Empty
from typing import Any, Literal

from tasks.adapters.verify import AdapterVerifier
from tasks.engines.allowance import Allowance, Limits
from tasks.engines.conversion_progress import Progress
from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.openvino.convert.checkpoint import read_config
from tasks.engines.openvino.convert.conversion import convert
from tasks.engines.openvino.generator_client import Generator, RequestHandle
from tasks.engines.openvino.kernels.build import library
from tasks.engines.openvino.messages import Request, RequestAdapter
from tasks.engines.openvino.serving import PARALLEL, context_length, pipeline_spec
from tasks.engines.protocol import Answer, Question, Sampling
from tasks.engines.sampling import default_sampling
from tasks.engines.text_stream import TextStream
from tasks.errors import KernelsMissing
from tasks.settings import PrecisionSetting
from trainer.adapters.adapter import Adapter
from trainer.base_model.source import Source, folder_to_convert
from trainer.base_model.tokenizer import check_tokenizer, load_tokenizer
from trainer.data.sources import SAMPLE
from trainer.prompts.prompt import Prompt
from trainer.prompts.templates import Style, choose_style

log = logging.getLogger(__name__)

STOP_POLL_SECONDS = 0.05
"""How often `should_stop` is asked while no token arrives."""

THOUGHT_STEP = 2048
"""Tokens of a thought after which its request ends and another goes on with what is there: a
request keeps memory for all its tokens from its start, and most thoughts are shorter."""

Finish = Literal["stop", "length", "interrupted"]


class OpenVinoEngine:
    """A converted model in a generating process; up to `parallel` answers run together.

    Raises:
        ModelMissing: the model's files are not here and could not be fetched, or its tokenizer is
            missing or broken; nothing is converted then.
        ModelUnsupported: the graph cannot express this model.
        ConversionFailed: its files are not whole, or there is no room to convert it.
        SettingInvalid: `calibration` cannot be read.
        EngineFailed: the converted model could not be loaded.
    """

    name = "openvino"

    def __init__(
        self,
        source: Source,
        *,
        cache: Path,
        style: str | None = None,
        threads: int | None = None,
        precision: PrecisionSetting = "auto",
        calibration: str = SAMPLE,
        parallel: int = PARALLEL,
        progress: Progress = lambda done, total: None,
    ) -> None:
        folder = folder_to_convert(source, cache=cache)
        # Before a conversion that takes minutes, and only for what can be converted: any other
        # model goes to the transformers engine, whatever its tokenizer.
        read_architecture(read_config(folder))
        check_tokenizer(folder, source.name)
        converted = convert(
            folder,
            name=source.name,
            cache=cache,
            precision=precision,
            calibration=calibration,
            kernels=lambda: kernels_in(cache),
            progress=progress,
        )
        spec = pipeline_spec(converted, threads=threads, parallel=parallel)
        kernels = "our kernels" if converted.kernels else "OpenVINO's kernels"
        log.info("serving %s in %s with %s", source.name, converted.name, kernels)
        self.parallel = parallel
        self.precision = converted.name
        self.context_length = context_length(converted, spec)
        self.generator = Generator(spec)
        self.generator.start()  # it loads the model while the tokenizer is loaded here
        self.model = source.name
        self.tokenizer = load_tokenizer(source, cache=cache)
        self.style: Style = choose_style(self.tokenizer, style)
        self.sampling: Sampling = default_sampling(source.name, _generation_config(folder))
        self._verifier = AdapterVerifier(source.name, spec.linears)
        self.generator.wait_until_ready()

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
        """Answer one question; see `Engine.answer`. Also raises EngineFailed."""
        start = time.perf_counter()
        adapter = question.adapter
        if adapter is not None:
            self._verifier.verify(adapter)
        style = question.style_in(self.tokenizer, self.style)
        prompt = self.prompt(question)
        stop_ids = style.stop_ids(self.tokenizer)
        allowed = question.allowance(prompt, self.tokenizer, self.context_length)
        text = TextStream(self.tokenizer, style.stop_texts, on_text, prompt.text)
        text.resume(question.begun)
        limits = Limits(text, allowed, on_thought)
        request = _request([*prompt.ids, *question.begun], question.sampling, stop_ids, adapter)
        reader = _TokenReader(self.generator, request, allowed, text, limits, should_stop, start)
        return Answer(
            finish=reader.read_to_the_end(),
            prompt=prompt.text,
            prompt_tokens=len(prompt.ids),
            tokens=reader.tokens,
            seconds=time.perf_counter() - start,
            first_token_seconds=reader.first_token_seconds,
            dropped_turns=prompt.dropped_turns,
            cut_characters=prompt.cut_characters,
            thought_tokens=text.thought_tokens,
            thought_cut=limits.thought_cut,
            ids=[*question.begun, *reader.ids],
        )

    def close(self) -> None:
        """End the generating process."""
        self.generator.close()


class _TokenReader:
    """Reads one answer's tokens as they arrive, until it ends or must stop.

    A thought that must end, or has taken so many tokens that its request ends, goes on in another
    request behind all the tokens so far.
    """

    def __init__(
        self,
        generator: Generator,
        request: Request,
        allowed: Allowance,
        text: TextStream,
        limits: Limits,
        should_stop: Callable[[], bool],
        start: float,
    ) -> None:
        self.generator = generator
        self.request = request
        self.allowed = allowed
        self.text = text
        self.limits = limits
        self.should_stop = should_stop
        self.start = start
        self.first_token_seconds = 0.0
        self.ids: list[int] = []
        self._step_end = 0
        self._handle = self._submit()

    @property
    def tokens(self) -> int:
        """How many tokens the answer has."""
        return len(self.ids)

    def read_to_the_end(self) -> Finish:
        """Return why the answer ended; even after an error, its generation is cancelled."""
        try:
            finish = self._read()
            self.text.close()
        finally:
            self._handle.cancel()
        return finish

    def _read(self) -> Finish:
        while True:
            if self.should_stop():
                return "interrupted"
            try:
                ids, last, error = self._handle.tokens.get(timeout=STOP_POLL_SECONDS)
            except Empty:
                continue
            if error is not None:
                raise error
            finish = self._take(ids, last=last)
            if finish is not None:
                return finish

    def _take(self, ids: Sequence[int], *, last: bool) -> Finish | None:
        """Take new tokens; returns why the answer ends with them, if it does."""
        for id in ids:
            if self._is_stop(id):
                return "stop"
            if self.limits.reached:
                return "length"
            conclusion = self.limits.conclusion()
            if conclusion:
                self._go_on(conclusion)
                return None
        if not last:
            return None
        if len(self.ids) >= self.allowed.tokens or len(self.ids) < self._step_end:
            return "length"
        self._go_on()
        return None

    def _is_stop(self, id: int) -> bool:
        """Count a token and turn it into text; returns whether the answer ends with it."""
        if not self.ids:
            self.first_token_seconds = time.perf_counter() - self.start
        self.ids.append(id)
        if id in self.request.stop_ids:
            return True
        self.text.push(id)
        return self.text.stopped

    def _go_on(self, forced: Sequence[int] = ()) -> None:
        """Generate what comes behind the tokens so far and those that are `forced`."""
        for id in forced:
            self.ids.append(id)
            self.text.push(id)
        self._handle.cancel()  # first: its keys and values are then found by the one that goes on
        self._handle = self._submit()

    def _submit(self) -> RequestHandle:
        most = min(self.allowed.tokens - len(self.ids), THOUGHT_STEP + self.allowed.answer)
        self._step_end = len(self.ids) + most
        request = self.request.rest(self.ids, most)
        return self.generator.submit(lambda id: replace(request, id=id))


def _request(
    prompt_ids: list[int], sampling: Sampling, stop_ids: list[int], adapter: Adapter | None
) -> Request:
    """Return the request for an answer, without its id and its length."""
    return Request(
        id=0,
        prompt_ids=prompt_ids,
        max_new_tokens=0,
        stop_ids=stop_ids,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        # OpenVINO GenAI takes 32 bits, and without a seed it would draw the same answer each time.
        seed=(secrets.randbits(32) if sampling.seed is None else sampling.seed) % 2**32,
        adapter=_request_adapter(adapter) if adapter else None,
        asked=time.monotonic(),
    )


def _request_adapter(adapter: Adapter) -> RequestAdapter:
    return RequestAdapter(
        folder=str(adapter.path.absolute()), digest=adapter.digest, scale=adapter.scale
    )


def kernels_in(cache: Path) -> Path | None:
    """Return the library of our kernels, None where this machine cannot have it.

    OpenVINO's own kernels then compute the model, more slowly.
    """
    try:
        return library(cache)
    except KernelsMissing as error:
        log.warning("OpenVINO's kernels are used, ours cannot be: %s", error)
        return None


def _generation_config(folder: Path) -> Any:
    from transformers import GenerationConfig

    if not (folder / "generation_config.json").is_file():
        return None
    return GenerationConfig.from_pretrained(folder)
