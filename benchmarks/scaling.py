"""How time and memory grow: ``python -m benchmarks.scaling [--parts training stored] [--files] [--homes FOLDER]``.

``training``: seconds and peak memory of the student of ``mnist-mlp`` as images, epochs and lanes grow, each point a
study in a store and a process of its own, points in turn; linear growth has a ``last_slope_over_first`` of 1.
``stored``: what pages ask of a store, and the pages Race and Compare themselves, as stored runs (races of 15) and the
events of one run (a row each) grow by ``--sizes``; stores take turns question by question, and ``slower`` compares the
two largest, which both fill a page of a list. Rows are copies of a digits race that is trained for it. Where there are
more than 1,000 runs, all but the newest have empty folders unless ``--files`` is given.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count, pairwise, product
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import sqlalchemy as sa

from benchmarks import harness
from benchmarks.harness import digits, seconds_of, told
from kd_core import PRESETS, Store, Study
from kd_core.recipe import Member
from kd_core.results import finished_members
from kd_core.store import EpochRow
from kd_core.store.tables import epochs, members, points, runs, studies

POINTS = {
    "images": [{"images": n, "epochs": 1, "lanes": 1} for n in (1000, 6000, 18000, 36000, 54000)],
    "epochs": [{"images": 6000, "epochs": n, "lanes": 1} for n in (1, 2, 4, 8)],
    "lanes": [{"images": 6000, "epochs": 1, "lanes": n} for n in (1, 4, 16, 64)],
}
FILES_UP_TO = 1_000
POINTS_KEPT = 400
RACE = Study.race(PRESETS["digits"].recipe.changed({"optim.epochs": 3, "teacher.optim.epochs": 3}), 5, "digits")
RACES_AT_ONCE = 200
FAR = 10**9
"""An epoch that no run has reached."""
Rows = Mapping[sa.Table, list[dict[str, Any]]]


def point(data_root: str, images: int, epochs: int, lanes: int) -> dict[str, float]:
    """Train one point in a fresh store, in this process; ``bytes`` is the most that the process held."""
    base = PRESETS["mnist-mlp"].recipe.baseline().changed({"data.labelled": images, "optim.epochs": epochs})
    cells = [{"optim.lr": base.optim.lr * (1 + lane / 100)} for lane in range(lanes)]
    arms = tuple(Member(arm="alone", recipe=base.changed(cell), cell=cell) for cell in cells)
    harness.warm_torch()
    with tempfile.TemporaryDirectory() as home:
        store = Store(home)
        carried = harness.carried_out(store, Study(kind="sweep", members=arms), Path(data_root))
        store.close()
    in_training = sum(run.seconds for run in carried.runs)
    return {"seconds": carried.seconds, "training_seconds": in_training, "bytes": harness.peak_bytes()}


def training(data_root: Path, repeats: int) -> dict[str, Any]:
    """Return by what grows the samples of every point, and how straight their medians grow."""
    samples: dict[str, list[dict[str, float]]] = {}
    for size in repeats * [size for sizes in POINTS.values() for size in sizes]:
        found = harness.apart("benchmarks.scaling:point", {"data_root": str(data_root), **size}, threads=1)
        samples.setdefault(str(size), []).append(found)
        print(size, digits(found["seconds"]), "s", file=sys.stderr)
    grown: dict[str, Any] = {}
    for what, sizes in POINTS.items():
        at = [size[what] for size in sizes]
        grown[what] = {"at": at, "others": {name: n for name, n in sizes[0].items() if name != what}}
        for measure in ("seconds", "training_seconds", "bytes"):
            values = [[one[measure] for one in samples[str(size)]] for size in sizes]
            line = harness.straightness(at, [statistics.median(one) for one in values])
            grown[what][measure] = {**line, "points": [told(one) for one in values]}
    return grown


class Filled(NamedTuple):
    """A store that holds copies of a race: its folder, the newest copy and that one's newest run."""

    home: Path
    study: str
    run: str


def trained_race(home: Path) -> Rows:
    """Train a digits race of 15 runs and three epochs, and return its rows by table."""
    store = Store(home)
    harness.carried_out(store, RACE, home)
    with store.database.reading() as connection:
        tables = (studies, runs, members, epochs, points)
        rows = {one: [dict(row) for row in connection.execute(sa.select(one)).mappings()] for one in tables}
    store.close()
    return rows


