"""The command line: races, sweeps, runs and exports without a browser."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kd_core.axes import read_axis
from kd_core.errors import InvalidSetting, KDError, RunUnknown
from kd_core.outcomes import OUTCOMES
from kd_core.settings import read_value
from kd_core.store import Store, StudyRow
from kd_core.store.store import default_home


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; return 0, or 2 after telling on stderr what a person can put right."""
    asked = _parser().parse_args(arguments)
    asked.data_root = asked.data_root or asked.home / "data"
    command: Callable[[argparse.Namespace], int] = asked.command
    try:
        return command(asked)
    except KDError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # somebody closed the pager
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def presets(asked: argparse.Namespace) -> int:
    """Print one preset a line."""
    from kd_core.presets import PRESETS

    for name, preset in PRESETS.items():
        print(f"{name}\t{preset.title}")
    return 0


def race(asked: argparse.Namespace) -> int:
    """Train teacher, student alone and distilled student, and print what came of it."""
    from kd_core.presets import PRESETS
    from kd_core.recipe import Study

    preset = PRESETS[asked.preset]
    recipe = preset.recipe.changed(_changes(asked.set))
    store = Store(asked.home)
    study = Study.race(recipe, preset.seeds if asked.seeds is None else asked.seeds, preset.name)
    return _carry_out(store, _add(store, study, asked), asked)


def sweep(asked: argparse.Namespace) -> int:
    """Train a trio for every cell of a grid, or of a random search, and print one row a run."""
    from kd_core.presets import PRESETS
    from kd_core.recipe import Study

    preset = PRESETS[asked.preset]
    recipe = preset.recipe.changed(_changes(asked.set))
    axes = {path: read_axis(path, values) for path, values in _pairs(asked.axis)}
    store = Store(asked.home)
    study = Study.sweep(recipe, axes, asked.seeds or 1, preset.name, asked.random)
    return _carry_out(store, _add(store, study, asked), asked)


def compare(asked: argparse.Namespace) -> int:
    """Race techniques against each other, with one budget and one student, and print a row for each."""
    from kd_core.contenders import contenders
    from kd_core.presets import PRESETS
    from kd_core.recipe import Study

    preset = PRESETS[asked.preset]
    recipe = preset.recipe.changed(_changes(asked.set))
    names = contenders() if asked.methods == ["all"] else asked.methods
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
    return {path: read_value(text) for path, text in _pairs(texts)}


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in texts]
    for path, sign, value in pairs:
        if not sign or not path:
            raise InvalidSetting(path=path or "(empty)", value=repr(value), reason="write it as path=value.")
    return [(path, value) for path, _, value in pairs]


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kd_core", description="Train, distil and compare networks.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    data = os.environ.get("KD_DATA")
    common.add_argument("--home", type=Path, default=default_home(), help="the store's folder (KD_HOME)")
    common.add_argument("--data-root", type=Path, default=data, help="where torchvision's datasets lie (KD_DATA)")
    common.add_argument("--json", action="store_true", help="print JSON")
    training = argparse.ArgumentParser(add_help=False)
    training.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="change a setting")
    training.add_argument("--seeds", type=_count, metavar="N", help="how many seeds")
    training.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    words = "auto: the fastest number format measured here; float32: no coarser one"
    training.add_argument("--precision", default="auto", choices=["auto", "float32"], help=words)
    training.add_argument("--fresh", action="store_true", help="train again what was trained before")

    def add(command: Callable[[argparse.Namespace], int], *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        words = (command.__doc__ or "").strip()
        made = commands.add_parser(command.__name__, parents=[*parents, common], help=words, description=words)
        made.set_defaults(command=command)
        return made

    add(presets)
    preset = argparse.ArgumentParser(add_help=False)
    preset.add_argument("preset", metavar="PRESET")
    add(race, preset, training)
    comparing = add(compare, training)
    comparing.add_argument("methods", nargs="+", metavar="METHOD", help="techniques, or 'all'")
    comparing.add_argument("--preset", default="digits", help="where data, networks and budget come from")
    sweeping = add(sweep, preset, training)
    words = "values, or with --random also a range: 1..20, or '1..20 log'"
    sweeping.add_argument("--axis", action="append", required=True, metavar="PATH=V1,V2,...", help=words)
    sweeping.add_argument("--random", type=_count, metavar="N", help="draw N cells instead of training the whole grid")
    add(runs).add_argument("--limit", type=int, default=200, help="the newest so many; 0 for all")
    for command in (show, resume):
        add(command).add_argument("run", metavar="RUN")
    exporting = add(export)
    exporting.add_argument("run", metavar="RUN")
    exporting.add_argument("--format", required=True, help="safetensors or code")
    exporting.add_argument("path", metavar="PATH")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
