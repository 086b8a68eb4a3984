"""The official Python client, in both eras, on every transport."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import mcp_types as types
import pytest
from mcp import Client, MCPError
from mcp.client import caching
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import (
    PromptsListChanged,
    ResourceUpdated,
    ToolsListChanged,
)

from tests.interop.conftest import (
    NEWEST_HANDSHAKE,
    PATIENCE,
    STATELESS,
    Connect,
    Person,
)
from tests.interop.recording import Recording, recorded
from tests.processes import running_server

pytestmark = [
    pytest.mark.interop,
    # The client calls the handshake era's own methods deprecated.
    pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning"),
]

WATCHED = "test://watched-resource"
#: Revisions that cannot do it; later ones can.
NO_STRUCTURE = {"2024-11-05", "2025-03-26"}
NO_ELICITATION = {"2024-11-05", "2025-03-26"}
NO_AUDIO = {"2024-11-05"}


def text(result: types.CallToolResult) -> str:
    [block] = result.content
    assert isinstance(block, types.TextContent)
    return block.text


# -- lists and plain calls -----------------------------------------------------


async def test_server_says_who_it_is_and_what_it_can(connect: Connect) -> None:
    async with connect() as client:
        assert client.server_info is not None
        assert client.server_info.name
        capabilities = client.server_capabilities
        assert capabilities.tools
        assert capabilities.tools.list_changed
        assert capabilities.prompts
        assert capabilities.prompts.list_changed
        assert capabilities.resources
        assert capabilities.resources.subscribe


async def test_lists_hold_every_fixture_in_order(connect: Connect) -> None:
    async with connect() as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        resources = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        prompts = [prompt.name for prompt in (await client.list_prompts()).prompts]
    assert tools == sorted(tools)
    assert len(tools) >= 32
    assert [str(resource.uri) for resource in resources] == [
        "test://static-binary",
        "test://static-text",
        WATCHED,
    ]
    assert [template.uri_template for template in templates] == [
        "test://template/{id}/data"
    ]
    assert set(prompts) >= {"test_simple_prompt", "test_input_required_result_prompt"}


async def test_schemas_reach_the_client_as_they_were_written(connect: Connect) -> None:
    async with connect() as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    contact = tools["json_schema_2020_12_tool"].input_schema
    assert contact["$defs"]["address"]["$anchor"] == "addressDef"
    assert contact["if"]["required"] == ["contactMethod"]
    numbers = tools["add_numbers"].input_schema
    assert numbers["additionalProperties"] is False
    assert numbers["properties"]["a"]["description"] == "The first number."
    assert tools["add_numbers"].description == "Add two numbers."


async def test_tool_returns_text(connect: Connect) -> None:
    async with connect() as client:
        result = await client.call_tool("test_simple_text")
    assert text(result) == "This is a simple text response for testing."
    assert not result.is_error


async def test_tool_returns_structured_content(connect: Connect, revision: str) -> None:
    async with connect() as client:
        await client.list_tools()
        result = await client.call_tool("add_numbers", {"a": 2, "b": 3})
    assert json.loads(text(result)) == {"result": 5}
    if revision in NO_STRUCTURE:
        assert result.structured_content is None
    else:
        assert result.structured_content == {"result": 5}


async def test_tool_returns_every_kind_of_content(
    connect: Connect, revision: str
) -> None:
    async with connect() as client:
        image = await client.call_tool("test_image_content")
        audio = await client.call_tool("test_audio_content")
        mixed = await client.call_tool("test_multiple_content_types")
    assert isinstance(image.content[0], types.ImageContent)
    kind = types.TextContent if revision in NO_AUDIO else types.AudioContent
    assert isinstance(audio.content[0], kind)
    assert [block.type for block in mixed.content] == ["text", "image", "resource"]


async def test_many_calls_at_once_get_their_own_answers(connect: Connect) -> None:
    async with connect() as client:
        results = await asyncio.gather(
            *(client.call_tool("add_numbers", {"a": n, "b": n}) for n in range(20))
        )
    assert [json.loads(text(result))["result"] for result in results] == [
        2 * n for n in range(20)
    ]


async def test_slow_call_does_not_hold_up_a_quick_one(connect: Connect) -> None:
    async with connect() as client:
        slow = asyncio.create_task(client.call_tool("test_slow", {"seconds": 1}))
        await client.call_tool("add_numbers")
        assert not slow.done()
        assert not (await slow).is_error


async def test_resources_are_read(connect: Connect) -> None:
    async with connect() as client:
        [words] = (await client.read_resource("test://static-text")).contents
        [dot] = (await client.read_resource("test://static-binary")).contents
        [data] = (await client.read_resource("test://template/12%203/data")).contents
    assert isinstance(words, types.TextResourceContents)
    assert words.text == "This is the content of the static text resource."
    assert isinstance(dot, types.BlobResourceContents)
    assert dot.mime_type == "image/png"
    assert isinstance(data, types.TextResourceContents)
    assert json.loads(data.text)["id"] == "12 3"


async def test_prompts_are_written(connect: Connect) -> None:
    async with connect() as client:
        simple = await client.get_prompt("test_simple_prompt")
        filled = await client.get_prompt(
            "test_prompt_with_arguments", {"arg1": "one", "arg2": "two"}
        )
        embedded = await client.get_prompt(
            "test_prompt_with_embedded_resource", {"resourceUri": "test://example"}
        )
        image = await client.get_prompt("test_prompt_with_image")
    assert simple.messages[0].content.type == "text"
    assert isinstance(filled.messages[0].content, types.TextContent)
    assert "arg1='one', arg2='two'" in filled.messages[0].content.text
    assert embedded.messages[0].content.type == "resource"
    assert image.messages[0].content.type == "image"


async def test_arguments_of_prompts_and_templates_are_completed(
    connect: Connect,
) -> None:
    prompt = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
    template = types.ResourceTemplateReference(
        type="ref/resource", uri="test://template/{id}/data"
    )
    async with connect() as client:
        words = await client.complete(prompt, {"name": "arg1", "value": "test"})
        numbers = await client.complete(template, {"name": "id", "value": "12"})
        nothing = await client.complete(prompt, {"name": "arg2", "value": "x"})
    assert words.completion.values == ["test", "testing"]
    assert numbers.completion.values == ["123", "124"]
    assert nothing.completion.values == []


# -- errors --------------------------------------------------------------------


async def test_refusal_reaches_the_model_as_is_error(connect: Connect) -> None:
    async with connect() as client:
        result = await client.call_tool("test_error_handling")
    assert result.is_error
    assert text(result) == "This tool intentionally returns an error for testing"


async def test_wrong_arguments_reach_the_model_as_is_error(connect: Connect) -> None:
    async with connect() as client:
        wrong = await client.call_tool("add_numbers", {"a": "many"})
        unknown = await client.call_tool("add_numbers", {"c": 1})
        refused = await client.call_tool("json_schema_2020_12_tool", {"name": "Ada"})
    assert wrong.is_error
    assert "a" in text(wrong)
    assert "https://" not in text(wrong)
    assert unknown.is_error
    assert "c" in text(unknown)
    assert refused.is_error


async def test_unknown_names_are_protocol_errors(
    connect: Connect, revision: str
) -> None:
    async with connect() as client:
        with pytest.raises(MCPError) as tool:
            await client.call_tool("no_such_tool")
        with pytest.raises(MCPError) as prompt:
            await client.get_prompt("no_such_prompt")
        with pytest.raises(MCPError) as blank:
            await client.get_prompt("test_prompt_with_arguments", {"arg1": "one"})
        with pytest.raises(MCPError) as resource:
            await client.read_resource("test://nowhere")
    assert tool.value.code == types.INVALID_PARAMS
    assert prompt.value.code == types.INVALID_PARAMS
    assert blank.value.code == types.INVALID_PARAMS
    assert "arg2" in blank.value.message
    assert resource.value.code == (
        types.INVALID_PARAMS if revision == STATELESS else -32002
    )
    assert resource.value.data == {"uri": "test://nowhere"}


async def test_cursor_that_nobody_issued_is_refused(connect: Connect) -> None:
    async with connect() as client:
        for list_page in (
            client.list_tools,
            client.list_prompts,
            client.list_resources,
            client.list_resource_templates,
        ):
            with pytest.raises(MCPError) as refusal:
                await list_page(cursor="made up")
            assert refusal.value.code == types.INVALID_PARAMS


# -- messages while a call runs ------------------------------------------------


async def test_progress_arrives_in_rising_steps(
    connect: Connect, revision: str
) -> None:
    steps: list[tuple[float, float | None, str | None]] = []

    async def keep(progress: float, total: float | None, message: str | None) -> None:
        steps.append((progress, total, message))

    async with connect() as client:
        await client.call_tool("test_tool_with_progress", progress_callback=keep)
    assert [(progress, total) for progress, total, _ in steps] == [
        (0, 100),
        (50, 100),
        (100, 100),
    ]
    messages = [message for _, _, message in steps]
    if revision == "2024-11-05":
        assert messages == [None] * 3
    else:
        assert messages[-1] == "Completed step 100 of 100"


async def test_log_messages_arrive_from_the_level_that_was_asked_for(
    connect: Connect, revision: str
) -> None:
    for level, expected in (("info", 3), ("error", 0)):
        person = Person()
        options = {"log_level": level} if revision == STATELESS else {}
        async with connect(person, **options) as client:
            if revision != STATELESS:
                await client.set_logging_level(level)  # type: ignore[arg-type]
            await client.call_tool("test_tool_with_logging")
        assert len(person.log) == expected


async def test_log_messages_come_from_a_thread_too(
    connect: Connect, revision: str
) -> None:
    person = Person()
    options = {"log_level": "debug"} if revision == STATELESS else {}
    async with connect(person, **options) as client:
        if revision != STATELESS:
            await client.set_logging_level("debug")
        await client.call_tool("test_logging_tool")
    assert [message.logger for message in person.log] == ["conformance"]


async def test_ping_is_answered(connect: Connect, revision: str) -> None:
    if revision == STATELESS:
        pytest.skip("The stateless era has no ping.")
    async with connect() as client:
        await client.send_ping()


# -- questions -----------------------------------------------------------------


async def test_model_of_the_client_is_asked(connect: Connect) -> None:
    person = Person()
    async with connect(person) as client:
        result = await client.call_tool("test_sampling", {"prompt": "Capital?"})
    assert text(result) == "LLM response: Paris, of course."
    [question] = person.asked
    assert question.max_tokens == 100
    assert question.messages[0].content.text == "Capital?"


async def test_client_is_asked_for_its_roots(connect: Connect) -> None:
    async with connect(Person()) as client:
        result = await client.call_tool("test_input_required_result_list_roots")
    assert text(result) == "1 roots: file:///home/ada"


async def test_person_fills_in_a_form(connect: Connect, revision: str) -> None:
    person = Person()
    async with connect(person) as client:
        result = await client.call_tool("test_elicitation", {"message": "Who?"})
        greeting = await client.call_tool("test_input_required_result_elicitation")
    if revision in NO_ELICITATION:
        assert result.is_error
        assert greeting.is_error
        return
    assert 'action=accept, content={"username": "Ada", "email": "Ada"}' in text(result)
    assert person.asked[0].message == "Who?"
    assert text(greeting) == "Hello, Ada!"


async def test_every_kind_of_field_can_be_asked_for(
    connect: Connect, revision: str
) -> None:
    if revision in NO_ELICITATION:
        pytest.skip("The revision has no elicitation.")
    person = Person()
    async with connect(person) as client:
        result = await client.call_tool("test_elicitation_sep1034_defaults")
    properties = person.asked[0].requested_schema["properties"]
    defaults = {name: field.get("default") for name, field in properties.items()}
    if revision == "2025-06-18":
        # Only a yes or no could have a default then.
        assert defaults == dict.fromkeys(properties) | {"verified": True}
    else:
        assert defaults == {
            "name": "John Doe",
            "age": 30,
            "score": 95.5,
            "status": "active",
            "verified": True,
        }
    assert '"status": "pending"' in text(result)


async def test_every_kind_of_choice_can_be_offered(
    connect: Connect, revision: str
) -> None:
    if revision in NO_ELICITATION | {"2025-06-18"}:
        pytest.skip("The revision has no lists of choices.")
    person = Person()
    async with connect(person) as client:
        result = await client.call_tool("test_elicitation_sep1330_enums")
    assert json.loads(text(result).partition("content=")[2]) == {
        "untitledSingle": "option3",
        "titledSingle": "value3",
        "legacyEnum": "opt3",
        "untitledMulti": ["option1", "option2"],
        "titledMulti": ["value1", "value2"],
    }


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_person_may_say_no(connect: Connect, revision: str, action: str) -> None:
    if revision in NO_ELICITATION:
        pytest.skip("The revision has no elicitation.")
    async with connect(Person(action=action)) as client:
        result = await client.call_tool("test_elicitation", {"message": "Who?"})
        greeting = await client.call_tool("test_input_required_result_elicitation")
    assert text(result) == f"User response: action={action}, content={{}}"
    assert text(greeting) == "Hello, stranger!"


async def test_questions_follow_one_another(connect: Connect, revision: str) -> None:
    if revision in NO_ELICITATION:
        pytest.skip("The revision has no elicitation.")
    person = Person()
    async with connect(person) as client:
        result = await client.call_tool("test_input_required_result_multi_round")
    assert text(result) == "Ada likes Ada."
    assert len(person.asked) == 2


async def test_questions_of_every_kind_are_asked_at_once(
    connect: Connect, revision: str
) -> None:
    if revision in NO_ELICITATION:
        pytest.skip("The revision has no elicitation.")
    person = Person()
    async with connect(person) as client:
        result = await client.call_tool("test_input_required_result_multiple_inputs")
    assert text(result) == "Paris, of course. Ada has 1 roots."
    assert len(person.asked) == 3


async def test_prompt_may_ask_before_it_is_written(
    connect: Connect, revision: str
) -> None:
    if revision in NO_ELICITATION:
        pytest.skip("The revision has no elicitation.")
    async with connect(Person()) as client:
        result = await client.get_prompt("test_input_required_result_prompt")
    [message] = result.messages
    assert isinstance(message.content, types.TextContent)
    assert message.content.text == "Use this context: Ada"


async def test_client_that_cannot_be_asked_is_told_so(
    connect: Connect, revision: str
) -> None:
    async with connect() as client:
        with pytest.raises(MCPError) as refusal:
            await client.call_tool("test_missing_capability")
    # The code of its own came with the stateless era.
    assert refusal.value.code == (
        types.MISSING_REQUIRED_CLIENT_CAPABILITY
        if revision == STATELESS
        else types.INVALID_PARAMS
    )
    assert refusal.value.data == {"requiredCapabilities": {"sampling": {}}}


# -- changes -------------------------------------------------------------------


async def _until_noticed(client: Client, tool: str, person: Person, kind: type) -> Any:
    """Call a tool until its announcement arrives.

    What is announced before the client's own stream is open is lost, and the
    client does not say when it is.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            await client.call_tool(tool)
            try:
                return await person.next_notification(kind, within=0.5)
            except TimeoutError:
                continue


