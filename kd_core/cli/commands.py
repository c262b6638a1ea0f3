"""The commands: what each does with its arguments."""

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

from kd_core import jobs
from kd_core.cli.report import OUTCOMES, left_out_lines
from kd_core.errors import FilesDamaged, InvalidSetting, Reason, RunUnknown
from kd_core.settings import parse_value, read_axis
from kd_core.store import Store, StudyRow


def presets(arguments: argparse.Namespace) -> int:
    """Print one preset a line."""
    from kd_core.recipe import PRESETS

    for name, preset in PRESETS.items():
        print(f"{name}\t{preset.title}")
    return 0


def race(arguments: argparse.Namespace) -> int:
    """Train teacher, student alone and distilled student, and print what came of it."""
    from kd_core.recipe import PRESETS, Study

    preset = PRESETS[arguments.preset]
    recipe = preset.recipe.changed(_changes(arguments.set))
    store = _opened(arguments)
    study = Study.race(recipe, preset.seeds if arguments.seeds is None else arguments.seeds, preset.name)
    return _carry_out(store, _add(store, study, arguments), arguments)


def code(arguments: argparse.Namespace) -> int:
    """Print one self-contained PyTorch script that does what a race does, or with --json the recipe."""
    from kd_core.recipe import PRESETS
    from kd_core.script import recipe_command, recipe_text, training_script

    preset = PRESETS[arguments.preset]
    recipe, seeds = preset.recipe.changed(_changes(arguments.set)), arguments.seeds or preset.seeds
    if arguments.json:
        print(recipe_text(recipe), end="")
    else:
        print(training_script(recipe, range(seeds), recipe_command(recipe, preset.name, seeds)), end="")
    return 0


def sweep(arguments: argparse.Namespace) -> int:
    """Train a trio for every cell of a grid, or of a random search, and print one row a run."""
    from kd_core.recipe import PRESETS, Study

    preset = PRESETS[arguments.preset]
    recipe = preset.recipe.changed(_changes(arguments.set))
    axes = {path: read_axis(path, values) for path, values in _pairs(arguments.axis)}
    store = _opened(arguments)
    study = Study.sweep(recipe, axes, arguments.seeds or 1, preset.name, arguments.random)
    return _carry_out(store, _add(store, study, arguments), arguments)


def compare(arguments: argparse.Namespace) -> int:
    """Race techniques against each other, with one budget and one student, and print a row for each."""
    from kd_core.recipe import PRESETS, Study, technique_names

    preset = PRESETS[arguments.preset]
    recipe = preset.recipe.changed(_changes(arguments.set))
    names = technique_names() if arguments.methods == ["all"] else arguments.methods
    study = Study.compare(recipe, names, arguments.seeds or 1, preset.name)
    store = _opened(arguments)
    return _carry_out(store, _add(store, study, arguments), arguments)


def runs(arguments: argparse.Namespace) -> int:
    """Print the runs of the store, newest first."""
    rows = _opened(arguments).runs.list(limit=arguments.limit or None)
    if arguments.json:
        print(json.dumps([_run_json(row) for row in rows]))
    for row in [] if arguments.json else rows:
        network, method = row.recipe["student"]["name"], row.recipe["method"]["name"]
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created))
        print(f"{row.id}  {row.status:<11}  {when}  {network:<8}  {method:<16}  epoch {row.epoch}/{row.epochs}")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Print everything about one run, or about one study."""
    store = _opened(arguments)
    try:
        row = store.runs.get(arguments.run)
    except RunUnknown:
        study = store.studies.get(arguments.run)
        print(json.dumps(OUTCOMES[study.kind][0](store, study.id), indent=2))
        return 0
    epochs = [asdict(epoch) for epoch in store.runs.epochs([row.id])]
    print(json.dumps({**_run_json(row), "recipe": row.recipe, "cost": row.cost, "epochs": epochs}, indent=2))
    return 0


def resume(arguments: argparse.Namespace) -> int:
    """Go on with a study, or with the study of a run, that did not come to its end."""
    store = _opened(arguments)
    study = store.studies.of_run(arguments.run) or arguments.run
    jobs.wait_for_lost(store, study)
    store.studies.ask_resume(study, status="running")
    return _carry_out(store, study, arguments)


def export(arguments: argparse.Namespace) -> int:
    """Write a run's trained network in another format."""
    from kd_core.export import export as write

    store = _opened(arguments)
    try:
        written = write(store, arguments.run, arguments.format, Path(arguments.path))
    except FilesDamaged as error:
        if not (study := store.studies.of_run(arguments.run)):
            raise
        print(f"{error} It is trained again now.", file=sys.stderr)
        store.studies.ask_resume(study, status="running")
        jobs.carry_out(store, study, arguments.data_root)
        written = write(store, arguments.run, arguments.format, Path(arguments.path))
    for path in written:
        print(path)
    return 0


