"""Schedules: how temperature and weights move over the course of training."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from kd_core.settings import Settings, named, setting


class Schedule(Settings):
    """A rule that turns a method's setting into its value at each epoch."""

    @abstractmethod
    def value(self, start: float, epoch: int, epochs: int) -> float:
        """Return the value in ``epoch`` (0-based) of ``epochs``, beginning with ``start``."""


class Constant(Schedule):
    """The value stays as it is."""

    name: Literal["constant"] = "constant"

    def value(self, start: float, epoch: int, epochs: int) -> float:
        """Return ``start``."""
        return start


class Linear(Schedule):
    """The value moves in equal steps and arrives in the last epoch."""

    name: Literal["linear"] = "linear"
    end: float = setting(1.0, title="End value", description="The value in the last epoch.", ge=0)

    def value(self, start: float, epoch: int, epochs: int) -> float:
        """Return the point on the straight line from ``start`` to ``end``."""
        return start + (self.end - start) * _progress(epoch, epochs)


class Cosine(Schedule):
    """The value moves slowly at both ends and fast in between, and arrives in the last epoch."""

    name: Literal["cosine"] = "cosine"
    end: float = setting(1.0, title="End value", description="The value in the last epoch.", ge=0)

    def value(self, start: float, epoch: int, epochs: int) -> float:
        """Return the point on half a cosine wave from ``start`` to ``end``."""
        return self.end + (start - self.end) * (1 + math.cos(math.pi * _progress(epoch, epochs))) / 2


class Exponential(Schedule):
    """The value is multiplied by the same factor every epoch and never falls below the floor."""

    name: Literal["exponential"] = "exponential"
    factor: float = setting(0.95, title="Factor per epoch", gt=0, le=1)
    floor: float = setting(1.0, title="Floor", description="The value never falls below this.", ge=0)

    def value(self, start: float, epoch: int, epochs: int) -> float:
        """Return max(floor, start x factor^epoch)."""
        return max(self.floor, start * self.factor**epoch)


def _progress(epoch: int, epochs: int) -> float:
    return epoch / max(1, epochs - 1)


AnySchedule = Annotated[Constant | Linear | Cosine | Exponential, Field(discriminator="name"), BeforeValidator(named)]
