"""Whose token opens the door, in every way that one may try the handle.

On both mounts, in both eras, with tokens of django-oauth-toolkit as rows.
"""

from __future__ import annotations

import json
import logging
import pickle
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async as db
from django import forms
from django.contrib.auth.models import Permission, User
from django.core.cache import cache, caches
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.test import Client as Browser
from django.test import override_settings
from django.urls import path
from django.utils import timezone

from django_mcp import Context, MCPServer, sessions
from tests.oauth.tokens import (
    BASE_URL,
    ENDPOINT,
    MACHINE,
    SCOPES,
    SITE,
    authenticator,
    make_application,
    make_token,
    make_user,
    rows,
    shop,
    site,
)
from tests.wire import HANDSHAKE, STATELESS, Answer, Client, initialize

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db(transaction=True)]

#: The two eras.
ERAS = [STATELESS, HANDSHAKE[-1]]
METADATA = f"{BASE_URL}/.well-known/oauth-protected-resource/mcp"
CHALLENGE = f'scope="shop:read", resource_metadata="{METADATA}"'


class OrderForm(forms.Form):
    """How many?"""

    copies = forms.IntegerField()


#: What a tool was handed, for a test to look at.
handed: list[Context] = []


def with_tools(server: MCPServer) -> MCPServer:
    @server.tool(read_only=True)
    def whoami(context: Context) -> str:
        """Say who is calling."""
        handed.append(context)
        return f"{context.user} {context.principal.client_id}"

    @server.tool(permission="testapp.change_book", scopes=["shop:write"])
    def restock() -> str:
        """Buy books."""
        return "restocked"

    @server.tool(read_only=True)
    def order(context: Context) -> str:
        """Order a book."""
        copies = context.elicit("How many?", OrderForm, key="copies").value["copies"]
        return f"{context.user} ordered {copies}"

    return server


@pytest.fixture(autouse=True)
def _at_its_address() -> Iterator[None]:
    handed.clear()
    cache.clear()
    sessions.forget_all()
    with site:
        yield


@pytest.fixture(params=["mount", "view"])
def app(request: Any) -> Iterator[Any]:
    server = with_tools(shop(base_scopes=["shop:read"]))
    with mounted(server, request.param) as application:
        yield application


def mounted(server: MCPServer, how: str = "mount") -> Any:
    """Serve it for the length of a ``with`` block."""
    urls = override_settings(ROOT_URLCONF=(path("mcp", server.urls),))
    return _Mounted(server, urls, how)


class _Mounted:
    def __init__(self, server: MCPServer, urls: Any, how: str) -> None:
        self.server, self.urls, self.how = server, urls, how

    def __enter__(self) -> Any:
        self.urls.enable()
        return self.server.asgi if self.how == "mount" else ASGIHandler()

    def __exit__(self, *error: object) -> None:
        self.urls.disable()


def client(app: Any, token: str | None, era: str = STATELESS, **headers: Any) -> Client:
    """Return a client with a token."""
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return Client(app, era, headers=headers, capabilities={"elicitation": {}})


async def knock(
    app: Any, token: str | None, era: str = STATELESS, **headers: Any
) -> Answer:
    """Send what a client of an era sends first."""
    knocking = client(app, token, era, **headers)
    if era == STATELESS:
        return await knocking.ask("tools/list")
    return await knocking.send(initialize(era))


async def refused(app: Any, token: str, **headers: Any) -> None:
    """A bad token is answered alike in both eras, and as any other."""
    for era in ERAS:
        answer = await knock(app, token, era, **headers)
        assert answer.status == 401
        challenge = answer.headers["www-authenticate"]
        assert challenge == f'Bearer error="invalid_token", {CHALLENGE}'
        assert token not in str(answer)


async def let_in(app: Any, token: str) -> None:
    for era in ERAS:
        answer = await knock(app, token, era)
        assert (answer.status, list(answer.body)) == (200, ["jsonrpc", "id", "result"])


# -- what a client is told ---------------------------------------------------


