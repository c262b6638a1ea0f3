"""People who sign in with an identity provider are the same visitor wherever they sit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kd_core.store import Store
from kd_core.visitors import Identity
from tests.browser.conftest import ROOT, Serve, free_port
from tests.browser.identity_provider import IdentityProvider
from tests.browser.race_page import WARM, start_button, stop_button, study_in
from tests.small_studies import eventually

pytestmark = pytest.mark.browser
LONG = "optim.epochs=2000&teacher.optim.epochs=2&seeds=1"


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    made = IdentityProvider("playground")
    yield made
    made.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signed-in")


@pytest.fixture(scope="module")
def url(serve: Serve, home: Path, provider: IdentityProvider) -> str:
    port = free_port()
    secrets = home / "secrets.toml"
    secrets.write_text(
        f"""[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "a test's own"
client_id = "{provider.client}"
client_secret = "nobody asks"
server_metadata_url = "{provider.url}/.well-known/openid-configuration"
"""
    )
    return serve(ROOT / "app.py", port=port, KD_HOME=str(home), KD_MODE="class", STREAMLIT_SECRETS_FILES=str(secrets))


def signed_in(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".st-key-sign_in_to_start button").click(timeout=WARM)
    expect(start_button(page)).to_be_enabled(timeout=WARM)


def test_who_signs_in_owns_what_they_start_in_any_browser(
    browser: Browser, url: str, home: Path, provider: IdentityProvider
) -> None:
    first, second, third = (browser.new_context() for _ in range(3))
    store = Store(home)
    try:
        page = first.new_page()
        page.goto(f"{url}/?{LONG}")
        expect(page.locator(".st-key-sign_in_to_start button")).to_be_visible(timeout=WARM)
        expect(start_button(page)).to_have_count(0)
        signed_in(page, f"{url}/?{LONG}")
        page.goto(f"{url}/?{LONG}")
        start_button(page).click(timeout=WARM)
        expect(stop_button(page)).to_be_visible(timeout=WARM)
        anns = study_in(page)
        assert store.owners.of(anns) == {Identity(home, "class").signed_in("ann", provider.url).id}

        elsewhere = second.new_page()
        signed_in(elsewhere, url)
        elsewhere.goto(url)
        expect(stop_button(elsewhere)).to_be_visible(timeout=WARM)
        assert study_in(elsewhere) == anns

        provider.subject = "ben"
        other = third.new_page()
        signed_in(other, url)
        other.goto(f"{url}/?v=1&study={anns}")
        expect(other.get_by_text(re.compile("somebody else's"))).to_be_visible(timeout=WARM)
        expect(stop_button(other)).to_have_count(0)
        stop_button(elsewhere).click()
        eventually(lambda: store.studies.get(anns).status == "stopped", 15)
    finally:
        provider.subject = "ann"
        for study in store.studies.list(status=("queued", "running")):
            store.studies.ask_stop(study.id)
        store.close()
        for context in (first, second, third):
            context.close()
