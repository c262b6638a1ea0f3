"""Two servers behind one proxy: a visitor stays at one, and goes on at the other when it dies."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.load.servers import Server, started
from benchmarks.load.starts import START
from benchmarks.load.tab import WHOLE, Finished, Tab
from kd_core.store import Store
from tests.proxy import Proxy
from tests.small_studies import ended, epoch_of, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
STOP = "race_stop"
LONG = "v=1&optim.epochs=1200&teacher.optim.epochs=2&seeds=1"
SHORT = "v=1&optim.epochs=2&teacher.optim.epochs=2&seeds=1"
ANOTHER = "v=1&optim.epochs=3&teacher.optim.epochs=2&seeds=1"
WARM_SECONDS = 120.0


def in_a_thread(visit: Coroutine[Any, Any, Any]) -> Any:
    """Run what a visitor does beside the browser tests, whose loop lives in this thread until the end."""
    with ThreadPoolExecutor(1) as visitor:
        return visitor.submit(asyncio.run, visit).result()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("class")


@pytest.fixture(scope="module")
def servers(home: Path) -> Iterator[list[Server]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KD_MODE", "class")
        patch.delenv("KD_SUPERVISOR", raising=False)
        with started(home, 2) as both:
            yield both


@pytest.fixture(scope="module")
def proxy(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with Proxy(tmp_path_factory.mktemp("nginx"), [place(server) for server in servers]).running() as one:
        yield one


def place(server: Server) -> str:
    return server.url.removeprefix("http://")


def supervisors(home: Path) -> list[psutil.Process]:
    """Return the processes that serve a store's queue."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cmdline()[1:5] == ["-m", "kd_core.jobs", "--home", str(home)]:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def browser_that_goes_to(proxy: Proxy, server: Server) -> dict[str, str]:
    """Return the cookie of a browser that the proxy sends to a server."""
    for number in range(100):
        browser = f"{number:032x}"
        request = urllib.request.Request(f"{proxy.url}/_stcore/health", headers={"Cookie": f"kd_server={browser}"})
        urllib.request.urlopen(request, timeout=20).close()
        mine = eventually(lambda name=browser: [one for one in proxy.served() if one.browser == name], 10)
        if mine[-1].servers == (place(server),):
            return {"kd_server": browser}
    raise AssertionError("the proxy never chose it")


async def drawn(tab: Tab, key: str) -> str:
    """Wait until a button can be pressed, and return its id."""
    async with asyncio.timeout(WARM_SECONDS):
        while (found := tab.widget(key)) is None:
            await asyncio.sleep(0.05)
    return found[0]


async def pressed_start(tab: Tab) -> str:
    """Press Start and return the study in the address."""

    def arrived(finished: Finished) -> bool:
        return finished.status == WHOLE and bool(tab.part("study"))

    name = await drawn(tab, START)
    await tab.until(arrived, lambda: tab.send(("trigger_value", True), name, tab.widgets[name].fragment))
    return tab.part("study")


def kept_visitor(tab: Tab) -> dict[str, str]:
    """Return the cookie that the page's code puts into a browser."""
    found = tab.widget("document")
    assert found is not None
    cookie = json.loads(found[1].element.json)["visitor"]
    return {cookie["name"]: cookie["value"]}


def test_a_browser_stays_at_one_server_and_browsers_are_spread_over_both(proxy: Proxy, servers: list[Server]) -> None:
    async def visit() -> list[str]:
        tabs = [Tab(proxy.url) for _ in range(3)]
        for tab in tabs:
            await tab.open()
            await tab.close()
        return [tab.cookies["kd_server"] for tab in tabs]

    newcomers = in_a_thread(visit())
    eventually(lambda: [one.path for one in proxy.served()].count("/_stcore/stream") == len(newcomers), 20)
    by_browser = defaultdict(list)
    for one in proxy.served():
        by_browser[one.browser].append(one)
    assert len(set(newcomers)) == len(newcomers) and set(newcomers) == set(by_browser)
    for asked in by_browser.values():  # the first of them without the cookie
        assert [one.path for one in asked] == ["/", "/_stcore/health", "/_stcore/host-config", "/_stcore/stream"]
        assert len({one.servers for one in asked}) == 1
    for server in servers:
        browser_that_goes_to(proxy, server)


def test_a_killed_server_loses_nobodys_run_and_its_visitor_goes_on_at_the_other(
    proxy: Proxy, servers: list[Server], home: Path
) -> None:
    """The server that is killed is the one whose process started the supervisor; both have had visitors."""
    tabs: list[Tab] = []

    async def open_at(server: Server, link: str) -> Tab:
        tabs.append(tab := Tab(proxy.url, browser_that_goes_to(proxy, server)))
        await tab.open(query=link)
        await drawn(tab, START)
        tab.cookies |= kept_visitor(tab)
        return tab

    async def live(store: Store) -> None:
        await open_at(servers[0], "")
        (supervisor,) = eventually(lambda: supervisors(home))
        first, second = sorted(servers, key=lambda one: one.process.pid != supervisor.ppid())
        ann, ben = await open_at(first, LONG), await open_at(second, SHORT)
        anns, bens = await pressed_start(ann), await pressed_start(ben)
        assert supervisors(home) == [supervisor]
        await asyncio.to_thread(eventually, lambda: epoch_of(store, anns))

        first.process.kill()
        first.process.wait()
        assert store.studies.get(anns).status == "running"
        tabs.append(again := Tab(proxy.url, ann.cookies))
        await again.open(query=LONG)  # the study is not in it: who asks and whose it is, only the cookie says
        await drawn(again, STOP)
        assert again.part("study") == anns
        assert kept_visitor(again).items() <= ann.cookies.items()
        await ben.rerun()
        assert ben.part("study") == bens
        for study in (anns, bens):
            assert await asyncio.to_thread(ended, store, study, 150) == "done"
        assert supervisors(home) == [supervisor]

        supervisor.kill()  # nobody is left who started it: the other server's guard starts one
        bens_next = await pressed_start(await open_at(second, ANOTHER))
        assert await asyncio.to_thread(ended, store, bens_next, 60) == "done"
        (after,) = supervisors(home)
        assert after.ppid() == second.process.pid
        assert store.owners.of(anns).isdisjoint(store.owners.of(bens))

    async def live_and_leave(store: Store) -> None:
        try:
            await live(store)
        finally:
            await asyncio.gather(*(tab.close() for tab in tabs))

    with closing(Store(home)) as store:
        in_a_thread(live_and_leave(store))
