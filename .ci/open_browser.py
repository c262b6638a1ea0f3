"""Opens the dashboard in a browser once it answers, or says how where there is none: ``open_browser.py PORT``."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.request
import webbrowser

WAIT_SECONDS = 120


def main(port: str) -> None:
    """Wait until the server is well, then open its first page."""
    url = f"http://localhost:{port}"
    if not answers(f"{url}/_stcore/health"):
        return  # it did not start, and has said why
    if has_screen() and webbrowser.open(url):
        return
    print(f"No browser could be opened from here. Open {url} in one.", flush=True)
    print(f"From another machine: ssh -L {port}:localhost:{port} {socket.gethostname()}, then the same.", flush=True)


def answers(url: str) -> bool:
    """Tell whether an address answers within some time."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.3)
        else:
            return True
    return False


def has_screen() -> bool:
    """Tell whether a browser would have where to be shown; without a screen a text browser would take the terminal."""
    return sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")))


if __name__ == "__main__":
    main(sys.argv[1])
