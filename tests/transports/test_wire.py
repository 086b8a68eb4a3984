"""The checklist of the wire, over HTTP, as a client meets it.

The same tests run on the ASGI mount, on the mount with an authenticator that
blocks, and on the URL view under ASGI. Every message of the server is held
against the official types of its revision (see ``tests/wire.py``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.layers import channel_layers
from django.core.cache import cache
from django.core.handlers.asgi import ASGIHandler
from django.test import override_settings
from django.urls import path

from django_mcp import MCPServer, sealing, sessions
from django_mcp.primitives import Tool
from django_mcp.protocol.messages import (
    LOG_LEVEL_KEY,
    SERVER_KEY,
    SUBSCRIPTION_KEY,
    VERSION_KEY,
)
from django_mcp.protocol.revisions import SUPPORTED
from django_mcp.transports import streams
from tests.protocol.test_connection import STATELESS_REFUSALS, Refused
from tests.transports.shop import PIXEL, PROBE, Probe, shared_server
from tests.wire import (
    HANDSHAKE,
    PATIENCE,
    REVISIONS,
    STATELESS,
    Client,
    Visit,
    assert_valid,
    initialize,
    message,
    note,
    stateless,
)

ASKABLE = {
    "elicitation": {"form": {}, "url": {}},
    "sampling": {},
    "roots": {},
}
LOUD = {LOG_LEVEL_KEY: "debug"}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()
    sessions.forget_all()
    PROBE.reset()
    channel_layers.backends.clear()


@pytest.fixture
def probe() -> Probe:
    return PROBE


@pytest.fixture(params=["mount", "blocking mount", "view"])
async def app(request: Any, probe: Probe) -> AsyncIterator[Any]:
    server = shared_server(blocking=request.param == "blocking mount")
    before = server.registry.snapshot()
    application: Any = server.asgi
    if request.param == "view":
        with override_settings(ROOT_URLCONF=(path("mcp", server.urls),)):
            application = ASGIHandler()
            application.server = server
            yield application
    else:
        yield application
    probe.go_on.set()
    probe.thread_may_end.set()
    server.registry.restore(before)


@pytest.fixture
def server(app: Any) -> MCPServer:
    found: MCPServer = app.server
    return found


@pytest.fixture
def client(app: Any) -> Client:
    return Client(app, capabilities=ASKABLE)


@pytest.fixture(params=HANDSHAKE)
async def old(request: Any, app: Any) -> Client:
    return await Client(app, request.param, capabilities=ASKABLE).open()


@pytest.fixture
async def session(app: Any) -> Client:
    return await Client(app, "2025-11-25", capabilities=ASKABLE).open()


@pytest.fixture(params=REVISIONS)
async def anybody(request: Any, app: Any) -> Client:
    """A client of any revision, with its session if it has one."""
    return await Client(app, request.param, capabilities=ASKABLE).open()


def loud(client: Client) -> dict[str, Any]:
    """Params for a call that wants to hear everything."""
    if client.revision == STATELESS:
        return {"_meta": {**LOUD, "progressToken": "p"}}
    return {"_meta": {"progressToken": "p"}}


# -- the ladder ----------------------------------------------------------------


@pytest.mark.parametrize("row", STATELESS_REFUSALS, ids=lambda row: row.name)
async def test_a_wrong_message_is_refused_and_the_next_one_is_served(
    client: Client, row: Refused
) -> None:
    sent = row.sent
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    answer = await client.send(sent, row.headers, body=body)
    assert (answer.status, answer.code) == (row.status, row.code)
    assert answer.body["id"] == row.id
    assert "mcp-session-id" not in answer.headers
    assert (await client.ask("tools/list")).status == 200


async def test_an_unknown_method_is_not_found(client: Client) -> None:
    for method in ("no/such", "ping", "logging/setLevel", "resources/subscribe", ""):
        answer = await client.ask(method)
        assert (answer.status, answer.code) == (404, -32601)


async def test_an_unknown_method_of_a_session_is_answered(old: Client) -> None:
    for method in ("no/such", "server/discover", "subscriptions/listen"):
        answer = await old.ask(method)
        assert (answer.status, answer.code) == (200, -32601)


async def test_a_notification_is_accepted_without_a_body(anybody: Client) -> None:
    async with anybody.visit(note("notifications/whatever")) as visit:
        assert await visit.text() == ""
        assert visit.status == 202


# -- the door ------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "", "a b"])
async def test_an_unknown_host_is_not_served(client: Client, host: str) -> None:
    answer = await client.send(stateless("tools/list"), {"host": host})
    assert answer.status in {400, 421}
    assert "result" not in (answer.body or {})


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "testserver", "http://testserver:81"]
)
async def test_an_unknown_origin_is_refused(client: Client, origin: str) -> None:
    answer = await client.send(stateless("tools/list"), {"origin": origin})
    assert answer.status == 403
    assert answer.body["error"]["message"]
    assert answer.body["id"] is None
    assert "access-control-allow-origin" not in answer.headers


async def test_a_page_of_an_allowed_origin_may_call(
    client: Client, settings: Any
) -> None:
    settings.DJANGO_MCP = {
        **settings.DJANGO_MCP,
        "ALLOWED_ORIGINS": ["https://a.example"],
    }
    for origin in ("https://a.example", "http://testserver"):
        answer = await client.send(stateless("tools/list"), {"origin": origin})
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == origin
        assert "Mcp-Session-Id" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]


async def test_a_browser_may_ask_first(client: Client) -> None:
    headers = {
        "origin": "http://testserver",
        "access-control-request-method": "POST",
        "access-control-request-headers": "Content-Type, mcp-param-region, x-evil",
    }
    answer = await client.send(None, headers, method="OPTIONS", body=b"")
    assert answer.status == 204
    assert "POST" in answer.headers["access-control-allow-methods"]
    granted = answer.headers["access-control-allow-headers"]
    assert granted == "content-type, mcp-param-region"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "TRACE", "BREW"])
async def test_another_method_is_not_allowed(client: Client, method: str) -> None:
    async with client.visit(None, method=method) as visit:
        await visit.text()
    assert visit.status == 405
    assert "POST" in visit.headers["allow"]


@pytest.mark.parametrize("length", ["one part", "many parts"])
async def test_a_body_has_a_size(client: Client, settings: Any, length: str) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "MAX_BODY_SIZE": 1000}
    sent = stateless("tools/list", {"x": "x" * 1000})
    body = json.dumps(sent).encode()
    parts = [body] if length == "one part" else [body[:600], body[600:900], body[900:]]
    answer = await client.send(sent, body=parts)
    assert answer.status == 413
    assert "1000" in answer.body["error"]["message"]


async def test_a_body_may_come_in_parts(client: Client) -> None:
    sent = stateless("tools/list")
    body = json.dumps(sent).encode()
    answer = await client.send(sent, body=[body[:10], b"", body[10:], b""])
    assert answer.status == 200


@pytest.mark.parametrize("app", ["mount", "blocking mount"], indirect=True)
async def test_a_declared_length_refuses_what_is_still_to_come(client: Client) -> None:
    # Django reads a body before a view is called.
    sent = stateless("tools/list")
    body = json.dumps(sent).encode()
    for length in ("99999999999", "9" * 30, "-1", "many"):
        headers = {"content-length": length}
        answer = await client.send(sent, headers, body=[body[:10], body[10:]])
        assert answer.status == 413


async def test_bad_credentials_are_challenged(client: Client) -> None:
    answer = await client.ask("tools/list", authorization="Bearer nobody")
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.body["error"]["message"]


async def test_credentials_come_before_the_message(client: Client) -> None:
    answer = await client.send(b"?", {"authorization": "Bearer nobody"}, body=b"?")
    assert answer.status == 401


@pytest.mark.parametrize("address", ["/mcp", "/mcp/"])
async def test_the_address_may_end_with_a_slash(client: Client, address: str) -> None:
    sent = stateless("tools/list")
    assert (await client.send(sent, path=address)).status == 200


# -- every result ----------------------------------------------------------------

METHODS: dict[str, dict[str, Any]] = {
    "tools/list": {},
    "resources/list": {},
    "resources/templates/list": {},
    "prompts/list": {},
    "resources/read": {"uri": "shop://hours"},
    "prompts/get": {"name": "greet", "arguments": {"name": "Ann"}},
    "tools/call": {"name": "add", "arguments": {"a": 1, "b": 2}},
    "completion/complete": {
        "ref": {"type": "ref/prompt", "name": "greet"},
        "argument": {"name": "tone", "value": "w"},
    },
}
CACHED = {
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
    "resources/read",
}


@pytest.mark.parametrize("method", [*METHODS, "server/discover"])
async def test_a_result_of_the_stateless_era_says_what_it_is(
    client: Client, method: str
) -> None:
    result = (await client.ask(method, METHODS.get(method))).result
    assert result["resultType"] == "complete"
    assert result["_meta"][SERVER_KEY]["name"] == "shop"
    assert result["_meta"][SERVER_KEY]["title"] == "The shop"
    assert ("ttlMs" in result) == (method in CACHED)
    if method in CACHED:
        assert result["ttlMs"] >= 0
        assert result["cacheScope"] in {"public", "private"}


async def test_an_error_for_the_model_says_it_too(client: Client) -> None:
    result = (await client.call("refuse")).result
    assert result["resultType"] == "complete"
    assert SERVER_KEY in result["_meta"]


async def test_what_depends_on_the_caller_is_private(client: Client) -> None:
    scopes = {
        method: (await client.ask(method)).result["cacheScope"]
        for method in ("tools/list", "prompts/list", "server/discover")
    }
    assert scopes["tools/list"] == "private"
    read = await client.ask("resources/read", {"uri": "shop://hours"})
    assert read.result["cacheScope"] == "private"


@pytest.mark.parametrize("method", METHODS)
async def test_a_result_of_the_handshake_era_says_none_of_it(
    old: Client, method: str
) -> None:
    result = (await old.ask(method, METHODS[method])).result
    assert not result.keys() & {"resultType", "ttlMs", "cacheScope"}
    assert SERVER_KEY not in result.get("_meta", {})


async def test_discover_says_what_is_served(client: Client) -> None:
    result = (await client.ask("server/discover")).result
    assert result["supportedVersions"] == SUPPORTED
    assert result["instructions"] == "Buy books."
    assert {"tools", "resources", "prompts", "completions", "logging"} <= set(
        result["capabilities"]
    )


@pytest.mark.parametrize("revision", HANDSHAKE)
async def test_initialize_says_who_is_there(app: Any, revision: str) -> None:
    answer = await Client(app, revision).send(initialize(revision))
    result = answer.result
    assert result["protocolVersion"] == revision
    assert result["instructions"] == "Buy books."
    info = result["serverInfo"]
    assert (info["name"], info["version"]) == ("shop", "1.2.3")
    assert ("title" in info) == (revision >= "2025-06-18")
    assert ("icons" in info) == (revision >= "2025-11-25")
    assert ("websiteUrl" in info) == (revision >= "2025-11-25")
    assert ("completions" in result["capabilities"]) == (revision >= "2025-03-26")
    session_id = answer.headers["mcp-session-id"]
    assert session_id.isascii()
    assert session_id.isprintable()
    assert " " not in session_id


# -- shapes by revision ------------------------------------------------------------


async def test_a_tool_is_described_as_its_revision_knows(anybody: Client) -> None:
    tools = (await anybody.ask("tools/list")).result["tools"]
    assert [tool["name"] for tool in tools] == sorted(tool["name"] for tool in tools)
    [add] = [tool for tool in tools if tool["name"] == "add"]
    revision = anybody.revision
    assert ("title" in add) == (revision >= "2025-06-18")
    assert ("outputSchema" in add) == (revision >= "2025-06-18")
    assert ("icons" in add) == (revision >= "2025-11-25")
    assert ("annotations" in add) == (revision >= "2025-03-26")
    if "outputSchema" in add and revision != STATELESS:
        assert add["outputSchema"]["type"] == "object"
    assert add["inputSchema"]["additionalProperties"] is False


async def test_a_value_is_structured_where_the_revision_has_that(
    anybody: Client,
) -> None:
    result = (await anybody.call("add", {"a": 1, "b": 2})).result
    assert result["content"] == [{"type": "text", "text": "3"}]
    expected: Any = {"result": 3} if anybody.revision != STATELESS else 3
    if anybody.revision < "2025-06-18":
        assert "structuredContent" not in result
    else:
        assert result["structuredContent"] == expected


async def test_a_list_is_structured_where_the_revision_has_that(
    anybody: Client,
) -> None:
    result = (await anybody.call("count")).result
    found = result.get("structuredContent")
    if anybody.revision < "2025-06-18":
        assert found is None
    else:
        assert found == (
            [1, 2] if anybody.revision == STATELESS else {"result": [1, 2]}
        )


async def test_content_is_what_the_revision_knows(anybody: Client) -> None:
    content = (await anybody.call("pictures")).result["content"]
    kinds = [block["type"] for block in content]
    assert len(kinds) == 4
    assert kinds[:2] == ["text", "image"]
    assert ("audio" in kinds) == (anybody.revision >= "2025-03-26")
    assert ("resource_link" in kinds) == (anybody.revision >= "2025-06-18")
    assert PIXEL


async def test_prompts_and_resources_are_as_the_revision_knows(
    anybody: Client,
) -> None:
    titled = anybody.revision >= "2025-06-18"
    prompts = (await anybody.ask("prompts/list")).result["prompts"]
    [greet] = [prompt for prompt in prompts if prompt["name"] == "greet"]
    assert ("title" in greet) == titled
    assert [a.get("required", False) for a in greet["arguments"]] == [True, False]
    resources = (await anybody.ask("resources/list")).result["resources"]
    [hours] = [found for found in resources if found["uri"] == "shop://hours"]
    assert ("title" in hours) == titled
    templates = await anybody.ask("resources/templates/list")
    [book] = templates.result["resourceTemplates"]
    assert book["uriTemplate"] == "shop://book/{number}"


async def test_a_template_is_read_and_an_argument_completed(anybody: Client) -> None:
    read = await anybody.ask("resources/read", {"uri": "shop://book/7"})
    [contents] = read.result["contents"]
    assert json.loads(contents["text"]) == {"number": 7}
    assert contents["uri"] == "shop://book/7"
    complete = await anybody.ask("completion/complete", METHODS["completion/complete"])
    assert complete.result["completion"]["values"] == ["warm"]


# -- errors ------------------------------------------------------------------------


def refused(client: Client, status: int = 400) -> int:
    """The status of an error: in the handshake era, always 200."""
    return status if client.revision == STATELESS else 200


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("tools/call", {"name": "no_such"}, "no_such"),
        ("tools/call", {}, "name"),
        ("tools/call", {"name": 1}, "name"),
        ("tools/call", {"name": "add", "arguments": []}, "arguments"),
        ("tools/call", {"name": "add", "arguments": "a"}, "arguments"),
        ("prompts/get", {"name": "no_such"}, "no_such"),
        ("prompts/get", {"name": "greet"}, "name"),
        ("prompts/get", {"name": "greet", "arguments": {"name": 1}}, "name"),
        ("prompts/get", {"name": "greet", "arguments": {"name": "a", "x": "b"}}, "x"),
        ("prompts/get", {"name": "greet", "arguments": []}, "arguments"),
        ("resources/read", {}, "uri"),
        ("resources/read", {"uri": 1}, "uri"),
        ("resources/read", {"uri": "shop://book/0"}, "book 0"),
        ("completion/complete", {}, "argument"),
        ("completion/complete", {"argument": {"name": "a", "value": "b"}}, "ref"),
        (
            "completion/complete",
            {
                "ref": {"type": "ref/prompt", "name": "no_such"},
                "argument": {"name": "a", "value": ""},
            },
            "no_such",
        ),
        (
            "completion/complete",
            {
                "ref": {"type": "ref/resource", "uri": "no://such"},
                "argument": {"name": "a", "value": ""},
            },
            "uri",
        ),
        *[
            ("tools/list", {"cursor": cursor}, "cursor")
            for cursor in ("", "bad", 1, {}, [], True)
        ],
        *[
            (f"{kind}/list", {"cursor": "bad"}, "cursor")
            for kind in ("resources", "resources/templates", "prompts")
        ],
    ],
)
async def test_malformed_params_name_the_field(
    anybody: Client, method: str, params: Any, field: str
) -> None:
    sent = anybody.message(method, params)
    # Where the body has no name, no header can repeat it.
    headers = {"mcp-name": "?"} | anybody.headers(sent)
    answer = await anybody.send(sent, headers)
    assert (answer.status, answer.code) == (refused(anybody), -32602)
    assert field in answer.text


@pytest.mark.parametrize(
    "uri",
    ["shop://no-such", "shop://nothing", "shop://book/x", "", "?", "shop://book/"],
)
async def test_a_missing_resource_has_the_code_of_its_revision(
    anybody: Client, uri: str
) -> None:
    answer = await anybody.ask("resources/read", {"uri": uri})
    modern = anybody.revision == STATELESS
    assert answer.code == (-32602 if modern else -32002)
    assert answer.status == refused(anybody)
    assert answer.data == {"uri": uri}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "a"),
        ({"a": "x"}, "a"),
        ({"a": 1, "b": None}, "b"),
        ({"a": 1, "c": 2}, "c"),
        ({"a": 1.5}, "a"),
        ({"a": {}}, "a"),
        ({"a": 1, "": 1}, ""),
    ],
)
async def test_arguments_that_do_not_fit_are_for_the_model(
    anybody: Client, arguments: Any, field: str
) -> None:
    answer = await anybody.call("add", arguments)
    assert answer.status == 200
    assert answer.result["isError"] is True
    assert field in answer.text
    assert "http" not in answer.text


async def test_a_refusal_reaches_the_model(anybody: Client) -> None:
    answer = await anybody.call("refuse")
    assert answer.result["isError"] is True
    assert answer.text == "Not today."


@pytest.mark.parametrize("name", ["crash", "acrash"])
async def test_a_crash_says_nothing(
    anybody: Client, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await anybody.call(name)
    assert (answer.status, answer.code) == (200, -32603)
    assert "hunter2" not in json.dumps(answer.body)
    assert "hunter2" in caplog.text
    assert "Traceback" in caplog.text


async def test_a_crash_says_more_while_debugging(client: Client, settings: Any) -> None:
    settings.DEBUG = True
    answer = await client.call("crash")
    assert "hunter2" in answer.data


async def test_a_broken_resource_says_nothing(anybody: Client) -> None:
    answer = await anybody.ask("resources/read", {"uri": "shop://broken"})
    assert answer.code == -32603
    assert "hunter2" not in json.dumps(answer.body)


async def test_a_hidden_tool_and_a_missing_one_are_the_same(app: Any) -> None:
    bob = Client(app, headers={"authorization": "Bearer bob"})
    alice = Client(app, headers={"authorization": "Bearer alice"})
    hidden, missing = await bob.call("for_alice"), await bob.call("for_bob__")
    assert hidden.body["error"]["code"] == missing.body["error"]["code"]
    assert hidden.text.replace("for_alice", "") == missing.text.replace("for_bob__", "")
    assert (await alice.call("for_alice")).text == "hello alice"
    seen = (await bob.ask("tools/list")).result["tools"]
    assert "for_alice" not in [tool["name"] for tool in seen]


async def test_a_missing_scope_is_challenged_with_all_that_are_needed(
    app: Any,
) -> None:
    narrow = Client(app, headers={"authorization": "Bearer ann:shop:read"})
    answer = await narrow.call("scoped")
    assert answer.status == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="shop:read shop:write"' in challenge
    wide = Client(app, headers={"authorization": "Bearer ann:shop:read shop:write"})
    assert (await wide.call("scoped")).text == "ok"


async def test_params_for_headers_are_compared(client: Client) -> None:
    arguments = {"region": "eu", "number": 42, "flag": True}
    right = {
        "mcp-param-region": "eu",
        "mcp-param-number": "42.0",
        "mcp-param-flag": "true",
    }
    sent = client.message("tools/call", {"name": "region", "arguments": arguments})
    assert (await client.send(sent, right)).text == "eu"
    for wrong in (
        {"mcp-param-region": None},
        {"mcp-param-region": "us"},
        {"mcp-param-number": "43"},
        {"mcp-param-flag": "True"},
        {"mcp-param-region": ["eu", "eu"]},
        {"mcp-param-region": b"\xff"},
    ):
        answer = await client.send(sent, right | wrong)
        assert (answer.status, answer.code) == (400, -32020)


async def test_params_for_headers_are_of_the_stateless_era(old: Client) -> None:
    assert (await old.call("region", {"region": "eu"})).text == "eu"


async def test_a_call_that_takes_too_long_is_given_up(anybody: Client) -> None:
    for name in ("slow", "slow_in_thread"):
        answer = await anybody.call(name)
        assert answer.result["isError"] is True
        assert "too long" in answer.text


async def test_a_result_has_a_size(anybody: Client, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "MAX_RESPONSE_SIZE": 2000}
    answer = await anybody.call("echo", {"value": "x" * 2000})
    assert answer.result["isError"] is True
    assert "too large" in answer.text


# -- pages -------------------------------------------------------------------------


async def test_pages_follow_each_other(anybody: Client, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "PAGE_SIZE": 4}
    whole: list[str] = []
    params: dict[str, Any] = {}
    while params is not None:
        result = (await anybody.ask("tools/list", params)).result
        assert len(result["tools"]) <= 4
        whole += [tool["name"] for tool in result["tools"]]
        if "nextCursor" not in result:
            break
        params = {"cursor": result["nextCursor"]}
    assert len(whole) > 4
    assert whole == sorted(set(whole))
    crossed = await anybody.ask("prompts/list", params)
    assert crossed.code == -32602


# -- streams and what is said on them ------------------------------------------------


@pytest.mark.parametrize("name", ["talk", "talk_in_thread"])
async def test_a_call_may_say_how_far_it_is(anybody: Client, name: str) -> None:
    if anybody.revision != STATELESS:
        await anybody.ask("logging/setLevel", {"level": "error"})
    params = {"name": name, **loud(anybody)}
    if anybody.revision == STATELESS:
        params["_meta"][LOG_LEVEL_KEY] = "error"
    answer = await anybody.ask("tools/call", params)
    assert answer.is_stream
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text == "done"
    steps = [m["params"] for m in answer.before if m["method"].endswith("progress")]
    logs = [m["params"] for m in answer.before if m["method"].endswith("message")]
    values = [step["progress"] for step in steps]
    assert values == sorted(set(values))
    assert values
    assert all(step["progressToken"] == "p" for step in steps)
    assert {log["level"] for log in logs} == {"error"}


async def test_nobody_is_told_who_did_not_ask(anybody: Client) -> None:
    answer = await anybody.call("talk")
    assert not answer.is_stream
    assert answer.before == []


@pytest.mark.parametrize("token", ["t", "", 7, 0])
async def test_a_progress_token_keeps_its_type(anybody: Client, token: Any) -> None:
    params = {"name": "talk", "_meta": {"progressToken": token}}
    answer = await anybody.ask("tools/call", params)
    found = [step["params"]["progressToken"] for step in answer.before]
    assert found
    assert all(one == token and type(one) is type(token) for one in found)


async def test_who_takes_no_stream_gets_json(anybody: Client) -> None:
    params = {"name": "talk", **loud(anybody)}
    answer = await anybody.ask("tools/call", params, accept="application/json")
    assert not answer.is_stream
    assert answer.text == "done"


async def test_who_takes_only_a_stream_gets_one(anybody: Client) -> None:
    answer = await anybody.ask("tools/list", accept="text/event-stream")
    assert answer.is_stream
    assert answer.result["tools"]


async def test_a_stream_of_the_stateless_era_cannot_be_resumed(client: Client) -> None:
    sent = client.message("tools/call", {"name": "talk", **loud(client)})
    async with client.visit(sent) as visit:
        events = [event async for event in visit.events()]
    assert events
    assert not any("id" in event or "retry" in event for event in events)


async def test_a_quiet_call_is_kept_alive(
    client: Client, probe: Probe, settings: Any
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "KEEP_ALIVE": 0.05}
    sent = client.message("tools/call", {"name": "wait", "arguments": {"talk": False}})
    async with client.visit(sent) as visit:
        events = visit.events()
        assert "comment" in await anext(events)
        probe.go_on.set()
        async for event in events:
            if "data" in event:
                assert json.loads(event["data"])["id"] == sent["id"]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream, */*"])
@pytest.mark.parametrize("talk", [True, False])
async def test_leaving_is_cancelling_in_the_stateless_era(
    client: Client, probe: Probe, accept: str, talk: bool
) -> None:
    params = {"name": "wait", "arguments": {"talk": talk}, **loud(client)}
    async with client.visit(
        client.message("tools/call", params), {"accept": accept}
    ) as v:
        async with asyncio.timeout(PATIENCE):
            await probe.began.wait()
            v.leave()
            await probe.cancelled.wait()
    assert not probe.ended.is_set()


@pytest.mark.parametrize(
    "accept", ["application/json", "application/json, text/event-stream"]
)
async def test_leaving_is_not_cancelling_in_a_session(
    session: Client, probe: Probe, accept: str
) -> None:
    await session.ask("logging/setLevel", {"level": "debug"})
    sent = session.message("tools/call", {"name": "wait", "arguments": {"talk": True}})
    async with session.visit(sent, {"accept": accept}) as visit:
        async with asyncio.timeout(PATIENCE):
            await probe.began.wait()
            visit.leave()
            await asyncio.sleep(0.2)
            assert not probe.cancelled.is_set()
            probe.go_on.set()
            await probe.ended.wait()
    assert not probe.cancelled.is_set()


# -- subscriptions/listen ---------------------------------------------------------


def listen(id: Any = 1, **wanted: Any) -> dict[str, Any]:
    return stateless("subscriptions/listen", {"notifications": wanted}, id)


async def extra_tool(server: MCPServer, name: str) -> Tool:
    async def call(context: Any, arguments: Any) -> str:
        return ""

    tool = Tool(name=name, call=call)
    server.add(tool)
    return tool


@pytest.mark.parametrize("id", [1, "1", "", 0])
async def test_a_subscription_is_acknowledged_first(client: Client, id: Any) -> None:
    wanted = {
        "toolsListChanged": True,
        "promptsListChanged": False,
        "resourceSubscriptions": ["shop://hours"],
        "taskIds": ["t"],
    }
    async with client.visit(listen(id, **wanted)) as visit:
        first = await visit.message()
        assert_valid(first, STATELESS)
    assert first["method"] == "notifications/subscriptions/acknowledged"
    found = first["params"]["_meta"][SUBSCRIPTION_KEY]
    assert (found, type(found)) == (id, type(id))
    assert first["params"]["notifications"] == {
        "toolsListChanged": True,
        "resourceSubscriptions": ["shop://hours"],
    }


async def test_a_subscription_tells_what_was_asked_for_and_nothing_else(
    client: Client, server: MCPServer
) -> None:
    wanted = {"toolsListChanged": True, "resourceSubscriptions": ["shop://hours"]}
    async with client.visit(listen("s", **wanted)) as visit:
        await visit.message()
        server.remove(next(iter(server.registry.prompts)))
        server.notify_resource_updated("shop://other")
        await extra_tool(server, "extra")
        changed = await visit.message()
        await server.anotify_resource_updated("shop://hours")
        updated = await visit.message()
    assert changed["method"] == "notifications/tools/list_changed"
    assert updated["method"] == "notifications/resources/updated"
    assert updated["params"]["uri"] == "shop://hours"
    for told in (changed, updated):
        assert told["params"]["_meta"][SUBSCRIPTION_KEY] == "s"


async def test_many_changes_at_once_are_told_in_few_words(
    client: Client, server: MCPServer, settings: Any
) -> None:
    # A layer between processes brings them one by one.
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "CHANNEL_LAYER": "none"}
    async with client.visit(
        listen(1, toolsListChanged=True, promptsListChanged=True)
    ) as v:
        await v.message()
        for number in range(50):
            await extra_tool(server, f"extra{number}")
        server.remove(next(iter(server.registry.prompts)))
        told = []
        async for found in v.messages():
            told.append(found["method"])
            if "prompts" in found["method"]:
                break
    assert len(told) < 10


async def test_several_subscriptions_stand_beside_each_other(
    client: Client, server: MCPServer
) -> None:
    async with (
        client.visit(listen(1, toolsListChanged=True)) as one,
        client.visit(listen("1", toolsListChanged=True)) as other,
    ):
        await one.message()
        await other.message()
        await extra_tool(server, "extra")
        ids = [
            (await visit.message())["params"]["_meta"][SUBSCRIPTION_KEY]
            for visit in (one, other)
        ]
    assert ids == [1, "1"]


async def test_a_subscription_the_server_ends_gets_its_result(
    client: Client, server: MCPServer
) -> None:
    sent = listen("s", toolsListChanged=True)
    async with client.visit(sent) as visit:
        await visit.message()
        streams.end_all()
        answer = await client.answer(visit, sent)
    assert answer.result["resultType"] == "complete"
    assert answer.result["_meta"][SUBSCRIPTION_KEY] == "s"
    assert SERVER_KEY in answer.result["_meta"]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"notifications": None},
        {"notifications": []},
        {"notifications": {"toolsListChanged": "yes"}},
        {"notifications": {"resourceSubscriptions": "shop://hours"}},
        {"notifications": {"resourceSubscriptions": [1]}},
        {"notifications": {"resourceSubscriptions": ["x" * 3000]}},
        {"notifications": {"resourceSubscriptions": ["x"] * 2000}},
    ],
)
async def test_a_malformed_filter_is_refused(client: Client, params: Any) -> None:
    answer = await client.ask("subscriptions/listen", params)
    assert (answer.status, answer.code) == (400, -32602)
    assert "notifications" in answer.text


async def test_a_subscription_needs_a_stream(client: Client) -> None:
    answer = await client.send(listen(), {"accept": "application/json"})
    assert answer.status == 406


async def test_streams_are_counted(client: Client, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "MAX_STREAMS": 1}
    async with client.visit(listen(1, toolsListChanged=True)) as visit:
        await visit.message()
        answer = await client.send(listen(2, toolsListChanged=True))
        assert answer.status == 503
        assert answer.headers["retry-after"]
    async with client.visit(listen(3, toolsListChanged=True)) as visit:
        assert "acknowledged" in (await visit.message())["method"]


# -- asking: the stateless era (MRTR) ------------------------------------------------


def filled(**answers: Any) -> dict[str, Any]:
    return {
        key: {"action": "accept", "content": {"reason": text}}
        for key, text in answers.items()
    }


async def again(
    client: Client, asked: Any, responses: Any, tool: str = "ask", **more: Any
) -> Any:
    """Send a call again with its state and the answers."""
    return await client.call(
        tool,
        requestState=asked.result["requestState"],
        inputResponses=responses,
        **more,
    )


@pytest.mark.parametrize("tool", ["ask", "aask"])
async def test_a_question_travels_with_the_result(client: Client, tool: str) -> None:
    asked = await client.call(tool)
    result = asked.result
    assert result["resultType"] == "input_required"
    assert not result.keys() & {"ttlMs", "cacheScope", "content"}
    assert SERVER_KEY in result["_meta"]
    question = result["inputRequests"]["reason"]
    assert question["method"] == "elicitation/create"
    assert question["params"]["mode"] == "form"
    assert "reason" in question["params"]["requestedSchema"]["properties"]
    answer = await again(client, asked, filled(reason="torn"), tool)
    assert answer.text == "torn"


async def test_a_question_to_open_a_page_has_no_id(client: Client) -> None:
    asked = await client.call("ask_url")
    params = asked.result["inputRequests"]["in"]["params"]
    assert params["mode"] == "url"
    assert "elicitationId" not in params
    answer = await again(client, asked, {"in": {"action": "accept"}}, "ask_url")
    assert answer.text == "accept"


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_declining_is_an_answer(client: Client, action: str) -> None:
    asked = await client.call("ask")
    answer = await again(client, asked, {"reason": {"action": action}})
    assert answer.text == action


async def test_everything_can_be_asked_at_once(client: Client) -> None:
    asked = await client.call("ask_all")
    assert set(asked.result["inputRequests"]) == {"reason", "model", "roots"}
    model = {
        "role": "assistant",
        "model": "m",
        "content": {"type": "text", "text": "hello"},
    }
    partly = await again(
        client,
        asked,
        {"model": model, "nonsense": 1, **filled(reason="torn")},
        "ask_all",
    )
    assert set(partly.result["inputRequests"]) == {"roots"}
    roots = {"roots": {"roots": [{"uri": "file:///home"}]}}
    answer = await again(client, partly, roots, "ask_all")
    assert answer.text == "torn hello file:///home"


async def test_missing_answers_are_asked_again(client: Client) -> None:
    asked = await client.call("ask")
    for responses in ({}, {"other": {}}):
        asked = await again(client, asked, responses)
        assert set(asked.result["inputRequests"]) == {"reason"}


@pytest.mark.parametrize(
    "response",
    [
        {"action": "accept", "content": {"reason": "x" * 100}},
        {"action": "accept", "content": {}},
        {"action": "accept"},
        {"action": "perhaps"},
        {},
        1,
        None,
        [],
        {"action": "accept", "content": {"reason": {"deep": []}}},
        {"action": []},
        {"action": "accept", "content": []},
        {"action": "accept", "content": None},
    ],
)
async def test_an_answer_that_does_not_fit_is_asked_again(
    client: Client, response: Any
) -> None:
    asked = await client.call("ask")
    asked = await again(client, asked, {"reason": response})
    assert set(asked.result["inputRequests"]) == {"reason"}
    answer = await again(client, asked, filled(reason="torn"))
    assert answer.text == "torn"


async def test_what_ran_once_does_not_run_again(client: Client, probe: Probe) -> None:
    asked = await client.call("ask_twice")
    asked = await again(client, asked, filled(first="a"), "ask_twice")
    assert probe.count == 1
    assert set(asked.result["inputRequests"]) == {"second"}
    asked = await again(client, asked, {}, "ask_twice")
    answer = await again(client, asked, filled(second="b"), "ask_twice")
    assert answer.text == "a b 1"


async def test_prompts_and_resources_may_ask_too(client: Client) -> None:
    for method, params in (
        ("prompts/get", {"name": "ask_in_prompt"}),
        ("resources/read", {"uri": "shop://asking"}),
    ):
        asked = await client.ask(method, params)
        assert asked.result["resultType"] == "input_required"
        retry = {
            "requestState": asked.result["requestState"],
            "inputResponses": filled(reason="torn"),
        }
        answer = await client.ask(method, params | retry)
        assert "torn" in json.dumps(answer.result)


REFUSED_STATES: list[Any] = ["", "x", "é", "A" * 100, "A" * 300_000, 1, [], {}, True]


@pytest.mark.parametrize("state", REFUSED_STATES, ids=lambda s: repr(s)[:12])
async def test_a_made_up_state_is_refused(client: Client, state: Any) -> None:
    answer = await client.call("ask", requestState=state, inputResponses={})
    assert (answer.status, answer.code) == (400, -32602)
    assert "requestState" in answer.text


async def test_a_tampered_state_is_refused(client: Client) -> None:
    state = (await client.call("ask")).result["requestState"]
    middle = len(state) // 2
    changed = "A" if state[middle] != "A" else "B"
    for wrong in (
        state[:middle] + changed + state[middle + 1 :],
        state[:-4],
        state[4:],
    ):
        answer = await client.call("ask", requestState=wrong, inputResponses={})
        assert (answer.status, answer.code) == (400, -32602)


async def test_a_state_belongs_to_its_call(client: Client) -> None:
    asked = await client.call("ask", {"what": "a"})
    answers = filled(reason="torn")
    for tool, more in (
        ("ask", {}),
        ("ask", {"arguments": {"what": "b"}}),
        ("aask", {}),
    ):
        params = {"name": tool, **more}
        params |= {
            "requestState": asked.result["requestState"],
            "inputResponses": answers,
        }
        answer = await client.ask("tools/call", params)
        assert (answer.status, answer.code) == (400, -32602)
    answer = await again(client, asked, answers, arguments={"what": "a"})
    assert answer.text == "atorn"


async def test_a_state_belongs_to_its_caller(app: Any) -> None:
    alice, bob = (
        Client(app, capabilities=ASKABLE, headers={"authorization": f"Bearer {name}"})
        for name in ("alice", "bob")
    )
    asked = await alice.call("ask")
    answer = await again(bob, asked, filled(reason="torn"))
    assert (answer.status, answer.code) == (400, -32602)
    assert (await again(alice, asked, filled(reason="torn"))).text == "torn"


async def test_a_state_expires(client: Client, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "STATE_AGE": -1}
    asked = await client.call("ask")
    answer = await again(client, asked, filled(reason="torn"))
    assert (answer.status, answer.code) == (400, -32602)
    assert "expired" in answer.text


async def test_a_state_is_used_once(client: Client) -> None:
    asked = await client.call("ask")
    assert (await again(client, asked, filled(reason="torn"))).text == "torn"
    answer = await again(client, asked, filled(reason="torn"))
    assert (answer.status, answer.code) == (400, -32602)
    assert "used" in answer.text


async def test_a_state_of_a_call_that_broke_can_be_used_again(client: Client) -> None:
    asked = await client.call("ask_then_crash")
    answers = filled(reason="torn")
    assert (await again(client, asked, answers, "ask_then_crash")).code == -32603
    assert (await again(client, asked, answers, "ask_then_crash")).text == "mended"


async def test_a_state_says_nothing_to_the_client(client: Client) -> None:
    asked = await client.call("ask_twice")
    asked = await again(client, asked, filled(first="secret"), "ask_twice")
    state = asked.result["requestState"]
    with pytest.raises(sealing.BadSeal):
        sealing.unseal(state, b"")
    assert "secret" not in state


async def test_a_state_opens_with_a_key_that_was_replaced(
    client: Client, settings: Any
) -> None:
    asked = await client.call("ask")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"
    assert (await again(client, asked, filled(reason="torn"))).text == "torn"


@pytest.mark.parametrize(
    ("tool", "capabilities", "required"),
    [
        ("ask", {}, {"elicitation": {}}),
        ("ask", {"elicitation": {"url": {}}}, {"elicitation": {}}),
        ("ask_url", {"elicitation": {}}, {"elicitation": {"url": {}}}),
        ("ask_url", {"elicitation": {"form": {}}}, {"elicitation": {"url": {}}}),
        ("ask_all", {"elicitation": {}}, {"sampling": {}, "roots": {}}),
    ],
)
async def test_what_was_not_declared_is_not_asked(
    app: Any, tool: str, capabilities: Any, required: Any
) -> None:
    answer = await Client(app, capabilities=capabilities).call(tool)
    assert (answer.status, answer.code) == (400, -32021)
    assert answer.data == {"requiredCapabilities": required}


async def test_elicitation_without_a_mode_means_forms(app: Any) -> None:
    asked = await Client(app, capabilities={"elicitation": {}}).call("ask")
    assert asked.result["resultType"] == "input_required"


@pytest.mark.parametrize("responses", [[], "x", 1])
async def test_answers_come_as_an_object(client: Client, responses: Any) -> None:
    answer = await client.call("ask", inputResponses=responses)
    assert (answer.status, answer.code) == (400, -32602)


async def test_a_call_does_not_ask_forever(client: Client) -> None:
    asked = await client.call("ask_forever")
    for number in range(100):
        if "result" not in asked.body:
            break
        asked = await again(client, asked, filled(**{str(number): "x"}), "ask_forever")
    assert asked.code == -32602


# -- sessions -------------------------------------------------------------------------


async def test_a_session_is_needed(app: Any) -> None:
    for revision in HANDSHAKE:
        answer = await Client(app, revision).ask("tools/list")
        assert answer.status == 400
        assert answer.body["error"]["data"]["supported"] == SUPPORTED


async def test_a_session_ends(old: Client) -> None:
    async with old.visit(None, {"content-type": None}, method="DELETE") as visit:
        await visit.begin()
    assert visit.status == 204
    assert (await old.ask("tools/list")).status == 404
    assert (await old.tell("notifications/initialized")).status == 404
    async with old.stream() as stream:
        assert (await stream.begin()).status == 404
    async with old.visit(None, method="DELETE") as visit:
        assert (await visit.begin()).status == 404
    old.session_id = None
    await old.open()
    assert (await old.ask("tools/list")).status == 200


async def test_a_batch_after_the_end_is_not_found(app: Any) -> None:
    old = await Client(app, "2025-03-26").open()
    async with old.visit(None, method="DELETE") as visit:
        await visit.begin()
    assert (await old.send([message("ping")])).status == 404


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_ends_or_listens_needs_a_session(app: Any, method: str) -> None:
    client = Client(app, "2025-11-25")
    async with client.visit(None, {"accept": "text/event-stream"}, method=method) as v:
        await v.begin()
    assert v.status == (405 if method == "GET" else 400)


@pytest.mark.parametrize("id", ["x", "é", "a:b:c", "x" * 10_000, ".", "%00"])
async def test_an_unknown_session_is_not_found(app: Any, id: str) -> None:
    old = Client(app, "2025-11-25")
    old.session_id = id
    answer = await old.ask("tools/list")
    assert answer.status == 404
    assert answer.body["error"]["message"]


async def test_a_session_belongs_to_its_owner(app: Any) -> None:
    alice, bob = (
        Client(app, "2025-11-25", headers={"authorization": f"Bearer {name}"})
        for name in ("alice", "bob")
    )
    await alice.open()
    bob.session_id = alice.session_id
    assert (await bob.ask("tools/list")).status == 404
    async with bob.visit(None, method="DELETE") as visit:
        assert (await visit.begin()).status == 404
    async with bob.stream() as stream:
        assert (await stream.begin()).status == 404
    assert (await alice.ask("tools/list")).status == 200


async def test_a_session_expires(session: Client, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "SESSION_AGE": -1}
    sessions.forget_all()
    assert (await session.ask("tools/list")).status == 404


async def test_a_session_is_known_to_every_worker(session: Client) -> None:
    sessions.forget_all()
    assert (await session.ask("tools/list")).status == 200


async def test_a_session_id_means_nothing_in_the_stateless_era(
    client: Client, session: Client
) -> None:
    for id in (session.session_id, "x"):
        answer = await client.ask("tools/list", mcp_session_id=id)
        assert answer.status == 200
        assert "mcp-session-id" not in answer.headers


async def test_a_failed_beginning_leaves_no_session(app: Any) -> None:
    sent = initialize("2025-11-25")
    del sent["params"]["capabilities"]
    answer = await Client(app, "2025-11-25").send(sent)
    assert answer.code == -32602
    assert "mcp-session-id" not in answer.headers


async def test_an_unserved_version_header_is_refused_in_a_session(
    session: Client,
) -> None:
    answer = await session.ask("tools/list", mcp_protocol_version="2030-01-01")
    assert (answer.status, answer.code) == (400, -32022)
    async with session.visit(
        note("notifications/initialized"), {"mcp-protocol-version": "2030-01-01"}
    ) as visit:
        assert (await visit.begin()).status == 400


@pytest.mark.parametrize("name", [*HANDSHAKE, None])
async def test_without_sessions_every_message_is_served_alone(
    app: Any, settings: Any, name: str | None
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "SESSIONS": False}
    old = Client(app, name or "2025-03-26")
    if name is not None:
        answer = await old.send(initialize(name))
        assert "mcp-session-id" not in answer.headers
    headers: dict[str, Any] = {"mcp_protocol_version": name}
    assert (await old.ask("tools/list", **headers)).status == 200
    params = {"name": "add", "arguments": {"a": 1}}
    assert (await old.ask("tools/call", params, **headers)).text == "1"
    asked = await old.ask("tools/call", {"name": "ask"}, **headers)
    assert asked.status == 200
    assert "result" not in asked.body or asked.result["isError"]
    async with old.visit(None, method="DELETE") as visit:
        assert (await visit.begin()).status == 405


async def test_both_eras_are_served_at_the_same_time(app: Any, probe: Probe) -> None:
    clients = [await Client(app, revision).open() for revision in REVISIONS]
    answers = await asyncio.gather(
        *(client.call("add", {"a": n}) for n, client in enumerate(clients))
    )
    assert [answer.text for answer in answers] == ["0", "1", "2", "3", "4"]


# -- cancelling in the handshake era ----------------------------------------------


@pytest.mark.parametrize("talk", [True, False])
async def test_a_cancelled_call_gets_no_response(
    old: Client, probe: Probe, talk: bool
) -> None:
    await old.ask("logging/setLevel", {"level": "debug"})
    sent = old.message("tools/call", {"name": "wait", "arguments": {"talk": talk}})
    async with old.visit(sent) as visit:
        async with asyncio.timeout(PATIENCE):
            await probe.began.wait()
        told = {"requestId": sent["id"], "reason": "enough"}
        assert (await old.tell("notifications/cancelled", told)).status == 202
        async with asyncio.timeout(PATIENCE):
            await probe.cancelled.wait()
        answer = await old.answer(visit, sent)
    assert answer.body is None
    assert all("method" in one for one in answer.before)


@pytest.mark.parametrize("id", ["1", 99, None, [], {}, 1.5, True])
async def test_cancelling_something_else_cancels_nothing(
    session: Client, probe: Probe, id: Any
) -> None:
    sent = session.message("tools/call", {"name": "wait", "arguments": {"talk": False}})
    assert sent["id"] == 1
    async with session.visit(sent) as visit:
        async with asyncio.timeout(PATIENCE):
            await probe.began.wait()
        assert (
            await session.tell("notifications/cancelled", {"requestId": id})
        ).status == 202
        probe.go_on.set()
        assert (await session.answer(visit, sent)).text == "done"


async def test_a_session_cannot_cancel_the_calls_of_another(
    app: Any, session: Client, probe: Probe
) -> None:
    other = await Client(app, "2025-11-25").open()
    sent = session.message("tools/call", {"name": "wait", "arguments": {"talk": False}})
    async with session.visit(sent) as visit:
        async with asyncio.timeout(PATIENCE):
            await probe.began.wait()
        await other.tell("notifications/cancelled", {"requestId": sent["id"]})
        probe.go_on.set()
        assert (await session.answer(visit, sent)).text == "done"


# -- batches -------------------------------------------------------------------------


async def test_a_batch_is_answered_as_one(app: Any) -> None:
    old = await Client(app, "2025-03-26").open()
    call = {"name": "add", "arguments": {"a": 1}}
    batch = [
        message("ping", id="a"),
        note("notifications/x"),
        message("tools/call", call, 2),
        message("no/such", id=3),
        {"jsonrpc": "1.0", "id": 4},
        7,
    ]
    answer = await old.send(batch)
    assert answer.status == 200
    assert [one["id"] for one in answer.body] == ["a", 2, 3, 4, None]
    assert answer.body[1]["result"]["content"][0]["text"] == "1"
    assert answer.body[2]["error"]["code"] == -32601


async def test_a_batch_that_wants_no_answer_gets_none(app: Any) -> None:
    old = await Client(app, "2025-03-26").open()
    async with old.visit([note("notifications/x")] * 3) as visit:
        assert await visit.text() == ""
    assert visit.status == 202


async def test_a_batch_may_talk(app: Any) -> None:
    old = await Client(app, "2025-03-26").open()
    call = {"name": "talk", "_meta": {"progressToken": "p"}}
    async with old.visit(
        [message("tools/call", call, 1), message("ping", id=2)]
    ) as visit:
        found = [one async for one in visit.messages()]
    assert [one["id"] for one in found if "id" in one] == [1, 2]
    assert "method" in found[0]


# -- asking: the handshake era -----------------------------------------------------


async def answered(client: Client, sent: Any, result: Any) -> Any:
    """Send a call, answer what it asks, and return the questions and its answer."""
    questions = []
    async with client.visit(sent) as visit:
        async for found in visit.messages():
            if "method" not in found:
                assert_valid(found, client.revision, "tools/call")
                return questions, found
            if "id" in found:
                assert_valid(found, client.revision)
                questions.append(found)
                assert await client.reply(found, result) == 202
    raise AssertionError("The call was not answered.")


@pytest.mark.parametrize("revision", ["2025-06-18", "2025-11-25"])
@pytest.mark.parametrize("tool", ["ask", "aask"])
async def test_a_question_comes_on_the_calls_own_stream(
    app: Any, revision: str, tool: str
) -> None:
    old = await Client(app, revision, capabilities=ASKABLE).open()
    sent = old.message("tools/call", {"name": tool})
    questions, answer = await answered(
        old, sent, {"action": "accept", "content": {"reason": "torn"}}
    )
    assert [question["method"] for question in questions] == ["elicitation/create"]
    assert answer["result"]["content"][0]["text"] == "torn"


async def test_an_invalid_answer_is_asked_again_on_the_stream(session: Client) -> None:
    replies = iter(
        [
            {"action": "accept", "content": {"reason": "x" * 100}},
            {"action": "accept", "content": {"reason": "torn"}},
        ]
    )
    sent = session.message("tools/call", {"name": "ask"})
    async with session.visit(sent) as visit:
        async for found in visit.messages():
            if "method" not in found:
                break
            assert await session.reply(found, next(replies)) == 202
    assert found["result"]["content"][0]["text"] == "torn"


async def test_a_page_is_asked_for_with_an_id(session: Client) -> None:
    sent = session.message("tools/call", {"name": "ask_url"})
    [question], answer = await answered(session, sent, {"action": "accept"})
    assert question["params"]["elicitationId"]
    assert answer["result"]["content"][0]["text"] == "accept"


@pytest.mark.parametrize(
    ("revision", "tool"),
    [
        ("2024-11-05", "ask"),
        ("2025-03-26", "ask"),
        ("2025-03-26", "confirm"),
        ("2025-06-18", "ask_url"),
    ],
)
async def test_what_a_revision_cannot_ask_is_told_to_the_model(
    app: Any, revision: str, tool: str
) -> None:
    # Even when the client says that it could.
    old = await Client(app, revision, capabilities=ASKABLE).open()
    answer = await old.call(tool)
    assert answer.status == 200
    assert answer.result["isError"] is True


@pytest.mark.parametrize("tool", ["ask", "aask", "ask_url", "ask_all", "confirm"])
@pytest.mark.parametrize("revision", HANDSHAKE)
async def test_a_client_that_declared_nothing_is_not_asked(
    app: Any, revision: str, tool: str
) -> None:
    old = await Client(app, revision).open()
    answer = await old.call(tool)
    assert answer.status == 200
    assert answer.before == []
    # The code for this belongs to the stateless era.
    assert answer.code == -32602


async def test_a_client_that_takes_no_stream_is_not_asked(session: Client) -> None:
    answer = await session.ask("tools/call", {"name": "ask"}, accept="application/json")
    assert answer.result["isError"] is True


async def test_a_client_may_answer_with_an_error(session: Client) -> None:
    sent = session.message("tools/call", {"name": "ask"})
    async with session.visit(sent) as visit:
        question = await visit.message()
        refusal = {
            "jsonrpc": "2.0",
            "id": question["id"],
            "error": {"code": -1, "message": "No window."},
        }
        async with session.visit(refusal) as other:
            assert (await other.begin()).status == 202
        answer = await session.answer(visit, sent)
    assert answer.result["isError"] is True
    assert "No window." in answer.text


async def test_an_answer_to_nothing_is_accepted_and_forgotten(session: Client) -> None:
    for id in (1, "x"):
        assert await session.reply({"id": id}, {"action": "accept"}) == 202


async def test_a_question_is_not_answered_from_another_session(
    app: Any, session: Client
) -> None:
    other = await Client(app, "2025-11-25").open()
    sent = session.message("tools/call", {"name": "ask"})
    async with session.visit(sent) as visit:
        question = await visit.message()
        forged = {"action": "accept", "content": {"reason": "forged"}}
        assert await other.reply(question, forged) == 202
        honest = {"action": "accept", "content": {"reason": "honest"}}
        assert await session.reply(question, honest) == 202
        answer = await session.answer(visit, sent)
    assert answer.text == "honest"


async def test_a_question_is_not_waited_for_forever(
    session: Client, settings: Any
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "STATE_AGE": 0.1}
    answer = await session.call("ask")
    assert answer.result["isError"] is True
    assert [one["method"] for one in answer.before][0] == "elicitation/create"


# -- GET, resuming ---------------------------------------------------------------------


async def test_a_session_hears_of_changes(old: Client, server: MCPServer) -> None:
    await old.ask("resources/subscribe", {"uri": "shop://hours"})
    async with old.stream() as stream:
        await stream.begin()
        assert stream.is_stream
        await anext(stream.events())
        await extra_tool(server, "extra")
        first = await stream.message()
        server.notify_resource_updated("shop://other")
        server.notify_resource_updated("shop://hours")
        second = await stream.message()
        assert_valid(first, old.revision)
        assert_valid(second, old.revision)
    assert first["method"] == "notifications/tools/list_changed"
    assert second["method"] == "notifications/resources/updated"
    assert second["params"] == {"uri": "shop://hours"}


async def test_a_session_may_unsubscribe(session: Client, server: MCPServer) -> None:
    for method in ("resources/subscribe", "resources/unsubscribe"):
        assert (await session.ask(method, {"uri": "shop://hours"})).result == {}
    async with session.stream() as stream:
        await anext(stream.events())
        server.notify_resource_updated("shop://hours")
        await extra_tool(server, "extra")
        assert "tools" in (await stream.message())["method"]


@pytest.mark.parametrize("uri", [None, 1, [], "x" * 3000])
@pytest.mark.parametrize("method", ["resources/subscribe", "resources/unsubscribe"])
async def test_a_malformed_subscription_is_refused(
    session: Client, method: str, uri: Any
) -> None:
    assert (await session.ask(method, {"uri": uri})).code == -32602


async def test_what_is_not_there_cannot_be_subscribed_to(session: Client) -> None:
    answer = await session.ask("resources/subscribe", {"uri": "no://such"})
    assert answer.code == -32002


@pytest.mark.parametrize("accept", [None, "application/json", "text/html"])
async def test_a_get_must_take_a_stream(session: Client, accept: Any) -> None:
    async with session.stream(accept=accept) as stream:
        assert (await stream.begin()).status == 406


async def test_a_second_get_takes_over(session: Client, server: MCPServer) -> None:
    async with session.stream() as first:
        await anext(first.events())
        async with session.stream() as second:
            await anext(second.events())
            await first.finished()
            await extra_tool(server, "extra")
            assert "tools" in (await second.message())["method"]
        assert not [one async for one in first.messages()]


async def test_a_broken_stream_is_taken_up_again(session: Client, probe: Probe) -> None:
    await session.ask("logging/setLevel", {"level": "debug"})
    sent = session.message("tools/call", {"name": "wait", "arguments": {"talk": True}})
    ids = []
    async with session.visit(sent) as visit:
        events = visit.events()
        priming = await anext(events)
        assert priming["id"]
        assert not priming["data"]
        ids = [priming["id"], (await anext(events))["id"]]
        visit.leave()
        async with asyncio.timeout(PATIENCE):
            await asyncio.sleep(0.15)
            probe.go_on.set()
            await probe.ended.wait()
    async with session.stream(last_event_id=ids[1]) as stream:
        found = [event async for event in stream.events() if event.get("data")]
    told = [json.loads(event["data"]) for event in found]
    assert [one.get("id") for one in told] == [None, sent["id"]]
    ids += [event["id"] for event in found]
    assert len(set(ids)) == len(ids)
    async with session.stream(last_event_id=ids[0]) as stream:
        assert len([one async for one in stream.messages()]) == 3


async def test_a_stream_the_call_ended_itself_is_taken_up_again(
    session: Client, probe: Probe
) -> None:
    await session.ask("logging/setLevel", {"level": "debug"})
    sent = session.message("tools/call", {"name": "part"})
    async with session.visit(sent) as visit:
        events = [event async for event in visit.events()]
        assert any("retry" in event for event in events)
        last = [event["id"] for event in events if "id" in event][-1]
        async with session.stream(last_event_id=last) as stream:
            assert (await stream.message())["params"]["data"] == "after"
            probe.go_on.set()
            assert (await stream.message())["id"] == sent["id"]


async def test_a_cancelled_stream_ends_when_it_is_taken_up_again(
    session: Client, probe: Probe
) -> None:
    await session.ask("logging/setLevel", {"level": "debug"})
    sent = session.message("tools/call", {"name": "wait", "arguments": {"talk": True}})
    async with session.visit(sent) as visit:
        first = await anext(visit.events())
        async with asyncio.timeout(PATIENCE):
            await probe.began.wait()
        await session.tell("notifications/cancelled", {"requestId": sent["id"]})
        await visit.finished()
    async with session.stream(last_event_id=first["id"]) as stream:
        told = [one async for one in stream.messages()]
    assert all("method" in one for one in told)


@pytest.mark.parametrize("id", ["x", "", "x-1", "-", "x-99999999999", "é-1", "a-é"])
async def test_a_stream_nobody_knows_cannot_be_taken_up(
    session: Client, id: str
) -> None:
    async with session.stream(last_event_id=id) as stream:
        await stream.begin()
    assert 400 <= stream.status < 500
    # 404 would mean that the session has ended.
    assert stream.status != 404


async def test_a_stream_cannot_be_taken_up_by_another_session(
    app: Any, session: Client
) -> None:
    sent = session.message(
        "tools/call", {"name": "talk", "_meta": {"progressToken": 1}}
    )
    async with session.visit(sent) as visit:
        first = await anext(visit.events())
        other = await Client(app, "2025-11-25").open()
        async with other.stream(last_event_id=first["id"]) as stream:
            assert 400 <= (await stream.begin()).status < 500


# -- the table of deviations: what the others get wrong ---------------------------------


async def test_deviation_01_an_unknown_tool_is_a_protocol_error(
    anybody: Client,
) -> None:
    assert (await anybody.call("no_such")).code == -32602


@pytest.mark.parametrize("named", [None, *HANDSHAKE])
async def test_deviation_02_a_stateless_body_with_another_header_is_a_mismatch(
    client: Client, named: Any
) -> None:
    answer = await client.ask("tools/list", mcp_protocol_version=named)
    assert (answer.status, answer.code) == (400, -32020)
    assert "mcp-session-id" not in answer.headers


async def test_deviation_03_an_unknown_version_header_is_answered_with_the_known(
    client: Client,
) -> None:
    headers = {"mcp-protocol-version": "2031-01-01"}
    answer = await client.send(message("tools/list"), headers)
    assert (answer.status, answer.code) == (400, -32022)
    assert answer.data["supported"] == SUPPORTED


async def test_deviation_04_initialize_with_the_stateless_header_is_served(
    client: Client,
) -> None:
    old = Client(client.app, "2025-06-18")
    headers = {"mcp-protocol-version": STATELESS}
    answer = await old.send(initialize("2025-06-18"), headers)
    assert answer.result["protocolVersion"] == "2025-06-18"
    answer = await client.ask("initialize", initialize("2025-06-18")["params"])
    assert answer.data["supported"] == SUPPORTED


async def test_deviation_05_every_served_version_is_listed(client: Client) -> None:
    discovered = (await client.ask("server/discover")).result["supportedVersions"]
    sent = stateless("tools/list")
    sent["params"]["_meta"][VERSION_KEY] = "2031-01-01"
    answer = await client.send(sent, {"mcp-protocol-version": "2031-01-01"})
    assert discovered == answer.data["supported"] == SUPPORTED


async def test_deviation_06_leaving_cancels_in_json_mode(
    client: Client, probe: Probe
) -> None:
    sent = client.message("tools/call", {"name": "wait", "arguments": {"talk": False}})
    async with client.visit(sent, {"accept": "application/json"}) as visit:
        async with asyncio.timeout(PATIENCE):
            await probe.began.wait()
            visit.leave()
            await probe.cancelled.wait()


async def test_deviation_07_an_unknown_prompt_is_malformed(anybody: Client) -> None:
    for params in ({"name": "no_such"}, {"name": "greet", "arguments": {}}):
        assert (await anybody.ask("prompts/get", params)).code == -32602


async def test_deviation_08_who_logs_declares_it(anybody: Client) -> None:
    if anybody.revision == STATELESS:
        result = (await anybody.ask("server/discover")).result
    else:
        result = (
            await anybody.send(initialize(anybody.revision), {"mcp-session-id": None})
        ).result
    assert "logging" in result["capabilities"]


async def test_deviation_09_a_bad_cursor_is_refused(anybody: Client) -> None:
    assert (await anybody.ask("tools/list", {"cursor": "?"})).code == -32602


async def test_deviation_10_asking_works_in_the_stateless_era(client: Client) -> None:
    assert (await client.call("ask")).result["resultType"] == "input_required"


async def test_deviation_11_listening_is_served(client: Client) -> None:
    async with client.visit(listen(1, toolsListChanged=True)) as visit:
        assert "acknowledged" in (await visit.message())["method"]


async def test_deviation_12_changes_and_subscriptions_are_served_before(
    old: Client,
) -> None:
    answer = await old.send(initialize(old.revision), {"mcp-session-id": None})
    capabilities = answer.result["capabilities"]
    assert capabilities["tools"]["listChanged"]
    assert capabilities["resources"] == {"listChanged": True, "subscribe": True}
    assert (await old.ask("resources/subscribe", {"uri": "shop://hours"})).result == {}


async def test_deviation_13_a_missing_resource_has_its_old_code(old: Client) -> None:
    answer = await old.ask("resources/read", {"uri": "no://such"})
    assert answer.code == -32002


async def test_deviation_14_a_batch_is_served(app: Any) -> None:
    old = await Client(app, "2025-03-26").open()
    answer = await old.send([message("ping", id=1), message("ping", id=2)])
    assert [one["result"] for one in answer.body] == [{}, {}]


async def test_deviation_15_a_second_initialize_is_refused(old: Client) -> None:
    answer = await old.send(initialize(old.revision))
    assert answer.code == -32600
    assert "mcp-session-id" not in answer.headers


async def test_deviation_16_a_cancelled_call_is_not_answered(
    session: Client, probe: Probe
) -> None:
    sent = session.message("tools/call", {"name": "wait", "arguments": {"talk": False}})
    async with session.visit(sent) as visit:
        async with asyncio.timeout(PATIENCE):
            await probe.began.wait()
        await session.tell("notifications/cancelled", {"requestId": sent["id"]})
        assert (await session.answer(visit, sent)).body is None


async def test_deviation_17_the_words_of_a_crash_are_withheld(anybody: Client) -> None:
    assert "hunter2" not in json.dumps((await anybody.call("crash")).body)


async def test_deviation_18_a_get_without_a_session_is_not_allowed(app: Any) -> None:
    for headers in ({}, {"mcp-protocol-version": STATELESS}):
        merged = {"accept": "text/event-stream", **headers}
        async with Client(app, "2025-11-25").visit(None, merged, method="GET") as visit:
            await visit.begin()
        assert visit.status == 405
        assert "POST" in visit.headers["allow"]


@pytest.mark.parametrize(
    ("status", "headers", "method"),
    [
        (406, {"accept": "text/html"}, "POST"),
        (415, {"content-type": "text/plain"}, "POST"),
        (405, {}, "PUT"),
        (403, {"origin": "https://evil.example"}, "POST"),
        (401, {"authorization": "Bearer nobody"}, "POST"),
    ],
)
async def test_deviation_19_a_refusal_has_words(
    client: Client, status: int, headers: Any, method: str
) -> None:
    answer = await client.send(stateless("tools/list"), headers, method=method)
    assert answer.status == status
    assert answer.body["id"] is None
    assert answer.body["error"]["message"]


async def test_deviation_19_a_body_too_large_is_told(
    client: Client, settings: Any
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "MAX_BODY_SIZE": 10}
    answer = await client.send(stateless("tools/list"))
    assert answer.status == 413
    assert answer.body["id"] is None
    assert answer.body["error"]["message"]


@pytest.mark.parametrize("app", ["mount"], indirect=True)
async def test_names_of_hosts_have_a_length(client: Client) -> None:
    long = "x" * 10_000
    answer = await client.send(stateless("tools/list"), {"host": long})
    assert answer.status == 421
    answer = await client.send(stateless("tools/list"), {"origin": f"http://{long}"})
    assert answer.status == 403


async def test_deviation_19_a_misdirected_host_is_told(
    client: Client, request: pytest.FixtureRequest
) -> None:
    answer = await client.send(stateless("tools/list"), {"host": "evil.example"})
    assert answer.status == 421
    assert answer.body["error"]["message"]


async def test_deviation_20_an_error_names_the_field(anybody: Client) -> None:
    answer = await anybody.ask("prompts/get", {"name": "greet", "arguments": {}})
    assert "name" in answer.text
    assert answer.data != ""


async def test_deviation_21_unknown_arguments_are_refused(anybody: Client) -> None:
    tools = (await anybody.ask("tools/list")).result["tools"]
    [add] = [tool for tool in tools if tool["name"] == "add"]
    assert add["inputSchema"]["additionalProperties"] is False
    answer = await anybody.call("add", {"a": 1, "zzz": 1})
    assert answer.result["isError"] is True
    assert "zzz" in answer.text


# -- what must not go wrong on the way -------------------------------------------------


async def test_a_client_that_leaves_while_sending_is_forgotten(app: Any) -> None:
    body = json.dumps(stateless("tools/list")).encode()
    visit = Visit(
        app, "POST", [body[:10]], Client(app).headers(stateless("tools/list"))
    )
    visit._in.get_nowait()
    visit._in.put_nowait({"type": "http.request", "body": body[:10], "more_body": True})
    async with visit:
        visit.leave()
        await visit.finished()
    assert (await Client(app).ask("tools/list")).status == 200
