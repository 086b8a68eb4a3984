"""Tokens that another server issued: forged, borrowed, outlived, or aimed inside."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

pytest.importorskip("jwt", reason="needs the extra 'jwt'")

from django_mcp import MCPServer, Tool
from django_mcp.auth.introspection import IntrospectionAuthenticator
from django_mcp.auth.jwt import JWTAuthenticator
from tests.auth.issuing import (
    OURS,
    SITE,
    Remote,
    claims,
    ec_key,
    jwk,
    pem,
    remote,
    rsa_key,
    signed,
)
from tests.wire import Client

pytestmark = pytest.mark.django_db(transaction=True)


class Signed(JWTAuthenticator):
    """People of another server, by its name for them."""

    def get_user(self, claims: Any) -> Any:
        return User.objects.get(username=claims["sub"])


class Asked(IntrospectionAuthenticator):
    """The same people, by tokens that only the other server can read."""

    def get_user(self, claims: Any) -> Any:
        return User.objects.get(username=claims["sub"])


@pytest.fixture(autouse=True)
def _alice(settings: Any, transactional_db: None) -> None:
    settings.DJANGO_MCP = {"BASE_URL": SITE}
    User.objects.create(username="alice")


@pytest.fixture
def other() -> Iterator[Remote]:
    cache.clear()
    with remote() as running:
        running.answers["/keys"] = {"keys": [jwk(rsa_key(), "one")]}
        running.answers["/introspect"] = {"active": True, **good(running)}
        yield running
    cache.clear()


@pytest.fixture
def server(other: Remote) -> MCPServer:
    """Take signed tokens of the other server."""
    return served(Signed(issuer=other.url, jwks_uri=f"{other.url}/keys"))


@pytest.fixture
def asking(other: Remote) -> MCPServer:
    """Ask the other server about tokens."""
    return served(Asked(introspection_uri=f"{other.url}/introspect", cache_seconds=60))


def served(authenticator: Any) -> MCPServer:
    server = MCPServer("tokens", authenticators=[authenticator])
    server.add(Tool(name="who", call=lambda context, _: context.user.get_username()))
    return server


def good(other: Remote, **changed: Any) -> dict[str, Any]:
    return claims(other.url, **{"sub": "alice", **changed})


async def status(server: MCPServer, token: str, path: str = "/mcp") -> int:
    """Call with a token; who gets in is alice, and nobody else."""
    client = Client(server.asgi, headers={"authorization": f"Bearer {token}"})
    answer = await client.call("who")
    assert answer.status != 200 or answer.text == "alice"
    return answer.status


# -- requests that an attacker chooses ------------------------------------------


async def test_a_token_of_an_unknown_issuer_makes_no_request(
    server: MCPServer, other: Remote
) -> None:
    """Whoever sends a token would choose whom we ask: SSRF by ``iss``.

    Defence: ``auth/jwt.py``, ``claims.get("iss") != self.issuer``.
    """
    for issuer in (f"{other.url}/inside", "http://169.254.169.254", "file:///etc"):
        assert await status(server, signed(good(other, iss=issuer))) == 401
    assert other.asked == []


async def test_a_key_that_a_token_brings_along_is_not_looked_at(
    server: MCPServer, other: Remote
) -> None:
    """``jku``, ``x5u`` and ``jwk`` of a forged token name the forger's own key.

    Defence: ``auth/jwt.py``, ``_key``: a key is found by ``kid`` alone.
    """
    forger = ec_key("forger")
    other.answers["/forged"] = {"keys": [jwk(forger, "mine")]}
    brought = {
        "jku": f"{other.url}/forged",
        "x5u": f"{other.url}/forged",
        "jwk": jwk(forger, "mine"),
        "x5c": ["AAAA"],
    }
    token = signed(good(other), forger, "ES256", "mine", **brought)
    assert await status(server, token) == 401
    assert "/forged" not in other.asked


async def test_made_up_keys_cost_one_request_a_minute(
    server: MCPServer, other: Remote
) -> None:
    """A flood of names of keys would flood the other server through us.

    Defence: ``auth/jwks.py``, ``_may_look_again``.
    """
    assert await status(server, signed(good(other))) == 200
    for name in list(cache._cache):  # type: ignore[attr-defined]
        if name.endswith(":again"):
            cache.delete(name.partition(":1:")[2])  # a minute later
    for number in range(20):
        forged = signed(good(other), rsa_key("forger"), kid=f"made up {number}")
        assert await status(server, forged) == 401
    assert other.asked == ["/keys", "/keys"]


async def test_keys_are_not_fetched_where_a_redirect_leads(other: Remote) -> None:
    """An open redirect at the other server would lead us inside.

    Defence: ``auth/fetching.py``, ``_opener``: it has no handler of redirects.
    """
    inside = {"location": f"{other.url}/inside"}
    other.answers["/moved"] = (302, inside, b"")
    other.answers["/inside"] = {"keys": [jwk(rsa_key(), "one")]}
    server = served(Signed(issuer=other.url, jwks_uri=f"{other.url}/moved"))
    assert await status(server, signed(good(other))) == 503
    assert other.asked == ["/moved"]


# -- tokens of others ------------------------------------------------------------


@pytest.mark.parametrize(
    "audience", [..., "", SITE, f"{OURS}/2", "https://api.example", ["editor"]], ids=str
)
async def test_a_token_for_somebody_else_does_not_open_our_door(
    server: MCPServer, asking: MCPServer, other: Remote, audience: Any
) -> None:
    """Another API of the same provider could use the tokens it is shown.

    Defence: ``auth/tokens.py``, ``_is_made_out_to``.
    """
    said = good(other, aud=audience)
    assert await status(server, signed(said)) == 401
    other.answers["/introspect"] = {"active": True, **said}
    assert await status(asking, "opaque") == 401


async def test_a_host_header_does_not_make_a_token_fit(
    server: MCPServer, other: Remote
) -> None:
    """Who writes the Host would choose which tokens fit.

    Defence: ``auth/tokens.py``, ``get_audience``: it reads ``server.url``.
    """
    token = signed(good(other, aud="http://localhost/mcp"))
    headers = {"authorization": f"Bearer {token}", "host": "localhost"}
    assert (await Client(server.asgi, headers=headers).call("who")).status == 401


async def test_an_id_token_is_no_access_token(server: MCPServer, other: Remote) -> None:
    """A web site that logs people in has their ID tokens.

    Defence: ``auth/jwt.py``, ``if kind not in …``, and, where ``JWT`` is taken,
    ``auth/tokens.py``, ``for name in foreign``.
    """
    login = good(other, nonce="n-1", scope=...)
    assert await status(server, signed(good(other), typ="JWT")) == 401
    server.authenticators[0].types = ("JWT",)
    assert await status(server, signed(good(other), typ="JWT")) == 200
    assert await status(server, signed(login, typ="JWT")) == 401


async def test_nobody_signs_with_what_is_published(
    server: MCPServer, other: Remote
) -> None:
    """``none`` needs no key, and a public key is no secret for HS256.

    Defence: ``auth/jwt.py``, ``_takes``.
    """
    assert await status(server, signed(good(other), b"", alg="none")) == 401
    assert await status(server, signed(good(other), pem(rsa_key()), "HS256")) == 401
    assert other.asked == []  # not even for a key


async def test_a_token_bound_to_a_key_is_not_taken_from_a_thief(
    server: MCPServer, other: Remote
) -> None:
    """Such a token is safe to lose, unless somebody takes it as a bearer's.

    Defence: ``auth/tokens.py``, ``foreign_claims``: ``cnf``.
    """
    assert await status(server, signed(good(other, cnf={"jkt": "x"}))) == 401


# -- people who left -------------------------------------------------------------


async def test_a_deactivated_user_is_refused_at_the_next_call(
    server: MCPServer, asking: MCPServer, other: Remote
) -> None:
    """A token outlives an account that was closed here.

    Defence: ``auth/tokens.py``, ``active``.
    """
    token = signed(good(other))
    assert await status(server, token) == await status(asking, "opaque") == 200
    await User.objects.filter(username="alice").aupdate(is_active=False)
    assert await status(server, token) == await status(asking, "opaque") == 401


# -- tokens that leak ------------------------------------------------------------


async def test_a_token_in_the_address_is_no_token(
    server: MCPServer, asking: MCPServer, other: Remote
) -> None:
    """Addresses end up in logs, and in the Referer of what is opened next.

    Defence: ``auth/base.py``, ``bearer``: it reads one header.
    """
    for one, token in ((server, signed(good(other))), (asking, "opaque")):

        async def app(scope: Any, receive: Any, send: Any, one: Any = one) -> None:
            query = f"access_token={token}".encode()  # noqa: B023
            await one.asgi({**scope, "query_string": query}, receive, send)

        assert (await Client(app).call("who")).status == 401
    assert other.asked == []


async def test_no_token_is_logged_or_kept(
    server: MCPServer,
    asking: MCPServer,
    other: Remote,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Logs and caches are read by more people than tokens are for.

    Defence: ``auth/tokens.py``, ``digest``; ``auth/introspection.py``, ``_claims``.
    """
    right, wrong = signed(good(other)), signed(good(other, aud="https://api.example"))
    with caplog.at_level(logging.DEBUG):
        assert await status(server, right) == 200
        assert await status(server, wrong) == 401
        assert await status(asking, "opaque-and-right") == 200
        other.answers["/introspect"] = (500, {}, b"opaque-and-lost")
        assert await status(asking, "opaque-and-lost") == 503
    kept = repr(cache._cache)  # type: ignore[attr-defined]
    for secret in (right, wrong, right.split(".")[2], "opaque-and"):
        assert secret not in caplog.text
        assert secret not in kept


async def test_a_server_that_is_down_lets_nobody_in(
    server: MCPServer, asking: MCPServer, other: Remote
) -> None:
    """An attacker who can keep it from answering must not gain by it.

    Defence: ``auth/fetching.py``, ``raise Unreachable`` for any other status.
    """
    other.answers["/keys"] = other.answers["/introspect"] = (
        500, {}, b'{"active": true, "keys": []}',
    )  # fmt: skip
    assert await status(server, signed(good(other))) == 503
    assert await status(asking, "opaque") == 503
