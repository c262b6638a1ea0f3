"""Many people at once: ``python -m benchmarks.load [--people 40] [--seconds 60] [--servers 1] [--training] [--json]``.

It trains one small study of each kind in a store of its own, starts the servers as ``make run`` does, and sends people,
each with cookies of their own, over the websocket: half open the first page, half a finished race; every 2 to 5 s each
turns the page or moves a slider. ``--starts 40`` lets that many press Start within a second instead, ``--cpu-of-pages``
measures what every page costs the server. A server that is not ours is visited with ``--url``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import apart
from benchmarks.load.page_cpu import cpu_of_pages
from benchmarks.load.people import PAGES, SLIDE, Person, Record, spread
from benchmarks.load.servers import Meter, Server, machine, started
from benchmarks.load.starts import START, pressed
from benchmarks.load.tab import Tab
from kd_core.jobs.locks import job_lock

CLASS_RACES = 4
"""How many races train beside with ``--training``; as many as the queue lets run at once do."""
WARM_SECONDS = 120.0


def main() -> None:
    """Build a store, start servers, send people, print."""
    asked = _arguments()
    with contextlib.ExitStack() as stack:
        servers: list[Server] = []
        made: dict[str, str] = {}
        if not asked.url:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
            made = apart("benchmarks.load.stores:build", {"home": str(home), "studies": asked.studies}, 1)
            servers = stack.enter_context(started(home, asked.servers))
            asked.home = home
        urls = asked.url or [server.url for server in servers]
        found = asyncio.run(measured(asked, urls, servers, made))
        found["traces_in_the_server_s_log"] = [line for server in servers for line in server.traces()]
    print(json.dumps(found, indent=1) if asked.json else _text(found))


async def measured(
    asked: argparse.Namespace, urls: Sequence[str], servers: Sequence[Server], made: dict[str, str]
) -> dict[str, Any]:
    """Warm the servers up, and measure what was asked for."""
    for url in urls:
        await warmed(url)
    meter = Meter(servers)
    await meter.learn_idle()
    told: dict[str, Any] = {**machine(), "servers": len(urls), "people": asked.people, "studies": asked.studies}
    cookies = [_cookies(asked.cookie, number) for number in range(max(asked.people, asked.starts))]
    watch = asyncio.create_task(meter.watch_memory())
    if asked.cpu_of_pages:
        told["cpu_of_pages"] = await _page_cpu(asked, urls[0], meter, made)
    elif asked.starts:
        told["starts"] = await pressed(urls, asked.starts, asked.alike, cookies)
    else:
        told |= await _lived(asked, urls, meter, made, cookies)
    watch.cancel()
    told["idle_cpu_share"], told["most_memory_MB"] = round(meter.idle_share, 4), round(meter.most_bytes / 1e6, 1)
    return told


async def warmed(url: str) -> None:
    """Wait until a server can start a race, and let one person see every page."""
    tab = Tab(url)
    await tab.open()
    async with asyncio.timeout(WARM_SECONDS):
        while tab.widget(START) is None:
            await asyncio.sleep(0.1)
    for page in PAGES:
        await tab.rerun(page=page)
    await tab.close()


async def _lived(
    asked: argparse.Namespace,
    urls: Sequence[str],
    meter: Meter,
    made: dict[str, str],
    cookies: Sequence[dict[str, str]],
) -> dict[str, Any]:
    if asked.training and made:
        apart("benchmarks.load.stores:train_beside", {"home": str(asked.home), "races": CLASS_RACES}, 1)
        await asyncio.sleep(5)
    record = Record()
    links = ["", f"v=1&study={made['race']}"] if made else [""]
    people = []
    for number in range(asked.people):
        url, link = urls[number % len(urls)], links[number // len(urls) % len(links)]
        people.append(Person(number, url, link, cookies[number], record, asked.script))
    meter.start()
    until = asyncio.get_running_loop().time() + asked.seconds
    await asyncio.gather(*(person.live(until) for person in people))
    cpu = meter.spent()
    steps, polls = record.of("first", "page", "slider"), record.of("poll")
    return {
        "seconds": asked.seconds,
        "training": asked.training,
        "steps": len(steps),
        "polls": len(polls),
        "first": spread(record.of("first")),
        "further_step": spread(record.of("page", "slider")),
        "poll": spread(polls),
        "by_page": record.told(),
        "errors": record.errors,
        "cpu_seconds": round(cpu, 2),
        "cpu_ms_per_step": round(1000 * cpu / max(1, len(steps)), 1),
        "cpu_ms_per_rerun": round(1000 * cpu / max(1, len(steps) + len(polls)), 1),
    }


async def _page_cpu(asked: argparse.Namespace, url: str, meter: Meter, made: dict[str, str]) -> dict[str, Any]:
    link = f"v=1&study={made['race']}"
    found = await cpu_of_pages(url, meter, link, "rerun", asked.repeats)
    with contextlib.ExitStack() as stack:
        for study in made.values():
            stack.enter_context(job_lock(asked.home, study))
        apart("benchmarks.load.stores:pretend_living", {"home": str(asked.home), "studies": list(made.values())}, 1)
        return found | await cpu_of_pages(url, meter, link, "poll", asked.repeats)


def _cookies(texts: Sequence[str], number: int) -> dict[str, str]:
    parts = (text.format(person=number).partition("=") for text in texts)
    return {name: value for name, _, value in parts}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--servers", type=int, default=1, help="processes on one store; a person stays at one")
    parser.add_argument("--studies", type=int, default=3, help="in the store; copies of the three that are trained")
    parser.add_argument("--training", action="store_true", help=f"{CLASS_RACES} long races train beside")
    parser.add_argument("--script", type=_script, default=[], help=f"steps walked round: {', '.join(PAGES)}, {SLIDE}")
    parser.add_argument("--starts", type=int, default=0, help="people who press Start within one second")
    parser.add_argument("--alike", action="store_true", help="all of --starts have the default form")
    parser.add_argument("--cpu-of-pages", action="store_true")
    parser.add_argument("--repeats", type=int, default=30, help="of every rerun with --cpu-of-pages")
    parser.add_argument("--cookie", action="append", default=[], help="NAME=VALUE; {person} is the person's number")
    parser.add_argument("--url", action="append", default=[], help="of a server on this machine that already runs")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.url and (asked.cpu_of_pages or asked.training):
        parser.error("--cpu-of-pages and --training need servers and a store of their own, not --url")
    return asked


def _script(text: str) -> list[str]:
    steps = text.replace(",", " ").split()
    if unknown := set(steps) - {*PAGES, SLIDE}:
        raise argparse.ArgumentTypeError(f"no such step: {', '.join(sorted(unknown))}")
    return steps


def _text(found: dict[str, Any], indent: str = "") -> str:
    lines = []
    for name, value in found.items():
        if isinstance(value, dict) and "n" not in value:
            lines += [f"{indent}{name}", _text(value, indent + "  ")]
        elif isinstance(value, dict):
            lines.append(f"{indent}{name:28}" + "".join(f"  {key} {one}" for key, one in value.items()))
        else:
            lines.append(f"{indent}{name:28}  {value}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
