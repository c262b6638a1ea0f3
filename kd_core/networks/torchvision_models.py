"""Torchvision's ResNets and MobileNets with their own state names, from scratch, for images of any size."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal, Self

from torch import Tensor, nn

from kd_core.networks.base import Architecture, Dropout, Network, Shape
from kd_core.networks.pretrained import pretrained_weights
from kd_core.networks.torchvision_code import MOBILENET_FORWARD, MOBILENET_SOURCE, RESNET_FORWARD, RESNET_SOURCE
from kd_core.outputs import Outputs
from kd_core.settings import setting


class TorchvisionModel(Architecture):
    """A model that torchvision knows how to build."""

    provides: ClassVar[frozenset[str]] = Architecture.provides | {"maps"}
    constructor: ClassVar[str]
    """Its name in ``torchvision.models``."""
    title: ClassVar[str]
    stem: ClassVar[int]
    """Channels after the first convolution."""
    added_later: ClassVar[frozenset[str]] = frozenset({"pretrained"})
    small_images: bool = setting(
        True,
        title="For small images",
        description="Keeps the full size in the first layers, which were made for 224 x 224 pixels and shrink at once.",
    )

    pretrained: bool = setting(
        False,
        title="Pretrained",
        description="Begins with torchvision's weights for ImageNet, downloaded once; layers that do not fit these "
        "images or classes begin anew.",
    )

    def build(self, shape: Shape, classes: int) -> Network:
        """Return the network with torchvision's initialisation, or with its weights for ImageNet where they fit.

        Raises:
            PretrainedMissing: those weights are not on this machine and cannot be downloaded.
        """
        # Importing torchvision takes seconds, and most recipes never need it.
        from torchvision import models

        body: nn.Module = getattr(models, self.constructor)(num_classes=classes)
        _use_our_dropout(body)
        network = self._network(body, self._first_convolution(shape))
        if self.pretrained:
            weights = pretrained_weights(self.constructor, self.title)
            state = network.state_dict()
            fits = {
                name: tensor for name, tensor in weights.items() if name in state and state[name].shape == tensor.shape
            }
            network.load_state_dict(state | fits)
        return network

    def untrained(self) -> Self:
        """Return the same architecture that needs no download."""
        return self.model_copy(update={"pretrained": False})

    @property
    def label(self) -> str:
        """Return e.g. "ResNet-18"."""
        return self.title

    @abstractmethod
    def _network(self, body: nn.Module, first: nn.Conv2d) -> Network:
        """Return a network from the parts of ``body``, with ``first`` as its first convolution."""

    def _first_convolution(self, shape: Shape) -> nn.Conv2d:
        kernel, stride = self._kernel_and_stride()
        first = nn.Conv2d(shape[0], self.stem, kernel, stride=stride, padding=kernel // 2, bias=False)
        nn.init.kaiming_normal_(first.weight, mode="fan_out", nonlinearity="relu")  # as torchvision does
        return first

    def _first_code(self, shape: Shape) -> str:
        kernel, stride = self._kernel_and_stride()
        return f"nn.Conv2d({shape[0]}, {self.stem}, {kernel}, stride={stride}, padding={kernel // 2}, bias=False)"

    def training_code(self, shape: Shape, classes: int, name: str, features: bool) -> str | None:
        """Return plain PyTorch source of the network from scratch, with torchvision's initialisation."""
        if self.pretrained:
            return None
        source = self.code(shape, classes).replace("class Network(", f"class {name}(")
        made, forward = f" = {self._first_code(shape)}\n", source.index("    def forward")
        first = next(line for line in source.splitlines() if line.endswith(made.rstrip())).partition(" = ")[0].strip()
        drawn = f'        nn.init.kaiming_normal_({first}.weight, mode="fan_out", nonlinearity="relu")\n'
        end = source.index(made) + len(made)
        return source[:end] + drawn + (source[end:forward] + self._forward_code() if features else source[end:])

    @abstractmethod
    def _forward_code(self) -> str:
        """Return ``forward`` with features, in plain PyTorch."""

    @abstractmethod
    def _kernel_and_stride(self) -> tuple[int, int]:
        """Return both for the first convolution."""


class ResNet(TorchvisionModel):
    """Residual network; for small images its first convolution is 3 x 3 with stride 1 and nothing is pooled there."""

    stem = 64

    def code(self, shape: Shape, classes: int) -> str:
        """Return plain PyTorch source with torchvision's state names."""
        pool = "nn.Identity()" if self.small_images else "network.maxpool"
        return RESNET_SOURCE.format(
            constructor=self.constructor, classes=classes, first=self._first_code(shape), pool=pool
        )

    def _forward_code(self) -> str:
        return RESNET_FORWARD

    def _network(self, body: nn.Module, first: nn.Conv2d) -> Network:
        body.conv1 = first
        if self.small_images:
            body.maxpool = nn.Identity()
        return _ResNetNetwork(body)

    def _kernel_and_stride(self) -> tuple[int, int]:
        return (3, 1) if self.small_images else (7, 2)


