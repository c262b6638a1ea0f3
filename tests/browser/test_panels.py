"""Every protocol's race on the Race page in a real Chromium: its panel is there, fits a phone, and axe is content."""

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kd_core.experiments.study_runner import run_study
from kd_core.protocols import PROTOCOLS
from kd_core.recipe import Study
from kd_core.recipe.presets import PRESETS
from kd_core.store import Store
from pages.parts.text.i18n import catalogue
from tests.browser.conftest import ROOT, Serve
from tests.browser.race_page import WARM

pytestmark = pytest.mark.browser
SHORT = {"optim.epochs": 3, "teacher.optim.epochs": 2}
OWN = {
    "data_free": {"protocol.steps": 3, "optim.batch": 32},
    "federated": {"data.unlabelled": "keep", "data.labelled": 200},
}
ARRANGED = [name for name in PROTOCOLS if name != "offline"]


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A store with a short race of every protocol, as its source sets it up, and the studies by protocol."""
    home, found = tmp_path_factory.mktemp("protocols"), {}
    store = Store(home)
    for name in ARRANGED:
        usual = PROTOCOLS[name].recommended
        recipe = PRESETS["digits"].recipe.changed({"protocol": {"name": name}, **usual, **SHORT, **OWN.get(name, {})})
        found[name] = store.studies.add(Study.race(recipe, 1, "digits"), status="running")
        run_study(store, found[name], data_root=home / "data")
        row = store.studies.get(found[name])
        assert row.status == "done", row.error
    store.close()
    return home, found


@pytest.mark.parametrize(
    ("protocol", "scheme"), [(name, ("light", "dark")[at % 2]) for at, name in enumerate(ARRANGED)]
)
def test_a_protocols_race_shows_its_panel(
    page: Page, serve: Serve, raced: tuple[Path, dict[str, str]], protocol: str, scheme: str
) -> None:
    home, studies = raced
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{serve(ROOT / 'app.py', KD_HOME=str(home))}/?study={studies[protocol]}")
    title = catalogue("en")[f"protocol_view.title_{protocol}"]
    expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=WARM)
    page.wait_for_timeout(1500)
    assert page.get_by_test_id("stException").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    found = Axe().run(page).response["violations"]
    told = [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]
    assert not told, json.dumps(told, indent=1)
