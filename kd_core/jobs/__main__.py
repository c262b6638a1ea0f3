"""The supervisor's own command: ``python -m kd_core.jobs --home DIR --data-root DIR``."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

import psutil

from kd_core.jobs.locks import held, supervisor_lock
from kd_core.jobs.supervisor import Supervisor
from kd_core.jobs.workers import start_method, workers
from kd_core.store import Store

WAIT_SECONDS = 2.0
"""Somebody who only looks whether the lock is free holds it for a moment."""


def main() -> None:
    """Serve a store's queue, unless somebody does already."""
    parser = argparse.ArgumentParser(prog="python -m kd_core.jobs", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the store's folder")
    parser.add_argument("--data-root", type=Path, required=True, help="where torchvision sets lie")
    parser.add_argument("--stay", action="store_true", help="serve until ended, whether or not a server is there")
    parser.add_argument("--start-method", choices=["forkserver", "spawn"], default=start_method())
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with held(supervisor_lock(arguments.home), wait=-1 if arguments.stay else WAIT_SECONDS) as acquired:
        if acquired:
            _be_nice()
            supervisor = Supervisor(
                Store(arguments.home), workers(arguments.start_method, arguments.home, arguments.data_root)
            )
            if not arguments.stay:
                supervisor.listen_to_server()
            supervisor.listen()
            supervisor.serve()


def _be_nice() -> None:
    """Let pages go first, here and in every process started from here."""
    if hasattr(os, "nice"):
        os.nice(10)
    else:
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)  # type: ignore[attr-defined]  # Windows only


if __name__ == "__main__":
    main()
