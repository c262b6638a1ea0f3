"""What a person is about to race — techniques, seeds, and the settings that all share — and how much work that is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import streamlit as st

from kd_core.errors import KDError
from kd_core.store import StudyRow
from kd_core.vocabulary import TECHNIQUE_KEY
from pages.parts.app import link, store
from pages.parts.form import state
from pages.parts.method_race.sentences import refusals
from pages.parts.text import error_text, language, t

if TYPE_CHECKING:
    from kd_core.recipe import Recipe, Study

TECHNIQUES: Final = "method_race_techniques"
"""The key under which a session keeps its techniques."""
FIRST: Final = (
    "soft_targets",
    "label_smoothing",
    "logit_standardization",
    "decoupled",
    "dist",
    "relational",
    "similarity",
    "hints",
)
DEFAULT_SEEDS: Final = 3
MOST_MEMBERS: Final = 4000


@dataclass(frozen=True)
class Plan:
    """A method race that may be started."""

    recipe: Recipe
    names: Sequence[str]
    seeds: int

    @property
    def too_large(self) -> bool:
        """Tell whether it has more members than one study should."""
        return 3 * len(self.names) * self.seeds > MOST_MEMBERS

    def study(self) -> Study:
        """Return the study.

        Raises:
            KDError: none of the techniques fits these networks.
        """
        from kd_core.recipe import Study

        return Study.compare(self.recipe, self.names, self.seeds, state.preset_name())


@dataclass(frozen=True)
class Size:
    """How much work a plan is.

    Args:
        networks: how many different ones it trains.
        seconds: how long those take about that are not trained yet.
        refused: by technique, why it cannot race.
    """

    networks: int
    seconds: float
    refused: Mapping[str, str]


def seeds_asked() -> int:
    """Return how many seeds of every technique: the link's, or three."""
    return state.seeds() if link.get("seeds") else DEFAULT_SEEDS


def first_techniques(now: StudyRow | None) -> list[str]:
    """Return what is chosen at first: the link's techniques, those of the race that it names, or a sensible list."""
    from kd_core.recipe import technique_names

    known = set(technique_names())
    if asked := [name for name in link.get("techniques").split(",") if name]:
        if unknown := [name for name in asked if name not in known]:
            link.refuse("techniques", t("method_race.unknown_techniques", names=", ".join(unknown)[:80]))
        if able := [name for name in dict.fromkeys(asked) if name in known]:
            return able
    if now is None or link.get("study") != now.id:
        return list(FIRST)
    named = [*(cell[TECHNIQUE_KEY] for cell in now.spec["cells"]), *now.spec.get("refused", {})]
    return [name for name in named if name in known]


def put_techniques(names: Sequence[str]) -> None:
    """Keep the chosen techniques in the link; what everybody starts with is left out."""
    link.put(techniques=None if list(names) == list(FIRST) else ",".join(names))


def size(plan: Plan, fresh: bool) -> Size | str:
    """Return how much work a plan is, or why there is no such race."""
    if not plan.names:
        return t("method_race.no_techniques")
    if plan.too_large:
        return t("method_race.too_large", n=len(plan.names), seeds=plan.seeds)
    asked = [plan.recipe.to_json(), list(plan.names), plan.seeds, state.preset_name(), language(), fresh]
    newest = store().studies.list(limit=1)
    newest_state = f"{newest[0].id} {newest[0].status}" if newest else ""
    found = _size(str(store().home), json.dumps(asked), newest_state, plan, fresh)
    return found if isinstance(found, str) else Size(*found)


@st.cache_data(max_entries=64, ttl=60, show_spinner=False)
def _size(home: str, asked: str, state: str, _plan: Plan, fresh: bool) -> tuple[int, float, dict[str, str]] | str:
    """Building some hundred recipes takes a moment, which the next widget must not wait for again."""
    from kd_core.experiments import estimated_seconds

    refused = refusals(_plan.recipe, _plan.names)
    if len(refused) == len(_plan.names):
        return " ".join([t("method_race.none_fits"), *refused.values()])
    try:
        study = _plan.study()
        networks = len({member.recipe.fingerprint() for member in study.members})
        return networks, estimated_seconds(store(), study, fresh=fresh), refused
    except KDError as error:
        return error_text(error)
