"""How the loss lab follows the hand, in a real Chromium: ``python -m benchmarks.loss_lab [--training]``.

Prints one JSON object: milliseconds (median and 95th percentile) from a move of a logit, and of the temperature of ten
classes, to repainted arrows, over 60 moves each; frames that two seconds of dragging drop; and from letting the
temperature go to the charts over temperature that Python has drawn anew. ``--training`` measures beside a running job.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.browser import FLAGS, milliseconds, server, told, training_job

FRAME = """
  const frame = () => new Promise((done) => requestAnimationFrame(() => { const c = new MessageChannel();
    c.port1.onmessage = () => done(); c.port2.postMessage(0); }));
"""
DRAG_LOGIT = f"""
async (handle) => {{
  {FRAME}
  const box = handle.getBoundingClientRect();
  const at = {{ bubbles: true, pointerId: 1, clientY: box.top + box.height / 2 }};
  handle.setPointerCapture = () => undefined;
  handle.dispatchEvent(new PointerEvent("pointerdown", {{ ...at, clientX: box.left }}));
  const move = (i) => handle.dispatchEvent(new PointerEvent("pointermove",
    {{ ...at, clientX: box.left + 60 * Math.sin(i / 9) }}));
  const times = [];
  for (let i = 0; i < 60; i++) {{
    const began = performance.now();
    move(i);
    await frame();
    times.push(performance.now() - began);
  }}
  const stamps = [];
  await new Promise((done) => {{
    const next = (now) => {{
      stamps.push(now);
      move(stamps.length);
      if (now - stamps[0] < 2000) requestAnimationFrame(next);
      else done();
    }};
    requestAnimationFrame(next);
  }});
  handle.dispatchEvent(new PointerEvent("pointerup", at));
  const missed = stamps.slice(1).map((now, i) => Math.max(0, Math.round((now - stamps[i]) / 16.7) - 1));
  const dropped = missed.reduce((sum, count) => sum + count, 0);
  return {{ times, dropped, frames: stamps.length }};
}}
"""
DRAG_TEMPERATURE = f"""
async (slider) => {{
  {FRAME}
  const times = [];
  for (let i = 0; i < 60; i++) {{
    slider.value = 20 + 2.5 * i;
    const began = performance.now();
    slider.dispatchEvent(new Event("input", {{ bubbles: true, composed: true }}));
    await frame();
    times.push(performance.now() - began);
  }}
  return times;
}}
"""
RELEASES = 20


def released(page: Page, number: int) -> float:
    """Return the milliseconds from letting the temperature go until the setting under the title has the new one."""
    slider = page.get_by_test_id("loss_lab-temperature")
    slider.fill(str(40 + 5 * number))
    temperature = page.locator(".st-key-loss_lab output").first.inner_text()
    return milliseconds(lambda: page.get_by_text(f"T = {temperature} ·").first.wait_for())


def measured(page: Page, url: str) -> dict[str, Any]:
    """Measure one page that shows the recorded race."""
    page.goto(f"{url}/loss_lab?language=en&v=1")
    page.get_by_test_id("loss_triple-chart").wait_for(timeout=120_000)
    page.wait_for_timeout(5000)
    drag = page.get_by_test_id("loss_triple-logit-student-0").evaluate(DRAG_LOGIT)
    temperature = page.get_by_test_id("loss_lab-temperature").evaluate(DRAG_TEMPERATURE)
    releases = [released(page, number) for number in range(RELEASES)]
    found = {"logit_to_arrows": drag["times"], "temperature_to_arrows": temperature, "release_to_charts": releases}
    return {**told(found), "dropped_frames_in_2_s": drag["dropped"], "frames_in_2_s": drag["frames"]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", action="store_true", help="measure beside a running job")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("KD_CHROMIUM"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        with training_job(url, Path(folder)) if arguments.training else nullcontext():
            print(json.dumps(measured(page, url), indent=1))
        browser.close()


if __name__ == "__main__":
    main()
