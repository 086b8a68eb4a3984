"""The official Python client before 2.0, as a script: one line per check.

It runs in an environment of its own, so it imports nothing of this project:

    python python1.py http URL
    python python1.py stdio COMMAND [ARGUMENT ...]
"""

# mypy: ignore-errors
# (it would look at the version of the client that is installed here)

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import mcp.types as types
from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl

PATIENCE = 5
WATCHED = AnyUrl("test://watched-resource")


class Client:
    """A session, and what the server told it."""

    def __init__(self, read: Any, write: Any) -> None:
        self.log: list[str] = []
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.session = ClientSession(
            read,
            write,
            elicitation_callback=self._elicit,
            sampling_callback=self._sample,
            list_roots_callback=self._roots,
            logging_callback=self._log,
            message_handler=self._hear,
        )

    async def _elicit(self, context: Any, params: Any) -> types.ElicitResult:
        fields = params.requestedSchema["properties"]
        content = dict.fromkeys(fields, "Ada")
        return types.ElicitResult(action="accept", content=content)

    async def _sample(self, context: Any, params: Any) -> types.CreateMessageResult:
        words = types.TextContent(type="text", text="Paris.")
        return types.CreateMessageResult(role="assistant", content=words, model="m")

    async def _roots(self, context: Any) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri="file:///home/ada")])

    async def _log(self, params: types.LoggingMessageNotificationParams) -> None:
        self.log.append(str(params.data))

    async def _hear(self, message: Any) -> None:
        if isinstance(message, types.ServerNotification):
            await self.heard.put(message.root.method)

    async def text(self, tool: str, **arguments: Any) -> str:
        result = await self.session.call_tool(tool, arguments)
        assert not result.isError, result.content
        return result.content[0].text

    async def hears(self, method: str, tool: str) -> None:
        """Call a tool until its announcement arrives: see the client's stream."""
        async with asyncio.timeout(PATIENCE):
            while True:
                await self.text(tool)
                try:
                    async with asyncio.timeout(0.5):
                        while await self.heard.get() != method:
                            pass
                    return
                except TimeoutError:
                    continue


async def lists(client: Client) -> None:
    session = client.session
    assert len((await session.list_tools()).tools) >= 32
    assert len((await session.list_resources()).resources) == 3
    assert len((await session.list_resource_templates()).resourceTemplates) == 1
    assert len((await session.list_prompts()).prompts) >= 5


async def calls(client: Client) -> None:
    words = await client.text("test_simple_text")
    assert words == "This is a simple text response for testing."
    result = await client.session.call_tool("add_numbers", {"a": 2, "b": 3})
    assert result.structuredContent == {"result": 5}
    kinds = await client.session.call_tool("test_multiple_content_types")
    assert [block.type for block in kinds.content] == ["text", "image", "resource"]


async def refusals(client: Client) -> None:
    result = await client.session.call_tool("test_error_handling")
    assert result.isError
    for refused in (
        client.session.call_tool("no_such_tool"),
        client.session.get_prompt("no_such_prompt"),
    ):
        try:
            await refused
        except McpError as error:
            assert error.error.code == -32602, error.error
        else:
            raise AssertionError("An unknown name was accepted.")


async def resources(client: Client) -> None:
    read = await client.session.read_resource(AnyUrl("test://template/123/data"))
    assert json.loads(read.contents[0].text)["id"] == "123"


async def prompts(client: Client) -> None:
    arguments = {"arg1": "one", "arg2": "two"}
    prompt = await client.session.get_prompt("test_prompt_with_arguments", arguments)
    assert "arg1='one', arg2='two'" in prompt.messages[0].content.text


async def completion(client: Client) -> None:
    reference = types.PromptReference(
        type="ref/prompt", name="test_prompt_with_arguments"
    )
    done = await client.session.complete(reference, {"name": "arg1", "value": "te"})
    assert done.completion.values == ["test", "testing"]


async def progress(client: Client) -> None:
    steps: list[float] = []

    async def keep(done: float, total: float | None, message: str | None) -> None:
        steps.append(done)

    await client.session.call_tool(
        "test_tool_with_progress", {}, progress_callback=keep
    )
    assert steps == [0, 50, 100], steps


async def logging(client: Client) -> None:
    await client.session.set_logging_level("info")
    await client.text("test_tool_with_logging")
    assert len(client.log) == 3, client.log


async def questions(client: Client) -> None:
    assert await client.text("test_sampling", prompt="?") == "LLM response: Paris."
    assert "action=accept" in await client.text("test_elicitation", message="Who?")
    roots = await client.text("test_input_required_result_list_roots")
    assert "file:///home/ada" in roots
    rounds = await client.text("test_input_required_result_multi_round")
    assert rounds == "Ada likes Ada."


async def changes(client: Client) -> None:
    await client.session.subscribe_resource(WATCHED)
    method = "notifications/resources/updated"
    await client.hears(method, "test_update_watched_resource")
    await client.session.unsubscribe_resource(WATCHED)
    method = "notifications/tools/list_changed"
    await client.hears(method, "test_trigger_tool_change")
    names = {tool.name for tool in (await client.session.list_tools()).tools}
    if "test_dynamic_tool" in names:
        await client.text("test_trigger_tool_change")


async def ping(client: Client) -> None:
    await client.session.send_ping()


CHECKS: list[Callable[[Client], Awaitable[None]]] = [
    lists,
    calls,
    refusals,
    resources,
    prompts,
    completion,
    progress,
    logging,
    questions,
    changes,
    ping,
]


@asynccontextmanager
async def _transport(kind: str, words: list[str]):
    if kind == "http":
        async with streamable_http_client(words[0]) as (read, write, _):
            yield read, write
    else:
        parameters = StdioServerParameters(command=words[0], args=words[1:])
        async with stdio_client(parameters) as (read, write):
            yield read, write


async def main(kind: str, *words: str) -> None:
    async with _transport(kind, list(words)) as (read, write):
        client = Client(read, write)
        async with client.session as session:
            answer = await session.initialize()
            sys.stdout.write(f"revision {answer.protocolVersion}\n")
            for check in CHECKS:
                await _report(check, client)


async def _report(check: Callable[[Client], Awaitable[None]], client: Client) -> None:
    """Say how one check went; the others go on."""
    try:
        async with asyncio.timeout(2 * PATIENCE):
            await check(client)
    except Exception as error:
        sys.stdout.write(f"FAILED {check.__name__}: {error!r}\n")
    else:
        sys.stdout.write(f"ok {check.__name__}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
