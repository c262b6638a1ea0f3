"""The writer: from a recipe to the script, asking every member for its own snippet."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence

from kd_core.errors import Reason
from kd_core.methods import Method
from kd_core.methods.labels_only import LabelsOnly
from kd_core.networks import Architecture, Shape
from kd_core.protocols import ProtocolCode
from kd_core.recipe import Recipe
from kd_core.script.functions import functions_in
from kd_core.script.refusal import no_script
from kd_core.script.sections import data_section, moved_function, training_options
from kd_core.script.template import EVALUATION, MAIN, TEACHER, TRAINING, chosen
from kd_core.settings import lane_fields, name_of

OPTIONS = {
    "cosine": "False",
    "augment": "None",
    "patience": "None",
    "moved": "None",
    "bridge": "None",
    "copies": "None",
}
"""What ``train`` in a script may take beside what it always takes, with its default."""


def recipe_text(recipe: Recipe) -> str:
    """Return a recipe as JSON that ``Recipe.from_json`` reads, indented."""
    return json.dumps(recipe.to_json(), indent=2, ensure_ascii=False) + "\n"


def training_script(recipe: Recipe, seeds: Sequence[int] = (0,), reproduce: str = "") -> str:
    """Return one Python file that does what a race of the recipe does, with torch, torchvision and scikit-learn only.

    From one seed it draws the same splits, first weights and batches, and so comes to the same numbers but for
    rounding and for the masks of dropout.

    Args:
        recipe: the distilled student's.
        seeds: which are raced where the script is started without any.
        reproduce: the command that does the same in this project, for the docstring.

    Raises:
        RecipeMismatch: a part of the recipe writes no snippet of its own; the sentence names it.
    """
    recipe = recipe.with_resolved_lr()
    dataset = recipe.data.source
    shape, classes = dataset.shape, len(getattr(dataset, "images_by_class", ()))
    arranged = _arrangement(recipe, shape)
    features = arranged.features or bool(recipe.method.needs)
    wanted = _wanted(recipe, features)
    sections = [
        ("The data", data_section(recipe, wanted)),
        ("The networks", _networks(recipe, arranged, shape, classes, features)),
        ("What is made smaller", _losses(recipe, arranged, features)),
        ("The loop", _loops(recipe, arranged, wanted)),
        ("How good they are", chosen(EVALUATION, wanted)),
        ("The race", _main(recipe, arranged, wanted)),
    ]
    return _assembled(recipe, sections, seeds, reproduce)


def _arrangement(recipe: Recipe, shape: Shape) -> ProtocolCode:
    arranged = recipe.protocol.code(recipe, shape)
    if arranged is None:
        words = "the protocol '{protocol}' has no short form."
        raise no_script(Reason("script_protocol", words, protocol=name_of(recipe.protocol)))
    if recipe.teacher is not None and recipe.teacher.teacher is not None:
        raise no_script(Reason("script_taught_teacher", "its teacher was taught by another network."))
    if recipe.data.question != "class":
        raise no_script(Reason("script_question", "it asks for something else than the class."))
    if arranged.own_loop and recipe.optim.patience is not None:
        words = "the protocol '{protocol}' has a loop of its own, which stops nobody early."
        raise no_script(Reason("script_patience", words, protocol=name_of(recipe.protocol)))
    return arranged


def _wanted(recipe: Recipe, features: bool) -> set[str]:
    """Return which of a script's marked lines a recipe needs."""
    both = [recipe, *([recipe.teacher] if recipe.teacher else [])]
    asked = {
        "teacher": recipe.teacher is not None,
        "features": features,
        "dropped": any(one.data.dropped_classes for one in both),
        "keep": any(one.data.unlabelled == "keep" for one in both),
        "noise": any(one.data.label_noise for one in both),
        "augment": any(one.data.augmentation != "none" for one in both),
        "cosine": any(one.optim.lr_schedule == "cosine" for one in both),
        "patience": any(one.optim.patience is not None for one in both),
        "moved": bool(recipe.schedules),
        "bridge": recipe.method.auxiliary_code() is not None,
        "copies": recipe.start != "scratch",
    }
    return {name for name, needed in asked.items() if needed}


def _networks(recipe: Recipe, arranged: ProtocolCode, shape: Shape, classes: int, features: bool) -> str:
    student = "StudentNetwork" if arranged.wrapper else "Student"
    parts = [_network(recipe.teacher.student, shape, classes, "Teacher", features)] if recipe.teacher else []
    parts.append(_network(recipe.student, arranged.shape or shape, classes, student, features))
    parts += [arranged.wrapper] if arranged.wrapper else []
    for number, network in enumerate(recipe.others, start=1):
        parts.append(_network(network, shape, classes, f"Other{number}", features))
    return "\n\n".join(part.strip() + "\n" for part in parts)


def _network(network: Architecture, shape: Shape, classes: int, name: str, features: bool) -> str:
    source = network.training_code(shape, classes, name, features)
    if source is None:
        words = "the network '{network}' has no snippet."
        raise no_script(Reason("script_network", words, network=network.label))
    return source


def _losses(recipe: Recipe, arranged: ProtocolCode, features: bool) -> str:
    parts = []
    if bridge := recipe.method.auxiliary_code():
        parts.append(bridge + "\n")
    parts.append(_loss("labels_loss", LabelsOnly(), features))
    if recipe.teacher and recipe.teacher.method != LabelsOnly():
        parts.append(_loss("teacher_loss", recipe.teacher.method, features))
    parts.append(_loss("loss", recipe.method, features, arranged.loss_begins))
    if recipe.schedules:
        parts.append(moved_function(recipe))
    return "\n\n".join(parts)


