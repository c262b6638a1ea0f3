"""The networks of the tables on CIFAR-100: their sizes are the published ones, and small images are refused."""

from __future__ import annotations

import pytest
import torch

from kd_core.compute.profile import parameters
from kd_core.errors import RecipeMismatch
from kd_core.networks import NETWORKS, Architecture
from kd_core.networks.cifar_resnet import CifarResNet
from kd_core.networks.vgg import VGG8, VGG13


@pytest.mark.parametrize(
    ("architecture", "expected"),
    # By hand, layer by layer, for 100 classes; the tables of Tian et al. 2020 say 1.23, 7.43, 3.96 and 9.46 million.
    [
        (CifarResNet(blocks=1, width=4), 1_233_540),
        (CifarResNet(blocks=5, width=4), 7_433_860),
        (VGG8(), 3_965_028),
        (VGG13(), 9_462_180),
    ],
    ids=["resnet8x4", "resnet32x4", "vgg8", "vgg13"],
)
def test_it_has_the_published_number_of_parameters(architecture: Architecture, expected: int) -> None:
    with torch.device("meta"):
        network = architecture.build((3, 32, 32), 100)
    assert parameters(network) == expected


def test_resnet_20_has_the_size_that_its_paper_says() -> None:
    # .27 million in He et al. 2015, table 6.
    assert round(parameters(CifarResNet().build((3, 32, 32), 10)) / 1e6, 2) == 0.27
    assert (CifarResNet().label, CifarResNet(blocks=5, width=4).label) == ("ResNet-20", "ResNet-32 x 4")


def test_a_stage_after_the_first_halves_the_image() -> None:
    outputs = CifarResNet(blocks=1).build((3, 32, 32), 10).eval()(torch.zeros(1, 3, 32, 32))
    assert [outputs.features[depth].shape[-1] for depth in ("early", "middle", "late")] == [32, 16, 8]
    outputs = VGG8().build((3, 32, 32), 10).eval()(torch.zeros(1, 3, 32, 32))
    assert [outputs.features[depth].shape[-1] for depth in ("early", "middle", "late")] == [16, 8, 4]


@pytest.mark.parametrize("name", ["vgg8", "vgg13"])
def test_images_that_cannot_be_halved_three_times_are_refused(name: str) -> None:
    with pytest.raises(RecipeMismatch, match="7 x 9 pixels are too small for 'VGG-"):
        NETWORKS[name]().build((1, 7, 9), 10)
