"""The browser's modules, run by node on what Python writes for them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

COMPONENTS = Path(__file__).parents[2] / "assets" / "components"


def answers_of(body: str, imports: dict[str, str], given: Any, folder: Path) -> Any:
    """Return what a piece of JavaScript makes of ``given``.

    Args:
        body: an expression that uses ``given`` and the imported names.
        imports: names by module, such as ``{"networks/forward": "forwardOf"}``.
        given: plain values.
        folder: for the files.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    lines = [f'import {{ {names} }} from "{(COMPONENTS / f"{at}.js").as_uri()}";' for at, names in imports.items()]
    (folder / "given.json").write_text(json.dumps(given), "utf-8")
    read = f'JSON.parse(readFileSync("{(folder / "given.json").as_posix()}", "utf-8"))'
    code = ['import { readFileSync } from "node:fs";', *lines, f"const given = {read};"]
    script = folder / "run.mjs"
    script.write_text("\n".join([*code, f"process.stdout.write(JSON.stringify({body}));"]), "utf-8")
    ran = subprocess.run([node, str(script)], capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
