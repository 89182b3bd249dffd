"""Numbers of sequences: one adapter, one running request, and none whose blocks are doubtful."""

from tasks.engines.openvino.cached_sequences import CachedSequences
from tasks.engines.openvino.convert.architecture import id_stride
from tasks.engines.openvino.messages import Request, RequestAdapter

VOCABULARY = 1000


class Cache:
    """Cached sequences, asked by prompts."""

    def __init__(self, kv_blocks: int = 100, vocabulary: int = VOCABULARY) -> None:
        self.sequences = CachedSequences(vocabulary=vocabulary, kv_blocks=kv_blocks)
        self.stride = id_stride(vocabulary)
        self.asked = 0

    def start(self, prompt: list[int], adapter: RequestAdapter | None = None) -> tuple[int, int]:
        """Return the id of a new request and its sequence's number."""
        self.asked += 1
        first, *others = self.sequences.start(
            Request(self.asked, prompt, 8, [2], adapter=adapter)
        ).tolist()
        assert [first % self.stride, *others] == prompt
        return self.asked, first // self.stride

    def number(self, prompt: list[int], adapter: RequestAdapter | None = None) -> int:
        """Return the number of a request that is answered with one id."""
        id, number = self.start(prompt, adapter)
        self.sequences.end(id, [7])
        return number


def ids(length: int, first: int = 10) -> list[int]:
    """Return ids of which two with another `first` have none in common."""
    return list(range(first, first + length))


def adapter(digest: str, scale: float = 1.0, folder: str = "/adapters/a") -> RequestAdapter:
    """Return an adapter of some content."""
    return RequestAdapter(folder=folder, digest=digest, scale=scale)


def test_a_thread_keeps_its_number_as_it_grows() -> None:
    cache = Cache()

    first = cache.number(ids(60))

    assert first > 0  # 0 is the library's
    assert cache.number([*ids(60), 7, 5]) == first
    assert cache.number([*ids(60), 7, 5, 7, 4]) == first
    assert cache.number(ids(55)) == first


def test_other_prompts_have_other_numbers() -> None:
    cache = Cache()

    assert len({cache.number(ids(60, first)) for first in (10, 100, 200)}) == 3


def test_an_adapter_is_known_by_its_content_and_scale() -> None:
    cache = Cache()
    base, trained = cache.number(ids(60)), cache.number(ids(60), adapter("a"))

    trained_anew = cache.number(ids(60), adapter("b"))
    scaled = cache.number(ids(60), adapter("a", scale=2.0))

    assert len({base, trained, trained_anew, scaled}) == 4
    assert cache.number(ids(60), adapter("a", folder="/adapters/copy")) == trained
    assert cache.number(ids(60)) == base


def test_a_number_belongs_to_one_running_request() -> None:
    cache = Cache()
    number = cache.number(ids(60))

    (first, one), (second, other) = cache.start([*ids(60), 1]), cache.start([*ids(60), 1])

    assert one == number != other
    cache.sequences.end(second, [7])
    cache.sequences.end(first, [7])
    assert cache.number([*ids(60), 1, 7]) in (one, other)


def test_what_may_be_computed_in_part_is_not_continued() -> None:
    cache = Cache()
    id, number = cache.start(ids(60))

    cache.sequences.end(id, [])

    assert cache.number(ids(60)) != number


def test_a_short_common_beginning_leaves_a_long_thread_its_number() -> None:
    cache = Cache()
    system_prompt = ids(40)
    long = cache.number([*system_prompt, *ids(300, 100)])

    other = cache.number([*system_prompt, *ids(20, 500)])
    third = cache.number([*system_prompt, *ids(20, 600)])

    assert other != long
    assert third == other  # its 40 ids are most of what the other one asked
    assert cache.number([*system_prompt, *ids(300, 100), 7, 5]) == long


def test_less_than_a_block_is_not_worth_a_number() -> None:
    cache = Cache()

    assert cache.number(ids(20)) != cache.number(ids(20))


def test_no_more_is_remembered_than_the_cache_holds() -> None:
    cache = Cache(kv_blocks=10)  # 320 ids
    first = cache.number(ids(100))
    second = cache.number(ids(100, 200))
    assert cache.number(ids(100)) == first  # used again: now the second is the oldest

    cache.number(ids(100, 400))

    assert cache.number(ids(100)) == first
    assert cache.number(ids(100, 200)) != second


def test_numbers_come_round_and_pass_over_those_in_use() -> None:
    cache = Cache(kv_blocks=6, vocabulary=2**28)  # the numbers 1 to 7
    kept = cache.number(ids(60))
    _, running = cache.start(ids(60, 100))

    later = {cache.start(ids(40, 1000 * turn))[1] for turn in range(5)}

    assert sorted([kept, running, *later]) == [1, 2, 3, 4, 5, 6, 7]
