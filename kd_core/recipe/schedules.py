"""Schedules: how temperature and weights move over the course of training."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from kd_core.settings import Settings, member_from_name, setting


class Schedule(Settings):
    """A rule that turns a method's setting into its value at each epoch."""

    @abstractmethod
    def value(self, start: float, epoch: int, epochs: int, val_accuracies: Sequence[float] = ()) -> float:
        """Return the value in ``epoch`` (0-based) of ``epochs``, beginning with ``start``.

        Args:
            start: the setting's own value.
            epoch: 0-based.
            epochs: how many there are.
            val_accuracies: the student's validation accuracy after every epoch so far.
        """

    def value_code(self, start: float, epochs: int) -> str | None:
        """Return ``value`` as an expression of ``epoch`` in plain Python, for a script; None where it has none."""
        return None

    def extremes(self, start: float, epochs: int) -> tuple[float, ...]:
        """Return the values that are furthest out, which the setting must allow."""
        return self.value(start, 0, epochs), self.value(start, epochs - 1, epochs)


class Constant(Schedule):
    """The value stays as it is."""

    name: Literal["constant"] = "constant"

    def value(self, start: float, epoch: int, epochs: int, val_accuracies: Sequence[float] = ()) -> float:
        """Return ``start``."""
        return start

    def value_code(self, start: float, epochs: int) -> str:
        """Return it in plain Python."""
        return f"{start}"


class Linear(Schedule):
    """The value moves in equal steps and arrives in the last epoch."""

    name: Literal["linear"] = "linear"
    end: float = setting(1.0, title="End value", description="The value in the last epoch.", ge=0)

    def value(self, start: float, epoch: int, epochs: int, val_accuracies: Sequence[float] = ()) -> float:
        """Return the point on the straight line from ``start`` to ``end``."""
        return start + (self.end - start) * _progress(epoch, epochs)

    def value_code(self, start: float, epochs: int) -> str:
        """Return it in plain Python."""
        return f"{start} + ({self.end} - {start}) * epoch / {max(1, epochs - 1)}"


class Cosine(Schedule):
    """The value moves slowly at both ends and fast in between, and arrives in the last epoch."""

    name: Literal["cosine"] = "cosine"
    end: float = setting(1.0, title="End value", description="The value in the last epoch.", ge=0)

    def value(self, start: float, epoch: int, epochs: int, val_accuracies: Sequence[float] = ()) -> float:
        """Return the point on half a cosine wave from ``start`` to ``end``."""
        return self.end + (start - self.end) * (1 + math.cos(math.pi * _progress(epoch, epochs))) / 2

    def value_code(self, start: float, epochs: int) -> str:
        """Return it in plain Python."""
        wave = f"(1 + math.cos(math.pi * epoch / {max(1, epochs - 1)})) / 2"
        return f"{self.end} + ({start} - {self.end}) * {wave}"


class Exponential(Schedule):
    """The value is multiplied by the same factor every epoch and never falls below the floor."""

    name: Literal["exponential"] = "exponential"
    factor: float = setting(0.95, title="Factor per epoch", gt=0, le=1)
    floor: float = setting(1.0, title="Floor", description="The value never falls below this.", ge=0)

    def value(self, start: float, epoch: int, epochs: int, val_accuracies: Sequence[float] = ()) -> float:
        """Return max(floor, start x factor^epoch)."""
        return max(self.floor, start * self.factor**epoch)

    def value_code(self, start: float, epochs: int) -> str:
        """Return it in plain Python."""
        return f"max({self.floor}, {start} * {self.factor}**epoch)"


class WarmUp(Schedule):
    """The value rises from nothing in equal steps, and then stays."""

    name: Literal["warm_up"] = "warm_up"
    epochs: int = setting(20, title="Epochs of warm-up", unit="epochs", ge=1, le=2000, scale="log")

    def value(self, start: float, epoch: int, epochs: int, val_accuracies: Sequence[float] = ()) -> float:
        """Return ``start`` times the share of the warm-up that is over, at most 1."""
        return start * min(1.0, (epoch + 1) / self.epochs)

    def value_code(self, start: float, epochs: int) -> str:
        """Return it in plain Python."""
        return f"{start} * min(1.0, (epoch + 1) / {self.epochs})"


class Between(Schedule):
    """The value counts in one stage of training, and is 0 outside it."""

    name: Literal["between"] = "between"
    begin: float = setting(
        0.0, title="Begins after", description="Share of the epochs after which the stage begins.", ge=0, le=1
    )
    end: float = setting(
        1.0, title="Ends after", description="Share of the epochs after which the stage is over.", ge=0, le=1
    )

    def value(self, start: float, epoch: int, epochs: int, val_accuracies: Sequence[float] = ()) -> float:
        """Return ``start`` inside the stage, else 0; stages that follow each other share no epoch."""
        return start if round(self.begin * epochs) <= epoch < round(self.end * epochs) else 0.0

    def value_code(self, start: float, epochs: int) -> str:
        """Return it in plain Python."""
        return f"{start} if {round(self.begin * epochs)} <= epoch < {round(self.end * epochs)} else 0.0"


class OnPlateau(Schedule):
    """The value is multiplied whenever the student's validation accuracy has not risen for some epochs."""

    name: Literal["on_plateau"] = "on_plateau"
    factor: float = setting(
        0.5, title="Factor", description="By which the value is multiplied on each plateau.", gt=0, le=4
    )
    patience: int = setting(
        5,
        title="Patience",
        description="Epochs without a better accuracy that make a plateau.",
        unit="epochs",
        ge=1,
        le=1000,
        scale="log",
    )
    limit: float = setting(
        1.0, title="Limit", description="The value never goes beyond this.", ge=0, le=1000, scale="log", log_from=0.001
    )

    def value(self, start: float, epoch: int, epochs: int, val_accuracies: Sequence[float] = ()) -> float:
        """Return ``start`` times the factor for every plateau so far, not beyond the limit."""
        best, waited, plateaus = -1.0, 0, 0
        for accuracy in val_accuracies[:epoch]:
            waited = 0 if accuracy > best else waited + 1
            best = max(best, accuracy)
            if waited == self.patience:
                waited, plateaus = 0, plateaus + 1
        moved = start * self.factor**plateaus
        return max(moved, min(start, self.limit)) if self.factor < 1 else min(moved, max(start, self.limit))

    def extremes(self, start: float, epochs: int) -> tuple[float, ...]:
        """Return where it begins and the limit."""
        return start, self.limit if (self.limit < start) == (self.factor < 1) else start


def _progress(epoch: int, epochs: int) -> float:
    return epoch / max(1, epochs - 1)


AnySchedule = Annotated[
    Constant | Linear | Cosine | Exponential | WarmUp | Between | OnPlateau,
    Field(discriminator="name"),
    BeforeValidator(member_from_name),
]
