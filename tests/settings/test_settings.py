"""What every setting can do: check itself, be stored, be compared, be changed by a path."""

from __future__ import annotations

import math
from typing import Any, Literal

import pytest
import torch
from pydantic import ValidationError

from kd_core.errors import InvalidSetting
from kd_core.settings.base import Settings, field_extra, lane_fields, setting


class Spice(Settings):
    """What a dish is seasoned with."""

    name: Literal["pepper"] = "pepper"
    amount: float = setting(1.0, title="Amount", description="How much.", unit="g", ge=0, le=10, lane=True, scale="log")
    ground: bool = setting(False, title="Ground")


class Dish(Settings):
    """Something to eat."""

    spice: Spice = Spice()
    portions: int = setting(2, title="Portions", ge=1)
    note: str | None = None


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Spice().amount = 2.0  # type: ignore[misc]


@pytest.mark.parametrize("value", [-1, 11, math.nan, math.inf, "much", None])
def test_a_value_out_of_range_is_refused_with_its_path(value: Any) -> None:
    with pytest.raises(InvalidSetting) as refused:
        Dish.from_json({"spice": {"amount": value}})
    assert refused.value.fields["path"] == "spice.amount"
    assert "spice.amount" in str(refused.value)


def test_an_unknown_name_is_refused_with_its_path() -> None:
    with pytest.raises(InvalidSetting) as refused:
        Dish.from_json({"spice": {"salt": 1}})
    assert refused.value.fields["path"] == "spice.salt"


def test_a_long_value_is_shortened_in_the_sentence() -> None:
    with pytest.raises(InvalidSetting) as refused:
        Dish.from_json({"portions": "x" * 500})
    assert len(str(refused.value)) < 250


def test_settings_survive_storage() -> None:
    dish = Dish(spice=Spice(amount=2.5), portions=3)
    assert Dish.from_json(dish.to_json()) == dish


def test_fingerprints_are_equal_exactly_when_settings_are() -> None:
    assert Dish().fingerprint() == Dish(spice=Spice(amount=1), portions=2).fingerprint()
    others = [Dish(portions=3), Dish(spice=Spice(amount=2)), Dish(spice=Spice(ground=True)), Dish(note="")]
    assert len({dish.fingerprint() for dish in [Dish(), *others]}) == 5
    assert len(Dish().fingerprint()) == 16


def test_a_fingerprint_stays_the_same_in_later_versions_of_python() -> None:
    # printf '%s' '{"amount":1.0,"ground":false,"name":"pepper"}' | sha256sum
    assert Spice().fingerprint() == "fe7091a1b8ded238"


def test_a_path_changes_one_thing() -> None:
    changed = Dish().changed({"spice.amount": 4, "portions": 5})
    assert changed == Dish(spice=Spice(amount=4), portions=5)
    assert Dish().spice.amount == 1


@pytest.mark.parametrize("path", ["spice.salt", "portions.x", "drink.ice", "drink", "spice.amount.x"])
def test_a_path_that_does_not_exist_is_refused_with_that_path(path: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        Dish().changed({path: 1})
    assert refused.value.fields["path"] == path


def test_differences_are_what_must_be_changed() -> None:
    ours, theirs = Dish(spice=Spice(amount=3, ground=True), note="hot"), Dish()
    assert ours.differences(theirs) == {"spice.amount": 3.0, "spice.ground": True, "note": "hot"}
    assert theirs.changed(ours.differences(theirs)) == ours
    assert theirs.differences(theirs) == {}


def test_at_puts_in_a_tensor_unchecked() -> None:
    amounts = torch.tensor([1.0, 20.0])
    assert Spice().with_tensors(amount=amounts).amount is amounts


def test_a_setting_knows_its_words_unit_and_movement() -> None:
    info = Spice.model_fields["amount"]
    assert (info.title, info.description) == ("Amount", "How much.")
    assert field_extra(info) == {"unit": "g", "lane": True, "scale": "log"}
    assert lane_fields(Spice) == {"amount"}
