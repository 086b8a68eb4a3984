"""What a refusal says, and what it never says."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ninja")

from django_mcp import MCPServer
from tests.providers.ninja import apis
from tests.providers.ninja.calling import called, refusal_of

pytestmark = pytest.mark.needs("ninja")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("403", "Only on Mondays."),
        ("404", "No such thing in the shop."),
        ("409", "It was sold meanwhile."),
        ("503", "Closed for today."),
        ("refund", "Ask for a refund."),
        ("denied", "You do not have permission to do this."),
    ],
)
def test_a_refusal_is_in_the_words_of_the_api(
    answers: MCPServer, what: str, words: str
) -> None:
    assert refusal_of(answers, "raises", {"what": what}) == words


def test_a_status_with_a_model_says_what_is_in_it(answers: MCPServer) -> None:
    for status in (404, 409):
        refused = refusal_of(answers, "several", {"status": status})
        assert refused == f"full_name: status {status}"


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("text/plain", "Not on Sundays.", "Not on Sundays."),
        ("text/html", "Not on Sundays.", "Not on Sundays."),
        ("text/html", "<h1>Not on Sundays.</h1>", ""),
        ("application/pdf", "%PDF-1.7", ""),
        ("text/xml", "<error>Sunday</error>", "<error>Sunday</error>"),
        ("application/problem+json", '{"title": "Sunday"}', "Sunday"),
        ("application/json", '{"errors": {"day": ["Sunday", "!"]}}', "day: Sunday !"),
        (
            "application/json",
            '{"code": 7, "at": {"day": [1]}}',
            "code: 7\nat.day[0]: 1",
        ),
        ("application/json", '["no", "never"]', "no never"),
    ],
)
def test_a_refusal_may_be_of_any_kind(
    answers: MCPServer, kind: str, text: str, words: str
) -> None:
    sent = {"status": 400, "kind": kind, "text": text}
    bare = "The request was refused (status 400)."
    assert refusal_of(answers, "refused", sent) == (words or bare)
    bare = "You do not have permission to do this."
    assert refusal_of(answers, "refused", {**sent, "status": 403}) == (words or bare)
    bare = "Not found."
    assert refusal_of(answers, "refused", {**sent, "status": 404}) == (words or bare)


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ('{"loc": [], "msg": "Ends before it begins."}', "Ends before it begins."),
        ('{"loc": ["query", "on"], "msg": "Odd.", "type": "enum"}', "Odd."),
        ('{"loc": ["query", "on"], "msg": "Low.", "type": "less_than"}', "Low."),
    ],
)
def test_a_complaint_may_lack_its_place_or_what_it_is_about(
    answers: MCPServer, complaint: str, words: str
) -> None:
    text = f'{{"detail": [{complaint}]}}'
    sent = {"status": 422, "kind": "application/json", "text": text}
    assert refusal_of(answers, "refused", sent).endswith(words)


def test_a_refusal_is_no_longer_than_a_model_should_read(answers: MCPServer) -> None:
    for kind, text in (("text/plain", "x\n" * 10_000), ("text/plain", "x" * 10_000)):
        sent = {"status": 400, "kind": kind, "text": text}
        assert len(refusal_of(answers, "refused", sent)) < 4000


@pytest.mark.parametrize(
    ("api", "words"),
    [
        ("texts", "Invalid input"),
        ("wrapped", "number: should be a valid integer\nlimit: should be at most 9"),
        (
            "named",
            "number: Input should be a valid integer, unable to parse string as an"
            " integer\nlimit: Input should be less than or equal to 9",
        ),
    ],
)
def test_errors_of_arguments_have_names_whatever_the_api_makes_of_them(
    server: MCPServer, api: str, words: str
) -> None:
    server.ninja(getattr(apis, api))
    assert refusal_of(server, "half", {"number": "x", "limit": 10}) == words


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("what", ["boom", "missing"])
def test_what_went_wrong_inside_stays_there(
    answers: MCPServer, settings: Any, what: str, debug: bool
) -> None:
    settings.DEBUG = debug
    result = called(answers, "raises", {"what": what})
    assert result["error"]["message"] == "Internal error"
    assert debug or "hunter2" not in str(result)
    assert "Traceback" not in str(result)


def test_a_page_of_an_error_is_never_shown(answers: MCPServer) -> None:
    result = called(answers, "raw", {"kind": "traceback"})
    assert result["error"]["message"] == "Internal error"
    assert "hunter2" not in str(result)
