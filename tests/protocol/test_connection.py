"""Every rule about one message, as a row of a table.

A row is a message, its headers, what is known of the conversation, and what
the message must mean. The pages named are those of the specification of
2026-07-28, unless another revision stands before them.
"""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple

import pytest

from django_mcp.protocol.connection import MAX_BATCH, Connection
from django_mcp.protocol.events import (
    Answered,
    Asked,
    Batched,
    Notified,
    Rejected,
    Session,
)
from django_mcp.protocol.headers import Headers
from django_mcp.protocol.messages import (
    CAPABILITIES_KEY,
    CLIENT_KEY,
    LOG_LEVEL_KEY,
    VERSION_KEY,
)
from django_mcp.protocol.revisions import REVISIONS, STATELESS, SUPPORTED
from django_mcp.protocol.shapes import wants_answer
from tests.wire import (
    HANDSHAKE,
    engine_headers,
    initialize,
    message,
    meta,
    note,
    pairs,
    standard_headers,
    stateless,
)
from tests.wire import (
    REVISIONS as ALL_REVISIONS,
)

LIST = stateless("tools/list")
CALL = stateless("tools/call", {"name": "add", "arguments": {"a": 1}})
READ = stateless("resources/read", {"uri": "shop://café"})
GET = stateless("prompts/get", {"name": "greet"})

PARSE, REQUEST, METHOD, PARAMS = -32700, -32600, -32601, -32602
MISMATCH, UNSUPPORTED = -32020, -32022


def session(revision: str, capabilities: Any = None) -> Session:
    return Session(REVISIONS[revision], capabilities or {}, {"name": "c"}, "id")


def legacy(revision: str | None = None, **changed: Any) -> Headers:
    headers = standard_headers() | {"mcp-protocol-version": revision}
    return Headers(pairs(headers | changed))


def without(sent: dict[str, Any], key: str) -> dict[str, Any]:
    found = {name: value for name, value in meta().items() if name != key}
    return {**sent, "params": {**sent["params"], "_meta": found}}


def with_meta(sent: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**sent, "params": {**sent["params"], "_meta": meta() | changed}}


def receive(sent: Any, headers: Headers | None, **options: Any) -> Any:
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    return Connection(options.pop("session", None), **options).receive(body, headers)


def error_of(event: Any) -> dict[str, Any]:
    assert type(event) is Rejected, event
    reply = json.loads(event.body)
    assert reply["jsonrpc"] == "2.0"
    error: dict[str, Any] = reply["error"] | {"id": reply["id"]}
    return error


class Refused(NamedTuple):
    """A row of the table of refusals."""

    name: str
    sent: Any
    #: Headers that differ from the right ones; ``None`` leaves one out.
    headers: dict[str, Any]
    status: int
    code: int
    #: The id of the answer; a null where the message has none to trust.
    id: Any = 1


NO_VERSION: list[Any] = [None, 1, {}, ["2026-07-28"]]
NO_LEVEL: list[Any] = ["loud", "", "Info", 1, [], {}]
NO_TOKEN: list[Any] = [None, 1.5, True, [], {}]
NOT_AN_OBJECT: list[Any] = ["x", 1, True, None, 1.5, []]

