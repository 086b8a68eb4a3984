"""Questions as a client gets them, and its answers as a function gets them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django import forms
from django.utils.translation import gettext_lazy as _
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import ClientCapabilities, InputRequiredResult
from mcp_types.methods import parse_server_request, validate_server_result
from pydantic import TypeAdapter

from django_mcp.exceptions import ToolError
from django_mcp.protocol.revisions import REVISIONS, STATELESS
from django_mcp.questions import Answer, Elicit, ElicitURL, Question, Roots, Sample
from django_mcp.schema.questions import (
    InvalidAnswer,
    capability,
    parse,
    supported,
    wire,
)

OLDEST, SECOND = REVISIONS["2024-11-05"], REVISIONS["2025-03-26"]
THIRD, FOURTH = REVISIONS["2025-06-18"], REVISIONS["2025-11-25"]


class NameForm(forms.Form):
    name = forms.CharField(max_length=5)


MESSAGES = [{"role": "user", "content": {"type": "text", "text": "Hi"}}]
TOOL = {"name": "add", "inputSchema": {"type": "object"}}
FORM = Elicit(key="name", message=_("Your name?"), form=NameForm)
CONFIRM = Elicit(key="sure", message="Sure?", form=None)
PAGE = ElicitURL(key="page", message="Open this", url="https://example.com/x")
SAMPLE = Sample(key="poem", messages=MESSAGES, max_tokens=10)
TOOLS = Sample(key="poem", messages=MESSAGES, max_tokens=10, tools=[TOOL])
ROOTS = Roots(key="roots")


@pytest.mark.parametrize(
    ("question", "revisions"),
    [
        (FORM, [THIRD, FOURTH, STATELESS]),
        (CONFIRM, [THIRD, FOURTH, STATELESS]),
        (PAGE, [FOURTH, STATELESS]),
        (SAMPLE, [OLDEST, SECOND, THIRD, FOURTH, STATELESS]),
        (TOOLS, [FOURTH, STATELESS]),
        (ROOTS, [OLDEST, SECOND, THIRD, FOURTH, STATELESS]),
    ],
)
def test_a_question_has_the_shape_of_the_revision_or_none(
    question: Any, revisions: Any
) -> None:
    for revision in REVISIONS.values():
        if revision not in revisions:
            with pytest.raises(ToolError, match=revision.name):
                wire(question, revision)
            continue
        method, params = wire(question, revision)
        if revision.handshake:
            parse_server_request(method, revision.name, params or None)
            continue
        asked = {question.key: {"method": method, "params": params}}
        result = {"resultType": "input_required", "inputRequests": asked}
        validate_server_result("tools/call", revision.name, result)
        InputRequiredResult.model_validate(result)


def test_a_form_is_asked_with_its_mode_where_there_is_more_than_one() -> None:
    method, params = wire(FORM, STATELESS)
    assert method == "elicitation/create"
    assert params["mode"] == "form"
    assert params["message"] == "Your name?"
    assert params["requestedSchema"]["required"] == ["name"]
    assert "mode" not in wire(FORM, THIRD)[1]


def test_a_form_is_asked_again_with_the_reasons_in_front() -> None:
    _, params = wire(FORM, STATELESS, errors=["name: too long", "Odd."])
    assert params["message"] == "name: too long\nOdd.\n\nYour name?"


def test_a_page_is_named_only_in_the_handshake_era() -> None:
    assert wire(PAGE, STATELESS)[1] == {
        "mode": "url",
        "message": "Open this",
        "url": "https://example.com/x",
    }
    assert wire(PAGE, FOURTH, elicitation_id="e1")[1]["elicitationId"] == "e1"
    uuid.UUID(wire(PAGE, FOURTH)[1]["elicitationId"])


def test_sampling_carries_what_was_given_and_nothing_else() -> None:
    assert wire(SAMPLE, OLDEST) == (
        "sampling/createMessage",
        {"messages": MESSAGES, "maxTokens": 10},
    )
    full = Sample(
        key="poem",
        messages=[{"role": "user", "content": "Hi"}],
        max_tokens=5,
        system_prompt="Be brief",
        temperature=0.0,
        stop_sequences=("END",),
        model_preferences={"speedPriority": 1},
        tools=(TOOL,),
        tool_choice={"mode": "auto"},
    )
    assert wire(full, STATELESS)[1] == {
        "messages": MESSAGES,
        "maxTokens": 5,
        "systemPrompt": "Be brief",
        "temperature": 0.0,
        "stopSequences": ["END"],
        "modelPreferences": {"speedPriority": 1},
        "tools": [TOOL],
        "toolChoice": {"mode": "auto"},
    }


def test_roots_need_no_words() -> None:
    assert wire(ROOTS, STATELESS) == ("roots/list", {})


def test_an_unknown_question_is_our_mistake() -> None:
    with pytest.raises(TypeError, match="is not a question"):
        wire(Question(key="x"), STATELESS)


@pytest.mark.parametrize(
    ("question", "required"),
    [
        (FORM, {"elicitation": {}}),
        (PAGE, {"elicitation": {"url": {}}}),
        (SAMPLE, {"sampling": {}}),
        (TOOLS, {"sampling": {"tools": {}}}),
        (ROOTS, {"roots": {}}),
    ],
)
def test_the_capability_a_question_needs_is_enough_to_ask_it(
    question: Any, required: Any
) -> None:
    assert capability(question, STATELESS) == required
    TypeAdapter(ClientCapabilities).validate_python(required)
    assert supported(question, required)
    assert not supported(question, {})
    assert not supported(question, dict.fromkeys(required))


def test_modes_are_declared_one_by_one() -> None:
    assert supported(FORM, {"elicitation": {"form": {}, "url": {}}})
    assert not supported(FORM, {"elicitation": {"url": {}}})
    assert not supported(PAGE, {"elicitation": {}})
    assert not supported(PAGE, {"elicitation": {"form": {}}})
    assert not supported(TOOLS, {"sampling": {}})


def test_a_form_is_answered_with_its_cleaned_data() -> None:
    answer = parse(FORM, {"action": "accept", "content": {"name": " Ada "}})
    assert answer == Answer(action="accept", value={"name": "Ada"})
    assert answer["name"] == "Ada"
    assert parse(
        CONFIRM, {"action": "accept", "content": {"confirm": False}}
    ).value == {"confirm": False}


@pytest.mark.parametrize("action", ["decline", "cancel"])
@pytest.mark.parametrize("question", [FORM, PAGE, CONFIRM])
def test_declining_and_cancelling_are_answers(question: Any, action: Any) -> None:
    answer = parse(question, {"action": action, "content": {"name": 1}})
    assert answer == Answer(action=action)
    assert not answer


def test_an_opened_page_brings_no_value() -> None:
    assert parse(PAGE, {"action": "accept", "content": {"a": 1}}) == Answer(
        action="accept"
    )


REPLY = {
    "role": "assistant",
    "content": {"type": "text", "text": "Ode"},
    "model": "m",
    "stopReason": "endTurn",
}


def test_a_sampled_message_is_taken_in_its_known_members() -> None:
    assert parse(SAMPLE, {**REPLY, "_meta": {}}) == REPLY
    several = {
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "text", "text": "a"},
            {"type": "tool_use", "id": "1", "name": "add", "input": {}},
        ],
    }
    assert parse(TOOLS, several) == several


def test_roots_are_a_list_of_folders() -> None:
    roots = [{"uri": "file:///a"}, {"uri": "file:///b", "name": "B"}]
    assert parse(ROOTS, {"roots": roots}) == roots


@pytest.mark.parametrize(
    ("question", "answer", "words"),
    [
        (FORM, 12345, "must be an object"),
        (FORM, None, "must be an object"),
        (FORM, {}, "action must be"),
        (FORM, {"action": ["accept"]}, "action must be"),
        (FORM, {"action": "accept"}, "name: This field is required"),
        (FORM, {"action": "accept", "content": 3}, "no content"),
        (FORM, {"action": "accept", "content": {"name": "toolong"}}, "at most 5"),
        (PAGE, {"action": "yes"}, "action must be"),
        (SAMPLE, {**REPLY, "role": "system"}, "role must be"),
        (SAMPLE, {**REPLY, "role": []}, "role must be"),
        (SAMPLE, {**REPLY, "model": None}, "model must be"),
        (SAMPLE, {**REPLY, "stopReason": 1}, "reason to stop"),
        (SAMPLE, {**REPLY, "content": "Ode"}, "content must be"),
        (SAMPLE, {**REPLY, "content": None}, "content must be"),
        (SAMPLE, {**REPLY, "content": {"type": ["text"]}}, "content must be"),
        (SAMPLE, {**REPLY, "content": {"type": "text", "text": 1}}, "content must be"),
        (SAMPLE, {**REPLY, "content": {"type": "odd"}}, "content must be"),
        (ROOTS, {}, "roots must be"),
        (ROOTS, {"roots": [{"uri": 1}]}, "roots must be"),
        (ROOTS, {"roots": [{"uri": "a", "name": 1}]}, "roots must be"),
    ],
)
def test_a_malformed_answer_is_refused_in_words(
    question: Any, answer: Any, words: Any
) -> None:
    with pytest.raises(InvalidAnswer, match=words):
        parse(question, answer)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["action", "content", "name", "role", "model", "type", "text", "roots"]
            )
            | st.text(max_size=3),
            inner | st.sampled_from(["accept", "assistant", "text"]),
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(_json, st.sampled_from([FORM, PAGE, CONFIRM, SAMPLE, TOOLS, ROOTS]))
def test_any_answer_is_a_value_or_refused(answer: Any, question: Any) -> None:
    try:
        parse(question, answer)
    except InvalidAnswer as refusal:
        assert refusal.messages
