from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from kd_core.datasets import LoadedDataset, Split, Splits
from kd_core.datasets.conditions import Conditions, noisy_labels, prepare
from kd_core.datasets.stratified import stratified_order
from kd_core.datasets.targets import STEEP, slant
from kd_core.errors import InvalidSetting
from kd_core.recipe.presets import PRESETS
from kd_core.settings.base import lane_fields
from kd_core.settings.text import parse_value


def numbered(labels: Tensor, first: int = 0) -> Split:
    """Images of 1 x 1 x 2 pixels that hold their own number."""
    number = torch.arange(first, first + len(labels))
    images = torch.stack([number // 256, number % 256], dim=1).to(torch.uint8).reshape(-1, 1, 1, 2)
    return Split(images=images, labels=labels, classes=("a", "b", "c", "d"))


def numbers(split: Split) -> list[int]:
    return (split.images.long().flatten(1) @ torch.tensor([256, 1])).tolist()


SOURCE = LoadedDataset(train=numbered(torch.arange(1000) % 4), test=numbered(torch.arange(40) % 4, first=1000), cut=200)
"""1,000 images, 250 a class; 200 of them become validation, 50 a class."""


def prepared(seed: int = 0, source: LoadedDataset = SOURCE, **conditions: object) -> Splits:
    return prepare(Conditions.from_json(conditions), source, seed)


def counts(labels: Tensor) -> list[int]:
    return torch.bincount(labels, minlength=4).tolist()


def test_without_conditions_everything_but_validation_is_training() -> None:
    splits = prepared()
    assert sorted(numbers(splits.train) + numbers(splits.validation)) == list(range(1000))
    assert counts(splits.train.labels) == [200] * 4
    assert counts(splits.validation.labels) == [50] * 4
    assert splits.test is SOURCE.test


def test_images_keep_their_labels_and_their_order() -> None:
    train = prepared(labelled=300, unlabelled="drop").train
    assert numbers(train) == sorted(numbers(train))
    assert [number % 4 for number in numbers(train)] == train.labels.tolist()


def test_conditions_never_touch_validation_and_test() -> None:
    plain, limited = prepared(), prepared(labelled=40, label_noise=0.5, dropped_classes=[1])
    assert numbers(limited.validation) == numbers(plain.validation)
    assert torch.equal(limited.validation.labels, plain.validation.labels)
    assert limited.test is SOURCE.test


@pytest.mark.parametrize("unlabelled", ["drop", "keep"])
def test_another_question_is_asked_about_the_same_images(tmp_path: Path, unlabelled: str) -> None:
    source = PRESETS["digits"].recipe.data.source.load(tmp_path)
    limits = {"labelled": 200, "unlabelled": unlabelled, "dropped_classes": [3]}
    plain, leaning = (prepared(4, source, question=question, **limits) for question in ("class", "slant"))
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(plain, part).images, getattr(leaning, part).images), part
        theirs = getattr(leaning, part)
        told = theirs.labels >= 0
        assert torch.equal(told, getattr(plain, part).labels >= 0)
        edges = torch.bucketize(slant(theirs.images), torch.tensor([-STEEP, STEEP]))
        assert torch.equal(theirs.labels[told], edges[told]), part
    assert leaning.train.classes == ("leans left", "stands", "leans right")


def test_the_datasets_own_validation_is_used_where_it_has_one() -> None:
    own = numbered(torch.arange(20) % 4, first=2000)
    source = LoadedDataset(train=SOURCE.train, test=SOURCE.test, validation=own)
    splits = prepared(source=source)
    assert splits.validation is own
    assert len(splits.train) == 1000


def test_labelled_images_are_spread_over_the_classes() -> None:
    assert counts(prepared(labelled=100).train.labels) == [25] * 4
    assert sorted(counts(prepared(labelled=102).train.labels)) == [25, 25, 26, 26]


def test_100_labelled_images_are_among_the_300() -> None:
    few, many = prepared(seed=3, labelled=100).train, prepared(seed=3, labelled=300).train
    assert len(few) == 100 and len(many) == 300
    assert set(numbers(few)) < set(numbers(many))


def test_another_seed_labels_other_images() -> None:
    assert numbers(prepared(seed=0, labelled=100).train) != numbers(prepared(seed=1, labelled=100).train)


def test_unequal_classes_keep_their_shares_and_each_has_one() -> None:
    # 600, 300, 90 and 10 images: of 100 labelled ones 60, 30, 9 and 1.
    labels = torch.arange(4).repeat_interleave(torch.tensor([600, 300, 90, 10]))
    order = stratified_order(labels, torch.Generator().manual_seed(0))
    assert order.sort().values.tolist() == list(range(1000))
    assert counts(labels[order[:100]]) == [60, 30, 9, 1]
    assert counts(labels[order[:4]]) == [1, 1, 1, 1]


def test_unlabelled_images_stay_without_a_label_when_kept() -> None:
    dropped, kept = prepared(labelled=100).train, prepared(labelled=100, unlabelled="keep").train
    assert len(kept) == 800
    assert int((kept.labels == -1).sum()) == 700
    assert numbers(kept.subset((kept.labels >= 0).nonzero().squeeze(1))) == numbers(dropped)


def test_dropped_classes_leave_training_alone() -> None:
    splits = prepared(dropped_classes=[1, 3])
    assert counts(splits.train.labels) == [200, 0, 200, 0]
    assert counts(splits.validation.labels) == [50] * 4
    assert splits.train.classes == ("a", "b", "c", "d")


def test_dropped_classes_are_not_among_the_unlabelled_either() -> None:
    train = prepared(dropped_classes=[1], labelled=30, unlabelled="keep").train
    assert len(train) == 600
    assert all(number % 4 != 1 for number in numbers(train))


def test_dropping_a_class_leaves_the_choice_within_the_others_alone() -> None:
    whole, without = prepared(labelled=400).train, prepared(labelled=300, dropped_classes=[2]).train
    assert numbers(without) == [number for number in numbers(whole) if number % 4 != 2]


def test_a_fifth_of_the_labels_is_replaced_by_another_class() -> None:
    clean, noisy = prepared().train, prepared(label_noise=0.2).train
    assert numbers(clean) == numbers(noisy)
    assert int((clean.labels != noisy.labels).sum()) == 160


def test_full_noise_leaves_no_label_true_and_draws_the_others_alike() -> None:
    labels = torch.zeros(3000, dtype=torch.int64)
    labels[:3] = torch.tensor([1, 2, 3])
    noisy = noisy_labels(labels, 1.0, seed=0)
    assert not bool((noisy == labels).any())
    assert all(900 < count < 1100 for count in counts(noisy[3:])[1:])


def test_noise_of_a_fifth_is_part_of_noise_of_two_fifths() -> None:
    clean, little, much = (prepared(label_noise=share).train.labels for share in (0.0, 0.2, 0.4))
    replaced = little != clean
    assert torch.equal(much[replaced], little[replaced])
    assert int((much != clean).sum()) == 320


def test_noise_never_says_a_dropped_class_and_never_labels_the_unlabelled() -> None:
    train = prepared(dropped_classes=[0], labelled=90, label_noise=1.0, unlabelled="keep").train
    assert sorted(train.labels.unique().tolist()) == [-1, 1, 2, 3]
    assert int((train.labels >= 0).sum()) == 90


def test_noise_can_be_added_to_a_prepared_split() -> None:
    clean = prepared(seed=5, labelled=200, unlabelled="keep").train
    noisy = prepared(seed=5, labelled=200, unlabelled="keep", label_noise=0.3).train
    assert torch.equal(noisy_labels(clean.labels, 0.3, seed=5), noisy.labels)


def test_noise_alone_may_differ_between_lanes() -> None:
    assert lane_fields(Conditions) == {"label_noise"}


def test_the_order_in_which_classes_are_named_does_not_matter() -> None:
    one, other = Conditions(dropped_classes=(3, 1)), Conditions(dropped_classes=(1, 3, 1))
    assert one.fingerprint() == other.fingerprint()


@pytest.mark.parametrize(
    ("conditions", "path", "sentence"),
    [
        ({"labelled": 801}, "data.labelled", "only 800 training images are left"),
        ({"labelled": 601, "dropped_classes": [0]}, "data.labelled", "only 600 training images are left"),
        ({"labelled": 3}, "data.labelled", "every one of the 4 classes needs at least one"),
        ({"labelled": 0}, "labelled", "greater than or equal to 1"),
        ({"dropped_classes": [4]}, "data.dropped_classes", "numbered 0 to 3"),
        ({"dropped_classes": [-1]}, "dropped_classes.0", "greater than or equal to 0"),
        ({"dropped_classes": [0, 1, 2, 3]}, "data.dropped_classes", "nothing is left to train on"),
        ({"dropped_classes": [0, 1, 2], "label_noise": 0.1}, "data.label_noise", "only one class left"),
        ({"label_noise": 1.1}, "label_noise", "less than or equal to 1"),
    ],
)
def test_conditions_that_cannot_be_met_are_told_by_name(
    conditions: dict[str, object], path: str, sentence: str
) -> None:
    with pytest.raises(InvalidSetting, match=sentence) as caught:
        prepared(**conditions)
    assert caught.value.fields["path"] == path


def test_no_augmentation_can_be_asked_for_by_the_command_lines_none() -> None:
    recipe = PRESETS["digits"].recipe.changed({"data.augmentation": "shift"})
    assert recipe.changed({"data.augmentation": parse_value("none")}).data.augmentation == "none"
