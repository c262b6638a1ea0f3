"""The browser code of a component, joined from its modules in assets/components."""

import re
from collections import Counter
from pathlib import Path

_FOLDER = Path(__file__).parents[3] / "assets" / "components"

_COMMENT = re.compile(r"/\*.*?\*/|(?:^|(?<=\s))//[^\n]*", re.DOTALL | re.MULTILINE)
_IMPORT = re.compile(r'^import \{[^}]*\} from "([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)
_DEFINED = re.compile(r"^(?:export default )?(?:async )?(?:const|let|class|function) (\w+)", re.MULTILINE)


def script(entry: str) -> str:
    """Return a module and all that it imports as one, since a component's code is a single text.

    It travels with every change of data, so comments and indentation stay behind.

    Raises:
        ValueError: when two of the modules define the same name, or one imports in a form that is not known here.
    """
    modules: dict[Path, str] = {}
    _add(_FOLDER / f"{entry}.js", modules)
    joined = "\n".join(modules.values())
    twice = [name for name, count in Counter(_DEFINED.findall(joined)).items() if count > 1]
    if twice:
        raise ValueError(f"Modules of '{entry}' share one scope, and more than one of them defines {twice}.")
    return bare(joined)


def bare(source: str) -> str:
    """Return code without comments and indentation; no string or expression of ours looks like a comment."""
    lines = (line.strip() for line in _COMMENT.sub("", source).splitlines())
    return "\n".join(line for line in lines if line)


def style(name: str) -> str:
    """Return a component's style sheet."""
    return (_FOLDER / f"{name}.css").read_text(encoding="utf-8")


def _add(path: Path, modules: dict[Path, str]) -> None:
    """Add a module behind those that it imports, once each."""
    if path in modules:
        return
    source = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    for imported in _IMPORT.findall(source):
        _add((path.parent / imported).resolve(), modules)
    source = _EXPORT.sub("", _IMPORT.sub("", source))
    if re.search(r"^import\b", source, re.MULTILINE):
        raise ValueError(f"{path.name} imports something else than names from a file, which cannot be joined.")
    modules[path] = source
