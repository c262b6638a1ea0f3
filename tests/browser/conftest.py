"""A real Chromium, and Streamlit servers of our own to point it at."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SERVER = [
    "--server.headless=true",
    "--server.fileWatcherType=none",
    "--server.address=127.0.0.1",
    "--browser.gatherUsageStats=false",
]
START_SECONDS = 60

Serve = Callable[..., str]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium (or the one that KD_CHROMIUM names), so that nothing is downloaded."""
    chromium = os.environ.get("KD_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium on this machine; name one with KD_CHROMIUM")
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS}


@pytest.fixture(scope="session")
def base_url() -> None:
    """None, since every address here is whole.

    pytest-playwright's own fixture of this name warns under pytest 9, and warnings are errors.
    """


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """`serve(script, **env) -> url`: a Streamlit server that lives until the tests end.

    The same script with the same environment is served once; an environment of its own makes a test's server its own.
    ``port`` is a free one, or one that somebody has to know before.
    Streamlit's options are environment variables too: `serve(script, STREAMLIT_THEME_BASE="dark")`.
    """
    servers: dict[tuple[str, ...], tuple[str, subprocess.Popen[bytes]]] = {}

    def start(script: str | Path, port: int | None = None, **env: str) -> str:
        identity = (str(script), *(f"{name}={value}" for name, value in sorted(env.items())))
        if identity not in servers:
            log = tmp_path_factory.mktemp("server") / "log"
            servers[identity] = _start(Path(script), env, log, port or free_port())
        return servers[identity][0]

    yield start
    for _, process in servers.values():
        _end(process)


def _start(script: Path, env: dict[str, str], log: Path, port: int) -> tuple[str, subprocess.Popen[bytes]]:
    """Start a server and wait until it says that it is well."""
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", *SERVER]
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full", "PYTHONPATH": paths, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return url, process
        except (URLError, OSError):
            time.sleep(0.05)
    _end(process)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server with all that it started, since it leads a session of its own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
