"""What the networks say about one image, as bars and as rows of a file."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from pages.parts.bars import BarsArm
from pages.parts.material import Material
from pages.parts.roles import Role
from pages.parts.softening import soften
from pages.parts.texts import t


def sample_arms(material: Material, sample: int) -> list[BarsArm]:
    """Return every network's answer about one image; one that broke down to NaN on it is left out."""
    return [
        BarsArm(cast(Role, arm), t(f"roles.{arm}"), logits[sample].tolist())
        for arm, logits in material.logits.items()
        if np.isfinite(logits[sample]).all()
    ]


def sample_rows(material: Material, sample: int, temperature: float) -> pd.DataFrame:
    """Return a row per class: name, hard label (0 or 1), and for every network its logit and probability.

    Column names are the same in every language, since other programs read them.
    """
    label = int(material.labels[sample])
    columns: dict[str, object] = {
        "class": list(material.classes),
        "hard_label": [int(k == label) for k in range(len(material.classes))],
        "view_temperature": temperature,
    }
    for arm, logits in material.logits.items():
        columns[f"{arm}_logit"] = logits[sample]
        columns[f"{arm}_probability"] = soften(logits[sample], temperature)
    return pd.DataFrame(columns)
