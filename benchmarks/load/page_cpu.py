"""Page CPU: what one rerun of each page and one poll of each of its fragments costs the server, one person alone."""

from __future__ import annotations

import asyncio
import statistics
from typing import Any

from benchmarks.load.people import PAGES
from benchmarks.load.servers import Meter
from benchmarks.load.tab import Tab

WARM = 3
"""Reruns that are not counted."""
QUIET_SECONDS = 0.25
"""After a run the server collects garbage and clears caches; that is the run's."""


async def cpu_of_pages(url: str, meter: Meter, query: str, kind: str, repeats: int) -> dict[str, Any]:
    """Return by page the median milliseconds of the server's CPU for a rerun, or for each fragment's poll.

    Args:
        url: of the server.
        meter: of it, which knows what it takes when idle.
        query: the link to begin with.
        kind: "rerun", or "poll" where the studies in the store live.
        repeats: of every rerun and every poll.
    """
    found: dict[str, Any] = {}
    tab = Tab(url, polls=False)
    await tab.open(query=query)
    for page in PAGES:
        await tab.rerun(page=page)
        polled = dict(tab.announced)
        for number, fragment in enumerate([""] if kind == "rerun" else polled):
            spent = [await _cost(tab, meter, fragment) for _ in range(WARM + repeats)][WARM:]
            name = f"{kind}: {page}" + (f" ({number + 1})" if number else "")
            found[name] = {"cpu_ms": round(statistics.median(spent), 1), "n": len(spent)}
            if fragment:
                found[name]["every_s"] = round(polled[fragment], 2)
    await tab.close()
    if tab.traces:
        raise SystemExit("\n".join(tab.traces))
    return found


async def _cost(tab: Tab, meter: Meter, fragment: str) -> float:
    meter.start()
    await tab.rerun(fragment=fragment)
    await asyncio.sleep(QUIET_SECONDS)
    return 1000 * meter.spent()
