"""What a sweep's rows say, from made-up rows whose answers were worked out by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from kd_core.recipe import Recipe, Study
from kd_core.results.sweep import load_sweep, sweep_results
from kd_core.results.sweep_cells import SweepResults
from kd_core.results.sweep_seeds import wanted_scores
from kd_core.results.sweep_views import as_rows, cells_at, pareto_front, slice_along
from kd_core.store import EpochRow, Store
from kd_core.store.rows import MemberProgress

T, W = "method.temperature", "method.teacher_weight"
Marks = Mapping[str, Mapping[str, float | None]]


class Rows:
    """Rows of a sweep as the store would tell them; every cell shares its seed's baseline."""

    def __init__(self) -> None:
        self.places: list[MemberProgress] = []
        self.scores: dict[tuple[str, int], Marks] = {}

    def add(
        self,
        arm: str,
        seed: int,
        cell: Mapping[str, Any],
        accuracy: Sequence[float],
        *,
        validation: float = 0.5,
        nll: float = 1.0,
        status: str = "done",
        name: str = "",
        given: bool = True,
        cost: dict[str, Any] | None = None,
    ) -> None:
        """One member whose run has an accuracy for every epoch that is done; ``given`` False: it names no run yet."""
        run = name or f"{arm}-{seed}-{sorted(cell.items())}"
        begun = bool(accuracy) and given
        reported = len(accuracy) - 1 if status == "done" else None
        self.places.append(
            MemberProgress(
                position=len(self.places),
                arm=arm,
                seed=seed,
                cell=dict(cell),
                fingerprint=run,
                run=run if begun else None,
                status=status if begun else None,
                epoch=len(accuracy) if begun else None,
                epochs=4 if begun else None,
                reported_epoch=reported if begun else None,
                source="source" if begun else None,
                cost=cost if begun else None,
            )
        )
        for epoch, value in enumerate(accuracy):
            marks = {"accuracy": value, "nll": 1 - value}
            self.scores[run, epoch] = {"test": marks, "validation": {"accuracy": validation, "nll": nll}}

    def cell(
        self, cell: Mapping[str, Any], gains: Sequence[float], *, base: float = 0.8, chosen: float = 0.5, **options: Any
    ) -> None:
        """A cell that ended on every seed, with these gains in points over baselines of 80 %, 81 %, ..."""
        for seed, gain in enumerate(gains):
            alone = base + 0.01 * seed
            self.add("teacher", seed, cell, [0.95], name=f"teacher-{seed}")
            self.add("alone", seed, cell, [alone], name=f"alone-{seed}-{base}")
            self.add("distilled", seed, cell, [alone + gain / 100], validation=chosen, **options)

    def sweep(self, axes: Mapping[str, Sequence[Any]], cells: Sequence[Mapping[str, Any]], seeds: int) -> SweepResults:
        return sweep_results(axes, cells, seeds, self.places, self.scores)


def test_the_gain_is_the_mean_of_paired_differences() -> None:
    rows = Rows()
    rows.cell({T: 1}, [1.0, 3.0])
    sweep = rows.sweep({T: [1]}, [{T: 1}], 2)
    cell = sweep.cells[0]
    assert cell.gains == pytest.approx((1.0, 3.0))
    assert cell.gain == pytest.approx(2.0)
    assert (cell.accuracy, cell.alone) == pytest.approx((0.825, 0.805))
    assert (cell.n, cell.ended, cell.epoch) == (2, True, (1, 4))


