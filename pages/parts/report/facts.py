"""Facts that every report tells: settings, provenance, and how to reproduce it."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from kd_core.errors import KDError
from kd_core.settings import json_leaves
from kd_core.store import RunRow, StudyRow
from pages.parts.race import execution_text
from pages.parts.report.document import Section, address, bullets, code, paragraph, table
from pages.parts.text import MISSING, axis_words, error_text, path_title, seconds_text, t, value_text

_PROJECT = Path(__file__).parents[3] / "pyproject.toml"


@cache
def version() -> str:
    """Return this version's number."""
    with _PROJECT.open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def settings_section(recipe: Mapping[str, Any], seeds: int) -> Section:
    """Return every setting of the distilled student's recipe and of its teacher's that is not empty, in words."""
    rows = [(path_title("seeds", recipe), "seeds", str(seeds))]
    titles = _titles(recipe)
    for path, value in json_leaves(recipe):
        named = path.removesuffix(".name")
        if named not in ("seed", "teacher.seed") and value not in (None, "", [], {}):
            rows.append((titles(named), named, written(value)))
    head = (t("compare.setting"), t("compare.path"), t("report.value"))
    return Section(t("report.settings"), [table(head, rows), paragraph(t("report.empty_left_out"))])


def _titles(recipe: Mapping[str, Any]) -> Callable[[str], str]:
    """Return what a path is called: by its declaration, where this version knows the recipe."""
    from kd_core.recipe import Recipe

    try:
        known = Recipe.from_json(recipe)
    except KDError:
        return lambda path: path_title(path, recipe)

    def title(path: str) -> str:
        declared = axis_words(known, path).full
        return path_title(path, recipe) if declared == path else declared

    return title


def written(value: object) -> str:
    """Return a value as it is read: words as they are, numbers without superfluous digits, a dash for nothing."""
    if value is None or value == "":
        return MISSING
    return value if isinstance(value, str) else value_text(value)


def findings_section(findings: Sequence[str] | None) -> Section:
    """Return what was found out about the study beside its numbers; nothing where nobody looked."""
    if findings is None:
        return Section(t("report.findings"), [])
    return Section(t("report.findings"), [bullets(findings) if findings else paragraph(t("report.no_findings"))])


def provenance_section(row: StudyRow, runs: Sequence[RunRow]) -> Section:
    """Return who made the numbers, when, on what, from which seeds."""
    on = sorted({execution_text(run.execution) for run in runs if run.execution})
    lines = [
        t("report.version", version=version()),
        t("report.study", id=row.id, fingerprint=row.fingerprint or row.id, status=t(f"status.{row.status}")),
        t("report.seeds", seeds=", ".join(map(str, range(row.seeds))), n=row.seeds),
        t("report.when", asked=_when(row.created), ended=_when(row.finished) if row.finished else t("report.not_yet")),
        t("report.trained", n=len(runs), seconds=seconds_text(sum(run.seconds for run in runs))),
        *(t("report.machine", machine=line) for line in on),
    ]
    return Section(t("report.provenance"), [bullets(lines)])


def reproduce_section(row: StudyRow, recipe: Mapping[str, Any], link: str, whole: bool = True) -> Section:
    """Return the command line, the link and the recipe as JSON.

    Args:
        row: the study.
        recipe: the distilled student's, or a cell's own.
        link: the page's address, or only its question where that is not known.
        whole: whether the report is about the whole study; else about one trio of it, with ``recipe``.
    """

    text = json.dumps(recipe, indent=2, ensure_ascii=False)
    try:
        blocks = [code(_command(row, recipe, whole), t("report.command")), paragraph(t("report.same_seed"))]
    except KDError as error:  # of another version, whose settings are not known here
        blocks = [paragraph(error_text(error))]
    blocks += [paragraph(t("report.link")), address(link)] if link else []
    return Section(t("report.reproduce"), [*blocks, paragraph(t("report.recipe")), code(text, t("report.recipe"))])


def _command(row: StudyRow, recipe: Mapping[str, Any], whole: bool) -> str:
    from kd_core.recipe import Recipe
    from kd_core.script import recipe_command, study_command

    return (
        study_command(row.spec) if whole else recipe_command(Recipe.from_json(recipe).seeded(0), row.preset, row.seeds)
    )


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
