"""Studies on any page: which is looked at, starting one, following it while it lives."""

from pages.parts.studies import nearest_student
from pages.parts.studies.fork import as_asked, fork_offer
from pages.parts.studies.labels import (
    axes_of,
    changes_of,
    declared_words,
    differing,
    fork_texts,
    listed_label,
    moved_text,
    study_label,
    study_title,
    taught_with,
    technique_title,
)
from pages.parts.studies.live import live_fragment, nothing_yet, watch
from pages.parts.studies.progress import before_training, mean_share, show_progress, standing_text, time_left
from pages.parts.studies.sample_bars import digit, sample_arms, sample_rows, sample_shown
from pages.parts.studies.selection import Selection, choose_another, choose_study, current_study
from pages.parts.studies.start import (
    Work,
    members_digest,
    redraw_if_asked,
    resume_button,
    seeds_slider,
    start_bar,
    start_button,
    train_again_toggle,
    work_of,
)
from pages.parts.studies.whose import choose_whose, listed, whose_note, whose_text

__all__ = [
    "Selection",
    "Work",
    "as_asked",
    "axes_of",
    "before_training",
    "changes_of",
    "choose_another",
    "choose_study",
    "choose_whose",
    "current_study",
    "declared_words",
    "differing",
    "digit",
    "fork_offer",
    "fork_texts",
    "listed",
    "listed_label",
    "live_fragment",
    "mean_share",
    "members_digest",
    "moved_text",
    "nearest_student",
    "nothing_yet",
    "redraw_if_asked",
    "resume_button",
    "sample_arms",
    "sample_rows",
    "sample_shown",
    "seeds_slider",
    "show_progress",
    "standing_text",
    "start_bar",
    "start_button",
    "study_label",
    "study_title",
    "taught_with",
    "technique_title",
    "time_left",
    "train_again_toggle",
    "watch",
    "whose_note",
    "whose_text",
    "work_of",
]
