"""What a method tells on the Race page: exits, where both networks look, what was copied, who pulls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.text.i18n import catalogue
from tests.pages.conftest import App, train_tiny_race

CONVNET = {"name": "convnet", "channels": [4, 6], "fc": 8}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, str]]:
    """A store with tiny races whose methods have something to tell, and their ids."""
    home = tmp_path_factory.mktemp("told")
    same = {"name": "mlp", "widths": [16, 16]}
    small = {"teacher__student": same, "student": same}
    maps = {"teacher__student": CONVNET, "student": CONVNET}
    return home, {
        "exits": train_tiny_race(home, 2, method={"name": "self_exits"}, **small),
        "copied": train_tiny_race(home, 1, start="teacher", **small),
        "attention": train_tiny_race(home, 1, **{"method": {"name": "attention_transfer"}, **maps}),
    }


def words(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(str(one.value) for one in [*page.markdown, *page.caption]) + "".join(
        one.proto.json for one in page.get("bidi_component")
    )


def test_exits_are_told_with_accuracy_and_milliseconds(app: App, told: tuple[Path, Mapping[str, str]]) -> None:
    page = app(told[0], study=told[1]["exits"])
    assert "Leaving at the early exit gives" in words(page) and "times sooner" in words(page)
    assert any("early exit" in one.proto.spec and "end" in one.proto.spec for one in page.get("plotly_chart"))


def test_what_was_copied_is_told(app: App, told: tuple[Path, Mapping[str, str]]) -> None:
    said = words(app(told[0], study=told[1]["copied"]))
    assert "Copied from the teacher before training: 6 tensor(s), 100 % of the student's numbers" in said


def test_where_both_networks_look_is_shown(app: App, told: tuple[Path, Mapping[str, str]]) -> None:
    page = app(told[0], study=told[1]["attention"])
    assert catalogue("en")["method_view.attention"] in words(page)
    assert len(page.get("image")) >= 6, "two networks at three depths"


def test_who_pulls_is_a_chart_of_every_race(app: App, told: tuple[Path, Mapping[str, str]]) -> None:
    page = app(told[0], study=told[1]["copied"])
    page.session_state["race_chart"] = "shares"
    said = words(page.run())
    assert "Who pulls at the end: teacher" in said and "labels" in said


def test_in_chinese_too(app: App, told: tuple[Path, Mapping[str, str]]) -> None:
    assert "离开得到" in words(app(told[0], study=told[1]["exits"], language="zh"))