@pytest.mark.parametrize("era", ERAS)
async def test_without_a_token_a_client_is_told_where_to_get_one(
    app: Any, era: str
) -> None:
    """Defence: oauth/authentication.py, authenticate: no token is nobody."""
    answer = await knock(app, None, era)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == f"Bearer {CHALLENGE}"


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a b", "Bearer é", ""])
async def test_what_is_no_token_is_a_bad_request(
    app: Any, era: str, header: str
) -> None:
    """Defence: auth/base.py, bearer: ``not _TOKEN.match(token)``"""
    answer = await knock(app, None, era, authorization=header.encode("latin-1"))
    if header:
        assert answer.status == 400
        assert 'error="invalid_request"' in answer.headers["www-authenticate"]
    else:
        assert answer.status == 401


async def test_two_tokens_are_a_bad_request(app: Any) -> None:
    """Defence: auth/base.py, bearer: ``b"authorization" in …repeated``"""
    token = await db(make_token)()
    two = [f"Bearer {token}", "Bearer other"]
    for header in (two, two[::-1]):
        assert (await knock(app, None, authorization=header)).status in {400, 401}


# -- a token for somebody else -----------------------------------------------


@pytest.mark.parametrize(
    "resource",
    [
        [],
        [BASE_URL],
        [f"{ENDPOINT}/child"],
        [f"{BASE_URL}/sibling"],
        ["https://other.example/mcp"],
        ["https://shop.example.other.example/mcp"],
    ],
)
async def test_a_token_for_another_resource_is_refused(
    app: Any, resource: list[str]
) -> None:
    """Defence: oauth/authentication.py, _is_meant_for: ``canonical(one) == uri``"""
    await refused(app, await db(make_token)(resource=resource))


async def test_a_token_for_a_parent_is_refused() -> None:
    """Defence: oauth/authentication.py, _is_meant_for: ``canonical(one) == uri``"""
    server = shop(path="/staff/mcp")
    for resource in (BASE_URL, f"{BASE_URL}/staff", f"{BASE_URL}/mcp"):
        token = await db(make_token)(resource=[resource])
        assert (await knock(server.asgi, token)).status == 401
    token = await db(make_token)(resource=[f"{BASE_URL}/staff/mcp"])
    assert (await knock(server.asgi, token)).status == 200


@pytest.mark.parametrize(
    "resource", [ENDPOINT, "HTTPS://SHOP.EXAMPLE/mcp", f"{ENDPOINT}/"]
)
async def test_a_token_for_us_in_other_letters_is_taken(
    app: Any, resource: str
) -> None:
    """Defence: auth/resources.py, canonical."""
    await let_in(app, await db(make_token)(resource=[resource]))


@pytest.mark.parametrize("kind", ["id", "refresh", "code", "registration", "checksum"])
async def test_other_things_of_the_authorization_server_are_no_access_tokens(
    app: Any, kind: str
) -> None:
    """Defence: oauth/authentication.py, _verified: ``validate_bearer_token``, and
    _is_meant_for: ``DCR_REGISTRATION_SCOPE``
    """
    await refused(app, await db(make_other)(kind))


def make_other(kind: str) -> str:
    """Return something else that the authorization server gives."""
    user, application = make_user(), make_application()
    value, expires = secrets.token_urlsafe(20), timezone.now() + timedelta(hours=1)
    known = {"user": user, "application": application}
    if kind == "id":
        row = rows("id_token").create(expires=expires, scope="openid", **known)
        return str(row.jti)
    if kind == "refresh":
        rows("refresh_token").create(token=value, **known)
    elif kind == "code":
        rows("grant").create(
            code=value, expires=expires, scope="shop:read", resource=[ENDPOINT], **known
        )
    elif kind == "registration":
        make_token(value, scope="oauth2_provider:registration")
    else:
        make_token(value)
        return str(rows().get().token_checksum)
    return value


async def test_an_expired_token_is_refused(app: Any) -> None:
    """Defence: oauth/authentication.py, _verified: ``validate_bearer_token``"""
    past = timezone.now() - timedelta(seconds=1)
    await refused(app, await db(make_token)(expires=past))


