"""Kills: what ``kill -9`` at random moments costs.

``python -m benchmarks.kills [--kills 200] [--minutes 60] [--seed 0]``

One race of digits is trained again and again, and the process that carries it out is killed: the command line, a job,
the supervisor, the server, or all of them at once. Then it is resumed and at last left to come to its end. Printed are
how many were killed, in which state the study was found, how many were resumed, and every difference: a finished run
that is not finished any more, or a number (of epochs, logits, weights) unlike that of a race that nobody disturbed.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from kd_core import jobs
from kd_core.jobs.locks import log_file, wake
from kd_core.store import Store
from kd_core.vocabulary import RESUMABLE

ROOT = Path(__file__).parents[1]
SETTINGS = {"optim.epochs": 400, "teacher.optim.epochs": 100, "teacher.student.widths": [64]}
SEEDS = 2
CHECKPOINT_SECONDS = 0.2
KILLS_A_STUDY = 8
END_SECONDS = 900.0
"""Longer than any study takes, on a machine that others use too."""
SECONDS = {"command line": 7.0, "job": 2.0, "supervisor": 3.0, "server": 3.0, "everything": 3.0}
"""After at most so long a process is killed: what it takes to begin, and some of the training."""
TRAINING_SHARE = 0.75
"""Of so many moments that the study trains already; the others may fall into the beginning."""
KINDS = tuple(SECONDS)
SIGKILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows knows one way to end a process


def main() -> None:
    """Kill, resume, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no further study after so long")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--serve", type=Path, metavar="HOME", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        jobs.ensure_supervisor(asked.serve, asked.serve)
        while True:
            time.sleep(60)
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder), random.Random(asked.seed))
        deadline = time.monotonic() + 60 * asked.minutes
        try:
            while trial.counts["killed"] < asked.kills and time.monotonic() < deadline:
                trial.one_study(KINDS[trial.counts["studies"] % len(KINDS)], asked.kills - trial.counts["killed"])
                print(f"{trial.counts['killed']} killed", file=sys.stderr, flush=True)
        finally:
            trial.end()
        print(trial.report())


class Trial:
    """One store in which studies are disturbed, and what came of it.

    Args:
        folder: an empty one.
        moments: when to kill.
    """

    def __init__(self, folder: Path, moments: random.Random) -> None:
        self.home, self.moments = folder / "home", moments
        self.store = Store(self.home)
        self.store.set_fact("checkpoint_seconds", CHECKPOINT_SECONDS)
        self.counts: Counter[str] = Counter()
        self.by_kind = {kind: Counter[str]() for kind in KINDS}
        self.differences: list[str] = []
        self.server: subprocess.Popen[bytes] | None = None
        self.expected = numbers(*_undisturbed(folder / "undisturbed"))

    def one_study(self, kind: str, most: int) -> None:
        """Start a study, kill what carries it out a few times, let it come to its end, compare, and forget it."""
        way: CommandLine | Queue = CommandLine(self) if kind == "command line" else Queue(self)
        study = way.start(None)
        for _ in range(min(most, KILLS_A_STUDY)):
            if study and self.moments.random() < TRAINING_SHARE:
                with suppress(TimeoutError):  # it has come to its end
                    eventually(lambda at=study: self.store.studies.get(at).status == "running", 15)
            time.sleep(self.moments.uniform(0, SECONDS[kind]))
            before = finished_runs(self.store, study)
            if not way.kill(kind, study):
                break  # it had come to its end
            self._count(kind, "killed")
            study = study or way.study()
            state = way.settled(study)
            self._count(kind, f"found {state}")
            self._expect_kept(kind, study, before)
            if state == "done":
                break
            self._count(kind, "resumed" if state in RESUMABLE else "went on by itself")
            study = way.start(study)
        study = study or eventually(way.study)
        self._come_to_its_end(kind, way, study)

    def _come_to_its_end(self, kind: str, way: CommandLine | Queue, study: str) -> None:
        way.wait(study)
        row = self.store.studies.get(study)
        self._count(kind, f"ended {row.status}")
        for where, what in differences(self.expected, numbers(self.store, study)):
            self.differences.append(f"{kind}, study {study}, {where}: {what}")
        if row.status != "done":
            self.differences.append(f"{kind}, study {study} ended as {row.status}: {row.error}")
        leftovers = [str(path.relative_to(self.home)) for path in self.home.rglob("*.partial")]
        if leftovers:
            self.differences.append(f"{kind}, study {study} left {', '.join(leftovers)}")
        self.counts["studies"] += 1
        self.store.delete(study)

    def _expect_kept(self, kind: str, study: str | None, before: dict[str, Any]) -> None:
        now = finished_runs(self.store, study)
        for run, epochs in before.items():
            if now.get(run) != epochs:
                self.differences.append(f"{kind}: run {run} was finished, and is not what it was after the kill")

    def _count(self, kind: str, what: str) -> None:
        self.counts[what] += 1
        self.by_kind[kind][what] += 1

    def report(self) -> str:
        """Return what happened, as text."""
        lines = [
            f"{self.counts['killed']} processes killed in {self.counts['studies']} studies of {SEEDS} x 3 networks"
        ]
        for kind, counts in self.by_kind.items():
            killed = counts.pop("killed", 0)
            lines.append(f"  {kind:<13}{killed:>4} killed; " + ", ".join(f"{n} {w}" for w, n in sorted(counts.items())))
        lines += [f"{len(self.differences)} differences", *(f"  {difference}" for difference in self.differences)]
        return "\n".join(lines)

    def end(self) -> None:
        """Leave no process behind."""
        if self.server is not None:
            _kill([self.server.pid, *_below(self.server.pid)])
            self.server.wait()
        self.store.close()


