"""Speed: ways of taking a step, and which of them is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from kd_core.compute.autotune import candidates, fastest, probed
from kd_core.compute.plan import PLAIN, Speed
from kd_core.datasets.conditions import prepare
from kd_core.events import EpochDone
from kd_core.networks.convnet import ConvNet
from kd_core.networks.mlp import MLP
from kd_core.recipe.presets import PRESETS
from kd_core.training.loop import fit
from tests.training.test_loop import CONVNET, SPLITS, a_teacher, end_of, epochs_of, recipe, same

CPU = torch.device("cpu")
BRAIN = Speed(dtype="bfloat16", channels_last=True)


def test_a_convolutional_network_has_more_ways_than_a_fully_connected_one() -> None:
    flat, deep = MLP().build((1, 8, 8), 10), ConvNet().build((1, 8, 8), 10)
    assert PLAIN in candidates(flat, CPU) and BRAIN in candidates(deep, CPU)
    assert not any(way.channels_last for way in candidates(flat, CPU))
    assert {way.threads for way in candidates(deep, CPU)} >= {1}


def test_a_way_must_be_clearly_faster_than_the_plainer_ones() -> None:
    assert fastest([(PLAIN, 1.0), (BRAIN, 0.95)]) == PLAIN
    assert fastest([(PLAIN, 1.0), (BRAIN, 0.5)]) == BRAIN
    two = Speed(threads=2)
    assert fastest([(PLAIN, 1.0), (BRAIN, 0.5), (two, 0.49)]) == BRAIN
    assert fastest([(PLAIN, 1.0), (two, 3.0)]) == PLAIN  # threads that wait for each other


def test_a_probe_times_every_way_and_leaves_threads_and_layout_as_they_were() -> None:
    network, threads = ConvNet().build((1, 8, 8), 10), torch.get_num_threads()
    found = probed(network, (1, 8, 8), 16, CPU, macs=10_000)
    assert [way for way, _ in found] == candidates(network, CPU)
    assert all(seconds > 0 for _, seconds in found)
    assert torch.get_num_threads() == threads
    assert all(one.is_contiguous() for one in network.parameters())
    assert all(one.grad is None for one in network.parameters())


@pytest.mark.parametrize("way", [BRAIN, Speed(channels_last=True)], ids=["bfloat16", "channels last"])
def test_another_way_learns_as_well_and_reports_in_float32(way: Speed) -> None:
    wanted = recipe(CONVNET, optim__epochs=8).baseline()
    plain, other = (list(fit(wanted, SPLITS, speed=one)) for one in (PLAIN, way))
    assert all(values.dtype != torch.bfloat16 for values in end_of(other).weights.values())
    last = epochs_of(other)[-1]
    assert last.logits["test"].dtype == torch.float32
    assert last.scores["test"].accuracy == pytest.approx(epochs_of(plain)[-1].scores["test"].accuracy, abs=0.1)
    assert last.scores["test"].accuracy > 0.8


def test_a_run_in_bfloat16_resumes_bit_for_bit() -> None:
    wanted = recipe(CONVNET, optim__epochs=4)
    whole = list(fit(wanted, SPLITS, a_teacher(), speed=BRAIN))
    second = [event for event in whole if isinstance(event, EpochDone)][1]
    snapshots = []
    for event in fit(wanted, SPLITS, a_teacher(), speed=BRAIN):
        if isinstance(event, EpochDone) and event.epoch == second.epoch:
            snapshots.append(event.snapshot())
            break
    resumed = list(fit(wanted, SPLITS, a_teacher(), snapshots[0], speed=BRAIN))
    assert same(end_of(whole).weights, end_of(resumed).weights)


def test_rounding_to_bfloat16_does_not_reach_the_loss() -> None:
    preset = PRESETS["mnist-cnn"].recipe
    digits = preset.changed({"data.source": {"name": "digits"}, "optim.epochs": 1, "data.labelled": 200})
    splits = prepare(digits.data, digits.data.source.load(Path("/nowhere")), 0)
    plain, coarse = (epochs_of(list(fit(digits.baseline(), splits, speed=one)))[0].loss for one in (PLAIN, BRAIN))
    assert coarse == pytest.approx(plain, rel=0.05) and coarse != plain
