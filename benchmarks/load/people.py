"""People: each reads, moves a setting or turns the page every few seconds, by a seed of their own."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from benchmarks.load.tab import State, Tab, Trouble, Widget

PAGES = (
    "race",
    "soft_labels",
    "loss_lab",
    "inspect",
    "sweep",
    "method_race",
    "compare",
    "speed",
    "methods",
    "evidence",
)
FIRST_SECONDS = 5.0
"""Within how long everybody has come."""
PAUSE_SECONDS = (2.0, 5.0)
SLIDE = "slider"
TEMPERATURE = "set.method.temperature"
"""Key of the slider that is moved on the Race page."""


class Record:
    """What was measured.

    Attributes:
        seconds: by what was done and on which page.
        errors: each in a sentence.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []

    def told(self) -> dict[str, dict[str, float]]:
        """Return median, 95th percentile, maximum and count by what was done."""
        return {name: spread(values) for name, values in sorted(self.seconds.items())}

    def of(self, *kinds: str) -> list[float]:
        """Return all seconds of some kinds of doing, such as "first" or "poll"."""
        return [one for name, values in self.seconds.items() if name.split(":")[0] in kinds for one in values]


class Person:
    """Somebody with one tab.

    Args:
        number: of this person, which is also the seed.
        url: of the server that serves them.
        query: the link they open first.
        cookies: their own.
        record: where what they wait is kept.
        script: pages by name and "slider", walked round; empty for steps by chance.
    """

    def __init__(
        self, number: int, url: str, query: str, cookies: dict[str, str], record: Record, script: Sequence[str] = ()
    ) -> None:
        self.chance = random.Random(number)
        self.record, self.script, self.steps, self.query = record, script, 0, query
        self.tab = Tab(url, cookies, lambda page, seconds: record.seconds[f"poll: {page}"].append(seconds))
        self.name = f"person {number}"

    async def live(self, until: float) -> None:
        """Come, take steps until ``until`` of the loop's clock, and leave; what goes wrong is recorded."""
        now = asyncio.get_running_loop().time
        try:
            await asyncio.sleep(self.chance.uniform(0, FIRST_SECONDS))
            self.record.seconds["first: race"].append(await self.tab.open(query=self.query))
            while True:
                pause = self.chance.uniform(*PAUSE_SECONDS)
                if now() + pause > until:
                    break
                await asyncio.sleep(pause)
                await self.step()
        except (Trouble, OSError) as error:
            self.record.errors.append(f"{self.name}, {self.tab.page}: {error}")
        finally:
            self.record.errors += [f"{self.name}, {trace}" for trace in self.tab.traces]
            await self.tab.close()

    async def step(self) -> None:
        """Move a slider or turn the page."""
        wanted = self.script[self.steps % len(self.script)] if self.script else ""
        self.steps += 1
        slider = self._slider() if wanted in ("", SLIDE) else None
        if slider is not None and (wanted == SLIDE or self.chance.random() < 0.5):
            name, widget = slider
            seconds = await self.tab.rerun(moved(widget, self.chance), name, widget.fragment)
            self.record.seconds[f"slider: {self.tab.page}"].append(seconds)
            return
        at = PAGES.index(self.tab.page) if self.tab.page in PAGES else 0
        page = wanted if wanted in PAGES else PAGES[(at + 1) % len(PAGES)]
        seconds = await self.tab.rerun(page=page)
        self.record.seconds[f"page: {page}"].append(seconds)

    def _slider(self) -> tuple[str, Widget] | None:
        found = [
            (name, widget)
            for name, widget in self.tab.widgets.items()
            if widget.kind == "slider" and not widget.element.disabled and not name.endswith("-None")
        ]
        temperature = self.tab.widget(TEMPERATURE)
        return temperature if temperature in found else (self.chance.choice(found) if found else None)


def moved(widget: Widget, chance: random.Random) -> State:
    """Return the state of a slider that a hand has moved to another place."""
    slider: Any = widget.element
    if slider.type == slider.SELECT_SLIDER:
        now = list(slider.raw_value) if slider.set_value else [slider.options[int(at)] for at in slider.default]
        places = [option for option in slider.options if [option] != now] or list(slider.options)
        return "string_array_value", [chance.choice(places)] * max(1, len(now))
    steps = max(1, round((slider.max - slider.min) / slider.step)) if slider.step else 1
    value = slider.min + slider.step * chance.randint(0, steps)
    return "double_array_value", [min(value, slider.max)] * max(1, len(slider.default))


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and max in seconds, and how many."""
    if not values:
        return {"n": 0}
    inside = sorted(values)
    at = [inside[min(len(inside) - 1, int(share * len(inside)))] for share in (0.5, 0.95)]
    return {"p50": round(at[0], 4), "p95": round(at[1], 4), "max": round(inside[-1], 4), "n": len(inside)}
