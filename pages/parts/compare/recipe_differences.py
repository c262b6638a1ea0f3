"""Recipe differences: only what is not the same in the picked studies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from kd_core.results import recipe_of
from kd_core.settings import json_leaves
from kd_core.store import StudyRow
from pages.parts.charts import table_with_csv
from pages.parts.compare.study_list import short_label
from pages.parts.text import MISSING, path_title, t


def recipe_differences(studies: Sequence[StudyRow]) -> None:
    """Show what differs between the studies' recipes, or that nothing does."""
    rows = differing([recipe_text(row) for row in studies])
    if not rows:
        st.info(t("compare.same_recipe"))
        return
    names = [f"s{index}" for index, _ in enumerate(studies)]
    table = pd.DataFrame([{"setting": path, **dict(zip(names, values, strict=True))} for path, values in rows.items()])
    titles = {name: short_label(row) for name, row in zip(names, studies, strict=True)}
    table.insert(0, "title", [path_title(path, recipe_of(studies[0])) for path in table["setting"]])
    table_with_csv(
        table,
        key="compare_recipes",
        filename="recipe_differences",
        alt=t("compare.recipe_alt", n=len(rows)),
        column_config={"title": t("compare.setting"), "setting": t("compare.path"), **titles},
    )


def recipe_text(row: StudyRow) -> dict[str, str]:
    """Return the distilled student's recipe by path, without its seed, and how many seeds and cells the study has."""
    leaves = {path.removesuffix(".name"): _written(value) for path, value in json_leaves(recipe_of(row))}
    settings = {path: value for path, value in leaves.items() if path not in ("seed", "teacher.seed")}
    axes = {f"axis {path}": _written(values) for path, values in row.spec["axes"].items()}
    return {"seeds": str(row.seeds), "device": row.device, **axes, **settings}


def differing(recipes: Sequence[dict[str, str]]) -> dict[str, list[str]]:
    """Return by path the values that are not the same in all recipes."""
    paths = sorted({path for recipe in recipes for path in recipe})
    values = {path: [recipe.get(path, MISSING) for recipe in recipes] for path in paths}
    return {path: by_recipe for path, by_recipe in values.items() if len(set(by_recipe)) > 1}


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