STATELESS_REFUSALS = [
    # Content negotiation: basic/transports/streamable-http, "Sending Messages".
    Refused("no json accepted", LIST, {"accept": "text/html"}, 406, REQUEST, None),
    Refused("everything refused", LIST, {"accept": "*/*;q=0"}, 406, REQUEST, None),
    Refused("no content type", LIST, {"content-type": None}, 415, REQUEST, None),
    Refused("plain text", LIST, {"content-type": "text/plain"}, 415, REQUEST, None),
    Refused(
        "not utf-8",
        LIST,
        {"content-type": "application/json; charset=latin-1"},
        415,
        REQUEST,
        None,
    ),
    # JSON-RPC: basic/index, "Messages".
    Refused("empty", b"", {}, 400, PARSE, None),
    Refused("cut off", b'{"jsonrpc": "2.0"', {}, 400, PARSE, None),
    Refused("two values", b"{}{}", {}, 400, PARSE, None),
    Refused("bad utf-8", b'{"a": "\xff"}', {}, 400, PARSE, None),
    Refused("lone surrogate", b'{"a": "\\ud800"}', {}, 400, PARSE, None),
    Refused("not a number", b'{"id": NaN}', {}, 400, PARSE, None),
    Refused("infinity", b'{"id": Infinity}', {}, 400, PARSE, None),
    Refused("bottomless", b"[" * 100_000, {}, 400, PARSE, None),
    Refused(
        "too deep",
        {**LIST, "x": json.loads("[" * 70 + "]" * 70)},
        {},
        400,
        -32600,
        None,
    ),
    Refused("a batch", [LIST], {}, 400, REQUEST, None),
    Refused("an empty batch", [], {}, 400, REQUEST, None),
    Refused("a string", "tools/list", {}, 400, REQUEST, None),
    Refused("a null", None, {}, 400, REQUEST, None),
    Refused("an empty object", {}, {}, 400, REQUEST, None),
    Refused("no version", {**LIST, "jsonrpc": None}, {}, 400, REQUEST),
    Refused("version 1.0", {**LIST, "jsonrpc": "1.0"}, {}, 400, REQUEST),
    Refused("version as a number", {**LIST, "jsonrpc": 2.0}, {}, 400, REQUEST),
    Refused("null id", {**LIST, "id": None}, {}, 400, REQUEST, None),
    Refused("float id", {**LIST, "id": 1.5}, {}, 400, REQUEST, None),
    Refused("whole float id", {**LIST, "id": 1.0}, {}, 400, REQUEST, None),
    Refused("boolean id", {**LIST, "id": True}, {}, 400, REQUEST, None),
    Refused("object id", {**LIST, "id": {}}, {}, 400, REQUEST, None),
    Refused("list id", {**LIST, "id": [1]}, {}, 400, REQUEST, None),
    Refused("enormous id", {**LIST, "id": 10**400}, {}, 400, REQUEST, None),
    Refused("method as a number", {**LIST, "method": 1}, {}, 400, REQUEST),
    Refused("method as an object", {**LIST, "method": {}}, {}, 400, REQUEST),
    Refused("method and id missing", {"jsonrpc": "2.0"}, {}, 400, REQUEST, None),
    # A response: "The client MUST NOT send JSON-RPC responses".
    Refused(
        "a response", {"jsonrpc": "2.0", "id": 1, "result": {}}, {}, 400, REQUEST, None
    ),
    Refused(
        "an error response",
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ""}},
        {},
        400,
        REQUEST,
        None,
    ),
    # Header and body decide the version together: basic/versioning.
    Refused(
        "version header missing", LIST, {"mcp-protocol-version": None}, 400, -32020
    ),
    *[
        Refused(f"header {old}", LIST, {"mcp-protocol-version": old}, 400, MISMATCH)
        for old in (*HANDSHAKE, "1.0", "", "2026-07-28, 2026-07-28")
    ],
    *[
        Refused(f"{name} twice", CALL, {name: [value, value]}, 400, MISMATCH)
        for name, value in [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "add"),
        ]
    ],
    Refused("no _meta", message("tools/list"), {}, 400, PARAMS),
    Refused("empty _meta", message("tools/list", {"_meta": {}}), {}, 400, PARAMS),
    *[
        Refused(
            f"_meta is {value!r}",
            message("tools/list", {"_meta": value}),
            {},
            400,
            -32602,
        )
        for value in NOT_AN_OBJECT
    ],
    *[
        Refused(f"params is {value!r}", message("tools/list", value), {}, 400, PARAMS)
        for value in NOT_AN_OBJECT
        if value is not None
    ],
    *[
        Refused(
            f"protocolVersion is {value!r}",
            with_meta(LIST, **{VERSION_KEY: value}),
            {},
            400,
            PARAMS,
        )
        for value in NO_VERSION
    ],
    Refused("no capabilities", without(LIST, CAPABILITIES_KEY), {}, 400, PARAMS),
    *[
        Refused(
            f"capabilities are {value!r}",
            with_meta(LIST, **{CAPABILITIES_KEY: value}),
            {},
            400,
            PARAMS,
        )
        for value in (None, [], "roots", {"roots": True}, {"roots": None})
    ],
    *[
        Refused(
            f"clientInfo is {value!r}",
            with_meta(LIST, **{CLIENT_KEY: value}),
            {},
            400,
            PARAMS,
        )
        for value in ("me", ["me"], 1)
    ],
    *[
        Refused(
            f"unserved {version}",
            with_meta(LIST, **{VERSION_KEY: version}),
            {"mcp-protocol-version": version},
            400,
            UNSUPPORTED,
        )
        for version in ("2027-01-01", "1.0", "", *HANDSHAKE)
    ],
    # Without _meta the version header alone names what nobody serves.
    Refused(
        "unserved header, no _meta",
        message("tools/list"),
        {"mcp-protocol-version": "2027-01-01"},
        400,
        UNSUPPORTED,
    ),
    # The routing headers: "Standard Request Headers".
    Refused("Mcp-Method missing", LIST, {"mcp-method": None}, 400, MISMATCH),
    Refused("Mcp-Method empty", LIST, {"mcp-method": ""}, 400, MISMATCH),
    Refused("Mcp-Method other", LIST, {"mcp-method": "tools/call"}, 400, MISMATCH),
    Refused("Mcp-Method case", LIST, {"mcp-method": "Tools/List"}, 400, MISMATCH),
    *[
        Refused(
            f"Mcp-Name missing {sent['method']}", sent, {"mcp-name": None}, 400, -32020
        )
        for sent in (
            CALL,
            GET,
            READ,
            stateless("tasks/get", {"taskId": "t"}),
            stateless("tasks/update", {"taskId": "t"}),
            stateless("tasks/cancel", {"taskId": "t"}),
        )
    ],
    Refused("Mcp-Name other", CALL, {"mcp-name": "sub"}, 400, MISMATCH),
    Refused("Mcp-Name case", CALL, {"mcp-name": "Add"}, 400, MISMATCH),
    Refused("Mcp-Name not Base64", CALL, {"mcp-name": "=?base64?%%?="}, 400, MISMATCH),
    Refused("Mcp-Name half wrapped", CALL, {"mcp-name": "=?base64?YWRk"}, 400, -32020),
    Refused("Mcp-Name raw bytes", READ, {"mcp-name": "shop://café"}, 400, MISMATCH),
    # server/utilities/logging and basic/patterns/progress.
    *[
        Refused(
            f"log level {level!r}",
            with_meta(LIST, **{LOG_LEVEL_KEY: level}),
            {},
            400,
            -32602,
        )
        for level in NO_LEVEL
    ],
    *[
        Refused(
            f"progress token {token!r}",
            with_meta(LIST, progressToken=token),
            {},
            400,
            -32602,
        )
        for token in NO_TOKEN
    ],
    # The revision has none; the answer says where it can be sent.
    Refused(
        "initialize",
        stateless("initialize", initialize("2025-11-25")["params"]),
        {},
        404,
        METHOD,
    ),
]


