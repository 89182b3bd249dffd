"""What is lost between the logits of one model in fp32 and in another format."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Loss:
    """Means over tokens: `kl` the divergence Σ p·log(p / q) in nats from the fp32 model's p, `top1`
    how often the likeliest token is the same, `nll` the nats of the text's next token."""

    tokens: int
    kl: float
    top1: float
    nll: float

    @property
    def perplexity(self) -> float:
        return float(torch.tensor(self.nll).exp())


def loss(exact: Iterable[torch.Tensor], other: Iterable[torch.Tensor], ids: torch.Tensor) -> Loss:
    """Compare logits [pieces, tokens, vocabulary] that follow the tokens `ids` [pieces, tokens]."""
    kl = top1 = nll = 0.0
    for p, q, piece in zip(exact, other, ids, strict=True):
        p, q = p.float().log_softmax(-1), q.float().log_softmax(-1)
        kl += float((p.exp() * (p - q)).sum())
        top1 += float((p.argmax(-1) == q.argmax(-1)).sum())
        nll -= float(q[:-1].gather(-1, piece[1:, None]).mean()) * len(piece)
    count = ids.numel()
    return Loss(count, kl / count, top1 / count, nll / count)


def together(losses: list[Loss]) -> Loss:
    """Return the means over all tokens of several texts."""
    count = sum(one.tokens for one in losses)

    def mean(values: list[float]) -> float:
        return sum(v * one.tokens for v, one in zip(values, losses, strict=True)) / count

    return Loss(
        count,
        mean([one.kl for one in losses]),
        mean([one.top1 for one in losses]),
        mean([one.nll for one in losses]),
    )
