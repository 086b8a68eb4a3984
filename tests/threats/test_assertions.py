"""A company's word opens a person's account: nobody else's does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.oauth.asserting import SECRET, exchange, refused, token_of
from tests.oauth.flow import BASE_URL

pytestmark = [
    pytest.mark.needs("oauth"),
    pytest.mark.needs("jwt"),
    pytest.mark.django_db,
]

Sign = Callable[..., str]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"aud": [BASE_URL, "https://other.example"]},
        {"client_id": "another"},
        {"sub": "nobody"},
        {"exp": 1_000_000_000},
        {"iat": 1_000_000_000},
        {"jti": ...},
        {"header": {"typ": "at+jwt"}},
        {"header": {"typ": "JWT"}},
        {"header": {"algorithm": "none"}, "key": b""},
        {"key": "another"},
        {"header": {"kid": "another"}},
    ],
    ids=str,
)
def test_a_forged_assertion_gives_no_token(
    agent: Any, trusting_site: None, assertion: Sign, changes: dict[str, Any]
) -> None:
    """Whoever makes one up, or has one that was made for something else.

    Defence: ``oauth/idjag.py``, ``asserted`` and ``_decide``; ``auth/jwt.py``,
    ``_verified``.
    """
    from tests.auth.issuing import rsa_key

    if changes.get("key") == "another":
        changes = {**changes, "key": rsa_key("another")}
    assert refused(exchange(assertion(**changes)))


def test_an_assertion_is_not_used_twice(
    agent: Any, trusting_site: None, assertion: Sign
) -> None:
    """Who sees one on its way cannot use it again.

    Defence: ``oauth/idjag.py``, ``_use_up``.
    """
    once = assertion()
    token_of(exchange(once)).delete()
    assert refused(exchange(once))


def test_one_client_does_not_use_what_another_was_given(
    agent: Any, make_client: Callable[..., Any], trusting_site: None, assertion: Sign
) -> None:
    """A client of the same company holds no more than its own.

    Defence: ``oauth/idjag.py``, the comparison with ``client_id`` in ``_decide``.
    """
    make_client(client_id="thief", client_type="confidential", client_secret=SECRET)
    assert refused(exchange(assertion(), client_id="thief"))
    assert token_of(exchange(assertion()))


@pytest.mark.parametrize("secret", ["wrong", None])
def test_an_assertion_alone_is_not_enough(
    agent: Any, trusting_site: None, idp: Any, assertion: Sign, secret: str | None
) -> None:
    """Who finds an assertion is not the client that it was made for.

    Defence: ``oauth/idjag.py``, ``validate_client_confidential``.
    """
    assert exchange(assertion(), client_secret=secret).status_code == 401
    assert not idp.asked


def test_a_client_that_registered_itself_speaks_for_nobody(
    make_client: Callable[..., Any], trusting_site: None, assertion: Sign
) -> None:
    """Its secret proves only that it is the one that made itself up.

    Defence: ``oauth/idjag.py``, ``_may_assert``.
    """
    make_client(
        client_type="confidential", client_secret=SECRET, registration_source="dcr"
    )
    assert refused(exchange(assertion()), "unauthorized_client")


def test_nothing_in_an_assertion_says_whom_to_ask(
    agent: Any, trusting_site: None, idp: Any, assertion: Sign
) -> None:
    """An address in an assertion would make the site ask its own net.

    Defence: ``oauth/idjag.py``, ``providers().get`` in ``_decide``; no code reads
    ``jku``, ``x5u`` or ``jwk``.
    """
    evil = f"{idp.url}/evil"
    asks = {"jku": evil, "x5u": evil, "jwk": {"kty": "oct", "k": "AA"}}
    assert refused(exchange(assertion(asks, iss=evil)))
    assert not idp.asked
    assert token_of(exchange(assertion(asks)))
    assert idp.asked == ["/keys"]


def test_a_person_who_was_locked_out_stays_out(
    agent: Any, trusting_site: None, assertion: Sign, alice: User
) -> None:
    """The company may not know yet.

    Defence: ``oauth/idjag.py``, ``active`` in ``person``.
    """
    alice.is_active = False
    alice.save()
    assert refused(exchange(assertion()))


def test_a_company_grants_no_more_than_the_site_offers(
    agent: Any, trusting_site: None, assertion: Sign
) -> None:
    """Scopes are what the company, the client and the site have in common.

    Defence: ``oauth/idjag.py``, ``_scopes``.
    """
    assert refused(exchange(assertion(scope="admin")), "invalid_scope")
    narrow = assertion(scope="shop:read admin")
    wide = "shop:read shop:write admin"
    assert token_of(exchange(narrow, scope=wide)).scope == "shop:read"
