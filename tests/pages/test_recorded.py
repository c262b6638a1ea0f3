"""What comes with the product: shown on a fresh store, badged, without the engine, and as the engine would say it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kd_core.recipe import PRESETS
from kd_core.results import MethodRaceData, sweep_from_json
from pages.parts.method_race.plan import FIRST
from pages.parts.recorded import recorded_logits, recorded_method_race, recorded_sweep
from pages.parts.studies import declared_words
from pages.parts.sweep.axes import VALUES
from pages.parts.text import axis_words
from tests.pages.conftest import ROOT, App

SAID = {
    "sweep": ("Validation chooses", "among 64 cells"),
    "method_race": ("Better than the student alone", "of 8 technique(s)"),
}


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_fresh_store_shows_a_recorded_one_that_says_so(
    app: App, tmp_path: Path, name: str, language: str, warm: None
) -> None:
    page = app(tmp_path, page=name, language=language)
    assert not page.exception, page.exception
    captions = [re.sub(r"[\\\u2060]", "", caption.value) for caption in page.caption]
    made = (recorded_sweep() if name == "sweep" else recorded_method_race())["provenance"]
    badge = {"en": "recorded: seed 0-2", "zh": "预录"}[language]
    badged = [one for one in captions if one.startswith(badge)]
    assert len(badged) == 1 and made["date"] in badged[0]
    if language == "en":
        said = "\n".join(str(one.value) for one in [*page.markdown, *page.caption]).replace("\\", "")
        assert [words for words in SAID[name] if words not in said] == []


@pytest.mark.parametrize("name", SAID)
def test_a_recorded_one_is_drawn_before_torch_is_there(name: str, tmp_path: Path) -> None:
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; import pages.parts.app.engine as engine;"
        "engine.engine_ready = lambda: False; import pages.parts.race.controls as c; c.engine_ready = lambda: False;"
        "app = AppTest.from_file('app.py', default_timeout=30).run();"
        f"app.switch_page('pages/{name}.py').run(); assert not app.exception, app.exception;"
        "assert any(one.value.startswith('recorded:') for one in app.caption); print('torch' in sys.modules)"
    )
    env = {**os.environ, "KD_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, env=env)
    assert done.stdout.strip().endswith("False"), done.stdout + done.stderr


def test_recorded_words_are_those_that_the_engine_declares_today() -> None:
    recorded = recorded_method_race()
    assert recorded["words"] == {name.partition(":")[0]: declared_words(name.partition(":")[0]) for name in FIRST}
    recipe = PRESETS["digits"].recipe
    for path, words in recorded_sweep()["words"].items():
        assert (words["title"], words["log"]) == (axis_words(recipe, path).title, axis_words(recipe, path).log)


def test_what_is_recorded_is_what_the_forms_offer_at_first() -> None:
    asked = {path: [float(one) for one in values.split(",")] for path, (values, _) in VALUES.items()}
    assert recorded_sweep()["axes"] == asked
    assert [one["name"] for one in recorded_method_race()["race"]["techniques"]] == list(FIRST)


def test_a_recorded_sweep_has_three_seeds_of_every_cell_and_answers_about_an_image_that_is_there() -> None:
    facts = recorded_sweep()
    sweep = sweep_from_json(facts)
    assert {cell.n for cell in sweep.cells} == {3} and len(sweep.judged) == 64
    assert 0 <= facts["image"]["index"] < len(recorded_logits().labels) == facts["test_images"]
    assert {len(one) for one in facts["image"]["logits"]} == {len(recorded_logits().classes)}
    teacher = facts["cells"][0]["answers"][0]
    assert facts["image"]["logits"][teacher] == pytest.approx(
        recorded_logits().logits["teacher"][facts["image"]["index"]].tolist(), rel=0.3
    )


def test_a_method_race_survives_being_written_and_read() -> None:
    facts = json.loads(json.dumps(recorded_method_race()["race"]))
    race = MethodRaceData.from_json(facts)
    assert [one.name for one in race.techniques] == [one["name"] for one in facts["techniques"]]
    gains = {one["name"]: one["over_alone"]["difference_pp"] for one in facts["techniques"]}
    assert [one.name for one in race.ranked] == sorted(gains, key=lambda name: -gains[name])
    assert race.baselines["alone"].parameters == facts["baselines"]["alone"]["parameters"]
