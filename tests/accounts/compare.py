"""Do everything twice, in a browser and by tools, and print what came of it."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from html import unescape
from typing import Any

from bs4 import BeautifulSoup
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.messages import get_messages
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.test.utils import setup_test_environment
from django.utils.module_loading import import_string

from tests.accounts.cases import CASES, NEW, WHO, Case
from tests.providers.views.calls import result_of, text_of, tool_of

REFUSED, ELSEWHERE = "refused", "led elsewhere"
_REFUSALS = ("must be logged in", "not have permission", "Reauthentication not")
Outcome = Any
EmailAddress: Any = import_string("allauth.account.models.EmailAddress")


def make_site() -> None:
    """Make the tables, and one user of each sort."""
    setup_test_environment()
    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    for name in WHO[1:]:
        word = None if name == "keyless" else "old word"
        user = User.objects.create_user(name, f"{name}@example.com", word)
        EmailAddress.objects.create(
            user=user, email=user.email, primary=True, verified=True
        )


def user_of(who: str) -> Any:
    return AnonymousUser() if who == "anonymous" else User.objects.get(username=who)


# -- in the browser ----------------------------------------------------------------


def browsed(case: Case, who: str) -> Outcome:
    """Return what a person sees who opens the page, and sends its form."""
    client = Client()
    if who != "anonymous":
        backend = "django.contrib.auth.backends.ModelBackend"
        client.force_login(user_of(who), backend)
    path = f"/accounts/{case.path}"
    if case.fields != {}:
        page: Any = client.get(path)
        seen = _seen(page, path)
        if case.fields is None or page.status_code != 200:
            led = case.fields is not None and "location" in seen
            return {"kind": ELSEWHERE} if led else seen
    sent = {**(case.fields or {}), **({case.button: ""} if case.button else {})}
    return _seen(client.post(path, sent), path)


def _seen(response: Any, path: str) -> Outcome:
    if response.status_code == 302:
        location = response["Location"]
        if location == f"/accounts/login/?next={path}":
            return {"kind": REFUSED}
        said = [str(one) for one in get_messages(response.wsgi_request)]
        return {"kind": "done", "location": location, "messages": said}
    if response.status_code == 403:
        return {"kind": REFUSED}
    assert response.status_code == 200, response.status_code
    soup = BeautifulSoup(response.content, "html.parser")
    errors = [one.get_text() for one in soup.select(".errorlist li")]
    if errors:
        return {"kind": "errors", "errors": errors}
    heads = [" ".join(one.get_text().split()) for one in soup.select("h1, h2")]
    return {"kind": "page", "heads": heads}


# -- by the tool -------------------------------------------------------------------


def told(case: Case, who: str) -> Outcome:
    """Return what the tool says, by the same names."""
    tool = tool_of(case.name, **case.options)
    result = result_of(tool, user_of(who), **case.place, **(case.fields or {}))
    text = text_of(result)
    if not result.get("isError"):
        data = result.get("structuredContent")
        if data is not None:
            return {"kind": "done", **data}
        lines = text.splitlines()
        heads = [line.lstrip("# ") for line in lines if line.startswith(("# ", "## "))]
        return {"kind": "page", "heads": heads}
    if any(words in text for words in _REFUSALS):
        return {"kind": REFUSED}
    if "There is no form to send." in text:
        return {"kind": ELSEWHERE}
    names = tuple(f"{name}: " for name in (case.fields or {}))
    errors = [line.partition(": ")[2] if line.startswith(names) else line
              for line in unescape(text).splitlines()]  # fmt: skip
    return {"kind": "errors", "errors": errors}


# -- both --------------------------------------------------------------------------


def undone(act: Callable[[Case, str], Outcome], case: Case, who: str) -> Outcome:
    """Return what came of something, and what is there after; and undo it."""
    cache.clear()
    mail.outbox = []
    with transaction.atomic():
        outcome = act(case, who)
        rows = [*EmailAddress.objects.order_by("pk").values_list("email", "verified")]
        words = [
            (user.username, user.is_active, user.has_usable_password(),
             user.check_password(NEW))
            for user in User.objects.order_by("pk")
        ]  # fmt: skip
        transaction.set_rollback(True)
    mails = [(one.subject, one.to) for one in mail.outbox]
    return {**outcome, "rows": rows, "users": words, "mails": mails}


def main() -> None:
    make_site()
    found = [
        {"browser": undone(browsed, case, who), "tool": undone(told, case, who)}
        for case in CASES
        for who in WHO
    ]
    json.dump(found, sys.stdout)
