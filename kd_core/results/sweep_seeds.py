"""Seed results: every seed of a cell beside the student alone of the same seed, from the store's rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kd_core.store import MemberProgress
from kd_core.vocabulary import TROUBLE

Scores = Mapping[tuple[str, int], Mapping[str, Mapping[str, float | None]]]
"""By run and epoch (from 0), then by part and measure."""


@dataclass(frozen=True)
class SeedResult:
    """One seed of a cell: its student beside the student alone of the same seed, after equally many epochs.

    Args:
        run: the distilled student's, or None where it has not begun.
        status: of that run; "" where it has not begun. A baseline in trouble is shown here too.
        epoch: epochs done, of ``epochs``.
        ended: whether both came to their end, so that the reported epochs are compared.
        accuracy: on test, a fraction; ``alone`` is the baseline's.
        validation: accuracy on validation, a fraction; ``validation_nll`` in nats.
    """

    seed: int
    run: str | None
    status: str
    epoch: int
    epochs: int
    ended: bool
    accuracy: float | None
    alone: float | None
    validation: float | None
    validation_nll: float | None

    @property
    def gain(self) -> float | None:
        """Return distilled minus alone on test, in percentage points."""
        return None if self.accuracy is None or self.alone is None else 100 * (self.accuracy - self.alone)


def wanted_scores(members: Sequence[MemberProgress]) -> set[tuple[str, int]]:
    """Return run and epoch (from 0) of everything that is compared."""
    wanted = set()
    for trio in trios_of(members).values():
        distilled, alone = trio.get("distilled"), trio.get("alone")
        for member, epoch in zip((distilled, alone), _compared(distilled, alone), strict=True):
            if member is not None and member.run and epoch is not None:
                wanted.add((member.run, epoch))
    return wanted


def trios_of(members: Sequence[MemberProgress]) -> dict[tuple[str, int], dict[str, MemberProgress]]:
    """Return teacher, alone and distilled by ``cell_key`` and seed.

    Equal recipes of several cells are one run: it is found by its fingerprint, whichever member names it already.
    """
    begun = {member.fingerprint: member for member in reversed(members) if member.run}
    trios: dict[tuple[str, int], dict[str, MemberProgress]] = {}
    for member in members:
        trio = trios.setdefault((cell_key(member.cell), member.seed), {})
        trio[member.arm] = begun.get(member.fingerprint, member)
    return trios


def cell_key(values: Mapping[str, Any]) -> str:
    """Return a name for a cell's values, the same for members and for the study's list of cells."""
    return json.dumps(values, sort_keys=True)


def seed_result_of(seed: int, trio: Mapping[str, MemberProgress], scores: Scores) -> SeedResult:
    """Return one seed of a cell from its runs, as far as they have begun."""
    distilled, alone = trio.get("distilled"), trio.get("alone")
    if distilled is None:
        return SeedResult(seed, None, "", 0, 0, False, None, None, None, None)
    distilled_epoch, alone_epoch = _compared(distilled, alone)
    status = distilled.status or ""
    if alone is not None and alone.status in TROUBLE:
        status = alone.status
    distilled_scores = {} if distilled_epoch is None else scores.get((distilled.run or "", distilled_epoch), {})
    alone_scores = {} if alone is None or alone_epoch is None else scores.get((alone.run or "", alone_epoch), {})
    usable = status not in TROUBLE
    return SeedResult(
        seed=seed,
        run=distilled.run,
        status=status,
        epoch=(distilled.epoch or 0) if distilled_epoch is None or _done(distilled) else distilled_epoch + 1,
        epochs=distilled.epochs or 0,
        ended=_done(distilled) and _done(alone),
        accuracy=_score(distilled_scores, "test", "accuracy") if usable else None,
        alone=_score(alone_scores, "test", "accuracy") if usable else None,
        validation=_score(distilled_scores, "validation", "accuracy") if usable else None,
        validation_nll=_score(distilled_scores, "validation", "nll") if usable else None,
    )


def _compared(distilled: MemberProgress | None, alone: MemberProgress | None) -> tuple[int | None, int | None]:
    """Return the epochs (from 0) that are looked at: the reported ones, or equally many epochs of both."""
    if distilled is None or alone is None or not (distilled.epoch and alone.epoch):
        return None, None
    if _done(distilled) and _done(alone):
        return distilled.reported_epoch, alone.reported_epoch
    reached = min(distilled.epoch, alone.epoch) - 1  # whoever is behind: equally many epochs are compared
    return reached, reached


def _done(member: MemberProgress | None) -> bool:
    return member is not None and member.status == "done" and member.reported_epoch is not None


def _score(scores: Mapping[str, Mapping[str, float | None]], part: str, measure: str) -> float | None:
    return scores.get(part, {}).get(measure)
