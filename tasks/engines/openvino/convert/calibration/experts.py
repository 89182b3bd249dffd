"""The experts of a block as linear layers of their own, by the names they have in a checkpoint.

transformers joins their weights into tensors of three dimensions, which could only be loaded as a
whole, and whose products nobody can look at one by one.
"""

from typing import Any


def single_experts(joined: Any, dtype: Any) -> Any:
    """Return a module that computes what transformers' `joined` experts do, without their weights.

    Its parts are called `0.gate_proj`, `0.up_proj`, `0.down_proj`, `1.gate_proj` and so on; they
    are in `dtype`, on the device "meta".
    """
    import torch
    from torch.nn.functional import one_hot

    class Expert(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            width, wide = joined.hidden_dim, joined.intermediate_dim
            kind = {"bias": False, "dtype": dtype, "device": "meta"}
            self.gate_proj = torch.nn.Linear(width, wide, **kind)
            self.up_proj = torch.nn.Linear(width, wide, **kind)
            self.down_proj = torch.nn.Linear(wide, width, **kind)

        def forward(self, x: torch.Tensor) -> Any:
            return self.down_proj(joined.act_fn(self.gate_proj(x)) * self.up_proj(x))

    class SingleExperts(torch.nn.ModuleList):
        def forward(
            self, x: torch.Tensor, chosen: torch.Tensor, weights: torch.Tensor
        ) -> torch.Tensor:
            """Return the weighted sum for x [tokens, width], chosen and weights [tokens, most]."""
            result = torch.zeros_like(x)
            of_expert = one_hot(chosen, len(self)).permute(2, 0, 1)  # [experts, tokens, most]
            for expert, places in zip(self, of_expert, strict=True):
                tokens, which = places.nonzero(as_tuple=True)
                if len(tokens):
                    part = expert(x[tokens]) * weights[tokens, which, None]
                    result.index_add_(0, tokens, part.to(result.dtype))
            return result

    return SingleExperts([Expert() for _ in range(joined.num_experts)])
