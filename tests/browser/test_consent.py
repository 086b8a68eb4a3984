"""Logging in, and letting a client in, with a mouse, a keyboard or a thumb."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import contrasts, fits
from tests.login.documents import Documents
from tests.login.names import LOOPBACK, PASSWORD
from tests.login.program import Program

pytestmark = [pytest.mark.browser, pytest.mark.needs("oauth")]

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "has_touch": True}
#: A window of 1280 pixels at four times its size (WCAG 2.2, 1.4.10).
ENLARGED: dict[str, Any] = {**PHONE, "viewport": {"width": 320, "height": 256}}


def log_in(page: Page, username: str = "alice") -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def press_tab_until(page: Page, name: str) -> None:
    """Go on to a button as somebody without a mouse does."""
    button = page.get_by_role("button", name=name, exact=True)
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            return
    raise AssertionError(f"The keyboard does not lead to {name!r}.")


def test_person_who_allows_sends_the_client_its_code(
    page: Page, program: Program
) -> None:
    page.goto(program.url())
    log_in(page)
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{program.redirect_uri}**")
    assert set(program.told) == {"code", "state", "iss"}
    assert program.told["state"] == "a state"
    assert program.told["iss"] == program.shop
    assert program.knocks(program.token()) == 200


def test_person_who_denies_sends_the_client_a_refusal(
    page: Page, program: Program
) -> None:
    page.goto(program.url())
    log_in(page)
    page.get_by_role("button", name="Deny", exact=True).click()
    page.wait_for_url(f"{program.redirect_uri}**")
    assert program.told["error"] == "access_denied"
    assert program.told["iss"] == program.shop
    assert "code" not in program.told


def test_page_says_who_asks_for_what_and_where_the_answer_goes(
    page: Page, program: Program
) -> None:
    page.goto(program.url("shop:read shop:write"))
    log_in(page)
    main = page.get_by_role("main")
    expect(main.get_by_role("heading", level=1)).to_contain_text("Reading Room")
    for words in ("client.example", "127.0.0.1", "See the shop", "Change the shop"):
        expect(main).to_contain_text(words)
    expect(main).to_contain_text("Nobody here has checked its name.")
    expect(main).to_contain_text("The answer goes to a program on this computer.")
    expect(main).to_contain_text("alice")


def test_keyboard_alone_is_enough(page: Page, program: Program) -> None:
    page.goto(program.url())
    page.get_by_label("Username").focus()
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Allow", exact=True)).to_be_visible()
    press_tab_until(page, "Allow")
    focused = page.locator(":focus-visible")
    assert focused.evaluate("e => getComputedStyle(e).outlineStyle") != "none"
    page.keyboard.press("Enter")
    page.wait_for_url(f"{program.redirect_uri}**")
    assert program.told["code"]


def test_keyboard_alone_can_deny(page: Page, program: Program) -> None:
    page.goto(program.url())
    log_in(page)
    press_tab_until(page, "Deny")
    page.keyboard.press("Space")
    page.wait_for_url(f"{program.redirect_uri}**")
    assert program.told["error"] == "access_denied"


@pytest.mark.parametrize("options", [PHONE, ENLARGED], ids=["phone", "enlarged"])
def test_everything_fits_into_a_small_window(
    page: Page, program: Program, documents: Documents
) -> None:
    program.client_id = documents.publish(
        f"/{'long' * 40}.json", client_name="W" * 80, redirect_uris=[LOOPBACK]
    )
    page.goto(program.url("shop:read shop:write"))
    assert fits(page)
    log_in(page)
    allow = page.get_by_role("button", name="Allow", exact=True)
    allow.wait_for()
    assert fits(page)
    allow.tap()
    page.wait_for_url(f"{program.redirect_uri}**")
    program.token()
    page.goto(f"{program.shop}/oauth/connected/")
    expect(page.get_by_role("button", name="Disconnect").first).to_be_visible()
    assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_by_day_and_by_night(
    page: Page, program: Program, scheme: Any, tmp_path_factory: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(program.url("shop:read shop:write"))
    log_in(page)
    page.get_by_role("button", name="Allow", exact=True).wait_for()
    picture = tmp_path_factory.getbasetemp() / f"consent-{scheme}.png"
    page.screenshot(path=picture, full_page=True)
    for words, contrast in contrasts(page).items():
        assert contrast >= 4.5, f"{words!r} has a contrast of {contrast:.1f}."
    dark = page.locator("body").evaluate(
        "e => getComputedStyle(e).backgroundColor.match(/\\d+/g).every(n => n < 64)"
    )
    assert dark == (scheme == "dark")


def test_page_of_a_client_hears_of_a_login_in_another_window(
    page: Page, program: Program
) -> None:
    page.goto(program.redirect_uri)
    with page.expect_popup() as opened:
        page.evaluate("url => { window.login = window.open(url) }", program.url())
    popup = opened.value
    log_in(popup)
    popup.get_by_role("button", name="Allow", exact=True).wait_for()
    assert page.evaluate("window.login.closed") is False
    popup.get_by_role("button", name="Allow", exact=True).click()
    popup.wait_for_url(f"{program.redirect_uri}**")
    assert popup.evaluate("window.opener !== null")


@pytest.mark.parametrize("options", [{"java_script_enabled": False}], ids=["bare"])
def test_page_works_without_scripts(page: Page, program: Program) -> None:
    page.goto(program.url())
    log_in(page)
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{program.redirect_uri}**")
    assert program.told["code"]


def test_somebody_else_can_log_in_instead(page: Page, program: Program) -> None:
    page.goto(program.url())
    log_in(page, "bob")
    page.get_by_role("button", name="Use another account").click()
    log_in(page, "alice")
    expect(page.get_by_role("main")).to_contain_text("alice")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{program.redirect_uri}**")
    assert program.told["code"]


def test_client_is_asked_about_every_time(page: Page, program: Program) -> None:
    for _ in range(2):
        page.goto(program.url(approval_prompt="auto"))
        if page.get_by_label("Username").is_visible():
            log_in(page)
        page.get_by_role("button", name="Allow", exact=True).click()
        page.wait_for_url(f"{program.redirect_uri}**")
        program.token()


def test_name_that_is_markup_is_shown_as_it_is(
    page: Page, program: Program, documents: Documents
) -> None:
    name = "<script>alert(1)</script><b>Bold</b>"
    program.client_id = documents.publish(
        "/markup.json", client_name=name, redirect_uris=[LOOPBACK]
    )
    page.goto(program.url())
    log_in(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    assert page.locator("main b, main script").count() == 0


def test_address_that_is_none_of_the_client_s_is_not_gone_to(
    browser: Browser, program: Program
) -> None:
    with browser.new_context(**PHONE) as context:
        page = context.new_page()
        page.goto(program.url(redirect_uri="https://elsewhere.example/"))
        log_in(page)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)
        assert page.url.startswith(program.shop)
        assert fits(page)


def test_page_of_another_site_cannot_frame_it(
    browser: Browser, program: Program
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(program.url())
        log_in(page)
        page.get_by_role("button", name="Allow", exact=True).wait_for()
        page.goto(program.redirect_uri)
        # Chromium says in the console that it shows nothing in the frame.
        with page.expect_console_message(lambda message: "frame" in message.text):
            page.evaluate(
                "url => document.body.append("
                "Object.assign(document.createElement('iframe'), {src: url}))",
                program.url(),
            )
        [_, frame] = page.frames
        assert frame.get_by_role("button").count() == 0