async def test_subscribed_client_hears_of_a_change(
    connect: Connect, revision: str
) -> None:
    if revision == STATELESS:
        async with (
            connect() as client,
            client.listen(resource_subscriptions=[WATCHED]) as changes,
        ):
            await client.call_tool("test_update_watched_resource")
            async with asyncio.timeout(PATIENCE):
                assert await anext(changes) == ResourceUpdated(uri=WATCHED)
        return
    person = Person()
    async with connect(person) as client:
        await client.subscribe_resource(WATCHED)
        update = await _until_noticed(
            client,
            "test_update_watched_resource",
            person,
            types.ResourceUpdatedNotification,
        )
        assert str(update.params.uri) == WATCHED
        await client.unsubscribe_resource(WATCHED)


async def test_client_hears_that_a_list_has_changed(
    connect: Connect, revision: str
) -> None:
    if revision == STATELESS:
        async with (
            connect(cache=None) as client,
            client.listen(tools_list_changed=True, prompts_list_changed=True) as news,
        ):
            assert news.honored.tools_list_changed
            before = await _names(client)
            await client.call_tool("test_trigger_tool_change")
            async with asyncio.timeout(PATIENCE):
                assert await anext(news) == ToolsListChanged()
            assert before ^ await _names(client) == {"test_dynamic_tool"}
            await client.call_tool("test_trigger_prompt_change")
            async with asyncio.timeout(PATIENCE):
                assert await anext(news) == PromptsListChanged()
            # Leave the lists as they were.
            await client.call_tool("test_trigger_tool_change")
            await client.call_tool("test_trigger_prompt_change")
        return
    person = Person()
    async with connect(person) as client:
        await _until_noticed(
            client,
            "test_trigger_tool_change",
            person,
            types.ToolListChangedNotification,
        )
        await _until_noticed(
            client,
            "test_trigger_prompt_change",
            person,
            types.PromptListChangedNotification,
        )
        await _forget_dynamic(client)


