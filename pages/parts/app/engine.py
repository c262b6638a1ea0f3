"""The engine as the pages reach it: the store, the jobs, and a warm-up that never delays the first picture."""

from __future__ import annotations

import gc
import logging
import os
import threading
from functools import cache
from pathlib import Path

import streamlit as st

from kd_core import jobs
from kd_core.errors import JobFailed, KDError, system_reason
from kd_core.store import Store, default_home

_ready = threading.Event()
_starting = threading.Lock()
_failures: list[Exception] = []
log = logging.getLogger("kd_core.pages")


@cache
def store() -> Store:
    """Return this server's store."""
    return Store(default_home())


def data_root() -> Path:
    """Return the folder in which torchvision sets lie: ``KD_DATA``, or ``data`` inside the store."""
    return Path(os.environ.get("KD_DATA") or default_home() / "data")


def engine_ready() -> bool:
    """Tell whether recipes can be built; the first question starts the warm-up in a thread.

    Raises:
        KDError: the warm-up failed, and why.
    """
    if _failures:
        error = _failures[0]
        raise (
            error if isinstance(error, KDError) else JobFailed(reason=system_reason(f"{type(error).__name__}: {error}"))
        )
    if not _ready.is_set() and _starting.acquire(blocking=False):
        threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    return _ready.is_set()


def engine_is_warm() -> bool:
    """Tell whether recipes can be built, without starting the warm-up: nothing may slow the first picture down."""
    return _ready.is_set() and not _failures


def require_engine(key: str) -> None:
    """Show a skeleton and end this run until the engine is warm; for pages that need it from their first line."""
    if not engine_ready():
        _wait_for_engine()
        st.stop()


@st.fragment(run_every=0.15)
def _wait_for_engine() -> None:
    if engine_ready():
        st.rerun()
    st.skeleton(height=240)


def _warm_up() -> None:
    # Streamlit collects garbage after every rerun; what was imported before need not be looked at again.
    gc.freeze()
    try:
        from kd_core.recipe import PRESETS  # imports torch

        next(iter(PRESETS.values()))
        gc.collect()
        gc.freeze()
        _ready.set()
        # Only now: its fork server imports torch too, and two imports at once take twice as long.
        jobs.ensure_supervisor(store().home, data_root())
        from kd_core.datasets.io import sweep_leftovers

        sweep_leftovers(store().home / "uploads", data_root())
    except Exception as error:  # a page must not wait for ever for what will not come
        log.exception("the engine did not start")
        _failures.append(error)
