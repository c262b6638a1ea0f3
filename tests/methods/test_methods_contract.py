"""What every method must keep, whatever it is."""

from __future__ import annotations

import warnings
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from kd_core.methods import METHODS, Method
from kd_core.networks.auxiliary import Auxiliary
from kd_core.outputs import Outputs
from kd_core.recipe.presets import PRESETS
from kd_core.settings.base import lane_fields, name_of
from tests.functional.fixed_input import (
    LABELS,
    STUDENT,
    STUDENT_MAPS,
    STUDENT_VECTORS,
    TEACHER,
    answer,
    outputs,
    teacher_outputs,
)

OWN_TEACHERS = {"self_exits"}
"""Methods whose network's own outputs, held fixed, are the teacher."""
members = pytest.mark.parametrize("name", list(METHODS))
SOME_WITHHELD = torch.tensor([0, -1, 2, -1])


def teacher_of(method: Method, teacher: Tensor = TEACHER, *, gradient: bool = False) -> Outputs | None:
    """Return a teacher's outputs, where the method needs one."""
    return teacher_outputs(teacher, gradient=gradient) if method.needs_teacher else None


def fresh_auxiliary(method: Method, student: Outputs, teacher: Outputs | None) -> Auxiliary | None:
    """Return the auxiliary module for outputs of these sizes, the same each time."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        auxiliary = method.auxiliary(student, teacher)
    return auxiliary.double() if auxiliary is not None and student.logits.dtype == torch.float64 else auxiliary


# Built outside of any lane: inside, nothing may be drawn.
AUXILIARIES = {name: fresh_auxiliary(kind(), outputs(), teacher_of(kind())) for name, kind in METHODS.items()}


def with_auxiliary(
    method: Method, student: Outputs, teacher: Outputs | None, auxiliary: Auxiliary | None
) -> tuple[Outputs, Outputs | None]:
    return (student, teacher) if auxiliary is None else auxiliary(student, teacher)


def terms_of(
    method: Method, student: Outputs, teacher: Outputs | None, labels: Tensor | None = LABELS
) -> dict[str, Tensor]:
    auxiliary = fresh_auxiliary(method, student, teacher)
    return method.terms(*with_auxiliary(method, student, teacher, auxiliary), labels)


def loss(method: Method, student: Tensor, labels: Tensor | None = LABELS) -> Tensor:
    auxiliary = AUXILIARIES[name_of(method)]
    terms = method.terms(*with_auxiliary(method, outputs(student), teacher_of(method), auxiliary), labels)
    return torch.stack(list(terms.values())).sum()


def loss_of_features(method: Method, maps: Tensor, vectors: Tensor) -> Tensor:
    student = answer(STUDENT, STUDENT_MAPS, STUDENT_VECTORS)
    moved = dict(zip(student.features, (maps, maps * 1, maps * 1, vectors), strict=True))
    terms = terms_of(method, replace(student, features=moved), teacher_of(method))
    return torch.stack(list(terms.values())).sum()


def allowed(kind: type[Method], setting: str) -> Tensor:
    """Return three values from a setting's range, at most 10 above its lower end."""
    limits = {name: limit for one in kind.model_fields[setting].metadata for name, limit in asdict(one).items()}
    low = limits.get("ge", limits.get("gt", 0))
    high = min(limits.get("le", limits.get("lt", low + 10)), low + 10)
    return low + (high - low) * torch.tensor([0.2, 0.5, 0.8], dtype=torch.float64)


@members
def test_it_speaks_for_itself(name: str) -> None:
    kind = METHODS[name]
    assert kind.__doc__ and len(kind.__doc__.split()) > 10, "the docstring is the text of the methods page"
    assert kind.__doc__.split("\n")[0].endswith(".")
    assert kind.formula.startswith(r"\mathcal{L}") and any(digit in kind.source for digit in ("19", "20", "Standard"))
    assert kind.__module__ == f"kd_core.methods.{name}", "one file a method, of its name"
    for setting, info in kind.model_fields.items():
        assert setting == "name" or (info.title and info.description), f"{setting} needs a title and a description"


@members
def test_it_survives_storage(name: str) -> None:
    method = METHODS[name]()
    assert type(method).from_json(method.to_json()) == method
    assert method.to_json()["name"] == name


@members
@pytest.mark.parametrize("labels", [LABELS, SOME_WITHHELD, None], ids=["labels", "some withheld", "no labels"])
def test_terms_are_named_finite_scalars(name: str, labels: Tensor | None) -> None:
    method = METHODS[name]()
    terms = terms_of(method, outputs(), teacher_of(method), labels)
    assert terms, "an empty loss has no gradient"
    assert all(key.isidentifier() and key.islower() for key in terms)
    assert all(term.shape == () and term.isfinite() for term in terms.values())
    if labels is not None:
        assert "labels" in terms
    if method.needs_teacher:
        assert set(terms) - {"labels"}, "a method that learns from a teacher says what it learned"