def _opened(arguments: argparse.Namespace) -> Store:
    """Return the store, after looking for studies that say they run while their process is gone."""
    store = Store(arguments.home)
    jobs.mark_lost(store)
    return store


def _add(store: Store, study: Any, arguments: argparse.Namespace) -> str:
    return store.studies.add(
        study, fresh=arguments.fresh, device=arguments.device, precision=arguments.precision, status="running"
    )


def _carry_out(store: Store, study: str, arguments: argparse.Namespace) -> int:
    """Train in this process, reporting progress on stderr; a Ctrl-C keeps what is finished and can be resumed."""
    finished = threading.Event()
    reporter = threading.Thread(target=_report_progress, args=(store, study, finished), daemon=True)
    reporter.start()
    jobs.carry_out(store, study, arguments.data_root)
    finished.set()
    reporter.join()
    return _print_outcome(store, store.studies.get(study), arguments.json)


def _report_progress(store: Store, study: str, finished: threading.Event) -> None:
    interval = 0.5 if sys.stderr.isatty() else 15.0
    end = "\r" if sys.stderr.isatty() else "\n"
    members = {member.fingerprint for member in store.studies.members(study)}
    while not finished.wait(interval):
        row = store.studies.get(study)
        runs_now = {run.id: run for run in store.studies.runs_of(study).values()}
        running = [
            f"{run.recipe['student']['name']} epoch {run.epoch}/{run.epochs}"
            for run in runs_now.values()
            if run.status == "running"
        ]
        done = sum(run.status == "done" for run in runs_now.values())
        activity = row.activity["what"] if row.activity else ", ".join(running)
        print(
            f"{done} of {len(members)} networks trained; {activity}".ljust(79),
            end=end,
            file=sys.stderr,
            flush=True,
        )


def _print_outcome(store: Store, row: StudyRow, as_json: bool) -> int:
    collect, write = OUTCOMES[row.kind]
    outcome = collect(store, row.id)
    if as_json:
        print(json.dumps(outcome))
    else:
        write(store, row.id, outcome)
    for line in left_out_lines(store, row.id):
        print(line, file=sys.stderr)
    if row.status == "done":
        if row.error:  # one of its networks broke, which is a result like any other
            print(row.error["sentence"], file=sys.stderr)
        return 0
    sentence = row.error["sentence"] if row.error else f"{row.status}: go on with 'python -m kd_core resume {row.id}'"
    print(sentence, file=sys.stderr)
    return 2


def _run_json(row: Any) -> dict[str, Any]:
    names = ("id", "fingerprint", "status", "created", "finished", "seconds", "epoch", "epochs", "reported_epoch")
    columns = {name: getattr(row, name) for name in names}
    facts = {
        "student": row.recipe["student"]["name"],
        "method": row.recipe["method"]["name"],
        "seed": row.recipe["seed"],
    }
    return {**columns, **facts, "execution": row.execution, "error": row.error}


def _changes(texts: Sequence[str]) -> dict[str, Any]:
    return {path: parse_value(text) for path, text in _pairs(texts)}


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in texts]
    for path, sign, value in pairs:
        if not sign or not path:
            raise InvalidSetting(
                path=path or "(empty)", value=repr(value), reason=Reason("no_sign", "write it as path=value.")
            )
    return [(path, value) for path, _, value in pairs]
