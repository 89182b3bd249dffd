"""The rows and packs of each training step, determined by the seed, the data and the step's index.

Nothing here depends on time, on the number of processes or on earlier steps, so that a resumed
training, or one over several processes, takes the same steps. It does not know models or
optimizers.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from trainer.data.encoding import Encoded
from trainer.data.packing import Pack, label_count, pack


@dataclass(frozen=True)
class Step:
    """One step's packs, and the number of `labels` in them.

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


@dataclass(frozen=True, eq=False)
class Steps:
    """All steps of a training in order, each of `batch_size` rows; an epoch's last may have fewer.

    A pack has at most `limit` tokens; with `share` false every row is a pack of its own.
    """

    rows: Sequence[Encoded]
    epochs: int
    batch_size: int
    limit: int
    seed: int
    train_on_inputs: bool = False
    share: bool = True
    wordings: Sequence[Sequence[Encoded]] = ()
    """Of each row the same in other words; two of three epochs have one of them in the row's place.
    Empty where rows are always learned as they are."""
    replay: Sequence[Encoded] = ()
    """Rows of which each epoch has the next `replayed` among the others."""
    replayed: int = 0
    rejected: Mapping[Encoded, Encoded] = field(default_factory=dict)
    """For rows as they are learned the same question with a wrong answer, to learn from both."""

    @property
    def per_epoch(self) -> int:
        """The number of steps of an epoch."""
        return -(-(len(self.rows) + self.replayed) // self.batch_size)

    def __len__(self) -> int:
        return self.per_epoch * self.epochs

    def __getitem__(self, index: int) -> Step:
        if not 0 <= index < len(self):
            raise IndexError(index)
        epoch, place = divmod(index, self.per_epoch)
        order = self._order(epoch)[place * self.batch_size : (place + 1) * self.batch_size]
        rows = [self._row(one, epoch) for one in order]
        labels = label_count(rows, train_on_inputs=self.train_on_inputs)
        paired = [place for place, row in enumerate(rows) if row in self.rejected]
        pairs = tuple((place, len(rows) + number) for number, place in enumerate(paired))
        rows += [self.rejected[rows[place]] for place in paired]
        packs = pack(rows, limit=self.limit, train_on_inputs=self.train_on_inputs, share=self.share)
        return Step(index, packs, labels, pairs)

    @cached_property
    def tokens(self) -> list[int]:
        """The number of tokens of each step."""
        return [self[index].tokens for index in range(len(self))]

    def _order(self, epoch: int) -> list[int]:
        """Return the indices of all rows, replayed ones at the end, shuffled for this epoch."""
        order = list(range(len(self.rows) + self.replayed))
        random.Random(f"{self.seed}/{epoch}").shuffle(order)
        return order

    def _row(self, index: int, epoch: int) -> Encoded:
        """Return row `index` as it is learned in this epoch, or a replayed one."""
        replayed = index - len(self.rows)
        if replayed >= 0:
            return self.replay[(epoch * self.replayed + replayed) % len(self.replay)]
        wordings = self.wordings[index] if self.wordings else ()
        if epoch % 3 == 0 or not wordings:
            return self.rows[index]
        return wordings[(epoch - epoch // 3 - 1 + index) % len(wordings)]
