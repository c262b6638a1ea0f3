"""The methods page is written by the registries, and a method on it can be tried."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.methods import METHODS
from kd_core.methods.soft_targets import SoftTargets
from kd_core.recipe.techniques import TIPS
from pages.parts.text import i18n, member_text
from tests.pages.conftest import App


@pytest.fixture
def methods(app: App, tmp_path: Path, warm: None) -> AppTest:
    return app(tmp_path, page="methods")


def shown(test: AppTest) -> str:
    return "\n".join(element.value for element in [*test.markdown, *test.header, *test.caption, *test.latex])


def test_every_method_tells_what_it_does_with_formula_and_source(methods: AppTest) -> None:
    assert not methods.exception
    text = shown(methods)
    for member in METHODS.values():
        assert member.formula in text
        assert member.source in text
        assert member_text.summary("methods", member) in text


KATEX = {
    "alpha", "bar", "beta", "big", "cdot", "cos", "exp", "frac", "gamma", "hat", "lVert", "lambda", "ln",
    "log", "mathbb", "mathcal", "mathrm", "max", "min", "mu", "ne", "overline", "quad", "rVert", "rho",
    "sigma", "sum", "tau", "text", "tfrac", "tilde", "top", "varepsilon",
}  # fmt: skip
"""The commands that formulas may use: what KaTeX does not know stands in red on the page."""


def test_every_command_in_a_formula_is_one_that_katex_knows() -> None:
    used = {name: set(re.findall(r"\\([a-zA-Z]+)", member.formula)) for name, member in METHODS.items()}
    assert {name: commands - KATEX for name, commands in used.items() if commands - KATEX} == {}


def test_settings_come_from_their_declarations() -> None:
    rows = {row["name"]: row for row in member_text.setting_rows("methods", SoftTargets)}
    assert rows["temperature"]["default"] == "4"
    assert rows["temperature"]["range"] == "0 < x ≤ 1000"
    assert rows["teacher_weight"]["range"] == "0 ≤ x ≤ 1"
    assert rows["label_weight"]["default"] == "empty"
    assert rows["direction"]["range"] == "forward, reverse"
    assert rows["scale_by_t2"]["default"] == "yes"


LITERATURE = {
    "soft_targets": "KD", "decoupled": "DKD", "dist": "DIST", "relational": "RKD", "similarity": "SP",
    "attention_transfer": "AT", "hints": "FitNets", "teacher_free": "Tf-KD", "self_exits": "BYOT", "pkt": "PKT",
    "nst": "NST", "vid": "VID", "correlation_congruence": "CC", "label_smoothing": "LSR",
    "mutual": "DML", "data_free": "DAFL", "federated": "FedMD",
}  # fmt: skip


@pytest.mark.parametrize(("language", "brackets"), [("en", " ({})"), ("zh", "（{}）")])
def test_techniques_carry_the_names_of_the_literature(
    language: str, brackets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i18n, "language", lambda: language)
    for name, short in LITERATURE.items():
        section = "methods" if name in METHODS else "protocols"
        title = member_text.title_of(section, name)
        assert title.endswith(brackets.format(short))
        assert title != short


def test_trying_a_method_puts_it_into_the_link(methods: AppTest) -> None:
    methods.button(key="method_try_label_smoothing").click().run()
    assert not methods.exception
    assert "label_smoothing" in methods.session_state["link"]["method"]


def test_the_baseline_is_not_offered_as_something_to_try(methods: AppTest) -> None:
    assert "method_try_labels_only" not in {button.key for button in methods.button}


def test_page_speaks_chinese(app: App, tmp_path: Path, warm: None) -> None:
    text = shown(app(tmp_path, page="methods", language="zh"))
    assert "软标签蒸馏" in text
    assert "Follow the teacher" not in text


@pytest.mark.parametrize("name", TIPS)
def test_a_tip_can_be_tried_with_its_settings(methods: AppTest, name: str) -> None:
    assert TIPS[name].summary in shown(methods)
    page = methods.button(key=f"tip_try_{name}").click().run()
    assert not page.exception
    for path in TIPS[name].changes:
        assert any(part.startswith(path) for part in page.session_state["link"]), path


def test_all_tips_can_be_raced_at_once(methods: AppTest) -> None:
    page = methods.button(key="race_tips").click().run()
    assert not page.exception
    assert page.session_state["link"]["techniques"].split(",") == ["soft_targets", *TIPS]


def test_a_tip_undoes_the_one_tried_before(methods: AppTest) -> None:
    page = methods.button(key="tip_try_copied_layers").click().run()
    page = page.switch_page("pages/methods.py").run().button(key="tip_try_tenth_of_the_rate").click().run()
    assert not page.exception
    link = page.session_state["link"]
    assert "start" not in link and link["optim.lr_of_teacher"] == "0.1"
    page = page.switch_page("pages/methods.py").run().button(key="race_tips").click().run()
    assert not {"start", "optim.lr_of_teacher"} & set(page.session_state["link"])


@pytest.mark.parametrize("after", ["method_try_relational", "protocol_try_mutual", "tip_try_strong_augmentation"])
def test_after_a_method_in_stages_others_can_be_tried(methods: AppTest, after: str) -> None:
    page = methods.button(key="method_try_hints_two_stages").click().run()
    assert "schedules.weight" in " ".join(page.session_state["link"])
    page = page.switch_page("pages/methods.py").run().button(key=after).click().run()
    assert not page.exception and not page.error
    assert not any(part.startswith("schedules.weight") for part in page.session_state["link"])


def test_what_cannot_be_tried_is_told_on_the_spot(app: App, tmp_path: Path, warm: None) -> None:
    page = app(tmp_path, page="methods", **{"optim.patience": "5"})
    page = page.button(key="protocol_try_federated").click().run()
    assert "nobody stops early" in page.error[0].value
