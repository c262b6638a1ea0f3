from __future__ import annotations

from pathlib import Path

import pytest
import torch

from kd_core.datasets import LoadedDataset
from kd_core.datasets.conditions import Conditions, prepare
from kd_core.datasets.digits import Digits


@pytest.fixture(scope="module")
def source() -> LoadedDataset:
    return Digits().load(Path("nowhere"))


def test_1797_digits_are_cut_into_1047_150_and_600(source: LoadedDataset) -> None:
    splits = prepare(Conditions(), source, seed=0)
    assert [len(splits.train), len(splits.validation), len(splits.test)] == [1047, 150, 600]


def test_the_seventeen_grey_levels_come_back_from_the_bytes(source: LoadedDataset) -> None:
    from sklearn.datasets import load_digits

    ours = torch.cat([source.train.images, source.test.images]).double() * 16 / 255
    theirs = torch.from_numpy(load_digits().images)
    assert ours.round().unique().tolist() == list(range(17))
    assert ours.round().sum() == theirs.sum()
    assert source.train.images.max() == 255


def test_the_test_split_holds_every_digit_by_its_share(source: LoadedDataset) -> None:
    from sklearn.datasets import load_digits

    share = torch.bincount(torch.from_numpy(load_digits().target)) * 600 / 1797
    assert ((torch.bincount(source.test.labels) - share).abs() < 1.5).all()


def test_training_images_are_normalised_to_mean_zero_and_sd_one(source: LoadedDataset) -> None:
    inputs = source.train.normalised()
    assert inputs.mean().item() == pytest.approx(0, abs=0.002)
    assert inputs.std().item() == pytest.approx(1, abs=0.002)