async def _names(client: Client) -> set[str]:
    return {tool.name for tool in (await client.list_tools()).tools}


async def _forget_dynamic(client: Client) -> None:
    """Leave the lists as they were."""
    if "test_dynamic_tool" in await _names(client):
        await client.call_tool("test_trigger_tool_change")
    prompts = (await client.list_prompts()).prompts
    if "test_dynamic_prompt" in {prompt.name for prompt in prompts}:
        await client.call_tool("test_trigger_prompt_change")


async def test_listener_hears_only_what_it_asked_for(
    connect: Connect, revision: str
) -> None:
    if revision != STATELESS:
        pytest.skip("The handshake era has one stream for everything.")
    async with (
        connect() as client,
        client.listen(resource_subscriptions=[WATCHED]) as changes,
    ):
        assert not changes.honored.tools_list_changed
        await client.call_tool("test_trigger_prompt_change")
        await client.call_tool("test_trigger_prompt_change")
        await client.call_tool("test_update_watched_resource")
        async with asyncio.timeout(PATIENCE):
            assert await anext(changes) == ResourceUpdated(uri=WATCHED)


async def test_two_listeners_of_one_client_are_kept_apart(
    connect: Connect, revision: str
) -> None:
    if revision != STATELESS:
        pytest.skip("The handshake era has one stream for everything.")
    async with (
        connect() as client,
        client.listen(resource_subscriptions=[WATCHED]) as changes,
        client.listen(prompts_list_changed=True) as news,
    ):
        await client.call_tool("test_trigger_prompt_change")
        await client.call_tool("test_update_watched_resource")
        async with asyncio.timeout(PATIENCE):
            assert await anext(changes) == ResourceUpdated(uri=WATCHED)
            assert await anext(news) == PromptsListChanged()
        await client.call_tool("test_trigger_prompt_change")


