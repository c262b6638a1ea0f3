"""The browser component that holds all views of two networks: one epoch and one selection for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from pages.parts.charts import script, style

KEY: Final = "inspector"

WORDS: Final = (
    "epoch",  # beside the scrubber; so are play and pause
    "play",
    "pause",
    "csv",  # buttons under each view
    "png",
    "svg",
    "table",
    "clear",  # buttons beside the selection
    "hold",
    "selection_csv",
    "selection",  # {n} {all} {what}
    "no_selection",  # {all}
    "pick_cell",  # what is selected: {name} {label} {answer}
    "pick_bin",  # {name} {from} {to}
    "pick_entropy",  # {name} {from} {to}
    "pick_class",  # {label}
    "pick_group",  # {group}
    "pick_images",
    "gallery",
    "back",
    "forth",
    "tiles_selected",  # {from} {to} {n}
    "tiles_disputed",  # {from} {to} {n}
    "tiles_none",
    "point",  # one image: {index} {label} {a} {first} {b} {second}
    "none",  # instead of a class's name
    "group_both",  # {a} {b}
    "group_only_a",
    "group_only_b",
    "group_copied",
    "group_apart",
    "groups_title",  # {a} {b} {copied} {wrong}
    "groups_title_none",
    "groups_note",
    "part_of",  # {n} {all}
    "confusion_title",  # {name} {label} {answer} {n}
    "no_error",  # {name}
    "confusion_note",
    "few_classes",  # {n}
    "difference_more",  # {a} {b} {label} {answer} {n}
    "difference_less",
    "no_difference",
    "difference_note",
    "cell",  # spoken: {label} {answer} {n}
    "cell_selected",  # {label} {answer} {n} {all}
    "answer_axis",
    "label_column",
    "images_column",
    "selected_column",
    "group_column",
    "classes_title",  # {label} {share}
    "classes_note",
    "class_row",  # {label} {a} {first} {b} {second} {same} {n}
    "agreement",
    "interval",
    "no_labels",
    "selected_here",  # {n}
    "entropy_title",  # {a} {b} {right} {wrong}
    "entropy_title_none",
    "entropy_note",
    "entropy_axis",
    "entropy_bin",  # {a} {b} {from} {to} {n} {wrong}
    "reliability_title",  # {name} {sure} {right} {error}
    "reliability_note",
    "reliability_bin",  # {from} {to} {n} {right}
    "reliability_empty",  # {from} {to}
    "confidence_axis",
    "confidence_mean",
    "accuracy_column",
    "no_answer",  # {name}
    "embedding_title",
    "embedding_note",
    "embedding_keys",
    "embedding_source",
    "lasso",
)
"""Keys of the texts that the component shows, looked up as `inspector.<key>` in the catalogue."""

_component = st.components.v2.component(
    "kd_inspect", css=style("shared/scrubber") + style("inspect/inspect"), js=script("inspect/component")
)


def inspector(
    data: Mapping[str, Any],
    *,
    on_pick: Callable[[str], None],
    on_epoch: Callable[[int | None], None],
) -> None:
    """Draw all views; what of them the browser asks for is told by ``asked_epochs`` and ``asked_images``.

    Args:
        data: what is drawn; equal as long as the same is compared, or the browser gets everything again.
        on_pick: called with the selection, "" for none, before the rerun that it brings.
        on_epoch: called with the epoch from 1, None for the reported one, when the scrubber is let go.
    """

    def picked() -> None:
        text = _sent("pick", str(data["key"])).get("pick")
        on_pick(text if isinstance(text, str) else "")

    def scrubbed() -> None:
        epoch = _sent("epoch", str(data["key"])).get("epoch")
        if epoch is None or (isinstance(epoch, int) and not isinstance(epoch, bool)):
            on_epoch(epoch)

    _component(
        key=KEY,
        data=dict(data),
        on_pick_change=picked,
        on_epoch_change=scrubbed,
        on_wanted_change=lambda: None,
    )


def asked_epochs(key: str, known: Sequence[int]) -> list[int]:
    """Return the kept epochs, from 0, whose answers the browser waits for.

    Args:
        key: of what is compared.
        known: those that are kept.
    """
    return [epoch for epoch in _numbers(_sent("wanted", key).get("epochs")) if epoch in known]


def asked_images(key: str) -> list[int]:
    """Return the images whose pictures the browser waits for."""
    return _numbers(_sent("wanted", key).get("images"))


def is_drawn() -> bool:
    """Tell whether the component stood on this page before: it then knows its epoch and selection better."""
    return KEY in st.session_state


def _sent(name: str, key: str) -> Mapping[str, Any]:
    """Return what the browser sent last, if it was about what is compared now."""
    state = st.session_state.get(KEY)
    sent = state.get(name) if state else None
    return sent if isinstance(sent, Mapping) and sent.get("key") == key else {}


def _numbers(sent: object) -> list[int]:
    numbers = sent if isinstance(sent, list) else []
    return [number for number in numbers if isinstance(number, int) and not isinstance(number, bool)]
