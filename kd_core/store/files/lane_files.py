"""Lane files: what runs that train as lanes of one loop keep together, one file for all of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kd_core.store.files.arrays import Arrays, half, is_whole, read_arrays, read_part, write_arrays, write_bytes

NOWHERE = -1
"""The epoch of a lane that a file holds nothing of."""


class LaneFiles:
    """The files of lane groups; ids come from the database, never from outside.

    Args:
        home: the store's folder.
    """

    def __init__(self, home: Path) -> None:
        self.home = home

    def create_group(self, group: str, runs: Sequence[str]) -> None:
        """Note which runs are the lanes of a group, in their order; a group that loses all its runs goes."""
        previous_groups = {place[0] for run in runs if (place := self.place(run))}
        write_bytes(self._group(group) / "members.json", json.dumps(list(runs)).encode(), self.home)
        for lane, run in enumerate(runs):
            content = json.dumps({"group": group, "lane": lane}).encode()
            write_bytes(self.home / "runs" / run / "lane.json", content, self.home)
        for previous in previous_groups - {group}:
            self._remove_if_empty(previous)

    def members(self, group: str) -> list[str]:
        """Return the runs of a group by lane; empty where there is no such group."""
        try:
            return [str(run) for run in json.loads((self._group(group) / "members.json").read_text())]
        except (OSError, ValueError, TypeError):
            return []

    def place(self, run: str) -> tuple[str, int] | None:
        """Return a run's group and lane, or None where it was trained by itself."""
        path = self.home / "runs" / run / "lane.json"
        try:
            return _read_place(path, path.stat().st_mtime_ns)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save_logits(self, group: str, name: str, epochs: Sequence[int], logits: Arrays) -> None:
        """Keep (L, N, K) logits of ``validation`` and ``test``, as float16.

        Args:
            group: its id.
            name: "best", "last", or the epoch in five digits.
            epochs: of each lane; ``NOWHERE`` for one whose numbers mean nothing.
            logits: by part.
        """
        arrays: dict[str, NDArray[Any]] = {part: half(values) for part, values in logits.items()}
        arrays["epoch"] = np.asarray(epochs, dtype=np.int32)
        write_arrays(self._group(group) / f"logits-{name}.safetensors", arrays, self.home)

    def logits(self, run: str, epoch: int, part: str, *index: int) -> NDArray[Any] | None:
        """Return one lane's (N, K) logits after ``epoch``, or of one image (K,); None where they were not kept."""
        place = self.place(run)
        if place is None:
            return None
        group, lane = place
        for name in (f"{epoch:05d}", "last", "best"):
            path = self._group(group) / f"logits-{name}.safetensors"
            kept_epoch = read_part(path, "epoch", lane)
            if kept_epoch is not None and int(kept_epoch) == epoch:
                return read_part(path, part, lane, *index)
        return None

    def kept_epochs(self, run: str) -> set[int]:
        """Return the epochs of a lane whose logits are kept."""
        place = self.place(run)
        if place is None:
            return set()
        group, lane = place
        epochs = [read_part(path, "epoch", lane) for path in self._group(group).glob("logits-*.safetensors")]
        return {int(epoch) for epoch in epochs if epoch is not None and int(epoch) != NOWHERE}

    def damaged(self, run: str) -> list[Path]:
        """Return the files of logits that a run shares and that are damaged."""
        place = self.place(run)
        return (
            [] if place is None else [p for p in self._group(place[0]).glob("logits-*.safetensors") if not is_whole(p)]
        )

    def best(self, group: str) -> dict[str, NDArray[Any]] | None:
        """Return ``epoch`` (L,) and the logits by part (L, N, K) of the best epochs so far."""
        return read_arrays(self._group(group) / "logits-best.safetensors")

    def save_checkpoint(self, group: str, tensors: Arrays) -> None:
        """Keep what all lanes need to go on; it replaces the last one."""
        write_arrays(self._group(group) / "checkpoint.safetensors", tensors, self.home)

    def checkpoint(self, group: str) -> dict[str, NDArray[Any]] | None:
        """Return the last checkpoint, or None where there is none or it cannot be read."""
        return read_arrays(self._group(group) / "checkpoint.safetensors")

    def drop_checkpoint(self, group: str) -> None:
        """Forget the checkpoint of lanes that have all ended."""
        (self._group(group) / "checkpoint.safetensors").unlink(missing_ok=True)

    def hand_on(self, group: str, to: str, epoch: int) -> None:
        """Copy the logits that lanes share, those before ``epoch``, to a group with as many lanes."""
        for path in self._group(group).glob("logits-[0-9]*.safetensors"):
            if int(path.stem.split("-")[1]) < epoch:
                write_bytes(self._group(to) / path.name, path.read_bytes(), self.home)

    def rewind(self, group: str, epoch: int) -> None:
        """Forget the logits from ``epoch`` on, and what a killed job had half written."""
        for path in self._group(group).glob("logits-[0-9]*.safetensors"):
            if int(path.stem.split("-")[1]) >= epoch:
                path.unlink(missing_ok=True)
        for path in self._group(group).glob("*.partial"):
            path.unlink(missing_ok=True)

    def leave(self, run: str) -> None:
        """Remove a group's files when the last of its runs is deleted; call it before the run's folder goes."""
        if place := self.place(run):
            (self.home / "runs" / run / "lane.json").unlink(missing_ok=True)
            self._remove_if_empty(place[0])

    def share(self, run: str) -> tuple[Path, int] | None:
        """Return a run's group folder and among how many runs it is shared."""
        place = self.place(run)
        return None if place is None else (self._group(place[0]), max(1, len(self.members(place[0]))))

    def _remove_if_empty(self, group: str) -> None:
        places = [self.place(run) for run in self.members(group)]
        if not any(place is not None and place[0] == group for place in places):
            shutil.rmtree(self._group(group), ignore_errors=True)

    def _group(self, group: str) -> Path:
        return self.home / "lanes" / group


@lru_cache(maxsize=20_000)
def _read_place(path: Path, written_at: int) -> tuple[str, int]:
    """Return a group and a lane as they were written; a run that is trained anew may get others."""
    placed = json.loads(path.read_text())
    return str(placed["group"]), int(placed["lane"])
