"""What is shown of a client is what cannot be mistaken for something else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from tests.oauth.conftest import provider

pytestmark = pytest.mark.needs("oauth")


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://agent.example/callback", "agent.example"),
        ("https://agent.example:8443/callback", "agent.example"),
        ("https://good.example@evil.example/", "evil.example"),
        ("https://EVIL.example", "evil.example"),
        ("https://аpple.example/", "xn--pple-43d.example"),
        ("http://127.0.0.1:1234/", "127.0.0.1"),
        ("http://[::1]:1234/", "::1"),
        (
            "cursor://anysphere.cursor-retrieval/oauth",
            "cursor://anysphere.cursor-retrieval",
        ),
        ("com.example.app:/callback", "com.example.app:"),
        (f"https://{'ä' * 80}.example/", "\\xe4" * 80 + ".example"),
    ],
)
def test_a_host_is_shown_in_letters_that_look_like_no_others(
    uri: str, shown: str
) -> None:
    from django_mcp.oauth.consent import shown_host

    assert shown_host(uri) == shown


@pytest.mark.parametrize(
    ("uri", "here"),
    [
        ("http://localhost:1/", True),
        ("http://127.0.0.1/", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]/", True),
        ("https://app.localhost/", True),
        ("https://localhost.evil.example/", False),
        ("https://127.0.0.1.evil.example/", False),
        ("https://agent.example/", False),
        ("cursor://x", False),
    ],
)
def test_an_answer_to_this_computer_is_known(uri: str, here: bool) -> None:
    from django_mcp.oauth.consent import is_loopback

    assert is_loopback(uri) is here


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Claude", "Claude"),
        ("  Two\n\nlines\t", "Two lines"),
        ("\u202eedualC\u200b\u2066", "edualC"),
        ("x" * 200, "x" * 80 + "…"),
        ("Ünïcödé 名前", "Ünïcödé 名前"),
        ("\0\x1b[31m", "[31m"),
    ],
)
def test_a_name_is_one_line_without_directions(name: str, shown: str) -> None:
    from django_mcp.oauth.consent import plain

    assert plain(name) == shown


def test_only_a_client_entered_by_hand_was_looked_at() -> None:
    from oauth2_provider.models import get_application_model

    from django_mcp.oauth.consent import is_self_registered

    model = get_application_model()
    told = {
        source: is_self_registered(model(registration_source=source))
        for source in ("manual", "dcr", "cimd", "unknown")
    }
    assert told == {"manual": False, "dcr": True, "cimd": True, "unknown": True}


def question(**fields: Any) -> Any:
    from oauth2_provider.models import get_application_model

    from django_mcp.oauth.consent import Question

    client = get_application_model()(**fields)
    server: Any = None
    return Question(client, server, ("shop:read", "shop:dance"), {"redirect_uri": "x:"})


def test_a_client_without_a_name_is_called_by_its_host() -> None:
    client = question(client_id="https://agent.example/client.json", name="\u200b")
    assert client.client_name == "agent.example"
    assert question(client_id="abc", name="Agent").client_host == ""
    assert question(client_id="abc", name="").client_name == "abc"


def test_a_scope_without_words_stands_for_itself() -> None:
    with override_settings(OAUTH2_PROVIDER=provider()):
        assert question(client_id="a").permissions == ["See the shop", "shop:dance"]


@pytest.mark.parametrize("name", ["\u3164", "\u115f\u1160 \uffa0", "\u2800", "\u0301"])
def test_a_client_without_a_name_to_be_seen_is_called_by_its_id(name: str) -> None:
    """Nobody could tell it from others, or find it to disconnect it.

    Defence: ``oauth/consent.py``, ``_is_drawn``.
    """
    from oauth2_provider.models import get_application_model

    from django_mcp.oauth.consent import name_of

    assert name_of(get_application_model()(name=name, client_id="x1")) == "x1"
    client_id = "https://agent.example/client.json"
    described = get_application_model()(name=name, client_id=client_id)
    assert name_of(described) == "agent.example"
