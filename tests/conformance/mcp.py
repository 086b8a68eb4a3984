"""Every tool, resource and prompt that the conformance suite looks for.

Names, keys and words are the suite's. Where it leaves a choice, the fixtures
take turns with the ways a project may write things: synchronous functions and
``async`` ones, pydantic models, Django forms and ready schemas.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from django import forms
from pydantic import BaseModel, Field

from django_mcp import (
    Audio,
    Context,
    File,
    Image,
    NotRegistered,
    Prompt,
    Tool,
    ToolError,
    mcp,
)
from django_mcp.questions import Answer, Elicit, Question, Roots, Sample

#: One red dot, and one silent sample.
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx"
    "0gAAAABJRU5ErkJggg=="
)
SILENCE = base64.b64decode(
    "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="
)
#: The suite looks for messages that come apart, not in one piece.
PAUSE = 0.05


class Name(BaseModel):
    """What a person is called."""

    name: str


class NameForm(forms.Form):
    """The same, as a Django project writes it."""

    name = forms.CharField()


class Color(BaseModel):
    """A taste."""

    color: str


class Confirmation(BaseModel):
    """A yes or a no."""

    ok: bool


class Contact(BaseModel):
    """How to reach a person."""

    username: str = Field(description="The person's name here")
    email: str = Field(description="The person's address")


class Profile(BaseModel):
    """One field of each kind, each with a default (SEP-1034)."""

    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Literal["active", "inactive", "pending"] = "active"
    verified: bool = True


#: The five ways to offer choices (SEP-1330), one of which only a ready schema
#: can spell.
CHOICES: dict[str, Any] = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
        "titledSingle": {
            "type": "string",
            "oneOf": [
                {"const": "value1", "title": "First option"},
                {"const": "value2", "title": "Second option"},
                {"const": "value3", "title": "Third option"},
            ],
        },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option one", "Option two", "Option three"],
        },
        "untitledMulti": {
            "type": "array",
            "items": {"type": "string", "enum": ["option1", "option2", "option3"]},
        },
        "titledMulti": {
            "type": "array",
            "items": {
                "anyOf": [
                    {"const": "value1", "title": "First choice"},
                    {"const": "value2", "title": "Second choice"},
                    {"const": "value3", "title": "Third choice"},
                ]
            },
        },
    },
    "required": [],
}

#: Words of JSON Schema that a client must find in the list as they are here
#: (SEP-1613, SEP-2106).
CONTACT_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {
        "properties": {"contactMethod": {"const": "phone"}},
        "required": ["contactMethod"],
    },
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


# -- content -----------------------------------------------------------------


@mcp.tool(read_only=True)
def test_simple_text() -> str:
    """Return one line of text."""
    return "This is a simple text response for testing."


@mcp.tool(read_only=True)
def test_image_content() -> Image:
    """Return a picture."""
    return Image(DOT, mime_type="image/png")


@mcp.tool(read_only=True)
async def test_audio_content() -> Audio:
    """Return a sound."""
    return Audio(SILENCE, mime_type="audio/wav")


@mcp.tool(read_only=True)
def test_embedded_resource() -> File:
    """Return a resource within the result."""
    return File(
        b"This is an embedded resource content.",
        mime_type="text/plain",
        uri="test://embedded-resource",
    )


@mcp.tool(read_only=True)
async def test_multiple_content_types() -> list[Any]:
    """Return text, a picture and a resource in one result."""
    return [
        "Multiple content types test:",
        Image(DOT, mime_type="image/png"),
        File(
            json.dumps({"test": "data", "value": 123}).encode(),
            mime_type="application/json",
            uri="test://mixed-content-resource",
        ),
    ]


@mcp.tool(read_only=True)
def test_error_handling() -> str:
    """Refuse the call."""
    raise ToolError("This tool intentionally returns an error for testing")


@dataclass
class Total:
    """The outcome of an addition."""

    result: int | float


@mcp.tool(read_only=True, idempotent=True, open_world=False)
def add_numbers(a: int | float = 0, b: int | float = 0) -> Total:
    """Add two numbers.

    Args:
        a: The first number.
        b: The second number.
    """
    return Total(a + b)


@mcp.tool(input_schema=CONTACT_SCHEMA, read_only=True)
def json_schema_2020_12_tool(**arguments: Any) -> str:
    """Accept what a JSON Schema of its own allows."""
    return json.dumps(arguments, sort_keys=True)


@mcp.tool(read_only=True)
def test_x_mcp_header(
    region: Annotated[
        str,
        Field(
            description="A part of the world, repeated in a header",
            json_schema_extra={"x-mcp-header": "Region"},
        ),
    ],
) -> str:
    """Return an argument that a proxy may read from the request's headers."""
    return f"region={region}"


# -- messages while a call runs ----------------------------------------------


