"""The texts' practical tips as settings: adjusting while training, copying layers, rates, stronger augmentation."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from kd_core.datasets.augmentation import augment
from kd_core.errors import InvalidSetting, RecipeMismatch
from kd_core.events import Logged
from kd_core.functional.seeding import make_generator
from kd_core.networks.convnet import ConvNet
from kd_core.networks.mlp import MLP
from kd_core.notes import CopiedLayers
from kd_core.recipe import Study
from kd_core.training.lanes.grouping import why_solo
from kd_core.training.trainer import Trainer, copy_matching_weights
from tests.digits_recipes import DIGITS
from tests.training.stripes import SPLITS, a_teacher, assert_resumes, epochs_of, recipe, trained

# Adjusting while training


def test_temperature_and_weight_follow_the_students_own_validation() -> None:
    falling = {"name": "on_plateau", "factor": 0.5, "patience": 1, "limit": 1}
    wanted = recipe(optim__epochs=8, schedules__temperature=falling)
    found = epochs_of(trained(wanted, a_teacher()))
    marks = [event.scores["validation"].accuracy for event in found]
    start = wanted.method.temperature  # type: ignore[attr-defined]
    expected = [wanted.schedules["temperature"].value(start, epoch, 8, marks[:epoch]) for epoch in range(8)]
    assert [event.schedule_values["temperature"] for event in found] == expected
    assert expected[-1] < start, "in eight epochs there is a plateau of one"


def test_what_was_adjusted_goes_on_after_an_interruption() -> None:
    rule = {"name": "on_plateau", "factor": 0.5, "patience": 1, "limit": 1}
    assert_resumes(recipe(optim__epochs=6, schedules__temperature=rule), after=2)


def test_a_limit_that_the_setting_does_not_allow_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="teacher_weight"):
        recipe(schedules__teacher_weight={"name": "on_plateau", "factor": 2, "limit": 3})


# Copying from the teacher


def test_what_fits_is_copied_and_told() -> None:
    teacher, student = (MLP(widths=widths).build((1, 8, 8), 4) for widths in ((8, 6), (8, 5)))
    assert copy_matching_weights(teacher, student, "teacher") == ["hidden.0.weight", "hidden.0.bias", "classifier.bias"]
    assert torch.equal(student.state_dict()["hidden.0.weight"], teacher.state_dict()["hidden.0.weight"])
    assert copy_matching_weights(teacher, student, "scratch") == []


def test_batch_norm_can_be_left_to_the_student() -> None:
    teacher, student = (ConvNet(channels=(4, 4), batch_norm=True).build((1, 8, 8), 4) for _ in range(2))
    every = copy_matching_weights(teacher, student, "teacher")
    apart = copy_matching_weights(teacher, student, "teacher_but_batch_norm")
    assert {name.split(".")[2] for name in set(every) - set(apart)} == {"1"}
    assert any("running_mean" in name for name in every) and not any("running" in name for name in apart)


def test_the_run_says_what_was_copied() -> None:
    teacher = a_teacher()
    of_teacher = recipe().teacher
    assert of_teacher is not None
    wanted = recipe(student=of_teacher.student.to_json(), start="teacher")
    own, theirs = Trainer(wanted, SPLITS, teacher).network.state_dict(), teacher.state_dict()
    assert all(torch.equal(own[name], theirs[name]) for name in own)
    (logged,) = [event for event in trained(wanted, teacher) if isinstance(event, Logged)]
    assert isinstance(logged.note, CopiedLayers) and logged.note.numbers == logged.note.of > 0
    assert why_solo(wanted.changed({"student": {"name": "mlp"}})) == "copied"


def test_nobody_can_copy_from_nobody() -> None:
    with pytest.raises(RecipeMismatch, match="no teacher"):
        recipe().baseline().changed({"start": "teacher"})
    assert recipe(start="teacher").baseline().start == "scratch"
    assert recipe(start="teacher", method="labels_only").without_unused_teacher().teacher is not None


@pytest.mark.parametrize("name", ["mutual", "federated", "multi_task", "several_teachers"])
def test_layers_are_not_copied_where_nobody_would_do_it(name: str) -> None:
    with pytest.raises(RecipeMismatch, match="weights of its own"):
        DIGITS.changed({"protocol": {"name": name}, "start": "teacher"})


# Learning rate as a fraction of the teacher's


def test_the_rate_can_be_a_fraction_of_the_teachers() -> None:
    wanted = recipe(optim__lr_of_teacher=0.1, teacher__optim__lr=0.02)
    assert epochs_of(trained(wanted, a_teacher()))[0].schedule_values["lr"] == pytest.approx(0.002)
    arms = {member.arm: member.recipe for member in Study.race(wanted).members}
    assert arms["alone"].optim.lr == arms["distilled"].optim.lr == pytest.approx(0.002)
    assert arms["teacher"].optim.lr == 0.02


def test_a_rate_that_would_be_out_of_range_is_told_by_its_name() -> None:
    with pytest.raises(InvalidSetting, match=r"optim.lr_of_teacher.*10.*makes 50"):
        DIGITS.changed({"optim.lr_of_teacher": 10, "teacher.optim.lr": 5})


# Stronger augmentation


def test_strong_augmentation_hides_a_square_and_changes_contrast() -> None:
    images = torch.ones(64, 1, 12, 12)
    found = augment("strong", images, make_generator(0, "test"))
    hidden = (found == 0).float().mean((1, 2, 3))
    assert bool((hidden >= 16 / 144 - 1e-6).all()) and bool((found.amax((1, 2, 3)) <= 1.4).all())
    assert float(found.amax((1, 2, 3)).std()) > 0.1
    assert torch.equal(found, augment("strong", images, make_generator(0, "test")))


def test_the_teacher_sees_the_same_changed_image(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = recipe(data__augmentation="strong", optim__epochs=1)
    teacher, plain = a_teacher(), Trainer.forward
    shown: list[torch.Tensor] = []
    learned: list[torch.Tensor] = []

    def watched(self: Trainer, images: torch.Tensor, answer: Any) -> Any:
        learned.append(images.clone())
        return plain(self, images, answer)

    teacher.register_forward_pre_hook(lambda module, inputs: shown.append(inputs[0].clone()))
    monkeypatch.setattr(Trainer, "forward", watched)
    trained(wanted, teacher)
    assert learned and all(any(torch.equal(one, other) for other in shown) for one in learned)