@pytest.mark.parametrize("row", STATELESS_REFUSALS, ids=lambda row: row.name)
def test_a_wrong_message_of_the_stateless_era_is_refused(row: Refused) -> None:
    event = receive(row.sent, engine_headers(row.sent, **row.headers))
    error = error_of(event)
    assert (event.status, error["code"], error["id"]) == (row.status, row.code, row.id)
    assert error["message"]


@pytest.mark.parametrize(
    "row",
    [
        row
        for row in STATELESS_REFUSALS
        if row.code in {PARSE, REQUEST} and row.status == 400 and not row.headers
    ],
    ids=lambda row: row.name,
)
def test_what_is_no_message_is_refused_over_stdio_too(row: Refused) -> None:
    error = error_of(receive(row.sent, None))
    assert (error["code"], error["id"]) == (row.code, row.id)


@pytest.mark.parametrize("version", ["2027-01-01", *HANDSHAKE])
def test_an_unserved_version_is_answered_with_all_that_are(version: str) -> None:
    sent = with_meta(LIST, **{VERSION_KEY: version})
    error = error_of(receive(sent, engine_headers(sent, mcp_protocol_version=version)))
    assert error["data"] == {"supported": SUPPORTED, "requested": version}
    assert ["2026-07-28", *reversed(HANDSHAKE)] == SUPPORTED


