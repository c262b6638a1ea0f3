"""A process that writes into a store as fast as it can. Usage: python writer_process.py HOME STUDY POSITION COUNT."""

from __future__ import annotations

import sys

from kd_core.errors import KDError
from kd_core.store import EpochRow, PointRow, Store

if __name__ == "__main__":
    home, study, position, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    store = Store(home)
    run = store.studies.members(study)[position].run
    assert run is not None
    scores = {"test": {"accuracy": 0.5}}
    try:
        for number in range(count):
            row = EpochRow(run, number, 1.0, {"labels": 1.0}, {"lr": 0.1}, scores, 0.1)
            point = PointRow(run, number + 1, number + 1.0, {"labels": 1.0})
            store.runs.record({run: {"epoch": number + 1}}, [point], [row])
            known = int(store.fact(f"told-{position}", 0))
            store.set_fact(f"told-{position}", known + 1)
    except KDError as error:
        sys.exit(str(error))
