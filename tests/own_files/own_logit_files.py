"""Files of logits as people write them, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file


def bfloat16_bits(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the upper halves of float32 numbers, cut off, as bfloat16 keeps them."""
    return (values.view(np.uint32) >> 16).astype(np.uint16)


def written_csv(
    logits: NDArray[np.floating],
    *,
    header: Sequence[str] | None = None,
    separator: str = ",",
    comma: bool = False,
    index: Sequence[object] | None = None,
    labels: Sequence[object] | None = None,
    style: str = "{!r}",
) -> str:
    """Return a table of text; ``index`` and ``labels`` stand first and last."""
    lines = []
    if header is not None:
        named = [*([""] if index is not None else []), *header, *(["label"] if labels is not None else [])]
        lines.append(separator.join(named))
    for row, values in enumerate(logits.tolist()):
        cells = [style.format(value).replace(".", "," if comma else ".") for value in values]
        cells = [*([str(index[row])] if index is not None else []), *cells]
        lines.append(separator.join([*cells, *([str(labels[row])] if labels is not None else [])]))
    return "\n".join(lines) + "\n"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def write_safetensors(path: Path, arrays: dict[str, NDArray], classes: str | None = None) -> Path:
    save_file(arrays, path, None if classes is None else {"classes": classes})
    return path
