"""Several people on one server for a class: whose race it is, that it stays theirs, and what nobody can send."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.load.tab import Tab
from kd_core.recipe import PRESETS, Study
from kd_core.store import Store
from kd_core.visitors import Identity
from tests.browser.conftest import ROOT, Serve
from tests.browser.race_page import WARM, start_button, stop_button, study_in
from tests.small_studies import eventually

pytestmark = pytest.mark.browser
LONG = "optim.epochs=2000&teacher.optim.epochs=2&seeds=1"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("class")


@pytest.fixture
def url(serve: Serve, home: Path) -> str:
    return serve(ROOT / "app.py", KD_HOME=str(home), KD_MODE="class", KD_LECTURER="chalk")


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    made = Store(home)
    yield made
    for study in made.studies.list(status=("queued", "running")):
        made.studies.ask_stop(study.id)
    eventually(lambda: not made.studies.list(status=("queued", "running")), 20)
    made.close()


@pytest.fixture
def people(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Ann's browser and Ben's."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB") for _ in range(2)]
    yield contexts
    for context in contexts:
        context.close()


def started(page: Page, address: str) -> str:
    page.goto(address)
    start_button(page).click(timeout=WARM)
    expect(stop_button(page)).to_be_visible(timeout=WARM)
    return study_in(page)


def test_two_people_train_their_own_and_the_ones_stop_is_not_the_others(
    people: list[BrowserContext], url: str, store: Store
) -> None:
    ann, ben = (context.new_page() for context in people)
    anns = started(ann, f"{url}/?{LONG}")
    bens = started(ben, f"{url}/?{LONG}&method.temperature=8.0")
    assert anns != bens
    assert store.owners.of(anns).isdisjoint(store.owners.of(bens))
    stop_button(ben).click()
    eventually(lambda: store.studies.get(bens).status == "stopped", 10)
    assert store.studies.get(anns).status in ("queued", "running")
    expect(stop_button(ann)).to_be_visible()

    ann.goto(f"{url}/?{LONG}")  # without a study in the link, in a new session
    expect(stop_button(ann)).to_be_visible(timeout=WARM)
    assert study_in(ann) == anns

    ben.goto(f"{url}/?v=1&study={anns}")
    expect(ben.get_by_text("somebody else's")).to_be_visible(timeout=WARM)
    expect(start_button(ben)).to_be_enabled(timeout=WARM)
    expect(stop_button(ben)).to_have_count(0)


def test_two_tabs_opened_at_once_are_one_visitor(people: list[BrowserContext], url: str) -> None:
    pages = [people[0].new_page() for _ in range(2)]
    for page in pages:
        page.goto(url, wait_until="commit")
    for page in pages:
        expect(start_button(page)).to_be_enabled(timeout=WARM)
    names = [page.locator(".st-key-visitor_menu button").first for page in pages]
    who = re.findall(r"Visitor \w{4}", names[0].inner_text())
    assert who
    expect(names[1]).to_contain_text(who[0], timeout=WARM)


def test_the_lecturer_signs_in_with_the_secret_and_stops_what_is_not_theirs(
    people: list[BrowserContext], url: str, store: Store
) -> None:
    ann, lecturer = (context.new_page() for context in people)
    anns = started(ann, f"{url}/?{LONG}&method.temperature=3.0")
    lecturer.goto(f"{url}/?v=1&study={anns}")
    lecturer.locator(".st-key-visitor_menu button").first.click(timeout=WARM)
    secret = lecturer.locator(".st-key-lecturer_secret input")
    secret.fill("cheese")
    secret.press("Enter")
    expect(lecturer.get_by_text("not the lecturer's secret").first).to_be_visible(timeout=WARM)
    secret.fill("chalk")
    secret.press("Enter")
    expect(lecturer.locator(".st-key-visitor_menu button").first).to_contain_text("Lecturer", timeout=WARM)
    lecturer.reload()
    expect(stop_button(lecturer)).to_be_visible(timeout=WARM)
    stop_button(lecturer).click()
    eventually(lambda: store.studies.get(anns).status == "stopped", 10)


def test_no_request_that_a_page_can_send_changes_somebody_elses_study(home: Path, url: str, store: Store) -> None:
    """Keys and names of widgets are the same in every session, so a forger knows them all."""
    identity = Identity(home, "class", "chalk")

    def tab(visitor: str) -> Tab:
        return Tab(url, {identity.cookie_name: identity.cookie(identity.visitor(visitor))})

    async def forge() -> None:
        ann, ben = tab("ann"), tab("ben")
        await ann.open(query=f"v=1&study={study}")
        async with asyncio.timeout(60):  # a server's first page waits until torch is imported
            while not any("race_start" in name for name in ann.widgets):
                await asyncio.sleep(0.1)
        await ann.rerun(page="compare")
        known = dict(ann.widgets)
        await ann.rerun(page="race")
        known |= ann.widgets
        changing = [
            (name, widget)
            for name, widget in known.items()
            if any(key in name for key in ("race_stop", "study_stop", "study_delete", "study_name", "study_keep"))
        ]
        assert {"race_stop", "study_stop", "study_keep"} <= {
            key for key in ("race_stop", "study_stop", "study_keep") for name, _ in changing if key in name
        }, sorted(known)
        await ben.open(query=f"v=1&study={study}")
        for page in ("race", "compare"):
            await ben.rerun(page=page)
            for name, widget in changing:
                state = {"button": ("trigger_value", True), "text_input": ("string_value", "mine")}.get(
                    widget.kind, ("bool_value", True)
                )
                await ben.rerun(state, name)
        await ann.close()
        await ben.close()

    recipe = PRESETS["digits"].recipe.changed({"optim.epochs": 2000, "teacher.optim.epochs": 2})
    study = store.studies.add(Study.race(recipe, 1, "digits"), owner="ann")  # it waits or runs, as the queue allows
    with ThreadPoolExecutor(1) as forger:  # Playwright's loop runs in this thread
        forger.submit(asyncio.run, forge()).result()
    row = store.studies.get(study)
    assert (row.status in ("queued", "running"), row.wish, row.name, row.keep) == (True, None, "", False)
    assert store.owners.of(study) == {"ann"}
