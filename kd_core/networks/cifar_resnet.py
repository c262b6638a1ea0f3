"""CIFAR ResNet: three stages of residual blocks for small images, narrow or wide."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor, nn

from kd_core.networks.base import Architecture, Network, Shape
from kd_core.outputs import Outputs
from kd_core.settings import setting

STEM, STAGES = 16, (16, 32, 64)


class CifarResNet(Architecture):
    """Residual network for small images in three stages (He et al. 2015, section 4.2); ResNet-20, or 8x4 where wide."""

    provides: ClassVar[frozenset[str]] = Architecture.provides | {"maps"}

    name: Literal["cifar_resnet"] = "cifar_resnet"
    blocks: int = setting(
        3,
        title="Blocks",
        description="Residual blocks of each stage; with n of them the network has 6n + 2 layers: 3 make ResNet-20.",
        ge=1,
        le=18,
    )
    width: int = setting(
        1,
        title="Width",
        description="How many times as many channels as 16, 32 and 64; resnet8x4 and resnet32x4 have 4.",
        ge=1,
        le=8,
    )

    def build(self, shape: Shape, classes: int) -> Network:
        """Return the network with He's initialisation."""
        return _CifarResNetNetwork(shape[0], classes, self._stem, self._channels, self.blocks)

    def code(self, shape: Shape, classes: int) -> str:
        """Return plain PyTorch source with the same state names."""
        return _SOURCE.format(
            images=shape[0], classes=classes, stem=self._stem, channels=self._channels, blocks=self.blocks
        )

    @property
    def label(self) -> str:
        """Return e.g. "ResNet-20" or "ResNet-8 x 4"."""
        return f"ResNet-{6 * self.blocks + 2}" + ("" if self.width == 1 else f" x {self.width}")

    @property
    def _stem(self) -> int:
        return STEM if self.width == 1 else 2 * STEM  # as in the code behind Tian et al. 2020

    @property
    def _channels(self) -> tuple[int, ...]:
        return tuple(self.width * channels for channels in STAGES)


class _Block(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            projection = nn.Conv2d(before, after, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(after))

    def forward(self, values: Tensor) -> Tensor:
        """Return maps (N, after, H / stride, W / stride)."""
        inner = self.bn2(self.conv2(self.bn1(self.conv1(values)).relu()))
        summed: Tensor = inner + self.shortcut(values)
        return summed.relu()


class _CifarResNetNetwork(Network):
    def __init__(self, images: int, classes: int, stem: int, channels: tuple[int, ...], blocks: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(images, stem, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.stages, before = nn.ModuleList(), stem
        for stage, after in enumerate(channels):
            first = _Block(before, after, 2 if stage else 1)
            self.stages.append(nn.Sequential(first, *(_Block(after, after, 1) for _ in range(blocks - 1))))
            before = after
        self.classifier = nn.Linear(channels[-1], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Outputs:
        """Return logits (N, K), the maps after each stage, and the pooled vector (N, channels)."""
        maps = [self.bn1(self.conv1(images)).relu()]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        embedding = maps[-1].mean((2, 3))
        features = dict(zip(("early", "middle", "late"), maps[1:], strict=True))
        return Outputs(self.classifier(embedding), {**features, "embedding": embedding})

    def forward_until(self, depth: str, images: Tensor) -> Tensor:
        """Return maps (N, channels, H, W), computing nothing beyond them."""
        values: Tensor = self.bn1(self.conv1(images)).relu()
        for stage in self.stages[: ("early", "middle", "late").index(depth) + 1]:
            values = stage(values)
        return values


_SOURCE = """\
from torch import nn


class Block(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.shortcut = nn.Identity()
        if stride != 1 or before != after:
            projection = nn.Conv2d(before, after, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(after))

    def forward(self, values):
        inner = self.bn2(self.conv2(self.bn1(self.conv1(values)).relu()))
        return (inner + self.shortcut(values)).relu()


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d({images}, {stem}, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d({stem})
        self.stages, before = nn.ModuleList(), {stem}
        for stage, after in enumerate({channels}):
            blocks = [Block(before, after, 2 if stage else 1)]
            blocks += [Block(after, after, 1) for _ in range({blocks} - 1)]
            self.stages.append(nn.Sequential(*blocks))
            before = after
        self.classifier = nn.Linear(before, {classes})

    def forward(self, images):
        values = self.bn1(self.conv1(images)).relu()
        for stage in self.stages:
            values = stage(values)
        return self.classifier(values.mean((2, 3)))
"""