def _loss(name: str, method: Method, features: bool, begins: str = "") -> str:
    """Return a function that computes a method's loss from outputs, labels and the settings that may move."""
    body = method.loss_code()
    if body is None:
        raise no_script(Reason("script_method", "the method '{method}' has no snippet.", method=name_of(method)))
    given = {setting: getattr(method, setting) for setting in sorted(lane_fields(type(method)))}
    used = [s for s, value in given.items() if value is not None and re.search(rf"\b{s}\b", begins + body)]
    settings = "".join(f", {setting}={given[setting]}" for setting in used)
    lines = [f'"""{_first_sentence(method)}"""']
    if features and method.needs_teacher:
        lines.append("(student, student_features), (teacher, teacher_features) = student, teacher")
    elif features:
        lines.append("student, student_features = student")
        if "teacher_features" in body:  # a bridge has made one out of the network itself
            lines[-1] = "(student, student_features), (teacher, teacher_features) = student, teacher"
    lines += [*begins.splitlines(), *body.splitlines()]
    indented = "\n".join(f"    {line}" if line else "" for line in lines)
    return f"def {name}(student, teacher, labels{settings}):\n{indented}\n"


def _first_sentence(method: Method) -> str:
    return (type(method).__doc__ or "").strip().splitlines()[0]


def _loops(recipe: Recipe, arranged: ProtocolCode, wanted: Collection[str]) -> str:
    options = [training_options(recipe.teacher, "TEACHER_SEEN", "TEACHER")] if recipe.teacher else []
    options.append(training_options(recipe, "SEEN", "STUDENT"))
    text = "\n\n".join([TRAINING, arranged.definitions])
    for place, names in (("{parameters}", OPTIONS), ("{together}", OPTIONS.keys() - {"bridge"})):
        given = "".join(f", {name}={OPTIONS[name]}" for name in OPTIONS if name in wanted and name in names)
        text = text.replace(place, given)
    text = text.replace("{augments}", ", augment" if "augment" in wanted else "")
    text = text.replace("{settings}", ", **settings" if "moved" in wanted else "")
    return "\n".join(options) + "\n\n\n" + chosen(text, wanted)


def _main(recipe: Recipe, arranged: ProtocolCode, wanted: Collection[str]) -> str:
    named = {"moved": "moved=moved", "bridge": "bridge=Bridge", "copies": f'copies="{recipe.start}"'}
    options = ", ".join([*(text for name, text in named.items() if name in wanted), "**STUDENT"])
    lines = arranged.train.replace("{student}", "build(Student, seed)").replace("{options}", options)
    distilled = "\n".join(f"    {line}" for line in lines.splitlines())
    own_teacher_loss = recipe.teacher and recipe.teacher.method != LabelsOnly()
    teacher = TEACHER.replace("{teacher_loss}", "teacher_loss" if own_teacher_loss else "labels_loss")
    text = MAIN.replace("{teacher}\n", teacher if recipe.teacher else "")
    return chosen(text.replace("{distilled}", distilled), wanted)


def _assembled(recipe: Recipe, sections: list[tuple[str, str]], seeds: Sequence[int], reproduce: str) -> str:
    body, imports = "", set()
    for number, (title, text) in enumerate(sections, start=1):
        own = "\n\n".join(functions for functions in functions_in(text) if functions not in body)
        imports |= set(re.findall(r"^(?:import|from) .*", text, re.MULTILINE))
        text = re.sub(r"^(?:import|from) .*\n+", "", text, flags=re.MULTILINE)
        parts = [f"# {number}. {title}\n", own, text] if own else [f"# {number}. {title}\n", text]
        body += "\n\n" + "\n\n".join(part.strip() + "\n" for part in parts)
    for module in ("copy", "hashlib", "math", "sys"):
        imports |= {f"import {module}"} if f"{module}." in body else set()
    imports |= {"import torch", "import torch.nn.functional as F", "from torch import nn"}
    imports |= {"from functools import partial"}
    return _head(recipe, reproduce) + _sorted(imports) + f"\nSEEDS = {list(seeds)}\n" + body


def _sorted(imports: Collection[str]) -> str:
    """Return imports as people write them: the standard library first."""
    standard = {line for line in imports if re.match(r"(import|from) (copy|functools|hashlib|math|sys)\b", line)}
    order = [
        sorted(group, key=lambda line: (line.startswith("from"), line)) for group in (standard, set(imports) - standard)
    ]
    return "\n\n".join("\n".join(group) for group in order) + "\n"


def _head(recipe: Recipe, reproduce: str) -> str:
    method, student = name_of(recipe.method), recipe.student.label
    who = f"{recipe.teacher.student.label} teaches {student}" if recipe.teacher else f"{student} learns"
    needs = "torch and scikit-learn" if name_of(recipe.data.source) == "digits" else "torch and torchvision"
    again = f"The same in KD Playground: {reproduce}\n" if reproduce else ""
    return (
        f'"""{who} on {recipe.data.source.label}: {method}, {name_of(recipe.protocol)}, in plain PyTorch.\n\n'
        f"Needs {needs}, and trains on the CPU. Seeds may be named: python FILE.py 0 1 2. One seed gives the\n"
        f"same splits, first weights and batches as in KD Playground, which wrote this file from recipe\n"
        f"{recipe.fingerprint()}.\n"
        f'{again}"""\n\n'
    )
