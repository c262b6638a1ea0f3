"""Why a student is worse, on screen: what a finished study's numbers speak for, and what would settle it."""

from pages.parts.doctor.section import doctor_section

__all__ = ["doctor_section"]
