"""VGG: plain stages of convolutions with batch norm, each twice as wide as the last, for small images."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from torch import Tensor, nn

from kd_core.errors import Reason, RecipeMismatch
from kd_core.networks.base import Architecture, Network, Shape
from kd_core.outputs import Outputs

HALVINGS: Final = 3
"""After so many stages the image is halved; made for 32 x 32 pixels, of which 4 x 4 are left."""


class VGG(Architecture):
    """Stages of 3 x 3 convolutions with batch norm, of which the first three halve the image."""

    provides: ClassVar[frozenset[str]] = Architecture.provides | {"maps"}
    stages: ClassVar[tuple[tuple[int, ...], ...]]
    """Channels of every convolution by stage."""
    title: ClassVar[str]

    def build(self, shape: Shape, classes: int) -> Network:
        """Return the network with He's initialisation.

        Raises:
            RecipeMismatch: halving would leave nothing of the image.
        """
        if min(shape[1:]) < 2**HALVINGS:
            words = (
                "Images of {height} x {width} pixels are too small for '{network}', which halves them {times} times."
            )
            reason = Reason(
                "images_too_small_to_halve",
                words,
                height=shape[1],
                width=shape[2],
                network=self.label,
                times=HALVINGS,
            )
            raise RecipeMismatch(reason=reason)
        return _VGGNetwork(shape[0], classes, self.stages)

    def code(self, shape: Shape, classes: int) -> str:
        """Return plain PyTorch source with the same state names."""
        return _SOURCE.format(images=shape[0], classes=classes, stages=self.stages, halvings=HALVINGS)

    @property
    def label(self) -> str:
        """Return e.g. "VGG-8"."""
        return self.title


class VGG8(VGG):
    """VGG with 8 layers for small images (Simonyan, Zisserman 2015, as cut down by Tian et al. 2020)."""

    name: Literal["vgg8"] = "vgg8"
    stages = ((64,), (128,), (256,), (512,), (512,))
    title = "VGG-8"


class VGG13(VGG):
    """VGG with 13 layers, of which the last three are one, for small images (Simonyan, Zisserman 2015)."""

    name: Literal["vgg13"] = "vgg13"
    stages = ((64, 64), (128, 128), (256, 256), (512, 512), (512, 512))
    title = "VGG-13"


class _VGGNetwork(Network):
    def __init__(self, images: int, classes: int, stages: tuple[tuple[int, ...], ...]) -> None:
        super().__init__()
        self.stages, before = nn.ModuleList(), images
        for at, channels in enumerate(stages):
            layers: list[nn.Module] = [nn.MaxPool2d(2)] if 0 < at <= HALVINGS else []
            for after in channels:
                layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
                before = after
            self.stages.append(nn.Sequential(*layers))
        self.classifier = nn.Linear(before, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Outputs:
        """Return logits (N, K), the maps after the second, third and last stage, and the pooled vector (N, 512)."""
        maps = [images]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        embedding = maps[-1].mean((2, 3))
        features = {"early": maps[2], "middle": maps[3], "late": maps[-1], "embedding": embedding}
        return Outputs(self.classifier(embedding), features)

    def forward_until(self, depth: str, images: Tensor) -> Tensor:
        """Return maps (N, channels, H, W), computing nothing beyond them."""
        for stage in self.stages[: {"early": 2, "middle": 3, "late": len(self.stages)}[depth]]:
            images = stage(images)
        return images


_SOURCE = """\
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages, before = nn.ModuleList(), {images}
        for at, channels in enumerate({stages}):
            layers = [nn.MaxPool2d(2)] if 0 < at <= {halvings} else []
            for after in channels:
                layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
                before = after
            self.stages.append(nn.Sequential(*layers))
        self.classifier = nn.Linear(before, {classes})

    def forward(self, images):
        for stage in self.stages:
            images = stage(images)
        return self.classifier(images.mean((2, 3)))
"""
