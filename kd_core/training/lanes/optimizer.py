"""Lane optimiser: Adam, AdamW and SGD on stacked parameters, with a learning rate and a weight decay of each lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kd_core.recipe import Optim
from kd_core.training import build_optimizer

BETAS, EPSILON = (0.9, 0.999), 1e-8
"""PyTorch's own defaults, which a single network is trained with."""


def build_lane_optimizer(parameters: Sequence[nn.Parameter], optims: Sequence[Optim], lanes: tuple[int, int]) -> Any:
    """Return an optimiser of parameters (S, M, ...).

    Where all lanes share one rate and one decay, torch's fused kernel does for the stack what it does for one network.

    Args:
        parameters: stacked, the lanes in the first two dimensions.
        optims: how each lane is optimised, by seed and setting; they differ in rate and decay only.
        lanes: (S, M).
    """
    if len({(optim.lr, optim.weight_decay) for optim in optims}) == 1:
        return build_optimizer(list(parameters), optims[0])
    decays = torch.tensor([optim.weight_decay for optim in optims]).reshape(lanes)
    return LaneOptimizer(parameters, optims[0], decays)


class LaneOptimizer(torch.optim.Optimizer):
    """Adam (Kingma & Ba 2015), AdamW (Loshchilov & Hutter 2019) or SGD with momentum, lane by lane.

    Args:
        parameters: (S, M, ...) each.
        optim: which algorithm, and its momentum.
        decays: (S, M). The rates are set before every step, as ``param_groups[0]["lr"]``, (S, M) too.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], optim: Optim, decays: Tensor) -> None:
        super().__init__(list(parameters), {"lr": torch.zeros_like(decays)})
        self.optim, self.decays = optim, decays

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move every parameter against its gradient."""
        for parameter in self.param_groups[0]["params"]:
            gradient = parameter.grad
            rate, decay = (_beside(values, parameter) for values in (self.param_groups[0]["lr"], self.decays))
            if self.optim.algorithm == "adamw":
                parameter.mul_(1 - rate * decay)
            else:
                gradient = gradient.addcmul(parameter, decay)
            move = self._momentum if self.optim.algorithm == "sgd" else self._adam
            move(parameter, gradient, rate)

    def _momentum(self, parameter: nn.Parameter, gradient: Tensor, rate: Tensor) -> None:
        state = self.state[parameter]
        if self.optim.momentum:
            moving = state.setdefault("momentum_buffer", torch.zeros_like(parameter))
            gradient = moving.mul_(self.optim.momentum).add_(gradient)
        parameter.sub_(rate * gradient)

    def _adam(self, parameter: nn.Parameter, gradient: Tensor, rate: Tensor) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        state["step"] += 1
        steps = float(state["step"])
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(gradient, 1 - BETAS[0])
        square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        size = (square / (1 - BETAS[1] ** steps)).sqrt_().add_(EPSILON)
        parameter.sub_(rate / (1 - BETAS[0] ** steps) * mean / size)


def _beside(lanes: Tensor, parameter: Tensor) -> Tensor:
    """Return (S, M) values shaped to be broadcast over (S, M, ...)."""
    shaped: Tensor = lanes.to(parameter).reshape(*lanes.shape, *[1] * (parameter.dim() - 2))
    return shaped
