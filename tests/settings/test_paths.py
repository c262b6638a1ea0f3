"""Dotted paths into settings' JSON: reading, putting, comparing and listing by them."""

from __future__ import annotations

from typing import Any

import pytest

from kd_core.errors import InvalidSetting
from kd_core.settings.paths import json_at_path, json_differences, json_leaves, put_at_path


def recipe() -> dict[str, Any]:
    return {"method": {"name": "soft_targets", "temperature": 4}, "student": {"name": "mlp", "widths": [12, 12]}}


def test_what_is_not_there_is_none() -> None:
    assert json_at_path(recipe(), "method.temperature") == 4
    assert json_at_path(recipe(), "method.gamma.more") is None


def test_width_is_the_first_of_the_widths() -> None:
    assert json_at_path(recipe(), "student.width") == 12


def test_a_bare_name_on_the_way_becomes_a_member() -> None:
    values = recipe() | {"method": "dist"}
    put_at_path(values, "method.temperature", 2)
    assert values["method"] == {"name": "dist", "temperature": 2}


def test_nothing_can_be_put_where_there_is_no_part() -> None:
    with pytest.raises(InvalidSetting, match="no such setting"):
        put_at_path(recipe(), "method.temperature.more", 2)


def test_differences_put_into_the_other_give_the_same() -> None:
    mine, other = recipe(), recipe()
    put_at_path(mine, "method.temperature", 8)
    mine["student"] = {"name": "convnet"}
    found = dict(json_differences(mine, other))
    assert found == {"method.temperature": 8, "student": {"name": "convnet"}}
    for path, value in found.items():
        put_at_path(other, path, value)
    assert other == mine


def test_leaves_are_all_values_by_their_path() -> None:
    assert dict(json_leaves({"a": {"b": 1, "c": [1, 2]}, "d": {}})) == {"a.b": 1, "a.c": [1, 2], "d": {}}
