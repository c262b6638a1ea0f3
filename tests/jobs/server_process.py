"""A server as the dashboard is one: it makes sure that a supervisor lives, queues a study, and then serves nobody.

Usage: python server_process.py HOME [EPOCHS]; prints the study's id, if one is wanted.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from kd_core import jobs
from kd_core.store import Store
from tests.small_studies import DATA, solo

if __name__ == "__main__":
    home = Path(sys.argv[1])
    store = Store(home)
    jobs.ensure_supervisor(home, DATA)
    print(jobs.submit(store, solo(int(sys.argv[2])), data_root=DATA) if len(sys.argv) > 2 else "ready", flush=True)
    signal.pause()
