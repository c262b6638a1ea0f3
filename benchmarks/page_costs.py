"""What one rerun of the Race page asks of the store: ``python -m benchmarks.page_costs [--sweeps 6] [--json]``.

Queries of the database, recipes validated, files read and folders listed, counted without a browser for a moved slider
(a finished race, beside it a sweep of other settings or one that covers the slider) and for one poll of a race that
trains, on a store with one race and some small sweeps that it trains first. Counts are the same on any machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from kd_core import Recipe, Store, Study
from kd_core.jobs.locks import job_lock

ROOT = Path(__file__).parents[1]
TEMPERATURE, WEIGHT = "method.temperature", "method.teacher_weight"
KINDS = ("queries", "validations", "files", "folders")
counts: Counter[str] = Counter()
"""What was counted since ``counted`` was last asked."""


def main() -> None:
    """Train, count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sweeps", type=int, default=6, help="that do not fit the race, beside the one that does")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), asked.sweeps)
    if asked.json:
        print(json.dumps({"sweeps": asked.sweeps + 1, **found}, indent=1))
        return
    print(f"{'':34}" + "".join(f"{kind:>13}" for kind in KINDS))
    for name, row in found.items():
        print(f"{name:34}" + "".join(f"{row[kind]:>13}" for kind in KINDS))


def measured(home: Path, sweeps: int) -> dict[str, dict[str, int]]:
    """Return the counts by what a person does."""
    study = stored(home, sweeps)
    os.environ["KD_HOME"] = str(home)
    count_store(home)
    begin_engine()
    found = {}
    for name, other in (("slider, covered by a sweep", {"optim.epochs": "2"}), ("slider, covered by none", {})):
        page = opened(study, {"teacher.optim.epochs": "2", "optim.epochs": "3", **other})
        page.select_slider(key=f"set.{TEMPERATURE}").set_value(8.0)
        found[name] = counted(page.run)
        page.select_slider(key=f"set.{TEMPERATURE}").set_value(2.0)
        found[f"{name}, again"] = counted(page.run)
    finished = AppTest.from_function(only_view, default_timeout=60, args=(study,)).run()
    found["drawing a finished race"] = counted(finished.run)
    return {**found, "one poll of a race that trains": polled(home, study)}


def stored(home: Path, sweeps: int) -> str:
    """Train a race of two seeds, a sweep of its settings, and sweeps of other epochs; return the race's id."""
    from kd_core import PRESETS

    recipe = PRESETS["digits"].recipe.changed({"optim.epochs": 2, "teacher.optim.epochs": 2})
    axes: dict[str, Any] = {TEMPERATURE: [2.0, 8.0], WEIGHT: [0.5, 0.9]}
    studies = [Study.sweep(recipe, axes, 2, "digits")]
    for more in range(sweeps):
        studies.append(Study.sweep(recipe.changed({"optim.epochs": 4 + more}), axes, 1, "digits"))
    studies.append(Study.race(recipe.changed({"optim.epochs": 3}), 2, "digits"))
    store = Store(home)
    for study in studies:
        last = trained(store, study)
    store.close()
    return last


def trained(store: Store, study: Study) -> str:
    """Carry a study out in this process and return its id."""
    from kd_core.experiments import run_study

    made = store.studies.add(study, status="running")
    run_study(store, made, data_root=store.home / "data")
    assert store.studies.get(made).status == "done", store.studies.get(made).error
    return made


def polled(home: Path, study: str) -> dict[str, int]:
    """Return what one poll costs: the race is told to train, by a job whose lock this process holds."""
    store = Store(home)
    member = next(place for place in store.studies.members(study) if place.arm == "distilled" and place.run)
    store.studies.update(study, status="running", started=time.time(), finished=None)
    store.runs.update(str(member.run), status="running", reported_epoch=None)
    with job_lock(home, study):
        view = AppTest.from_function(only_view, default_timeout=60, args=(study,)).run()
        assert not view.exception, view.exception
        return counted(view.run)


def only_view(study: str) -> None:
    """The fragment of a race alone, as a page that holds nothing else."""
    from pages.parts.app import store
    from pages.parts.race import race_view
    from pages.parts.studies import Selection

    race_view(Selection(store().studies.get(study)))


def opened(study: str, parts: dict[str, str]) -> AppTest:
    """Return the Race page, drawn once on a race."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in {"study": study, **parts}.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception, page.exception
    return page


def begin_engine() -> None:
    """Warm the engine up without a supervisor: nothing is to be trained."""
    from pages.parts.app import engine

    setattr(engine.jobs, "ensure_supervisor", lambda *_: None)  # noqa: B010
    while not engine.engine_ready():
        time.sleep(0.05)


def counted(action: Callable[[], object]) -> dict[str, int]:
    """Return what was asked of the store during an action."""
    counts.clear()
    action()
    return {kind: counts[kind] for kind in KINDS}


def count_store(home: Path) -> None:
    """Begin to count, for the rest of this process."""
    sa.event.listen(sa.engine.Engine, "before_cursor_execute", _count_query)
    validate = Recipe.model_validate.__func__  # type: ignore[attr-defined]
    Recipe.model_validate = classmethod(_counting("validations", validate))  # type: ignore[method-assign, assignment]
    for name, module in list(sys.modules.items()):
        if name.startswith("kd_core.store"):
            for opens in ("safe_open", "load_file"):  # written in Rust: no audit event tells of them
                if hasattr(module, opens):
                    setattr(module, opens, _counting("files", getattr(module, opens)))

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        path = str(arguments[0]) if event in ("open", "os.scandir", "os.listdir") else ""
        if path.startswith(str(home)) and "/locks/" not in path:
            counts["files" if event == "open" else "folders"] += 1

    sys.addaudithook(heard)


def _count_query(connection: object, cursor: object, statement: str, *_: object) -> None:
    counts["queries"] += statement.lstrip()[:6].upper() in ("SELECT", "INSERT", "UPDATE", "DELETE")


def _counting(kind: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def counting(*arguments: Any, **named: Any) -> Any:
        counts[kind] += 1
        return call(*arguments, **named)

    return counting


if __name__ == "__main__":
    main()
