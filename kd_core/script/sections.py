"""Sections of a script that follow from settings: what is seen, how it is trained, and what moves over the epochs."""

from __future__ import annotations

from collections.abc import Collection

from kd_core.datasets import Normalised
from kd_core.errors import Reason
from kd_core.recipe import Recipe
from kd_core.script.refusal import no_script
from kd_core.script.template import RANDOMNESS, SEEN, chosen
from kd_core.settings import name_of


def data_section(recipe: Recipe, wanted: Collection[str]) -> str:
    """Return what reads the images and says which of them a network learns from.

    Raises:
        RecipeMismatch: the dataset writes no snippet.
    """
    source = recipe.data.source
    load = source.load_code()
    if load is None or not isinstance(source, Normalised):
        raise no_script(Reason("script_dataset", "the dataset '{dataset}' has no snippet.", dataset=source.label))
    numbers = f"VALIDATION = {source.validation_images}  # images that are held out of training\n"
    for name, values in (("MEAN", source.mean), ("SD", source.sd)):
        numbers += f"{name} = torch.tensor({list(values)}).reshape(-1, 1, 1)\n"
    if "augment" in wanted:
        numbers += "BLACK = -MEAN / SD  # what a black pixel is for the networks\n"
    further = {"dropped": ", dropped=()", "keep": ", keep_unlabelled=False", "noise": ", noise=0.0"}
    seen = SEEN.replace("{seen}", "".join(text for name, text in further.items() if name in wanted))
    return "\n\n".join([numbers, RANDOMNESS, load, chosen(seen, wanted)])


def training_options(recipe: Recipe, seen_name: str, trained_name: str) -> str:
    """Return two named dictionaries in source: which images a network sees, and how it is trained."""
    data, optim = recipe.data, recipe.optim
    seen = {
        "labelled": data.labelled,
        "dropped": data.dropped_classes or None,
        "keep_unlabelled": data.unlabelled == "keep" or None,
        "noise": data.label_noise or None,
    }
    kind = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}[optim.algorithm]
    momentum = f", momentum={optim.momentum}" if optim.algorithm == "sgd" else ""
    decay = f", weight_decay={optim.weight_decay}" if optim.weight_decay or optim.algorithm == "adamw" else ""
    optimizer = f"partial(torch.optim.{kind}, lr={optim.lr}{momentum}{decay})"
    given = [f"epochs={optim.epochs}", f"batch={optim.batch}", f"optimizer={optimizer}"]
    given += ["cosine=True"] if optim.lr_schedule == "cosine" else []
    given += [f"patience={optim.patience}"] if optim.patience is not None else []
    given += [f"augment={data.augmentation}"] if data.augmentation != "none" else []
    asked = ", ".join(f"{name}={value}" for name, value in seen.items() if value is not None)
    return f"{seen_name} = dict({asked})\n{trained_name} = dict({', '.join(given)})"


def moved_function(recipe: Recipe) -> str:
    """Return the function that says what each scheduled setting is in an epoch.

    Raises:
        RecipeMismatch: a schedule follows more than the number of the epoch.
    """
    lines = []
    for name, schedule in recipe.schedules.items():
        code = schedule.value_code(getattr(recipe.method, name), recipe.optim.epochs)
        if code is None:
            words = "the schedule '{schedule}' has no snippet."
            raise no_script(Reason("script_schedule", words, schedule=name_of(schedule)))
        lines.append(f'        "{name}": {code},\n')
    head = 'def moved(epoch):\n    """Return the settings that move, as they are in an epoch (from 0)."""\n'
    return f"{head}    return {{\n{''.join(lines)}    }}\n"
