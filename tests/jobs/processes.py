"""Processes of jobs as tests look at them."""

from __future__ import annotations

from pathlib import Path

import psutil

from kd_core import jobs
from kd_core.recipe import Study
from kd_core.store import Store
from tests.small_studies import DATA

ROOT = Path(__file__).parents[2]


def submit(store: Store, study: Study) -> str:
    return jobs.submit(store, study, data_root=DATA, fresh=True)


def gone(processes: list[psutil.Process]) -> bool:
    return all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in processes)


def family_of(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def children_of_the_tests() -> list[psutil.Process]:
    """Return the processes that live below this one; one that ended and was not fetched has no command line."""
    return [one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]
