"""The ConvNet: its sizes, its source under every setting and the images it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from kd_core.compute.profile import parameters
from kd_core.errors import RecipeMismatch
from kd_core.networks import Shape
from kd_core.networks.convnet import ConvNet

MNIST: Shape = (1, 28, 28)
CIFAR: Shape = (3, 32, 32)


@pytest.mark.parametrize(
    ("shape", "settings", "expected"),
    [
        (MNIST, {"channels": (32, 64), "padding": True, "fc": 128}, 421_642),
        (MNIST, {"channels": (16, 32), "padding": True, "fc": 64}, 105_866),
        (CIFAR, {"channels": (64, 128), "padding": False, "fc": 512}, 2_440_586),
        (CIFAR, {"channels": (32, 64), "padding": False, "fc": 256}, 612_042),
    ],
)
def test_it_has_the_documents_number_of_parameters(shape: Shape, settings: dict[str, Any], expected: int) -> None:
    assert parameters(ConvNet(**settings).build(shape, 10)) == expected


@pytest.mark.parametrize("padding", [True, False])
@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_its_code_is_the_same_network_under_every_setting(padding: bool, batch_norm: bool, dropout: float) -> None:
    architecture = ConvNet(channels=(4, 6), padding=padding, batch_norm=batch_norm, dropout=dropout)
    network = architecture.build((3, 12, 14), 5)
    scope: dict[str, Any] = {}
    exec(architecture.code((3, 12, 14), 5), scope)
    plain = scope["Network"]()
    plain.load_state_dict(network.state_dict())
    images = torch.randn(2, 3, 12, 14)
    assert torch.equal(plain.eval()(images), network.eval()(images).logits)


@pytest.mark.parametrize("padding", [True, False])
def test_images_that_pooling_would_use_up_are_refused(padding: bool) -> None:
    architecture = ConvNet(channels=(4, 4, 4, 4), padding=padding)
    with pytest.raises(RecipeMismatch, match="8 x 8 pixels are too small for 'Conv 4-4-4-4, fc 64'"):
        architecture.build((1, 8, 8), 10)
    with pytest.raises(RecipeMismatch):
        architecture.code((1, 8, 8), 10)


def test_features_are_the_maps_after_the_blocks_and_the_fully_connected_layer() -> None:
    features = ConvNet(channels=(4, 5, 6), fc=7).build((1, 16, 16), 10)(torch.randn(2, 1, 16, 16)).features
    assert {name: tuple(feature.shape[1:]) for name, feature in features.items()} == {
        "early": (4, 8, 8),
        "middle": (5, 4, 4),
        "late": (6, 2, 2),
        "embedding": (7,),
    }


def test_stacked_networks_answer_like_each_alone() -> None:
    networks = [ConvNet().build((1, 8, 8), 10) for _ in range(2)]
    weights, buffers = torch.func.stack_module_state(networks)
    images = torch.randn(4, 1, 8, 8)

    def logits(weights: dict[str, torch.Tensor], buffers: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.func.functional_call(networks[0], (weights, buffers), (images,)).logits

    torch.testing.assert_close(
        torch.func.vmap(logits)(weights, buffers), torch.stack([network(images).logits for network in networks])
    )


def test_its_label_names_the_layers() -> None:
    assert ConvNet(channels=(32, 64), fc=128).label == "Conv 32-64, fc 128"
