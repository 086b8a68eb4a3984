"""The page on which a person ends what a client may do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import contrasts
from tests.browser.test_consent import log_in
from tests.login.program import Program

pytestmark = [pytest.mark.browser, pytest.mark.needs("oauth")]


@pytest.fixture
def token(page: Page, program: Program) -> str:
    """A token of a client that the person has just allowed."""
    page.goto(program.url())
    log_in(page)
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{program.redirect_uri}**")
    return program.token()


def test_disconnected_client_is_refused_from_then_on(
    page: Page, program: Program, token: str
) -> None:
    assert program.knocks(token) == 200
    page.goto(f"{program.shop}/oauth/connected/")
    section = page.get_by_role("region", name="Reading Room")
    expect(section).to_contain_text("See the shop")
    section.get_by_role("button", name="Disconnect").click()
    expect(section).to_have_count(0)
    assert program.knocks(token) == 401


def test_page_is_reached_from_the_question(
    page: Page, program: Program, token: str
) -> None:
    page.goto(program.url())
    page.get_by_role("link", name="connected programs").click()
    expect(page.get_by_role("region", name="Reading Room")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_by_day_and_by_night(
    page: Page, program: Program, token: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{program.shop}/oauth/connected/")
    for words, contrast in contrasts(page).items():
        assert contrast >= 4.5, f"{words!r} has a contrast of {contrast:.1f}."
