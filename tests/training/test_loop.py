"""The loop: what it promises about teacher, student, chance, interruption and failure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from kd_core.datasets import Split, Splits
from kd_core.events import Diverged, EpochDone, Event, Finished, Started, StepDone
from kd_core.functional.metrics import scores
from kd_core.functional.seeding import make_generator, seeded
from kd_core.methods.soft_targets import SoftTargets
from kd_core.networks import Network
from kd_core.networks.auxiliary import Auxiliary, OutputPair
from kd_core.outputs import Outputs
from kd_core.recipe import Recipe
from kd_core.training import batches, loss_meter, trainer
from kd_core.training.loop import fit

CLASSES = ("north", "east", "south", "west")
MLP: dict[str, Any] = {"name": "mlp", "widths": [16]}
CONVNET: dict[str, Any] = {"name": "convnet", "channels": [4], "fc": 8, "batch_norm": True}
CONVNET_WITH_DROPOUT = CONVNET | {"dropout": 0.5}


def stripes(count: int, seed: int) -> Split:
    """Return 8 x 8 images with noise, brighter on the side that the label names."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 4
    images = torch.randint(0, 120, (count, 1, 8, 8), generator=random)
    for label in range(4):
        side = torch.zeros(8, 8)
        side[:2] = 100
        images[labels == label] += side.rot90(label).long()
    return Split(images.to(torch.uint8), labels, CLASSES, (0.3,), (0.25,))


SPLITS = Splits(train=stripes(84, seed=0), validation=stripes(40, seed=1), test=stripes(60, seed=2))
BATCHES = math.ceil(84 / 16)


def recipe(student: Mapping[str, Any] = MLP, **changes: Any) -> Recipe:
    """Return a distilled student's recipe; ``__`` in a keyword stands for the dot of a path."""
    values = {
        "data": {"source": "digits"},
        "student": student,
        "method": "soft_targets",
        "optim": {"batch": 16, "epochs": 3, "lr": 0.01},
        "teacher": {"data": {"source": "digits"}, "student": CONVNET},
    }
    return Recipe.from_json(values).changed({path.replace("__", "."): value for path, value in changes.items()})


def a_teacher(student: Mapping[str, Any] = CONVNET) -> Network:
    """Return a network with weights and batch statistics of its own."""
    with seeded(99, "teacher"):
        network = recipe(student).student.build((1, 8, 8), 4)
        network.train()(torch.randn(32, 1, 8, 8))
    return network.eval()


def trained(
    wanted: Recipe, teacher: Network | None = None, snapshot: Mapping[str, Tensor] | None = None
) -> list[Event]:
    return list(fit(wanted, SPLITS, teacher, snapshot))


def epochs_of(events: list[Event]) -> list[EpochDone]:
    return [event for event in events if isinstance(event, EpochDone)]


