"""What settings say of text from outside: a path, a reason with a code, the nearest known name, and never a trace."""

from __future__ import annotations

from typing import Any

import pytest

from kd_core.errors import InvalidSetting, KDError, Reason, UnknownName
from kd_core.export import FORMATS, export_bytes
from kd_core.methods import METHODS
from kd_core.recipe import PRESETS, Study
from kd_core.recipe.techniques import technique_changes
from kd_core.settings import parse_value, read_axis
from kd_core.store import Store

RECIPE = PRESETS["digits"].recipe


def reason_against(path: str, value: Any) -> Reason:
    with pytest.raises(InvalidSetting) as caught:
        RECIPE.changed({path: value})
    reason = caught.value.fields["reason"]
    assert isinstance(reason, Reason)
    return reason


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("method.tempratur", "method.temperature"),
        ("methd.temperature", "method"),
        ("teacher.optim.lrr", "teacher.optim.lr"),
        ("student.widts", "student.widths"),
        ("data.labeled", "data.labelled"),
    ],
)
def test_an_unknown_setting_is_answered_with_the_nearest_known_one(path: str, nearest: str) -> None:
    assert f"no such setting. Did you mean '{nearest}'?" in reason_against(path, 3)


def test_an_unknown_setting_is_answered_with_the_list_that_is_there() -> None:
    reason = reason_against("student.zzz", 3)
    assert reason == "there is no such setting. Known: dropout, widths."


@pytest.mark.parametrize(
    ("path", "name", "nearest"),
    [
        ("method", "soft_target", "soft_targets"),
        ("protocol", "mutal", "mutual"),
        ("student", "mpl", "mlp"),
        ("data.source", "digit", "digits"),
        ("schedules.temperature", "liner", "linear"),
    ],
)
def test_an_unknown_member_is_answered_with_the_nearest_known_one(path: str, name: str, nearest: str) -> None:
    assert f"Did you mean '{nearest}'?" in reason_against(path, name)


def test_names_that_are_looked_up_are_answered_with_the_nearest_known_one(tmp_path: Any) -> None:
    asked = {
        "digits": lambda: PRESETS["digit"],
        "decoupled": lambda: METHODS["decopled"],
        "label_smoothing": lambda: technique_changes("label-smoothing", RECIPE.method),
        "safetensors": lambda: export_bytes(Store(tmp_path), "0", "safetensor"),
    }
    for nearest, ask in asked.items():
        with pytest.raises(UnknownName, match=f"Did you mean '{nearest}'\\? Known: "):
            ask()
    assert "safetensors" in FORMATS


def test_a_name_like_no_other_is_answered_with_the_list_alone() -> None:
    with pytest.raises(UnknownName, match=r"named 'qqqq'\. Known: "):
        METHODS["qqqq"]


@pytest.mark.parametrize("path", ["~nobodyx/images", "a" * 4000, "a\0b", "\udcff"])
def test_a_folder_that_no_system_takes_is_refused_by_name(path: str) -> None:
    with pytest.raises(KDError) as caught:
        RECIPE.changed({"data.source": {"name": "image_folder", "path": path}})
    assert "data.source" in str(caught.value.fields["path"])


@pytest.mark.parametrize(
    "text", ["[" * 5000, "[" * 900 + "]" * 900, '"\\ud800"', "1" * 5000, '{"a":' * 30 + "1" + "}" * 30]
)
def test_text_that_is_no_value_of_any_setting_stays_text(text: str) -> None:
    assert parse_value(text) == text


@pytest.mark.parametrize("text", ["1..1e999", "nan..2", "-1e308..1e308", "1.." + "9" * 400, "1..true"])
def test_a_range_without_an_end_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting, match=r"low\.\.high"):
        read_axis("method.temperature", text)


def test_lists_may_be_the_values_of_an_axis() -> None:
    study = Study.sweep(RECIPE, {"student.widths": [[8], [16], [8]]}, seeds=1)
    assert study.axes["student.widths"] == ([8], [16])