@mcp.tool(read_only=True)
async def test_tool_with_logging(context: Context) -> str:
    """Log three times."""
    await context.alog("info", "Tool execution started")
    await asyncio.sleep(PAUSE)
    await context.alog("info", "Tool processing data")
    await asyncio.sleep(PAUSE)
    await context.alog("info", "Tool execution completed")
    return "Logged three times."


@mcp.tool(read_only=True)
def test_logging_tool(context: Context) -> str:
    """Log once, from a thread."""
    context.log("info", "A message for whoever asked for it", logger="conformance")
    return "Logged once."


@mcp.tool(read_only=True)
async def test_tool_with_progress(context: Context) -> str:
    """Report three steps of progress."""
    for step in (0, 50, 100):
        await context.aprogress(step, 100, f"Completed step {step} of 100")
        await asyncio.sleep(PAUSE)
    return "All steps completed."


@mcp.tool(read_only=True)
async def test_reconnection(context: Context) -> str:
    """Close the stream before the result is there."""
    await context.aclose_stream()
    await asyncio.sleep(2 * PAUSE)
    return "Reconnection test completed."


# -- calls that take their time ----------------------------------------------


@dataclass
class SlowCalls:
    """How the slow calls of this process ended."""

    started: int = 0
    finished: int = 0
    cancelled: int = 0


_slow_calls = SlowCalls()


@mcp.tool(read_only=True)
async def test_slow(seconds: float) -> str:
    """Wait, and keep count of how it ended."""
    _slow_calls.started += 1
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        _slow_calls.cancelled += 1
        raise
    _slow_calls.finished += 1
    return f"Waited {seconds} seconds."


@mcp.tool(read_only=True)
async def test_slow_status() -> SlowCalls:
    """Count the slow calls that started, finished and were cancelled."""
    return _slow_calls


# -- questions ---------------------------------------------------------------


def _outcome(answer: Answer) -> str:
    """Say what a person did with a form."""
    value = answer.value
    if isinstance(value, BaseModel):
        value = value.model_dump()
    return f"action={answer.action}, content={json.dumps(value or {})}"


def _words(message: Mapping[str, Any]) -> str:
    """Return the text of what the client's model wrote."""
    content = message["content"]
    blocks = content if isinstance(content, list) else [content]
    return " ".join(block["text"] for block in blocks if block["type"] == "text")


@mcp.tool(read_only=True)
async def test_sampling(prompt: str, context: Context) -> str:
    """Ask the client's model."""
    answer = await context.asample(prompt, key="response", max_tokens=100)
    return f"LLM response: {_words(answer)}"


@mcp.tool(read_only=True)
async def test_elicitation(message: str, context: Context) -> str:
    """Ask the person for a name and an address."""
    answer = await context.aelicit(message, Contact, key="contact")
    return f"User response: {_outcome(answer)}"


@mcp.tool(read_only=True)
def test_elicitation_sep1034_defaults(context: Context) -> str:
    """Ask the person with a default for every field."""
    answer = context.elicit("Please check your profile.", Profile, key="profile")
    return f"Elicitation completed: {_outcome(answer)}"


@mcp.tool(read_only=True)
async def test_elicitation_sep1330_enums(context: Context) -> str:
    """Ask the person with every kind of choice."""
    answer = await context.aelicit("Please choose.", CHOICES, key="choices")
    return f"Elicitation completed: {_outcome(answer)}"


@mcp.tool(read_only=True)
async def test_missing_capability(context: Context) -> str:
    """Need a capability that the client may not have declared."""
    return _words(await context.asample("Say hello.", key="hello", max_tokens=50))


@mcp.tool(read_only=True)
async def test_streaming_elicitation(context: Context) -> str:
    """Ask the person in the middle of a call."""
    answer = await context.aelicit("What is your name?", Name, key="user_name")
    return f"User response: {_outcome(answer)}"


@mcp.tool
def test_input_required_result_elicitation(context: Context) -> str:
    """Ask for a name, then greet."""
    answer = context.elicit("What is your name?", NameForm, key="user_name")
    return f"Hello, {answer['name'] if answer else 'stranger'}!"


@mcp.tool
async def test_input_required_result_sampling(context: Context) -> str:
    """Ask the client's model a question."""
    answer = await context.asample(
        "What is the capital of France?", key="capital_question", max_tokens=100
    )
    return f"The model says: {_words(answer)}"


@mcp.tool
def test_input_required_result_list_roots(context: Context) -> str:
    """Ask for the client's folders."""
    roots = context.roots(key="client_roots")
    return f"{len(roots)} roots: {', '.join(root['uri'] for root in roots)}"


@mcp.tool
async def test_input_required_result_request_state(context: Context) -> str:
    """Ask for a confirmation; only a sealed state leads on."""
    answer = await context.aelicit("Please confirm.", Confirmation, key="confirm")
    return f"state-ok: {_outcome(answer)}"


@mcp.tool
async def test_input_required_result_tampered_state(context: Context) -> str:
    """Ask for a confirmation; a state that was changed is refused."""
    answer = await context.aelicit("Please confirm.", Confirmation, key="confirm")
    return f"state-ok: {_outcome(answer)}"


