"""The rows and packs of each training step, determined by the seed, the data and the step's index.

Nothing here depends on time, on the number of processes or on earlier steps, so that a resumed
training, or one over several processes, takes the same steps. It does not know models or
optimizers.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from trainer.data.encoding import Encoded
from trainer.data.packing import Pack, label_count, pack

REPLAY_WEIGHT = 10.0
"""How much a replayed label counts for each that is learned, on average over a step. Rows were
learned as fast with 6 as with 3, and the loss of the base model's other answers rose by 6 % instead
of 8 %."""


@dataclass(frozen=True)
class Step:
    """One step's packs, replayed ones last, and the number of `labels` in the others.

    The step's loss is the sum over all processes, divided by `labels`.
    """

    index: int
    packs: list[Pack]
    labels: int
    pairs: tuple[tuple[int, int], ...] = ()
    """Of rows of the batch, by their numbers in it: a right answer and a wrong one."""

    @property
    def tokens(self) -> int:
        """The number of tokens that are computed: a shared preamble counts once per pack."""
        return sum(map(len, self.packs))

    @property
    def learned(self) -> list[Pack]:
        """The packs that are not replayed."""
        return [one for one in self.packs if not one.replayed]

    @property
    def replayed(self) -> list[Pack]:
        """The replayed packs."""
        return [one for one in self.packs if one.replayed]

    @property
    def middle_pack(self) -> Pack:
        """Of the learned packs the one of middle length, to measure a speed on."""
        return self.learned[len(self.learned) // 2]


@dataclass(frozen=True, eq=False)
class Steps:
    """All steps of a training in order, each of `batch_size` rows; an epoch's last may have fewer.

    Replayed rows come on top, and have packs of their own. A pack has at most `limit` tokens; with
    `share` false every row is a pack of its own.
    """

    rows: Sequence[Encoded]
    epochs: int
    batch_size: int
    limit: int
    seed: int
    train_on_inputs: bool = False
    share: bool = True
    wordings: Sequence[Sequence[Encoded]] = ()
    """Of each row the same in other words; every second epoch has one of them in the row's place.
    Empty where rows are always learned as they are."""
    replay: Sequence[Encoded] = ()
    """Rows of which a step of `batch_size` rows has the next `replayed` beside its own."""
    replayed: int = 0
    rejected: Mapping[Encoded, Encoded] = field(default_factory=dict)
    """For rows as they are learned the same question with a wrong answer, to learn from both."""

    @property
    def per_epoch(self) -> int:
        """The number of steps of an epoch."""
        return -(-len(self.rows) // self.batch_size)

    def __len__(self) -> int:
        return self.per_epoch * self.epochs

    def __getitem__(self, index: int) -> Step:
        if not 0 <= index < len(self):
            raise IndexError(index)
        epoch, place = divmod(index, self.per_epoch)
        start = place * self.batch_size
        order = self._order(epoch)[start : start + self.batch_size]
        rows = [self._row(one, epoch) for one in order]
        labels = label_count(rows, train_on_inputs=self.train_on_inputs)
        paired = [place for place, row in enumerate(rows) if row in self.rejected]
        pairs = tuple((place, len(rows) + number) for number, place in enumerate(paired))
        rows += [self.rejected[rows[place]] for place in paired]
        packs = pack(rows, limit=self.limit, train_on_inputs=self.train_on_inputs, share=self.share)
        before = epoch * self._replayed_among(len(self.rows)) + self._replayed_among(start)
        count = self._replayed_among(start + len(order)) - self._replayed_among(start)
        return Step(index, packs + self._replayed_packs(before, count, labels), labels, pairs)

    @property
    def replayed_per_epoch(self) -> int:
        """The number of replayed rows of an epoch."""
        return self._replayed_among(len(self.rows))

    @cached_property
    def replayed_tokens(self) -> int:
        """The number of tokens of all replayed rows as often as they are."""
        if not self.replayed:
            return 0
        return sum(len(one) for index in range(len(self)) for one in self[index].replayed)

    @cached_property
    def tokens(self) -> list[int]:
        """The number of tokens of each step."""
        return [self[index].tokens for index in range(len(self))]

    def _order(self, epoch: int) -> list[int]:
        """Return the indices of all rows, shuffled for this epoch."""
        order = list(range(len(self.rows)))
        random.Random(f"{self.seed}/{epoch}").shuffle(order)
        return order

    def _row(self, index: int, epoch: int) -> Encoded:
        """Return row `index` as it is learned in this epoch."""
        wordings = self.wordings[index] if self.wordings else ()
        if epoch % 2 == 0 or not wordings:
            return self.rows[index]
        return wordings[(epoch // 2 + index) % len(wordings)]

    def _replayed_among(self, rows: int) -> int:
        """Return how many rows are replayed beside the first `rows` of an epoch."""
        return -(-rows * self.replayed // self.batch_size)

    def _replayed_packs(self, before: int, count: int, labels: int) -> list[Pack]:
        """Return packs of `count` replayed rows after the first `before`; they take turns.

        Their labels, which are REPLAY_WEIGHT times `labels` worth in all, are the questions' tokens
        too: where the base model's probabilities are kept, more of them say more of the model.
        Those of the preamble, which all rows share, are not among them.
        """
        if not count:
            return []
        taken = [self.replay[place % len(self.replay)] for place in range(before, before + count)]
        rows = [replace(row, prompt=max(1, row.preamble)) for row in taken]
        packs = pack(rows, limit=self.limit, share=self.share)
        weight = REPLAY_WEIGHT * labels / sum(len(one.targets) for one in packs)
        return [replace(one, weights=[weight] * len(one.weights), replayed=True) for one in packs]
