"""Codes, and the statuses that go with them."""

from __future__ import annotations

import pytest

from django_mcp.protocol import errors
from django_mcp.protocol.errors import (
    HTTP_STATUS,
    ProtocolError,
    invalid_params,
    missing_capability,
)

CODES = {
    name: value
    for name, value in vars(errors).items()
    if name.isupper() and isinstance(value, int)
}
#: What the protocol has no code for.
OURS = {errors.THROTTLED, errors.CROWDED}


def test_only_codes_that_the_protocol_defines_are_used() -> None:
    # 2026-07-28, basic/index, "Error Codes".
    jsonrpc = {-32700, -32600, -32601, -32602, -32603}
    assert set(CODES.values()) - OURS == jsonrpc | {-32020, -32021, -32022}


def test_our_own_codes_lie_outside_of_what_is_reserved() -> None:
    assert all(not -32768 <= code <= -32000 for code in OURS)


@pytest.mark.parametrize("code", sorted({*CODES.values()} - {-32603, *OURS}))
def test_what_the_client_did_wrong_is_a_client_error(code: int) -> None:
    assert HTTP_STATUS[code] == (404 if code == -32601 else 400)


def test_an_internal_error_is_no_error_of_http() -> None:
    assert errors.INTERNAL_ERROR not in HTTP_STATUS


def test_an_error_carries_what_the_client_is_told() -> None:
    error = invalid_params("a: must be a number", {"a": 1})
    assert (error.code, str(error)) == (-32602, "a: must be a number")
    assert (error.data, error.status) == ({"a": 1}, None)
    assert ProtocolError(1, "No.", status=404).status == 404


def test_a_missing_capability_is_named_as_a_client_declares_it() -> None:
    error = missing_capability({"roots": {}, "sampling": {"tools": {}}})
    assert error.code == -32021
    assert error.data == {
        "requiredCapabilities": {"roots": {}, "sampling": {"tools": {}}}
    }
    assert "roots, sampling" in error.message
