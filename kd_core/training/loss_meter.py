"""The loss meter: the loss terms of one epoch, lane by lane, read from the device only when a report is due."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kd_core.events import Diverged

REPORT_SECONDS = 0.1


@dataclass
class LossMeter:
    """Sums of the loss terms of one epoch.

    Args:
        first_step: steps taken before this epoch.
        lanes: how many networks are trained at once.
        steps: taken in this epoch.
        seconds: spent on them, all lanes together.
        last: each term's mean over the steps of the last report, (L,).
    """

    first_step: int
    lanes: int = 1
    seconds: float = 0.0
    steps: int = 0
    reported_at: float = field(default_factory=time.perf_counter)
    waiting: list[dict[str, Tensor]] = field(default_factory=list)
    sums: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    last: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """Return the steps taken in all epochs so far."""
        return self.first_step + self.steps

    def update(self, terms: Mapping[str, Tensor]) -> None:
        """Keep one step's terms, each a scalar or (L,), without waiting for the device."""
        self.waiting.append({name: term.detach() for name, term in terms.items()})
        self.steps += 1

    def report_due(self) -> bool:
        """Tell whether the last report is long enough ago."""
        return time.perf_counter() - self.reported_at >= REPORT_SECONDS

    def pop_diverged(self) -> dict[int, Diverged]:
        """Read what waits; return by lane the first step and term that became infinite or not a number."""
        rows, self.waiting, self.reported_at = self.waiting, [], time.perf_counter()
        if not rows:
            return {}
        first, diverged = self.step - len(rows) + 1, dict[int, Diverged]()
        for name in rows[0]:
            values = torch.stack([row[name] for row in rows]).reshape(len(rows), self.lanes).double().cpu().numpy()
            for lane in map(int, np.flatnonzero(~np.isfinite(values).all(0))):
                at = int(np.flatnonzero(~np.isfinite(values[:, lane]))[0])
                if lane not in diverged or first + at < diverged[lane].step:
                    diverged[lane] = Diverged(first + at, name, float(values[at, lane]), lane)
            self.sums[name] = self.sums.get(name, 0.0) + values.sum(0)
            self.last[name] = values.mean(0)
        return diverged

    def latest(self, lane: int) -> dict[str, float]:
        """Return each term's mean over the steps of the last report."""
        return {name: float(values[lane]) for name, values in self.last.items()}

    def averages(self, lane: int) -> dict[str, float]:
        """Return each term's mean over the epoch so far."""
        return {name: float(total[lane]) / max(1, self.steps) for name, total in self.sums.items()}