def test_initialize_in_the_stateless_era_is_answered_with_the_served_versions() -> None:
    sent = stateless("initialize", initialize("2025-11-25")["params"])
    error = error_of(receive(sent, engine_headers(sent)))
    assert error["data"]["supported"] == SUPPORTED


@pytest.mark.parametrize("missing", [{}, {"_meta": {}}])
def test_a_missing_meta_is_answered_with_what_it_must_hold(missing: Any) -> None:
    sent = message("tools/list", missing)
    assert VERSION_KEY in str(error_of(receive(sent, engine_headers(sent)))["data"])


ENCODED = "=?base64?" + base64.b64encode("shop://café".encode()).decode() + "?="

STATELESS_ACCEPTED: list[tuple[str, Any, dict[str, Any]]] = [
    ("as it should be", LIST, {}),
    ("a name", CALL, {}),
    ("a name with space around it", CALL, {"mcp-name": "\t add "}),
    ("an encoded uri", READ, {"mcp-name": ENCODED}),
    ("an encoded plain name", CALL, {"mcp-name": "=?base64?YWRk?="}),
    ("a string id", {**LIST, "id": "1"}, {}),
    ("an empty id", {**LIST, "id": ""}, {}),
    ("a zero id", {**LIST, "id": 0}, {}),
    ("a negative id", {**LIST, "id": -5}, {}),
    ("an id of 63 bits", {**LIST, "id": 2**63 - 1}, {}),
    ("an unknown method", stateless("no/such"), {}),
    ("an unknown member", {**LIST, "x": 1}, {}),
    ("any media type", LIST, {"accept": "*/*"}),
    ("no accept", LIST, {"accept": None}),
    ("families of types", LIST, {"accept": "application/*, text/*"}),
    ("weights", LIST, {"accept": "application/json;q=0.1, text/event-stream;q=1.0"}),
    ("two accept headers", LIST, {"accept": ["application/json", "text/event-stream"]}),
    ("a stream alone", LIST, {"accept": "application/json;q=0, text/event-stream"}),
    ("json alone", LIST, {"accept": "application/json"}),
    ("a charset", LIST, {"content-type": 'Application/JSON; charset="UTF-8"'}),
    ("no client info", without(LIST, CLIENT_KEY), {}),
    ("a null client info", with_meta(LIST, **{CLIENT_KEY: None}), {}),
    ("a session id", LIST, {"mcp-session-id": "whatever"}),
    ("a place to resume", LIST, {"last-event-id": "1"}),
    ("a log level", with_meta(LIST, **{LOG_LEVEL_KEY: "debug"}), {}),
    ("a progress token", with_meta(LIST, progressToken="t"), {}),
    ("a progress token of zero", with_meta(LIST, progressToken=0), {}),
    ("a name nobody needs", LIST, {"mcp-name": "whatever"}),
]


@pytest.mark.parametrize(
    ("sent", "headers"),
    [row[1:] for row in STATELESS_ACCEPTED],
    ids=[row[0] for row in STATELESS_ACCEPTED],
)
@pytest.mark.parametrize("known", [None, Connection.ENDED], ids=["none", "ended"])
def test_a_right_message_of_the_stateless_era_is_asked(
    sent: Any, headers: dict[str, Any], known: Any
) -> None:
    event = receive(sent, engine_headers(sent, **headers), session=known)
    assert type(event) is Asked, event
    assert (event.id, event.method) == (sent["id"], sent["method"])
    assert type(event.id) is type(sent["id"])
    assert event.revision is STATELESS
    assert event.session is None


def test_a_message_of_the_stateless_era_says_who_it_is() -> None:
    sent = stateless("tools/list", capabilities={"roots": {}}, progressToken=7)
    event = receive(sent, engine_headers(sent))
    assert event.client == {"name": "test", "version": "1"}
    assert event.capabilities == {"roots": {}}
    assert event.meta["progressToken"] == 7
    assert event.log_level is None


def test_over_stdio_no_headers_are_needed() -> None:
    event = receive(CALL, None)
    assert type(event) is Asked
    assert event.headers is None


@pytest.mark.parametrize("name", HANDSHAKE)
def test_a_process_with_a_session_serves_the_stateless_era_too(name: str) -> None:
    event = receive(LIST, None, session=session(name))
    assert event.revision is STATELESS


