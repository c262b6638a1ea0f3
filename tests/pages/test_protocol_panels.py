"""Protocols on the screen: chosen in the form, kept in the link, and their panels drawn from what runs told."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from kd_core.networks.views import pictured
from kd_core.notes import FederatedRound
from kd_core.protocols import PROTOCOLS
from kd_core.protocols.several_teachers import SeveralTeachers
from kd_core.recipe.presets import PRESETS
from kd_core.results.statistics import Outcome, Verdict
from kd_core.settings.text import parse_value
from kd_core.store import Store
from pages.parts.form.network_list import read_networks, written_networks
from pages.parts.protocol_panels import Panel, protocol_headline
from pages.parts.protocol_panels.federated import client_rows
from pages.parts.text.i18n import catalogue
from tests.pages.conftest import App, train_tiny_race

pytestmark = pytest.mark.usefixtures("warm")

SMALL = {
    "chain": {"others": [{"name": "mlp", "widths": [14]}]},
    "data_free": {"protocol.steps": 4},
    "federated": {"protocol.public": 40, "protocol.own_steps": 3, "protocol.head_start": 1, "protocol.clients": 3},
    "mutual": {"protocol.networks": 3},
    "several_teachers": {"protocol.teachers": 2},
}
PANELS = [name for name in PROTOCOLS if importlib.util.find_spec(f"pages.parts.protocol_panels.{name}")]
TINY = {"optim.epochs": 3, "teacher.optim.epochs": 2, "teacher.student.widths": [16], "optim.batch": 50}
SEEDS = {"federated": 1, "data_free": 1}
panels = pytest.mark.parametrize("name", PANELS)


@pytest.fixture(scope="module")
def arranged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, str]]:
    """A store with a tiny race of every protocol on digits, most of two seeds, and the studies' ids by protocol."""
    home, studies = tmp_path_factory.mktemp("arranged"), {}
    for name in PANELS:
        changes = {"protocol": {"name": name}, **PROTOCOLS[name].recommended, **TINY, **SMALL.get(name, {})}
        studies[name] = train_tiny_race(home, SEEDS.get(name, 2), **changes)
    return home, studies


def texts(page: AppTest) -> str:
    told = [*page.markdown, *page.header, *page.subheader, *page.caption, *page.warning, *page.error]
    components = [json.loads(one.proto.json) for one in page.get("bidi_component") if one.proto.json]
    titles = [f"{one.get('title')} {one.get('subtitle')}" for one in components if isinstance(one, dict)]
    return "\n".join([*(str(element.value).replace(chr(92), "") for element in told), *titles])


def link(page: AppTest) -> dict[str, Any]:
    return {path: parse_value(value) for path, value in page.session_state["link"].items()}


def test_every_protocol_but_the_offline_one_has_a_panel() -> None:
    assert set(PANELS) == set(PROTOCOLS) - {"offline"}


@panels
def test_a_panel_says_what_was_found(name: str, app: App, arranged: tuple[Path, Mapping[str, str]]) -> None:
    home, studies = arranged
    page = app(home, study=studies[name])
    assert not page.exception
    said = texts(page)
    assert catalogue("en")[f"protocol_view.title_{name}"] in said
    expected = {
        "chain": "all generations together:",
        "cross_modal": "The teacher sees 8 × 8 pixels, the student 2 × 8 numbers",
        "data_free": "From 600 made-up images and no real one",
        "federated": "of 3 clients do better with the others",
        "multi_task": "Second question (slant).",
        "mutual": "3 networks learn together; test split · mean ± sd, n = 2 seeds",
        "several_teachers": "The mixture of 2 teachers is right in",
    }
    assert expected[name] in said


@panels
def test_a_headline_answers_what_was_asked_and_says_what_the_student_alone_was_given(
    name: str, app: App, arranged: tuple[Path, Mapping[str, str]]
) -> None:
    home, studies = arranged
    page = app(home, study=studies[name])
    told = [*page.markdown, *page.caption]
    said = " ".join(str(one.value) for one in told).replace(chr(92), "")
    assert "The teacher helped" not in said and "The teacher hurt" not in said
    expected = {
        "chain": ["was given the same labels (200) and no chain"],
        "cross_modal": ["was given the same view, the same labels (200) and no teacher"],
        "data_free": ["Without data the student reaches", "was given real images and their labels (200)"],
        "federated": ["With the others a client is right in", "by itself in", "which saw no label", "no client has"],
        "multi_task": ["First question: ", "Second question: ", "(200 images) and no teachers"],
        "mutual": ["was given the same labels (200) and no peers"],
        "several_teachers": ["was given the same labels (200) and no teachers"],
    }
    assert [words for words in expected[name] if words not in said] == []


def judged(outcome: Outcome) -> Verdict:
    pp = 2.0 if outcome == "better" else -2.0
    return Verdict(pp, (pp - 1, pp + 1), outcome, 3)