class MobileNet(TorchvisionModel):
    """Network of inverted residuals for small devices; for small images its first convolution has stride 1."""

    depths: ClassVar[tuple[int, int]]
    """Early and middle: the last stages at a quarter and at an eighth of a large image's size."""

    def code(self, shape: Shape, classes: int) -> str:
        """Return plain PyTorch source with torchvision's state names."""
        return MOBILENET_SOURCE.format(constructor=self.constructor, classes=classes, first=self._first_code(shape))

    def _forward_code(self) -> str:
        return MOBILENET_FORWARD.format(early=self.depths[0], middle=self.depths[1])

    def _network(self, body: nn.Module, first: nn.Conv2d) -> Network:
        body.get_submodule("features.0").register_module("0", first)
        return _MobileNetNetwork(body, self.depths)

    def _kernel_and_stride(self) -> tuple[int, int]:
        return 3, 1 if self.small_images else 2


class ResNet18(ResNet):
    """ResNet with 18 layers (He et al. 2015)."""

    name: Literal["resnet18"] = "resnet18"
    constructor = "resnet18"
    title = "ResNet-18"


class ResNet50(ResNet):
    """ResNet with 50 layers in bottlenecks (He et al. 2015)."""

    name: Literal["resnet50"] = "resnet50"
    constructor = "resnet50"
    title = "ResNet-50"


class MobileNetV2(MobileNet):
    """MobileNetV2 (Sandler et al. 2018)."""

    name: Literal["mobilenet_v2"] = "mobilenet_v2"
    constructor = "mobilenet_v2"
    title = "MobileNetV2"
    stem = 32
    depths = (3, 6)


class MobileNetV3Small(MobileNet):
    """MobileNetV3, small (Howard et al. 2019)."""

    name: Literal["mobilenet_v3_small"] = "mobilenet_v3_small"
    constructor = "mobilenet_v3_small"
    title = "MobileNetV3 small"
    stem = 16
    depths = (1, 3)


class MobileNetV3Large(MobileNet):
    """MobileNetV3, large (Howard et al. 2019)."""

    name: Literal["mobilenet_v3_large"] = "mobilenet_v3_large"
    constructor = "mobilenet_v3_large"
    title = "MobileNetV3 large"
    stem = 16
    depths = (3, 6)


class _TorchvisionNetwork(Network):
    """Takes over the parts of a torchvision model under their own names."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        for name, part in body.named_children():
            self.register_module(name, part)


class _ResNetNetwork(_TorchvisionNetwork):
    conv1: nn.Module
    bn1: nn.Module
    relu: nn.Module
    maxpool: nn.Module
    layer1: nn.Module
    layer2: nn.Module
    layer3: nn.Module
    layer4: nn.Module
    avgpool: nn.Module
    fc: nn.Module

    def forward_until(self, depth: str, images: Tensor) -> Tensor:
        """Return maps (N, channels, H, W), computing nothing beyond them."""
        stages = [self.layer1, self.layer2, self.layer3, self.layer4]
        values: Tensor = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        for stage in stages[: {"early": 1, "middle": 2, "late": 4}[depth]]:
            values = stage(values)
        return values

    def forward(self, images: Tensor) -> Outputs:
        """Return logits (N, K), maps after stages 1, 2 and 4, and the pooled vector (N, channels)."""
        early = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(images)))))
        middle = self.layer2(early)
        late = self.layer4(self.layer3(middle))
        embedding = self.avgpool(late).flatten(1)
        features = {"early": early, "middle": middle, "late": late, "embedding": embedding}
        return Outputs(self.fc(embedding), features)


class _MobileNetNetwork(_TorchvisionNetwork):
    features: nn.Sequential
    classifier: nn.Module

    def __init__(self, body: nn.Module, depths: tuple[int, int]) -> None:
        super().__init__(body)
        self.depths = depths

    def forward_until(self, depth: str, images: Tensor) -> Tensor:
        """Return maps (N, channels, H, W), computing nothing beyond them."""
        last = {"early": self.depths[0], "middle": self.depths[1], "late": len(self.features) - 1}[depth]
        for stage in self.features[: last + 1]:
            images = stage(images)
        return images

    def forward(self, images: Tensor) -> Outputs:
        """Return logits (N, K), maps at a quarter, an eighth and the end, and the pooled vector (N, channels)."""
        maps = [images]
        for stage in self.features:
            maps.append(stage(maps[-1]))
        early, middle = (maps[depth + 1] for depth in self.depths)
        embedding = maps[-1].mean((2, 3))
        features = {"early": early, "middle": middle, "late": maps[-1], "embedding": embedding}
        return Outputs(self.classifier(embedding), features)


def _use_our_dropout(body: nn.Module) -> None:
    for module in list(body.modules()):
        for name, part in module.named_children():
            if isinstance(part, nn.Dropout):
                module.register_module(name, Dropout(part.p))
