"""The fast engine: Llama-family models on a CPU, many questions at once, adapters at run time.

Renders prompts, turns token ids into text and watches for reasons to stop; generation itself
happens in a process of its own (`generator`, `batching`). Does not know jobs, queues or settings.
"""

import logging
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any, Literal

from tasks.engines.openvino.adapter_check import CheckedAdapters
from tasks.engines.openvino.convert.converted import Progress, convert
from tasks.engines.openvino.convert.plan import Wanted
from tasks.engines.openvino.generator_client import Generator, Run
from tasks.engines.openvino.kernels.build import library
from tasks.engines.openvino.scheduler import Ask
from tasks.engines.openvino.serving import PARALLEL, context_of, spec_of
from tasks.engines.protocol import Answer, Question, Sampling
from tasks.engines.sampling import defaults_of
from tasks.engines.text_stream import TextStream
from tasks.errors import KernelsMissing
from trainer.adapters.adapter import Adapter, check_base, read
from trainer.base_model.source import Source, local_folder
from trainer.base_model.tokenizer import check_tokenizer, load_tokenizer
from trainer.prompts.prompt import Prompt
from trainer.prompts.styles import Style, choose_style

log = logging.getLogger(__name__)

PATIENCE = 0.05
"""Seconds between two looks at `should_stop` while no token comes."""

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
        precision: Wanted = "auto",
        parallel: int = PARALLEL,
        progress: Progress = lambda done, total: None,
    ) -> None:
        folder = local_folder(source, cache=cache)
        check_tokenizer(folder, source.name)  # before a conversion that takes minutes
        converted = convert(
            folder,
            name=source.name,
            cache=cache,
            wanted=precision,
            kernels=lambda: kernels_in(cache),
            progress=progress,
        )
        spec = spec_of(converted, threads=threads, parallel=parallel)
        how = "our kernels" if converted.kernels else "OpenVINO's kernels"
        log.info("serving %s in %s with %s", source.name, converted.precision, how)
        self.parallel = parallel
        self.precision = converted.precision
        self.context_length = context_of(converted, spec)
        self.generator = Generator(spec)
        self.generator.start()  # loads while the tokenizer does
        self.model = source.name
        self.tokenizer = load_tokenizer(source, cache=cache)
        self.style: Style = choose_style(self.tokenizer, style)
        self.sampling: Sampling = defaults_of(source.name, _generation_config(folder))
        self._adapters = CheckedAdapters(converted.architecture)
        self.generator.ready()

    def answer(
        self,
        question: Question,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool],
    ) -> Answer:
        """Answer one question; see `Engine.answer`. Also raises EngineFailed."""
        start = time.perf_counter()
        adapter = self._adapter(question.adapter)
        named = question.style or (adapter.style if adapter else None) or self.style.name
        style = choose_style(self.tokenizer, named)
        prompt = question.prompt(style, self.tokenizer, self.context_length)
        facts = self._adapters.facts(adapter) if adapter else None
        stop_ids = style.stop_ids(self.tokenizer)
        run = self.generator.ask(
            lambda id: _ask(id, prompt, question.sampling, stop_ids, facts, self.context_length)
        )
        text = TextStream(self.tokenizer, style.stop_texts, on_text)
        reading = _Reading(run, text, set(stop_ids), should_stop, start)
        return Answer(
            finish=reading.run_to_its_end(),
            prompt=prompt.text,
            prompt_tokens=len(prompt.ids),
            tokens=reading.tokens,
            seconds=time.perf_counter() - start,
            first_token_seconds=reading.first_token_seconds,
            dropped_turns=prompt.dropped_turns,
            cut_characters=prompt.cut_characters,
        )

    def close(self) -> None:
        """End the generating process."""
        self.generator.close()

    def _adapter(self, folder: Path | None) -> Adapter | None:
        if folder is None:
            return None
        adapter = read(folder)
        check_base(adapter, self.model)
        return adapter


class _Reading:
    """Reads one run's tokens as they come, until the text or the asker ends it."""

    def __init__(
        self,
        run: Run,
        text: TextStream,
        stop_ids: set[int],
        should_stop: Callable[[], bool],
        start: float,
    ) -> None:
        self.run = run
        self.text = text
        self.stop_ids = stop_ids
        self.should_stop = should_stop
        self.start = start
        self.tokens = 0
        self.first_token_seconds = 0.0

    def run_to_its_end(self) -> Finish:
        """Return why it ended; whatever happens, nothing is generated for it afterwards."""
        try:
            finish = self._read()
            self.text.close()
        finally:
            self.run.cancel()
        return finish

    def _read(self) -> Finish:
        last = False
        while not last:
            if self.should_stop():
                return "interrupted"
            try:
                ids, last, error = self.run.news.get(timeout=PATIENCE)
            except Empty:
                continue
            if error is not None:
                raise error
            for id in ids:
                if self._ends_with(id):
                    return "stop"
        return "length"

    def _ends_with(self, id: int) -> bool:
        if not self.tokens:
            self.first_token_seconds = time.perf_counter() - self.start
        self.tokens += 1
        if id in self.stop_ids:
            return True
        self.text.push(id)
        return self.text.stopped


def _ask(
    id: int,
    prompt: Prompt,
    sampling: Sampling,
    stop_ids: list[int],
    adapter: dict[str, Any] | None,
    context_length: int,
) -> Ask:
    return Ask(
        id=id,
        ids=prompt.ids,
        max_new_tokens=min(sampling.max_new_tokens, context_length - len(prompt.ids)),
        stop_ids=stop_ids,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        # Without one the library would draw the same answer each time. It takes 32 bits.
        seed=(secrets.randbits(32) if sampling.seed is None else sampling.seed) % 2**32,
        adapter=adapter,
    )


def kernels_in(cache: Path) -> Path | None:
    """Return the library of our own kernels; without them OpenVINO's compute, more slowly."""
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