def copied(race: Rows, number: int, ids: random.Random) -> Rows:
    """Return the rows of a race again as study ``number``, with ids and fingerprints of their own."""
    study = f"{ids.getrandbits(40):010x}"
    new = {row["id"]: f"{ids.getrandbits(40):010x}" for row in race[runs]}
    prints = {row["id"]: f"{ids.getrandbits(64):016x}" for row in race[runs]}

    def again(row: dict[str, Any], key: str) -> dict[str, Any]:
        own = {key: new[row[key]], "fingerprint": prints[row[key]], "study": study}
        own |= {name: row[name] + number for name in ("created", "finished") if row.get(name)}
        return {**row, **{name: value for name, value in own.items() if name in row}}

    return {
        studies: [{**row, "id": study, "number": number} for row in race[studies]],
        runs: [again(row, "id") for row in race[runs]],
        **{table: [again(row, "run") for row in race[table]] for table in (members, epochs, points)},
    }


def filled(home: Path, template: Path, race: Rows, wanted: int, with_files: bool = True) -> Filled:
    """Fill a store with copies of a race until it holds ``wanted`` runs; one that is full already stays as it is."""
    races, ids = math.ceil(wanted / len(race[runs])), random.Random(wanted)
    store = Store(home)
    if not store.studies.list(limit=1):
        for shared in {"sources", "lanes"} & {each.name for each in template.iterdir()}:
            shutil.copytree(template / shared, home / shared)
        for first in range(1, races + 1, RACES_AT_ONCE):
            batch = [copied(race, number, ids) for number in range(first, min(races + 1, first + RACES_AT_ONCE))]
            with store.database.writing() as connection:
                for table in race:
                    if rows := [row for one in batch for row in one[table]]:
                        connection.execute(sa.insert(table), rows)
            for number, one in enumerate(batch, first):
                for old, new in zip(race[runs], one[runs], strict=True):
                    to = home / "runs" / new["id"]
                    whole = with_files or number == races  # the newest race is looked at
                    shutil.copytree(template / "runs" / old["id"], to) if whole else to.mkdir(parents=True)
    newest = store.studies.list(limit=1)[0].id
    run = store.studies.members(newest)[-1].run or ""
    store.close()
    return Filled(home, newest, run)


