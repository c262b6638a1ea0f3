"""Image files: found by class folder, then read in parallel as small uint8 images."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from kd_core.datasets import Report
from kd_core.datasets.io.memory_budget import MemoryBudget
from kd_core.datasets.io.pixels import small_square

SUFFIXES = frozenset(
    {
        ".apng", ".avif", ".avifs", ".bmp", ".dib", ".gif", ".j2c", ".j2k", ".jfif", ".jp2", ".jpc", ".jpe",
        ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo", ".pbm", ".pfm", ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".tga",
        ".tif", ".tiff", ".webp",
    }
)  # fmt: skip
"""Of pictures that Pillow reads by itself."""
OTHER_SUFFIXES = frozenset(
    {
        ".3fr", ".7z", ".ai", ".arw", ".avi", ".cr2", ".cr3", ".dcm", ".dng", ".eps", ".exr", ".gz", ".hdr",
        ".heic", ".heif", ".icns", ".ico", ".jxl", ".m4v", ".mat", ".mkv", ".mov", ".mp4", ".nef", ".npy",
        ".npz", ".orf", ".pcx", ".pdf", ".psd", ".raf", ".rar", ".raw", ".rw2", ".svg", ".svgz", ".tar", ".tgz",
        ".webm", ".wmf", ".zip",
    }
)  # fmt: skip
"""Of what may hold pictures and is not read; a file with any other is taken for none."""
CHUNK = 64
MAX_THREADS = 8
THREADS_PAY_FROM = 10_000
"""Bytes a file: below, the interpreter's lock costs more than decoding in parallel gains (measured on two cores)."""
BYTES_A_PIXEL = 16
"""What a pixel takes at most while a file is decoded: four as it is, four converted, and what the decoder holds."""
BLOCK_BYTES = 2**26
"""Pieces of a large picture. The C library gives such pieces back at once; smaller ones it keeps, for every thread."""
DECODING = MemoryBudget(2**30)
"""What all files that are being decoded may take together; one alone is as large as PIL thinks safe at most."""


def folders(root: Path) -> dict[str, Path]:
    """Return the folders directly inside ``root`` by name, in alphabetical order; hidden and system ones are left out.

    Raises:
        OSError: ``root`` cannot be listed.
    """
    inside = (path for path in root.iterdir() if path.is_dir() and not _ignored(path.name))
    return {path.name: path for path in sorted(inside, key=lambda path: path.name)}


def found_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what may hold images anywhere below ``folder``, in a fixed order, and why it is not read.

    Hidden and system files are left out. The reason is empty for an image file, "format" for a file of another kind,
    and "link" for a folder that is a link, which could lead in circles.

    Raises:
        OSError: a folder cannot be listed.
    """
    for parent, inner, files in os.walk(folder, onerror=_raise):
        inner[:] = sorted(name for name in inner if not _ignored(name))
        yield from ((path, "link") for name in inner if (path := Path(parent, name)).is_symlink())
        for name in sorted(files):
            suffix = Path(name).suffix.lower()
            if not _ignored(name) and suffix in SUFFIXES | OTHER_SUFFIXES:
                yield Path(parent, name), "" if suffix in SUFFIXES else "format"


def loose_images(folder: Path) -> list[Path]:
    """Return the image files directly in a folder, in alphabetical order."""
    files = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not _ignored(path.name))
    return sorted(path for path in files if path.is_file())


def read_images(
    paths: Sequence[Path], size: int, grey: bool, report: Report, background: int = 255
) -> tuple[Tensor, Tensor]:
    """Read images, scaled so that the shorter side is ``size`` and cut to the square in the middle.

    Args:
        paths: N files.
        size: height and width in pixels.
        grey: one channel instead of three.
        report: called with progress.
        background: 0..255, what shows through where an image is transparent.

    Returns:
        images (N, C, size, size), uint8, and (N,), bool: whether the file could be read.
    """
    images = torch.zeros(len(paths), 1 if grey else 3, size, size, dtype=torch.uint8)
    usable = torch.zeros(len(paths), dtype=torch.bool)
    target = images.numpy()

    def read_chunk(start: int) -> None:
        for position in range(start, min(start + CHUNK, len(paths))):
            pixels = _read(paths[position], size, "L" if grey else "RGB", background)
            if pixels is not None:
                target[position] = pixels
                usable[position] = True

    Image.core.set_block_size(BLOCK_BYTES)  # type: ignore[attr-defined]  # as Pillow's manual names it
    starts = range(0, len(paths), CHUNK)
    with warnings.catch_warnings(), ThreadPoolExecutor(_threads(paths)) as pool:
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for done, _ in enumerate(pool.map(read_chunk, starts), start=1):
            report("reading images", done / len(starts))
    return images, usable


def _threads(paths: Sequence[Path]) -> int:
    sizes = [path.stat().st_size for path in paths[:: len(paths) // 50 + 1] if path.is_file()]
    if sum(sizes) < THREADS_PAY_FROM * len(sizes):
        return 1
    return min(MAX_THREADS, os.cpu_count() or 1)


def _read(path: Path, size: int, mode: str, background: int) -> NDArray[np.uint8] | None:
    """Return (C, size, size), or None for a file that is broken or larger than PIL thinks safe."""
    try:
        with Image.open(path) as opened:
            whole = opened.width * opened.height
            opened.draft(mode, (size, size))  # a JPEG is decoded no larger than needed
            # One that comes in ever finer passes is held whole all the same.
            pixels = whole if opened.info.get("progressive") else opened.width * opened.height
            with DECODING.reserved(BYTES_A_PIXEL * pixels):
                ImageOps.exif_transpose(opened, in_place=True)
                square = small_square(opened, size, mode, background)
                opened.close()  # gives its memory back before another file takes the place
                return square
    except Exception:  # inside PIL's decoders a broken file can raise anything
        return None


def _raise(error: OSError) -> None:
    raise error


def _ignored(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
