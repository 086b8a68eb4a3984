"""Keys are fetched seldom, shared by all workers, and kept while nobody answers."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.cache import cache, caches

from django_mcp.auth import jwks
from django_mcp.auth.fetching import Unreachable
from django_mcp.auth.jwks import KeySet, metadata_urls
from tests.auth.issuing import Remote, ec_key, jwk, rsa_key

ISSUER = "https://id.example"
DOWN = (503, {}, b"")


def publish(other: Remote, *keys: Any) -> KeySet:
    other.answers["/keys"] = {"keys": list(keys)}
    return KeySet(ISSUER, f"{other.url}/keys")


def kids(keys: list[jwks.Key]) -> list[str]:
    return [key["kid"] for key in keys]


def age(seconds: float) -> None:
    """Let time pass for what is kept of keys."""
    for name in list(cache._cache):  # type: ignore[attr-defined]
        plain = name.partition(":1:")[2]
        if plain.endswith((":again", ":failed")):
            cache.delete(plain)
        else:
            fetched_at, keys = cache.get(plain)
            cache.set(plain, (fetched_at - seconds, keys))


def test_keys_are_fetched_once_for_all_workers(other: Remote) -> None:
    keys = publish(other, jwk(rsa_key(), "one"), jwk(ec_key(), "two"))
    assert kids(keys.find("two")) == ["two"]
    assert kids(keys.find(None)) == ["one", "two"]
    assert kids(KeySet(ISSUER, f"{other.url}/keys").find("one")) == ["one"]
    assert other.asked == ["/keys"]


def test_first_calls_at_the_same_time_fetch_once(other: Remote) -> None:
    keys = publish(other, jwk(ec_key(), "one"))
    found: list[Any] = []
    calls = [
        threading.Thread(target=lambda: found.append(keys.find("one")))
        for _ in range(16)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert [len(one) for one in found] == [1] * 16
    assert other.asked == ["/keys"]


def test_nobody_waits_long_for_keys_that_do_not_come(
    other: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "PATIENCE", 0.05)
    keys = publish(other, jwk(ec_key(), "one"))
    asked, given = threading.Event(), threading.Event()

    def slowly(body: bytes) -> Any:
        asked.set()
        given.wait(5)
        return {"keys": [jwk(ec_key(), "one")]}

    other.answers["/keys"] = slowly
    first = threading.Thread(target=keys.find, args=("one",))
    first.start()
    assert asked.wait(5)
    with pytest.raises(Unreachable, match="being fetched"):
        keys.find("one")
    given.set()
    first.join()
    assert keys.find("one")
    assert other.asked == ["/keys"]


def test_unknown_names_have_keys_fetched_again_once_a_minute(other: Remote) -> None:
    keys = publish(other, jwk(ec_key(), "one"))
    assert keys.find("one")
    age(0)  # the minute after the first look is over
    for number in range(100):
        assert not keys.find(f"made up {number}")
    assert len(other.asked) == 2
    age(0)
    publish(other, jwk(ec_key(), "one"), jwk(ec_key(), "new"))
    assert kids(keys.find("new")) == ["new"]
    assert len(other.asked) == 3


def test_keys_that_were_withdrawn_are_forgotten_after_an_hour(other: Remote) -> None:
    keys = publish(other, jwk(ec_key(), "stolen"))
    assert keys.find("stolen")
    publish(other, jwk(ec_key(), "new"))
    age(jwks.MAX_AGE - 5)
    assert keys.find("stolen")
    age(10)
    assert not keys.find("stolen")
    assert keys.find("new")
    assert len(other.asked) == 2


def test_old_keys_serve_while_their_server_is_down(other: Remote) -> None:
    keys = publish(other, jwk(ec_key(), "one"))
    assert keys.find("one")
    other.answers["/keys"] = DOWN
    age(jwks.MAX_AGE + 5)
    assert [bool(keys.find("one")) for _ in range(5)] == [True] * 5
    assert len(other.asked) == 2


def test_a_server_that_gives_no_keys_is_left_alone_for_a_moment(other: Remote) -> None:
    keys = publish(other, jwk(ec_key(), "one"))
    other.answers["/keys"] = DOWN
    for _ in range(5):
        with pytest.raises(Unreachable):
            keys.find("one")
    assert len(other.asked) == 1
    publish(other, jwk(ec_key(), "one"))
    age(0)
    assert keys.find("one")


def test_what_is_not_public_or_not_for_signatures_is_no_key(other: Remote) -> None:
    good = jwk(ec_key(), "good")
    keys = publish(
        other,
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {**good, "use": "enc", "kid": "encrypts"},
        {**good, "key_ops": ["sign"], "kid": "signs"},
        {**good, "key_ops": 7, "kid": "does what"},
        {**good, "kty": ["EC"], "kid": "odd"},
        {**good, "kid": 7},
        {**good, "x": None, "kid": "empty"},
        "no key",
        None,
        {**good, "use": "sig", "key_ops": ["verify"], "d": "private", "x5u": "http://"},
    )
    found = keys.find(None)
    assert kids(found) == ["good"]
    assert found[0].keys() == {"kid", "kty", "crv", "x", "y"}


@pytest.mark.parametrize("answer", [{}, {"keys": None}, {"keys": {}}, {"keys": [[]]}])
def test_a_set_without_keys_is_no_answer(other: Remote, answer: Any) -> None:
    keys = publish(other, jwk(ec_key(), "one"))
    assert keys.find("one")
    other.answers["/keys"] = answer
    age(jwks.MAX_AGE + 5)
    assert keys.find("one")  # the old ones serve
    assert len(other.asked) == 2
    cache.clear()
    with pytest.raises(Unreachable):
        keys.find("one")


def test_a_set_is_not_read_without_end(other: Remote) -> None:
    key = {"kty": "OKP", "crv": "Ed25519", "x": ""}
    keys = publish(other, *[{**key, "kid": str(n)} for n in range(500)])
    assert len(keys.find(None)) == jwks.MAX_KEYS


# -- where keys are ---------------------------------------------------------


def test_metadata_stands_where_the_standards_say() -> None:
    assert metadata_urls("https://id.example") == [
        "https://id.example/.well-known/openid-configuration",
        "https://id.example/.well-known/oauth-authorization-server",
    ]
    assert metadata_urls("https://id.example/realms/shop/") == [
        "https://id.example/realms/shop/.well-known/openid-configuration",
        "https://id.example/.well-known/oauth-authorization-server/realms/shop",
    ]


@pytest.mark.parametrize("place", [0, 1])
def test_keys_are_where_the_issuers_metadata_says(other: Remote, place: int) -> None:
    publish(other, jwk(ec_key(), "one"))
    path = metadata_urls(other.url)[place].removeprefix(other.url)
    document = {"issuer": other.url, "jwks_uri": f"{other.url}/keys"}
    other.answers[path] = document
    assert KeySet(other.url).find("one")
    assert other.asked[-1] == "/keys"
    assert KeySet(other.url).find("one")
    assert len(other.asked) == place + 2


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": ["/keys"]},
        {"jwks_uri": "http://169.254.169.254/keys"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_metadata_of_somebody_else_names_no_keys(other: Remote, changed: Any) -> None:
    publish(other, jwk(ec_key(), "one"))
    document = {"issuer": other.url, "jwks_uri": f"{other.url}/keys", **changed}
    other.answers["/.well-known/openid-configuration"] = document
    with pytest.raises(Unreachable):
        KeySet(other.url).find("one")
    assert "/keys" not in other.asked


def test_keys_are_kept_in_the_cache_of_the_settings(
    other: Remote, settings: Any
) -> None:
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = {
        "default": {**memory, "LOCATION": "one"},
        "mcp": {**memory, "LOCATION": "two"},
    }
    settings.DJANGO_MCP = {"CACHE": "mcp"}
    assert publish(other, jwk(ec_key(), "one")).find("one")
    kept: Any = caches["mcp"]
    assert len(kept._cache) == 2
    assert not caches["default"]._cache  # type: ignore[attr-defined]
    kept.clear()
