"""What is no small form is refused, in the words of the protocol."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client, override_settings

from tests.oauth.flow import REVOKE, TOKEN

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db]
FORM = "application/x-www-form-urlencoded"


def assert_is_refused_in_json(answer: Any, status: int, error: str) -> None:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert json.loads(answer.content)["error"] == error


@pytest.mark.parametrize("address", [TOKEN, REVOKE])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"grant_type": "authorization_code"}', "application/json"),
        (b"grant_type=authorization_code", "text/plain"),
        (b"grant_type=authorization_code", ""),
        (b"--x--", "multipart/form-data; boundary=x"),
    ],
)
def test_only_forms_of_the_protocol_are_read(
    site: None, address: str, body: bytes, content_type: str
) -> None:
    answer = Client().post(address, body, content_type=content_type)
    assert_is_refused_in_json(answer, 400, "invalid_request")


@pytest.mark.parametrize("address", [TOKEN, REVOKE])
@pytest.mark.parametrize("body", [b"x=" + b"y" * 16_384, b"x=1&" * 2_000])
def test_a_large_form_is_refused(site: None, address: str, body: bytes) -> None:
    answer = Client().post(address, body, content_type=FORM)
    assert_is_refused_in_json(answer, 413, "invalid_request")


def test_a_form_that_django_finds_too_large_is_refused_in_json(site: None) -> None:
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        answer = Client().post(TOKEN, b"x" * 11, content_type=FORM)
    assert_is_refused_in_json(answer, 413, "invalid_request")


@pytest.mark.parametrize("address", [TOKEN, REVOKE])
def test_nothing_may_stand_in_the_address(site: None, address: str) -> None:
    answer = Client().post(f"{address}?token=x", b"a=b", content_type=FORM)
    assert_is_refused_in_json(answer, 400, "invalid_request")
    assert answer.json()["error_description"] == "Send everything in the form."


@pytest.mark.parametrize("address", [TOKEN, REVOKE])
def test_a_form_in_another_encoding_is_refused_in_json(
    site: None, address: str
) -> None:
    answer = Client().post(address, "a=b", content_type=f"{FORM}; charset=utf-16")
    assert_is_refused_in_json(answer, 400, "invalid_request")


@pytest.mark.parametrize("address", [TOKEN, REVOKE])
def test_credentials_that_are_no_ascii_break_nothing(site: None, address: str) -> None:
    """They would break base64, before anybody is asked who it is."""
    body = "grant_type=refresh_token&refresh_token=x&token=x"
    answer = Client().post(
        address, body, content_type=FORM, headers={"authorization": "Basic \xe9"}
    )
    assert_is_refused_in_json(answer, 400, "invalid_request")


@pytest.mark.parametrize("address", [TOKEN, REVOKE])
@pytest.mark.parametrize("pair", [b"a\0b:c", b"a%00b:c"])
def test_a_name_that_no_database_holds_is_nobodys(
    site: None, address: str, pair: bytes
) -> None:
    """PostgreSQL fails where SQLite finds nothing.

    Defence: ``oauth/validators.py``, ``_load_application``.
    """
    body = "grant_type=refresh_token&refresh_token=x&token=x"
    basic = f"Basic {base64.b64encode(pair).decode()}"
    answer = Client().post(
        address, body, content_type=FORM, headers={"authorization": basic}
    )
    assert_is_refused_in_json(answer, 401, "invalid_client")