def eventful(home: Path, template: Path, race: Rows, wanted: int) -> Filled:
    """Fill a store with one race whose newest run has ``wanted`` events: points as far as they are kept, and epochs."""
    place = filled(home, template, race, 1)
    store = Store(home)
    last = store.runs.epochs([place.run])[-1]
    some_points = min(POINTS_KEPT, wanted // 2)
    end = wanted - some_points - 1
    if last.epoch != end:
        rows = [{**vars(last), "epoch": epoch} for epoch in range(end + 1)]
        marks = [{"run": place.run, "step": n, "epoch": n / 7, "terms": last.terms} for n in range(some_points)]
        with store.database.writing() as connection:
            for table, new in ((epochs, rows), (points, marks)):
                connection.execute(sa.delete(table).where(table.c.run == place.run))
                connection.execute(sa.insert(table), new)
        store.files.save_logits(place.run, end, {"test": store.files.logits(place.run, last.epoch)})
        store.runs.update(place.run, epoch=end + 1, epochs=end + 1, reported_epoch=end)
    store.close()
    return place


def questions(store: Store, place: Filled) -> dict[str, Callable[[], object]]:
    """Return what pages, jobs and the command line ask of a store, by name."""
    study, run = place.study, place.run
    ids = [one.run for one in store.studies.members(study) if one.run]
    last = vars(store.runs.epochs([run])[-1])
    known = store.runs.get(run).fingerprint
    oldest = max(0, store.studies.get(study).number - 50)
    far = count(FAR)
    return {
        "studies.list(limit=50)": lambda: store.studies.list(limit=50),
        "studies.list(limit=50), last page": lambda: store.studies.list(limit=50, offset=oldest),
        "studies.list(status=alive, limit=20)": lambda: store.studies.list(status=("running", "queued"), limit=20),
        "studies.get": lambda: store.studies.get(study),
        "studies.runs_of": lambda: store.studies.runs_of(study),
        "studies.sharing": lambda: store.studies.sharing(study),
        "studies.add, delete": lambda: store.studies.delete(store.studies.add(RACE, status="stopped")),
        "runs.list(limit=60)": lambda: store.runs.list(limit=60),
        "runs.list(), command line": lambda: store.runs.list(),
        "runs.finished, known": lambda: store.runs.finished(known),
        "runs.finished, unknown": lambda: store.runs.finished("0" * 16),
        "runs.epochs of the race": lambda: store.runs.epochs(ids),
        "runs.epochs after the last": lambda: store.runs.epochs(ids, after=last["epoch"]),
        "runs.points of the race": lambda: store.runs.points(ids),
        "runs.record": lambda: store.runs.record({run: {"step": 1}}, [], [EpochRow(**{**last, "epoch": next(far)})]),
        "results.finished": lambda: finished_members(store, study),
        "check_space": store.check_space,
        "files.size of a run": lambda: store.files.size(run),
    }


@contextmanager
def pages_of(place: Filled) -> Iterator[Callable[[str, bool], float]]:
    """Lend a function that renders a page on a store as a warm server does, and returns the seconds."""
    import streamlit as st
    from streamlit.logger import set_log_level
    from streamlit.testing.v1 import AppTest

    from pages.parts.app import engine

    set_log_level("ERROR")  # it would wonder at every call where its server is

    def rendered(page: str, forgotten: bool) -> float:
        if forgotten:
            st.cache_data.clear()
        app = AppTest.from_file(str(harness.ROOT / "app.py"), default_timeout=600)
        app.query_params.update({"study": place.study, "studies": place.study})
        if page != "race":  # every session begins there
            app.run()
            app.switch_page(f"pages/{page}.py")
        seconds = seconds_of(app.run)
        if app.exception:
            raise RuntimeError(app.exception[0].message)
        return seconds

    with patch.dict(os.environ, KD_HOME=str(place.home)), patch.object(engine.jobs, "ensure_supervisor"):
        engine.store.cache_clear()
        while not engine.engine_ready():
            time.sleep(0.1)
        engine.store()
        yield rendered
        engine.store().close()
        engine.store.cache_clear()


def asked_in_turn(places: Mapping[int, Filled], repeats: int) -> dict[str, Any]:
    """Return by question and page the milliseconds at every size; sizes take turns."""
    stores = {size: Store(place.home) for size, place in places.items()}
    asked = {size: questions(store, places[size]) for size, store in stores.items()}
    times: dict[str, dict[int, list[float]]] = {}
    for name in next(iter(asked.values())):
        print(name, "...", file=sys.stderr)
        for repeat in range(repeats + 1):
            for size in places:
                seconds = seconds_of(asked[size][name])
                if repeat:  # the first time reads the pages of the database from disk
                    times.setdefault(name, {}).setdefault(size, []).append(1000 * seconds)
    for store in stores.values():
        with store.database.writing() as connection:
            connection.execute(sa.delete(epochs).where(epochs.c.epoch >= FAR))
        store.close()
    for _, (size, place) in product(range(repeats), places.items()):
        with pages_of(place) as rendered:
            for page, (how, forgotten) in product(("race", "compare"), (("first", True), ("again", False))):
                name = f"page {page}, {how} time"
                times.setdefault(name, {}).setdefault(size, []).append(1000 * rendered(page, forgotten))
    return {name: _grown(by_size) for name, by_size in times.items()}


def _grown(by_size: Mapping[int, list[float]]) -> dict[str, Any]:
    medians = [statistics.median(values) for values in by_size.values()]
    return {
        "ms": {size: told(values) for size, values in by_size.items()},
        "times_slower": [digits(more / fewer) for fewer, more in pairwise(medians)],
        "slower": medians[-1] > 2 * medians[-2] and medians[-1] > medians[-2] + 2,
    }


def stored(folder: Path, sizes: list[int], repeats: int, with_files: bool) -> dict[str, Any]:
    """Return how questions and pages grow with stored runs and with the events of one run."""
    template = folder / "template"
    shutil.rmtree(template, ignore_errors=True)
    race = trained_race(template)
    found: dict[str, Any] = {}
    for what, fill in (("runs", filled), ("events", eventful)):
        places = {}
        for size in sizes:
            began = time.perf_counter()
            home = folder / f"{what}-{size}"
            extra = {"with_files": with_files or size <= FILES_UP_TO} if what == "runs" else {}
            places[size] = fill(home, template, race, size, **extra)
            print(f"{what}: {size} in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        found[what] = asked_in_turn(places, repeats)
        found[f"slower with {what}"] = [name for name, one in found[what].items() if one["slower"]]
    return found


def main() -> None:
    """Measure and print."""
    parser = harness.parser_of(__doc__)
    parser.add_argument("--parts", nargs="+", choices=["training", "stored"], default=["training", "stored"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[10, 1_000, 100_000], help="of what is stored, rising")
    parser.add_argument("--files", action="store_true", help="every run has weights and logits, however many")
    parser.add_argument("--homes", type=Path, help="keep the filled stores here, and use those that lie here")
    asked = parser.parse_args()
    found: dict[str, Any] = {**harness.machine(), "repeats": asked.repeats}
    if "training" in asked.parts:
        found["training"] = training(asked.data_root, asked.repeats)
    if "stored" in asked.parts:
        with tempfile.TemporaryDirectory() as folder:
            found["stored"] = stored(asked.homes or Path(folder), asked.sizes, asked.repeats, asked.files)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
