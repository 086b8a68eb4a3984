"""Questions and answers of one call, in both eras."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django import forms
from django.core.cache import cache, caches

from django_mcp import MCPServer, ToolError
from django_mcp.methods import asking
from django_mcp.methods.asking import MAX_ROUNDS, MAX_STATE, Answers
from django_mcp.protocol.errors import ProtocolError
from django_mcp.questions import Elicit, InputRequired, Roots
from tests.calls import asked, context_for

SERVER = MCPServer("asking", authenticators=[])
ROOTS = {"roots": [{"uri": "file:///home"}]}
CAPABLE = {"roots": {}, "elicitation": {}}


class Reason(forms.Form):
    reason = forms.CharField()


def call(revision: str = "2026-07-28", **params: Any) -> Any:
    params = {"name": "t", **params}
    return asked("tools/call", params, revision, capabilities=CAPABLE)


def begun(event: Any) -> Answers:
    answers = Answers()
    answers.begin(event, context_for(SERVER, event))
    return answers


def ask(answers: Answers, event: Any, *questions: Any) -> list[Any]:
    return answers.ask(context_for(SERVER, event), questions)


def state_of(answers: Answers, event: Any, *questions: Any) -> str:
    with pytest.raises(InputRequired):
        ask(answers, event, *questions)
    result = answers.result(event, context_for(SERVER, event))
    assert result["resultType"] == "input_required"
    state: str = result["requestState"]
    return state


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def test_only_what_is_missing_is_asked() -> None:
    answers, event = Answers(), call()
    answers.take({"a": ROOTS})
    with pytest.raises(InputRequired) as caught:
        ask(answers, event, Roots(key="a"), Roots(key="b"))
    assert caught.value.questions == (Roots(key="b"),)
    assert set(answers.asked) == {"b"}
    answers.take({"b": ROOTS})
    assert ask(answers, event, Roots(key="a"), Roots(key="b")) == [ROOTS["roots"]] * 2


def test_each_question_has_a_key_of_its_own() -> None:
    for questions in ((), (Roots(key="a"), Roots(key="a"))):
        with pytest.raises(ValueError, match="own key"):
            ask(Answers(), call(), *questions)


def test_what_was_answered_is_known_in_the_next_round() -> None:
    event = call()
    state = state_of(Answers(), event, Roots(key="a"))
    answers = begun(call(requestState=state, inputResponses={"a": ROOTS, "x": 1}))
    state = state_of(answers, event, Roots(key="a"), Roots(key="b"))
    answers = begun(call(requestState=state, inputResponses={"b": ROOTS}))
    assert ask(answers, event, Roots(key="a"), Roots(key="b")) == [ROOTS["roots"]] * 2
    assert answers.rounds == 2


def test_what_the_client_claims_does_not_replace_what_it_answered() -> None:
    event = call()
    state = state_of(Answers(), event, Roots(key="a"))
    answers = begun(call(requestState=state, inputResponses={"a": ROOTS}))
    state = state_of(answers, event, Roots(key="a"), Roots(key="b"))
    other = {"roots": [{"uri": "file:///etc"}]}
    answers = begun(call(requestState=state, inputResponses={"a": other, "b": ROOTS}))
    assert ask(answers, event, Roots(key="a")) == [ROOTS["roots"]]


def test_an_answer_that_does_not_fit_is_asked_again_with_the_reason() -> None:
    event = call()
    answers = Answers()
    answers.take({"why": {"action": "accept", "content": {}}})
    question = Elicit(key="why", message="Why?", form=Reason)
    with pytest.raises(InputRequired):
        ask(answers, event, question)
    message = answers.asked["why"]["params"]["message"]
    assert message.endswith("Why?")
    assert len(message) > len("Why?")


def test_a_question_without_a_shape_is_the_tools_own_refusal() -> None:
    event = call("2025-03-26")
    with pytest.raises(ToolError, match="2025-03-26"):
        ask(Answers(), event, Elicit(key="why", message="Why?", form=Reason))


def test_what_the_client_did_not_declare_is_not_asked() -> None:
    event = asked("tools/call", {"name": "t"})
    with pytest.raises(ProtocolError) as caught:
        ask(Answers(), event, Roots(key="a"), Elicit(key="b", message="?", form=None))
    assert caught.value.code == -32021
    assert caught.value.data == {
        "requiredCapabilities": {"roots": {}, "elicitation": {}}
    }


@pytest.mark.parametrize(
    "params",
    [
        {"requestState": 1},
        {"requestState": ""},
        {"requestState": "A" * (MAX_STATE + 1)},
        {"requestState": {}},
        {"inputResponses": []},
        {"inputResponses": "x"},
    ],
)
def test_malformed_retries_are_refused(params: Any) -> None:
    with pytest.raises(ProtocolError) as caught:
        begun(call(**params))
    assert caught.value.code == -32602


def test_a_state_is_bound_to_its_call() -> None:
    state = state_of(Answers(), call(arguments={"a": 1, "b": 2}), Roots(key="a"))
    for other in (call(), call(arguments={"a": 1}), call(arguments={"a": 1, "b": 3})):
        retry = replace(other, params=other.params | {"requestState": state})
        with pytest.raises(ProtocolError, match="not valid for this call"):
            begun(retry)
    # The order of the arguments is not part of them; nor is _meta.
    retry = call(arguments={"b": 2, "a": 1}, requestState=state, _meta={"x": 1})
    assert begun(retry).returnable


def test_a_state_is_used_once_unless_it_is_given_back() -> None:
    state = state_of(Answers(), call(), Roots(key="a"))
    retry = call(requestState=state)
    answers = begun(retry)
    assert answers.returnable
    with pytest.raises(ProtocolError, match="used already"):
        begun(retry)
    answers.give_back()
    assert begun(retry).returnable


def test_a_state_is_not_given_back_when_something_ran_since() -> None:
    state = state_of(Answers(), call(), Roots(key="a"))
    answers = begun(call(requestState=state))
    answers.record("mail", True)
    assert not answers.returnable
    assert answers.recall("mail") == (True, True)
    assert answers.recall("other") == (False, None)


def test_what_ran_once_is_known_in_the_next_round() -> None:
    event, answers = call(), Answers()
    answers.record("mail", {"sent": 1})
    state = state_of(answers, event, Roots(key="a"))
    answers = begun(call(requestState=state))
    assert answers.recall("mail") == (True, {"sent": 1})
    assert answers.returnable


def test_a_call_is_not_asked_forever() -> None:
    event, answers = call(), Answers()
    answers.rounds = MAX_ROUNDS
    with pytest.raises(ProtocolError, match="too often"):
        state_of(answers, event, Roots(key="a"))


def test_a_call_that_was_never_asked_has_nothing_to_give_back() -> None:
    assert not Answers().returnable


def test_a_state_of_another_server_is_not_taken() -> None:
    event = call()
    other = context_for(MCPServer("other", authenticators=[]), event)
    answers = Answers()
    with pytest.raises(InputRequired):
        answers.ask(other, [Roots(key="roots")])
    state = answers.result(event, other)["requestState"]
    with pytest.raises(ProtocolError, match="not valid for this call"):
        begun(call(requestState=state))


async def test_a_used_state_stays_used_when_the_cache_forgets(
    settings: Any,
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "forgetful",
            "OPTIONS": {"MAX_ENTRIES": 2},
        }
    }
    assert asking._take("a-nonce")
    for number in range(10):
        caches["default"].set(f"something-else-{number}", 1)
    assert not asking._take("a-nonce")
