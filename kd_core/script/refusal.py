"""The refusal of a recipe of which a part writes no snippet."""

from kd_core.errors import Reason, RecipeMismatch


def no_script(why: Reason) -> RecipeMismatch:
    """Return the error that names what has no snippet."""
    return RecipeMismatch(reason=Reason("no_script", "These settings have no script to take along: {why}", why=why))
