"""What a person should know of settings that are allowed and yet take something away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pages.parts.text import t

WITH_TWO_CLASSES: Final = ("decoupled", "dist", "logit_standardization")
"""Methods of which two classes leave little: the catalogue says of each, at `caution.<method>`, what."""


def cautions(recipe: Mapping[str, Any], classes: int | None = None) -> list[str]:
    """Return a sentence for each thing that these settings take away.

    Args:
        recipe: the distilled student's, as JSON.
        classes: how many the dataset has; None where nobody knows yet.
    """
    method, told = recipe["method"]["name"], []
    may_be_two = classes == 2 or (classes is None and recipe["data"]["source"]["name"] == "image_folder")
    if method in WITH_TWO_CLASSES and may_be_two:
        told.append(t(f"caution.{method}"))
    parts = {"student": recipe["data"], "teacher": (recipe.get("teacher") or {}).get("data", {})}
    for who, data in parts.items():
        noise = data.get("label_noise", 0)
        if noise == 1:
            told.append(t(f"caution.every_label_{who}"))
        elif classes is not None and noise > 1 - 1 / classes:
            told.append(t(f"caution.most_labels_{who}", share=f"{100 * noise:g}", n=classes))
    return told
