"""Optim: how the loss is made smaller."""

from __future__ import annotations

from typing import ClassVar, Literal

from kd_core.settings import ExtensibleSettings, setting


class Optim(ExtensibleSettings):
    """How the loss is made smaller."""

    added_later: ClassVar[frozenset[str]] = frozenset({"lr_of_teacher"})

    algorithm: Literal["adam", "adamw", "sgd"] = setting("adam", title="Optimiser")
    lr: float = setting(0.001, title="Learning rate", gt=0, le=10, lane=True, scale="log")
    lr_of_teacher: float | None = setting(
        None,
        title="Share of the teacher's rate",
        description="The learning rate as a fraction of the teacher's; empty means the rate above.",
        gt=0,
        le=10,
        scale="log",
        log_from=0.001,
    )
    lr_schedule: Literal["constant", "cosine"] = setting(
        "constant", title="Learning rate over time", description="Cosine falls to 0 at the end of training."
    )
    momentum: float = setting(0.9, title="Momentum", description="Of SGD only.", ge=0, lt=1)
    weight_decay: float = setting(0.0, title="Weight decay", ge=0, le=1, lane=True, scale="log")
    batch: int = setting(64, title="Batch size", unit="images", ge=1, le=8192, scale="log")
    epochs: int = setting(10, title="Epochs", ge=1, le=2000, scale="log")
    patience: int | None = setting(
        None,
        title="Early stopping",
        description="Stop after this many epochs without a better validation accuracy and report the best epoch; "
        "empty means never.",
        unit="epochs",
        ge=1,
    )