@mcp.tool
async def test_input_required_result_multiple_inputs(context: Context) -> str:
    """Ask the person, the model and the client at once."""
    name, greeting, roots = await context.aask(
        Elicit(key="user_name", message="What is your name?", form=Name),
        _sample("greeting", "Write a greeting."),
        Roots(key="client_roots"),
    )
    who = name.value.name if name else "stranger"
    return f"{_words(greeting)} {who} has {len(roots)} roots."


@mcp.tool
def test_input_required_result_multi_round(context: Context) -> str:
    """Ask one thing after the other."""
    name = context.elicit("Step 1: What is your name?", NameForm, key="step1")
    color = context.elicit("Step 2: What is your favorite color?", Color, key="step2")
    who = name["name"] if name else "Nobody"
    return f"{who} likes {color.value.color if color else 'nothing'}."


@mcp.tool
async def test_input_required_result_capabilities(context: Context) -> str:
    """Ask only for what the client declared."""
    questions: list[Question] = []
    if context.supports("sampling"):
        questions.append(_sample("greeting", "Say hello."))
    if context.supports("elicitation"):
        questions.append(Elicit(key="user_name", message="Your name?", form=Name))
    answers = await context.aask(*questions)
    return f"{len(answers)} answers."


def _sample(key: str, text: str) -> Sample:
    """Return one question for the client's model."""
    content = {"type": "text", "text": text}
    return Sample(
        key=key, messages=[{"role": "user", "content": content}], max_tokens=50
    )


# -- lists that change -------------------------------------------------------


def _be_dynamic(context: Context, arguments: dict[str, Any]) -> str:
    return "Here for now."


#: In the list after every odd number of calls of ``test_trigger_…_change``.
dynamic_tool = Tool(
    name="test_dynamic_tool", description="Comes and goes.", call=_be_dynamic
)
dynamic_prompt = Prompt(
    name="test_dynamic_prompt", description="Comes and goes.", get=_be_dynamic
)


def _toggle(primitive: Tool | Prompt) -> str:
    """Take a primitive out of the lists, or put it back."""
    try:
        mcp.remove(primitive)
    except NotRegistered:
        mcp.add(primitive)
        return f"{primitive.name} was added."
    return f"{primitive.name} was removed."


@mcp.tool
def test_trigger_tool_change() -> str:
    """Add a tool, or remove it again."""
    return _toggle(dynamic_tool)


@mcp.tool
def test_trigger_prompt_change() -> str:
    """Add a prompt, or remove it again."""
    return _toggle(dynamic_prompt)


@mcp.tool
async def test_update_watched_resource() -> str:
    """Announce that the watched resource has changed."""
    await mcp.anotify_resource_updated("test://watched-resource")
    return "Announced."


# -- resources ---------------------------------------------------------------


@mcp.resource("test://static-text", name="static-text", mime_type="text/plain")
def static_text() -> str:
    """A text that never changes."""
    return "This is the content of the static text resource."


@mcp.resource("test://static-binary", name="static-binary", mime_type="image/png")
def static_binary() -> bytes:
    """A picture that never changes."""
    return DOT


@mcp.resource("test://watched-resource", name="watched-resource")
async def watched_resource() -> str:
    """A text that clients may watch."""
    return "Watched resource content."


@mcp.resource(
    "test://template/{id}/data",
    name="template-data",
    mime_type="application/json",
    complete={"id": ["123", "124", "200"]},
)
def template_data(id: str) -> dict[str, Any]:
    """The data behind one id."""
    return {"id": id, "templateTest": True, "data": f"Data for ID: {id}"}


# -- prompts -----------------------------------------------------------------


@mcp.prompt
def test_simple_prompt() -> str:
    """A prompt without blanks."""
    return "This is a simple prompt for testing."


@mcp.prompt(complete={"arg1": ["test", "testing", "other"]})
def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """A prompt with two blanks.

    Args:
        arg1: The first blank.
        arg2: The second blank.
    """
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


@mcp.prompt
def test_prompt_with_embedded_resource(resourceUri: str) -> list[Any]:
    """A prompt that carries a resource."""
    resource = File(
        b"Embedded resource content for testing.",
        mime_type="text/plain",
        uri=resourceUri,
    )
    return [resource, "Please process the embedded resource above."]


@mcp.prompt
def test_prompt_with_image() -> list[Any]:
    """A prompt that carries a picture."""
    return [Image(DOT, mime_type="image/png"), "Please analyze the image above."]


@mcp.prompt
async def test_input_required_result_prompt(context: Context) -> str:
    """A prompt that asks before it is written."""
    schema = {
        "type": "object",
        "properties": {"context": {"type": "string"}},
        "required": ["context"],
    }
    answer = await context.aelicit(
        "What context should the prompt use?", schema, key="user_context"
    )
    return f"Use this context: {answer['context'] if answer else 'none'}"
