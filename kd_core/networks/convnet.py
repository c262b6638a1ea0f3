"""ConvNet: blocks of convolution and pooling, then one fully connected layer."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal, cast

from pydantic import Field
from torch import Tensor, nn

from kd_core.errors import Reason, RecipeMismatch
from kd_core.networks.base import Architecture, Dropout, Network, Shape, by_depth, depth_index
from kd_core.outputs import Outputs
from kd_core.settings import setting

Channels = Annotated[int, Field(ge=1, le=1024)]


class ConvNet(Architecture):
    """Blocks of 3 x 3 convolution, ReLU and 2 x 2 max pooling, then one fully connected layer."""

    # No lanes: on two cores of an AMD EPYC a step of conv 16-32 with batch 64 takes 10 ms by itself (bfloat16, channels
    # last; 13.5 ms in float32) and 16 to 19 ms a lane when 2 or 8 are one grouped convolution.

    provides: ClassVar[frozenset[str]] = Architecture.provides | {"maps"}

    name: Literal["convnet"] = "convnet"
    channels: tuple[Channels, ...] = setting(
        (16, 32),
        title="Channels",
        description="Channels of each convolution; every block halves the image.",
        unit="channels",
        min_length=1,
        max_length=8,
    )
    padding: bool = setting(
        True,
        title="Padding",
        description="A border of zeros keeps the image's size in a convolution; without it, one pixel is lost a side.",
    )
    batch_norm: bool = setting(
        False, title="Batch norm", description="Normalises each channel over the batch after every convolution."
    )
    fc: int = setting(
        64,
        title="Fully connected",
        description="Units of the layer between the last block and the classes.",
        unit="units",
        ge=1,
        le=4096,
        scale="log",
    )
    dropout: float = setting(
        0.0,
        title="Dropout",
        description="Probability that a fully connected unit is switched off in a training step.",
        ge=0,
        lt=1,
    )

    def build(self, shape: Shape, classes: int) -> Network:
        """Return the network with PyTorch's own initialisation.

        Raises:
            RecipeMismatch: pooling would leave nothing of the image.
        """
        flat = self._flat(shape)
        blocks = [self._block(a, b) for a, b in pairwise((shape[0], *self.channels))]
        return _ConvNetwork(blocks, flat, self.fc, classes, self.dropout)

    def code(self, shape: Shape, classes: int) -> str:
        """Return plain PyTorch source with the same state names.

        Raises:
            RecipeMismatch: pooling would leave nothing of the image.
        """
        return _SOURCE.format(
            blocks="".join(f"            {self._block_code(a, b)},\n" for a, b in pairwise((shape[0], *self.channels))),
            flat=self._flat(shape),
            fc=self.fc,
            classes=classes,
            values=f"F.dropout(values, {self.dropout}, self.training)" if self.dropout else "values",
            functional="import torch.nn.functional as F\n" if self.dropout else "",
        )

    def training_code(self, shape: Shape, classes: int, name: str, features: bool) -> str:
        """Return plain PyTorch source of the network, with the maps after its blocks where they are wanted.

        Raises:
            RecipeMismatch: pooling would leave nothing of the image.
        """
        source = self.code(shape, classes).replace("class Network(", f"class {name}(")
        if not features:
            return source
        values = f"F.dropout(embedding, {self.dropout}, self.training)" if self.dropout else "embedding"
        forward = _FORWARD.format(values=values, middle=len(self.channels) // 2)
        return source[: source.index("    def forward")] + forward

    @property
    def label(self) -> str:
        """Return e.g. "Conv 16-32, fc 64"."""
        return f"Conv {'-'.join(str(count) for count in self.channels)}, fc {self.fc}"

    def _block(self, before: int, after: int) -> nn.Sequential:
        # Batch norm subtracts each channel's mean, so a bias before it would do nothing.
        convolution = nn.Conv2d(before, after, 3, padding=int(self.padding), bias=not self.batch_norm)
        norm = [nn.BatchNorm2d(after)] if self.batch_norm else []
        # The largest of four is cut off at 0 as well after pooling as before, and then there is a quarter to cut.
        return nn.Sequential(convolution, *norm, nn.MaxPool2d(2), nn.ReLU())

    def _block_code(self, before: int, after: int) -> str:
        padding = ", padding=1" if self.padding else ""
        bias = ", bias=False" if self.batch_norm else ""
        norm = f"nn.BatchNorm2d({after}), " if self.batch_norm else ""
        return f"nn.Sequential(nn.Conv2d({before}, {after}, 3{padding}{bias}), {norm}nn.ReLU(), nn.MaxPool2d(2))"

    def _flat(self, shape: Shape) -> int:
        """Return how many values are left after the last block."""
        _, height, width = shape
        for block in range(1, len(self.channels) + 1):
            lost = 0 if self.padding else 2
            height, width = (height - lost) // 2, (width - lost) // 2
            if height < 1 or width < 1:
                reason = Reason(
                    "images_too_small",
                    "Images of {height} x {width} pixels are too small for '{network}': nothing is left after block "
                    "{block} of {blocks}. Use fewer blocks or larger images.",
                    height=shape[1],
                    width=shape[2],
                    network=self.label,
                    block=block,
                    blocks=len(self.channels),
                )
                raise RecipeMismatch(reason=reason)
        return self.channels[-1] * height * width


class _ConvNetwork(Network):
    def __init__(self, blocks: list[nn.Sequential], flat: int, fc: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.hidden = nn.Linear(flat, fc)
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(fc, classes)

    def forward(self, images: Tensor) -> Outputs:
        """Return logits (N, K), the maps (N, channels, H, W) after each depth and the embedding (N, fc)."""
        maps = [images]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        embedding = self.hidden(maps[-1].flatten(1)).relu()
        return Outputs(self.classifier(self.dropout(embedding)), {**by_depth(maps[1:]), "embedding": embedding})

    def forward_until(self, depth: str, images: Tensor) -> Tensor:
        """Return maps (N, channels, H, W), computing nothing beyond them."""
        for block in self.blocks[: depth_index(depth, len(self.blocks)) + 1]:
            images = block(images)
        return images

    def as_sequence(self) -> nn.Sequential:
        """Return blocks, flattening, the fully connected layer and the classifier."""
        blocks = [module for block in self.blocks for module in cast(nn.Sequential, block)]
        return nn.Sequential(*blocks, nn.Flatten(), self.hidden, nn.ReLU(), self.dropout, self.classifier)


_SOURCE = """\
{functional}from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(
{blocks}        )
        self.hidden = nn.Linear({flat}, {fc})
        self.classifier = nn.Linear({fc}, {classes})

    def forward(self, images):
        values = self.hidden(self.blocks(images).flatten(1)).relu()
        return self.classifier({values})
"""

_FORWARD = """\
    def forward(self, images):
        maps = [images]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        maps = maps[1:]
        embedding = self.hidden(maps[-1].flatten(1)).relu()
        features = {{"early": maps[0], "middle": maps[{middle}], "late": maps[-1], "embedding": embedding}}
        return self.classifier({values}), features
"""
