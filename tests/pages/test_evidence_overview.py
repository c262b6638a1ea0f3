"""The figure of all claims: an effect each on one scale, failures first, and what cannot be drawn is named."""

from pathlib import Path
from typing import Any

import pytest

from pages.parts.evidence import files
from pages.parts.evidence.overview import (
    deciding,
    overview_chart,
    overview_rows,
    undrawn,
    verdict,
)
from tests.pages.conftest import App


def direction(effect: float | None, low: float, high: float, **other: Any) -> dict[str, Any]:
    interval = None if effect is None else [low, high]
    own = {"higher": "a", "lower": "b", "least": 0.0, "difference": effect, "ci95": [low, high], "holds": low > 0}
    sizes = {"effect_mean": effect, "effect_ci95": interval, "effect_published": None, "detectable": 1.0}
    return {**own, **sizes, **other}


def document(name: str, *directions: dict[str, Any], outcome: str = "not reproduced") -> dict[str, Any]:
    label = {"en": "A", "zh": "甲"}
    figures = [{"key": "a", "label": label}, {"key": "b", "label": {"en": "B", "zh": "乙"}}]
    titles = {"en": name, "zh": name}
    known = {"name": name, "title": titles, "source": "X 2020", "seeds": [0, 1, 2], "shortened": False}
    return {**known, "figures": figures, "directions": list(directions), "outcome": outcome}


def test_a_claim_hangs_on_the_direction_whose_interval_reaches_lowest() -> None:
    strong, weak = direction(60, 50, 70), direction(5, -1, 11)
    assert deciding(document("x", strong, weak)) is weak
    assert deciding(document("x", direction(None, 0, 0))) is None
    assert deciding(document("x")) is None


def test_an_interval_on_the_other_side_is_told_from_one_that_leaves_it_open() -> None:
    assert verdict(direction(5, 1, 9)) == "holds"
    assert verdict(direction(5, -1, 9)) == "open"
    assert verdict(direction(-5, -9, -1)) == "opposite"
    assert verdict({**direction(5, 0, 0), "ci95": None, "holds": None}) == "open"


def test_failures_come_first_and_the_smallest_effect_of_each_group() -> None:
    claims = [
        document("holds well", direction(60, 50, 70)),
        document("open", direction(3, -4, 10)),
        document("other way", direction(-9, -12, -6)),
        document("holds", direction(10, 5, 15)),
        document("waiting", outcome="not recorded"),
    ]
    rows = overview_rows(claims)
    assert rows["claim"].tolist() == ["other way", "open", "holds", "holds well"]
    assert rows["compared"].iloc[0] == "A > B"


def test_whiskers_end_where_the_interval_does_and_the_scale_at_a_hundred() -> None:
    rows = overview_rows([document("x", direction(-487, -540, -430)), document("y", direction(10, 4, 16))])
    opposite, holds = overview_chart(rows).data
    assert opposite.x[0] == -100
    assert (holds.x[0], holds.error_x.array[0], holds.error_x.arrayminus[0]) == (10, 6, 6)
    assert opposite.marker.symbol != holds.marker.symbol


def test_a_published_effect_is_an_open_diamond() -> None:
    rows = overview_rows(
        [document("x", direction(10, 4, 16, effect_published=49.0)), document("y", direction(1, -1, 3))]
    )
    published = overview_chart(rows).data[0]
    assert (list(published.x), list(published.y)) == ([49.0], ["x"])


def test_claims_without_a_size_are_named_with_their_reason() -> None:
    claims = [
        document("exact", outcome="reproduced"),
        document("waits", outcome="not recorded"),
        document("too dear", outcome="not affordable"),
    ]
    named = undrawn(claims)
    assert named["no_effect"] == ["exact (reproduced)"]
    assert (named["not_recorded"], named["not_affordable"]) == (["waits"], ["too dear"])


def test_claims_from_a_shortened_run_are_named_although_they_are_drawn() -> None:
    claims = [document("short", direction(10, 5, 15)) | {"shortened": True}, document("long", direction(10, 5, 15))]
    assert undrawn(claims)["shortened"] == ["short"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_recorded_claim_is_in_the_figure_or_named_below_it(app: App, tmp_path: Path, language: str) -> None:
    page = app(tmp_path, page="evidence", language=language)
    assert not page.exception
    experiments = files.documents()
    named = sum(len(names) for place, names in undrawn(experiments).items() if place != "shortened")
    assert len(overview_rows(experiments)) + named == len(experiments)
    captions = " ".join(caption.value for caption in page.caption)
    waiting = [one["title"][language] for one in experiments if one["outcome"] == "not recorded"]
    assert all(title in captions for title in waiting)


def test_without_any_effect_there_is_no_figure_and_still_the_names() -> None:
    assert overview_rows([document("waits", outcome="not recorded")]).empty
