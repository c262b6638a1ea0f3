"""Stored logits: test images, labels and what each network of a study says about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kd_core.own_files import OwnLogits
from kd_core.results.race import CellValues, RaceData, members_and_runs
from kd_core.store import MemberRow, RunRow, Store, StudyRow
from kd_core.vocabulary import ARMS


@dataclass(frozen=True)
class StoredLogits:
    """The test split of one study and what its networks say about it, or what somebody's own networks say.

    Args:
        provenance: "live" from this store, "recorded" with the product, or somebody's "own" file.
        facts: who made it: preset, seed, and for recorded material date and machine; of a file its title.
        classes: K names.
        images: (N, C, H, W), uint8; without pixels, (N, 1, 0, 0), where there are only logits.
        labels: (N,), -1 where an image has none.
        logits: by arm, (N, K), in the order teacher, alone, distilled as far as they exist; own ones are ``model_a``
            and ``model_b``.
        epochs: by arm, the epochs whose logits are kept.
        runs: by arm, what was trained; empty of recorded material.
    """

    provenance: Literal["live", "recorded", "own"]
    facts: dict[str, Any]
    classes: tuple[str, ...]
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    logits: dict[str, NDArray[np.float32]]
    epochs: dict[str, tuple[int, ...]]
    runs: Mapping[str, RunRow] = field(default_factory=dict)

    @property
    def has_images(self) -> bool:
        """Tell whether there is something to be seen beside the numbers."""
        return self.images.size > 0

    @property
    def has_labels(self) -> bool:
        """Tell whether any image has a label."""
        return bool((self.labels >= 0).any())


def load_study_logits(
    store: Store, study: str, seed: int = 0, epoch: int | None = None, cell: CellValues | None = None
) -> StoredLogits | None:
    """Return what is stored of a study: its networks of one seed at ``epoch`` (the reported or newest if None).

    An epoch that an arm has not reached, or whose logits were not kept, shows the nearest one before it.

    Args:
        store: where it is.
        study: a race, or a sweep.
        seed: whose networks.
        epoch: 0-based.
        cell: of a sweep, whose networks are meant; None takes the first cell's.
    """
    return _of_rows(store, store.studies.get(study), *members_and_runs(store, study, cell), seed, epoch)


def of_race(store: Store, race: RaceData, seed: int = 0, epoch: int | None = None) -> StoredLogits | None:
    """Return the same from the rows of a race that have been read."""
    return _of_rows(store, race.row, race.members, race.runs, seed, epoch)


def _of_rows(
    store: Store, row: StudyRow, members: Sequence[MemberRow], runs: Mapping[int, RunRow], seed: int, epoch: int | None
) -> StoredLogits | None:
    by_arm: dict[str, RunRow] = {}
    for member in members:
        if member.seed == seed and member.position in runs:
            by_arm.setdefault(member.arm, runs[member.position])
    named = next((run.source for run in by_arm.values() if run.source), None)
    source = read_test_split(store, named) if named else None
    if source is None:
        return None
    arrays, facts = source
    logits, epochs = {}, {}
    for arm in ARMS:
        if arm in by_arm:
            epochs[arm] = _kept_epochs(store, row, by_arm[arm])
            values = _logits(store, by_arm[arm], epochs[arm], epoch)
            if values is not None:
                logits[arm] = values
    made = {"preset": row.preset, "seed": seed, "study": row.id, "dataset": facts["label"]}
    split = (tuple(facts["classes"]), arrays["images"], arrays["labels"])
    return StoredLogits("live", made, *split, logits, epochs, by_arm)


def most_ambiguous(logits: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return image indices by falling entropy of softmax(logits)."""
    shifted = logits - logits.max(-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return np.argsort((np.exp(log_p) * log_p).sum(-1), kind="stable")


def _kept_epochs(store: Store, row: StudyRow, run: RunRow) -> tuple[int, ...]:
    return tuple(store.files.kept_epochs(run.id)) if row.alive else _epochs_of_ended(store, run.id, run.epoch)


def _logits(store: Store, run: RunRow, kept: tuple[int, ...], epoch: int | None) -> NDArray[np.float32] | None:
    wanted = run.reported_epoch
    if epoch is not None or wanted is None:
        wanted = max((number for number in kept if epoch is None or number <= epoch), default=None)
    if wanted is None:
        return None
    if run.status != "done":
        return store.files.logits(run.id, wanted)
    try:
        return finished_logits(store, run.id, wanted)
    except LookupError:
        return None


@lru_cache(maxsize=256)
def _epochs_of_ended(store: Store, run: str, done: int) -> tuple[int, ...]:
    """A study that has ended keeps its files as they are, until it is resumed and its runs have done more epochs."""
    return tuple(store.files.kept_epochs(run))


@lru_cache(maxsize=24)
def finished_logits(store: Store, run: str, epoch: int) -> NDArray[np.float32]:
    """Return a finished run's (N, K) logits; a page asks for them with every rerun, so that they are read once.

    Raises:
        LookupError: they are not there (yet), which is not remembered.
    """
    logits = store.files.logits(run, epoch)
    if logits is None:
        raise LookupError(run)
    return logits


@lru_cache(maxsize=4)
def read_test_split(store: Store, source: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    """Return test images and labels with facts about them, or None; a page asks for them with every rerun."""
    return store.files.source(source)


def of_own(own: OwnLogits, title: str) -> StoredLogits:
    """Return the logits of networks that are not ours as what every view of a study takes.

    Args:
        own: what one model says, or two: the arms ``model_a`` and ``model_b``.
        title: the name of their file.

    Without class names these are numbers from 0; without labels every image's is -1; there are no images.
    """
    count, width = own.logits.shape
    second = {} if own.second is None else {"model_b": own.second}
    facts = {"title": title, "names": own.names, "zeros": own.zeros}
    return StoredLogits(
        provenance="own",
        facts=facts,
        classes=own.classes or tuple(map(str, range(width))),
        images=np.zeros((count, 1, 0, 0), dtype=np.uint8),
        labels=np.full(count, -1, dtype=np.int64) if own.labels is None else own.labels,
        logits={"model_a": own.logits, **second},
        epochs={},
    )
