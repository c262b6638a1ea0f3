"""Studies on any page: which is looked at, starting one, following it while it lives."""

from pages.parts.studies import nearest_student
from pages.parts.studies.epoch_slider import choose_epoch
from pages.parts.studies.labels import axes_of, changes_of, declared_words, listed_label, study_label, technique_title
from pages.parts.studies.live import live_fragment, nothing_yet, watch
from pages.parts.studies.progress import before_training, mean_share, show_progress, time_left
from pages.parts.studies.sample_bars import digit, sample_arms, sample_rows, sample_shown
from pages.parts.studies.selection import Selection, choose_another, choose_study, current_study, linked_or_newest
from pages.parts.studies.start import Work, members_digest, seeds_slider, start_bar, train_again_toggle, work_of

__all__ = [
    "Selection",
    "Work",
    "axes_of",
    "before_training",
    "changes_of",
    "choose_another",
    "choose_epoch",
    "choose_study",
    "current_study",
    "declared_words",
    "digit",
    "linked_or_newest",
    "listed_label",
    "live_fragment",
    "mean_share",
    "members_digest",
    "nearest_student",
    "nothing_yet",
    "sample_arms",
    "sample_rows",
    "sample_shown",
    "seeds_slider",
    "show_progress",
    "start_bar",
    "study_label",
    "technique_title",
    "time_left",
    "train_again_toggle",
    "watch",
    "work_of",
]
