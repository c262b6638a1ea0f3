"""Hold this engine against published figures: ``python -m benchmarks.evidence --home DIR --data-root DIR``.

Every claim is trained in small pieces in a store of its own (``--home``), cheap claims first. A stopped or killed run
goes on where it was when the same command is given again, and what is finished is never trained twice. What is asked,
with how many seeds, and how many hours of one core a claim may cost stands in ``claims.toml`` beforehand; a claim that
needs more is told as not affordable. ``--record`` writes ``assets/evidence/<name>.json`` for claims that are complete;
``--progress`` trains nothing and tells how far each is; ``--full`` adds what takes hours on a GPU and days without.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import kd_core.compute.autotune
import kd_core.compute.plan
from benchmarks.evidence.documents import CLAIMS, ON_GPU, document, path_of, recorded, write
from benchmarks.evidence.trial_store import DataAbsent, OutOfHours, TrialBroke, Trials
from benchmarks.evidence.trials import TRIALS, Trial
from benchmarks.harness import parser_of
from kd_core.store import default_home

log = logging.getLogger(__name__)


class Progress(NamedTuple):
    """How far a claim is: pieces, hours of one core, and what came of it where it is complete."""

    claim: str
    done: int
    pieces: int
    spent: float
    budget: float
    trial: Trial | None

    @property
    def left(self) -> float:
        """Return how many hours are left at the pace so far; before it has one, its budget's share.

        Pieces that another claim trained cost this one nothing, so that its pace is known only once it has spent some.
        """
        pace = self.spent / self.done if self.spent else self.budget / self.pieces
        return pace * (self.pieces - self.done)

    def __str__(self) -> str:
        state = "complete" if self.trial else f"{self.left:.2f} h left"
        hours = f"{self.spent:.2f} of {self.budget:g} h"
        return f"{self.claim:20} {self.done:4} / {self.pieces:<4} pieces, {hours}, {state}"


def main() -> None:
    """Train what was asked for, claim by claim, and record what is complete."""
    asked = _asked()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    names = asked.claim or [name for name in TRIALS if asked.full or name not in ON_GPU]
    for name in CLAIMS:
        if not path_of(name).exists():
            write(document(name))
    looking = Trials(asked.home, asked.data_root, looks=True)
    if not asked.progress:
        trials = Trials(asked.home, asked.data_root)
        with _one_thread():
            for name in names:
                _train(trials, name)
                if asked.record:
                    _record(progress(looking, name))
    for name in names:
        _tell(looking, name)


def progress(looking: Trials, name: str) -> Progress:
    """Return how far a claim is, without training anything.

    Raises:
        DataAbsent: its data are not on this machine.
    """
    claim = CLAIMS[name]
    looking.begin(name, claim["hours"])
    trial = TRIALS[name](looking, claim["seeds"])
    finished = trial if looking.complete else None
    return Progress(name, looking.done, looking.pieces, looking.hours, claim["hours"], finished)


def _train(trials: Trials, name: str) -> None:
    trials.begin(name, CLAIMS[name]["hours"])
    log.info("%s begins", name)
    began = time.monotonic()
    try:
        TRIALS[name](trials, CLAIMS[name]["seeds"])
    except (OutOfHours, DataAbsent) as error:
        log.info("%s: not affordable here: %s", name, error)
    except TrialBroke as error:
        log.info("%s: %s", name, error)
    else:
        log.info(
            "%s is complete after %.0f s, %.2f hours of a core in all", name, time.monotonic() - began, trials.hours
        )


def _record(found: Progress) -> None:
    if found.trial is not None:
        told = recorded(found.claim, found.trial, found.spent)
        write(told)
        log.info("%s: %s", found.claim, told["outcome"])


def _tell(looking: Trials, name: str) -> None:
    try:
        print(progress(looking, name), flush=True)
    except DataAbsent as error:
        print(f"{name:20} not affordable here: {error}", flush=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let the engine believe that there is one core: it then trains beside other work."""
    with ExitStack() as patches:
        for module in (kd_core.compute.plan, kd_core.compute.autotune):
            patches.enter_context(patch.object(module, "available_cores", lambda: 1))
        yield


def _asked() -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.prog = "python -m benchmarks.evidence"
    parser.add_argument("--claim", nargs="+", choices=list(TRIALS), metavar="NAME", help=f"of {', '.join(TRIALS)}")
    home = default_home() / "evidence"
    parser.add_argument("--home", type=Path, default=home, help="a store that outlives a stopped run (%(default)s)")
    parser.add_argument("--record", action="store_true", help="write the files of claims that are complete")
    parser.add_argument("--progress", action="store_true", help="train nothing, tell how far every claim is")
    parser.add_argument("--full", action="store_true", help=f"also what needs a GPU: {', '.join(ON_GPU)}")
    asked = parser.parse_args()
    if not asked.full and (needs_gpu := [name for name in asked.claim or () if name in ON_GPU]):
        parser.error(f"{', '.join(needs_gpu)} needs a GPU, for hours: ask for it with --full")
    return asked


if __name__ == "__main__":
    main()
