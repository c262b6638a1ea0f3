"""Show me the code: the script of the present settings beside the formula, with the recipe as JSON."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from kd_core.recipe import PRESETS
from kd_core.script import recipe_command, training_script
from tests.pages.conftest import App, TrainedHome


def opened(app: App, home: TrainedHome, **query: str) -> AppTest:
    """Return the Race page with the fold of the code open."""
    page = app(home.home, **query)
    page.session_state["own_code"] = True
    return page.run(timeout=30)


def keys(page: AppTest) -> set[str]:
    return {button.key for button in page.get("download_button")}


@pytest.mark.usefixtures("warm")
def test_the_script_is_that_of_the_links_settings(app: App, trained_home: TrainedHome) -> None:
    page = opened(app, trained_home, study=trained_home.study, **{"method.temperature": "8", "seeds": "2"})
    recipe = PRESETS["digits"].recipe.changed({"method.temperature": 8})
    assert page.code[0].value == training_script(recipe, (0, 1), recipe_command(recipe, "digits", 2)).rstrip("\n")
    assert {"own_code_script", "own_code_recipe"} <= keys(page) and not page.exception


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "The protocol 'federated' has no short form."), ("zh", "协议“federated”")]
)
def test_settings_without_a_script_say_so_and_still_give_the_recipe(
    app: App, trained_home: TrainedHome, language: str, sentence: str
) -> None:
    page = opened(app, trained_home, protocol="federated", language=language)
    told = " ".join(info.value.replace("\\", "") for info in page.info).casefold()
    assert sentence.casefold().replace("the protocol", "protocol") in told
    assert "own_code_recipe" in keys(page) and "own_code_script" not in keys(page) and not page.code


def test_a_closed_fold_writes_nothing(app: App, trained_home: TrainedHome, warm: None) -> None:
    page = app(trained_home.home)
    assert "own_code_recipe" not in keys(page) and not page.code
