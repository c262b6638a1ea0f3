"""The house's limits, read from the source: who may import whom, how long things are, and what names are taken.

Floors and the wall between engine and screen are contracts of import-linter in ``pyproject.toml``.
"""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import kd_core

ROOT = Path(__file__).parents[2]

FUNCTION_LINES, MODULE_LINES, PAGE_LINES, APP_LINES = 50, 300, 120, 40
ROOM_FILES = 10
SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "shared", "manager"}

# What others rely on (the house's design page); a change here is a change for them.
PUBLIC = {
    "DATASETS", "METHODS", "NETWORKS", "PRESETS", "PROTOCOLS", "KDError", "Outputs", "Recipe", "Store", "Study",
    "entropy", "kl_divergence", "read_logits", "soften",
}  # fmt: skip

LIGHT = [
    "errors",
    "vocabulary",
    "notes",
    "own_files",
    "settings",
    "drawings",
    "store",
    "visitors",
    "results",
    "logit_losses",
    "doctor",
    "export",
    "inference",
    "jobs",
    "cli",
]
"""Rooms of the engine that never import torch at their top, so that a page need not wait for it."""
MEMBERS = {
    "kd_core.datasets": "Dataset",
    "kd_core.networks": "Architecture",
    "kd_core.methods": "Method",
    "kd_core.protocols": "Protocol",
    "pages.parts.protocol_panels": "panel",
}
"""Rooms whose members are found by looking into them, one file a member, with what a member defines."""
TORCH_SIDE = {"kd_core.jobs.preload"}
"""Modules that stand in a light room and wait for torch all the same: a process of their own imports them."""


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the product by its dotted name."""
    paths = [ROOT / "app.py", *(ROOT / "kd_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    return {dotted(path): ast.parse(path.read_text("utf-8")) for path in sorted(paths)}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def rooms() -> dict[str, Path]:
    """Every package below the two front doors, by its dotted name."""
    inits = [*(ROOT / "kd_core").rglob("__init__.py"), *(ROOT / "pages" / "parts").rglob("__init__.py")]
    return {dotted(path): path for path in inits if dotted(path) not in ("kd_core", "pages.parts")}


def room_of(module: str) -> str:
    """Return the innermost room in which a module stands, or nothing."""
    parts = module.split(".")
    return next((name for end in range(len(parts), 0, -1) if (name := ".".join(parts[:end])) in rooms()), "")


def is_member(module: str) -> bool:
    """Tell whether a module defines a member of its room, such as one method or one dataset."""
    base = MEMBERS.get(module.rpartition(".")[0])
    if base is None or module not in sources():
        return False
    body = sources()[module].body
    if base == "panel":
        return any(isinstance(node, ast.FunctionDef) and node.name == base for node in body)
    return any(isinstance(node, ast.ClassDef) and _has_name(node) for node in body)


def _has_name(node: ast.ClassDef) -> bool:
    """Tell whether a class has the field ``name``, by which the registry finds it."""
    fields = (field.target for field in node.body if isinstance(field, ast.AnnAssign) and field.value is not None)
    return any(isinstance(target, ast.Name) and target.id == "name" for target in fields)


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: write imports in full, `from kd_core.x import y`"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def ours(name: str) -> bool:
    return name.split(".")[0] in ("kd_core", "pages", "app")


def report(offenders: list[str], advice: str) -> None:
    if offenders:
        pytest.fail(advice + "\n" + "\n".join(offenders), pytrace=False)


def test_floors_and_walls_hold() -> None:
    """The contracts stand in ``pyproject.toml``; what breaks one is told with the chain of imports."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    ran = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_page_does_not_import_another_page() -> None:
    pages = {name for name in sources() if name.startswith("pages.") and not name.startswith("pages.parts")}
    crossing = [
        f"{name}:{line} imports {target}"
        for name in pages
        for line, target in imported(sources()[name])
        if target.rpartition(".")[0] in pages or target in pages
    ]
    report(crossing, "Put what two pages share into pages/parts:")


def test_rooms_are_entered_by_their_door() -> None:
    """From another room one imports what its ``__all__`` names, or a member's own module."""
    through_the_wall = []
    for name, tree in sources().items():
        for line, target in imported(tree):
            module, _, thing = target.rpartition(".")
            room = room_of(module)
            if not room or room_of(name) == room or name == "kd_core" or is_member(module) or is_member(target):
                continue
            if module in TORCH_SIDE or target in TORCH_SIDE or target in rooms():
                continue
            if module != room or thing not in importlib.import_module(room).__all__:
                through_the_wall.append(f"{name}:{line} imports {target}")
    report(through_the_wall, "Name it in the room's __all__ and import it from the room:")


