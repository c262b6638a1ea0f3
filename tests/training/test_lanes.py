"""Lanes: many networks in one loop are what each would be by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from kd_core.datasets import Split, Splits
from kd_core.datasets.conditions import noisy_labels
from kd_core.events import Diverged, EpochEnd, Event, Finished, Started, StepDone
from kd_core.networks import Network
from kd_core.recipe import Recipe
from kd_core.training.lanes.trainer import fit_lanes
from kd_core.training.loop import fit
from tests.training.stripes import CONVNET, SPLITS, a_teacher, ends_of, epochs_of, stripes


class Precise(Split):
    """A split whose images are normalised in float64."""

    def normalised(self, index: Tensor | slice = slice(None)) -> Tensor:
        return super().normalised(index).double()


@pytest.fixture
def precise() -> Any:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def base(**changes: Any) -> Recipe:
    """A student of 8 hidden units with dropout that learns for 9 epochs of 6 steps."""
    data = {"source": "digits"}
    optim = {"lr": 0.01, "batch": 16, "epochs": 9}
    values = {
        "data": data,
        "student": {"name": "mlp", "widths": [8, 6], "dropout": 0.25},
        "method": {"name": "soft_targets", "temperature": 4, "teacher_weight": 0.7},
        "optim": optim,
        "teacher": {"data": data, "student": CONVNET, "optim": optim},
    }
    return Recipe.from_json(values).changed({name.replace("__", "."): value for name, value in changes.items()})


def grid(recipe: Recipe, seeds: int, **axes: Sequence[Any]) -> list[list[Recipe]]:
    """Seeds by settings; the axes move together."""
    settings = [
        dict(zip((name.replace("__", ".") for name in axes), values, strict=True))
        for values in zip(*axes.values(), strict=True)
    ]
    return [[recipe.changed(one).seeded(seed) for one in settings] for seed in range(seeds)]


def splits_of(seed: int, kind: type[Split] = Split) -> Splits:
    parts = (stripes(84, 10 + seed), stripes(40, 20 + seed), stripes(60, 2))
    return Splits(*(kind(part.images, part.labels, part.classes, part.mean, part.sd) for part in parts))


def events_by_lane(
    recipes: list[list[Recipe]],
    kind: type[Split] = Split,
    teachers: Sequence[Network | None] | None = None,
    **other: Any,
) -> dict[int, list[Event]]:
    """The events of every lane, as a network by itself would tell them."""
    splits = [splits_of(seed, kind) for seed in range(len(recipes))]
    everybody = [a_teacher() for _ in recipes] if teachers is None else teachers
    events: dict[int, list[Event]] = {lane: [] for lane in range(sum(map(len, recipes)))}
    for event in fit_lanes(recipes, splits, everybody):
        for lane, own in events.items():
            if (told := event.only(lane)) is not None:
                own.append(told)
    return events


def alone(recipe: Recipe, kind: type[Split] = Split, teacher: Network | None = None) -> list[Event]:
    """The events of one network trained by itself, with its label noise."""
    splits = splits_of(recipe.seed, kind)
    labels = noisy_labels(splits.train.labels, recipe.data.label_noise, recipe.seed)
    train = kind(splits.train.images, labels, splits.train.classes, splits.train.mean, splits.train.sd)
    return list(fit(recipe, Splits(train, splits.validation, splits.test), teacher or a_teacher()))


def end(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def largest_difference(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def logits(recipe: Recipe, weights: Mapping[str, Tensor], kind: type[Split]) -> Tensor:
    network = recipe.student.build((1, 8, 8), 4)
    network.load_state_dict(dict(weights))
    with torch.no_grad():
        return network.eval()(splits_of(recipe.seed, kind).test.normalised()).logits


LANES: dict[str, Any] = {
    "temperature and weight": {"method__temperature": [1, 4, 20], "method__teacher_weight": [0.0, 0.5, 1.0]},
    "learning rate": {"optim__lr": [0.003, 0.01, 0.03]},
    "weight decay": {"optim__weight_decay": [0.0, 0.01, 0.1]},
    "label noise": {"data__label_noise": [0.0, 0.2, 0.6]},
    "label weight": {"method__label_weight": [0.0, 0.5, 2.0]},
}


@pytest.mark.usefixtures("precise")
@pytest.mark.parametrize("algorithm", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("axes", LANES.values(), ids=list(LANES))
def test_a_lane_equals_a_network_trained_by_itself(algorithm: str, axes: dict[str, Any]) -> None:
    recipe = base(optim__algorithm=algorithm, optim__lr=0.01 if algorithm != "sgd" else 0.05)
    recipes = grid(recipe, 2, **axes)
    events = events_by_lane(recipes, Precise)
    for lane, recipe in enumerate(one for row in recipes for one in row):
        by_itself = alone(recipe, Precise)
        mine, theirs = end(events[lane]), end(by_itself)
        difference = logits(recipe, mine.weights, Precise) - logits(recipe, theirs.weights, Precise)
        assert float(difference.abs().max()) < 1e-8  # 54 steps
        assert [type(event) for event in events[lane] if not isinstance(event, StepDone)] == [
            type(event) for event in by_itself if not isinstance(event, StepDone)
        ]


@pytest.mark.usefixtures("precise")
@pytest.mark.parametrize("schedule", ["linear", "cosine", "exponential"])
def test_schedules_move_each_lane_from_its_own_start(schedule: str) -> None:
    recipe = base(optim__lr_schedule="cosine").changed({"schedules.temperature": {"name": schedule}})
    recipes = grid(recipe, 1, method__temperature=[2, 10])
    events = events_by_lane(recipes, Precise)
    for lane, one in enumerate(recipes[0]):
        by_itself = alone(one, Precise)
        assert largest_difference(end(events[lane]).weights, end(by_itself).weights) < 1e-10
        values = [epoch.schedule_values for epoch in epochs_of(events[lane])]
        assert values == [epoch.schedule_values for epoch in epochs_of(by_itself)]


@pytest.mark.usefixtures("precise")
def test_lanes_see_the_same_augmented_images_and_live_teacher_as_by_themselves() -> None:
    recipes = grid(base(data__augmentation="shift"), 2, method__temperature=[1, 8])
    events = events_by_lane(recipes, Precise, [a_teacher().double() for _ in recipes])
    for lane, recipe in enumerate(one for row in recipes for one in row):
        by_itself = alone(recipe, Precise, a_teacher().double())
        assert largest_difference(end(events[lane]).weights, end(by_itself).weights) < 1e-10


def test_every_epoch_tells_what_a_network_by_itself_tells() -> None:
    recipes = grid(base(), 2, method__temperature=[1, 8])
    events = events_by_lane(recipes)
    for lane, recipe in enumerate(one for row in recipes for one in row):
        for mine, theirs in zip(ends_of(events[lane]), ends_of(alone(recipe)), strict=True):
            assert mine.epoch == theirs.epoch and mine.lanes[0].schedule_values == theirs.lanes[0].schedule_values
            assert mine.lanes[0].losses == pytest.approx(theirs.lanes[0].losses, rel=1e-3)
            assert mine.logits["test"].shape == (1, 60, 4) and mine.logits["validation"].shape == (1, 40, 4)
            torch.testing.assert_close(mine.logits["test"], theirs.logits["test"], atol=2e-2, rtol=2e-2)


def test_without_a_teacher_lanes_learn_too() -> None:
    recipes = [[base(optim__epochs=12).baseline().seeded(seed)] for seed in range(3)]
    events = events_by_lane(recipes, teachers=[None, None, None])
    for lane in range(3):
        assert epochs_of(events[lane])[-1].scores["test"].accuracy > 0.9


def test_a_lane_that_diverges_tells_its_end_and_the_others_go_on() -> None:
    recipes = grid(base(optim__algorithm="sgd", optim__epochs=3), 1, optim__lr=[0.01, 10.0, 0.02])
    recipes[0][1] = recipes[0][1].model_copy(update={"optim": recipes[0][1].optim.with_tensors(lr=1e30)})
    events = events_by_lane(recipes)
    assert isinstance(events[1][-1], Diverged)
    assert not any(isinstance(event, EpochEnd) and event.epoch == 2 for event in events[1])
    for lane in (0, 2):
        assert end(events[lane]).epoch == 2
        assert all(values.isfinite().all() for values in end(events[lane]).weights.values())


def test_lanes_stop_early_each_for_itself() -> None:
    recipe = base(optim__patience=2, optim__epochs=40, optim__algorithm="sgd")
    recipes = grid(recipe, 2, optim__lr=[0.2, 1e-7])
    events = events_by_lane(recipes)
    lengths = []
    for lane, one in enumerate(one for row in recipes for one in row):
        by_itself = alone(one)
        assert end(events[lane]).epoch == end(by_itself).epoch
        assert end(events[lane]).stopped_early == end(by_itself).stopped_early
        assert largest_difference(end(events[lane]).weights, end(by_itself).weights) < 1e-3
        lengths.append(len(epochs_of(events[lane])))
    assert len(set(lengths)) > 1


@pytest.mark.parametrize("changes", [{}, {"optim__patience": 3}, {"optim__algorithm": "sgd"}], ids=str)
@pytest.mark.parametrize(
    "axes", [{"method__temperature": [1, 8]}, {"optim__lr": [0.003, 0.03]}], ids=["one rate", "rates"]
)
def test_resumed_lanes_equal_uninterrupted_ones_bit_for_bit(changes: dict[str, Any], axes: dict[str, Any]) -> None:
    recipes = grid(base(**changes), 2, **axes)
    splits, teachers = [splits_of(seed) for seed in range(2)], [a_teacher(), a_teacher()]
    events = list(fit_lanes(recipes, splits, teachers))
    checkpoints = []
    for event in fit_lanes(recipes, splits, teachers):
        if isinstance(event, EpochEnd) and event.epoch == 3:
            checkpoints.append(event.state_dict())
            break
    resumed = list(fit_lanes(recipes, splits, teachers, checkpoints[0]))
    assert len(ends_of(events)) > 4
    ends = {event.lane: event for event in events if isinstance(event, Finished)}
    again = {event.lane: event for event in resumed if isinstance(event, Finished)}
    assert ends.keys() == again.keys()
    for lane, event in ends.items():
        assert event.epoch == again[lane].epoch
        assert all(torch.equal(event.weights[name], again[lane].weights[name]) for name in event.weights)
    assert resumed[0] == Started(9, 6, 4, lanes=4)


def test_an_epochs_end_holds_every_lanes_logits_in_one_piece() -> None:
    recipes = grid(base(optim__epochs=2), 2, method__temperature=[1, 8, 20])
    splits = [splits_of(seed) for seed in range(2)]
    for event in ends_of(fit_lanes(recipes, splits, [a_teacher(), a_teacher()])):
        assert tuple(event.lanes) == tuple(range(6))
        assert event.logits["test"].shape == (6, 60, 4)
        for lane in range(6):
            own = event.only(lane)
            assert own is not None and list(own.lanes) == [0]
            assert torch.equal(event.logits["validation"][lane], own.logits["validation"][0])
        assert event.only(6) is None


def test_closing_the_generator_ends_all_lanes() -> None:
    running = fit_lanes(grid(base(optim__epochs=1000), 1, method__temperature=[1, 2]), [SPLITS], [a_teacher()])
    next(event for event in running if isinstance(event, EpochEnd))
    running.close()  # type: ignore[attr-defined]
    assert list(running) == []


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    events_by_lane(grid(base(optim__epochs=1), 2, method__temperature=[1, 2]))
    assert torch.equal(torch.get_rng_state(), before)
