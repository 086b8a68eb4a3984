"""What is done with the account views: nothing here needs Django."""

from __future__ import annotations

from typing import Any, NamedTuple

NEW = "a long new word"
WHO = ("anonymous", "plain", "keyless")


class Case(NamedTuple):
    """One view, exposed by its name alone but for these options."""

    name: str
    path: str
    #: What is filled in; ``None`` only looks at the page.
    fields: dict[str, str] | None = None
    #: Arguments of the address.
    place: dict[str, str] = {}
    button: str = ""
    options: dict[str, Any] = {}


def _page(name: str, path: str, **place: str) -> Case:
    return Case(name, path, place=place, options={"method": "GET"})


_PASSWORDS = {"password1": NEW, "password2": NEW}
_KEY = {"uidb36": "1", "key": "abc"}
_SIGNUP = {"username": "new", "email": "new@example.com", **_PASSWORDS}

CASES = [
    _page("account_login", "login/"),
    Case("account_login", "login/", {"login": "plain", "password": "old word"}),
    Case("account_login", "login/", {"login": "plain", "password": "wrong"}),
    _page("account_logout", "logout/"),
    Case("account_logout", "logout/", {}, options={"method": "POST"}),
    _page("account_signup", "signup/"),
    Case("account_signup", "signup/", _SIGNUP),
    Case("account_signup", "signup/", {**_SIGNUP, "username": "plain"}),
    Case("account_signup", "signup/", {**_SIGNUP, "password1": "x", "password2": "x"}),
    _page("account_inactive", "inactive/"),
    _page("account_email", "email/"),
    Case("account_email", "email/", {"email": "b@example.com"}, button="action_add"),
    Case("account_email", "email/", {"email": "nothing"}, button="action_add"),
    _page("account_email_verification_sent", "confirm-email/"),
    _page("account_confirm_email", "confirm-email/abc/", key="abc"),
    _page("account_change_password", "password/change/"),
    Case("account_change_password", "password/change/",
         {"oldpassword": "old word", **_PASSWORDS}),
    Case("account_change_password", "password/change/",
         {"oldpassword": "wrong", **_PASSWORDS}),
    _page("account_set_password", "password/set/"),
    Case("account_set_password", "password/set/", _PASSWORDS),
    _page("account_reset_password", "password/reset/"),
    Case("account_reset_password", "password/reset/", {"email": "plain@example.com"}),
    Case("account_reset_password", "password/reset/", {"email": "nobody@example.com"}),
    Case("account_reset_password", "password/reset/", {"email": "nothing"}),
    _page("account_reset_password_done", "password/reset/done/"),
    _page("account_reset_password_from_key", "password/reset/key/1-abc/", **_KEY),
    _page("account_reset_password_from_key_done", "password/reset/key/done/"),
    _page("account_reauthenticate", "reauthenticate/"),
    Case("account_reauthenticate", "reauthenticate/", {"password": "old word"}),
    Case("account_reauthenticate", "reauthenticate/", {"password": "wrong"}),
]  # fmt: skip
