"""What comes with the product, trained before: a race, a sweep and a method race for pages with nothing to show yet."""

from pages.parts.recorded.files import (
    recorded_drawing,
    recorded_logits,
    recorded_method_race,
    recorded_networks,
    recorded_numbers,
    recorded_race,
    recorded_sweep,
)

__all__ = [
    "recorded_drawing",
    "recorded_logits",
    "recorded_method_race",
    "recorded_networks",
    "recorded_numbers",
    "recorded_race",
    "recorded_sweep",
]
