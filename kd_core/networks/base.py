"""What every network family shares: an architecture builds a network, and a network returns Outputs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from kd_core.outputs import Outputs
from kd_core.settings import ExtensibleSettings

Shape = tuple[int, int, int]


class Network(nn.Module):
    """A module that maps a batch of images (N, C, H, W) to ``Outputs``."""

    @abstractmethod
    def forward(self, images: Tensor) -> Outputs:
        """Return logits (N, K) and the features that the architecture provides."""

    @abstractmethod
    def forward_until(self, depth: str, images: Tensor) -> Tensor:
        """Return the feature ``early``, ``middle`` or ``late``, computing nothing beyond it.

        Args:
            depth: which of the three.
            images: (N, C, H, W).

        Returns:
            (N, C', H', W') or (N, D).
        """

    def as_sequence(self) -> nn.Sequential | None:
        """Return the way to the logits as layers of torch's own, one after another; None where it is no plain row."""
        return None

    def __call__(self, images: Tensor) -> Outputs:
        """Return what ``forward`` returns, hooks included; here so that its type is known."""
        outputs: Outputs = super().__call__(images)
        return outputs


class Architecture(ExtensibleSettings):
    """Frozen settings that build a network for images of a given shape."""

    provides: ClassVar[frozenset[str]] = frozenset({"early", "middle", "late", "embedding"})
    """Its features by name; and "maps" where the first three are maps (N, C, H, W) instead of vectors."""
    lanes: ClassVar[bool] = False
    """Whether many copies of it are trained faster as lanes of one loop than one by one."""

    @abstractmethod
    def build(self, shape: Shape, classes: int) -> Network:
        """Return a fresh network for images of ``shape`` (C, H, W) and ``classes`` classes.

        Weights come from torch's global generator; callers seed it (``functional.seeded``).

        Raises:
            RecipeMismatch: the images are too small for this architecture.
        """

    def untrained(self) -> Self:
        """Return the same architecture without weights from elsewhere, to look at its size."""
        return self

    @abstractmethod
    def code(self, shape: Shape, classes: int) -> str:
        """Return plain PyTorch source that defines ``class Network(nn.Module)`` with the same state names.

        Its ``forward`` returns logits (N, K), and ``Network().load_state_dict(weights)`` accepts what ``build`` made.
        The source imports torch (and torchvision where it must) and nothing of this project.
        """

    def training_code(self, shape: Shape, classes: int, name: str, features: bool) -> str | None:
        """Return plain PyTorch source of the network as a script trains it; None where it has none.

        Layers are made in the order of ``build``, so that one seed gives both the same first weights.

        Args:
            shape: (C, H, W) of an image.
            classes: K.
            name: of the class.
            features: whether ``forward`` returns (logits, features by name) instead of logits (N, K) alone.
        """
        return None

    @property
    @abstractmethod
    def label(self) -> str:
        """Return a short name for tables, e.g. "MLP 12-12"."""


class Dropout(nn.Module):
    """Dropout that draws from a generator of its own, so that a resumed run draws the same masks.

    Args:
        rate: probability that a value is set to 0; the others are scaled by 1 / (1 - rate).
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.generator: torch.Generator | None = None

    def forward(self, values: Tensor) -> Tensor:
        """Return ``values``, of any shape, with a fresh mask in training, unchanged in evaluation."""
        if not self.training or self.rate == 0:
            return values
        kept = torch.rand(values.shape, generator=self.generator, device=values.device, dtype=values.dtype) >= self.rate
        return values * kept / (1 - self.rate)

    def extra_repr(self) -> str:
        """Show the rate in ``print(network)``."""
        return f"rate={self.rate}"


def by_depth(layers: Sequence[Tensor]) -> dict[str, Tensor]:
    """Return the first, the middle and the last of ``layers`` as the features ``early``, ``middle`` and ``late``.

    Of an even number the later of the two in the middle; of a single one all three are the same.
    """
    return {"early": layers[0], "middle": layers[len(layers) // 2], "late": layers[-1]}


def depth_index(depth: str, layers: int) -> int:
    """Return which of so many layers ``by_depth`` names ``depth``."""
    return {"early": 0, "middle": layers // 2, "late": layers - 1}[depth]


def seed_dropout(network: nn.Module, generator: torch.Generator) -> None:
    """Let every ``Dropout`` inside ``network`` draw from ``generator``."""
    for module in network.modules():
        if isinstance(module, Dropout):
            module.generator = generator
