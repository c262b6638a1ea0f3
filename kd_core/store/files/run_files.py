"""Run files: weights, logits, checkpoints and test images as safetensors files, written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from kd_core.store.files.arrays import (
    UNREADABLE,
    Arrays,
    half,
    is_whole,
    read_arrays,
    read_part,
    size_of,
    write_arrays,
    write_bytes,
)
from kd_core.store.files.lane_files import LaneFiles


class RunFiles:
    """The files of a store; run and source ids come from the database, never from outside.

    Args:
        home: the store's folder.

    Attributes:
        lanes: what runs that train as lanes of one loop keep together.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lanes = LaneFiles(home)

    def save_weights(self, run: str, weights: Arrays) -> None:
        """Keep a trained network's parameters and buffers."""
        write_arrays(self._run(run) / "weights.safetensors", weights, self.home)

    def weights(self, run: str) -> dict[str, NDArray[Any]] | None:
        """Return the stored parameters and buffers, or None."""
        return read_arrays(self._run(run) / "weights.safetensors")

    def save_checkpoint(self, run: str, tensors: Arrays) -> None:
        """Keep what is needed to go on; it replaces the last one."""
        write_arrays(self._run(run) / "checkpoint.safetensors", tensors, self.home)

    def checkpoint(self, run: str) -> dict[str, NDArray[Any]] | None:
        """Return the last checkpoint, or None where there is none or it cannot be read."""
        return read_arrays(self._run(run) / "checkpoint.safetensors")

    def checkpoint_is_damaged(self, run: str, group: str = "") -> bool:
        """Tell whether there is a checkpoint of a run, or of its lane group, that cannot be read."""
        folder = self.home / "lanes" / group if group else self._run(run)
        path = folder / "checkpoint.safetensors"
        return path.exists() and not is_whole(path)

    def drop_checkpoint(self, run: str) -> None:
        """Forget the checkpoint of a run that has ended well."""
        (self._run(run) / "checkpoint.safetensors").unlink(missing_ok=True)

    def rewind(self, run: str, epoch: int) -> None:
        """Forget a run's own logits from ``epoch`` on, and what a job that was killed had half written."""
        for path in self._run(run).glob("*.partial"):
            path.unlink(missing_ok=True)
        for path in [*self._run(run).glob("logits-*.safetensors"), *self._run(run).glob("note-*.safetensors")]:
            if int(path.stem.split("-")[-1]) >= epoch:
                path.unlink(missing_ok=True)

    def save_note(self, run: str, subject: str, epoch: int, arrays: Arrays) -> None:
        """Keep the pictures that belong to a note."""
        write_arrays(self._run(run) / f"note-{subject}-{epoch:05d}.safetensors", arrays, self.home)

    def note(self, run: str, subject: str, epoch: int) -> dict[str, NDArray[Any]] | None:
        """Return the pictures of a note, or None."""
        return read_arrays(self._run(run) / f"note-{subject}-{epoch:05d}.safetensors")

    def save_logits(self, run: str, epoch: int, logits: Arrays) -> None:
        """Keep (N, K) logits of ``validation`` and ``test`` after an epoch, as float16."""
        write_arrays(self._logits(run, epoch), {part: half(values) for part, values in logits.items()}, self.home)

    def logits(self, run: str, epoch: int, part: str = "test") -> NDArray[np.float32] | None:
        """Return (N, K) logits of a part after ``epoch``, or None where that epoch was not kept."""
        return self._kept_logits(run, epoch, part)

    def logits_of_image(self, run: str, epoch: int, image: int, part: str = "test") -> NDArray[np.float32] | None:
        """Return the (K,) logits of one image after ``epoch`` without reading the others, or None."""
        return self._kept_logits(run, epoch, part, image)

    def damaged(self, run: str, epoch: int | None) -> str:
        """Return which file of a run that came to its end is damaged or gone: "" for none.

        Args:
            run: its id.
            epoch: the one it reports.
        """
        weights = self._run(run) / "weights.safetensors"
        own = [self._logits(run, epoch)] if epoch is not None else []
        broken = [path for path in own if path.exists() and not is_whole(path)]
        if not any(path.exists() for path in own):
            broken = self.lanes.damaged(run)
        return "" if is_whole(weights) and not broken else (broken or [weights])[0].name

    def kept_epochs(self, run: str) -> list[int]:
        """Return the epochs whose logits are kept, in order."""
        run_epochs = {int(path.stem.split("-")[1]) for path in self._run(run).glob("logits-*.safetensors")}
        return sorted(run_epochs | self.lanes.kept_epochs(run))

    def drop_logits(self, run: str, epoch: int) -> None:
        """Forget the logits of an epoch."""
        self._logits(run, epoch).unlink(missing_ok=True)

    def hand_on(self, run: str, to: str, epoch: int) -> None:
        """Copy a run's own logits and the pictures of its notes, those before ``epoch``, to another run."""
        for path in [*self._run(run).glob("logits-*.safetensors"), *self._run(run).glob("note-*.safetensors")]:
            if int(path.stem.split("-")[-1]) < epoch:
                write_bytes(self._run(to) / path.name, path.read_bytes(), self.home)

    def save_source(self, source: str, arrays: Arrays, facts: Mapping[str, Any]) -> None:
        """Keep a dataset's test images (N, C, H, W) and labels (N,), once, with its class names."""
        path = self.home / "sources" / f"{source}.safetensors"
        if not is_whole(path):
            write_arrays(path, arrays, self.home, {"facts": json.dumps(facts)})

    def source(self, source: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
        """Return what ``save_source`` kept, or None."""
        path = self.home / "sources" / f"{source}.safetensors"
        arrays = read_arrays(path)
        if arrays is None:
            return None
        facts = self.source_facts(source)
        return None if facts is None else (arrays, facts)

    def source_facts(self, source: str) -> dict[str, Any] | None:
        """Return the facts that ``save_source`` kept, without reading the images, or None."""
        try:
            with safe_open(self.home / "sources" / f"{source}.safetensors", framework="numpy") as file:
                return dict(json.loads(file.metadata()["facts"]))
        except UNREADABLE:
            return None

    def delete(self, run: str) -> None:
        """Remove every file of a run."""
        self.lanes.leave(run)
        shutil.rmtree(self._run(run), ignore_errors=True)

    def size(self, run: str | None = None) -> int:
        """Return the bytes that a run with its share of what lanes keep together, or the whole store, takes on disk."""
        if run is None:
            return _bytes_below(self.home)
        shared = self.lanes.share(run)
        return _bytes_below(self._run(run)) + (_bytes_below(shared[0]) // shared[1] if shared else 0)

    def _kept_logits(self, run: str, epoch: int, part: str, *index: int) -> NDArray[np.float32] | None:
        values = read_part(self._logits(run, epoch), part, *index)
        if values is None:
            values = self.lanes.logits(run, epoch, part, *index)
        return None if values is None else values.astype(np.float32)

    def _logits(self, run: str, epoch: int) -> Path:
        return self._run(run) / f"logits-{epoch:05d}.safetensors"

    def _run(self, run: str) -> Path:
        return self.home / "runs" / run


def _bytes_below(folder: Path) -> int:
    return sum(size_of(Path(at) / file) for at, _, files in os.walk(folder) for file in files)
