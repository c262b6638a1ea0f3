"""The command line that trains a recipe, or a whole study, again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from kd_core.recipe import PRESETS, Recipe, Study
from kd_core.settings import format_value
from kd_core.vocabulary import TECHNIQUE_KEY

PROGRAM = "python -m kd_core"


def recipe_command(recipe: Recipe, preset: str, seeds: int, command: str = "race") -> str:
    """Return the command line that races a recipe: its preset, and what differs from that.

    Args:
        recipe: the distilled student's.
        preset: the one it started from; "digits" where there is none of that name.
        seeds: how many.
        command: "race", or "code" for the script.
    """
    known = preset if preset in PRESETS else "digits"
    return " ".join([PROGRAM, command, known, *_settings(recipe, known), "--seeds", str(seeds)])


def study_command(spec: Mapping[str, Any]) -> str:
    """Return the command line that trains a study again, from what the store keeps of it.

    A random search draws other cells than the study had; its command names the values of those.
    """
    study = Study.from_json(spec)
    preset, seeds = study.preset if study.preset in PRESETS else "digits", ["--seeds", str(study.seeds)]
    if study.kind == "race" or study.base is None:
        recipe = study.members[-1].recipe.seeded(0)
        return recipe_command(recipe, preset, study.seeds)
    settings = _settings(study.base, preset)
    if study.kind == "sweep":
        axes = [f"{path}={','.join(format_value(value) for value in values)}" for path, values in study.axes.items()]
        named = [part for axis in axes for part in ("--axis", shlex.quote(axis))]
        return " ".join([PROGRAM, "sweep", preset, *named, *settings, *seeds])
    names = [cell[TECHNIQUE_KEY] for cell in study.cells]
    return " ".join([PROGRAM, "compare", *names, "--preset", preset, *settings, *seeds])


def _settings(recipe: Recipe, preset: str) -> list[str]:
    """Return ``--set`` for all that differs from the preset; what follows from the student's own is left out."""
    base = PRESETS[preset].recipe
    parts = []
    for path, value in recipe.differences(base).items():
        follows = path.startswith("teacher.data.source") and recipe.teacher is not None
        if not (follows and recipe.teacher and recipe.teacher.data.source == recipe.data.source):
            parts += ["--set", shlex.quote(f"{path}={format_value(value)}")]
    return parts
