"""The browser code of a component, joined from its chapters in assets/components."""

from pathlib import Path

_FOLDER = Path(__file__).parents[3] / "assets" / "components"


def script(*chapters: str) -> str:
    """One module of several files, without comment lines and indentation: it travels with every change of data."""
    lines = (line.strip() for name in chapters for line in _read(f"{name}.js").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def style(name: str) -> str:
    """A component's style sheet."""
    return _read(f"{name}.css")


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
