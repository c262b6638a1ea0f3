"""Torchvision's models: their state names, their stems and what importing them costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch
from torchvision import models

from kd_core.compute.profile import parameters
from kd_core.networks import NETWORKS, seed_dropout
from kd_core.networks.torchvision_models import MobileNetV2, MobileNetV3Small, ResNet18

NAMES = ["resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads wait for each other many times longer than they compute when the machine is busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_torchvision_is_not_imported_before_a_network_is_built() -> None:
    code = "import sys; from kd_core.networks import NETWORKS; len(NETWORKS); sys.exit('torchvision' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    # Torchvision's own tables, for 1,000 classes.
    [
        ("resnet18", 11_689_512),
        ("resnet50", 25_557_032),
        ("mobilenet_v2", 3_504_872),
        ("mobilenet_v3_small", 2_542_856),
        ("mobilenet_v3_large", 5_483_032),
    ],
)
def test_without_the_small_stem_it_has_torchvisions_number_of_parameters(name: str, expected: int) -> None:
    with torch.device("meta"):
        network = NETWORKS[name](small_images=False).build((3, 224, 224), 1000)
    assert parameters(network) == expected


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "mobilenet_v3_small"])
def test_without_the_small_stem_torchvisions_model_takes_the_weights_and_says_the_same(name: str) -> None:
    network = NETWORKS[name](small_images=False).build((3, 64, 64), 5).eval()
    theirs = getattr(models, name)(num_classes=5).eval()
    theirs.load_state_dict(network.state_dict())
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(network(images).logits, theirs(images))


@pytest.mark.parametrize("name", NAMES)
def test_the_code_without_the_small_stem_has_the_same_state(name: str) -> None:
    architecture = NETWORKS[name](small_images=False)
    scope: dict[str, type[torch.nn.Module]] = {}
    exec(architecture.code((1, 64, 64), 5), scope)
    with torch.device("meta"):
        network, plain = architecture.build((1, 64, 64), 5), scope["Network"]()
    shapes = {key: value.shape for key, value in network.state_dict().items()}
    assert {key: value.shape for key, value in plain.state_dict().items()} == shapes


@pytest.mark.parametrize(
    ("architecture", "large", "small"),
    # Sides of early, middle and late maps for 64 x 64 pixels.
    [
        (ResNet18, [16, 8, 2], [64, 32, 8]),
        (MobileNetV2, [16, 8, 2], [32, 16, 4]),
        (MobileNetV3Small, [16, 8, 2], [32, 16, 4]),
    ],
)
def test_the_small_stem_keeps_the_maps_larger(
    architecture: type[ResNet18 | MobileNetV2 | MobileNetV3Small], large: list[int], small: list[int]
) -> None:
    for small_images, expected in ((False, large), (True, small)):
        network = architecture(small_images=small_images).build((3, 64, 64), 5).eval()
        with torch.no_grad():
            features = network(torch.randn(1, 3, 64, 64)).features
        assert [features[name].shape[-1] for name in ("early", "middle", "late")] == expected


def test_dropout_in_training_follows_its_generator_to_other_masks() -> None:
    network = MobileNetV2().build((1, 8, 8), 5).train()
    images = torch.randn(8, 1, 8, 8)
    with torch.no_grad():
        answers = []
        for seed in (0, 1):
            seed_dropout(network, torch.Generator().manual_seed(seed))
            answers.append(network(images).logits)
    assert not torch.equal(*answers)
