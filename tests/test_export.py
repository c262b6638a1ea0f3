"""What leaves the store works without this project, and says what it is."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load

from kd_core.errors import InvalidSetting, RunUnknown, UnknownName, WeightsMissing
from kd_core.experiments.study_runner import run_study
from kd_core.export import FORMATS, download_name, export, export_bytes
from kd_core.recipe import Recipe, Study
from kd_core.recipe.presets import PRESETS
from kd_core.store import Store, packed

# The current folder, where kd_core lies, must not be on the path of the exported code.
USER = """
import sys
import numpy as np, torch
sys.modules["kd_core"] = None
sys.path.insert(0, {folder!r})
import student
images = torch.from_numpy(np.load({images!r}))
np.save({answer!r}, student.logits(images).numpy())
print(student.CLASSES, student.predict(images[:1]))
"""


def trained(home: Path, **changes: object) -> tuple[Store, str]:
    store = Store(home)
    recipe = PRESETS["digits"].recipe.changed({"optim.epochs": 2, "teacher.optim.epochs": 1, **changes})
    study = store.studies.add(Study.race(Recipe.from_json(recipe.to_json())), status="running")
    run_study(store, study, data_root=home)
    assert store.studies.get(study).status == "done"
    return store, study


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    return trained(tmp_path_factory.mktemp("store"))


def run_of(store: Store, study: str, arm: str) -> str:
    return next(row.run for row in store.studies.members(study) if row.arm == arm and row.run)


def answer_elsewhere(store: Store, run: str, folder: Path) -> np.ndarray:
    images, answer = folder / "images.npy", folder / "answer.npy"
    source = store.files.source(store.runs.get(run).source or "")
    assert source is not None
    np.save(images, source[0]["images"])
    program = USER.format(folder=str(folder), images=str(images), answer=str(answer))
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return np.load(answer)


@pytest.mark.parametrize("arm", ["teacher", "distilled"])
def test_exported_code_gives_the_stored_logits_without_kd_core(
    race: tuple[Store, str], arm: str, tmp_path: Path
) -> None:
    store, study = race
    run = run_of(store, study, arm)

    files = export(store, run, "code", tmp_path / "student.py")

    assert [path.name for path in files] == ["student.py", "student.safetensors"]
    assert "kd_core" not in files[0].read_text("utf-8")
    stored = store.files.logits(run, store.runs.get(run).reported_epoch or 0)
    assert stored is not None
    np.testing.assert_allclose(answer_elsewhere(store, run, tmp_path), stored, atol=0.02, rtol=2e-3)  # kept as float16


def test_exported_convnet_with_dropout_gives_the_stored_logits(tmp_path: Path) -> None:
    student = {"name": "convnet", "channels": [4], "fc": 8, "batch_norm": True, "dropout": 0.3}
    store, study = trained(tmp_path / "store", student=student)
    run = run_of(store, study, "distilled")

    export(store, run, "code", tmp_path / "student.py")

    stored = store.files.logits(run, store.runs.get(run).reported_epoch or 0)
    np.testing.assert_allclose(answer_elsewhere(store, run, tmp_path), stored, atol=0.02, rtol=2e-3)


def test_weights_carry_what_their_user_must_know(race: tuple[Store, str], tmp_path: Path) -> None:
    store, study = race
    run = run_of(store, study, "distilled")

    export(store, run, "safetensors", tmp_path / "student.safetensors")

    with safe_open(tmp_path / "student.safetensors", framework="numpy") as file:
        told, names = file.metadata(), set(file.keys())
    weights = store.files.weights(run)
    assert weights is not None and names == weights.keys()
    assert told["recipe"] == store.runs.get(run).fingerprint
    assert json.loads(told["classes"]) == list("0123456789")
    assert json.loads(told["shape"]) == [1, 8, 8]
    assert (json.loads(told["mean"]), json.loads(told["sd"])) == ([0.305], [0.376])


def test_download_of_several_files_is_a_zip(race: tuple[Store, str]) -> None:
    store, study = race
    run = run_of(store, study, "alone")
    with zipfile.ZipFile(io.BytesIO(export_bytes(store, run, "code"))) as archive:
        assert archive.namelist() == [f"network_{run}.py", f"network_{run}.safetensors"]
    assert download_name(run, "code").endswith(".zip")
    assert download_name(run, "safetensors").endswith(".safetensors")


EXPORTER = """
import hashlib, json, sys
from kd_core.export import export_bytes
from kd_core.results import race_json
from kd_core.store import Store, packed
import numpy as np
store = Store(sys.argv[1])
told = [export_bytes(store, sys.argv[2], format) for format in ("safetensors", "code")]
told += [json.dumps(race_json(store, sys.argv[3])).encode()]
told += [packed({"b": np.ones(3), "a": np.ones((2, 2), np.float16)}, {str(i): "ü" for i in range(20)})]
print([hashlib.sha256(content).hexdigest() for content in told])
"""


def test_the_same_run_gives_the_same_bytes_in_any_process_at_any_time(race: tuple[Store, str]) -> None:
    store, study = race
    command = [sys.executable, "-c", EXPORTER, str(store.home), run_of(store, study, "distilled"), study]
    told = {
        subprocess.run(
            command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1
    with zipfile.ZipFile(io.BytesIO(export_bytes(store, run_of(store, study, "alone"), "code"))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_packed_file_is_read_by_the_library_as_it_was_meant() -> None:
    arrays = {"b": np.arange(3.0), "a": np.ones((2, 2), np.float16), "none": np.zeros((0, 4), np.int64)}
    content = packed(arrays, {"z": "ü", "a": "1"})
    assert int.from_bytes(content[:8], "little") % 8 == 0
    back = load(content)
    assert back.keys() == arrays.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(back[name], values)


def test_missing_suffix_is_added(race: tuple[Store, str], tmp_path: Path) -> None:
    store, study = race
    files = export(store, run_of(store, study, "alone"), "safetensors", tmp_path / "my.student")
    assert files == [tmp_path / "my.student.safetensors"]


def test_unknown_format_is_named_with_those_there_are(race: tuple[Store, str], tmp_path: Path) -> None:
    store, study = race
    with pytest.raises(UnknownName, match=f"export format named 'onyx'. Known: {', '.join(FORMATS)}"):
        export(store, run_of(store, study, "alone"), "onyx", tmp_path / "x")


def test_unknown_run_is_told(race: tuple[Store, str], tmp_path: Path) -> None:
    with pytest.raises(RunUnknown):
        export(race[0], "../../etc", "code", tmp_path / "x.py")


def test_run_without_weights_is_told(race: tuple[Store, str], tmp_path: Path) -> None:
    store = race[0]
    study = Study.race(PRESETS["digits"].recipe)
    waiting = store.studies.add(study)
    run = store.runs.begin(waiting, [study.members[0].recipe])[0]
    with pytest.raises(WeightsMissing, match="Train it to its end first"):
        export(store, run, "safetensors", tmp_path / "x.safetensors")


def test_unwritable_path_is_told(race: tuple[Store, str], tmp_path: Path) -> None:
    store, study = race
    with pytest.raises(InvalidSetting, match="No such file or directory"):
        export(store, run_of(store, study, "alone"), "safetensors", tmp_path / "nowhere" / "x.safetensors")
