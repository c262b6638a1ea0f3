"""Plain network: a trained network as a row of layers and one array of weights, for a program without torch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from kd_core.export import TrainedNetwork, trained_network
from kd_core.store import Store

if TYPE_CHECKING:
    from torch import nn

    from kd_core.drawings import Preparation
    from kd_core.recipe import Recipe

MOST_BYTES: Final = 4 * 2**20
"""Of weights; larger networks are not worth their way to a browser."""
MOST_MACS: Final = 20_000_000
"""Multiply-accumulates for one image; with more, plain JavaScript takes longer than a frame or two."""

Layer = dict[str, Any]
"""A kind ("flatten", "relu", "pool", "linear", "convolution", "batch_norm") with its sizes."""


@dataclass(frozen=True)
class PlainNetwork:
    """A network in evaluation mode, written out.

    Args:
        shape: (C, H, W) of an image of 0..255.
        mean: per channel, subtracted from pixel values scaled to 0..1.
        sd: per channel, by which they are divided then.
        layers: in their order; each takes its numbers from ``weights`` where the one before it ended.
        weights: float32, one after another: of linear layers and convolutions (out, in, ...) and then the bias, of
            batch norm the factor and then the summand of each channel.
    """

    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    layers: tuple[Layer, ...]
    weights: NDArray[np.float32]

    def facts(self) -> dict[str, Any]:
        """Return all but the weights as plain values."""
        return {"shape": self.shape, "mean": self.mean, "sd": self.sd, "layers": self.layers}

    @classmethod
    def from_facts(cls, facts: dict[str, Any], weights: NDArray[np.float32]) -> PlainNetwork:
        """Return the network that ``facts`` and its weights describe."""
        channels, height, width = facts["shape"]
        mean, sd = tuple(facts["mean"]), tuple(facts["sd"])
        return cls((channels, height, width), mean, sd, tuple(facts["layers"]), weights)


def drawing_of_run(store: Store, run: str) -> Preparation:
    """Return how drawings are prepared for a run's dataset."""
    return _recipe(store, run).data.source.drawing


@lru_cache(maxsize=12)
def plain_network_of_run(store: Store, run: str) -> PlainNetwork | None:
    """Return a run's network written out; None where it is no plain row of layers, or too large for a browser.

    Raises:
        RunUnknown: there is no such run.
        WeightsMissing: the run was not trained to its end.
        FilesDamaged: its files cannot be read.
    """
    trained = trained_network(store, run)
    if sum(values.size for values in trained.weights.values()) * 4 > MOST_BYTES:
        return None
    sequence = loaded_network(trained).as_sequence()
    return None if sequence is None else written_out(sequence, trained.shape, trained.mean, trained.sd)


def loaded_network(trained: TrainedNetwork) -> Any:
    """Return the network in torch, in evaluation mode."""
    import torch

    from kd_core.recipe import Recipe

    network = Recipe.from_json(trained.run.recipe).build(trained.shape, len(trained.classes))
    network.load_state_dict({name: torch.from_numpy(values) for name, values in trained.weights.items()})
    return network.eval()


def written_out(
    sequence: nn.Sequential, shape: tuple[int, int, int], mean: tuple[float, ...], sd: tuple[float, ...]
) -> PlainNetwork | None:
    """Return a row of layers written out; None with a layer that is not known, or more work than a browser should do.

    Args:
        sequence: in evaluation mode, from images (N, C, H, W) to logits (N, K).
        shape: (C, H, W).
        mean: per channel, of pixel values scaled to 0..1.
        sd: per channel.
    """
    described = [_described(module) for module in sequence if not _changes_nothing(module)]
    if any(layer is None for layer in described):
        return None
    layers, arrays = zip(*(layer for layer in described if layer is not None), strict=True)
    if _macs(layers, shape) > MOST_MACS:
        return None
    weights = np.concatenate([np.zeros(0, np.float32), *(values for given in arrays for values in given)])
    return PlainNetwork(shape, mean, sd, tuple(layers), weights)


def _recipe(store: Store, run: str) -> Recipe:
    from kd_core.recipe import Recipe

    return Recipe.from_json(store.runs.get(run).recipe)


def _changes_nothing(module: nn.Module) -> bool:
    from torch import nn

    from kd_core.networks import Dropout

    return isinstance(module, Dropout | nn.Dropout | nn.Identity)


def _described(module: nn.Module) -> tuple[Layer, list[NDArray[np.float32]]] | None:
    from torch import nn

    if isinstance(module, nn.Flatten):
        return {"kind": "flatten"}, []
    if isinstance(module, nn.ReLU):
        return {"kind": "relu"}, []
    if isinstance(module, nn.MaxPool2d) and module.kernel_size == 2 and module.stride == 2 and module.padding == 0:
        return {"kind": "pool"}, []
    if isinstance(module, nn.Linear):
        return {"kind": "linear", "inputs": module.in_features, "outputs": module.out_features}, _numbers(module)
    if isinstance(module, nn.Conv2d) and _is_plain(module):
        sizes = {"inputs": module.in_channels, "outputs": module.out_channels}
        return {"kind": "convolution", **sizes, "padding": int(module.padding[0])}, _numbers(module)
    if isinstance(module, nn.BatchNorm2d) and module.affine and module.track_running_stats:
        return {"kind": "batch_norm", "channels": module.num_features}, _factor_and_summand(module)
    return None


def _is_plain(module: nn.Conv2d) -> bool:
    one = (1, 1)
    usual = module.stride == one and module.dilation == one and module.groups == 1
    return usual and module.kernel_size == (3, 3) and module.padding in ((0, 0), (1, 1))


def _numbers(module: nn.Linear | nn.Conv2d) -> list[NDArray[np.float32]]:
    weight = module.weight.detach().float().numpy().ravel()
    bias = np.zeros(len(module.weight), np.float32) if module.bias is None else module.bias.detach().float().numpy()
    return [weight, bias]


def _factor_and_summand(module: nn.BatchNorm2d) -> list[NDArray[np.float32]]:
    """Return what is left of batch norm once its statistics are fixed: x · factor + summand."""
    assert module.running_mean is not None and module.running_var is not None
    mean, variance = (values.double().numpy() for values in (module.running_mean, module.running_var))
    weight, bias = (values.detach().double().numpy() for values in (module.weight, module.bias))
    factor = weight / np.sqrt(variance + module.eps)
    return [factor.astype(np.float32), (bias - mean * factor).astype(np.float32)]


def _macs(layers: tuple[Layer, ...], shape: tuple[int, int, int]) -> int:
    """Return the multiply-accumulates for one image."""
    return sum(_work(layer, size) for layer, size in zip(layers, _sizes(layers, shape), strict=True))


def _work(layer: Layer, size: tuple[int, int]) -> int:
    if layer["kind"] == "linear":
        return int(layer["inputs"] * layer["outputs"])
    return int(9 * layer["inputs"] * layer["outputs"] * math.prod(size)) if layer["kind"] == "convolution" else 0


def _sizes(layers: tuple[Layer, ...], shape: tuple[int, int, int]) -> Iterator[tuple[int, int]]:
    """Yield height and width behind each layer."""
    height, width = shape[1:]
    for layer in layers:
        if layer["kind"] == "convolution":
            lost = 2 - 2 * layer["padding"]
            height, width = height - lost, width - lost
        elif layer["kind"] == "pool":
            height, width = height // 2, width // 2
        yield height, width