# -- notifications and answers ---------------------------------------------


@pytest.mark.parametrize("params", [None, {}, {"_meta": {}}, {"requestId": 1}])
@pytest.mark.parametrize("name", ALL_REVISIONS)
def test_a_notification_is_heard(name: str, params: Any) -> None:
    known = None if name == STATELESS.name else session(name)
    event = receive(
        note("notifications/cancelled", params), legacy(name), session=known
    )
    assert type(event) is Notified
    assert event.params == (params or {})
    assert event.revision.name == name


def test_a_notification_may_say_itself_that_it_stands_alone() -> None:
    sent = note("notifications/cancelled", {"_meta": meta()})
    assert receive(sent, engine_headers(sent)).revision is STATELESS


@pytest.mark.parametrize("params", ["x", 1, [], True])
def test_a_malformed_notification_is_refused_without_a_word(params: Any) -> None:
    event = receive(note("notifications/x", params), engine_headers(None))
    assert event == Rejected(400, b"")


@pytest.mark.parametrize(
    ("known", "status"), [(None, 400), (Connection.ENDED, 404)], ids=["none", "ended"]
)
@pytest.mark.parametrize(
    "sent",
    [note("notifications/initialized"), {"jsonrpc": "2.0", "id": 1, "result": {}}],
    ids=["notification", "answer"],
)
def test_what_needs_a_session_says_so(sent: Any, known: Any, status: int) -> None:
    event = receive(sent, legacy("2025-11-25"), session=known)
    assert event.status == status
    assert error_of(event)["id"] is None


@pytest.mark.parametrize(
    "sent",
    [
        note("notifications/initialized"),
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        message("tools/list"),
    ],
    ids=["notification", "answer", "request"],
)
def test_a_version_nobody_serves_is_refused_in_a_session(sent: Any) -> None:
    # 2025-11-25, basic/transports, "Protocol Version Header": MUST be 400.
    event = receive(sent, legacy("2027-01-01"), session=session("2025-11-25"))
    assert event.status == 400
    assert error_of(event)["code"] == UNSUPPORTED


@pytest.mark.parametrize("name", HANDSHAKE)
@pytest.mark.parametrize(
    "outcome", [{"result": {"a": 1}}, {"error": {"code": -1, "message": "no"}}]
)
def test_an_answer_to_a_question_arrives(name: str, outcome: Any) -> None:
    sent = {"jsonrpc": "2.0", "id": "q", **outcome}
    event = receive(sent, legacy(None), session=session(name))
    assert event == Answered("q", outcome.get("result"), outcome.get("error"))


@pytest.mark.parametrize(
    "sent",
    [
        {"id": "q"},
        {"id": "q", "result": 1},
        {"id": "q", "result": {}, "error": {}},
        {"id": "q", "error": "no"},
        {"id": None, "result": {}},
        {"result": {}},
        {"id": 1.5, "result": {}},
    ],
)
def test_a_malformed_answer_is_refused(sent: Any) -> None:
    event = receive({"jsonrpc": "2.0", **sent}, legacy(), session=session("2025-11-25"))
    assert error_of(event)["code"] == REQUEST


# -- handshake era -----------------------------------------------------------


@pytest.mark.parametrize("name", HANDSHAKE)
def test_initialize_is_served_as_the_revision_it_names(name: str) -> None:
    event = receive(initialize(name, {"roots": {}}), legacy())
    assert type(event) is Asked
    assert event.revision.name == name
    assert event.capabilities == {"roots": {}}
    assert event.client["name"] == "test"


@pytest.mark.parametrize("name", ["2026-07-28", "2030-01-01", "1.0", ""])
def test_initialize_with_another_version_gets_the_newest_with_a_handshake(
    name: str,
) -> None:
    # 2025-11-25, basic/lifecycle, "Version Negotiation".
    assert receive(initialize(name), legacy()).revision.name == "2025-11-25"


@pytest.mark.parametrize("named", [None, *ALL_REVISIONS, "2030-01-01"])
def test_the_version_header_does_not_decide_about_initialize(named: Any) -> None:
    event = receive(initialize("2025-06-18"), legacy(named))
    assert type(event) is Asked
    assert event.revision.name == "2025-06-18"


