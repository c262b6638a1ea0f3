"""How long a map takes from the page: ``python -m benchmarks.map [--repeats 5] [--seeds 3] [--pictures FOLDER]``.

A fresh store each time, the default 8 x 8 map of the digits preset, nothing trained before: seconds from pressing Start
to the first cell with a number, to the first painted epoch in which every cell has one, and to the finished map; then a
training temperature is moved on the Race page, and its nearest student is waited for.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.browser import FLAGS, server

WATCH = """
() => {
  const begin = performance.now(), seen = {};
  window.seen = seen;
  const root = () => [...document.querySelectorAll('[class*="st-key-sweep_map"] *')].find((node) => node.shadowRoot);
  const timer = setInterval(() => {
    const cells = [...(root()?.shadowRoot.querySelectorAll('.map-value') ?? [])];
    const values = cells.filter((one) => /\\d/.test(one.textContent));
    if (values.length) seen.first ??= performance.now() - begin;
    if (values.length >= 64) seen.all ??= performance.now() - begin;
    if (values.length && !document.querySelector('.st-key-sweep_stop')) {
      seen.done ??= performance.now() - begin; clearInterval(timer);
    }
  }, 15);
}
"""


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pictures", type=Path, help="save screenshots of the last map here")
    asked = parser.parse_args()
    with sync_playwright() as playwright:
        chromium = os.environ.get("KD_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        found = [one(browser, asked.seeds, asked.pictures) for _ in range(asked.repeats)]
        browser.close()
    told = {name: [round(sample[name], 2) for sample in found] for name in found[0]}
    medians = {name: statistics.median(samples) for name, samples in told.items()}
    print(json.dumps({"seeds": asked.seeds, "median_seconds": medians, "samples": told}, indent=1))


def one(browser: Browser, seeds: int, pictures: Path | None) -> dict[str, float]:
    """Train one map from the page and return seconds."""
    with tempfile.TemporaryDirectory() as home, server(Path(home)) as url:
        page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
        page.goto(f"{url}/sweep?seeds={seeds}")
        start = page.locator(".st-key-sweep_start button:enabled")
        start.wait_for(timeout=60_000)
        time.sleep(8)  # the fork server of a server that was just started still imports
        start.click()
        page.evaluate(WATCH)
        _pictured(page, pictures, "start")
        page.wait_for_function("window.seen.all", timeout=120_000)
        _pictured(page, pictures, "first epochs")
        page.wait_for_timeout(2000)
        _pictured(page, pictures, "half way")
        page.wait_for_function("window.seen.done", timeout=300_000)
        seen = {name: value / 1000 for name, value in page.evaluate("window.seen").items()}
        page.wait_for_timeout(1500)
        _pictured(page, pictures, "end")
        seen["moved_temperature"] = _moved(page, pictures)
        page.context.close()
        return seen


def _moved(page: Page, pictures: Path | None) -> float:
    """Return the seconds from a key on the training temperature to the other student's text."""
    page.get_by_test_id("map-open").click()
    note = page.locator(".st-key-living_map")
    note.wait_for(timeout=30_000)
    page.locator(".st-key-race_start button:enabled").wait_for(timeout=30_000)
    page.wait_for_timeout(1500)
    before = note.inner_text()
    slider = page.locator(".st-key-set-method-temperature, [class*='st-key-set-method-temperature']").get_by_role(
        "slider"
    )
    began = time.perf_counter()
    slider.first.press("ArrowLeft")
    page.wait_for_function(
        "told => !document.querySelector('.st-key-living_map')?.innerText.includes(told)", arg=before
    )
    took = time.perf_counter() - began
    _pictured(page, pictures, "living map")
    return took


def _pictured(page: Page, pictures: Path | None, name: str) -> None:
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=pictures / f"{name.replace(' ', '-')}.png")


if __name__ == "__main__":
    main()