class CommandLine:
    """A study carried out by the command line."""

    def __init__(self, trial: Trial) -> None:
        self.trial, self.process = trial, None
        self.process: subprocess.Popen[bytes] | None = None
        self.earlier = {row.id for row in trial.store.studies.list()}

    def study(self) -> str | None:
        """Return the study's id, once there is one."""
        return next((row.id for row in self.trial.store.studies.list() if row.id not in self.earlier), None)

    def start(self, study: str | None) -> str | None:
        """Race, or resume."""
        self.process = _command(self.trial.home, *(["resume", study] if study else _race_words()))
        return study

    def kill(self, kind: str, study: str | None) -> bool:
        """Kill it; False where it had ended."""
        assert self.process is not None
        if self.process.poll() is not None:
            return False
        self.process.kill()
        self.process.wait()
        return True

    def settled(self, study: str | None) -> str:
        """Return the state in which the study was left; what asks for it is the next command."""
        if study is None:
            return "not begun"
        jobs.wait_for_lost(self.trial.store, study)
        return self.trial.store.studies.get(study).status

    def wait(self, study: str) -> None:
        """Wait until the study has come to its end, and the process too."""
        assert self.process is not None
        self.process.wait(timeout=END_SECONDS)


class Queue:
    """A study carried out by a job, from the queue that a server has a supervisor serve."""

    def __init__(self, trial: Trial) -> None:
        self.trial, self.id = trial, ""
        self._ensure_server()

    def study(self) -> str | None:
        """Return the study's id."""
        return self.id

    def start(self, study: str | None) -> str:
        """Queue it for the first time or again, and have a server."""
        from kd_core.recipe import PRESETS, Study

        self._ensure_server()
        studies = self.trial.store.studies
        if study is None:
            self.id = studies.add(Study.race(PRESETS["digits"].recipe.changed(SETTINGS), SEEDS, "digits"))
        elif studies.get(study).status in RESUMABLE:
            studies.ask_resume(study)
        wake(self.trial.home)
        return self.id

    def kill(self, kind: str, study: str | None) -> bool:
        """Kill one of the processes, or all; False where the study had ended."""
        assert self.trial.server is not None
        server = self.trial.server.pid
        pids = {
            "job": lambda: self._job(),
            "supervisor": lambda: _below(server, "kd_core.jobs")[:1],
            "server": lambda: [server],
            "everything": lambda: [server, *_below(server)],
        }[kind]
        found = eventually(lambda: pids() or (not self.trial.store.studies.get(self.id).alive and "ended"))
        if found == "ended" or not self.trial.store.studies.get(self.id).alive:
            return False
        _kill(found)
        if server in found:
            self.trial.server.wait()
            self.trial.server = None
        return True

    def settled(self, study: str | None) -> str:
        """Return the state in which the study is found once a server is there again."""
        self._ensure_server()
        row = self.trial.store.studies.get(self.id)
        deadline = time.monotonic() + 5.0
        while row.status == "running" and time.monotonic() < deadline:
            time.sleep(0.05)
            row = self.trial.store.studies.get(self.id)
        return row.status

    def wait(self, study: str) -> None:
        """Wait until the study has come to its end."""
        eventually(lambda: not self.trial.store.studies.get(study).alive, END_SECONDS)

    def _job(self) -> list[int]:
        with suppress(OSError):
            pids = re.findall(r"---- study .*, process (\d+)", log_file(self.trial.home, self.id).read_text())
            alive = [int(pid) for pid in pids[-1:] if psutil.pid_exists(int(pid))]
            return alive if self.trial.store.studies.get(self.id).status == "running" else []
        return []

    def _ensure_server(self) -> None:
        if self.trial.server is None:
            command = [sys.executable, "-m", "benchmarks.kills", "--serve", str(self.trial.home)]
            self.trial.server = subprocess.Popen(command, cwd=ROOT, env=_environment())


