"""Servers: the dashboard as a newcomer starts it, once or several times on one store, and what it costs."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError

import psutil

from kd_core.jobs.locks import held, supervisor_lock

ROOT = Path(__file__).parents[2]
CPU_CLOCK = 2
"""Linux's scheduler clock of a process; its number holds the process's id, and it knows threads that have ended."""
START_SECONDS, END_SECONDS = 60.0, 20.0


class Server:
    """One process of the dashboard.

    Args:
        home: the store's folder.
        number: of this server, for its log.
        app: the script.
    """

    def __init__(self, home: Path, number: int, app: Path = ROOT / "app.py") -> None:
        self.log = home / f"server-{number}.log"
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "streamlit", "run", str(app), f"--server.port={port}"]
        own = {"KD_HOME": str(home), "STREAMLIT_LOGGER_ENABLE_RICH": "false"}  # traces as ``traces`` reads them
        with self.log.open("wb") as log:
            self.process = psutil.Popen(
                command, cwd=ROOT, env=os.environ | own, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(URLError, OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                return
            time.sleep(0.05)
        raise SystemExit(f"no server on {self.url}: {self.log.read_text()[-2000:]}")

    def cpu_seconds(self) -> float:
        """Return user and system time of the process so far; what it started is not in it."""
        if sys.platform == "linux":
            return time.clock_gettime((~self.process.pid << 3) | CPU_CLOCK)
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)

    def rss(self) -> int:
        """Return the bytes that it holds now."""
        return int(self.process.memory_info().rss)

    def traces(self) -> list[str]:
        """Return the last line of every trace in its log."""
        found = re.findall(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(.*)", self.log.read_text())
        return [line[:300] for line in found]

    def end(self) -> None:
        """End it, and with the last one on a store the jobs."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=END_SECONDS)
        except psutil.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def started(home: Path, count: int) -> Iterator[list[Server]]:
    """Start servers on one store and end them after the block, with the jobs that they began."""
    servers = [Server(home, number) for number in range(count)]
    try:
        for server in servers:
            server.wait()
        yield servers
    finally:
        for server in servers:
            server.end()
        with held(supervisor_lock(home), wait=END_SECONDS):
            pass


class Meter:
    """CPU and memory of servers over a block of time.

    Args:
        servers: none where somebody else's are asked.
    """

    def __init__(self, servers: Sequence[Server]) -> None:
        self.servers, self.idle_share, self.most_bytes = servers, 0.0, 0
        self._began, self._cpu = 0.0, 0.0

    def cpu_seconds(self) -> float:
        """Return what all servers have spent so far."""
        return sum(server.cpu_seconds() for server in self.servers)

    async def learn_idle(self, seconds: float = 3.0) -> None:
        """Measure how much of a core the servers take when nobody does anything."""
        self.start()
        await asyncio.sleep(seconds)
        spent = self.cpu_seconds() - self._cpu
        self.idle_share = spent / (time.perf_counter() - self._began)

    def start(self) -> None:
        """Begin to count."""
        self._began, self._cpu = time.perf_counter(), self.cpu_seconds()

    def spent(self) -> float:
        """Return the CPU seconds since ``start`` without those of an idle server."""
        idle = self.idle_share * (time.perf_counter() - self._began)
        return max(0.0, self.cpu_seconds() - self._cpu - idle)

    async def watch_memory(self) -> None:
        """Remember the most bytes that all servers held together, until cancelled."""
        while True:
            self.most_bytes = max(self.most_bytes, sum(server.rss() for server in self.servers))
            await asyncio.sleep(0.25)


def machine() -> dict[str, object]:
    """Return the processor's name and how many cores there are to use."""
    name = platform.processor() or platform.machine()
    with suppress(OSError):
        told = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        name = told[1] if told else name
    return {
        "processor": name,
        "cores": len(psutil.Process().cpu_affinity()) if sys.platform == "linux" else os.cpu_count(),
    }
