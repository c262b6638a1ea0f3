"""A form of a loss as text: what differs from another form, for a link."""

from __future__ import annotations

from kd_core.logit_losses.loss_form import LossForm
from kd_core.settings import format_value, parse_value


def changes_text(base: LossForm, form: LossForm) -> str:
    """Return what of a form differs from ``base``, e.g. ``temperature:20,scale_by_t2:false``; nothing for equal ones.

    Numbers are written with four digits after the point, which is finer than any slider moves.
    """
    before, after = base.to_json(), form.to_json()
    changed = {name: value for name, value in after.items() if value != before[name]}
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in changed.items()}
    return ",".join(f"{name}:{'none' if value is None else format_value(value)}" for name, value in rounded.items())


def changed_form(base: LossForm, text: str) -> LossForm:
    """Return ``base`` with the changes that ``changes_text`` wrote.

    Raises:
        InvalidSetting: a name that a form does not have, or a value that it does not take.
    """
    pairs = (part.partition(":") for part in text.split(",") if part)
    return base.changed({name: parse_value(value) for name, _, value in pairs})