Numbers = dict[str, Any]


def numbers(store: Store, study: str) -> Numbers:
    """Return everything about a study that must not depend on what happened on the way, by arm, seed and name."""
    found: Numbers = {}
    for member in store.studies.members(study):
        place = f"{member.arm}, seed {member.seed}"
        found[f"{place}, agreement"] = member.against_teacher
        if member.run is None:
            continue
        run = store.runs.get(member.run)
        found[f"{place}, end"] = (run.status, run.reported_epoch, run.epoch, run.step)
        for row in store.runs.epochs([run.id]):
            found[f"{place}, epoch {row.epoch}"] = (row.loss, row.terms, row.applied, row.scores)
        for epoch in store.files.kept_epochs(run.id):
            found[f"{place}, logits {epoch}"] = store.files.logits(run.id, epoch)
        for name, values in (store.files.weights(run.id) or {}).items():
            found[f"{place}, weights {name}"] = values
    return found


def differences(expected: Numbers, found: Numbers) -> list[tuple[str, str]]:
    """Return where two studies' numbers are not equal to the last bit, and how."""
    told = [(where, "missing") for where in expected.keys() - found.keys()]
    told += [(where, "one too many") for where in found.keys() - expected.keys()]
    for where in expected.keys() & found.keys():
        one, other = expected[where], found[where]
        if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
            if not np.array_equal(one, other):
                told.append((where, "other values"))
        elif one != other:
            told.append((where, f"{one} became {other}"))
    return sorted(told)


def finished_runs(store: Store, study: str | None) -> dict[str, Any]:
    """Return the epochs and the weights of the runs of a study that have come to their end."""
    runs = store.studies.runs_of(study).values() if study else []
    done = [run.id for run in runs if run.status == "done"]
    return {run: ([row.scores for row in store.runs.epochs([run])], _sums(store.files.weights(run))) for run in done}


def _sums(weights: dict[str, Any] | None) -> dict[str, float] | None:
    return weights and {name: float(np.abs(values).sum()) for name, values in weights.items()}


def eventually(question: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Return the first answer that is true.

    Raises:
        TimeoutError: there was none.
    """
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing came within {seconds} seconds")
        time.sleep(0.02)
    return answer


def _undisturbed(home: Path) -> tuple[Store, str]:
    process = _command(home, *_race_words())
    if process.wait() != 0:
        raise SystemExit("the race that nobody disturbs did not come to its end")
    store = Store(home)
    return store, store.studies.list()[0].id


def _race_words() -> list[str]:
    changes = [f"--set={path}={value}" for path, value in SETTINGS.items()]
    return ["race", "digits", f"--seeds={SEEDS}", *changes]


def _command(home: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kd_core", *words, "--home", str(home)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=ROOT, env=_environment(), **quiet)  # type: ignore[call-overload]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "KD_SUPERVISOR"}


def _below(pid: int, word: str = "") -> list[int]:
    with suppress(psutil.Error):
        return [one.pid for one in psutil.Process(pid).children(recursive=True) if word in " ".join(one.cmdline())]
    return []


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, SIGKILL)


if __name__ == "__main__":
    main()
