"""The test image that a sweep's map speaks about, and what every cell's networks say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from kd_core.results import StoredLogits, SweepResults, cell_key, stored_logits, trios_of
from kd_core.store import MemberProgress, Store
from kd_core.vocabulary import ARMS

SEED = 0
"""The bars are those of one seed; numbers are over all of them."""


class Answers:
    """Logits of one image, each kept once although cells share teachers and baselines."""

    def __init__(self) -> None:
        self.logits: list[list[float]] = []
        self.places: dict[tuple[str, int], int] = {}

    def place(self, store: Store, place: MemberProgress | None, image: int) -> int | None:
        """Return where a run's answer stands in the list, or None where it has none yet."""
        if place is None or not place.run or not place.epoch:
            return None
        at = (place.run, place.epoch)
        if at not in self.places:
            try:
                logits = _answer(store, place.run, place.epoch, place.reported_epoch, image)
            except LookupError:
                return None
            self.places[at] = len(self.logits)
            self.logits.append(list(logits))
        return self.places[at]


def sweep_material(store: Store, row_id: str, places: Sequence[MemberProgress]) -> StoredLogits | None:
    """Return the test split with one teacher's logits, as soon as a teacher is trained; light when asked again."""
    teacher = next((place for place in places if place.arm == "teacher" and place.status == "done" and place.run), None)
    if teacher is None or teacher.source is None or teacher.reported_epoch is None:
        return None
    source = stored_logits.read_test_split(store, teacher.source)
    try:
        logits = stored_logits.finished_logits(store, teacher.run or "", teacher.reported_epoch)
    except LookupError:
        return None
    if source is None:
        return None
    arrays, facts = source
    made = {"study": row_id, "dataset": facts["label"], "seed": SEED}
    return StoredLogits(
        "live", made, tuple(facts["classes"]), arrays["images"], arrays["labels"], {"teacher": logits}, {}
    )


def cell_answers(
    store: Store, sweep: SweepResults, places: Sequence[MemberProgress], image: int
) -> tuple[dict[int, list[int | None]], list[list[float]]]:
    """Return by cell the places of teacher's, alone's and distilled's answers, and the answers."""
    trios, answers = trios_of(places), Answers()
    by_cell = {}
    for cell in sweep.cells:
        trio: Mapping[str, MemberProgress] = trios.get((cell_key(cell.values), SEED), {})
        by_cell[cell.index] = [answers.place(store, trio.get(arm), image) for arm in ARMS]
    return by_cell, answers.logits


@lru_cache(maxsize=20_000)
def _answer(store: Store, run: str, epochs: int, reported: int | None, image: int) -> tuple[float, ...]:
    """Read the newest answer that is kept after ``epochs`` epochs, or the reported one of a finished run.

    Raises:
        LookupError: there is none yet (which is not remembered), or its numbers broke.
    """
    wanted = [epochs - 1] if reported is None else [reported]
    logits = store.files.logits_of_image(run, wanted[0], image)
    if logits is None and reported is None and (kept := store.files.kept_epochs(run)):
        logits = store.files.logits_of_image(run, kept[-1], image)
    if logits is None or not np.isfinite(logits).all():
        raise LookupError(run)
    return tuple(float(value) for value in logits)
