"""Record the race that the first page shows before anything is trained: ``python -m benchmarks.record``.

It writes ``assets/recorded/digits.json`` (curves, table, verdict, provenance) and ``digits.safetensors`` (test images,
labels and the logits of seed 0), and ``digits-networks.safetensors`` (the networks of seed 0, in half precision), all
from a race that runs here and now in a store of its own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from kd_core import PRESETS, Store, Study
from kd_core.compute import device_line
from kd_core.experiments import run_study
from kd_core.inference import drawing_of_run, plain_network_of_run
from kd_core.results import finished_members, race_json
from kd_core.vocabulary import ARMS

FOLDER = Path(__file__).parents[1] / "assets" / "recorded"


def main() -> None:
    """Train, then write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="digits")
    asked = parser.parse_args()
    preset = PRESETS[asked.preset]
    with tempfile.TemporaryDirectory() as home:
        store = Store(home)
        study = store.studies.add(Study.race(preset.recipe, preset.seeds, preset.name))
        began = time.time()
        run_study(store, study, data_root=Path(home))
        seconds = time.time() - began
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "digits.json").write_text(json.dumps(_race(store, study, seconds), separators=(",", ":")) + "\n")
        save_file(_arrays(store, study), FOLDER / "digits.safetensors")
        weights, facts = _networks(store, study)
        save_file(weights, FOLDER / "digits-networks.safetensors", facts)
        store.close()


def _race(store: Store, study: str, seconds: float) -> dict[str, Any]:
    places = finished_members(store, study)
    curves: dict[str, list[list[float]]] = {}
    for place in places:
        rows = store.runs.epochs([place.run.id])
        curves.setdefault(place.member.arm, []).append([round(row.scores["test"]["accuracy"] or 0, 5) for row in rows])
    told = race_json(store, study)
    source = store.files.source(places[0].run.source or "")
    classes = source[1]["classes"] if source else []
    date = time.strftime("%Y-%m-%d")
    provenance = {"preset": told["preset"], "seed": 0, "seeds": told["seeds"], "date": date, "machine": device_line()}
    return {"provenance": provenance, "seconds": round(seconds, 1), "classes": classes, "curves": curves, "race": told}


def _arrays(store: Store, study: str) -> dict[str, Any]:
    places = [place for place in finished_members(store, study) if place.member.seed == 0]
    source = store.files.source(places[0].run.source or "")
    arrays = dict(source[0]) if source else {}
    for place in places:
        logits = store.files.logits(place.run.id, place.run.reported_epoch or 0)
        if place.member.arm in ARMS and logits is not None:
            arrays[f"logits.{place.member.arm}"] = logits.astype(np.float16)
    return arrays


def _networks(store: Store, study: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the weights by arm, and as metadata the layers and how drawings are prepared for them."""
    runs = {place.member.arm: place.run.id for place in finished_members(store, study) if place.member.seed == 0}
    written = {arm: plain_network_of_run(store, run) for arm, run in runs.items() if arm in ARMS}
    networks = {arm: network for arm, network in written.items() if network is not None}
    drawing = drawing_of_run(store, runs["teacher"]).to_json()
    facts = {"networks": {arm: network.facts() for arm, network in networks.items()}, "drawing": drawing}
    weights = {arm: network.weights.astype(np.float16) for arm, network in networks.items()}
    return weights, {name: json.dumps(values) for name, values in facts.items()}


if __name__ == "__main__":
    main()
