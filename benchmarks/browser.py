"""How long a person waits, in a real Chromium: ``python -m benchmarks.browser [--repeats 10] [--training]``.

Prints one JSON object of milliseconds (median and 95th percentile): first picture on a warm server and on one that was
just started, view temperature to repainted bars, time until Start can be pressed, page switches, and with a race of the
digits preset from pressing Start to the first point and to the verdict. ``--training`` measures beside a running job.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DRAG = """
async (slider) => {
  const times = [];
  const frame = () => new Promise((done) => requestAnimationFrame(() => { const c = new MessageChannel();
    c.port1.onmessage = () => done(); c.port2.postMessage(0); }));
  for (let i = 0; i < 40; i++) {
    slider.value = Number(slider.min) + (Number(slider.max) - Number(slider.min)) * (i + 1) / 42;
    const began = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    await frame();
    times.push(performance.now() - began);
  }
  return times;
}
"""

# Notes in the page itself when the bars and an enabled Start button are first there, then painted.
SEEN = {"first_picture": "picture", "start_enabled": "start"}
WATCH = """
window.seen = {};
const note = (name) => requestAnimationFrame(() => { window.seen[name] ??= performance.now(); });
const timer = setInterval(() => {
  for (const node of document.querySelectorAll('[class*="st-key-view_temperature"] *'))
    if (node.shadowRoot?.querySelector('[data-testid="bars"] rect')) note("picture");
  if (document.querySelector('.st-key-race_start button:enabled')) note("start");
  if (window.seen.picture && window.seen.start) clearInterval(timer);
}, 15);
"""


@contextmanager
def server(home: Path) -> Iterator[str]:
    """Start the dashboard on a store of its own and wait until it answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    env = {**os.environ, "KD_HOME": str(home)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                    break
            except (URLError, OSError):
                time.sleep(0.02)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def milliseconds(act: Callable[[], object]) -> float:
    """Return how long ``act`` takes."""
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def picture_is_there(page: Page) -> None:
    """Wait for the digit, its bars and a working slider."""
    page.get_by_test_id("bars").wait_for()
    page.get_by_test_id("view-temperature").wait_for()


def start_is_enabled(page: Page) -> None:
    """Wait until a race can be started."""
    page.locator(".st-key-race_start button:enabled").wait_for(timeout=120_000)


def opened(browser: Browser, url: str) -> dict[str, float]:
    """Return the milliseconds from navigation to the painted picture and to an enabled Start; empty browser cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url, wait_until="commit")
    picture_is_there(page)
    start_is_enabled(page)
    page.wait_for_function("window.seen.picture && window.seen.start")
    seen: dict[str, float] = page.evaluate("window.seen")
    context.close()
    return seen


def cold(browser: Browser, repeats: int) -> dict[str, list[float]]:
    """Measure servers that were just started, one after another."""
    found = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as home, server(Path(home)) as url:
            found.append(opened(browser, url))
    return {f"{name}_cold": [seen[key] for seen in found] for name, key in SEEN.items()}


def warm(browser: Browser, url: str, repeats: int) -> dict[str, list[float]]:
    """Measure a server that has served before."""
    opened(browser, url)
    times = [opened(browser, url) for _ in range(repeats)]
    found = {f"{name}_warm": [seen[key] for seen in times] for name, key in SEEN.items()}
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(url)
    picture_is_there(page)
    start_is_enabled(page)
    found["view_temperature"] = page.get_by_test_id("view-temperature").evaluate(DRAG)
    found["page_switch"] = []
    for _ in range(repeats):
        for name, heading in (("Soft labels", "dark knowledge"), ("Race", "Does the teacher")):
            found["page_switch"].append(milliseconds(lambda n=name, h=heading: switch(page, n, h)))  # type: ignore[misc]
    page.close()
    return found


def switch(page: Page, name: str, heading: str) -> None:
    """Go to another page and wait for its question and its bars."""
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", level=1).filter(has_text=heading).wait_for()
    page.get_by_test_id("bars").first.wait_for()


def race(browser: Browser, url: str) -> dict[str, list[float]]:
    """Press Start with the digits preset: until the first point of the curve, until the verdict is final."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(url)
    start_is_enabled(page)
    page.wait_for_timeout(8000)  # a person looks at the page first; the fork server imports torch meanwhile
    began = time.perf_counter()
    page.locator(".st-key-race_start button").click()
    page.locator(".st-key-race_stop button").wait_for()
    page.locator(".st-key-race_curve path[stroke]").first.wait_for(state="attached")
    first = 1000 * (time.perf_counter() - began)
    page.locator(".st-key-race_stop button").wait_for(state="detached", timeout=300_000)
    spent = 1000 * (time.perf_counter() - began)
    page.close()
    return {"start_to_first_point": [first], "whole_digits_race": [spent]}


@contextmanager
def training_job(url: str, home: Path) -> Iterator[None]:
    """Let a long race run beside what is measured."""
    from kd_core import PRESETS, Store, Study, jobs

    long = PRESETS["digits"].recipe.changed({"optim.epochs": 2000, "teacher.optim.epochs": 2000})
    store = Store(home)
    study = jobs.submit(store, Study.race(long, 20), data_root=home)
    while store.studies.get(study).status != "running":
        time.sleep(0.1)
    yield
    jobs.stop(store, study)
    store.close()


def told(found: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Return median and 95th percentile of each list."""
    return {
        name: {
            "median_ms": round(statistics.median(values), 1),
            "p95_ms": round(sorted(values)[min(len(values) - 1, int(0.95 * len(values)))], 1),
            "n": len(values),
        }
        for name, values in found.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--training", action="store_true", help="measure beside a running job too")
    asked = parser.parse_args()
    chromium = os.environ.get("KD_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as play, tempfile.TemporaryDirectory() as folder:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        found = cold(browser, asked.repeats)
        races: dict[str, list[float]] = {}
        for number in range(3):
            home = Path(folder) / f"race{number}"
            with server(home) as url:
                for name, values in race(browser, url).items():
                    races.setdefault(name, []).extend(values)
        home = Path(folder) / "warm"
        with server(home) as url:
            found |= warm(browser, url, asked.repeats) | races
            if asked.training:
                with training_job(url, home):
                    beside = warm(browser, url, asked.repeats)
                found |= {f"{name}_beside_training": values for name, values in beside.items()}
        browser.close()
    print(json.dumps(told(found), indent=1))


if __name__ == "__main__":
    main()
