"""The command line, as a person calls it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kd_core import jobs
from kd_core.cli.parser import main
from kd_core.jobs.locks import held, is_free, job_lock, supervisor_lock
from kd_core.recipe.presets import PRESETS
from kd_core.store import Store
from tests.image_folders import make_images
from tests.small_studies import eventually, solo

ROOT = Path(__file__).parents[1]
SHORT = ["--set", "optim.epochs=3", "--set", "teacher.optim.epochs=2"]
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Call a command on a store of its own; return exit status, stdout and stderr."""

    def call(*words: str, home: Path = tmp_path) -> tuple[int, str, str]:
        status = main([*words, "--home", str(home)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_presets_prints_one_a_line(told: Told) -> None:
    status, out, _ = told("presets")
    assert status == 0
    assert [line.split("\t")[0] for line in out.splitlines()] == list(PRESETS)


def test_a_race_prints_one_json_object_with_everything_promised(told: Told) -> None:
    status, out, _ = told("race", "digits", *SHORT, "--seeds", "2", "--json")
    race = json.loads(out)
    assert status == 0
    assert {"preset", "dataset", "seeds", "device", "arms", "verdict"} <= race.keys()
    assert (race["preset"], race["dataset"], race["seeds"]) == ("digits", "digits", 2)
    assert list(race["arms"]) == ["teacher", "alone", "distilled"]
    for arm, facts in race["arms"].items():
        for measure in ("accuracy", "nll", "ece"):
            assert facts[measure].keys() == {"mean", "sd", "values"}
            assert len(facts[measure]["values"]) == 2
        assert (facts["agreement"] is None) == (arm == "teacher")
        assert facts["latency_ms"].keys() == {"p50", "p95", "batch", "threads"}
    assert race["arms"]["teacher"]["parameters"] == 64 * 256 + 256 + 256 * 256 + 256 + 256 * 10 + 10
    low, high = race["verdict"]["ci95_pp"]
    assert low <= race["verdict"]["difference_pp"] <= high
    assert race["verdict"]["sentence"]


def test_one_seed_has_no_interval_and_says_so(told: Told) -> None:
    _, out, _ = told("race", "digits", *SHORT, "--seeds", "1", "--json")
    race = json.loads(out)
    assert race["verdict"]["ci95_pp"] is None
    assert race["verdict"]["outcome"] == "one seed"
    assert race["arms"]["alone"]["accuracy"]["sd"] is None


def test_a_sweep_prints_one_row_a_run_with_its_cell(told: Told) -> None:
    axis = "method.temperature=1,4"
    status, out, _ = told("sweep", "digits", *SHORT, "--axis", axis, "--seeds", "2", "--json")
    rows = json.loads(out)
    assert status == 0
    distilled = [row for row in rows if row["arm"] == "distilled"]
    assert sorted((row["method.temperature"], row["seed"]) for row in distilled) == [(1, 0), (1, 1), (4, 0), (4, 1)]
    assert all(0 < row["accuracy"] <= 1 for row in rows)
    baselines = {(row["seed"], row["run"]) for row in rows if row["arm"] == "alone"}
    assert len(baselines) == 2  # one a seed: no cell trains a baseline of its own


def test_show_tells_a_method_race_as_it_was_printed(told: Told) -> None:
    _, out, _ = told("compare", "soft_targets", "dist", "--preset", "digits", *SHORT, "--json")
    raced = json.loads(out)
    _, out, _ = told("show", raced["study"])
    assert json.loads(out) == raced


def test_a_student_that_breaks_is_told_in_a_sentence(told: Told) -> None:
    wild = [
        "--set",
        "method=hints",
        "--set",
        "method.weight=1e6",
        "--set",
        "optim.lr=10",
        "--set",
        "optim.algorithm=sgd",
    ]
    status, out, err = told("race", "digits", *SHORT, *wild)
    assert status == 0 and "alone" in out
    assert "became" in err or "diverged" in err or "step" in err


def test_runs_and_show_tell_of_the_same_run(told: Told) -> None:
    told("race", "digits", *SHORT, "--seeds", "1")
    _, out, _ = told("runs", "--json")
    runs = json.loads(out)
    assert len(runs) == 3
    _, out, _ = told("show", runs[0]["id"])
    shown = json.loads(out)
    assert shown["id"] == runs[0]["id"]
    assert len(shown["epochs"]) == runs[0]["epochs"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["race", "nonsense"], "There is no preset named 'nonsense'"),
        (["race", "digits", "--set", "method.temperature=cold"], "method.temperature"),
        (["race", "digits", "--set", "method.warmth=1"], "method.warmth"),
        (["race", "digits", "--set", "temperature"], "path=value"),
        (["race", "digits", "--set", "method=resnt8"], "method"),
        (["race", "digits", "--device", "abacus"], "abacus"),
        (["show", "../../etc/passwd"], "There is no"),
        (["resume", "0000"], "There is no"),
        (["export", "0000", "--format", "safetensors", "x"], "There is no run"),
        (["race", "mnist-mlp", "--set", "data.labelled=3"], ""),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence_and_not_in_a_trace(told: Told, words: list[str], sentence: str) -> None:
    status, _, err = told(*words)
    assert status == 2
    assert sentence in err
    assert "Traceback" not in err


def test_an_interrupted_race_is_resumed_to_what_it_would_have_been(told: Told, tmp_path: Path) -> None:
    long = ["--set", "optim.epochs=400", "--set", "teacher.optim.epochs=2", "--seeds", "1"]
    command = [sys.executable, "-m", "kd_core", "race", "digits", *long, "--home", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    store = Store(tmp_path)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(run.epoch > 5 and run.epochs == 400 for run in store.runs.list()):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    study = store.studies.list()[0]
    assert study.status == "interrupted"
    assert f"resume {study.id}" in err
    status, out, _ = told("resume", study.id, "--json")
    assert status == 0
    resumed = json.loads(out)["arms"]["distilled"]["accuracy"]["values"]
    other = tmp_path / "other"
    told("race", "digits", *long, "--json", home=other)
    again = Store(other)
    last = {row.epoch: row for row in again.runs.epochs([run.id for run in again.runs.list() if run.epochs == 400])}[
        399
    ]
    assert last.scores["test"]["accuracy"] in resumed or resumed[0] in _last_accuracies(again)
    store.close()
    again.close()


@pytest.mark.parametrize("supervised", [False, True])
def test_a_race_that_was_killed_is_resumed_to_the_numbers_of_one_that_was_not(
    told: Told, tmp_path: Path, supervised: bool
) -> None:
    long = ["--set", "optim.epochs=60", "--set", "teacher.optim.epochs=2", "--seeds", "1"]
    command = [sys.executable, "-m", "kd_core", "race", "digits", *long, "--home", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    store = Store(tmp_path)
    eventually(lambda: any(run.epoch > 5 for run in store.runs.list() if run.epochs == 60))
    process.kill()
    process.wait()
    if supervised:  # of another server: it alone tells what is lost, a while after it began
        jobs.ensure_supervisor(tmp_path, tmp_path)
        eventually(lambda: not is_free(supervisor_lock(tmp_path)))
    study = store.studies.list()[0].id
    status, out, err = told("resume", study, "--json")
    jobs.leave(tmp_path)
    assert status == 0, err
    _, undisturbed, _ = told("race", "digits", *long, "--json", home=tmp_path / "other")
    for arm, facts in json.loads(undisturbed)["arms"].items():
        assert json.loads(out)["arms"][arm]["accuracy"] == facts["accuracy"]
    store.close()


@pytest.mark.parametrize("words", [["runs"], ["show", "RUN"], ["export", "RUN", "--format", "code", "x"]])
def test_every_command_tells_a_study_as_lost_whose_process_is_gone(
    told: Told, words: list[str], tmp_path: Path
) -> None:
    store = Store(tmp_path)
    study = store.studies.add(solo(), status="running")
    run = store.runs.begin(study, [solo().members[0].recipe])[0]
    store.studies.update(study, started=time.time() - 60)
    told(*[run if word == "RUN" else word for word in words])
    assert store.studies.get(study).status == "lost"
    assert store.runs.get(run).status == "lost"
    store.close()


def test_a_study_that_somebody_trains_is_not_taken_from_them(told: Told, tmp_path: Path) -> None:
    store = Store(tmp_path)
    study = store.studies.add(solo(), status="running")
    store.studies.update(study, started=time.time() - 60)
    with held(job_lock(tmp_path, study)):
        status, _, err = told("resume", study)
    assert status == 2 and "is running" in err
    store.close()


def _last_accuracies(store: Store) -> list[float | None]:
    runs = [run.id for run in store.runs.list() if run.epochs == 400]
    return [row.scores["test"]["accuracy"] for row in store.runs.epochs(runs) if row.epoch == 399]


def test_a_closed_pipe_ends_without_a_trace(tmp_path: Path) -> None:
    command = f"{sys.executable} -m kd_core presets --home {tmp_path} | head -n 1"
    done = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, env=dict(os.environ), timeout=60
    )
    assert "Traceback" not in done.stderr


def test_real_mnist_is_raced_from_its_folder(told: Told) -> None:
    data = ROOT.parent / "shared" / "data"
    if not (data / "MNIST" / "raw").is_dir():
        pytest.skip("no MNIST beside the project")
    few = ["--set", "optim.epochs=1", "--set", "teacher.optim.epochs=1", "--set", "teacher.student.widths=[32]"]
    status, out, err = told(
        "race",
        "mnist-few-labels",
        *few,
        "--set",
        "data.labelled=500",
        "--seeds",
        "1",
        "--json",
        "--data-root",
        str(data),
    )
    assert status == 0, err
    race = json.loads(out)
    assert race["test_images"] == 10_000
    assert race["arms"]["teacher"]["accuracy"]["mean"] > 0.8


def test_files_that_were_left_out_are_named(told: Told, tmp_path: Path) -> None:
    images = tmp_path / "pets"
    make_images(images, {"cat": 9, "dog": 9})
    (images / "cat" / "broken.png").write_bytes(b"x")
    (images / "dog" / "photo.heic").write_bytes(b"x")
    source = json.dumps({"name": "image_folder", "path": str(images), "size": 8})
    settings = ["--set", f"data.source={source}", "--set", "data.labelled=none"]
    status, out, err = told("race", "digits", "--seeds", "1", *SHORT, *settings, home=tmp_path / "home")
    assert status == 0
    assert "pets: could not be read and was left out: cat/broken.png" in err.splitlines()
    assert "pets: left out, in a format that is not read: dog/photo.heic" in err.splitlines()
    assert "broken" not in out


def test_a_setting_that_the_data_cannot_meet_is_told_before_anything_is_trained(told: Told, tmp_path: Path) -> None:
    status, _, err = told("race", "digits", "--set", "data.labelled=5000")
    assert status == 2 and "only 1,047 training images" in err
    assert Store(tmp_path).runs.list() == []


def test_a_recipe_in_a_file_is_raced_and_show_tells_where_it_was_forked(told: Told, tmp_path: Path) -> None:
    recipe = PRESETS["digits"].recipe.changed({"optim.epochs": 4, "teacher.optim.epochs": 2})
    file = tmp_path / "hotter later.json"
    file.write_text(json.dumps(recipe.forked(2, {"method.temperature": 8.0}).to_json()))
    status, out, _ = told("race", str(file), "--seeds", "2", "--json", home=tmp_path / "home")
    race = json.loads(out)
    assert status == 0
    fork = {"epoch": 2, "changes": {"method.temperature": [4.0, 8.0]}, "study": None}
    assert race["forks"] == [{"parent": recipe.seeded(1).fingerprint(), **fork}]
    store = Store(tmp_path / "home")
    assert store.studies.list()[0].name == "hotter later"
    run = next(run for run in store.runs.list() if run.recipe["method"]["name"] == "soft_targets")
    shown = json.loads(told("show", run.id, home=tmp_path / "home")[1])
    assert shown["forks"][0]["changes"] == fork["changes"]
    assert [epoch["applied"]["temperature"] for epoch in shown["epochs"]] == [4.0, 4.0, 8.0, 8.0]
    _, out, _ = told("race", str(file), "--seeds", "2", home=tmp_path / "home")
    assert "at epoch 2: method.temperature 4.0 -> 8.0" in out


@pytest.mark.parametrize(
    ("content", "reason"), [("[1]", "holds no recipe"), ("{", "Expecting"), (None, "No such file")]
)
def test_a_file_without_a_recipe_is_told(told: Told, tmp_path: Path, content: str | None, reason: str) -> None:
    file = tmp_path / "recipe.json"
    if content is not None:
        file.write_text(content)
    status, _, err = told("race", str(file))
    assert status == 2 and reason in err
