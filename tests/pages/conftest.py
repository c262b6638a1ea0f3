"""A store with a real, tiny digits race, and pages started on it without a browser."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
SECONDS = 30


class TrainedHome(NamedTuple):
    """A store's folder and the id of the race in it."""

    home: Path
    study: str


App = Callable[..., AppTest]


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is ready at once, as it is for the second visitor of a server."""
    from pages.parts.app import engine

    for name in ("engine_ready", "engine_is_warm"):
        monkeypatch.setattr(engine, name, lambda: True)
    monkeypatch.setattr("pages.parts.race.controls.engine_ready", lambda: True)
    for module in ("nearest_student", "fit"):
        monkeypatch.setattr(f"pages.parts.studies.{module}.engine_is_warm", lambda: True)


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> TrainedHome:
    """The digits preset with two seeds, three epochs for the students and two for the teacher; read it only."""
    home = tmp_path_factory.mktemp("trained")
    return TrainedHome(home, train_tiny_race(home))


def train_tiny_race(home: Path, seeds: int = 2, **changes: object) -> str:
    """Train a digits race of a few epochs into a store and return the study's id; about two seconds.

    ``changes`` are recipe paths with ``__`` for the dot: ``optim__epochs=5``.
    """
    from kd_core.experiments.study_runner import run_study
    from kd_core.recipe import Study
    from kd_core.recipe.presets import PRESETS
    from kd_core.store import Store

    wanted = {"optim.epochs": 3, "teacher.optim.epochs": 2, **{k.replace("__", "."): v for k, v in changes.items()}}
    store = Store(home)
    recipe = PRESETS["digits"].recipe.changed(wanted)
    study = store.studies.add(Study.race(recipe, seeds, "digits"), status="running")
    run_study(store, study, data_root=home / "data")
    row = store.studies.get(study)
    store.close()
    assert row.status == "done", row.error
    return study


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> App:
    """`app(home, page="soft_labels", **query)`: the whole app on a store, run once, on the page that is named.

    The link's parts are given as keywords: `app(home, page="soft_labels", T="inf", sample="7")`. ``visitor`` sits at
    the browser, on a server whose mode the environment names; "lecturer" is the one who knows the secret.
    """

    def start(home: Path, *, page: str = "race", visitor: str = "", **query: str) -> AppTest:
        from pages.parts.app import engine, visitors
        from pages.parts.text import i18n

        monkeypatch.setenv("KD_HOME", str(home))
        monkeypatch.setattr(engine.jobs, "ensure_supervisor", lambda *args: None)  # a test trains nothing by itself
        engine.store.cache_clear()
        if "language" in query:
            # AppTest asks a widget's format_func again outside of the session, where no link tells the language.
            monkeypatch.setattr(i18n, "language", lambda: query["language"])
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
        for name, value in query.items():
            test.query_params[name] = value
        if visitor:
            known = visitors.identity().visitor(visitor, lecturer=visitor == "lecturer")
            test.session_state["visitor"] = visitors.identity().cookie(known)
        test.session_state["all_settings"] = test.session_state["formula"] = True  # folds are drawn when they are open
        test.run()
        return test if page == "race" else test.switch_page(f"pages/{page}.py").run()

    return start
