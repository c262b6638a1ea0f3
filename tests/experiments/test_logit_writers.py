"""Which logits are kept, for a network by itself and for lanes that share their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kd_core.experiments.logit_writers import LaneLogitWriter, RunLogitWriter, epochs_to_keep
from kd_core.store import EpochRow, Store

RUNS = ["a", "b", "c"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "home")
    made.files.lanes.create_group("group", RUNS)
    yield made
    made.close()


def row(run: str, epoch: int, accuracy: float, nll: float = 1.0) -> EpochRow:
    scores: dict[str, dict[str, float | None]] = {"validation": {"accuracy": accuracy, "nll": nll}}
    return EpochRow(run, epoch, 1.0, {}, {}, scores, 0.1)


def logits(lanes: int, epoch: int) -> dict[str, np.ndarray]:
    """Numbers that tell their lane and epoch."""
    told = np.arange(lanes)[:, None, None] * 100.0 + epoch
    return {part: np.broadcast_to(told, (lanes, 2, 3)).copy() for part in ("validation", "test")}


def told(store: Store, run: str, epoch: int) -> float:
    values = store.files.logits(run, epoch)
    assert values is not None
    return float(values[0, 0])


def test_a_race_keeps_every_epoch_of_every_lane_that_took_part(store: Store) -> None:
    writer = LaneLogitWriter(store, "group", RUNS, kept={0, 1, 2})
    writer.logits(0, [0, 1, 2], logits(3, 0))
    writer.logits(1, [0, 2], logits(3, 1))
    writer.close()
    assert [store.files.kept_epochs(run) for run in RUNS] == [[0, 1], [0], [0, 1]]
    assert told(store, "c", 1) == 201


def test_cells_of_a_sweep_keep_their_last_and_their_best_epoch(store: Store) -> None:
    writer = LaneLogitWriter(store, "group", RUNS, kept=None)
    marks = {0: (0.5, 0.9, 0.2), 1: (0.7, 0.8, 0.2), 2: (0.6, 0.85, 0.2)}
    for epoch, accuracies in marks.items():
        writer.remember([row(run, epoch, accuracy) for run, accuracy in zip(RUNS, accuracies, strict=True)])
        writer.logits(epoch, [0, 1, 2], logits(3, epoch))
    writer.close()
    assert [store.files.kept_epochs(run) for run in RUNS] == [[1, 2], [0, 2], [0, 2]]
    assert (told(store, "a", 1), told(store, "b", 0), told(store, "b", 2)) == (1, 100, 102)


def test_a_lane_that_ended_early_keeps_its_own_last_epoch(store: Store) -> None:
    writer = LaneLogitWriter(store, "group", RUNS, kept=None)
    for epoch, lanes in ((0, [0, 1, 2]), (1, [0, 1, 2]), (2, [0, 2])):
        writer.remember([row(RUNS[lane], epoch, 0.1 * epoch) for lane in lanes])
        writer.logits(epoch, lanes, logits(3, epoch))
    writer.close()
    assert told(store, "b", 1) == 101
    assert store.files.logits("b", 2) is None
    assert told(store, "c", 2) == 202


def test_after_an_interruption_the_best_so_far_is_still_known(store: Store) -> None:
    writer = LaneLogitWriter(store, "group", RUNS, kept=None)
    first = [row(run, 0, 0.9) for run in RUNS]
    writer.remember(first)
    writer.logits(0, [0, 1, 2], logits(3, 0))
    writer.checkpoint({"progress": np.zeros(1)})

    again = LaneLogitWriter(store, "group", RUNS, kept=None)
    again.remember(first)
    again.remember([row(run, 1, 0.5) for run in RUNS])
    again.logits(1, [0, 1, 2], logits(3, 1))
    again.close()
    assert store.files.kept_epochs("a") == [0, 1]
    assert told(store, "a", 0) == 0
    assert store.files.lanes.checkpoint("group") is None


def test_ties_on_accuracy_go_to_the_lower_loss(store: Store) -> None:
    writer = RunLogitWriter(store, "alone", kept=None)
    for epoch, nll in ((0, 0.9), (1, 0.4), (2, 0.6)):
        writer.remember([row("alone", epoch, 0.8, nll)])
        writer.logits(epoch, [0], logits(1, epoch))
    assert store.files.kept_epochs("alone") == [1, 2]


@pytest.mark.parametrize("epochs", [1, 59, 60, 61, 150, 2000])
def test_about_sixty_epochs_are_kept_and_always_the_first_and_the_last(epochs: int) -> None:
    kept = epochs_to_keep(epochs)
    assert {0, epochs - 1} <= kept <= set(range(epochs))
    assert len(kept) == epochs if epochs <= 60 else 60 <= len(kept) <= 66
