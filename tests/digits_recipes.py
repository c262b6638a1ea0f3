"""The digits preset, and further networks that a protocol may need."""

from __future__ import annotations

from kd_core.recipe.presets import PRESETS

DIGITS = PRESETS["digits"].recipe
OTHERS = [{"name": "mlp", "widths": [64]}, {"name": "convnet", "channels": [8, 16], "fc": 32}]
