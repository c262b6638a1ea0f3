"""Starts: many people press Start within one second, and each waits until their own study is in the address."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.load.people import spread
from benchmarks.load.tab import BROKEN, WHOLE, Finished, Tab, Trouble

START = "race_start"
"""Key of the button that starts a race."""
READY_SECONDS = 120.0


async def pressed(
    urls: Sequence[str], people: int, alike: bool, cookies: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """Let everybody open the Race page, press Start within one second, and look whose study they see then.

    Args:
        urls: of the servers; a person stays at one.
        people: how many.
        alike: everybody has the default form; else each has a temperature of their own in the link.
        cookies: of each person.
    """
    tabs = [Tab(urls[number % len(urls)], dict(cookies[number])) for number in range(people)]
    errors: list[str] = []
    await asyncio.gather(*(_ready(tab, number, alike, errors) for number, tab in enumerate(tabs)))
    seen_before = {tab.part("study") for tab in tabs} - {""}
    chance = random.Random(0)
    pauses = [chance.random() for _ in tabs]
    waited = await asyncio.gather(*(_press(tab, pause, errors) for tab, pause in zip(tabs, pauses, strict=True)))
    studies = [tab.part("study") for tab in tabs]
    errors += [trace for tab in tabs for trace in tab.traces]
    await asyncio.gather(*(tab.close() for tab in tabs))
    owners = Counter(study for study in studies if study)
    nobodys = sum(not study or study in seen_before for study in studies)
    shared = 0 if alike else sum(count - 1 for count in owners.values())
    return {
        "people": people,
        "alike": alike,
        "press_to_own_study": spread([one for one in waited if one is not None]),
        "distinct_studies": len(owners),
        "lost_presses": nobodys + shared,
        "studies": sorted(owners),
        "errors": errors,
    }


async def _ready(tab: Tab, number: int, alike: bool, errors: list[str]) -> None:
    """Open the page and wait until Start is drawn."""
    query = "" if alike else f"v=1&method.temperature={1 + 0.25 * number:g}"
    try:
        await tab.open(query=query)
        until = time.monotonic() + READY_SECONDS
        while tab.widget(START) is None and time.monotonic() < until:
            await asyncio.sleep(0.1)
    except (Trouble, OSError) as error:
        errors.append(f"person {number} before the press: {error}")


async def _press(tab: Tab, pause: float, errors: list[str]) -> float | None:
    """Press after a pause; return the seconds until the page was drawn with a study in its link, None for never."""
    await asyncio.sleep(pause)
    found = tab.widget(START)
    if found is None:
        errors.append("Start was not drawn")
        return None
    name, button = found

    def arrived(finished: Finished) -> bool:
        return finished.status == BROKEN or bool(tab.refusals or (finished.status == WHOLE and tab.part("study")))

    try:
        seconds = await tab.until(arrived, lambda: tab.send(("trigger_value", True), name, button.fragment))
    except Trouble as error:
        errors.append(f"after the press: {error}")
        return None
    errors += tab.refusals
    return seconds if tab.part("study") else None