@pytest.mark.parametrize(
    "changed",
    [
        {"protocolVersion": None},
        {"protocolVersion": 20251125},
        {"capabilities": None},
        {"capabilities": []},
        {"capabilities": {"roots": True}},
        {"clientInfo": None},
        {"clientInfo": "me"},
    ],
)
def test_a_malformed_initialize_names_what_is_wrong(changed: dict[str, Any]) -> None:
    sent = initialize("2025-11-25")
    sent["params"] |= changed
    error = error_of(receive(sent, legacy()))
    assert error["code"] == PARAMS
    assert next(iter(changed)) in error["message"]


@pytest.mark.parametrize("name", HANDSHAKE)
def test_a_second_initialize_is_refused(name: str) -> None:
    event = receive(initialize("2025-11-25"), legacy(), session=session(name))
    assert error_of(event)["code"] == REQUEST


@pytest.mark.parametrize("named", [None, *HANDSHAKE])
@pytest.mark.parametrize("name", HANDSHAKE)
def test_a_session_keeps_the_revision_it_agreed_on(name: str, named: Any) -> None:
    known = session(name, {"sampling": {}})
    event = receive(message("tools/list"), legacy(named), session=known)
    assert type(event) is Asked
    assert event.revision.name == name
    assert event.session is known
    assert (event.capabilities, event.client) == ({"sampling": {}}, {"name": "c"})


class Misplaced(NamedTuple):
    """A message of the handshake era in a place where it cannot be served."""

    name: str
    sent: Any
    version: str | None
    known: Any
    status: int
    code: int


MISPLACED = [
    Misplaced("no session", message("tools/list"), None, None, 400, REQUEST),
    Misplaced("no session id", message("tools/list"), "2025-11-25", None, 400, REQUEST),
    Misplaced(
        "ended", message("tools/list"), "2025-11-25", Connection.ENDED, 404, REQUEST
    ),
    Misplaced(
        "initialize where one ended",
        initialize("2025-11-25"),
        None,
        Connection.ENDED,
        404,
        REQUEST,
    ),
    Misplaced(
        "discover without _meta", message("server/discover"), None, None, 400, -32602
    ),
    Misplaced(
        "params", message("tools/list", []), None, session("2025-11-25"), 400, PARAMS
    ),
    Misplaced(
        "_meta",
        message("tools/list", {"_meta": 1}),
        None,
        session("2025-11-25"),
        400,
        PARAMS,
    ),
    Misplaced(
        "progress token",
        message("tools/list", {"_meta": {"progressToken": {}}}),
        None,
        session("2025-11-25"),
        400,
        PARAMS,
    ),
    Misplaced(
        "stateless header",
        message("tools/list"),
        "2026-07-28",
        session("2025-11-25"),
        400,
        PARAMS,
    ),
    Misplaced(
        "a batch where one ended",
        [message("ping")],
        "2025-03-26",
        Connection.ENDED,
        404,
        REQUEST,
    ),
    Misplaced("a batch without session", [message("ping")], None, None, 400, REQUEST),
]


@pytest.mark.parametrize("row", MISPLACED, ids=lambda row: row.name)
def test_a_message_outside_its_place_is_refused(row: Misplaced) -> None:
    event = receive(row.sent, legacy(row.version), session=row.known)
    assert (event.status, error_of(event)["code"]) == (row.status, row.code)


@pytest.mark.parametrize("name", HANDSHAKE)
def test_without_sessions_a_message_needs_no_handshake(name: str) -> None:
    event = receive(message("tools/list"), legacy(name), sessions_required=False)
    assert (event.revision.name, event.session) == (name, None)


def test_without_anything_a_message_means_the_revision_without_the_header() -> None:
    event = receive(message("tools/list"), legacy(), sessions_required=False)
    assert event.revision.name == "2025-03-26"


def test_over_stdio_a_client_must_begin() -> None:
    error = error_of(receive(message("tools/list"), None))
    assert error["code"] == REQUEST
    assert "initialize" in error["message"]
    assert error["data"]["supported"] == SUPPORTED


def test_over_stdio_a_ping_may_come_before_the_handshake() -> None:
    # 2025-11-25, basic/lifecycle, "Initialization".
    assert type(receive(message("ping"), None)) is Asked


