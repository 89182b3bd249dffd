"""Marks of sequences: what is shared is the same adapter's, whole, and computed as a prompt."""

from tasks.engines.openvino.cached_sequences import CachedSequences
from tasks.engines.openvino.convert.architecture import id_stride
from tasks.engines.openvino.messages import Request, RequestAdapter

VOCABULARY = 1000

Marks = dict[int, int]


class Cache:
    """Cached sequences, asked by prompts."""

    def __init__(self, kv_blocks: int = 100, vocabulary: int = VOCABULARY) -> None:
        self.sequences = CachedSequences(vocabulary=vocabulary, kv_blocks=kv_blocks)
        self.stride = id_stride(vocabulary)
        self.asked = 0

    def start(
        self, prompt: list[int], adapter: RequestAdapter | None = None, *, goes_on: bool = False
    ) -> tuple[int, Marks]:
        """Return the id of a new request, and its numbers by their places."""
        self.asked += 1
        request = Request(self.asked, prompt, 8, [2], adapter=adapter, goes_on=goes_on)
        marked = self.sequences.start(request).tolist()
        assert [id % self.stride for id in marked] == prompt
        numbers = {place: id // self.stride for place, id in enumerate(marked)}
        return self.asked, {place: number for place, number in numbers.items() if number}

    def marks(
        self,
        prompt: list[int],
        adapter: RequestAdapter | None = None,
        *,
        answer: tuple[int, ...] = (7,),
        goes_on: bool = False,
    ) -> Marks:
        """Return the marks of a request that is answered."""
        id, marks = self.start(prompt, adapter, goes_on=goes_on)
        self.sequences.end(id, answer)
        return marks


def ids(length: int, first: int = 10) -> list[int]:
    """Return ids of which two with another `first` have none in common."""
    return list(range(first, first + length))


def adapter(digest: str, scale: float = 1.0, folder: str = "/adapters/a") -> RequestAdapter:
    """Return an adapter of some content."""
    return RequestAdapter(folder=folder, digest=digest, scale=scale)


def shared(before: Marks, after: Marks) -> int:
    """Return how many ids two prompts share: those before the last mark of the later one."""
    *common, own = sorted(after)
    assert all(before.get(place) == after[place] for place in common)
    assert after[own] not in before.values()
    return own


def test_a_thread_shares_the_whole_blocks_of_what_was_asked_before() -> None:
    cache = Cache()
    first = cache.marks(ids(70), answer=tuple(ids(200, 300)))

    second = cache.marks([*ids(70), *ids(200, 300), 5])
    third = cache.marks([*ids(70), *ids(200, 300), 5, 7, 4])

    assert list(first) == [0]
    assert shared(first, second) == 64  # the answer is read again
    assert shared(second, third) == 256


def test_who_goes_on_shares_the_answer_but_for_its_last_id() -> None:
    cache = Cache()
    first = cache.marks(ids(70), answer=tuple(ids(58, 300)))

    going_on = cache.marks([*ids(70), *ids(58, 300), 5], goes_on=True)
    asked_again = cache.marks([*ids(70), *ids(58, 300), 5])

    assert shared(first, going_on) == 96  # the last id of 128 has no keys and values
    assert shared(going_on, asked_again) == 64


def test_the_same_prompt_is_computed_from_its_last_block_on() -> None:
    cache = Cache()
    first = cache.marks(ids(64))

    assert shared(first, cache.marks(ids(64))) == 32
    assert shared(first, cache.marks(ids(64))) == 32
    assert shared(first, cache.marks(ids(40))) == 32


def test_prompts_that_begin_differently_share_nothing() -> None:
    cache = Cache()

    found = [cache.marks(ids(60, first)) for first in (10, 100, 200)]

    assert [list(marks) for marks in found] == [[0]] * 3
    assert len({marks[0] for marks in found}) == 3
    assert min(marks[0] for marks in found) > 0  # 0 is the library's


def test_an_adapter_is_known_by_its_content_and_scale() -> None:
    cache = Cache()
    base, trained = cache.marks(ids(60)), cache.marks(ids(60), adapter("a"))

    trained_anew = cache.marks(ids(60), adapter("b"))
    scaled = cache.marks(ids(60), adapter("a", scale=2.0))

    assert len({marks[0] for marks in (base, trained, trained_anew, scaled)}) == 4
    assert cache.marks(ids(60), adapter("a", folder="/adapters/copy"))[0] == trained[0]
    assert cache.marks(ids(60))[0] == base[0]


def test_two_at_once_share_the_same_and_have_marks_of_their_own() -> None:
    cache = Cache()
    before = cache.marks(ids(60))

    (_, one), (_, other) = cache.start([*ids(60), 1]), cache.start([*ids(60), 1])

    assert shared(before, one) == shared(before, other) == 32
    assert one[32] != other[32]


def test_what_runs_or_may_be_computed_in_part_is_not_shared() -> None:
    cache = Cache()
    id, running = cache.start(ids(60))

    other_id, beside = cache.start(ids(60))
    cache.sequences.end(id, [])
    cache.sequences.end(other_id, [])
    after = cache.marks(ids(60))

    assert [list(marks) for marks in (running, beside, after)] == [[0]] * 3
    assert len({marks[0] for marks in (running, beside, after)}) == 3


def test_threads_share_their_system_prompt() -> None:
    cache = Cache()
    system_prompt = ids(40)
    long = cache.marks([*system_prompt, *ids(300, 100)])

    other = cache.marks([*system_prompt, *ids(20, 500)])

    assert shared(long, other) == 32
    assert shared(long, cache.marks([*system_prompt, *ids(300, 100), 7, 5])) == 320
    assert shared(other, cache.marks([*system_prompt, *ids(20, 500), 7, 5])) == 32


def test_no_more_is_remembered_than_the_cache_holds() -> None:
    cache = Cache(kv_blocks=10)  # 320 ids
    first = cache.marks(ids(100))
    second = cache.marks(ids(100, 200))
    cache.marks(ids(100))  # used again: now the second is the oldest

    cache.marks(ids(100, 400))

    assert cache.marks(ids(100))[0] == first[0]
    assert cache.marks(ids(100, 200))[0] != second[0]


def test_a_long_thread_takes_its_blocks_once_however_often_it_is_asked() -> None:
    cache = Cache(kv_blocks=10)
    other = cache.marks(ids(60, 500))
    thread = ids(180)

    for turn in range(8):
        thread = [*thread, turn]
        cache.marks(thread)

    assert cache.marks(ids(60, 500))[0] == other[0]


def test_numbers_come_round_and_pass_over_those_in_use() -> None:
    cache = Cache(kv_blocks=6, vocabulary=2**28)  # the numbers 1 to 7
    kept = cache.marks(ids(60))[0]
    _, running = cache.start(ids(60, 100))

    later = {cache.start(ids(40, 1000 * turn))[1][0] for turn in range(5)}

    assert sorted([kept, running[0], *later]) == [1, 2, 3, 4, 5, 6, 7]
