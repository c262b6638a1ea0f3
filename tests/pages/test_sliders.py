"""Sliders follow their declaration: every number with two finite limits, over the whole of its range."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic.fields import FieldInfo

from kd_core.datasets.conditions import Conditions
from kd_core.methods.base import temperature_setting
from kd_core.recipe import Optim
from kd_core.settings.base import Settings, setting
from kd_core.settings.kinds import field_kind, limits_of
from pages.parts.form.fields import EMPTY
from pages.parts.form.steps import has_slider, slider_steps
from tests.pages.conftest import App
from tests.pages.members import MEMBERS


def fields() -> dict[str, tuple[type[Settings], FieldInfo]]:
    """Every number with a slider, by owner and name."""
    owners = {f"{section}.{kind.model_fields['name'].default}": kind for section, kind in MEMBERS}
    owners |= {"optim": Optim, "data": Conditions}
    return {
        f"{owner}.{name}": (kind, info)
        for owner, kind in owners.items()
        for name, info in kind.model_fields.items()
        if has_slider(info)
    }


@pytest.mark.parametrize("path", fields())
def test_a_slider_has_usable_steps_over_the_declared_range(path: str) -> None:
    info = fields()[path][1]
    limits, steps = limits_of(info), slider_steps(info)
    assert steps == sorted(set(steps))
    assert 5 <= len(steps) <= 250
    assert limits.low_excluded or steps[0] == limits.low
    assert limits.high_excluded or steps[-1] == limits.high
    assert info.default is None or info.default in steps


@pytest.mark.parametrize("path", fields())
def test_every_step_is_a_value_that_the_setting_accepts(path: str) -> None:
    kind, info = fields()[path]
    required = {name: "somewhere" for name, field in kind.model_fields.items() if field.is_required()}
    for value in slider_steps(info):
        made = kind.from_json({**required, path.rpartition(".")[2]: value})
        assert getattr(made, path.rpartition(".")[2]) == value


def test_the_declaration_alone_sets_the_range() -> None:
    class Wide(Settings):
        temperature: float = setting(4.0, title="Temperature", ge=0.5, le=100, scale="log")

    class Narrow(Settings):
        temperature: float = setting(4.0, title="Temperature", ge=1, le=8, scale="log")

    wide, narrow = (slider_steps(kind.model_fields["temperature"]) for kind in (Wide, Narrow))
    assert (wide[0], wide[-1]) == (0.5, 100)
    assert narrow == [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8]


def test_the_value_in_use_is_among_the_steps() -> None:
    info = FieldInfo.from_annotated_attribute(float, temperature_setting(4.0))
    assert 7.31 in slider_steps(info, 7.31)
    assert 7.31 not in slider_steps(info)


def test_whole_numbers_come_in_powers_of_two_as_well() -> None:
    assert {32, 64, 100, 128, 512} <= set(slider_steps(Optim.model_fields["batch"]))


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (bool, "bool"),
        (int | None, "int"),
        (float, "float"),
        (str, "text"),
        (Literal["a", "b"], "choice"),
        (tuple[int, ...], "numbers"),
        (Conditions, "member"),
        (Conditions | Optim, "member"),
        (str | None, "text"),
    ],
)
def test_the_kind_of_a_setting_follows_from_its_type(annotation: object, kind: str) -> None:
    assert field_kind(annotation) == kind


def test_a_number_that_may_be_empty_can_be_set_and_emptied_again(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path)
    assert page.select_slider(key="set.method.label_weight").value == EMPTY
    page = page.select_slider(key="set.method.label_weight").set_value(0.5).run()
    assert not page.exception and page.session_state["link"]["method.label_weight"] == "0.5"
    page = page.select_slider(key="set.method.label_weight").set_value(EMPTY).run()
    assert not page.exception and "method.label_weight" not in page.session_state["link"]


def test_a_value_of_the_link_between_two_steps_stays_as_it_is(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path, **{"method.temperature": "0.037", "optim.momentum": "0.995", "optim.epochs": "37"})
    assert not page.exception
    assert page.select_slider(key="set.method.temperature").value == 0.037
    assert page.slider(key="set.optim.momentum").value == 0.995
    assert page.select_slider(key="set.optim.epochs").value == 37