def test_intervals_use_the_sd_pooled_over_the_cells() -> None:
    # Variances 2, 8 and 2 (sample, n = 2): pooled 4, so sd 2 with 3 x 1 degrees of freedom. Student's t at 97.5 % with
    # 3 degrees is 3.182446; times 2 / sqrt(2) that is 4.500659.
    rows = Rows()
    gains = {1: [1.0, 3.0], 2: [4.0, 8.0], 4: [-7.0, -5.0]}
    for value, pair in gains.items():
        rows.cell({T: value}, pair)
    sweep = rows.sweep({T: [1, 2, 4]}, [{T: 1}, {T: 2}, {T: 4}], 2)
    assert sweep.pool is not None
    assert (sweep.pool.cells, sweep.pool.seeds, sweep.pool.degrees) == (3, 2, 3)
    assert sweep.pool.sd == pytest.approx(2.0)
    assert sweep.pool.half_width == pytest.approx(4.500659, abs=1e-5)
    assert sweep.cells[1].interval == pytest.approx((6 - 4.500659, 6 + 4.500659), abs=1e-5)
    assert [cell.contains_zero for cell in sweep.cells] == [True, False, False]
    assert sweep.marked == 2
    assert sweep.by_chance == pytest.approx(0.15)


def test_a_cell_that_equals_its_baseline_does_not_make_the_others_look_surer() -> None:
    rows = Rows()
    rows.cell({W: 0}, [0.0, 0.0])
    rows.cell({W: 1}, [1.0, 3.0])
    sweep = rows.sweep({W: [0, 1]}, [{W: 0}, {W: 1}], 2)
    assert sweep.pool is not None and (sweep.pool.cells, sweep.pool.degrees) == (1, 1)
    assert sweep.pool.sd == pytest.approx(2**0.5)
    assert sweep.cells[0].contains_zero is True


def test_with_one_seed_there_is_no_interval_and_nothing_is_marked() -> None:
    rows = Rows()
    rows.cell({T: 1}, [2.0])
    rows.cell({T: 2}, [-2.0])
    sweep = rows.sweep({T: [1, 2]}, [{T: 1}, {T: 2}], 1)
    assert sweep.pool is None
    assert [(cell.interval, cell.contains_zero) for cell in sweep.cells] == [(None, None)] * 2
    assert (sweep.marked, sweep.by_chance) == (0, 0)


def test_the_best_cell_is_chosen_on_validation_although_another_is_better_on_test() -> None:
    rows = Rows()
    rows.cell({T: 1}, [9.0, 9.5], chosen=0.70)
    rows.cell({T: 2}, [1.0, 1.5], chosen=0.72)
    sweep = rows.sweep({T: [1, 2]}, [{T: 1}, {T: 2}], 2)
    assert sweep.best is not None and sweep.best.index == 1
    assert len(sweep.candidates) == 2


def test_equal_validation_accuracies_are_decided_by_the_loss_there() -> None:
    rows = Rows()
    rows.cell({T: 1}, [1.0], nll=0.9)
    rows.cell({T: 2}, [1.0], nll=0.4)
    sweep = rows.sweep({T: [1, 2]}, [{T: 1}, {T: 2}], 1)
    assert sweep.best is not None and sweep.best.index == 1


def test_a_cell_under_way_is_compared_with_its_baseline_after_equally_many_epochs() -> None:
    rows = Rows()
    rows.add("alone", 0, {T: 1}, [0.50, 0.60, 0.70], name="alone", status="running")
    rows.add("distilled", 0, {T: 1}, [0.55, 0.66], status="running")
    rows.add("alone", 0, {T: 2}, [0.50, 0.60, 0.70], name="alone", status="running")
    rows.add("distilled", 0, {T: 2}, [0.51, 0.62, 0.74, 0.76], status="running")
    sweep = rows.sweep({T: [1, 2]}, [{T: 1}, {T: 2}], 1)
    assert [cell.gain for cell in sweep.cells] == pytest.approx([6.0, 4.0])
    assert [cell.epoch for cell in sweep.cells] == [(2, 4), (3, 4)]
    assert sweep.best is None, "validation chooses among finished cells only"


def test_finished_seeds_count_and_not_those_under_way() -> None:
    rows = Rows()
    rows.cell({T: 1}, [2.0])
    rows.add("alone", 1, {T: 1}, [0.1], name="alone-1", status="running")
    rows.add("distilled", 1, {T: 1}, [0.9], status="running")
    sweep = rows.sweep({T: [1]}, [{T: 1}], 2)
    assert (sweep.cells[0].gain, sweep.cells[0].n) == (pytest.approx(2.0), 1)


