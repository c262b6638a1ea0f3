"""The trainer: chance, schedules, early stopping and interruption."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import pytest
import torch
from torch import Tensor, nn

from kd_core.events import EpochEnd, Finished
from kd_core.functional import under_prefix
from kd_core.functional.seeding import make_generator
from kd_core.methods.soft_targets import SoftTargets
from kd_core.networks.auxiliary import Auxiliary, OutputPair
from kd_core.outputs import Outputs
from kd_core.training import batches, trainer
from kd_core.training.loop import fit
from tests.training.stripes import (
    BATCHES,
    CONVNET_WITH_DROPOUT,
    SPLITS,
    a_teacher,
    assert_resumes,
    checkpoints_of,
    end_of,
    epochs_of,
    recipe,
    same,
    trained,
)

# Chance


def test_the_same_recipe_gives_the_same_numbers() -> None:
    wanted = recipe(CONVNET_WITH_DROPOUT, data__augmentation="shift")
    first = trained(wanted, a_teacher())
    torch.rand(5)  # whatever ran before
    again = trained(wanted, a_teacher())
    assert same(end_of(first).weights, end_of(again).weights)
    assert [epoch.losses for epoch in epochs_of(first)] == [epoch.losses for epoch in epochs_of(again)]


def test_another_seed_gives_other_numbers() -> None:
    first, other = (end_of(trained(recipe(seed=seed).baseline())).weights for seed in (0, 1))
    assert not same(first, other)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    trained(recipe(CONVNET_WITH_DROPOUT, data__augmentation="shift"), a_teacher())
    assert torch.equal(torch.get_rng_state(), before)


def test_every_epoch_has_an_order_augmentation_and_dropout_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: set[tuple[int | str, ...]] = set()

    def noted(*purpose: int | str, device: Any = "cpu") -> torch.Generator:
        drawn.add(purpose)
        return make_generator(*purpose, device=device)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "make_generator", noted)
    monkeypatch.setattr(trainer, "make_generator", noted)
    trained(recipe(CONVNET_WITH_DROPOUT, data__augmentation="shift", seed=5), a_teacher())
    assert drawn == {(5, kind, epoch) for kind in ("order", "augmentation", "dropout") for epoch in range(3)}


def test_keeping_images_normalised_or_not_gives_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = end_of(trained(recipe().baseline()))
    monkeypatch.setattr(batches, "KEPT_INPUTS_BYTES", 0)
    assert same(kept.weights, end_of(trained(recipe().baseline())).weights)


# What moves over the epochs


def test_five_cools_by_five_percent_an_epoch_and_is_what_the_method_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[float] = []
    terms = SoftTargets.terms

    def spied(self: SoftTargets, *given: Any) -> dict[str, Tensor]:
        used.append(self.temperature)
        return terms(self, *given)

    monkeypatch.setattr(SoftTargets, "terms", spied)
    cooling = {"name": "exponential", "factor": 0.95, "floor": 1}
    wanted = recipe(method__temperature=5, schedules__temperature=cooling, optim__epochs=4)
    told = [epoch.schedule_values["temperature"] for epoch in epochs_of(trained(wanted, a_teacher()))]
    assert told == pytest.approx([5, 4.75, 4.5125, 4.286875])
    assert used[::BATCHES] == pytest.approx(told) and len(used) == 4 * BATCHES


def test_the_floor_holds() -> None:
    falling = {"name": "exponential", "factor": 0.1, "floor": 1}
    wanted = recipe(method__temperature=5, schedules__temperature=falling)
    assert [epoch.schedule_values["temperature"] for epoch in epochs_of(trained(wanted, a_teacher()))] == [5, 1, 1]


def test_a_learning_rate_falls_along_a_cosine() -> None:
    events = epochs_of(trained(recipe(optim__epochs=4, optim__lr_schedule="cosine").baseline()))
    expected = [0.01 * (1 + math.cos(math.pi * epoch / 4)) / 2 for epoch in range(4)]
    assert [epoch.schedule_values["lr"] for epoch in events] == pytest.approx(expected)


def test_settings_that_do_not_move_are_told_too() -> None:
    values = epochs_of(trained(recipe(method__teacher_weight=0.7), a_teacher()))[0].schedule_values
    assert values == {"lr": 0.01, "temperature": 4, "teacher_weight": 0.7}


# Early stopping


def test_early_stopping_reports_the_best_epoch_on_validation() -> None:
    wanted = recipe(optim__epochs=200, optim__patience=3, optim__lr=0.05).baseline()
    checkpoints, scores = {}, []
    for event in fit(wanted, SPLITS):
        if isinstance(event, EpochEnd):
            checkpoints[event.epoch] = event.state_dict()
            scores.append(event.lanes[0].scores["validation"])
    assert isinstance(event, Finished)
    ranks = [(score.accuracy, -score.nll) for score in scores]
    assert event.epoch == ranks.index(max(ranks))
    assert event.stopped_early and len(scores) == event.epoch + 3 + 1 < 200
    assert same(event.weights, under_prefix("network", checkpoints[event.epoch]))


def test_patience_that_never_runs_out_ends_with_the_last_epoch() -> None:
    events = trained(recipe(optim__patience=100).baseline())
    assert len(epochs_of(events)) == 3 and not end_of(events).stopped_early


# Interruption


class WithRotation(SoftTargets):
    """Soft targets on logits that a learned layer has seen."""

    name: Literal["with_rotation"] = "with_rotation"  # type: ignore[assignment]
    needs: ClassVar[frozenset[str]] = frozenset({"embedding"})

    def auxiliary(self, student: Outputs, teacher: Outputs | None) -> Auxiliary:
        return Rotation(student.logits.shape[-1])


class Rotation(Auxiliary):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.layer = nn.Linear(classes, classes)

    def forward(self, student: Outputs, teacher: Outputs | None) -> OutputPair:
        return Outputs(self.layer(student.logits), student.features), teacher


@pytest.mark.parametrize("algorithm", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("after", [0, 2])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(algorithm: str, after: int) -> None:
    wanted = recipe(
        CONVNET_WITH_DROPOUT,
        data__augmentation="shift",
        optim__algorithm=algorithm,
        optim__weight_decay=0.01,
        optim__epochs=4,
        optim__lr_schedule="cosine",
        optim__patience=10,
        schedules__temperature="linear",
    )
    assert_resumes(wanted, after)


def test_a_resumed_auxiliary_module_goes_on_learning_where_it_was() -> None:
    assert_resumes(recipe(optim__epochs=3).model_copy(update={"method": WithRotation()}), after=0)


def test_early_stopping_remembers_across_an_interruption() -> None:
    wanted = recipe(optim__epochs=200, optim__patience=3, optim__lr=0.05).baseline()
    checkpoints = list(checkpoints_of(fit(wanted, SPLITS)).values())
    whole, rest = end_of(trained(wanted)), end_of(trained(wanted, checkpoint=checkpoints[-2]))
    assert (rest.epoch, rest.stopped_early) == (whole.epoch, whole.stopped_early)
    assert same(rest.weights, whole.weights)
    at_the_end = end_of(trained(wanted, checkpoint=checkpoints[-1]))
    assert at_the_end.epoch == whole.epoch and at_the_end.stopped_early


def test_a_checkpoint_is_named_tensors_on_the_cpu_that_later_steps_leave_alone() -> None:
    running = fit(recipe(optim__epochs=2).baseline(), SPLITS)
    first = next(event for event in running if isinstance(event, EpochEnd)).state_dict()
    kept = {name: values.clone() for name, values in first.items()}
    list(running)
    assert same(first, kept)
    assert all(isinstance(name, str) and v.device.type == "cpu" and v.is_contiguous() for name, v in first.items())