async def test_a_revoked_token_is_refused(app: Any) -> None:
    """Defence: oauth/authentication.py, _verified: ``validate_bearer_token``"""
    token = await db(make_token)()
    await let_in(app, token)
    await db(lambda: rows().get().revoke())()
    await refused(app, token)


@pytest.mark.parametrize("host", ["localhost", "testserver", "127.0.0.1"])
async def test_the_host_header_chooses_no_tokens(app: Any, host: str) -> None:
    """Defence: oauth/authentication.py, authenticate: ``uri = request.server.url``"""
    for scheme in ("http", "https"):
        token = await db(make_token)(resource=[f"{scheme}://{host}/mcp"])
        await refused(app, token, host=host)
        await refused(app, token, host=host, **{"x-forwarded-host": host})


# -- a token in another place -------------------------------------------------


async def test_a_token_in_the_address_is_not_read(app: Any) -> None:
    """Defence: oauth/authentication.py, authenticate: ``request.bearer()``"""
    token = await db(make_token)()
    knocking = client(app, None)
    sent = knocking.message("tools/list")
    visit = knocking.visit(sent)
    visit._scope["query_string"] = f"access_token={token}".encode()
    async with visit:
        answer = await knocking.answer(visit, sent)
    assert answer.status == 401
    assert "invalid_token" not in answer.headers["www-authenticate"]


async def test_a_token_in_a_form_is_not_read(app: Any) -> None:
    """Defence: oauth/authentication.py, _verified: ``Request(uri)``"""
    token = await db(make_token)()
    body = f"access_token={token}".encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    knocking = client(app, None)
    async with knocking.visit(None, form, body=body) as visit:
        assert (await visit.begin()).status == 401


def test_a_browser_that_is_logged_in_is_a_stranger() -> None:
    """Defence: auth/base.py, AuthRequest: it shows headers, and nobody reads
    cookies.
    """
    browser = Browser()
    browser.force_login(make_user("alice"))
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ]
    knocking = client(None, None)
    sent = knocking.message("tools/list")
    headers = {k: v for k, v in knocking.headers(sent).items() if k != "content-type"}
    with override_settings(MIDDLEWARE=middleware), mounted(with_tools(shop()), "view"):
        answer = browser.post(
            "/mcp", json.dumps(sent), "application/json", headers=headers
        )
        assert answer.status_code == 401
        headers["authorization"] = f"Bearer {make_token()}"
        answer = browser.post(
            "/mcp", json.dumps(sent), "application/json", headers=headers
        )
        assert answer.status_code == 200


# -- who has it ----------------------------------------------------------------


async def test_a_deactivated_user_is_refused(app: Any) -> None:
    """Defence: oauth/authentication.py, _principal: ``not user.is_active``"""
    token = await db(make_token)()
    await let_in(app, token)
    await db(User.objects.update)(is_active=False)
    await refused(app, token)


async def test_a_machine_that_nobody_knows_is_refused(app: Any) -> None:
    """Defence: oauth/authentication.py, _principal: ``user is None``"""
    application = await db(make_application)("robot", authorization_grant_type=MACHINE)
    await refused(app, await db(make_token)(user=None, application=application))


@pytest.mark.parametrize("path_to", ["mount", "view"])
async def test_a_machine_that_was_given_a_user_is_let_in(path_to: str) -> None:
    """Defence: oauth/authentication.py, machine_user."""
    robot = await db(make_user)("robot")
    known = authenticator(machine_user=lambda application: robot)
    server = with_tools(shop(authenticators=[known], base_scopes=["shop:read"]))
    application = await db(make_application)("r2", authorization_grant_type=MACHINE)
    token = await db(make_token)(user=None, application=application)
    with mounted(server, path_to) as app:
        answer = await client(app, token).call("whoami")
    assert answer.text == "robot r2"


