"""The commands: what each does with what was asked for on the command line."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kd_core.cli.report import OUTCOMES
from kd_core.errors import InvalidSetting, RunUnknown
from kd_core.settings import parse_value, read_axis
from kd_core.store import Store, StudyRow


def presets(asked: argparse.Namespace) -> int:
    """Print one preset a line."""
    from kd_core.recipe import PRESETS

    for name, preset in PRESETS.items():
        print(f"{name}\t{preset.title}")
    return 0


def race(asked: argparse.Namespace) -> int:
    """Train teacher, student alone and distilled student, and print what came of it."""
    from kd_core.recipe import PRESETS, Study

    preset = PRESETS[asked.preset]
    recipe = preset.recipe.changed(_changes(asked.set))
    store = Store(asked.home)
    study = Study.race(recipe, preset.seeds if asked.seeds is None else asked.seeds, preset.name)
    return _carry_out(store, _add(store, study, asked), asked)


def sweep(asked: argparse.Namespace) -> int:
    """Train a trio for every cell of a grid, or of a random search, and print one row a run."""
    from kd_core.recipe import PRESETS, Study

    preset = PRESETS[asked.preset]
    recipe = preset.recipe.changed(_changes(asked.set))
    axes = {path: read_axis(path, values) for path, values in _pairs(asked.axis)}
    store = Store(asked.home)
    study = Study.sweep(recipe, axes, asked.seeds or 1, preset.name, asked.random)
    return _carry_out(store, _add(store, study, asked), asked)


def compare(asked: argparse.Namespace) -> int:
    """Race techniques against each other, with one budget and one student, and print a row for each."""
    from kd_core.recipe import PRESETS, Study, technique_names

    preset = PRESETS[asked.preset]
    recipe = preset.recipe.changed(_changes(asked.set))
    names = technique_names() if asked.methods == ["all"] else asked.methods
    study = Study.compare(recipe, names, asked.seeds or 1, preset.name)
    store = Store(asked.home)
    return _carry_out(store, _add(store, study, asked), asked)


def runs(asked: argparse.Namespace) -> int:
    """Print the runs of the store, newest first."""
    rows = Store(asked.home).runs.list(limit=asked.limit or None)
    if asked.json:
        print(json.dumps([_run_json(row) for row in rows]))
    for row in [] if asked.json else rows:
        network, method = row.recipe["student"]["name"], row.recipe["method"]["name"]
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created))
        print(f"{row.id}  {row.status:<11}  {when}  {network:<8}  {method:<16}  epoch {row.epoch}/{row.epochs}")
    return 0


def show(asked: argparse.Namespace) -> int:
    """Print everything about one run, or about one study."""
    store = Store(asked.home)
    try:
        row = store.runs.get(asked.run)
    except RunUnknown:
        study = store.studies.get(asked.run)
        print(json.dumps(OUTCOMES[study.kind][0](store, study.id), indent=2))
        return 0
    epochs = [asdict(epoch) for epoch in store.runs.epochs([row.id])]
    print(json.dumps({**_run_json(row), "recipe": row.recipe, "cost": row.cost, "epochs": epochs}, indent=2))
    return 0


def resume(asked: argparse.Namespace) -> int:
    """Go on with a study, or with the study of a run, that did not come to its end."""
    store = Store(asked.home)
    study = store.studies.of_run(asked.run) or asked.run
    store.studies.ask_resume(study, status="running")
    return _carry_out(store, study, asked)


def export(asked: argparse.Namespace) -> int:
    """Write a run's trained network in another format."""
    from kd_core.export import export as write

    for path in write(Store(asked.home), asked.run, asked.format, Path(asked.path)):
        print(path)
    return 0


def _add(store: Store, study: Any, asked: argparse.Namespace) -> str:
    return store.studies.add(study, fresh=asked.fresh, device=asked.device, precision=asked.precision, status="running")


def _carry_out(store: Store, study: str, asked: argparse.Namespace) -> int:
    """Train in this process, telling progress on stderr; a Ctrl-C keeps what is finished and can be resumed."""
    from kd_core.jobs import carry_out

    over = threading.Event()
    teller = threading.Thread(target=_tell_progress, args=(store, study, over), daemon=True)
    teller.start()
    carry_out(store, study, asked.data_root)
    over.set()
    teller.join()
    return _print_outcome(store, store.studies.get(study), asked.json)


def _tell_progress(store: Store, study: str, over: threading.Event) -> None:
    interval = 0.5 if sys.stderr.isatty() else 15.0
    end = "\r" if sys.stderr.isatty() else "\n"
    members = {member.fingerprint for member in store.studies.members(study)}
    while not over.wait(interval):
        row = store.studies.get(study)
        runs_now = {run.id: run for run in store.studies.runs_of(study).values()}
        going = [
            f"{run.recipe['student']['name']} epoch {run.epoch}/{run.epochs}"
            for run in runs_now.values()
            if run.status == "running"
        ]
        done = sum(run.status == "done" for run in runs_now.values())
        doing = row.activity["what"] if row.activity else ", ".join(going)
        print(
            f"{done} of {len(members)} networks trained; {doing}".ljust(79),
            end=end,
            file=sys.stderr,
            flush=True,
        )


def _print_outcome(store: Store, row: StudyRow, as_json: bool) -> int:
    told, write = OUTCOMES[row.kind]
    found = told(store, row.id)
    if as_json:
        print(json.dumps(found))
    else:
        write(store, row.id, found)
    if row.status == "done":
        if row.error:  # one of its networks broke, which is a result like any other
            print(row.error["sentence"], file=sys.stderr)
        return 0
    sentence = row.error["sentence"] if row.error else f"{row.status}: go on with 'python -m kd_core resume {row.id}'"
    print(sentence, file=sys.stderr)
    return 2


def _run_json(row: Any) -> dict[str, Any]:
    names = ("id", "fingerprint", "status", "created", "finished", "seconds", "epoch", "epochs", "reported_epoch")
    told = {name: getattr(row, name) for name in names}
    facts = {
        "student": row.recipe["student"]["name"],
        "method": row.recipe["method"]["name"],
        "seed": row.recipe["seed"],
    }
    return {**told, **facts, "execution": row.execution, "error": row.error}


def _changes(texts: Sequence[str]) -> dict[str, Any]:
    return {path: parse_value(text) for path, text in _pairs(texts)}


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in texts]
    for path, sign, value in pairs:
        if not sign or not path:
            raise InvalidSetting(path=path or "(empty)", value=repr(value), reason="write it as path=value.")
    return [(path, value) for path, _, value in pairs]