@pytest.mark.parametrize(
    ("name", "protocol", "subject"),
    [
        ("chain", {}, "The chain"),
        ("mutual", {"networks": 3}, "Learning with 2 peer(s)"),
        ("several_teachers", {}, "The teachers"),
        ("cross_modal", {}, "The teacher, which sees more than its student,"),
    ],
)
def test_who_helped_or_hurt_is_who_stands_in_the_teachers_place(
    name: str, protocol: dict[str, Any], subject: str
) -> None:
    panel = panel_of({"protocol": {"name": name, **protocol}, "teacher": None})
    assert protocol_headline(panel, judged("better")).startswith(f"{subject} helped: +2.00 percentage points (95")
    assert protocol_headline(panel, judged("worse")).startswith(f"{subject} hurt: -2.00 percentage points (95")


def test_a_method_without_a_teacher_is_not_called_one() -> None:
    offline = {"protocol": {"name": "offline"}}
    assert protocol_headline(panel_of({**offline, "teacher": {"seed": 0}}), judged("better")).startswith(
        "The teacher helped"
    )
    said = protocol_headline(panel_of({**offline, "teacher": None}), judged("better"))
    assert said.startswith("The method, which has no teacher, helped")


def panel_of(recipe: dict[str, Any]) -> Panel:
    return Panel("", None, recipe, [], {}, [], alive=False)


@panels
def test_a_panel_speaks_chinese(name: str, app: App, arranged: tuple[Path, Mapping[str, str]]) -> None:
    home, studies = arranged
    page = app(home, study=studies[name], language="zh")
    assert not page.exception
    assert catalogue("zh")[f"protocol_view.title_{name}"] in texts(page)
    english = [text for key, text in catalogue("en").items() if key.startswith("protocol_view.") and len(text) > 25]
    said = texts(page)
    assert [text for text in english if "{" not in text and text in said and text not in catalogue("zh").values()] == []


def test_an_ordinary_race_has_no_panel(app: App, trained_home: Any) -> None:
    page = app(trained_home.home, study=trained_home.study)
    assert not [one for one in page.header if one.anchor == "protocol"]


def test_choosing_a_protocol_brings_its_usual_settings_and_the_way_back_takes_them_away(
    app: App, tmp_path: Path
) -> None:
    page = app(tmp_path, **{"student.widths": "[16]"})
    before = dict(page.session_state["link"])
    page.selectbox(key="set.protocol").set_value("data_free").run()
    assert not page.exception and not page.error
    chosen = link(page)
    assert chosen["protocol"]["name"] == "data_free"
    assert (chosen["optim.batch"], chosen["optim.lr"], chosen["method.temperature"]) == (512, 0.002, 1.0)
    page.selectbox(key="set.protocol").set_value("mutual").run()
    assert "optim.batch" not in link(page)
    assert link(page)["method.label_weight"] == 1.0
    page.slider(key="set.protocol.networks").set_value(4).run()
    assert link(page)["protocol"]["networks"] == 4
    page.selectbox(key="set.protocol").set_value("offline").run()
    assert dict(page.session_state["link"]) == before


def test_what_was_set_by_hand_outlives_the_protocol(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, protocol="federated", **{"optim.epochs": "12"})
    page.selectbox(key="set.protocol").set_value("offline").run()
    assert link(page)["optim.epochs"] == 12


def test_the_way_back_leads_to_what_was_typed_before(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, **{"optim.epochs": "12", "method.temperature": "7.0"})
    before = dict(page.session_state["link"])
    page.selectbox(key="set.protocol").set_value("federated").run()
    assert link(page)["optim.epochs"] == 40
    page.selectbox(key="set.protocol").set_value("mutual").run()
    page.selectbox(key="set.protocol").set_value("offline").run()
    assert not page.exception
    assert dict(page.session_state["link"]) == before


def test_what_was_typed_under_another_preset_does_not_come_back(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, **{"optim.epochs": "12"})
    page.selectbox(key="set.protocol").set_value("federated").run()
    page.selectbox(key="preset").set_value("mnist-few-labels").run()
    page.selectbox(key="set.protocol").set_value("federated").run()
    page.selectbox(key="set.protocol").set_value("offline").run()
    assert "optim.epochs" not in link(page)


def test_a_protocol_that_does_not_fit_says_why_and_nothing_is_lost(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, method="hints", **{"method.weight": "50"})
    before = dict(page.session_state["link"])
    page.selectbox(key="set.protocol").set_value("multi_task").run()
    assert not page.exception
    assert "passes on logits alone" in page.error[0].value
    assert dict(page.session_state["link"]) == before
    page.selectbox(key="set.method").set_value("soft_targets").run()
    page.selectbox(key="set.protocol").set_value("multi_task").run()
    assert not page.error
    page.selectbox(key="set.method").set_value("hints").run()
    assert "passes on logits alone" in page.error[0].value
    assert link(page)["protocol"]["name"] == "multi_task"


