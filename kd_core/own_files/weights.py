"""Weights from a safetensors file, compared name by name with what a network needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kd_core.errors import Reason, UploadRefused, nearest_hint
from kd_core.own_files.array_files import is_safetensors, refuse_pickle, safetensors_arrays
from kd_core.own_files.content import read_bytes

Shape = tuple[int, ...]


def read_weights(path: Path | str) -> dict[str, NDArray[Any]]:
    """Return the tensors of a safetensors file by name; bfloat16 becomes float32.

    Raises:
        UploadRefused: no such file, too large, no safetensors, damaged, or a number that is not finite.
    """
    file = Path(path).expanduser()
    content = read_bytes(file)
    refuse_pickle(content, file.name)
    if not is_safetensors(content):
        words = "it is no safetensors file. Save the network's state_dict with safetensors.torch.save_file."
        raise UploadRefused(file=file.name, reason=Reason("own_no_safetensors", words))
    arrays, _ = safetensors_arrays(content, file.name)
    for name, values in arrays.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            words = "'{name}' holds a number that is not finite."
            raise UploadRefused(file=file.name, reason=Reason("own_weights_not_finite", words, name=name))
    return arrays


def check_weights(weights: Mapping[str, NDArray[Any]], needed: Mapping[str, Sequence[int]], file: str) -> None:
    """Refuse weights that are not those of a network, telling the first name that is wrong and both shapes.

    Args:
        weights: by name.
        needed: by name, in the network's order, the shape of each of its tensors.
        file: its name, for the sentence.

    Raises:
        UploadRefused: a tensor that is missing, of another shape, or one too many.
    """
    for name, shape in needed.items():
        if name not in weights:
            words = "it has no tensor '{name}', for which the network has the shape {needed}.{hint}"
            raise UploadRefused(
                file=file,
                reason=Reason(
                    "own_weight_missing", words, name=name, needed=_written(shape), hint=nearest_hint(name, weights)
                ),
            )
        if tuple(weights[name].shape) != tuple(shape):
            words = "'{name}' has the shape {given} in the file and {needed} in the network."
            raise UploadRefused(
                file=file,
                reason=Reason(
                    "own_weight_shape", words, name=name, given=_written(weights[name].shape), needed=_written(shape)
                ),
            )
    extra = next((name for name in weights if name not in needed), None)
    if extra is not None:
        words = "it has a tensor '{name}' of the shape {given}, and the network has none of that name.{hint}"
        raise UploadRefused(
            file=file,
            reason=Reason(
                "own_weight_extra",
                words,
                name=extra,
                given=_written(weights[extra].shape),
                hint=nearest_hint(extra, needed),
            ),
        )


def _written(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "()"
