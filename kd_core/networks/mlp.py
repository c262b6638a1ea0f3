"""MLP: fully connected layers on the flattened image."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator
from torch import Tensor, nn

from kd_core.networks.base import Architecture, Dropout, Network, Shape, by_depth, depth_index
from kd_core.outputs import Outputs
from kd_core.settings import setting

Width = Annotated[int, Field(ge=1, le=4096)]


class MLP(Architecture):
    """Fully connected layers with ReLU on the flattened image.

    ``width`` is understood beside the fields: it sets every hidden layer to that width and keeps their number, so
    that one number (``student.width``) makes a network larger or smaller. It is never stored.
    """

    lanes: ClassVar[bool] = True

    name: Literal["mlp"] = "mlp"
    widths: tuple[Width, ...] = setting(
        (12, 12),
        title="Hidden layers",
        description="Units of each hidden layer, from the image to the classes.",
        unit="units",
        min_length=1,
        max_length=16,
    )
    dropout: float = setting(
        0.0,
        title="Dropout",
        description="Probability that a hidden unit is switched off in a training step.",
        ge=0,
        lt=1,
    )

    @model_validator(mode="before")
    @classmethod
    def _every_width(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or "width" not in values:
            return values
        rest = {name: value for name, value in values.items() if name != "width"}
        widths = rest.get("widths", cls.model_fields["widths"].default)
        if isinstance(widths, list | tuple):  # anything else is refused with its own sentence
            rest["widths"] = [values["width"]] * len(widths)
        return rest

    def build(self, shape: Shape, classes: int) -> Network:
        """Return the network with PyTorch's own initialisation."""
        return _MLPNetwork(self._sizes(shape), classes, self.dropout)

    def code(self, shape: Shape, classes: int) -> str:
        """Return plain PyTorch source with the same state names."""
        sizes = self._sizes(shape)
        layers = "".join(f"            nn.Linear({a}, {b}),\n" for a, b in pairwise(sizes))
        hidden = "F.relu(layer(values))"
        if self.dropout:
            hidden = f"F.dropout({hidden}, {self.dropout}, self.training)"
        return _SOURCE.format(layers=layers, last=sizes[-1], classes=classes, hidden=hidden)

    def training_code(self, shape: Shape, classes: int, name: str, features: bool) -> str:
        """Return plain PyTorch source of the network, with the activations of its layers where they are wanted."""
        source = self.code(shape, classes).replace("class Network(", f"class {name}(")
        if not features:
            return source
        kept = f"F.dropout(layers[-1], {self.dropout}, self.training)" if self.dropout else "layers[-1]"
        forward, middle = _FORWARD.format(kept=kept, middle=len(self.widths) // 2), source.index("    def forward")
        return source[:middle] + forward

    @property
    def label(self) -> str:
        """Return e.g. "MLP 12-12"."""
        return "MLP " + "-".join(str(width) for width in self.widths)

    def _sizes(self, shape: Shape) -> tuple[int, ...]:
        channels, height, width = shape
        return (channels * height * width, *self.widths)


class _MLPNetwork(Network):
    def __init__(self, sizes: tuple[int, ...], classes: int, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(sizes[-1], classes)

    def forward(self, images: Tensor) -> Outputs:
        """Return logits (N, K) and the activations (N, width), before dropout."""
        values = images.flatten(1)
        activations: list[Tensor] = []
        for layer in self.hidden:
            activations.append(layer(values).relu())
            values = self.dropout(activations[-1])
        return Outputs(self.classifier(values), {**by_depth(activations), "embedding": activations[-1]})

    def forward_until(self, depth: str, images: Tensor) -> Tensor:
        """Return an activation (N, width), computing nothing beyond it."""
        values = images.flatten(1)
        for layer in self.hidden[: depth_index(depth, len(self.hidden)) + 1]:
            values = self.dropout(layer(values).relu())
        return values

    def as_sequence(self) -> nn.Sequential:
        """Return flattening, hidden layers and classifier."""
        hidden = [module for layer in self.hidden for module in (layer, nn.ReLU(), self.dropout)]
        return nn.Sequential(nn.Flatten(), *hidden, self.classifier)


_SOURCE = """\
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList([
{layers}        ])
        self.classifier = nn.Linear({last}, {classes})

    def forward(self, images):
        values = images.flatten(1)
        for layer in self.hidden:
            values = {hidden}
        return self.classifier(values)
"""

_FORWARD = """\
    def forward(self, images):
        values, layers = images.flatten(1), []
        for layer in self.hidden:
            layers.append(F.relu(layer(values)))
            values = {kept}
        features = {{"early": layers[0], "middle": layers[{middle}], "late": layers[-1], "embedding": layers[-1]}}
        return self.classifier(values), features
"""
