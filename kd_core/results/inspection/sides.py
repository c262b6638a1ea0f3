"""Sides: which networks of a study can be held against each other, and what each said after an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kd_core.results import CellValues, members_and_runs, stored_logits
from kd_core.store import RunRow, Store
from kd_core.vocabulary import ARMS


@dataclass(frozen=True)
class Side:
    """One network of a study of which logits are kept.

    Args:
        arm: its part in the study.
        seed: whose draws it was trained with.
        run: what was trained.
        epochs: those whose logits are kept, from 0, in order.
    """

    arm: str
    seed: int
    run: RunRow
    epochs: tuple[int, ...]

    @property
    def reported(self) -> int:
        """Return the epoch that counts: the reported one, or the newest of a run that has none yet."""
        reported = self.run.reported_epoch
        return reported if reported in self.epochs else self.epochs[-1]

    def nearest(self, epoch: int | None) -> int:
        """Return the kept epoch that stands for ``epoch``: itself, or the nearest before it, or the first."""
        return nearest_kept(self.epochs, self.reported, epoch)


def nearest_kept(epochs: Sequence[int], reported: int, epoch: int | None) -> int:
    """Return the kept epoch that stands for ``epoch``: itself, or the nearest before it, or the first.

    Args:
        epochs: those that are kept, in order.
        reported: the one that stands for None.
        epoch: from 0.
    """
    return reported if epoch is None else max((kept for kept in epochs if kept <= epoch), default=epochs[0])


def sides_of(store: Store, study: str, cell: CellValues | None = None) -> list[Side]:
    """Return the networks of a study of which anything is kept, arm by arm, seeds in order.

    Args:
        store: where they are.
        study: a race, or one of many cells.
        cell: of which networks are meant; None takes the first cell's.
    """
    members, runs = members_and_runs(store, study, cell)
    begun: dict[tuple[str, int], RunRow] = {}
    for member in members:
        if member.arm in ARMS and member.position in runs:
            begun.setdefault((member.arm, member.seed), runs[member.position])
    kept = {key: (run, _kept(store, run)) for key, run in begun.items()}
    ordered = sorted(kept, key=lambda key: (ARMS.index(key[0]), key[1]))
    return [Side(*key, *kept[key]) for key in ordered if kept[key][1]]


def logits_after(store: Store, side: Side, epoch: int | None) -> NDArray[np.float32] | None:
    """Return (N, K) test logits of a side after the kept epoch that stands for ``epoch``; None where they are gone."""
    kept = side.nearest(epoch)
    if side.run.status != "done" or kept != side.reported:
        return store.files.logits(side.run.id, kept)
    try:
        return stored_logits.finished_logits(store, side.run.id, kept)  # a page asks for these with every rerun
    except LookupError:
        return None


def _kept(store: Store, run: RunRow) -> tuple[int, ...]:
    return _kept_of_ended(store, run.id, run.epoch) if run.status == "done" else _kept_now(store, run.id)


@lru_cache(maxsize=256)
def _kept_of_ended(store: Store, run: str, done: int) -> tuple[int, ...]:
    return _kept_now(store, run)


def _kept_now(store: Store, run: str) -> tuple[int, ...]:
    return tuple(store.files.kept_epochs(run))
