"""Is a message of the server valid in its revision?

The official SDK's types are the judge: `mcp_types` has one set of models for
the handshake era and one for the stateless era. Two things they let pass are
looked for here: members that the revision does not know (the models ignore
them), and members that came later within the handshake era (the models are
those of 2025-11-25 for all of it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from mcp_types import JSONRPCError, jsonrpc_message_adapter
from mcp_types.methods import SERVER_NOTIFICATIONS, SERVER_REQUESTS, SERVER_RESULTS
from mcp_types.version import KNOWN_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter

SERVER_INFO: Final = "io.modelcontextprotocol/serverInfo"
#: Codes of the handshake era that the stateless era retired.
RETIRED: Final = {-32002, -32042}
#: Codes that a revision may use beside those of JSON-RPC.
STATELESS_CODES: Final = {-32020, -32021, -32022}


def assert_valid(
    message: Mapping[str, Any], revision: str, method: str | None = None
) -> None:
    """Assert that one message of the server is valid in a revision.

    ``method`` is the method of the message that a result or an error answers.

    Raises: AssertionError
    """
    assert revision in KNOWN_PROTOCOL_VERSIONS, f"There is no revision {revision}."
    try:
        jsonrpc_message_adapter.validate_python(message)
        _check(message, revision, method)
    except (ValueError, AssertionError) as reason:
        raise AssertionError(
            f"{reason}\n\nrevision {revision}, method {method}:\n{message}"
        ) from None


def _check(message: Mapping[str, Any], revision: str, method: str | None) -> None:
    if "error" in message:
        _check_error(message, revision)
    elif "result" in message:
        assert method, "A result can only be judged by the method that it answers."
        _check_result(message["result"], revision, method)
    elif "id" in message:
        _check_body(SERVER_REQUESTS, message, revision, {"jsonrpc", "id"})
    else:
        _check_body(SERVER_NOTIFICATIONS, message, revision, {"jsonrpc"})
        _check_later(message.get("params") or {}, revision, message["method"])


def _check_error(message: Mapping[str, Any], revision: str) -> None:
    error = JSONRPCError.model_validate(message).error
    assert error.message, "An error without words helps nobody."
    if revision in MODERN_PROTOCOL_VERSIONS:
        assert error.code not in RETIRED, f"{error.code} is retired."
        if -32099 <= error.code <= -32020:
            assert error.code in STATELESS_CODES, f"{error.code} is reserved."


def _check_result(result: Any, revision: str, method: str) -> None:
    assert (method, revision) in SERVER_RESULTS, f"There is no {method}."
    _check_lossless(SERVER_RESULTS[method, revision], result)
    _check_later(result, revision, method)
    if revision in MODERN_PROTOCOL_VERSIONS:
        # The models fill these in, so their absence goes unnoticed there.
        assert "resultType" in result, "resultType is missing."
        assert SERVER_INFO in result.get("_meta", {}), "The server is anonymous."


def _check_body(
    surface: Mapping[tuple[str, str], Any],
    message: Mapping[str, Any],
    revision: str,
    envelope: set[str],
) -> None:
    method = message["method"]
    assert (method, revision) in surface, f"The server may not send {method}."
    assert envelope <= set(message)
    _check_lossless(surface[method, revision], message)


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _check_lossless(model: Any, value: Any) -> None:
    """Validate; what the model dropped is what the revision does not know."""
    adapter = _adapter(model)
    parsed = adapter.validate_python(value, by_name=False)
    kept = adapter.dump_python(parsed, by_alias=True, mode="json")
    lost = list(_lost(value, kept, ""))
    assert not lost, f"The revision does not know {', '.join(lost)}."


def _lost(sent: Any, kept: Any, path: str) -> Iterator[str]:
    if isinstance(sent, Mapping) and isinstance(kept, Mapping):
        for name, value in sent.items():
            if name not in kept:
                yield f"{path}.{name}"
            else:
                yield from _lost(value, kept[name], f"{path}.{name}")
    elif isinstance(sent, list) and isinstance(kept, list):
        for index, (one, other) in enumerate(zip(sent, kept, strict=True)):
            yield from _lost(one, other, f"{path}[{index}]")


# -- what came later within the handshake era ----------------------------------


def _entries(*names: str) -> Callable[[Mapping[str, Any]], Iterator[Any]]:
    """Look into the lists of a list result."""

    def find(result: Mapping[str, Any]) -> Iterator[Any]:
        for name in names:
            yield from result.get(name, ())

    return find


def _server(result: Mapping[str, Any]) -> Iterator[Any]:
    yield result.get("serverInfo", {})


def _capabilities(result: Mapping[str, Any]) -> Iterator[Any]:
    yield result.get("capabilities", {})


def _prompt_arguments(result: Mapping[str, Any]) -> Iterator[Any]:
    for prompt in result.get("prompts", ()):
        yield from prompt.get("arguments", ())


def _itself(result: Mapping[str, Any]) -> Iterator[Any]:
    yield result


def _blocks(result: Mapping[str, Any]) -> Iterator[Any]:
    yield from result.get("content", ())
    for message in result.get("messages", ()):
        yield message["content"]


LISTED = _entries("tools", "resources", "resourceTemplates", "prompts")

#: First revision that has it, where it stands, and its name.
LATER: Final[list[tuple[str, Callable[[Mapping[str, Any]], Iterator[Any]], str]]] = [
    ("2025-11-25", LISTED, "icons"),
    ("2025-11-25", LISTED, "execution"),
    ("2025-11-25", _server, "icons"),
    ("2025-11-25", _server, "websiteUrl"),
    ("2025-11-25", _server, "description"),
    ("2025-06-18", LISTED, "title"),
    ("2025-06-18", LISTED, "_meta"),
    ("2025-06-18", _prompt_arguments, "title"),
    ("2025-06-18", _server, "title"),
    ("2025-06-18", _entries("tools"), "outputSchema"),
    ("2025-06-18", _itself, "structuredContent"),
    ("2025-06-18", _blocks, "_meta"),
    ("2025-03-26", _entries("tools"), "annotations"),
    ("2025-03-26", _capabilities, "completions"),
]
#: First revision that has a kind of content block.
LATER_BLOCKS: Final = {"resource_link": "2025-06-18", "audio": "2025-03-26"}


def _check_later(result: Mapping[str, Any], revision: str, method: str) -> None:
    for since, find, name in LATER:
        if revision < since:
            for entry in find(result):
                assert name not in entry, f"{name} came with {since}: {entry}"
    for block in _blocks(result) if "content" in result or "messages" in result else ():
        since = LATER_BLOCKS.get(block["type"], "")
        assert revision >= since, f"{block['type']} came with {since}."
    if method == "notifications/progress" and revision < "2025-03-26":
        assert "message" not in result, "Progress had no message yet."
