"""Lane files: one file for many runs, read lane by lane."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kd_core.store.files import RunFiles


@pytest.fixture
def files(tmp_path: Path) -> RunFiles:
    made = RunFiles(tmp_path)
    made.lanes.create_group("group", ["a", "b", "c"])
    return made


def logits(lanes: int = 3, seed: int = 0) -> dict[str, np.ndarray]:
    draws = np.random.default_rng(seed)
    return {"validation": draws.normal(size=(lanes, 4, 5)), "test": draws.normal(size=(lanes, 6, 5))}


def test_each_run_reads_its_own_lane(files: RunFiles) -> None:
    told = logits()
    files.lanes.save_logits("group", "00007", [7, 7, 7], told)
    for lane, run in enumerate("abc"):
        read = files.logits(run, 7)
        assert read is not None
        np.testing.assert_allclose(read, told["test"][lane], atol=2e-3)
        one = files.logits_of_image(run, 7, 5)
        np.testing.assert_allclose(one, told["test"][lane, 5], atol=2e-3)
    assert files.logits("a", 6) is None
    assert files.logits_of_image("a", 7, 6) is None
    assert files.kept_epochs("b") == [7]


def test_best_and_last_epochs_differ_between_lanes(files: RunFiles) -> None:
    best, last = logits(seed=1), logits(seed=2)
    files.lanes.save_logits("group", "best", [3, 9, -1], best)
    files.lanes.save_logits("group", "last", [9, 9, 4], last)
    assert [files.kept_epochs(run) for run in "abc"] == [[3, 9], [9], [4]]
    early = files.logits("a", 3, "validation")
    np.testing.assert_allclose(early, best["validation"][0], atol=2e-3)
    late = files.logits("b", 9)
    np.testing.assert_allclose(late, last["test"][1], atol=2e-3)
    assert files.logits("c", 9) is None


def test_logits_too_large_for_float16_stay_finite(files: RunFiles) -> None:
    files.lanes.save_logits("group", "last", [0, 0, 0], {"test": np.full((3, 1, 2), 1e30)})
    read = files.logits("a", 0)
    assert read is not None and np.isfinite(read).all()


def test_the_groups_files_go_with_the_last_of_its_runs(files: RunFiles, tmp_path: Path) -> None:
    files.lanes.save_logits("group", "last", [0, 0, 0], logits())
    whole = files.size("a")
    assert 0 < whole < files.size()
    files.delete("a")
    files.delete("c")
    assert files.logits("b", 0) is not None
    files.delete("b")
    assert not (tmp_path / "lanes" / "group").exists()


def test_a_rewind_forgets_later_epochs_and_half_written_files(files: RunFiles, tmp_path: Path) -> None:
    for epoch in (1, 2, 3):
        files.lanes.save_logits("group", f"{epoch:05d}", [epoch] * 3, logits())
    half = tmp_path / "lanes" / "group" / "logits-00003.1.partial"
    half.write_bytes(b"half")
    files.lanes.rewind("group", 2)
    assert files.kept_epochs("a") == [1]
    assert not half.exists()


def test_a_checkpoint_is_read_back_and_forgotten(files: RunFiles) -> None:
    files.lanes.save_checkpoint("group", {"progress": np.arange(3)})
    kept = files.lanes.checkpoint("group")
    assert kept is not None and kept["progress"].tolist() == [0, 1, 2]
    files.lanes.drop_checkpoint("group")
    assert files.lanes.checkpoint("group") is None


def test_a_run_that_was_trained_by_itself_has_no_place(files: RunFiles) -> None:
    assert files.lanes.place("somebody") is None
    assert files.kept_epochs("somebody") == []
    assert files.lanes.members("nowhere") == []


def test_a_run_that_is_trained_anew_reads_from_its_new_group(files: RunFiles) -> None:
    files.lanes.save_logits("group", "last", [1, 1, 1], logits(seed=1))
    assert files.logits("b", 1) is not None
    files.lanes.create_group("another", ["b", "a"])
    told = logits(lanes=2, seed=2)
    files.lanes.save_logits("another", "last", [4, 4], told)
    assert files.kept_epochs("b") == [4] and files.kept_epochs("c") == [1]
    np.testing.assert_allclose(files.logits("b", 4), told["test"][0], atol=2e-3)
    files.lanes.create_group("third", ["c"])
    assert not (files.home / "lanes" / "group").exists()