async def test_a_session_is_of_one_user_and_one_client(app: Any) -> None:
    """Defence: auth/base.py, Principal.owner."""
    alice = await client(app, await db(make_token)(), ERAS[1]).open()
    assert alice.session_id
    assert (await alice.call("whoami")).text == "alice editor"
    other_client = await db(make_application)("other")
    bob = await db(make_user)("bob")
    for fields in ({"user": bob}, {"application": other_client}):
        thief = client(app, await db(make_token)(**fields), ERAS[1])
        thief.session_id = alice.session_id
        answer = await thief.call("whoami")
        assert answer.status == 404
    renewed = client(app, await db(make_token)(), ERAS[1])
    renewed.session_id = alice.session_id
    assert (await renewed.call("whoami")).text == "alice editor"
    nobody = client(app, None, ERAS[1])
    nobody.session_id = alice.session_id
    assert (await nobody.call("whoami")).status == 401


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_session_is_neither_heard_nor_ended_by_others(
    app: Any, method: str
) -> None:
    """Defence: transports/http.py, owner_of_sessions."""
    alice = await client(app, await db(make_token)(), ERAS[1]).open()
    bob = await db(make_user)("bob")
    stolen = {"mcp-session-id": alice.session_id, "content-type": None}
    stolen["accept"] = "text/event-stream"
    tokens = {
        None: 401,
        "unknown": 401,
        await db(make_token)(user=bob): 404,
        await db(make_token)(user=bob, resource=[BASE_URL]): 401,
    }
    for token, status in tokens.items():
        thief = client(app, token, ERAS[1])
        async with thief.visit(None, stolen, method=method) as visit:
            assert (await visit.begin()).status == status
    assert (await alice.call("whoami")).text == "alice editor"


async def test_a_state_is_of_one_user_and_one_client(app: Any) -> None:
    """Defence: methods/asking.py, _about: ``context.principal.owner``"""
    alice = client(app, await db(make_token)())
    asked = (await alice.call("order")).result
    retry = {
        "requestState": asked["requestState"],
        "inputResponses": {"copies": {"action": "accept", "content": {"copies": 2}}},
    }
    other_client = await db(make_application)("other")
    bob = await db(make_user)("bob")
    for fields in ({"user": bob}, {"application": other_client}):
        thief = client(app, await db(make_token)(**fields))
        answer = await thief.call("order", **retry)
        assert answer.status == 400
        assert answer.text == "requestState: not valid for this call"
    assert (await alice.call("order", **retry)).text == "alice ordered 2"


# -- what it opens -------------------------------------------------------------


@pytest.mark.parametrize("era", ERAS)
async def test_a_scope_is_no_permission(app: Any, era: str) -> None:
    """Defence: providers/permissions.py, allowed_by_permissions."""
    token = await db(make_token)(scope="shop:read shop:write")
    alice = await client(app, token, era).open()
    listed = (await alice.ask("tools/list")).result["tools"]
    assert "restock" not in {tool["name"] for tool in listed}
    answer = await alice.call("restock")
    assert "restocked" not in str(answer.body)
    assert answer.code == -32602


@pytest.mark.parametrize("era", ERAS)
async def test_a_permission_is_no_scope(app: Any, era: str) -> None:
    """Defence: primitives.py, require_scopes."""
    await db(grant)("alice", "change_book")
    alice = await client(app, await db(make_token)(), era).open()
    answer = await alice.call("restock")
    assert answer.status == 403
    challenge = answer.headers["www-authenticate"]
    assert challenge == (
        'Bearer error="insufficient_scope", scope="shop:read shop:write",'
        f' resource_metadata="{METADATA}"'
    )
    token = await db(make_token)(scope="shop:write")
    answer = await knock(app, token, STATELESS)
    assert answer.status == 403
    assert 'scope="shop:read"' in answer.headers["www-authenticate"]
    token = await db(make_token)(scope="shop:read shop:write")
    alice = await client(app, token, era).open()
    assert (await alice.call("restock")).text == "restocked"


def grant(name: str, codename: str) -> None:
    make_user(name).user_permissions.add(Permission.objects.get(codename=codename))


