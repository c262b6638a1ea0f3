"""Both browser components with invented data, for the tests and for looking at.

Query parameters: `lang=zh`, `evil=1` (a hostile class name), `four=1` (a fourth arm), `log=1`, `replay=1`, `zero=1`,
`many=1` (200 classes with a very long name),
`epochs=-1` (no point yet), `only=bars|curve`.
"""

import base64
import math
import struct
import tomllib
import zlib
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from pages.parts.charts.bars import BarsArm, softened_bars
from pages.parts.charts.curve import CurveSeries, live_curve
from pages.parts.charts.roles import Role

TEXTS = Path(__file__).parents[2] / "assets" / "texts"
EVIL = "<img src=x onerror=\"document.title='owned'\">"
LONG = "three " * 25
CLASSES = [str(digit) for digit in range(10)]
TEACHER = [-2.1, 0.4, 3.1, 7.9, -4.2, 4.4, -5.0, 0.9, 5.6, 1.2]
DISTILLED = [-1.0, 0.2, 2.2, 5.1, -2.0, 3.0, -2.6, 0.4, 3.9, 0.8]
ALONE = [-3.0, -0.5, 0.1, 6.0, -3.3, 6.8, -4.4, -1.0, 2.0, 0.0]
NAMES = {
    "en": ("teacher", "student with teacher", "student alone", "same as the teacher"),
    "zh": ("教师模型", "蒸馏学生模型", "独立学生模型", "与教师模型相同"),
}


def invented_picture() -> str:
    """An 8 x 8 grey picture of something like a 3, as a PNG data URL."""
    rows = ["00488400", "04622640", "00000450", "00488500", "00005640", "00000260", "04622640", "00488400"]
    raw = b"".join(b"\0" + bytes(min(255, int(dot) * 31) for dot in row) for row in rows)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    png = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(png).decode()


def invented_curve(role: Role, name: str, ceiling: float, speed: float, epochs: int) -> CurveSeries:
    """A learning curve that approaches its ceiling, with a band that narrows."""
    x = list(range(epochs + 1))
    y = [ceiling - (ceiling - 0.1) * math.exp(-speed * e) + 0.004 * math.sin(7 * speed * e * e) for e in x]
    width = [0.012 + 0.05 * math.exp(-0.15 * e) for e in x]
    low = [value - spread for value, spread in zip(y, width, strict=True)]
    high = [min(1.0, value + spread) for value, spread in zip(y, width, strict=True)]
    return CurveSeries(role, name, x, y, low, high)


def show_bars(words: dict[str, str], names: Sequence[str]) -> None:
    """The bars, what Python knows of them, and a second chart with nothing but the arms."""
    classes = [EVIL, *CLASSES[1:]] if "evil" in st.query_params else CLASSES
    st.session_state.setdefault("reports", 0)
    further = [-8.0 + 0.01 * place for place in range(190)] if "many" in st.query_params else []
    if further:
        classes = [*CLASSES[:3], LONG, *CLASSES[4:], *(f"class {place}" for place in range(10, 200))]

    def reported() -> None:
        st.session_state["reports"] += 1

    state = softened_bars(
        key="bars",
        arms=[
            BarsArm("teacher", names[0], [*TEACHER, *further]),
            BarsArm("distilled", names[1], [*DISTILLED, *further]),
            BarsArm("alone", names[2], [*ALONE, *further]),
            *([BarsArm("variant", names[3], TEACHER)] if "four" in st.query_params else []),
        ],
        classes=classes,
        words=words,
        hard_label=3,
        picture=invented_picture(),
        picture_alt="3",
        temperature=st.session_state.get("wanted", 1.0),
        axis="log" if "log" in st.query_params else "linear",
        on_change=reported,
    )
    st.text(f"T={state.temperature} axis={state.axis} reports={st.session_state['reports']}")
    st.text(f"wanted={st.session_state.get('wanted', 1.0)}")
    if st.button("T = 4 from Python", key="set_temperature"):
        st.session_state["wanted"] = 4.0
        st.rerun()


def show_curve(words: dict[str, str], names: Sequence[str], x_title: str) -> None:
    """A curve that grows by a button."""
    epochs = st.session_state.setdefault("epochs", int(st.query_params.get("epochs", 24)))
    if st.button("Five more epochs", key="grow"):
        st.session_state["epochs"] = epochs = min(60, epochs + 5)
    live_curve(
        key="curve",
        series=[
            invented_curve("teacher", names[0], 0.972, 0.30, epochs),
            invented_curve("distilled", names[1], 0.948, 0.17, epochs),
            invented_curve("alone", names[2], 0.941, 0.12, epochs),
        ],
        words=words,
        x_title=x_title,
        y_title="accuracy, test split" if x_title == "epoch" else "准确率(测试集)",
        x_range=(0, 60),
        y_range=(0.0, 1.0) if "zero" in st.query_params else None,
        title="Invented curves, for looking at" if x_title == "epoch" else "虚构的曲线,仅供查看",
        subtitle=f"{epochs} / 60 · n = 5, sd · y ↕",
        percent=True,
        replay_seconds=2.0 if "replay" in st.query_params else None,
        marker_x=12,
    )


def main() -> None:
    """Mount what the link asks for."""
    st.set_page_config(layout="wide", page_title="Gallery")
    lang = "zh" if st.query_params.get("lang") == "zh" else "en"
    texts = tomllib.loads((TEXTS / f"{lang}.toml").read_text(encoding="utf-8"))
    only = st.query_params.get("only")
    if only != "curve":
        show_bars(texts["bars"], NAMES[lang])
    if only != "bars":
        show_curve(texts["curve"], NAMES[lang], "epoch" if lang == "en" else "训练轮次")


main()
