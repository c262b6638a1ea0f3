"""The report of a study: one HTML file with its figures, its verdict, its settings and how to reproduce it."""

from pages.parts.report.studies import study_report
from pages.parts.report.view import report_button

__all__ = ["report_button", "study_report"]
