"""Studies of another kind than a page is made for: one trio of them is looked at, or their own page is offered."""

from pages.parts.other_kinds.one_trio import one_of, one_trio, study_of_page, to_own_page

__all__ = ["one_of", "one_trio", "study_of_page", "to_own_page"]
