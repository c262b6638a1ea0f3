"""Chains: who teaches whom, and in which order."""

from __future__ import annotations

from kd_core.protocols.chain import Chain
from kd_core.recipe import Study
from tests.digits_recipes import DIGITS, OTHERS


def test_every_link_is_taught_by_the_one_before() -> None:
    recipe = DIGITS.changed({"protocol": {"name": "chain", "generations": 3}, "others": OTHERS[:1]})
    assistant, first, second = recipe.protocol.prerequisites(recipe)
    assert assistant.teacher == recipe.teacher and assistant.student.label == "MLP 64"
    assert first.teacher == assistant and second.teacher == first
    assert first.student == second.student == recipe.student
    assert all(link.protocol.name == "offline" for link in (assistant, first, second))


def test_a_study_trains_every_link_before_the_student() -> None:
    study = Study.race(DIGITS.changed({"protocol": {"name": "chain", "generations": 3}}))
    assert [member.arm for member in study.members] == ["teacher", "helper", "helper", "alone", "distilled"]
    assert study.members[-1].recipe.protocol == Chain(generations=3)
