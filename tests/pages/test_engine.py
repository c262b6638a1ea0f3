"""The engine as a server starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
START = """
from pages.parts.app import engine
engine.jobs.ensure_supervisor = lambda *args: None
engine._warm_up()
assert engine.engine_ready()
"""


def test_a_server_that_starts_sweeps_what_killed_uploads_and_downloads_left(tmp_path: Path) -> None:
    for left in ("uploads/.upload-1/cat", "data/.download-2", "uploads/pets-3"):
        (tmp_path / left).mkdir(parents=True)
    environment = {**os.environ, "KD_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    environment.pop("KD_DATA", None)
    ran = subprocess.run([sys.executable, "-c", START], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["pets-3"]
    assert list((tmp_path / "data").iterdir()) == []
