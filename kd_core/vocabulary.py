"""The words that stores, links and printed JSON hold: arms, measures, states and the key of a technique."""

from __future__ import annotations

from typing import Final, Literal

Arm = Literal["teacher", "alone", "distilled", "helper"]
"""A member's part; a helper is trained on the way, such as a further teacher or an earlier generation."""
ARMS: Final[tuple[str, ...]] = ("teacher", "alone", "distilled")
"""The arms that a race compares, in the order in which they are shown."""
TEACHING_ARMS: Final[tuple[str, ...]] = ("teacher", "helper")
"""Arms that are trained before the students; a fresh race does not train them again."""

MEASURES: Final[tuple[str, ...]] = ("accuracy", "nll", "ece", "agreement")

Status = Literal["queued", "running", "done", "stopped", "interrupted", "failed", "diverged", "lost"]
ALIVE: Final[frozenset[str]] = frozenset({"queued", "running"})
RESUMABLE: Final[frozenset[str]] = frozenset({"stopped", "interrupted", "failed", "lost"})
TROUBLE: Final[tuple[str, ...]] = ("diverged", "failed", "lost")
"""How a run ends that has no result to show."""

TECHNIQUE_KEY: Final = "contender"
"""The one key of a method race's cells."""
SOFT_TARGETS: Final = "soft_targets"
"""The method that tips are added to, and that every technique is compared with."""
