"""Visitors without a browser: what they send arrives, and what they record is what happened."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from benchmarks.load.people import Person, Record, moved, spread
from benchmarks.load.servers import Meter, Server, machine
from benchmarks.load.starts import pressed
from benchmarks.load.tab import Tab, Trouble


def in_a_thread(visit: Coroutine[Any, Any, Any]) -> Any:
    """Run what a visitor does beside the browser tests, whose loop lives in this thread until the end."""
    with ThreadPoolExecutor(1) as visitor:
        return visitor.submit(asyncio.run, visit).result()


APP = Path(__file__).with_name("tiny_app.py")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(tmp_path_factory.mktemp("load"), 0, APP)
    try:
        one.wait()
        yield one
    finally:
        one.end()


def test_a_tab_keeps_its_cookies_moves_a_widget_turns_pages_and_polls_until_it_leaves(server: Server) -> None:
    async def visit() -> None:
        polls: list[tuple[str, float]] = []
        tab = Tab(server.url, {"visitor": "7"}, lambda page, seconds: polls.append((page, seconds)))
        assert await tab.open(query="polls=1") > 0
        assert tab.page == "race" and set(tab.pages) == {"race", "sweep"}
        assert tab.cookies.keys() == {"visitor", "_streamlit_xsrf"}
        assert "cookie 7" in tab.texts
        found = tab.widget("slider")
        assert found is not None
        await tab.rerun(("string_array_value", ["4"]), found[0], found[1].fragment)
        assert tab.part("moved") == "4"
        async with asyncio.timeout(30):
            while len(polls) < 2:
                await asyncio.sleep(0.01)
        await tab.rerun(page="sweep")
        assert {page for page, _ in polls} == {"race"}
        assert tab.page == "sweep" and not tab.announced
        assert int(tab.texts[0].removeprefix("polls ")) >= 3  # each poll that was counted ran the fragment
        assert tab.refusals == ["refused"]
        assert tab.traces == ["sweep: ValueError"]
        await tab.close()

    in_a_thread(visit())
    assert server.traces() == ["ValueError: a bug"]


def test_two_people_have_sessions_and_cookies_of_their_own(server: Server) -> None:
    async def visit() -> None:
        tabs = [Tab(server.url, {"visitor": name}) for name in ("one", "two")]
        await asyncio.gather(*(tab.open() for tab in tabs))
        assert [tab.texts[0] for tab in tabs] == ["cookie one", "cookie two"]
        await asyncio.gather(*(tab.close() for tab in tabs))

    in_a_thread(visit())


def test_a_page_that_cannot_be_reached_is_told() -> None:
    async def visit() -> None:
        with pytest.raises(Trouble):
            await Tab("http://127.0.0.1:9").open()

    in_a_thread(visit())


def test_a_press_whose_study_somebody_else_has_too_is_lost_unless_all_are_alike(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.load.starts.START", "start")
    found = in_a_thread(pressed([server.url], 3, False, [{}] * 3))
    assert (found["distinct_studies"], found["lost_presses"], found["studies"]) == (1, 2, ["abc"])
    assert found["press_to_own_study"]["n"] == 3 and found["errors"] == []
    assert in_a_thread(pressed([server.url], 2, True, [{}] * 2))["lost_presses"] == 0


def test_a_person_takes_the_steps_of_a_script_and_records_each_by_its_page(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.load.people.FIRST_SECONDS", 0.0)
    monkeypatch.setattr("benchmarks.load.people.PAUSE_SECONDS", (0.01, 0.02))
    record = Record()

    async def live() -> None:
        person = Person(0, server.url, "", {}, record, ["slider", "sweep", "race"])
        await person.live(asyncio.get_running_loop().time() + 1.5)

    in_a_thread(live())
    assert {"first: race", "slider: race", "page: sweep", "page: race"} <= set(record.seconds)
    assert len(record.of("first")) == 1
    assert set(record.errors) == {"person 0, sweep: ValueError"}


def test_a_moved_slider_ends_elsewhere_among_its_places(server: Server) -> None:
    async def visit() -> None:
        tab = Tab(server.url)
        await tab.open()
        found = tab.widget("slider")
        assert found is not None
        states = [moved(found[1], random.Random(seed)) for seed in range(20)]
        assert {value[0] for _, value in states} == {"2", "4"}  # it stands at 1
        await tab.close()

    in_a_thread(visit())


def test_a_meter_counts_what_the_server_spends_and_holds(server: Server) -> None:
    async def visit() -> None:
        meter = Meter([server])
        meter.start()
        tab = Tab(server.url)
        await tab.open()
        await tab.close()
        assert 0 < meter.spent() < 10
        watch = asyncio.create_task(meter.watch_memory())
        await asyncio.sleep(0.1)
        watch.cancel()
        assert meter.most_bytes > 10**7

    in_a_thread(visit())
    assert machine()["cores"]


def test_percentiles_of_a_hundred_waits() -> None:
    assert spread([float(number) for number in range(100)]) == {"p50": 50, "p95": 95, "max": 99, "n": 100}
    assert spread([]) == {"n": 0}
