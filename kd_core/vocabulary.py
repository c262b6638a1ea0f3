"""The words that stores, links and printed JSON hold: arms, measures, states and the key of a technique."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Arm = Literal["teacher", "alone", "distilled", "helper"]
"""A member's part; a helper is trained on the way, such as a further teacher or an earlier generation."""
ARMS: Final[tuple[str, ...]] = ("teacher", "alone", "distilled")
"""The arms that a race compares, in the order in which they are shown."""
TEACHING_ARMS: Final[tuple[str, ...]] = ("teacher", "helper")
"""Arms that are trained before the students; a fresh race does not train them again."""

MEASURES: Final[tuple[str, ...]] = ("accuracy", "nll", "ece", "agreement")

Status = Literal[
    "queued", "running", "done", "paused", "forked", "stopped", "interrupted", "failed", "diverged", "lost"
]
"""A study that is paused keeps all that was trained; one that is forked ended where another one goes on from it."""
ALIVE: Final[frozenset[str]] = frozenset({"queued", "running"})
RESUMABLE: Final[frozenset[str]] = frozenset({"paused", "forked", "stopped", "interrupted", "failed", "lost"})
TROUBLE: Final[tuple[str, ...]] = ("diverged", "failed", "lost")
"""How a run ends that has no result to show."""

ENDS: Final[Mapping[str, Status]] = {"stop": "stopped", "pause": "paused"}
"""What a person may ask of a study that waits or trains, and how it ends then."""

TECHNIQUE_KEY: Final = "contender"
"""The one key of a method race's cells."""
SOFT_TARGETS: Final = "soft_targets"
"""The method that tips are added to, and that every technique is compared with."""
