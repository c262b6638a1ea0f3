"""Artifacts: weights, logits, checkpoints and test images as safetensors files, written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save

from kd_core.store.schema import told_full

Arrays = Mapping[str, NDArray[Any]]


class Artifacts:
    """The files of a store; run and source ids come from the database, never from outside.

    Args:
        home: the store's folder.
    """

    def __init__(self, home: Path) -> None:
        self.home = home

    def save_weights(self, run: str, weights: Arrays) -> None:
        """Keep a trained network's parameters and buffers."""
        self._write(self._run(run) / "weights.safetensors", weights)

    def weights(self, run: str) -> dict[str, NDArray[Any]] | None:
        """Return the stored parameters and buffers, or None."""
        return self._read(self._run(run) / "weights.safetensors")

    def save_checkpoint(self, run: str, snapshot: Arrays) -> None:
        """Keep what is needed to go on; it replaces the last one."""
        self._write(self._run(run) / "checkpoint.safetensors", snapshot)

    def checkpoint(self, run: str) -> dict[str, NDArray[Any]] | None:
        """Return the last checkpoint, or None where there is none or it cannot be read."""
        return self._read(self._run(run) / "checkpoint.safetensors")

    def drop_checkpoint(self, run: str) -> None:
        """Forget the checkpoint of a run that has ended well."""
        (self._run(run) / "checkpoint.safetensors").unlink(missing_ok=True)

    def drop_partials(self, run: str) -> None:
        """Forget what a job that was killed had half written."""
        for path in self._run(run).glob("*.partial"):
            path.unlink(missing_ok=True)

    def save_logits(self, run: str, epoch: int, logits: Arrays) -> None:
        """Keep (N, K) logits of ``validation`` and ``test`` after an epoch, as float16."""
        half = {part: np.clip(values, -65504, 65504).astype(np.float16) for part, values in logits.items()}
        self._write(self._run(run) / f"logits-{epoch:05d}.safetensors", half)

    def logits(self, run: str, epoch: int, part: str = "test") -> NDArray[np.float32] | None:
        """Return (N, K) logits of a part after ``epoch``, or None where that epoch was not kept."""
        arrays = self._read(self._run(run) / f"logits-{epoch:05d}.safetensors", only=part)
        return None if arrays is None else arrays[part].astype(np.float32)

    def kept_epochs(self, run: str) -> list[int]:
        """Return the epochs whose logits are kept, in order."""
        return sorted(int(path.stem.split("-")[1]) for path in self._run(run).glob("logits-*.safetensors"))

    def drop_logits(self, run: str, epoch: int) -> None:
        """Forget the logits of an epoch."""
        (self._run(run) / f"logits-{epoch:05d}.safetensors").unlink(missing_ok=True)

    def save_source(self, source: str, arrays: Arrays, facts: Mapping[str, Any]) -> None:
        """Keep a dataset's test images (N, C, H, W) and labels (N,), once, with its class names."""
        path = self.home / "sources" / f"{source}.safetensors"
        if not path.exists():
            self._write(path, arrays, {"facts": json.dumps(facts)})

    def source(self, source: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
        """Return what ``save_source`` kept, or None."""
        path = self.home / "sources" / f"{source}.safetensors"
        arrays = self._read(path)
        if arrays is None:
            return None
        with safe_open(path, framework="numpy") as file:
            return arrays, json.loads(file.metadata()["facts"])

    def delete(self, run: str) -> None:
        """Remove every file of a run."""
        shutil.rmtree(self._run(run), ignore_errors=True)

    def size(self, run: str | None = None) -> int:
        """Return the bytes that a run, or the whole store, takes on disk."""
        folder = self.home if run is None else self._run(run)
        return sum(_bytes(Path(at) / file) for at, _, files in os.walk(folder) for file in files)

    def _run(self, run: str) -> Path:
        return self.home / "runs" / run

    def _write(self, path: Path, arrays: Arrays, metadata: dict[str, str] | None = None) -> None:
        partial = path.with_suffix(f".{os.getpid()}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(save({k: np.asarray(v, order="C") for k, v in arrays.items()}, metadata))
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise told_full(error, self.home) from error

    def _read(self, path: Path, only: str | None = None) -> dict[str, NDArray[Any]] | None:
        try:
            if only is None:
                return dict(load_file(path))
            with safe_open(path, framework="numpy") as file:
                return {only: file.get_tensor(only)} if only in file.keys() else None  # noqa: SIM118 (no __contains__)
        except (FileNotFoundError, SafetensorError):
            return None


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # a job may replace a file while we count
        return 0
