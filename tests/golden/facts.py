"""What must not change by itself: names that links, stores and other people's files hold, and numbers to the last bit.

``python -m tests.golden.facts`` writes the recorded files anew; do that only for a change that is meant, and say why.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

LINKS = {
    "temperature": {"v": "1", "method.temperature": "8.0"},
    "preset and settings": {"v": "1", "preset": "mnist-mlp", "method.teacher_weight": "0.5", "optim.epochs": "3"},
    "a method with its settings": {"v": "1", "method": '{"name": "decoupled", "temperature": 2.0}'},
    "a method by name": {"v": "1", "method": "relational"},
    "a protocol": {"v": "1", "protocol": '{"name": "chain", "generations": 3}'},
    "data": {"v": "1", "data.labelled": "100", "data.label_noise": "0.2", "data.dropped_classes": "[3]"},
    "a schedule": {"v": "1", "schedules.temperature": '{"name": "exponential", "factor": 0.9}'},
    "first weights": {"v": "1", "start": "teacher"},
    "networks": {"v": "1", "student.widths": "[32]", "others": '[{"name": "mlp", "widths": [64]}]'},
}
"""Links of version 1, without the parts that say what is looked at."""

NEWER = ("jensen_shannon", "skew_kl")
"""Techniques that came after the net was recorded, and so are not in its method race of all techniques."""

RACE = ["race", "digits", "--seeds", "2", "--json"]
SWEEP = ["sweep", "digits", "--axis", "method.temperature=2,4", "--axis", "method.teacher_weight=0.5,0.9", "--json"]
STOPPED = {"early stopping": "eab84e140e", "mutual": "4758d40c79"}
"""Studies of ``stopped-0.3.tar.gz`` that version 0.3 left in the middle."""


def fingerprints() -> dict[str, str]:
    """Return the fingerprint of every preset, every technique on it, and of studies made of the default preset."""
    from kd_core import PRESETS, KDError, Study
    from tests.golden.api import technique_changes, technique_names

    found = {}
    for preset in PRESETS.values():
        found[preset.name] = preset.recipe.fingerprint()
        for name in technique_names():
            with contextlib.suppress(KDError):  # a technique may not fit these networks
                changed = preset.recipe.changed(technique_changes(name, preset.recipe.method))
                found[f"{preset.name}/{name}"] = changed.fingerprint()
    recipe = PRESETS["digits"].recipe
    axes = {"method.temperature": [2.0, 4.0], "data.label_noise": [0.0, 0.2]}
    found["study/race"] = Study.race(recipe, 2, "digits").fingerprint()
    found["study/sweep"] = Study.sweep(recipe, axes, 2, "digits").fingerprint()
    old = [name for name in technique_names() if name not in NEWER]
    found["study/compare"] = Study.compare(recipe, old, 2, "digits").fingerprint()
    return found


def links() -> dict[str, str]:
    """Return the fingerprint of the recipe that each link asks for."""
    from streamlit.testing.v1 import AppTest

    found = {}
    for name, parts in LINKS.items():
        page = AppTest.from_file(str(HERE / "link_page.py"), default_timeout=30)
        for part, value in parts.items():
            page.query_params[part] = value
        page.run()
        assert not page.exception, page.exception
        found[name] = page.text[0].value
    return found


def members() -> dict[str, Any]:
    """Return the JSON of every member with its own defaults."""
    from kd_core import DATASETS, METHODS, NETWORKS, PROTOCOLS
    from tests.golden.api import SCHEDULES

    rooms = {"method": METHODS, "network": NETWORKS, "dataset": DATASETS, "protocol": PROTOCOLS, "schedule": SCHEDULES}
    return {f"{kind}/{name}": _made(room[name]) for kind, room in rooms.items() for name in room}


def _made(member: Any) -> Any:
    needed = {name: 1 for name, field in member.model_fields.items() if field.is_required()}
    return member.model_construct(**needed).model_dump(mode="json", warnings=False)


def catalogue_keys() -> dict[str, list[str]]:
    """Return every key of the two catalogues."""
    texts = ROOT / "assets" / "texts"
    return {name: sorted(_flat(tomllib.loads((texts / f"{name}.toml").read_text("utf-8")))) for name in ("en", "zh")}


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def widget_keys() -> list[str]:
    """Return every ``key=`` that pages give to Streamlit, an f-string as it is written."""
    keys = set()
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                keys |= {_key_text(word.value) for word in node.keywords if (word.arg or "").endswith("key")}
    return sorted(keys - {""})


def _key_text(node: ast.expr) -> str:
    """Return a constant key, or the constant parts of one that is put together."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def test_ids() -> list[str]:
    """Return every ``data-testid`` that the components write."""
    pattern = re.compile(r"(?:testid|data-testid)[\"']?\s*[,:=]\s*[\"'`]([\w-]+)")
    scripts = (ROOT / "assets" / "components").glob("*/*.js")
    return sorted({found for path in scripts for found in pattern.findall(path.read_text("utf-8"))})


def printed(arguments: list[str]) -> Any:
    """Run a command of the command line in this process and return the JSON it prints."""
    from kd_core.cli.parser import main

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        assert main(arguments) == 0
    return json.loads(out.getvalue())


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack a store and return its folder."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def resumed(folder: Path) -> dict[str, Any]:
    """Return what the studies that version 0.3 left in the middle come to."""
    home = unpacked(HERE / "stopped-0.3.tar.gz", folder)
    return {
        name: without_clocks(printed(["resume", study, "--json", "--home", str(home)]))
        for name, study in STOPPED.items()
    }


def without_clocks(value: Any) -> Any:
    """Return printed JSON without ids and measured times."""
    clocks = {"seconds", "latency_ms", "latency_by_batch", "study", "run", "device"}
    if isinstance(value, dict):
        return {name: without_clocks(inner) for name, inner in value.items() if name not in clocks}
    return [without_clocks(inner) for inner in value] if isinstance(value, list) else value


def machine() -> dict[str, str]:
    """Return what equal numbers depend on beside the recipe."""
    import platform

    import torch

    model = "unknown"
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
        model = found[1] if found else platform.processor()
    return {
        "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "processor": model,
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
    }


def written(name: str) -> Any:
    """Return a recorded file."""
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))


def numbers(home: Path) -> dict[str, Any]:
    """Train what is compared to the last bit into a store, and go on with what version 0.3 left in the middle."""
    at = ["--home", str(home)]
    found = {"race": without_clocks(printed([*RACE, *at])), "sweep": without_clocks(printed([*SWEEP, *at]))}
    return {"machine": machine(), **found, "resumed": resumed(home / "stopped")}


def _write(name: str, value: Any, folder: Path = HERE) -> None:
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", "utf-8")


def main(arguments: list[str]) -> None:
    """Write all recorded files anew; or, called as ``numbers FOLDER``, the numbers of this machine into a folder."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if arguments:
        folder = Path(arguments[1])
        _write("numbers", numbers(folder), folder)
        return
    _write("fingerprints", fingerprints())
    _write("members", members())
    _write("links", links())
    _write("names", {"catalogues": catalogue_keys(), "widgets": widget_keys(), "test_ids": test_ids()})
    with tempfile.TemporaryDirectory() as home:
        _write("numbers", numbers(Path(home)))


if __name__ == "__main__":
    main(sys.argv[1:])