def test_a_process_opens_its_session_once() -> None:
    connection = Connection()
    event = connection.receive(json.dumps(initialize("2024-11-05")).encode())
    assert isinstance(event, Asked)

    class Notes:
        log_level = "error"
        uris: frozenset[str] = frozenset()

        def write(self, **changes: Any) -> None:
            raise NotImplementedError

    connection.open(event, Notes())
    later = connection.receive(json.dumps(message("tools/list")).encode())
    assert isinstance(later, Asked)
    assert (later.revision.name, later.log_level) == ("2024-11-05", "error")
    again = connection.receive(json.dumps(initialize("2024-11-05")).encode())
    assert type(again) is Rejected


# -- batches: 2025-03-26 alone ------------------------------------------------


def test_a_batch_is_taken_apart() -> None:
    batch = [
        message("ping", id=1),
        note("notifications/cancelled"),
        {"jsonrpc": "2.0", "id": "q", "result": {}},
        {"jsonrpc": "1.0", "id": 2},
        1,
        initialize("2025-03-26", id=3),
        [],
    ]
    event = receive(batch, legacy(), session=session("2025-03-26"))
    assert type(event) is Batched
    kinds = [type(part) for part in event.events]
    assert kinds == [Asked, Notified, Answered, *[Rejected] * 4]
    refused = [part.body for part in event.events if type(part) is Rejected]
    assert [json.loads(body)["id"] for body in refused] == [2, None, 3, None]


@pytest.mark.parametrize("name", [n for n in HANDSHAKE if n != "2025-03-26"])
def test_no_other_revision_has_batches(name: str) -> None:
    event = receive([message("ping")], legacy(), session=session(name))
    assert error_of(event)["code"] == REQUEST


@pytest.mark.parametrize("length", [0, MAX_BATCH + 1])
def test_a_batch_is_neither_empty_nor_endless(length: int) -> None:
    event = receive(
        [note("notifications/x")] * length, legacy(), session=session("2025-03-26")
    )
    assert event.status == 400
    assert str(MAX_BATCH) in error_of(event)["message"]


def test_a_batch_needs_no_session_where_there_are_none() -> None:
    event = receive([message("ping")], legacy("2025-03-26"), sessions_required=False)
    assert type(event) is Batched


@pytest.mark.parametrize("named", ["2025-06-18", "2026-07-28", "2030-01-01"])
def test_a_batch_is_refused_where_the_header_names_another_revision(named: str) -> None:
    event = receive([message("ping")], legacy(named), sessions_required=False)
    assert type(event) is Rejected


# -- limits ------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "kind"), [(4, Asked), (5, Rejected)])
def test_a_message_is_as_deep_as_allowed(depth: int, kind: type) -> None:
    # The message itself, and params, _meta and capabilities, are four levels.
    nested: Any = 1
    for _ in range(depth - 1):
        nested = [nested]
    event = receive({**LIST, "x": nested}, engine_headers(LIST), max_depth=4)
    assert type(event) is kind


def test_many_shallow_parts_are_not_deep() -> None:
    sent = stateless("tools/list", {"x": [[] for _ in range(1000)]})
    assert type(receive(sent, engine_headers(sent))) is Asked


def test_an_id_is_short() -> None:
    for id, expected in [("x" * 1000, Asked), ("x" * 1001, Rejected)]:
        sent = stateless("tools/list", {}, id)
        event = Connection().receive(json.dumps(sent).encode(), engine_headers(sent))
        assert type(event) is expected
        sent = stateless("tools/list", {}, 1, progressToken=id)
        event = Connection().receive(json.dumps(sent).encode(), engine_headers(sent))
        assert type(event) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"}', True),
        (b'{"jsonrpc":"2.0","\\u0069d":1,"method":"ping"}', True),
        (b'{"jsonrpc":"2.0","method":"notifications/cancelled"}', False),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', False),
        (b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}', False),
        (b'[{"jsonrpc":"2.0","method":"notifications/cancelled"}]', True),
        (b"", True),
        (b"{", True),
        (b"\xff", True),
        (b"[" * 100_000, True),
    ],
)
def test_one_look_tells_who_waits_for_an_answer(body: bytes, expected: bool) -> None:
    assert wants_answer(body) is expected
