"""The fast engine: Llama-family models on a CPU, many questions at once, adapters at run time.

Renders prompts, turns token ids into text and stops answers; the tokens are generated in a process
of its own (`generator_client`, `generator_process`). Does not know jobs, queues or settings.
"""

import logging
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any, Literal

from tasks.adapters.verify import AdapterVerifier
from tasks.engines.conversion_progress import Progress
from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.openvino.convert.checkpoint import read_config
from tasks.engines.openvino.convert.conversion import convert
from tasks.engines.openvino.convert.precision import PrecisionSetting
from tasks.engines.openvino.generator_client import Generator, RequestHandle
from tasks.engines.openvino.kernels.build import library
from tasks.engines.openvino.messages import Request, RequestAdapter
from tasks.engines.openvino.serving import PARALLEL, context_length, pipeline_spec
from tasks.engines.protocol import Answer, Question, Sampling
from tasks.engines.sampling import default_sampling
from tasks.engines.text_stream import TextStream
from tasks.errors import KernelsMissing
from trainer.adapters.adapter import Adapter
from trainer.base_model.source import Source, local_folder
from trainer.base_model.tokenizer import check_tokenizer, load_tokenizer
from trainer.prompts.prompt import Prompt
from trainer.prompts.templates import Style, choose_style

log = logging.getLogger(__name__)

STOP_POLL_SECONDS = 0.05
"""How often `should_stop` is asked while no token arrives."""

Finish = Literal["stop", "length", "interrupted"]


class OpenVinoEngine:
    """A converted model in a generating process; up to `parallel` answers run together.

    Raises:
        ModelMissing: the model's files are not here and could not be fetched, or its tokenizer is
            missing or broken; nothing is converted then.
        ModelUnsupported: the graph cannot express this model.
        ConversionFailed: its files are not whole, or there is no room to convert it.
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
        parallel: int = PARALLEL,
        progress: Progress = lambda done, total: None,
    ) -> None:
        folder = local_folder(source, cache=cache)
        # Before a conversion that takes minutes, and only for what can be converted: any other
        # model goes to the transformers engine, whatever its tokenizer.
        read_architecture(read_config(folder))
        check_tokenizer(folder, source.name)
        converted = convert(
            folder,
            name=source.name,
            cache=cache,
            precision=precision,
            kernels=lambda: kernels_in(cache),
            progress=progress,
        )
        spec = pipeline_spec(converted, threads=threads, parallel=parallel)
        kernels = "our kernels" if converted.kernels else "OpenVINO's kernels"
        log.info("serving %s in %s with %s", source.name, converted.precision, kernels)
        self.parallel = parallel
        self.precision = converted.precision
        self.context_length = context_length(converted, spec)
        self.generator = Generator(spec)
        self.generator.start()  # it loads the model while the tokenizer is loaded here
        self.model = source.name
        self.tokenizer = load_tokenizer(source, cache=cache)
        self.style: Style = choose_style(self.tokenizer, style)
        self.sampling: Sampling = default_sampling(source.name, _generation_config(folder))
        self._verifier = AdapterVerifier(source.name, spec.linears)
        self.generator.wait_until_ready()

    def answer(
        self,
        question: Question,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool],
    ) -> Answer:
        """Answer one question; see `Engine.answer`. Also raises EngineFailed."""
        start = time.perf_counter()
        adapter = question.adapter
        if adapter is not None:
            self._verifier.verify(adapter)
        named = question.style or (adapter.style if adapter else None) or self.style.name
        style = choose_style(self.tokenizer, named)
        prompt = question.prompt(style, self.tokenizer, self.context_length)
        stop_ids = style.stop_ids(self.tokenizer)
        handle = self.generator.submit(
            lambda id: _request(
                id, prompt, question.sampling, stop_ids, adapter, self.context_length
            )
        )
        text = TextStream(self.tokenizer, style.stop_texts, on_text, prompt.text)
        reader = _TokenReader(handle, text, set(stop_ids), should_stop, start)
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
        )

    def close(self) -> None:
        """End the generating process."""
        self.generator.close()


class _TokenReader:
    """Reads one request's tokens as they arrive, until the answer ends or must stop."""

    def __init__(
        self,
        handle: RequestHandle,
        text: TextStream,
        stop_ids: set[int],
        should_stop: Callable[[], bool],
        start: float,
    ) -> None:
        self.handle = handle
        self.text = text
        self.stop_ids = stop_ids
        self.should_stop = should_stop
        self.start = start
        self.tokens = 0
        self.first_token_seconds = 0.0

    def read_to_the_end(self) -> Finish:
        """Return why the answer ended; even after an error, its generation is cancelled."""
        try:
            finish = self._read()
            self.text.close()
        finally:
            self.handle.cancel()
        return finish

    def _read(self) -> Finish:
        last = False
        while not last:
            if self.should_stop():
                return "interrupted"
            try:
                ids, last, error = self.handle.tokens.get(timeout=STOP_POLL_SECONDS)
            except Empty:
                continue
            if error is not None:
                raise error
            for id in ids:
                if self._is_last(id):
                    return "stop"
        return "length"

    def _is_last(self, id: int) -> bool:
        """Count a token and turn it into text; returns whether the answer ends with it."""
        if not self.tokens:
            self.first_token_seconds = time.perf_counter() - self.start
        self.tokens += 1
        if id in self.stop_ids:
            return True
        self.text.push(id)
        return self.text.stopped


def _request(
    id: int,
    prompt: Prompt,
    sampling: Sampling,
    stop_ids: list[int],
    adapter: Adapter | None,
    context_length: int,
) -> Request:
    return Request(
        id=id,
        prompt_ids=prompt.ids,
        max_new_tokens=min(sampling.max_new_tokens, context_length - len(prompt.ids)),
        stop_ids=stop_ids,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        # OpenVINO GenAI takes 32 bits, and without a seed it would draw the same answer each time.
        seed=(secrets.randbits(32) if sampling.seed is None else sampling.seed) % 2**32,
        adapter=_request_adapter(adapter) if adapter else None,
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
