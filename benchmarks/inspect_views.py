"""How fast the Inspect page answers: ``python -m benchmarks.inspect_views [--repeats 40] [--images 600] [--training]``.

Prints one JSON object of milliseconds in Chromium (median, 95th percentile): a selection to all repainted views, a
scrubbed epoch to all of them, and both with answers that come from the server epoch by epoch. ``--training`` measures
beside a running job. Networks and images are the digits preset's; ``--images`` repeats its test images up to a number.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.browser import FLAGS, server, told, training_job

FIND = """
  const host = [...document.querySelectorAll('[class*="st-key-inspector"] *')].find((node) => node.shadowRoot);
  const root = host.shadowRoot;
  const by = (id) => root.querySelector(`[data-testid="${id}"]`);
  const painted = () => new Promise((done) => requestAnimationFrame(() => { const c = new MessageChannel();
    c.port1.onmessage = () => done(); c.port2.postMessage(0); }));
"""
SELECT = f"""
async (repeats) => {{ {FIND}
  const times = [];
  for (let i = 0; i < repeats; i++) {{
    const cell = by(`pick-class:${{i % 10}}`);
    const began = performance.now();
    cell.dispatchEvent(new MouseEvent("click", {{ bubbles: true, composed: true }}));
    await painted();
    times.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 120));
  }}
  return times;
}}
"""
SCRUB = f"""
async (repeats) => {{ {FIND}
  const slider = by("epoch-slider");
  const shown = () => [...root.querySelectorAll('[data-testid^="pick-cell"] [data-count]')]
    .map((node) => node.dataset.count).join();
  const times = [];
  for (let i = 0; i < repeats; i++) {{
    const before = shown();
    slider.value = 1 + (7 * i) % 40;
    const began = performance.now();
    slider.dispatchEvent(new Event("input", {{ bubbles: true, composed: true }}));
    slider.dispatchEvent(new Event("change", {{ bubbles: true, composed: true }}));
    while (shown() === before && performance.now() - began < 3000) await painted();
    await painted();
    times.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 150));
  }}
  return times;
}}
"""


ACTS = {"selection": SELECT, "scrubbed_epoch": SCRUB}


def trained_race(home: Path) -> str:
    """Train one race of the digits preset and return its study."""
    from kd_core import PRESETS, Store, Study
    from kd_core.experiments.study_runner import run_study

    store = Store(home)
    study = store.studies.add(Study.race(PRESETS["digits"].recipe, 1, "digits"), status="running")
    run_study(store, study, data_root=home)
    store.close()
    return study


def enlarge(home: Path, study: str, images: int) -> None:
    """Repeat test images and answers of a study up to a number, in the store's own files."""
    from kd_core import Store
    from kd_core.results.inspection import sides_of

    store = Store(home)
    sides = sides_of(store, study)
    for side in sides:
        for epoch in side.epochs:
            logits = store.files.logits(side.run.id, epoch)
            if logits is not None:
                store.files.save_logits(side.run.id, epoch, {"test": np.resize(logits, (images, logits.shape[1]))})
    source = str(sides[0].run.source)
    found = store.files.source(source)
    if found is not None:
        arrays, facts = found
        (home / "sources" / f"{source}.safetensors").unlink()
        larger = {name: np.resize(values, (images, *values.shape[1:])) for name, values in arrays.items()}
        store.files.save_source(source, larger, facts)
    store.close()


def measured(browser: Browser, url: str, study: str, repeats: int, suffix: str) -> dict[str, list[float]]:
    """Return milliseconds of selections and of scrubbed epochs on a page of its own."""
    page: Page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{url}/inspect?study={study}")
    page.get_by_test_id("view-groups").wait_for(timeout=60_000)
    page.get_by_test_id("source-2").wait_for(timeout=60_000)
    page.wait_for_timeout(1500)
    found = {
        f"selection{suffix}": page.evaluate(SELECT, repeats),
        f"scrubbed_epoch{suffix}": page.evaluate(SCRUB, repeats),
    }
    page.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--images", type=int, help="so many test images; by default those of the digits preset")
    parser.add_argument("--training", action="store_true", help="measure beside a running job too")
    asked = parser.parse_args()
    chromium = os.environ.get("KD_CHROMIUM") or shutil.which("chromium")
    found: dict[str, Any] = {}
    with sync_playwright() as play, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        study = trained_race(home)
        if asked.images:
            enlarge(home, study, asked.images)
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        with server(home) as url:
            found |= measured(browser, url, study, asked.repeats, "")
            if asked.training:
                with training_job(url, home):
                    found |= measured(browser, url, study, asked.repeats, "_beside_training")
        browser.close()
    print(json.dumps(told(found), indent=1))


if __name__ == "__main__":
    main()
