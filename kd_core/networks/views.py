"""Views: what a network with a cheaper sensor sees of an image, as a fixed first layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, conv2d

from kd_core.networks.base import Architecture, Network, Shape
from kd_core.outputs import Outputs


def sums(images: Tensor) -> Tensor:
    """Return the means over columns and over rows, (N, C, 2, max(H, W)); the shorter one ends with zeros."""
    rows, columns = images.mean(3), images.mean(2)
    longest = max(rows.shape[-1], columns.shape[-1])
    padded = [torch.nn.functional.pad(means, (0, longest - means.shape[-1])) for means in (rows, columns)]
    return torch.stack(padded, dim=2)


def edges(images: Tensor) -> Tensor:
    """Return how steep the image is at each pixel, (N, C, H, W), by Sobel's two filters."""
    steps = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], device=images.device) / 4
    channels = images.shape[1]
    across, along = (kernel.to(images.dtype).expand(channels, 1, 3, 3) for kernel in (steps, steps.mT))
    slopes = [conv2d(images, kernel, padding=1, groups=channels) for kernel in (across, along)]
    return (slopes[0].square() + slopes[1].square() + 1e-6).sqrt()


def low_resolution(images: Tensor) -> Tensor:
    """Return the image with a quarter of the pixels a side, at least two, (N, C, H / 4, W / 4)."""
    height, width = (max(2, side // 4) for side in images.shape[2:])
    return adaptive_avg_pool2d(images, (height, width))


VIEWS: dict[str, Callable[[Tensor], Tensor]] = {"sums": sums, "edges": edges, "low_resolution": low_resolution}


def pictured(view: str, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what a view makes of an image (C, H, W), as a picture whose largest value is white."""
    viewed = VIEWS[view](torch.from_numpy(pixels).float()[None])[0]
    picture: NDArray[np.uint8] = (viewed * (255 / viewed.max().clamp(min=1e-6))).round().byte().numpy()
    return picture


class ThroughView(Network):
    """A network that sees a view of the image.

    Args:
        view: which.
        architecture: of the network behind it.
        shape: of the image, (C, H, W).
        classes: K.
    """

    def __init__(self, view: str, architecture: Architecture, shape: Shape, classes: int) -> None:
        super().__init__()
        self.view = VIEWS[view]
        self.inner = architecture.build(view_shape(view, shape), classes)

    def forward_until(self, depth: str, images: Tensor) -> Tensor:
        """Return a feature of the network behind the view, (N, C, H, W) or (N, D)."""
        return self.inner.forward_until(depth, self.view(images))

    def forward(self, images: Tensor) -> Outputs:
        """Return the outputs of the network behind the view, logits (N, K)."""
        return self.inner(self.view(images))


def view_shape(view: str, shape: Shape) -> Shape:
    """Return the shape (C, H, W) of a view of images of ``shape``."""
    channels, height, width = VIEWS[view](torch.zeros(1, *shape)).shape[1:]
    return channels, height, width