def test_every_room_says_in_one_sentence_what_is_inside() -> None:
    silent = []
    for name in rooms():
        sentence = (ast.get_docstring(sources()[name]) or "").strip()
        named = any(
            isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"
            for node in sources()[name].body
        )
        if not sentence.endswith(".") or not named:
            silent.append(f"{name}: {sentence!r}")
    report(silent, "Write one sentence, and __all__, into the room's __init__:")


def test_what_a_room_promises_is_there() -> None:
    promised = [(room, name) for room in rooms() for name in importlib.import_module(room).__all__]
    missing = [f"{room}.{name}" for room, name in promised if not hasattr(importlib.import_module(room), name)]
    report(missing, "These names are in __all__ and cannot be imported:")


def test_rooms_are_not_crowded() -> None:
    crowded = []
    for name, path in rooms().items():
        files = [dotted(file) for file in path.parent.glob("*.py") if file.name != "__init__.py"]
        if (count := sum(not is_member(file) for file in files)) > ROOM_FILES:
            crowded.append(f"{name} has {count} files that are not members")
    report(crowded, f"A room has at most {ROOM_FILES} files that are not members:")


def test_functions_are_short() -> None:
    long = [
        f"{name}:{node.lineno} {node.name} has {count} lines"
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (count := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]
    report(long, f"Split by meaning; a function has at most {FUNCTION_LINES} lines:")


def test_modules_are_short() -> None:
    limits = {ROOT / "app.py": APP_LINES}
    limits |= dict.fromkeys((ROOT / "kd_core").rglob("*.py"), MODULE_LINES)
    limits |= dict.fromkeys((ROOT / "pages" / "parts").rglob("*.py"), MODULE_LINES)
    limits |= dict.fromkeys((ROOT / "pages").glob("*.py"), PAGE_LINES)
    long = [f"{dotted(path)} has {lines(path)} lines of {most}" for path, most in limits.items() if lines(path) > most]
    report(long, "Split by meaning; a page hands to parts, a module says one thing:")


def test_every_module_opens_with_one_sentence_on_what_it_is() -> None:
    silent = []
    for name, tree in sources().items():
        first = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")
        if not first.endswith((".", "?")) or re.search(r"[.!?] [A-Z]", first):
            silent.append(f"{name}: {first!r}")
    report(silent, "Write one sentence that says what the module is; if it needs two, it is two modules:")


def test_names_say_the_meaning() -> None:
    vague = [name for name in sources() if SAY_NOTHING & set(re.split(r"[._]", name))]
    vague += [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and re.search(r"(Manager|Helper|Utils?)$", node.name)
    ]
    report(vague, "Name it by what it does; what has no name stays beside its only user:")


def test_the_front_door_offers_what_others_rely_on() -> None:
    assert set(kd_core.__all__) == PUBLIC == set(kd_core._HOMES), "kd_core.__all__, _HOMES and PUBLIC must agree"
    missing = [name for name in kd_core.__all__ if not hasattr(kd_core, name)]
    report(missing, "These names are promised in kd_core.__all__ and cannot be imported:")


def light_modules() -> list[str]:
    """Return every module on the light side of the wall: the light rooms of the engine, and all pages' parts."""
    light = tuple(f"kd_core.{room}" for room in LIGHT)
    engine = [name for name in sources() if name in light or name.startswith(tuple(f"{room}." for room in light))]
    parts = [name for name in sources() if name.startswith("pages.parts")]
    return [name for name in [*engine, *parts] if name not in TORCH_SIDE and not name.endswith("__main__")]


@pytest.mark.parametrize("side", ["engine", "pages"])
def test_the_light_side_does_not_wait_for_torch(side: str) -> None:
    start = "kd_core" if side == "engine" else "pages"
    modules = [name for name in light_modules() if name.startswith(start)]
    code = f"import sys, {', '.join(modules)}; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "False", "Import torch, and whatever imports it, inside the function that needs it"


def test_every_module_of_the_engine_can_be_imported() -> None:
    for name in sources():
        if name.startswith("kd_core") and not name.endswith("__main__"):
            importlib.import_module(name)


CHANGES = {"update", "ask_stop", "ask_resume", "add", "delete", "end", "begin", "set_limit", "set_fact", "leave"}
"""Methods of a store that change it."""


def test_pages_change_nothing_in_the_store_themselves() -> None:
    """Whatever they change goes through a function that asks who wants it."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node.func)}"
        for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES
        if ast.unparse(node.func.value).startswith("store()")
    ]
    assert not found, "Ask kd_core.jobs or kd_core.visitors, with visitor():\n" + "\n".join(found)