@pytest.mark.parametrize("path_to", ["mount", "view"])
async def test_a_scope_cannot_end_the_header_it_stands_in(path_to: str) -> None:
    """Defence: auth/challenges.py, _quotable."""
    evil = 'shop:"read",\r\nX-Evil: yes\\é'
    server = shop(base_scopes=[evil])
    server.tool(lambda: "done", name="write", scopes=["x\r\nSet-Cookie: a=b"])
    with mounted(server, path_to) as app:
        answer = await knock(app, None)
        assert answer.status == 401
        wanted = f'Bearer scope="shop:read,X-Evil: yes", resource_metadata="{METADATA}"'
        assert answer.headers["www-authenticate"] == wanted
        changed = {"SCOPES": {**SCOPES, evil: "x"}}
        with override_settings(OAUTH2_PROVIDER=SITE["OAUTH2_PROVIDER"] | changed):
            answer = await client(app, await db(make_token)()).call("write")
        assert answer.status == 403
        assert not {"x-evil", "set-cookie"} & answer.headers.keys()
        assert "\n" not in answer.headers["www-authenticate"]


# -- where it may be found -----------------------------------------------------


async def test_a_tool_is_handed_no_token(app: Any) -> None:
    """Defence: transports/request.py, _CREDENTIALS and _CREDENTIALS_META."""
    token = await db(make_token)()
    cookie = secrets.token_urlsafe(20)
    calling = client(app, token, cookie=f"sessionid={cookie}")
    assert (await calling.call("whoami")).text == "alice editor"
    (context,) = handed
    request: HttpRequest = context.request
    assert "Authorization" not in request.headers
    assert not request.COOKIES
    assert request.headers["Mcp-Method"] == "tools/call"
    secret_things = (token, cookie, (await db(rows().get)()).token_checksum)
    seen = "\n".join(found_in(context))
    assert "alice" in seen
    for secret in secret_things:
        assert secret not in seen


def found_in(value: Any, depth: int = 5, seen: set[int] | None = None) -> Iterator[str]:
    """Yield what one reads in a thing, and in its attributes and their items."""
    seen = set() if seen is None else seen
    if id(value) in seen or depth < 0:
        return
    seen.add(id(value))
    yield repr(value)
    if isinstance(value, dict):
        inner: list[Any] = [*value, *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inner = list(value)
    elif isinstance(value, str | bytes | int | float | type | None):
        inner = []
    else:
        names = [name for name in dir(value) if not name.startswith("_")]
        inner = [attribute(value, name) for name in names]
    for one in inner:
        if not callable(one):
            yield from found_in(one, depth - 1, seen)


def attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception as error:
        return error


@pytest.mark.parametrize("path_to", ["mount", "view"])
async def test_no_cache_holds_a_token(path_to: str) -> None:
    """Defence: oauth/cache.py, _key: ``salted_hmac``"""
    known = authenticator(cache_seconds=60)
    server = with_tools(shop(authenticators=[known], base_scopes=["shop:read"]))
    token = await db(make_token)()
    with mounted(server, path_to) as app:
        for _ in range(2):
            await let_in(app, token)
        backend: Any = caches["default"]
        kept = repr([(key, pickle.loads(v)) for key, v in backend._cache.items()])  # noqa: S301
        assert "django_mcp:token:" in kept
        for secret in (token, (await db(rows().get)()).token_checksum):
            assert secret not in kept
        await db(lambda: rows().get().revoke())()
        await refused(app, token)


async def test_no_log_holds_a_token(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Defence: auth/base.py, Principal.token_id."""
    caplog.set_level(logging.DEBUG)
    good, expired = (
        await db(make_token)(),
        await db(make_token)(expires=timezone.now() - timedelta(seconds=1)),
    )
    caplog.clear()
    # The statements of a database name what is looked for.
    caplog.set_level(logging.INFO, logger="django.db.backends")
    unknown = secrets.token_urlsafe(20)
    await let_in(app, good)
    for token in (expired, unknown):
        await refused(app, token)
    await client(app, good).call("restock")
    for token in (good, expired, unknown):
        assert token not in caplog.text
