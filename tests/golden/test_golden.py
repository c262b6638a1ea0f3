"""The net: names and numbers that others hold stay as they were recorded, and a store of version 0.3 still opens."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden import facts

STORE = facts.ROOT.parent / "shared" / "data" / "store-0.3.tar.gz"
STUDIES = {"race": "race", "sweep": "sweep", "compare": "compare", "fed": "race"}
"""What version 0.3 printed of its store, by file, with the kind of study."""


def test_fingerprints_of_presets_techniques_and_studies_stay() -> None:
    recorded = facts.written("fingerprints")
    now = facts.fingerprints()
    assert {name: now.get(name) for name in recorded} == recorded


def test_every_member_writes_the_same_json() -> None:
    recorded = facts.written("members")
    now = facts.members()
    assert {name: now.get(name) for name in recorded} == recorded


def test_links_of_version_1_still_lead_to_the_same_recipes() -> None:
    assert facts.links() == facts.written("links")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_key_of_a_catalogue_is_lost(language: str) -> None:
    assert not set(facts.written("names")["catalogues"][language]) - set(facts.catalogue_keys()[language])


def test_no_key_of_a_widget_and_no_test_id_is_lost() -> None:
    recorded = facts.written("names")
    assert not set(recorded["widgets"]) - set(facts.widget_keys())
    assert not set(recorded["test_ids"]) - set(facts.test_ids())


@pytest.fixture(scope="module")
def recomputed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Train what was recorded anew, in a process of its own with one thread."""
    home = tmp_path_factory.mktemp("numbers")
    command = [sys.executable, "-m", "tests.golden.facts", "numbers", str(home)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, cwd=facts.ROOT, env=environment, capture_output=True, text=True, timeout=110)
    assert ran.returncode == 0, ran.stderr
    numbers: dict[str, Any] = json.loads((home / "numbers.json").read_text("utf-8"))
    return numbers


@pytest.mark.parametrize("what", ["race", "sweep", "resumed"])
def test_numbers_are_the_recorded_ones_to_the_last_bit(what: str, recomputed: dict[str, Any]) -> None:
    """On another processor or another torch, sums are taken in another order: there they are nearly the same."""
    recorded = facts.written("numbers")
    if recomputed["machine"] == recorded["machine"]:
        assert recomputed[what] == recorded[what]
    pairs = list(_pairs(recomputed[what], recorded[what]))
    assert len(pairs) > 20
    assert all(math.isclose(now, then, rel_tol=0.05, abs_tol=0.05) for now, then in pairs)


def _pairs(now: Any, then: Any) -> Iterator[tuple[float, float]]:
    """Yield the measures that stand at the same place; a verdict follows from them and may swing further."""
    if isinstance(then, dict):
        assert now.keys() == then.keys()
        for name in then.keys() - {"verdict", "sd", "nll"}:
            yield from _pairs(now[name], then[name])
    elif isinstance(then, list):
        assert len(now) == len(then)
        for new, old in zip(now, then, strict=True):
            yield from _pairs(new, old)
    elif isinstance(then, int | float):
        yield now, then


@pytest.mark.skipif(not STORE.exists(), reason="the store of version 0.3 lies beside the project, not in it")
@pytest.mark.parametrize("file", STUDIES)
def test_a_store_of_version_0_3_prints_what_0_3_printed(file: str, tmp_path: Path) -> None:
    home = facts.unpacked(STORE, tmp_path)
    then = json.loads((home / "printed" / f"{file}.json").read_text("utf-8"))
    study = then["study"] if isinstance(then, dict) else _study_of_run(home, then[0]["run"], STUDIES[file])
    now = facts.printed(["show", study, "--home", str(home)])
    assert now == then


def _study_of_run(home: Path, run: str, kind: str) -> str:
    from kd_core import Store

    store = Store(home)
    found = [row.id for row in store.studies.list() if row.kind == kind]
    assert store.runs.get(run)
    store.close()
    return found[0]
