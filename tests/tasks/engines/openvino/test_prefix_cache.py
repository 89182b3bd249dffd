"""Answers with the prefix cache are those without it: adapters that change, two requests at once,
cancellations, and a cache that is too small."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tasks.engines.openvino.cached_sequences import CachedSequences
from tasks.engines.openvino.convert.conversion import convert
from tasks.engines.openvino.messages import PipelineSpec, Request, RequestAdapter
from tasks.engines.openvino.pipeline import UNKNOWN, Pipeline
from tasks.engines.openvino.serving import KEYS_AND_VALUES_IN_8_BITS, pipeline_spec
from tests.tasks.engines.openvino.adapters import write_random_adapter
from tests.tasks.engines.openvino.built_kernels import built
from tests.tasks.models.tiny_models import VOCABULARY, write_tiny
from trainer.adapters.adapter import read

CHUNK = 64
"""Prompt tokens in one step, as with a large model."""


class Generation:
    """What one pipeline generates greedily, and in how many steps."""

    def __init__(self, spec: PipelineSpec) -> None:
        self.pipeline = Pipeline(spec)
        self.ours = spec.kernels is not None
        self.ids: dict[int, list[int]] = {}
        self.ended: set[int] = set()

    def start(
        self,
        prompt: list[int],
        new: int = 8,
        adapter: RequestAdapter | None = None,
        *,
        goes_on: bool = False,
    ) -> int:
        """Start a request; all that run must be of one adapter. Returns its id."""
        if self.ours:  # whose adapter another pipeline of this process may have changed
            self.pipeline._active = UNKNOWN
        self.pipeline.activate(adapter)
        id = len(self.ids) + 1
        self.ids[id] = []
        # No id is a stop id: all answers have their full length.
        self.pipeline.start(
            Request(id, prompt, new, [VOCABULARY], adapter=adapter, goes_on=goes_on)
        )
        return id

    def step(self) -> None:
        """Compute one step."""
        result = self.pipeline.step()
        for id, ids in result.ids.items():
            self.ids[id] += ids
        self.ended.update(result.ended)

    def cancel(self, id: int) -> None:
        """Cancel a request that runs."""
        self.pipeline.cancel(id)
        while id not in self.ended:
            self.step()

    def answer(self, prompt: list[int], adapter: RequestAdapter | None = None) -> list[int]:
        """Return the new ids for a prompt."""
        return self.rest_of(self.start(prompt, adapter=adapter))

    def rest_of(self, id: int) -> list[int]:
        """Return all new ids of a request that was started."""
        while id not in self.ended:
            self.step()
        return self.ids[id]

    def steps_to_first(self, prompt: list[int], adapter: RequestAdapter | None = None) -> int:
        """Return in which step the first new id comes."""
        id = self.start(prompt, 1, adapter)
        steps = 0
        while not self.ids[id]:
            self.step()
            steps += 1
        return steps


class NeverContinued(CachedSequences):
    """Every request has a number of its own, so that it finds nothing in the cache."""

    def _longest_match(self, *_: object) -> tuple[int, None]:
        return 0, None


@pytest.fixture(scope="module", params=["OpenVINO's kernels", "our kernels"])
def spec(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shared_cache: Path
) -> PipelineSpec:
    """A tiny model, its cache as that of a large one."""
    folder = tmp_path_factory.mktemp("tiny")
    kernels = built(shared_cache) if request.param == "our kernels" else None
    converted = convert(
        write_tiny(folder / "model", "llama3-64", seed=5),
        name="tiny",
        cache=folder,
        precision="int4" if kernels else "bf16",
        kernels=lambda: kernels,
    )
    assert converted.kernels == kernels
    served = pipeline_spec(converted, threads=2)
    properties = {**served.properties, **KEYS_AND_VALUES_IN_8_BITS}
    return replace(served, chunk_tokens=CHUNK, properties=properties)


@pytest.fixture
def cached(spec: PipelineSpec) -> Iterator[Generation]:
    """The pipeline as it is served."""
    generation = Generation(spec)
    yield generation
    for id in generation.ids.keys() - generation.ended:
        generation.cancel(id)


@pytest.fixture(scope="module")
def fresh(spec: PipelineSpec) -> Iterator[Generation]:
    """A pipeline that computes every prompt from its first token on."""
    generation = Generation(spec)
    generation.pipeline.sequences = NeverContinued(
        vocabulary=spec.vocabulary, kv_blocks=spec.kv_blocks
    )
    yield generation
    # Our kernels have one adapter for the whole process, in which other tests go on.
    generation.pipeline._active = UNKNOWN
    generation.pipeline.activate(None)


@pytest.fixture(scope="module")
def adapters(
    spec: PipelineSpec, tmp_path_factory: pytest.TempPathFactory
) -> list[RequestAdapter | None]:
    """The base model and two adapters.

    With OpenVINO's own kernels about one switch in a thousand ends in a segmentation fault inside
    the library (2026.4.1): tests switch seldom.
    """
    folder = tmp_path_factory.mktemp("adapters")
    written = [write_random_adapter(folder / f"a{seed}", spec.linears, seed) for seed in (1, 2)]
    used = [read(path) for path in written]
    return [None, *(RequestAdapter(str(a.path), a.digest, a.scale) for a in used)]


def prompt(length: int, seed: int = 0) -> list[int]:
    """Return ids of the tiny model."""
    return Random(seed).choices(range(2, VOCABULARY), k=length)


def test_a_follow_up_computes_only_what_is_new(
    cached: Generation, adapters: list[RequestAdapter | None]
) -> None:
    thread = prompt(300)

    assert cached.steps_to_first(thread) == 5  # of 64 tokens each
    assert cached.steps_to_first([*thread, *prompt(30, 1)]) == 1
    assert cached.steps_to_first([*thread, *prompt(30, 1)], adapters[1]) == 6
    assert cached.steps_to_first([*thread, *prompt(40, 2)], adapters[1]) == 1
    assert cached.steps_to_first([*thread, *prompt(40, 2)]) == 1  # the base's are still there


def test_a_thread_asked_of_changing_adapters_is_answered_as_without_the_cache(
    cached: Generation, fresh: Generation, adapters: list[RequestAdapter | None]
) -> None:
    thread, answers = prompt(100), set()
    for turn in range(9):
        adapter = adapters[turn % 3]
        answer = cached.answer(thread, adapter)
        assert answer == fresh.answer(thread, adapter)
        answers.add(tuple(answer))
        if turn % 3 == 2:  # the next turn, which each of the three is asked again
            thread += answer + prompt(10 + turn, turn)

    assert len(answers) == 9  # the three answer differently


def test_two_who_continue_the_same_thread_at_once_do_not_disturb_each_other(
    cached: Generation, fresh: Generation
) -> None:
    thread = prompt(100)
    thread += cached.answer(thread)
    follow_ups = [[*thread, *prompt(9, seed)] for seed in (1, 2, 3)]

    together = [cached.start(follow_up) for follow_up in follow_ups]

    assert [cached.rest_of(id) for id in together] == [fresh.answer(each) for each in follow_ups]


def test_a_prompt_that_is_being_computed_is_not_taken_for_computed(
    cached: Generation, fresh: Generation
) -> None:
    thread = prompt(300)
    cached.start(prompt(5, 1), new=20)  # its tokens leave 63 of a step to the others
    cached.step()
    first = cached.start(thread)
    cached.step()

    second = cached.start([*thread, 7])

    assert cached.rest_of(second) == fresh.answer([*thread, 7])
    assert cached.rest_of(first) == fresh.answer(thread)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4, 5, 6, 9])
def test_after_a_cancellation_the_same_is_answered_as_if_it_had_never_been_asked(
    cached: Generation, fresh: Generation, steps: int
) -> None:
    thread = prompt(300)
    cached.start(prompt(5, 1), new=30)  # its tokens leave 63 of a step: blocks are filled in part
    cached.step()
    cancelled = cached.start(thread)
    for _ in range(steps):
        cached.step()
    cached.cancel(cancelled)

    assert cached.answer(thread) == fresh.answer(thread)
    assert cached.answer(thread[:200]) == fresh.answer(thread[:200])
    assert cached.answer([*thread, *prompt(9, 2)]) == fresh.answer([*thread, *prompt(9, 2)])


def test_who_goes_on_with_an_answer_that_was_just_cancelled_does_not_read_it_again(
    cached: Generation,
) -> None:
    thread = prompt(300)
    whole = cached.rest_of(cached.start(thread, new=110))
    cancelled = cached.start(thread, new=110)
    while len(cached.ids[cancelled]) < 100:
        cached.step()
    so_far = list(cached.ids[cancelled])
    cached.pipeline.cancel(cancelled)

    going_on = cached.start([*thread, *so_far], new=110 - len(so_far), goes_on=True)
    cached.step()

    assert cached.ids[going_on]  # after one step of 64 tokens
    assert so_far + cached.rest_of(going_on) == whole


@pytest.mark.parametrize("blocks", [12, 13, 20, 40])
def test_a_cache_that_holds_few_threads_answers_as_one_that_holds_all(
    spec: PipelineSpec,
    fresh: Generation,
    adapters: list[RequestAdapter | None],
    blocks: int,
) -> None:
    small = Generation(replace(spec, kv_blocks=blocks))
    random = Random(blocks)
    threads = [prompt(40 * number, number) for number in (1, 2, 3)]
    for turn in range(24):
        number, adapter = random.randrange(3), adapters[turn // 4 % 2]
        if random.random() < 0.3:
            left = small.start(threads[number], adapter=adapter)
            for _ in range(random.randrange(4)):
                small.step()
            small.cancel(left)
        answer = small.answer(threads[number], adapter)
        assert answer == fresh.answer(threads[number], adapter)
        threads[number] += answer + prompt(random.randrange(1, 40), turn)
        if len(threads[number]) > 350:  # the thread's oldest messages no longer fit
            threads[number] = threads[number][-random.randrange(50, 200) :]
