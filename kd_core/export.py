"""Export: a trained network as files that need nothing of this project."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from kd_core.errors import FilesDamaged, InvalidSetting, UnknownName, WeightsMissing, system_reason
from kd_core.store import RunRow, Store, error_json, packed


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network with all that its user must know.

    Args:
        run: what was trained.
        weights: parameters and buffers by name.
        classes: K names, in the order of the logits.
        shape: (C, H, W) of an image.
        mean: per channel, of pixel values scaled to 0..1.
        sd: per channel.
    """

    run: RunRow
    weights: dict[str, NDArray[Any]]
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    sd: tuple[float, ...]


Files = dict[str, bytes]
"""Contents by suffix."""


def export(store: Store, run: str, format: str, path: Path | str) -> list[Path]:
    """Write a run's network to ``path``; what the format needs beside it has the same name and another suffix.

    The same run gives the same bytes, whenever it is asked for.

    Returns:
        The files written, the one at ``path`` first.

    Raises:
        UnknownName: there is no such format.
        RunUnknown: there is no such run.
        WeightsMissing: the run was not trained to its end.
        FilesDamaged: its files cannot be read; its study is marked so that it can be resumed.
        InvalidSetting: the path cannot be written.
    """
    files = _files(store, run, format)
    first = Path(path)
    if first.suffix not in files:
        first = first.with_name(first.name + next(iter(files)))
    paths = {suffix: first.with_suffix(suffix) for suffix in files}
    try:
        for suffix, content in files.items():
            paths[suffix].write_bytes(content)
    except OSError as error:
        raise InvalidSetting(path="path", value=f"'{first}'", reason=system_reason(error)) from error
    return list(paths.values())


def export_bytes(store: Store, run: str, format: str) -> bytes:
    """Return what ``export`` would write, as one file: several are packed into a zip.

    Raises:
        UnknownName: there is no such format.
        RunUnknown: there is no such run.
        WeightsMissing: the run was not trained to its end.
        FilesDamaged: its files cannot be read; its study is marked so that it can be resumed.
    """
    files = _files(store, run, format)
    if len(files) == 1:
        return next(iter(files.values()))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix, content in files.items():
            archive.writestr(_entry(f"network_{run}{suffix}"), content, zipfile.ZIP_DEFLATED)
    return zipped.getvalue()


def download_name(run: str, format: str) -> str:
    """Return under which name ``export_bytes`` is offered."""
    return f"network_{run}{'.zip' if format == 'code' else f'.{format}'}"


def _entry(name: str) -> zipfile.ZipInfo:
    """Return a zip's entry that is the same at any time and on any system."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    return entry


def _files(store: Store, run: str, format: str) -> Files:
    if format not in FORMATS:
        raise UnknownName(kind="export format", name=format, known=FORMATS)
    return FORMATS[format](trained_network(store, run))


def trained_network(store: Store, run: str) -> TrainedNetwork:
    """Return a run's network as the store has it.

    Raises:
        RunUnknown: there is no such run.
        WeightsMissing: the run was not trained to its end.
        FilesDamaged: its files cannot be read; its study is marked so that it can be resumed.
    """
    row = store.runs.get(run)
    if row.status == "done" and (file := store.files.damaged(run, row.reported_epoch)):
        error = FilesDamaged(id=run, file=file)
        store.runs.note_damage(run, error_json(error))
        raise error
    weights = store.files.weights(run)
    source = store.files.source(row.source) if row.source else None
    if weights is None or source is None or row.status != "done":
        raise WeightsMissing(id=run, status=row.status)
    arrays, facts = source
    channels, height, width = arrays["images"].shape[1:]
    dataset = row.recipe["data"]["source"]
    mean, sd = (_per_channel(dataset.get(name, [default]), channels) for name, default in (("mean", 0.0), ("sd", 1.0)))
    return TrainedNetwork(row, weights, tuple(facts["classes"]), (channels, height, width), mean, sd)


def _per_channel(values: list[float], channels: int) -> tuple[float, ...]:
    return tuple(values) if len(values) > 1 else tuple(values) * channels


def _safetensors(trained: TrainedNetwork) -> Files:
    facts = {
        "run": trained.run.id,
        "recipe": trained.run.fingerprint,
        "network": trained.run.recipe["student"],
        "classes": trained.classes,
        "shape": trained.shape,
        "mean": trained.mean,
        "sd": trained.sd,
    }
    metadata = {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}
    return {".safetensors": packed(trained.weights, {"format": "pt", **metadata})}


def _code(trained: TrainedNetwork) -> Files:
    from kd_core.recipe import Recipe  # here, because it imports torch, and a page lists the formats before that

    network = Recipe.from_json(trained.run.recipe).student
    source = _SOURCE.format(
        label=network.label,
        run=trained.run.id,
        recipe=trained.run.fingerprint,
        network=network.code(trained.shape, len(trained.classes)).strip(),
        classes=list(trained.classes),
        shape=trained.shape,
        mean=list(trained.mean),
        sd=list(trained.sd),
    )
    return {".py": source.encode(), **_safetensors(trained)}


FORMATS: dict[str, Callable[[TrainedNetwork], Files]] = {"safetensors": _safetensors, "code": _code}
"""By name: what turns a trained network into files; the first suffix is the main one."""


_SOURCE = '''\
"""{label} in plain PyTorch, trained with KD Playground (run {run}, recipe {recipe}).

The weights lie beside this file, under the same name and .safetensors. Needs torch and safetensors.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file

{network}


CLASSES = {classes}
SHAPE = {shape}  # channels, height, width of an image
MEAN = {mean}  # per channel, of pixel values scaled to 0..1
SD = {sd}


def load(weights=Path(__file__).with_suffix(".safetensors")):
    """Return the trained network, ready to use."""
    network = Network()
    network.load_state_dict(load_file(weights))
    return network.eval()


def normalise(images):
    """Turn uint8 images (N, C, H, W) into what the network was trained on."""
    mean, sd = (torch.tensor(values).reshape(-1, 1, 1) for values in (MEAN, SD))
    return (images.float() / 255 - mean) / sd


@torch.inference_mode()
def logits(images, network=None):
    """Return (N, K) logits for uint8 images (N, C, H, W)."""
    return (network or load())(normalise(images))


def predict(images, network=None):
    """Return the name of the most probable class of each uint8 image (N, C, H, W), and its probability."""
    best = logits(images, network).softmax(-1).max(-1)
    return [(CLASSES[index], probability) for index, probability in zip(best.indices.tolist(), best.values.tolist())]
'''
