"""A real nginx on loopback with the configuration that comes with the product, in front of servers on other ports."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.small_studies import eventually

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "nginx.conf"
SERVERS, PORT = "    server server:8501 resolve;", "listen 8080;"
"""The two lines that differ without containers."""
AROUND = """
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    log_format served '$kd_server $upstream_addr $uri';
    access_log {folder}/served.log served;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/default.conf;
}}
"""


class Served(NamedTuple):
    """A request that is over: the browser's number, the servers that were tried, and what was asked for."""

    browser: str
    servers: tuple[str, ...]
    path: str


class Proxy:
    """An nginx that is not started yet.

    Args:
        folder: of its own.
        servers: where the servers listen, such as "127.0.0.1:8501".
    """

    def __init__(self, folder: Path, servers: Sequence[str]) -> None:
        found = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
        if found is None:
            pytest.skip("there is no nginx on this machine; it is a package of that name on every Linux")
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        text = CONFIGURATION.read_text("utf-8")
        assert text.count(SERVERS) == text.count(PORT) == 1
        text = text.replace(SERVERS, "\n".join(f"    server {one};" for one in servers))
        (folder / "default.conf").write_text(text.replace(PORT, f"listen 127.0.0.1:{port};"))
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""  # else it may not read our folder
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
        self.command = [found, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]

    def checked(self) -> str:
        """Return what nginx thinks of the configuration."""
        return subprocess.run([*self.command, "-t"], capture_output=True, text=True, timeout=30).stderr

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        """Run it for a block."""
        process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            eventually(lambda: self._answers() or process.poll() is not None, 20)
            assert process.poll() is None, (self.folder / "error.log").read_text()
            yield self
        finally:
            process.terminate()
            process.wait(timeout=20)

    def served(self) -> list[Served]:
        """Return what was asked for so far; a websocket is in it once it is closed."""
        lines = (line.split(" ", 1) for line in (self.folder / "served.log").read_text().splitlines())
        rest = [(browser, *more.rsplit(" ", 1)) for browser, more in lines]
        return [Served(browser, tuple(servers.split(", ")), path) for browser, servers, path in rest]

    def _answers(self) -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", int(self.url.rsplit(":", 1)[1]))) == 0
