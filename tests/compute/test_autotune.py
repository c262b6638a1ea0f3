"""Speed: ways of taking a step, and which of them is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from kd_core.compute.autotune import candidates, fastest, time_plans
from kd_core.compute.plan import PLAIN, StepPlan
from kd_core.datasets.conditions import prepare
from kd_core.networks.convnet import ConvNet
from kd_core.networks.mlp import MLP
from kd_core.recipe.presets import PRESETS
from kd_core.training.loop import fit
from tests.training.stripes import CONVNET, SPLITS, a_teacher, checkpoints_of, end_of, ends_of, epochs_of, recipe, same

CPU = torch.device("cpu")
BRAIN = StepPlan(dtype="bfloat16", channels_last=True)


def test_a_convolutional_network_has_more_ways_than_a_fully_connected_one() -> None:
    flat, deep = MLP().build((1, 8, 8), 10), ConvNet().build((1, 8, 8), 10)
    assert PLAIN in candidates(flat, CPU) and BRAIN in candidates(deep, CPU)
    assert not any(way.channels_last for way in candidates(flat, CPU))
    assert {way.threads for way in candidates(deep, CPU)} >= {1}


def test_a_way_must_be_clearly_faster_than_the_plainer_ones() -> None:
    assert fastest([(PLAIN, 1.0), (BRAIN, 0.95)]) == PLAIN
    assert fastest([(PLAIN, 1.0), (BRAIN, 0.5)]) == BRAIN
    two = StepPlan(threads=2)
    assert fastest([(PLAIN, 1.0), (BRAIN, 0.5), (two, 0.49)]) == BRAIN
    assert fastest([(PLAIN, 1.0), (two, 3.0)]) == PLAIN  # threads that wait for each other


def test_a_probe_times_every_way_and_leaves_threads_and_layout_as_they_were() -> None:
    network, threads = ConvNet().build((1, 8, 8), 10), torch.get_num_threads()
    timed = time_plans(network, (1, 8, 8), 16, CPU, macs=10_000)
    assert [plan for plan, _ in timed] == candidates(network, CPU)
    assert all(seconds > 0 for _, seconds in timed)
    assert torch.get_num_threads() == threads
    assert all(one.is_contiguous() for one in network.parameters())
    assert all(one.grad is None for one in network.parameters())


@pytest.mark.parametrize("way", [BRAIN, StepPlan(channels_last=True)], ids=["bfloat16", "channels last"])
def test_another_way_learns_as_well_and_reports_in_float32(way: StepPlan) -> None:
    wanted = recipe(CONVNET, optim__epochs=8).baseline()
    plain, other = (list(fit(wanted, SPLITS, plan=one)) for one in (PLAIN, way))
    assert all(values.dtype != torch.bfloat16 for values in end_of(other).weights.values())
    assert ends_of(other)[-1].logits["test"].dtype == torch.float32
    accuracy = epochs_of(other)[-1].scores["test"].accuracy
    assert accuracy == pytest.approx(epochs_of(plain)[-1].scores["test"].accuracy, abs=0.1) and accuracy > 0.8


def test_a_run_in_bfloat16_resumes_bit_for_bit() -> None:
    wanted = recipe(CONVNET, optim__epochs=4)
    whole = list(fit(wanted, SPLITS, a_teacher(), plan=BRAIN))
    checkpoints = checkpoints_of(fit(wanted, SPLITS, a_teacher(), plan=BRAIN))
    resumed = list(fit(wanted, SPLITS, a_teacher(), checkpoints[1], plan=BRAIN))
    assert same(end_of(whole).weights, end_of(resumed).weights)


def test_rounding_to_bfloat16_does_not_reach_the_loss() -> None:
    preset = PRESETS["mnist-cnn"].recipe
    digits = preset.changed({"data.source": {"name": "digits"}, "optim.epochs": 1, "data.labelled": 200})
    splits = prepare(digits.data, digits.data.source.load(Path("/nowhere")), 0)
    plain, coarse = (epochs_of(list(fit(digits.baseline(), splits, plan=one)))[0].loss for one in (PLAIN, BRAIN))
    assert coarse == pytest.approx(plain, rel=0.05) and coarse != plain