# -- cancellation --------------------------------------------------------------


async def _slow_calls(client: Client) -> dict[str, int]:
    result = await client.call_tool("test_slow_status")
    return json.loads(text(result))  # type: ignore[no-any-return]


async def test_call_that_is_given_up_is_cancelled(connect: Connect) -> None:
    async with connect() as client:
        before = await _slow_calls(client)
        call = asyncio.create_task(client.call_tool("test_slow", {"seconds": 60}))
        async with asyncio.timeout(PATIENCE):
            while (await _slow_calls(client))["started"] == before["started"]:
                pass
            call.cancel()
            await asyncio.wait([call])
            while (await _slow_calls(client))["cancelled"] == before["cancelled"]:
                pass
        assert (await _slow_calls(client))["finished"] == before["finished"]
        # The connection is as good as before.
        assert not (await client.call_tool("add_numbers")).is_error


# -- pages ---------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_pages_hold_together_every_tool_once(mode: str) -> None:
    with running_server(PAGE_SIZE=7) as url:
        recording = Recording()
        transport = recorded(streamable_http_client(url), recording)
        async with Client(transport, mode=mode, cache=None) as client:
            page = await client.list_tools()
            names = [tool.name for tool in page.tools]
            while page.next_cursor is not None:
                assert len(page.tools) == 7
                page = await client.list_tools(cursor=page.next_cursor)
                names.extend(tool.name for tool in page.tools)
        recording.check(STATELESS if mode == "auto" else NEWEST_HANDSHAKE)
    assert len(names) >= 32
    assert names == sorted(set(names))


# -- threads -------------------------------------------------------------------


async def test_threads_with_something_to_say_do_not_wait_for_one_another() -> None:
    with running_server(THREADS=2) as url:
        async with Client(url, mode="legacy", read_timeout_seconds=PATIENCE) as client:
            await client.set_logging_level("debug")
            calls = [client.call_tool("test_logging_tool") for _ in range(40)]
            results = await asyncio.gather(*calls)
    assert {text(result) for result in results} == {"Logged once."}


# -- eras ----------------------------------------------------------------------


async def test_client_may_speak_the_stateless_era_without_asking_first(
    asgi_url: str,
) -> None:
    async with Client(asgi_url, mode=STATELESS) as client:
        assert not (await client.call_tool("add_numbers", {"a": 1})).is_error


async def test_client_keeps_a_list_as_long_as_it_may(asgi_url: str) -> None:
    recording = Recording()
    transport = recorded(streamable_http_client(asgi_url), recording)
    async with Client(transport, cache=caching.CacheConfig()) as client:
        await client.list_tools()
    [listed] = [
        message["result"]
        for message in recording.received
        if "tools" in message.get("result", {})
    ]
    assert listed["ttlMs"] >= 0
    assert listed["cacheScope"] in {"public", "private"}