def end_of(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    """Tell whether two sets of tensors are equal bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


# What leaves as events


def test_a_run_is_told_from_start_to_end() -> None:
    events = [event for event in trained(recipe(), a_teacher()) if not isinstance(event, StepDone)]
    assert [type(event) for event in events] == [Started, EpochDone, EpochDone, EpochDone, Finished]
    assert events[0] == Started(epochs=3, steps_per_epoch=BATCHES)
    assert [event.epoch for event in epochs_of(events)] == [0, 1, 2]
    assert end_of(events).epoch == 2 and not end_of(events).stopped_early


def test_it_learns() -> None:
    last = epochs_of(trained(recipe(optim__epochs=8).baseline()))[-1]
    assert last.scores["test"].accuracy > 0.9
    assert last.loss < 0.5


def test_scores_are_those_of_the_logits() -> None:
    teacher = a_teacher()
    with torch.no_grad():
        says = teacher(SPLITS.test.normalised()).logits
    for event in epochs_of(trained(recipe(), teacher)):
        assert event.logits["test"].shape == (60, 4) and event.logits["validation"].shape == (40, 4)
        assert event.scores["test"] == scores(event.logits["test"], SPLITS.test.labels, says)


def test_without_a_teacher_nothing_is_said_about_agreement() -> None:
    assert epochs_of(trained(recipe().baseline()))[0].scores["test"].agreement is None


def test_every_step_can_be_reported_and_their_mean_is_the_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_meter, "REPORT_SECONDS", 0.0)
    events = trained(recipe(optim__epochs=2), a_teacher())
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [step.step for step in steps] == list(range(1, 2 * BATCHES + 1))
    for epoch in epochs_of(events):
        own = [step for step in steps if step.epoch == epoch.epoch]
        for name in ("labels", "teacher"):
            assert epoch.terms[name] == pytest.approx(sum(step.terms[name] for step in own) / BATCHES)
        assert epoch.loss == pytest.approx(sum(epoch.terms.values()))
        assert own[0].loss == pytest.approx(sum(own[0].terms.values()))


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
    assert first.terms["labels"] == pytest.approx(float(expected), rel=1e-5)


def test_closing_the_generator_ends_the_training() -> None:
    running = fit(recipe(optim__epochs=1000), SPLITS, a_teacher())
    assert isinstance(next(running), Started)
    next(event for event in running if isinstance(event, EpochDone))
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


# Chance


def test_the_same_recipe_gives_the_same_numbers() -> None:
    wanted = recipe(CONVNET_WITH_DROPOUT, data__augmentation="shift")
    first = trained(wanted, a_teacher())
    torch.rand(5)  # whatever ran before
    again = trained(wanted, a_teacher())
    assert same(end_of(first).weights, end_of(again).weights)
    assert [event.terms for event in epochs_of(first)] == [event.terms for event in epochs_of(again)]


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
    told = [event.applied["temperature"] for event in epochs_of(trained(wanted, a_teacher()))]
    assert told == pytest.approx([5, 4.75, 4.5125, 4.286875])
    assert used[::BATCHES] == pytest.approx(told) and len(used) == 4 * BATCHES


def test_the_floor_holds() -> None:
    falling = {"name": "exponential", "factor": 0.1, "floor": 1}
    wanted = recipe(method__temperature=5, schedules__temperature=falling)
    assert [event.applied["temperature"] for event in epochs_of(trained(wanted, a_teacher()))] == [5, 1, 1]


def test_a_learning_rate_falls_along_a_cosine() -> None:
    events = epochs_of(trained(recipe(optim__epochs=4, optim__lr_schedule="cosine").baseline()))
    expected = [0.01 * (1 + math.cos(math.pi * epoch / 4)) / 2 for epoch in range(4)]
    assert [event.applied["lr"] for event in events] == pytest.approx(expected)


def test_settings_that_do_not_move_are_told_too() -> None:
    applied = epochs_of(trained(recipe(method__teacher_weight=0.7), a_teacher()))[0].applied
    assert applied == {"lr": 0.01, "temperature": 4, "teacher_weight": 0.7}


# Early stopping


def test_early_stopping_reports_the_best_epoch_on_validation() -> None:
    wanted = recipe(optim__epochs=200, optim__patience=3, optim__lr=0.05).baseline()
    snapshots, done = {}, []
    for event in fit(wanted, SPLITS):
        if isinstance(event, EpochDone):
            snapshots[event.epoch] = event.snapshot()
            done.append(event)
    assert isinstance(event, Finished)
    marks = [(one.scores["validation"].accuracy, -one.scores["validation"].nll) for one in done]
    assert event.epoch == marks.index(max(marks))
    assert event.stopped_early and len(done) == event.epoch + 3 + 1 < 200
    best = {
        name.removeprefix("network/"): v for name, v in snapshots[event.epoch].items() if name.startswith("network/")
    }
    assert same(event.weights, best)


def test_patience_that_never_runs_out_ends_with_the_last_epoch() -> None:
    events = trained(recipe(optim__patience=100).baseline())
    assert len(epochs_of(events)) == 3 and not end_of(events).stopped_early


# Interruption


class Bridged(SoftTargets):
    """Soft targets on logits that a learned layer has seen."""

    name: Literal["bridged"] = "bridged"  # type: ignore[assignment]
    needs: ClassVar[frozenset[str]] = frozenset({"embedding"})

    def auxiliary(self, student: Outputs, teacher: Outputs | None) -> Auxiliary:
        return Rotated(student.logits.shape[-1])


class Rotated(Auxiliary):
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


def test_a_resumed_bridge_goes_on_learning_where_it_was() -> None:
    assert_resumes(recipe(optim__epochs=3).model_copy(update={"method": Bridged()}), after=0)


def assert_resumes(wanted: Recipe, after: int) -> None:
    whole, snapshots = [], {}
    for event in fit(wanted, SPLITS, a_teacher()):
        whole.append(event)
        if isinstance(event, EpochDone):
            snapshots[event.epoch] = event.snapshot()
    rest = trained(wanted, a_teacher(), snapshots[after])
    assert isinstance(rest[0], Started) and rest[0].epoch == after + 1
    for event, again in zip(epochs_of(whole)[after + 1 :], epochs_of(rest), strict=True):
        assert (event.epoch, event.terms, event.applied, event.scores) == (
            again.epoch, again.terms, again.applied, again.scores,
        )  # fmt: skip
        assert same(event.logits, again.logits)
    assert same(end_of(whole).weights, end_of(rest).weights)


def test_early_stopping_remembers_across_an_interruption() -> None:
    wanted = recipe(optim__epochs=200, optim__patience=3, optim__lr=0.05).baseline()
    snapshots = [event.snapshot() for event in fit(wanted, SPLITS) if isinstance(event, EpochDone)]
    whole, rest = end_of(trained(wanted)), end_of(trained(wanted, snapshot=snapshots[-2]))
    assert (rest.epoch, rest.stopped_early) == (whole.epoch, whole.stopped_early)
    assert same(rest.weights, whole.weights)
    at_the_end = end_of(trained(wanted, snapshot=snapshots[-1]))
    assert at_the_end.epoch == whole.epoch and at_the_end.stopped_early


def test_a_snapshot_is_named_tensors_on_the_cpu_that_later_steps_leave_alone() -> None:
    running = fit(recipe(optim__epochs=2).baseline(), SPLITS)
    first = next(event for event in running if isinstance(event, EpochDone)).snapshot()
    kept = {name: values.clone() for name, values in first.items()}
    list(running)
    assert same(first, kept)
    assert all(isinstance(name, str) and v.device.type == "cpu" and v.is_contiguous() for name, v in first.items())


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
