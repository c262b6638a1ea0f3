"""What a person is about to race — techniques, seeds, and the settings that all share — and how much work that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import streamlit as st

from kd_core.store import StudyRow
from kd_core.vocabulary import TECHNIQUE_KEY
from pages.parts.app import link
from pages.parts.form import state
from pages.parts.method_race.sentences import refusals
from pages.parts.studies import Work, work_of
from pages.parts.text import language, t

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

    def refused(self) -> dict[str, str]:
        """Return by technique why it does not fit these networks, in the reader's language."""
        return _refusals(self.recipe.fingerprint(), list(self.names), language(), self.recipe)

    def trouble(self, refused: Mapping[str, str]) -> str:
        """Return why there is no such race, or nothing."""
        if not self.names:
            return t("method_race.no_techniques")
        if self.too_large:
            return t("method_race.too_large", n=len(self.names), seeds=self.seeds)
        return " ".join([t("method_race.none_fits"), *refused.values()]) if len(refused) == len(self.names) else ""

    def work(self) -> Work:
        """Return how much work it is."""
        asked = ["compare", self.recipe.to_json(), list(self.names), self.seeds, state.preset_name()]
        return work_of(asked, self.study)


def seeds_asked() -> int:
    """Return how many seeds of every technique: the link's, or three."""
    return state.seeds() if link.get("seeds") else DEFAULT_SEEDS


def first_techniques(now: StudyRow | None) -> list[str]:
    """Return what is chosen at first: the link's techniques, those of the race that it names, or a sensible list."""
    from kd_core.recipe import technique_names

    existing = set(technique_names())
    if linked := [name for name in link.get("techniques").split(",") if name]:
        if unknown := [name for name in linked if name not in existing]:
            link.refuse("techniques", t("method_race.unknown_techniques", names=", ".join(unknown)[:80]))
        if able := [name for name in dict.fromkeys(linked) if name in existing]:
            return able
    if now is None or link.get("study") != now.id:
        return list(FIRST)
    named = [*(cell[TECHNIQUE_KEY] for cell in now.spec["cells"]), *now.spec.get("refused", {})]
    return [name for name in named if name in existing]


def put_techniques(names: Sequence[str]) -> None:
    """Keep the chosen techniques in the link; what everybody starts with is left out."""
    link.put(techniques=None if list(names) == list(FIRST) else ",".join(names))


@st.cache_data(max_entries=64, show_spinner=False)
def _refusals(recipe: str, names: Sequence[str], language: str, _recipe: Recipe) -> dict[str, str]:
    """Changing a recipe some dozen times takes a moment, which the next widget must not wait for again."""
    return refusals(_recipe, names)
