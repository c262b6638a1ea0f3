"""The form: every setting drawn from its declaration."""

from pages.parts.form import state
from pages.parts.form.cautions import cautions
from pages.parts.form.fields import member_field, setting_field
from pages.parts.form.own_teacher import given_teacher, own_teacher_field
from pages.parts.form.preset_field import choose_preset, preset_title, shared_settings
from pages.parts.form.protocol_choice import is_other, protocol_changes, try_protocol
from pages.parts.form.protocol_fields import protocol_line, protocol_settings
from pages.parts.form.upload import folder_field

__all__ = [
    "cautions",
    "choose_preset",
    "folder_field",
    "given_teacher",
    "is_other",
    "member_field",
    "own_teacher_field",
    "preset_title",
    "protocol_changes",
    "protocol_line",
    "protocol_settings",
    "setting_field",
    "shared_settings",
    "state",
    "try_protocol",
]
