"""Visitors: who sits at a browser, what they may change, and whose turn it is."""

from kd_core.visitors.identity import Identity
from kd_core.visitors.own_logits import (
    KeptLogits,
    keep_logits,
    keep_teacher_file,
    kept_logits,
    list_kept_logits,
    remove_logits,
)
from kd_core.visitors.queue_order import in_turn, seconds_until
from kd_core.visitors.rights import (
    describe,
    give_up,
    may_change,
    may_describe,
    owns,
    remove,
    require_overseer,
    require_owner,
    set_limit,
)
from kd_core.visitors.visitor import COMMAND_LINE, Mode, Visitor, read_mode, read_waiting

__all__ = [
    "COMMAND_LINE",
    "Identity",
    "KeptLogits",
    "Mode",
    "Visitor",
    "describe",
    "give_up",
    "in_turn",
    "keep_logits",
    "keep_teacher_file",
    "kept_logits",
    "list_kept_logits",
    "may_change",
    "may_describe",
    "owns",
    "read_mode",
    "read_waiting",
    "remove",
    "remove_logits",
    "require_overseer",
    "require_owner",
    "seconds_until",
    "set_limit",
]