@members
def test_variants_change_what_a_recipe_has(name: str) -> None:
    kind = METHODS[name]
    for changes in kind.variants.values():
        recipe = PRESETS["digits"].recipe.changed({"method": {"name": name}})
        assert recipe.changed(changes) != recipe


@members
@pytest.mark.parametrize("labels", [LABELS, SOME_WITHHELD], ids=["labels", "some withheld"])
def test_gradient_reaches_the_student_and_never_the_teacher(name: str, labels: Tensor) -> None:
    method = METHODS[name]()
    student, teacher = outputs(gradient=True), teacher_of(method)
    torch.stack(list(terms_of(method, student, teacher, labels).values())).sum().backward()  # type: ignore[no-untyped-call]
    assert student.logits.grad is not None and student.logits.grad.any()
    assert teacher is None or teacher.logits.grad is None


@members
def test_a_bridge_learns(name: str) -> None:
    method = METHODS[name]()
    student, teacher = outputs(gradient=True), teacher_of(method)
    auxiliary = fresh_auxiliary(method, student, teacher)
    if auxiliary is None:
        return
    terms = method.terms(*auxiliary(student, teacher), LABELS)
    torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
    assert list(auxiliary.parameters()), "a bridge without anything to learn is no bridge"
    slopes = [one.grad for one in auxiliary.parameters()]
    assert all(slope is not None for slope in slopes) and any(slope.any() for slope in slopes if slope is not None)


@members
def test_without_labels_the_loss_still_has_a_gradient(name: str) -> None:
    student = STUDENT.clone().requires_grad_()
    loss(METHODS[name](), student, None).backward()  # type: ignore[no-untyped-call]
    assert student.grad is not None and student.grad.isfinite().all()


@members
def test_the_gradient_is_the_slope(name: str) -> None:
    method = METHODS[name]()
    if name in OWN_TEACHERS:
        return  # what is held fixed has a slope too, and it is left out on purpose
    student = STUDENT.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda logits: loss(method, logits), student)


@members
def test_the_gradient_by_features_is_the_slope(name: str) -> None:
    method = METHODS[name]()
    if name in OWN_TEACHERS or not method.needs:
        return
    features = (STUDENT_MAPS.clone().requires_grad_(), STUDENT_VECTORS.clone().requires_grad_())
    assert torch.autograd.gradcheck(lambda maps, vectors: loss_of_features(method, maps, vectors), features)


@members
def test_extreme_logits_stay_finite(name: str) -> None:
    method = METHODS[name]()
    student = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], requires_grad=True)
    maps, vectors = torch.rand(2, 3, 4, 4), torch.rand(2, 6)
    teacher = answer(-student.detach(), maps + 1, vectors + 1) if method.needs_teacher else None
    terms = terms_of(method, answer(student, maps, vectors), teacher, torch.tensor([1, 0]))
    torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
    assert all(term.isfinite() for term in terms.values())
    assert student.grad is not None and student.grad.isfinite().all()


@members
def test_nothing_is_computed_in_half_precision(name: str) -> None:
    method = METHODS[name]()
    student, teacher = outputs(STUDENT.half()), teacher_of(method, TEACHER.half())
    exact = terms_of(method, in_float32(student), teacher and in_float32(teacher))
    for key, term in terms_of(method, student, teacher).items():
        assert term.dtype == torch.float32 and torch.equal(term, exact[key])


def in_float32(said: Outputs) -> Outputs:
    return Outputs(said.logits.float(), {name: feature.float() for name, feature in said.features.items()})


@members
def test_lanes_of_students_equal_students_alone(name: str) -> None:
    method = METHODS[name]()
    students = torch.stack([STUDENT, STUDENT.flip(0), 3 * STUDENT])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a slow fallback warns
        lanes = torch.func.vmap(lambda student: loss(method, student))(students)
        slopes = torch.func.vmap(torch.func.grad(lambda student: loss(method, student)))(students)
    assert torch.allclose(lanes, torch.stack([loss(method, student) for student in students]), rtol=0, atol=1e-12)
    assert slopes.shape == students.shape and slopes.isfinite().all()


@members
def test_lane_values_equal_settings_of_their_own(name: str) -> None:
    method = METHODS[name]()
    for setting in sorted(lane_fields(type(method))):
        values = allowed(type(method), setting)

        def at(value: Any, setting: str = setting) -> Tensor:
            return loss(method.with_tensors(**{setting: value}), STUDENT)

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            lanes = torch.func.vmap(at)(values)
        built = [type(method).from_json(method.to_json() | {setting: float(value)}) for value in values]
        alone = torch.stack([loss(one, STUDENT) for one in built])
        assert torch.allclose(lanes, alone, rtol=1e-12, atol=1e-12), setting


@members
def test_labels_can_be_noisy_by_lane(name: str) -> None:
    method = METHODS[name]()
    labels = torch.stack([LABELS, SOME_WITHHELD, LABELS.flip(0)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lanes = torch.func.vmap(lambda told: loss(method, STUDENT, told))(labels)
    alone = torch.stack([loss(method, STUDENT, told) for told in labels])
    assert torch.allclose(lanes, alone, rtol=0, atol=1e-12)
