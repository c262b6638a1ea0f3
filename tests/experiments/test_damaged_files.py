"""Stored files that somebody or something has written over: named, and trained again by whoever needs them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kd_core.cli.parser import main
from kd_core.experiments.study_runner import run_study
from kd_core.recipe import Study
from kd_core.store import Store
from tests.experiments.run_studies import assert_same_numbers, carried_out, counting, runs
from tests.small_studies import DATA, recipe, solo


def overwrite(path: Path, at: float, count: int = 40) -> None:
    """Write random bytes over a part of a file, from a share of its length on."""
    content = bytearray(path.read_bytes())
    start = int(at * (len(content) - count))
    content[start : start + count] = random.Random(0).randbytes(count)
    path.write_bytes(content)


def files_of(store: Store, run: str, name: str) -> list[Path]:
    place = store.files.lanes.place(run)
    own = sorted((store.home / "runs" / run).glob(name))
    return own or sorted((store.home / "lanes" / place[0]).glob(name) if place else [])


@pytest.mark.parametrize("at", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("name", ["weights.safetensors", "logits-*.safetensors"])
def test_a_study_that_reuses_damaged_runs_trains_them_again_in_their_place(
    store: Store, tmp_path: Path, at: float, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    race = Study.race(recipe(), 1)
    first = carried_out(store, race)
    whole = Store(tmp_path / "whole")
    undisturbed = runs(whole, carried_out(whole, race))
    damaged = runs(store, first)
    for run in damaged[:2]:  # the teacher, and the student alone
        overwrite(files_of(store, run.id, name)[-1], at)
    again = carried_out(store, race)
    assert store.studies.get(again).status == "done"
    assert [run.id for run in runs(store, again)] == [run.id for run in damaged]
    assert {run.status for run in runs(store, first)} == {"done"}
    for run in damaged[:2]:
        assert f"of the run '{run.id}' is damaged or gone" in caplog.text
    for mended, expected in zip(runs(store, again), undisturbed, strict=True):
        assert_same_numbers((store, mended.id), (whole, expected.id))
    whole.close()


def test_weights_that_are_gone_are_trained_again(store: Store) -> None:
    study = solo(epochs=2)
    run = runs(store, carried_out(store, study))[0]
    files_of(store, run.id, "weights.safetensors")[0].unlink()
    carried_out(store, study)
    assert store.files.weights(run.id) is not None
    assert store.runs.get(run.id).status == "done"


@pytest.mark.parametrize("at", [0.0, 0.5])
def test_a_damaged_checkpoint_is_named_and_the_run_begins_anew(
    store: Store, tmp_path: Path, at: float, caplog: pytest.LogCaptureFixture
) -> None:
    study = solo(epochs=30)
    store.set_fact("checkpoint_seconds", 0.0)
    stopped = carried_out(store, study, counting(12, "stopped"))
    run = runs(store, stopped)[0]
    assert run.status == "stopped" and run.epoch > 1
    overwrite(files_of(store, run.id, "checkpoint.safetensors")[0], at)
    store.studies.ask_resume(stopped)
    run_study(store, stopped, data_root=DATA)
    assert f"the checkpoint of {run.id} is damaged" in caplog.text
    whole = Store(tmp_path / "whole")
    assert_same_numbers((store, run.id), (whole, runs(whole, carried_out(whole, study))[0].id))
    whole.close()


def test_an_export_of_damaged_weights_trains_them_again_and_says_so(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = carried_out(store, solo(epochs=2))
    run = runs(store, study)[0].id
    command = ["export", run, "--format", "safetensors", "--home", str(store.home)]
    assert main([*command, str(tmp_path / "before")]) == 0
    overwrite(files_of(store, run, "weights.safetensors")[0], 0.9)
    assert main([*command, str(tmp_path / "after")]) == 0
    told = capsys.readouterr().err
    assert f"The file 'weights.safetensors' of the run '{run}' is damaged" in told
    assert (tmp_path / "after.safetensors").read_bytes() == (tmp_path / "before.safetensors").read_bytes()
    assert store.studies.get(study).status == "done"


def test_damaged_test_images_are_written_anew(store: Store) -> None:
    study = solo(epochs=1)
    run = runs(store, carried_out(store, study))[0]
    path = store.home / "sources" / f"{run.source}.safetensors"
    before = path.read_bytes()
    overwrite(path, 0.5)
    assert store.files.source(run.source or "") is None
    carried_out(store, solo(epochs=1, seed=1))
    assert path.read_bytes() == before
