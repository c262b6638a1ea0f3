"""Workers: how a process for a study comes about on each system."""

from __future__ import annotations

from kd_core.jobs.workers import start_method


def test_jobs_are_forked_only_on_linux_without_a_gpu() -> None:
    assert start_method("linux", accelerator=False) == "forkserver"
    assert start_method("linux", accelerator=True) == "spawn"
    assert start_method("darwin", accelerator=False) == "spawn"
    assert start_method("win32", accelerator=False) == "spawn"
