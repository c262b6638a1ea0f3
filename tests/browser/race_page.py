"""The Race page as browser tests press and read it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page

WARM = 60_000
"""Milliseconds: the first page of a server waits until torch is imported."""


def start_button(page: Page) -> Locator:
    return page.locator(".st-key-race_start button")


def stop_button(page: Page) -> Locator:
    return page.locator(".st-key-race_stop button")


def study_in(page: Page) -> str:
    """Return the study that the page's link names."""
    found = re.search(r"study=(\w+)", page.url)
    assert found, page.url
    return found.group(1)
