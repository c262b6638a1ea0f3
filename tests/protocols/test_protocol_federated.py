"""Federated distillation: how images are dealt, and what cannot go well."""

from __future__ import annotations

import pytest
import torch

from kd_core.errors import InvalidSetting, RecipeMismatch
from kd_core.protocols.federated import dirichlet_partition
from tests.digits_recipes import DIGITS


def test_every_image_is_dealt_once_and_nobody_gets_nothing() -> None:
    labels = torch.arange(10).repeat(30)
    for alpha in (0.05, 1.0, 1000.0):
        deal = dirichlet_partition(labels, clients=6, alpha=alpha, public=100, seed=3)
        assert len(deal) == 7 and len(deal[0]) == 100 and all(len(own) for own in deal)
        assert sorted(torch.cat(deal).tolist()) == list(range(300))


def test_a_small_alpha_makes_clients_of_few_classes() -> None:
    labels = torch.arange(10).repeat(200)

    def classes_of_a_client(alpha: float) -> float:
        shares = [
            torch.bincount(labels[own], minlength=10) / len(own)
            for own in dirichlet_partition(labels, 5, alpha, 100, 0)[1:]
        ]
        return float(torch.stack([torch.special.entr(one).sum().exp() for one in shares]).mean())

    assert classes_of_a_client(0.1) < 5 < 9.5 < classes_of_a_client(1000)


def test_images_without_a_label_are_of_use_to_nobody_but_everybody() -> None:
    labels = torch.where(torch.arange(200) < 50, -1, torch.arange(200) % 10)
    public, *own = dirichlet_partition(labels, 4, 1.0, 80, 0)
    assert int((labels[public] == -1).sum()) == 50 and all((labels[one] >= 0).all() for one in own)


def test_nobody_stops_early_in_a_federation() -> None:
    with pytest.raises(RecipeMismatch, match="nobody stops early"):
        DIGITS.changed({"protocol": "federated", "optim.patience": 5})


@pytest.mark.parametrize("labelled", [2, 4])
def test_fewer_private_images_than_clients_are_told(labelled: int) -> None:
    labels = torch.full((40,), -1)
    labels[:labelled] = 1
    with pytest.raises(InvalidSetting, match=rf"clients.*5.*only {labelled} with a label"):
        dirichlet_partition(labels, clients=5, alpha=0.3, public=20, seed=0)


def test_as_many_private_images_as_clients_are_enough() -> None:
    labels = torch.full((40,), -1)
    labels[:5] = torch.arange(5)
    _, *own = dirichlet_partition(labels, clients=5, alpha=0.1, public=20, seed=0)
    assert sorted(torch.cat(own).tolist()) == list(range(5)) and all(len(one) == 1 for one in own)
