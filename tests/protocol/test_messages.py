"""The envelope, byte by byte."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_mcp.protocol.messages import (
    LOG_LEVELS,
    Complete,
    Fields,
    error,
    fields_from,
    notification,
    question,
    response,
)


@pytest.mark.parametrize("id", [1, 0, -1, 2**63 - 1, "1", "", 'a"b', "é", "\u2028"])
@pytest.mark.parametrize(
    ("result", "members"),
    [
        ({}, {}),
        ({"a": [1]}, {"a": [1]}),
        (Fields(b""), {}),
        (fields_from({"a": "é"}), {"a": "é"}),
        (Complete(b'"a":1'), {"a": 1}),
    ],
)
def test_a_result_carries_the_id_with_its_type(
    id: Any, result: Any, members: Any
) -> None:
    sent = json.loads(response(id, result))
    assert sent == {"jsonrpc": "2.0", "id": id, "result": members}
    assert type(sent["id"]) is type(id)


def test_a_message_stays_on_one_line() -> None:
    sent = [
        response(1, {"text": "a\nb\r"}),
        error(1, -32603, "a\nb"),
        notification("n", {"text": "\n"}),
        question("q", "m", {"text": "\n"}),
    ]
    assert not any(b"\n" in line or b"\r" in line for line in sent)


def test_an_error_without_an_id_has_a_null_one() -> None:
    assert json.loads(error(None, -32700, "No.")) == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32700, "message": "No."},
    }


@pytest.mark.parametrize("data", [{}, [], 0, "", False, {"a": 1}])
def test_an_error_says_more_when_there_is_more_to_say(data: Any) -> None:
    assert json.loads(error("x", 1, "No.", data))["error"]["data"] == data


def test_an_error_can_quote_what_is_no_text() -> None:
    sent = json.loads(error(1, -32602, "No \udc80."))
    assert sent["error"]["message"].startswith("No ")


def test_a_notification_has_no_id_and_may_have_no_params() -> None:
    assert json.loads(notification("n")) == {"jsonrpc": "2.0", "method": "n"}
    assert json.loads(notification("n", {"a": 1}))["params"] == {"a": 1}


def test_a_question_has_an_id() -> None:
    assert json.loads(question("q", "m", {})) == {
        "jsonrpc": "2.0",
        "id": "q",
        "method": "m",
        "params": {},
    }


def test_log_levels_rise() -> None:
    assert list(LOG_LEVELS) == sorted(LOG_LEVELS, key=lambda level: LOG_LEVELS[level])
    assert LOG_LEVELS["debug"] < LOG_LEVELS["emergency"]
