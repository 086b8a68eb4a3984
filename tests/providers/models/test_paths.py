"""Names become chains of fields, and secrets are known by their looks."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models
from django.test.utils import isolate_apps

from django_mcp.providers.models.paths import UnknownPath, is_sensitive, path_from
from tests.testapp.models import Author, Item, Token


@pytest.mark.parametrize(
    ("name", "spelling", "lookup", "many", "nullable"),
    [
        ("name", "name", "name", False, False),
        ("pk", "id", "id", False, False),
        ("maker", "maker", "maker_id", False, True),
        ("maker_id", "maker", "maker_id", False, True),
        ("maker__id", "maker", "maker__id", False, True),
        ("maker__name", "maker__name", "maker__name", False, True),
        ("maker__country", "maker__country", "maker__country_id", False, True),
        ("rival__name", "rival", "rival__name", False, True),
        ("labels", "labels", "labels__pk", True, True),
        ("labels__name", "labels__name", "labels__name", True, True),
        ("passport", "passport", "passport__pk", False, True),
        ("passport__item__name", "passport__item__name", "passport__item__name", False, True),
        ("notes__text", "notes__text", "notes__text", True, True),
        ("pieces", "pieces", "pieces__pk", True, True),
    ],
)  # fmt: skip
def test_a_path_has_one_spelling_and_one_value(
    name: str, spelling: str, lookup: str, many: bool, nullable: bool
) -> None:
    path = path_from(Item, name)
    assert (path.name, path.lookup) == (spelling, lookup)
    assert path.many is many
    assert path.nullable is nullable or many


def test_an_accessor_is_understood_too() -> None:
    assert path_from(Author, "book_set").name == "book"


@pytest.mark.parametrize(
    "name",
    ["", "nothing", "name__x", "maker__", "__", "maker__nothing", "pk__in", None, 5,
     "__".join(["parent"] * 9), "name__icontains", "about__text"],
)  # fmt: skip
def test_a_name_that_leads_nowhere_is_refused(name: object) -> None:
    with pytest.raises(UnknownPath):
        path_from(Item, name)


@pytest.mark.parametrize("name", ["password_hash", "secret", "maker__api_token"])
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert is_sensitive(path_from(Item, name))


@pytest.mark.parametrize("name", ["token", "token__key", "token__pk"])
def test_a_key_can_be_a_secret_too(name: str) -> None:
    assert is_sensitive(path_from(Item, name))
    assert is_sensitive(path_from(Token, "key"))


@pytest.mark.parametrize("name", ["name", "maker", "code", "labels", "token__user"])
def test_other_fields_are_no_secrets(name: str) -> None:
    assert not is_sensitive(path_from(Item, name))


@isolate_apps("tests.testapp")
def test_many_names_are_those_of_secrets() -> None:
    secret = [
        "api_key", "auth_token", "card_number", "client_secret", "cookie", "door_pin",
        "iban", "jwt", "passcode", "passwd", "recovery_code", "salt", "session_key",
        "social_security_number", "ssn", "totp_seed",
    ]  # fmt: skip
    plain = ["author", "hashtag", "keyboard", "opinion", "pinned", "title"]
    fields = {name: models.TextField() for name in secret + plain}
    made: Any = type(
        "Odd", (models.Model,), {"__module__": "tests.testapp.models", **fields}
    )
    assert {n for n in fields if is_sensitive(path_from(made, n))} == set(secret)
