"""Lost studies: marked as running while nobody holds their lock, they are ended with the tail of their log."""

from __future__ import annotations

import signal
import time
from collections.abc import Container
from pathlib import Path

from kd_core.errors import JobFailed, Reason
from kd_core.jobs.locks import held, is_free, job_lock, log_file, supervisor_lock
from kd_core.store import Store, error_json
from kd_core.vocabulary import ENDS

GRACE_SECONDS = 3.0
"""Who trains in its own process marks a study as running a moment before it takes the lock."""
LOOK_SECONDS = 0.1
GLANCE_SECONDS = 0.5
"""Who only looks whether a lock is free has let go of it by then."""
BEGINS = "---- study"
"""How a job's first line in its log begins; a resumed study writes on in the same file."""


def mark_lost(store: Store) -> list[str]:
    """Mark running studies whose job has vanished as lost; return their ids.

    For pages and the command line; a living supervisor does it by itself every second, and knows more.
    """
    return find_lost(store) if is_free(supervisor_lock(store.home)) else []


def wait_for_lost(store: Store, study: str) -> None:
    """Wait until a study that says it runs while nobody holds its lock is told as lost, or is taken up.

    For who wants to resume it now: until the grace is over, and a supervisor that lives has looked, nobody tells it.

    Raises:
        RunUnknown: there is none of that id.
    """
    deadline = time.monotonic() + 2 * GRACE_SECONDS
    while store.studies.get(study).status == "running" and time.monotonic() < deadline:
        with held(job_lock(store.home, study), wait=GLANCE_SECONDS) as job_is_gone:
            if not job_is_gone:
                return
        mark_lost(store)
        time.sleep(LOOK_SECONDS)


def find_lost(store: Store, supervised: Container[str] = ()) -> list[str]:
    """Mark running studies as lost whose lock is free, except those that are ``supervised``."""
    old_enough = time.time() - GRACE_SECONDS
    running = [row for row in store.owners.alive() if row.status == "running" and row.id not in supervised]
    return [row.id for row in running if (row.started or 0.0) < old_enough and mark_ended(store, row.id, "lost")]


def mark_ended(store: Store, study: str, status: str, exitcode: int | None = None) -> bool:
    """End a study whose job is gone without recording it; False where it still runs, or has recorded its end itself.

    Args:
        store: where it is.
        study: its id.
        status: "lost", "stopped", "paused" or "interrupted"; "lost" becomes "stopped" where a person asked for that.
        exitcode: of its process, as far as it is known; other than 0, a study that still waits is meant too.
    """
    unended = ("running", "queued") if exitcode and status == "lost" else ("running",)
    with held(job_lock(store.home, study), wait=0.2 if exitcode is not None else 0.0) as job_is_gone:
        row = store.studies.get(study)
        if not job_is_gone or row.status not in unended:
            return False
        if row.wish == "stop":
            status = "stopped"
        if status in ENDS.values():
            store.studies.end(study, status)
        elif status == "lost":
            reason = _reason(exitcode, log_tail(log_file(store.home, study)))
            store.studies.end(study, "lost", error_json(JobFailed(reason=reason)))
        else:
            store.studies.end(study, status)
        return True


def log_tail(path: Path, lines: int = 3) -> str:
    """Return the last lines of a job's log that are more than reports of progress, as printable text."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    since = text.rpartition(BEGINS)[2].splitlines()[1:] if BEGINS in text else text.splitlines()
    printable = ["".join(c for c in line if c.isprintable()).strip()[:300] for line in since if " INFO " not in line]
    return " / ".join([line for line in printable if line][-lines:])


def _reason(exitcode: int | None, tail: str) -> Reason:
    if exitcode == -getattr(signal, "SIGKILL", 9):
        how = Reason("job_killed", "its process was killed, by a person or because memory ran out.")
    elif exitcode is not None and exitcode < 0:
        how = Reason("job_signalled", "its process was ended by {signal}.", signal=_signal_name(-exitcode))
    else:
        how = Reason("job_gone", "its process is gone.")
    return Reason("job_last_words", "{how} Its last words: {tail}", how=how, tail=tail) if tail else how


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
