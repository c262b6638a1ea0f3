"""Record what the pages of many trainings show before there are any: ``python -m benchmarks.record_many``.

It writes ``sweep.json`` and ``method-race.json`` into ``assets/recorded/``: the sweep and the method race that the
forms of those pages offer at first, trained here and now in a store of their own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kd_core import PRESETS, Store, Study
from kd_core.compute import device_line
from kd_core.experiments import run_study
from kd_core.recipe import Recipe
from kd_core.results import compare_json
from kd_core.results.sweep import load_sweep
from kd_core.settings import field_extra, read_axis
from pages.parts.method_race.plan import FIRST as TECHNIQUES
from pages.parts.studies import declared_words, sample_shown
from pages.parts.sweep.axes import FIRST as AXES, VALUES
from pages.parts.sweep.cell_logits import cell_answers, sweep_material

FOLDER = Path(__file__).parents[1] / "assets" / "recorded"
PRESET = "digits"
SEEDS = 3


def main() -> None:
    """Train, then write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["sweep", "method-race"], help="sweep, method-race (both)")
    recipe = PRESETS[PRESET].recipe
    writers: dict[str, tuple[Callable[[], Study], Callable[[Store, str], dict[str, Any]]]] = {
        "sweep": (lambda: _asked_sweep(recipe), _sweep),
        "method-race": (lambda: Study.compare(recipe, TECHNIQUES, SEEDS, PRESET), _method_race),
    }
    for name in parser.parse_args().what:
        make, write = writers[name]
        with tempfile.TemporaryDirectory() as home:
            store = Store(home)
            study = store.studies.add(make(), device="cpu")
            began = time.time()
            run_study(store, study, data_root=Path(home))
            facts = {"provenance": _provenance(time.time() - began), **write(store, study)}
            store.close()
        (FOLDER / f"{name}.json").write_text(json.dumps(facts, separators=(",", ":")) + "\n")


def _asked_sweep(recipe: Recipe) -> Study:
    return Study.sweep(recipe, {path: read_axis(path, VALUES[path][0]) for path in AXES}, SEEDS, PRESET)


def _provenance(seconds: float) -> dict[str, Any]:
    date = time.strftime("%Y-%m-%d")
    return {"preset": PRESET, "seeds": SEEDS, "date": date, "machine": device_line(), "seconds": round(seconds, 1)}


def _sweep(store: Store, study: str) -> dict[str, Any]:
    row, places = store.studies.get(study), store.studies.member_progress(study)
    sweep, material = load_sweep(store, study), sweep_material(store, study, places)
    if material is None:
        raise SystemExit("no teacher came to its end")
    image = sample_shown(material)
    answers, logits = cell_answers(store, sweep, places, image)
    cells = [
        {
            "values": dict(cell.values),
            "trials": [{**asdict(trial), "run": None} for trial in cell.trials],
            "parameters": cell.parameters,
            "macs": cell.macs,
            "answers": answers[cell.index],
        }
        for cell in sweep.cells
    ]
    return {
        "dataset": row.spec["base"]["data"]["source"]["name"],
        "test_images": len(material.labels),
        "axes": {path: list(values) for path, values in sweep.axes.items()},
        "words": {path: _axis_words(row.spec["base"], path) for path in sweep.axes},
        "cells": cells,
        "image": {"index": image, "logits": [[round(value, 4) for value in one] for one in logits]},
    }


def _axis_words(base: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return what the method declares of one of its settings, and where the catalogue has it in other languages."""
    method = Recipe.from_json(base).method
    name = path.partition(".")[2]
    info = type(method).model_fields[name]
    extra = field_extra(info)
    words = {"section": f"methods.{base['method']['name']}", "title": info.title, "unit": extra.get("unit", "")}
    return {**words, "log": extra.get("scale") == "log"}


def _method_race(store: Store, study: str) -> dict[str, Any]:
    base = store.studies.get(study).spec["base"]
    names = [name.partition(":")[0] for name in TECHNIQUES]
    return {
        "student": Recipe.from_json(base).student.label,
        "own": base["method"]["name"],
        "labelled": base["data"]["labelled"],
        "epochs": base["optim"]["epochs"],
        "words": {name: declared_words(name) for name in names},
        "race": compare_json(store, study),
    }


if __name__ == "__main__":
    main()