def test_only_cells_with_equally_many_seeds_share_a_spread() -> None:
    rows = Rows()
    rows.cell({T: 1}, [1.0, 3.0])
    rows.cell({T: 2}, [5.0])
    sweep = rows.sweep({T: [1, 2]}, [{T: 1}, {T: 2}], 2)
    assert sweep.pool is not None and (sweep.pool.cells, sweep.pool.degrees) == (1, 1)
    assert sweep.cells[1].interval is None
    assert [cell.index for cell in sweep.candidates] == [0]


def test_a_baseline_is_found_although_the_member_names_no_run_yet() -> None:
    rows = Rows()
    rows.add("alone", 0, {T: 1}, [0.80], name="alone")
    rows.add("distilled", 0, {T: 1}, [0.81])
    rows.add("alone", 0, {T: 2}, [0.80], name="alone", given=False)
    rows.add("distilled", 0, {T: 2}, [0.82])
    sweep = rows.sweep({T: [1, 2]}, [{T: 1}, {T: 2}], 1)
    assert [cell.gain for cell in sweep.cells] == pytest.approx([1.0, 2.0])
    assert ("alone", 0) in wanted_scores(rows.places)


def test_a_cell_that_has_not_begun_has_no_number() -> None:
    rows = Rows()
    rows.cell({T: 1}, [1.0])
    rows.add("alone", 0, {T: 2}, [], name="later")
    rows.add("distilled", 0, {T: 2}, [])
    sweep = rows.sweep({T: [1, 2, 3]}, [{T: 1}, {T: 2}, {T: 3}], 1)
    assert [cell.gain is None for cell in sweep.cells] == [False, True, True]
    assert [cell.trouble for cell in sweep.cells] == ["", "", ""]


def test_a_cell_that_diverged_is_told_and_does_not_take_part() -> None:
    rows = Rows()
    rows.cell({T: 1}, [1.0, 3.0])
    rows.add("alone", 0, {T: 2}, [0.8], name="alone-0-0.8")
    rows.add("distilled", 0, {T: 2}, [0.99, 0.99], status="diverged", validation=1.0)
    rows.add("alone", 1, {T: 2}, [0.81], name="alone-1-0.8")
    rows.add("distilled", 1, {T: 2}, [0.82], validation=1.0)
    sweep = rows.sweep({T: [1, 2]}, [{T: 1}, {T: 2}], 2)
    assert sweep.cells[1].trouble == "diverged"
    assert (sweep.cells[1].n, sweep.cells[1].gain, sweep.cells[1].interval) == (1, pytest.approx(1.0), None)
    assert sweep.best is not None and sweep.best.index == 0


def test_a_baseline_that_diverged_leaves_nothing_to_compare_with() -> None:
    rows = Rows()
    rows.add("alone", 0, {T: 1}, [0.1], status="diverged")
    rows.add("distilled", 0, {T: 1}, [0.9])
    cell = rows.sweep({T: [1]}, [{T: 1}], 1).cells[0]
    assert (cell.gain, cell.trouble) == (None, "diverged")


def test_a_line_through_a_grid_holds_the_other_axis() -> None:
    rows = Rows()
    cells = [{T: t, W: w} for t in (8, 1, 2) for w in (0.5, 0.9)]
    for index, cell in enumerate(cells):
        rows.cell(cell, [float(index)])
    sweep = rows.sweep({T: [8, 1, 2], W: [0.5, 0.9]}, cells, 1)
    line = slice_along(sweep, T, {W: 0.9})
    assert [cell.values[T] for cell in line] == [1, 2, 8]
    assert [cell.gain for cell in line] == pytest.approx([3.0, 5.0, 1.0])


