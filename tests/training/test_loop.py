"""The loop: what it promises about events, teacher, student and failure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from kd_core.datasets import Split, Splits
from kd_core.events import Diverged, EpochEnd, Finished, Started, StepDone
from kd_core.functional.metrics import scores_by_lane
from kd_core.functional.seeding import make_generator, seeded
from kd_core.methods.soft_targets import SoftTargets
from kd_core.networks import Network
from kd_core.outputs import Outputs
from kd_core.training import loss_meter
from kd_core.training.loop import fit
from tests.training.stripes import (
    BATCHES,
    CLASSES,
    CONVNET,
    CONVNET_WITH_DROPOUT,
    SPLITS,
    a_teacher,
    end_of,
    ends_of,
    epochs_of,
    recipe,
    same,
    trained,
)

# What leaves as events


def test_a_run_is_told_from_start_to_end() -> None:
    events = [event for event in trained(recipe(), a_teacher()) if not isinstance(event, StepDone)]
    assert [type(event) for event in events] == [Started, EpochEnd, EpochEnd, EpochEnd, Finished]
    assert events[0] == Started(epochs=3, steps_per_epoch=BATCHES)
    assert [event.epoch for event in ends_of(events)] == [0, 1, 2]
    assert end_of(events).epoch == 2 and not end_of(events).stopped_early


def test_it_learns() -> None:
    last = epochs_of(trained(recipe(optim__epochs=8).baseline()))[-1]
    assert last.scores["test"].accuracy > 0.9
    assert last.loss < 0.5


def test_scores_are_those_of_the_logits() -> None:
    for event in ends_of(trained(recipe(), a_teacher())):
        assert event.logits["test"].shape == (1, 60, 4) and event.logits["validation"].shape == (1, 40, 4)
        assert [event.lanes[0].scores["test"]] == scores_by_lane(event.logits["test"], SPLITS.test.labels)


def test_every_step_can_be_reported_and_their_mean_is_the_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_meter, "REPORT_SECONDS", 0.0)
    events = trained(recipe(optim__epochs=2), a_teacher())
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [step.step for step in steps] == list(range(1, 2 * BATCHES + 1))
    for number, epoch in enumerate(epochs_of(events)):
        own = [step.losses[0] for step in steps if step.epoch == number]
        for name in ("labels", "teacher"):
            assert epoch.losses[name] == pytest.approx(sum(losses[name] for losses in own) / BATCHES)
        assert epoch.loss == pytest.approx(sum(epoch.losses.values()))


def test_the_first_loss_is_that_of_the_first_batch_and_the_fresh_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_meter, "REPORT_SECONDS", 0.0)
    wanted = recipe(optim__epochs=1).baseline()
    first = next(event for event in trained(wanted) if isinstance(event, StepDone))
    with seeded(0, "initialisation"):
        network = wanted.student.build((1, 8, 8), 4)
    index = torch.randperm(84, generator=make_generator(0, "order", 0))[:16]
    with torch.no_grad():
        logits = network(SPLITS.train.normalised(index)).logits
    expected = nn.functional.cross_entropy(logits, SPLITS.train.labels[index])
    assert first.losses[0]["labels"] == pytest.approx(float(expected), rel=1e-5)


def test_closing_the_generator_ends_the_training() -> None:
    running = fit(recipe(optim__epochs=1000), SPLITS, a_teacher())
    assert isinstance(next(running), Started)
    next(event for event in running if isinstance(event, EpochEnd))
    running.close()  # type: ignore[attr-defined]
    assert list(running) == []


# Teacher and student


@pytest.fixture
def modes() -> Iterator[list[tuple[bool, bool]]]:
    """(in training mode, with gradient) at every pass of a network."""
    seen: list[tuple[bool, bool]] = []

    def look(module: nn.Module, inputs: Any) -> None:
        if isinstance(module, Network):
            seen.append((module.training, torch.is_grad_enabled()))

    with register_module_forward_pre_hook(look):
        yield seen


@pytest.mark.parametrize("augmentation", ["none", "shift"], ids=["teacher cached", "teacher live"])
def test_who_learns_is_in_training_mode_and_who_is_asked_is_not(
    augmentation: str, modes: list[tuple[bool, bool]]
) -> None:
    teacher = a_teacher().train()  # somebody forgot it
    modes.clear()
    for _ in fit(recipe(CONVNET, data__augmentation=augmentation), SPLITS, teacher):
        teacher.train()  # again and again
    assert modes.count((True, True)) == 3 * BATCHES
    assert set(modes) == {(True, True), (False, False)}


@pytest.mark.parametrize("augmentation", ["none", "shift"], ids=["teacher cached", "teacher live"])
@pytest.mark.parametrize("mode", [True, False], ids=["handed over in training mode", "in evaluation mode"])
def test_the_teachers_weights_and_batch_statistics_stay_as_they_are(augmentation: str, mode: bool) -> None:
    teacher = a_teacher().train(mode)
    before = {name: values.clone() for name, values in teacher.state_dict().items()}
    assert any("running_mean" in name for name in before)
    trained(recipe(CONVNET, data__augmentation=augmentation), teacher)
    assert same(teacher.state_dict(), before)
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_the_students_batch_statistics_move_in_training_only() -> None:
    finished = end_of(trained(recipe(CONVNET, optim__epochs=2).baseline()))
    assert finished.weights["blocks.0.1.num_batches_tracked"] == 2 * BATCHES


def test_a_cached_teacher_teaches_what_a_live_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    teacher, wanted = a_teacher(), recipe()
    cached = end_of(trained(wanted, teacher))
    monkeypatch.setattr(SoftTargets, "needs", frozenset({"embedding"}))
    live = end_of(trained(wanted, teacher))
    for name, values in live.weights.items():
        assert torch.allclose(values, cached.weights[name], rtol=0, atol=1e-5)


def test_a_teacher_without_weight_changes_nothing() -> None:
    """Alone and distilled share initialisation, batch order and dropout masks."""
    distilled = recipe(CONVNET_WITH_DROPOUT, method__teacher_weight=0, method__label_weight=1)
    assert same(end_of(trained(distilled, a_teacher())).weights, end_of(trained(distilled.baseline())).weights)


def test_images_without_a_label_teach_through_the_teacher_only() -> None:
    teacher = a_teacher()
    teacher.load_state_dict(dict(end_of(trained(recipe(CONVNET, optim__epochs=8).baseline())).weights))
    unlabelled = Split(SPLITS.train.images, torch.full((84,), -1), CLASSES, (0.3,), (0.25,))
    splits = Splits(unlabelled, SPLITS.validation, SPLITS.test)
    wanted = recipe(optim__epochs=8)
    alone, distilled = list(fit(wanted.baseline(), splits)), list(fit(wanted, splits, teacher))
    with seeded(0, "initialisation"):
        assert same(end_of(alone).weights, wanted.student.build((1, 8, 8), 4).state_dict())
    assert epochs_of(distilled)[-1].scores["test"].accuracy > 0.9


# Failure


class Live(SoftTargets):
    """Soft targets from a teacher that is asked anew for every batch."""

    needs: ClassVar[frozenset[str]] = frozenset({"embedding"})


class BrokenByWhite(Network):
    """A teacher that has no number for a white image."""

    def forward(self, images: Tensor) -> Outputs:
        white = images.flatten(1).min(1).values > 0
        return Outputs(torch.where(white, torch.nan, 0.0).unsqueeze(1).expand(-1, 4))


@pytest.mark.parametrize("method", [SoftTargets(), Live()], ids=["teacher cached", "teacher live"])
def test_a_broken_number_ends_the_run_with_its_step_and_term(method: SoftTargets) -> None:
    images = SPLITS.train.images.clone()
    images[40] = 255
    broken = Splits(Split(images, SPLITS.train.labels, CLASSES), SPLITS.validation, SPLITS.test)
    place = int((torch.randperm(84, generator=make_generator(0, "order", 0)) == 40).nonzero())
    *_, last = fit(recipe().model_copy(update={"method": method}), broken, BrokenByWhite())
    assert isinstance(last, Diverged)
    assert (last.step, last.term) == (place // 16 + 1, "teacher") and math.isnan(last.value)


def test_a_learning_rate_far_too_high_ends_as_diverged() -> None:
    changes = {"optim__algorithm": "sgd", "optim__lr": 10, "optim__epochs": 50, "method": "logit_mse"}
    *events, last = trained(recipe(**changes), a_teacher())
    assert isinstance(last, Diverged) and last.term in ("labels", "teacher") and not math.isfinite(last.value)
    assert not any(isinstance(event, Finished) for event in events)
