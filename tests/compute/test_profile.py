"""TODO."""

from __future__ import annotations

from torch import nn

from kd_core.compute.profile import Cost, cost, macs, model_bytes, parameters
from kd_core.networks.convnet import ConvNet


def linear(before: int, after: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(before, after))


def test_a_linear_layer_costs_its_matrix() -> None:
    assert cost(linear(784, 20), (1, 28, 28)) == Cost(parameters=15_700, bytes=62_800, macs=15_680)


def test_a_convolution_costs_its_kernel_at_every_place() -> None:
    # 28 x 28 places x 9 x 16, 14 x 14 places x 9 x 16 x 32, 7 x 7 x 32 x 64 and 64 x 10
    expected = 112_896 + 903_168 + 100_352 + 640
    assert macs(ConvNet(channels=(16, 32), fc=64).build((1, 28, 28), 10), (1, 28, 28)) == expected


def test_bytes_count_buffers_and_what_would_be_stored() -> None:
    norm = nn.BatchNorm2d(3)  # weight, bias, mean and variance of 3 floats, and an int64 count of batches
    assert parameters(norm) == 6
    assert model_bytes(norm) == model_bytes(norm.half()) == 4 * 12 + 8


def test_shared_weights_count_once() -> None:
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    second.weight = first.weight
    assert parameters(nn.Sequential(first, second)) == 9 + 3 + 3


def test_counting_leaves_every_part_in_its_mode_and_the_statistics_alone() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.BatchNorm2d(2)).train()
    network[2].eval()
    cost(network, (1, 4, 4))
    assert [network.training, network[1].training, network[2].training] == [True, True, False]
    assert network[1].num_batches_tracked == 0
