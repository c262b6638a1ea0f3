"""How long a stroke waits for its bars, in a real Chromium: ``python -m benchmarks.drawing [--training]``.

Prints one JSON object of milliseconds (median and 95th percentile) over 30 strokes on the pad of Soft labels: from the
movement of the hand to the frame in which small image and bars are painted, for a race of the digits preset's networks
and for one of two small convolutional networks; beside it what a frame takes in which nothing moves, which tells how
busy the machine was. ``--training`` measures beside a running job too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.browser import FLAGS, server, told, training_job
from kd_core import PRESETS, Store, Study
from kd_core.experiments import run_study

STROKES = """
async (pad) => {
  const [times, idle] = [[], []];
  const frame = () => new Promise((done) => requestAnimationFrame(() => { const c = new MessageChannel();
    c.port1.onmessage = () => done(); c.port2.postMessage(0); }));
  const box = pad.getBoundingClientRect();
  const send = (type, x, y) => pad.dispatchEvent(new PointerEvent(type, { pointerId: 5, button: 0, bubbles: true,
    clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
  for (let i = 0; i < 31; i++) {
    const [x, y] = [0.2 + 0.6 * ((i * 7) % 31) / 31, 0.2 + 0.6 * ((i * 11) % 31) / 31];
    send("pointerdown", x, y);
    await frame();
    const before = performance.now();
    await frame();
    if (i) idle.push(performance.now() - before);
    const began = performance.now();
    send("pointermove", x + 0.1, y + 0.05);
    await frame();
    // The first stroke lays out the bars; people wait for that once.
    if (i) times.push(performance.now() - began);
    send("pointerup", x + 0.1, y + 0.05);
    await frame();
  }
  return [times, idle];
}
"""


def strokes(browser: Browser, url: str, query: str) -> tuple[list[float], list[float]]:
    """Return the milliseconds of 30 strokes on a page's pad, and of the frames before them in which nothing moved."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{url}/soft_labels?{query}")
    pad = page.get_by_test_id("pad")
    pad.wait_for(timeout=120_000)
    page.wait_for_timeout(2000)
    times, idle = pad.evaluate(STROKES)
    page.get_by_test_id("bar-teacher-1").wait_for(state="attached")
    page.close()
    return times, idle


NETWORKS = {
    "mlp": {},  # the preset's: 256-256 teaches 12-12
    "convnet": {
        "student": {"name": "convnet", "channels": [8, 16], "fc": 32},
        "teacher.student": {"name": "convnet", "channels": [32, 64], "fc": 128},
    },
}


def races(home: Path) -> dict[str, str]:
    """Train a race of one epoch for each kind of network; return the studies' ids."""
    store, studies = Store(home), {}
    for name, networks in NETWORKS.items():
        recipe = PRESETS["digits"].recipe.changed({**networks, "optim.epochs": 1, "teacher.optim.epochs": 1})
        studies[name] = store.studies.add(Study.race(recipe), status="running")
        run_study(store, studies[name], data_root=home)
    store.close()
    return studies


def measured(browser: Browser, url: str, studies: dict[str, str]) -> dict[str, list[float]]:
    """Return the milliseconds for every race."""
    found = {}
    for name, study in studies.items():
        times, idle = strokes(browser, url, f"v=1&subject=drawing&study={study}")
        found |= {f"stroke_{name}": times, f"empty_frame_{name}": idle}
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", action="store_true", help="measure beside a running job too")
    asked = parser.parse_args()
    chromium = os.environ.get("KD_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as play, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        studies = races(home)
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        with server(home) as url:
            found = measured(browser, url, studies)
            if asked.training:
                with training_job(url, home):
                    beside = measured(browser, url, studies)
                found |= {f"{name}_beside_training": values for name, values in beside.items()}
        browser.close()
    print(json.dumps(told(found), indent=1))


if __name__ == "__main__":
    main()
