"""How members of a folder are found."""

from __future__ import annotations

import pkgutil

import pytest
from pydantic import TypeAdapter

import kd_core.methods
from kd_core.errors import UnknownName
from kd_core.methods import METHODS, Method
from kd_core.methods.soft_targets import SoftTargets
from kd_core.protocols import PROTOCOLS
from kd_core.protocols.offline import Offline


def test_the_members_of_a_folder_are_found_by_name() -> None:
    assert METHODS["soft_targets"] is SoftTargets
    assert set(METHODS) >= {"labels_only", "label_smoothing", "soft_targets", "soft_cross_entropy", "logit_mse"}
    assert list(METHODS) == sorted(METHODS) and len(METHODS) == len(list(METHODS))


def test_every_file_but_the_base_holds_a_member_of_its_name() -> None:
    files = {module.name for module in pkgutil.iter_modules(kd_core.methods.__path__)} - {"base"}
    assert files == set(METHODS)


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="There is no method named 'soft_target'") as refused:
        METHODS["soft_target"]
    assert "soft_targets" in str(refused.value)
    assert "soft_target" not in METHODS and 3 not in METHODS


def test_a_bare_name_stands_for_a_member_with_its_defaults() -> None:
    method: TypeAdapter[Method] = TypeAdapter(METHODS.union())
    assert method.validate_python("soft_targets") == SoftTargets()
    assert method.validate_python({"name": "soft_targets", "temperature": 8}) == SoftTargets(temperature=8)
    assert method.validate_python(SoftTargets(temperature=2)) == SoftTargets(temperature=2)


def test_a_folder_with_one_member_works_too() -> None:
    protocol: TypeAdapter[Offline] = TypeAdapter(PROTOCOLS.union())
    assert protocol.validate_python("offline") == Offline()