def test_further_networks_are_written_in_one_line(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, protocol="several_teachers")
    page.text_input(key="set.others").set_value("MLP 300-300, conv 8 fc=32").run()
    assert not page.exception and not page.error
    names = [network["name"] for network in link(page)["others"]]
    assert names == ["mlp", "convnet"]
    again = app(tmp_path, **{key: value for key, value in page.session_state["link"].items() if key != "v"})
    assert again.text_input(key="set.others").value == "mlp 300-300, convnet 8 fc=32"
    assert not again.warning
    again.selectbox(key="set.protocol").set_value("cross_modal").run()
    assert not again.error
    assert "others" not in link(again)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("transformer 8", "a network begins with its family"),
        ("mlp wide", "'wide' is neither sizes nor a setting"),
        ("mlp 0", "greater than or equal to 1"),
        ("mlp 12 dropout=2", "less than 1"),
    ],
)
def test_a_network_that_cannot_be_read_is_told_and_stays_in_sight(
    app: App, tmp_path: Path, text: str, sentence: str
) -> None:
    page = app(tmp_path, protocol="mutual")
    page.text_input(key="set.others").set_value(text).run()
    assert not page.exception
    assert sentence in page.error[0].value.replace(chr(92), "")
    assert page.text_input(key="set.others").value == text
    assert "others" not in link(page)


def test_networks_survive_being_written_and_read() -> None:
    networks = ["mlp 300-300 dropout=0.5", "convnet 16-32 batch_norm=true fc=10", "resnet18"]
    made = PRESETS["digits"].recipe.changed({"others": read_networks("，".join(networks))}).others
    assert PRESETS["digits"].recipe.changed({"others": read_networks(written_networks(made))}).others == made


def test_every_setting_of_every_protocol_can_be_drawn(app: App, tmp_path: Path) -> None:
    page = app(tmp_path)
    for name in [*PROTOCOLS, "offline"]:
        page.selectbox(key="set.protocol").set_value(name).run()
        assert not page.exception and not page.error, name
        fields = [*page.text_input, *page.selectbox, *page.slider, *page.select_slider]
        drawn = {field.key for field in fields}
        assert {f"set.protocol.{field}" for field in PROTOCOLS[name].model_fields if field != "name"} <= drawn


def test_a_recipe_of_a_protocol_can_be_started(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, protocol="chain", others='[{"name": "mlp", "widths": [64]}]')
    page.button(key="race_start").click().run()
    assert not page.exception
    members = Store(tmp_path).studies.list()[0].spec["members"]
    assert [one["arm"] for one in members[:5]] == ["teacher", "helper", "helper", "alone", "distilled"]


def test_the_methods_page_tells_the_protocols_and_lets_them_be_tried(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="methods")
    assert not page.exception
    said = texts(page)
    for name, kind in PROTOCOLS.items():
        assert kind.source.replace(chr(92), "") in said
        assert (f"protocol_try_{name}" in {button.key for button in page.button}) == (name != "offline")
    page.button(key="protocol_try_mutual").click().run()
    assert not page.exception
    assert link(page)["protocol"]["name"] == "mutual"
    assert link(page)["method.temperature"] == 1.0


def test_trying_a_protocol_replaces_a_method_that_it_cannot_carry(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="methods", method="hints")
    page.button(key="protocol_try_several_teachers").click().run()
    assert not page.exception
    assert link(page)["protocol"]["name"] == "several_teachers"
    assert "method" not in link(page)


def test_a_variant_of_a_method_can_be_tried(app: App, tmp_path: Path) -> None:
    page = app(tmp_path, page="methods")
    page.button(key="method_try_hints_two_stages").click().run()
    assert not page.exception
    assert link(page)["method"]["name"] == "hints"
    assert link(page)["schedules.weight"]["name"] == "between"


def federated_round(**facts: Any) -> FederatedRound:
    nothing = {"server": 0.0, "clients": [], "twins": [], "labels": [], "bytes_of_logits": 0, "bytes_of_weights": 0}
    return FederatedRound(**{**nothing, **facts})


def test_clients_are_told_with_labels_before_and_after() -> None:
    rows = client_rows(federated_round(labels=[[3, 0], [1, 4]], twins=[0.5, 0.6], clients=[0.7, 0.55]))
    assert rows["images"].tolist() == [3, 5]
    assert rows["difference"].round(6).tolist() == [20.0, -5.0]
    assert rows["class_1"].tolist() == [0, 4]


def test_public_images_follow_from_what_is_sent() -> None:
    # 3 clients send and get 10 numbers of 4 bytes for each of 500 images.
    last = federated_round(clients=[0.5] * 3, labels=[[1] * 10] * 3, bytes_of_logits=2 * 3 * 10 * 4 * 500)
    assert last.public_images == 500


def test_a_view_of_a_white_row_is_a_white_mean_of_that_row() -> None:
    pixels = np.zeros((1, 4, 4), np.uint8)
    pixels[0, 2] = 255
    # Rows: 0, 0, 255, 0; columns: a quarter of 255 each.
    assert pictured("sums", pixels)[0].tolist() == [[0, 0, 255, 0], [64, 64, 64, 64]]


def test_a_mixture_may_be_right_where_no_majority_is() -> None:
    # By hand: probabilities (.9, .1), (.4, .6), (.4, .6) have the mean (.567, .433): class 0 against two of three.
    logits = [np.log(np.array([row], np.float32)) for row in ((0.9, 0.1), (0.4, 0.6), (0.4, 0.6))]
    assert SeveralTeachers(teachers=3).accuracy(logits, np.array([0])) == 1.0
