"""Uploaded picture: a PNG or JPEG of one thing, looked at with care and prepared like a drawing."""

from __future__ import annotations

import io
import warnings
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from kd_core.drawings.preparation import FULL, Preparation, prepare
from kd_core.errors import Reason, UploadRefused

MOST_BYTES: Final = 10 * 2**20
MOST_PIXELS: Final = 40_000_000
LARGEST_SIDE: Final = 1024
"""A larger picture is made smaller first: no dataset here has images of that size."""
FAINTEST: Final = 0.1
"""Of black against white: with less contrast there is nothing to be told from the paper."""
PAPER: Final = 0.3
INK: Final = 0.7
"""Shares of the strongest contrast: up to the first a pixel is paper, from the second on it is ink."""


def prepare_upload(content: bytes, name: str, preparation: Preparation) -> NDArray[np.uint8]:
    """Return an image (C, H, W) like those of the dataset.

    Where the dataset has drawings, what stands out from the border of the picture is ink: dark on light or light on
    dark.

    Args:
        content: the file.
        name: of the file, for sentences.
        preparation: of the dataset.

    Raises:
        UploadRefused: too large, neither PNG nor JPEG, broken, or empty paper.
    """
    picture = _opened(content, name)
    if preparation.way == "scaled":
        return prepare(np.asarray(picture), preparation)
    return prepare(_ink(np.asarray(picture.convert("L")), name), preparation)


def _opened(content: bytes, name: str) -> Image.Image:
    """Return the picture in colours, upright, on white paper where it is transparent."""
    if len(content) > MOST_BYTES:
        reason = Reason("picture_bytes", "it is larger than {most} MB.", most=MOST_BYTES // 2**20)
        raise UploadRefused(file=name, reason=reason)
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
            warnings.simplefilter("ignore")
            if opened.width * opened.height > MOST_PIXELS:
                template = "it has more than {most} million pixels."
                raise UploadRefused(file=name, reason=Reason("picture_pixels", template, most=MOST_PIXELS // 10**6))
            upright = ImageOps.exif_transpose(opened)
            clear = upright.convert("RGBA")
    except UploadRefused:
        raise
    except Exception as error:  # inside Pillow's decoders a broken file can raise anything
        reason = Reason("picture_unreadable", "it is no PNG or JPEG that can be read.")
        raise UploadRefused(file=name, reason=reason) from error
    clear.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    paper = Image.new("RGBA", clear.size, (FULL,) * 4)
    return Image.alpha_composite(paper, clear).convert("RGB")


def _ink(grey: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Return (h, w) of ink on black: how far each pixel is from the paper, which is what the border has most."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    contrast = np.abs(grey.astype(np.float64) - float(np.median(border))) / FULL
    strongest = float(contrast.max())
    if strongest < FAINTEST:
        reason = Reason("picture_empty", "nothing in it stands out from the paper.")
        raise UploadRefused(file=name, reason=reason)
    shares = np.clip((contrast / strongest - PAPER) / (INK - PAPER), 0.0, 1.0)
    return np.round(shares * FULL).astype(np.uint8)