def test_more_than_two_axes_are_held_by_their_values() -> None:
    rows = Rows()
    cells = [{T: t, W: w, "optim.lr": lr} for t in (1, 2) for w in (0, 1) for lr in (0.1, 0.2)]
    for cell in cells:
        rows.cell(cell, [10 * cell["optim.lr"]])
    sweep = rows.sweep({T: [1, 2], W: [0, 1], "optim.lr": [0.1, 0.2]}, cells, 1)
    held = cells_at(sweep.cells, {"optim.lr": 0.2})
    assert len(held) == 4 and {round(cell.gain or 0, 6) for cell in held} == {2.0}


def test_a_random_search_has_a_line_of_all_its_cells() -> None:
    rows = Rows()
    cells = [{T: 7.31, W: 0.2}, {T: 1.5, W: 0.77}, {T: 3.02, W: 0.5}]
    for index, cell in enumerate(cells):
        rows.cell(cell, [float(index)])
    sweep = rows.sweep({T: [7.31, 1.5, 3.02], W: [0.2, 0.77, 0.5]}, cells, 1)
    assert [cell.index for cell in slice_along(sweep, T, {})] == [1, 2, 0]


def test_the_front_has_only_cells_to_which_none_is_preferable() -> None:
    rows = Rows()
    sizes = {2: (100, 1.0), 4: (200, 0.5), 8: (400, 3.0), 16: (800, 3.0)}
    for width, (macs, gain) in sizes.items():
        rows.cell({"student.width": width}, [gain], cost={"parameters": macs, "macs": macs})
    sweep = rows.sweep({"student.width": [*sizes]}, [{"student.width": width} for width in sizes], 1)
    assert sweep.sizes_differ
    assert [cell.values["student.width"] for cell in pareto_front(sweep.cells)] == [2, 8]


def test_the_rows_for_a_file_name_the_chosen_cell() -> None:
    rows = Rows()
    rows.cell({T: 1}, [1.0, 3.0], chosen=0.9)
    rows.cell({T: 2}, [0.0, 1.0])
    written = as_rows(rows.sweep({T: [1, 2]}, [{T: 1}, {T: 2}], 2))
    assert [row["chosen_on_validation"] for row in written] == [True, False]
    assert written[0][T] == 1 and written[0]["gain_pp"] == pytest.approx(2.0)
    assert written[0]["ci95_low_pp"] < 2 < written[0]["ci95_high_pp"]


def test_the_store_tells_a_landscape_without_recipes(tmp_path: Path) -> None:
    teacher = {"data": {"source": "digits"}, "student": {"name": "mlp", "widths": [64]}}
    values = {"data": {"source": "digits"}, "student": "mlp", "method": "soft_targets", "teacher": teacher}
    study = Study.sweep(Recipe.from_json(values), {T: [2.0, 4.0]}, seeds=2)
    store = Store(tmp_path)
    made = store.studies.add(study)
    recipes = {member.recipe.fingerprint(): member for member in study.members}
    runs = dict(zip(recipes, store.runs.begin(made, [one.recipe for one in recipes.values()]), strict=True))
    accuracy = {"teacher": 0.9, "alone": 0.5, "distilled": 0.6}
    for fingerprint, member in recipes.items():
        run, reached = runs[fingerprint], accuracy[member.arm] + 0.1 * member.seed * (member.arm == "distilled")
        part = {"accuracy": reached, "nll": 0.1}
        scores = {"validation": part, "test": part}
        store.runs.record({run: {"epoch": 1}}, [], [EpochRow(run, 0, 0.3, {}, {}, scores, 1.0)])
        store.runs.update(run, status="done", reported_epoch=0, cost={"parameters": 9, "macs": 8})
    sweep = load_sweep(store, made)
    store.close()
    assert [cell.values for cell in sweep.cells] == [{T: 2.0}, {T: 4.0}]
    assert sweep.cells[1].gains == pytest.approx((10.0, 20.0))
    assert (sweep.cells[0].parameters, sweep.cells[0].macs, sweep.sizes_differ) == (9, 8, False)


def test_a_page_can_read_it_before_torch_is_there() -> None:
    code = "import sys, kd_core.results; print('torch' in sys.modules, 'scipy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == ["False", "False"], ran.stderr
