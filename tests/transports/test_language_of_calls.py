"""Every way to call speaks the caller's language, and no call another's."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import AsyncClient
from django.test import Client as DjangoClient
from django.urls import path
from django.utils import translation
from django.utils.translation import get_language, gettext

from django_mcp import Context, MCPServer
from django_mcp.auth.base import Authenticators
from django_mcp.languages import accepted, prepare
from tests.testapp.translated import GREETINGS, make_server
from tests.transports.test_view import options
from tests.wire import HANDSHAKE, STATELESS, Client, Named, stateless, stdio_client

TEXTS = {
    "title": {"de": "Bestand eines Buchs", "fr": "Stock d’un livre"},
    "binding": {"de": "hard: Gebunden", "fr": "hard: Relié"},
    "reason": {"de": "Grund", "fr": "Motif"},
    "server": {"de": "Die Buchhandlung", "fr": "La librairie"},
    "polite": {"de": "Sei höflich.", "fr": "Sois poli."},
    "missing": {"de": "Dieses Buch gibt es nicht.", "fr": "Ce livre n’existe pas."},
}
server = make_server()
urlpatterns = [path("mcp", server.urls)]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _three_languages(settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français")]
    prepare()  # what a setting made Django forget, and only tests change one


def client_for(language: str, revision: str = STATELESS, **options: Any) -> Client:
    app = options.pop("app", server.asgi)
    headers = {"accept-language": language or None}
    return Client(app, revision, headers=headers, **options)


# -- what is translated ----------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "fr"])
async def test_lists_are_in_the_language_of_the_caller(language: str) -> None:
    client = client_for(language)
    listed = (await client.ask("tools/list")).result
    tools = {tool["name"]: tool for tool in listed["tools"]}
    assert tools["stock"]["title"] == TEXTS["title"][language]
    schema = tools["stock"]["inputSchema"]["properties"]["binding"]
    assert TEXTS["binding"][language] in schema["description"]
    schema = tools["explain"]["inputSchema"]["properties"]["why"]
    assert schema["title"] == TEXTS["reason"][language]
    [prompt] = (await client.ask("prompts/list")).result["prompts"]
    assert prompt["arguments"][0]["title"] == TEXTS["reason"][language]
    for method in ("resources/list", "resources/templates/list"):
        answer = await client.ask(method)
        assert answer.result["cacheScope"] == "private"
    assert listed["cacheScope"] == "private"
    named = listed["_meta"]["io.modelcontextprotocol/serverInfo"]
    assert named["title"] == TEXTS["server"][language]


async def test_a_list_that_differs_by_language_is_kept_by_nobody_else(
    settings: Any,
) -> None:
    plain = MCPServer("plain", authenticators=server.authenticators)
    plain.tool(lambda: "x", name="plain", description="Plain.")
    listed = (await client_for("de", app=plain.asgi).ask("tools/list")).result
    assert listed["cacheScope"] == "public"
    assert (await client_for("fr", app=plain.asgi).ask("tools/list")).result == listed
    assert len(plain.pages) == 1
    fresh = make_server()
    settings.LANGUAGES = [("en", "English")]
    await asyncio.to_thread(prepare)
    listed = (await client_for("de", app=fresh.asgi).ask("tools/list")).result
    assert listed["cacheScope"] == "public"


@pytest.mark.parametrize("language", ["de", "fr"])
async def test_a_server_introduces_itself(language: str) -> None:
    client = client_for(language, HANDSHAKE[-1])
    params = {"protocolVersion": HANDSHAKE[-1], "capabilities": {}, "clientInfo": {}}
    params["clientInfo"] = {"name": "test", "version": "1"}
    result = (await client.ask("initialize", params)).result
    assert result["serverInfo"]["title"] == TEXTS["server"][language]
    assert result["instructions"] == TEXTS["polite"][language]
    result = (await client_for(language).ask("server/discover")).result
    assert result["instructions"] == TEXTS["polite"][language]
    assert result["cacheScope"] == "private"


@pytest.mark.parametrize("tool", ["greet", "agreet"])
async def test_the_language_is_active_while_a_tool_runs(tool: str) -> None:
    for language in ("de", "fr", "", "de-at", "es"):
        spoken = language[:2] if language[:2] in GREETINGS else ""
        answer = await client_for(language).call(tool)
        expected = f"{spoken or 'en-us'}: {GREETINGS[spoken]}"
        assert answer.text == expected
        assert answer.headers.get("content-language", "") == spoken
        assert get_language() == "en-us"


@pytest.mark.parametrize("language", ["de", "fr"])
async def test_what_is_translated_late_is_translated_for_the_caller(
    language: str,
) -> None:
    client = client_for(language)
    answer = await client.call("greet_lazily")
    assert answer.result["structuredContent"] == {"words": GREETINGS[language]}
    for tool in ("refuse", "arefuse"):
        assert (await client.call(tool)).text == TEXTS["missing"][language]
    answer = await client.ask("prompts/get", {"name": "letter"})
    assert answer.result["messages"][0]["content"]["text"] == GREETINGS[language]
    for uri in ("shop://hours", "shop://book/1"):
        answer = await client.ask("resources/read", {"uri": uri})
        assert answer.result["contents"][0]["text"] == GREETINGS[language]
    assert (await client.call("read")).text == GREETINGS[language]


@pytest.mark.parametrize("language", ["de", "fr"])
@pytest.mark.parametrize("tool", ["give_back", "agive_back"])
async def test_a_form_is_asked_and_judged_in_the_language_of_the_caller(
    tool: str, language: str
) -> None:
    client = client_for(language, capabilities={"elicitation": {}})
    answer = await client.call(tool)
    reason = {"action": "accept", "content": {"reason": "none", "binding": "hard"}}
    params = answer.result["inputRequests"]["why"]["params"]
    properties = params["requestedSchema"]["properties"]
    assert properties["reason"]["title"] == TEXTS["reason"][language]
    assert properties["binding"]["oneOf"][0]["title"] in TEXTS["binding"][language]
    again = await client.call(
        tool,
        inputResponses={"why": reason},
        requestState=answer.result["requestState"],
    )
    params = again.result["inputRequests"]["why"]["params"]
    assert {"de": "echten Grund", "fr": "vrai motif"}[language] in params["message"]
    reason["content"] = {"reason": "torn", "binding": "hard"}
    done = await client.call(
        tool,
        inputResponses={"why": reason},
        requestState=again.result["requestState"],
    )
    assert done.text == f"{GREETINGS[language]} torn"


@pytest.mark.parametrize("tool", ["return_book", "areturn_book"])
async def test_a_form_among_the_arguments_is_judged_in_the_language_of_the_caller(
    tool: str,
) -> None:
    for language, words in (("de", "echten Grund"), ("fr", "vrai motif")):
        answer = await client_for(language).call(
            tool, {"reason": "none", "binding": "hard"}
        )
        assert answer.result["isError"]
        assert words in answer.text


@pytest.mark.parametrize("language", ["de", "fr"])
async def test_a_session_is_asked_in_the_language_of_the_caller(language: str) -> None:
    client = client_for(language, HANDSHAKE[-1], capabilities={"elicitation": {}})
    await client.open()
    sent = client.message("tools/call", {"name": "give_back", "arguments": {}})
    async with client.visit(sent) as visit:
        question = await visit.message()
        assert visit.headers["content-language"] == language
        message = {"de": "Warum?", "fr": "Pourquoi ?"}[language]
        assert question["params"]["message"] == message
        content = {"reason": "torn", "binding": "soft"}
        await client.reply(question, {"action": "accept", "content": content})
        answer = await client.answer(visit, sent)
    assert answer.text == f"{GREETINGS[language]} torn"


@pytest.mark.parametrize("language", ["de", "fr"])
async def test_what_is_said_on_the_way_is_translated(language: str) -> None:
    sent = client_for(language)
    meta = {"progressToken": "t", "io.modelcontextprotocol/logLevel": "info"}
    answer = await sent.call("tell", _meta=meta)
    progress, log = answer.before
    assert progress["params"]["message"] == GREETINGS[language]
    assert log["params"]["data"] == {"words": [GREETINGS[language]]}


async def test_several_headers_are_one_list() -> None:
    client = client_for("")
    client.extra = {"accept-language": ["es", "de;q=0.5"]}
    assert (await client.call("greet")).text == "de: Guten Tag."


# -- the project's own function --------------------------------------------------


def language_of_user(context: Context) -> str | None:
    """Ask the database: the last name of a user is their language."""
    found = User.objects.filter(username=context.user.get_username()).first()
    return found.last_name or None if found else None


def failing(context: Context) -> str:
    raise LookupError("the secret of the project")


def asking(context: Context) -> str:
    return "fr" if context.confirm("French?") else "de"


@pytest.fixture
def french(settings: Any) -> Iterator[Client]:
    User.objects.create(username="zoe", last_name="fr")
    settings.DJANGO_MCP = {"LANGUAGE": f"{__name__}.language_of_user"}
    made = make_server()
    made._own = Authenticators([Named()])
    headers = {"authorization": "Bearer zoe", "accept-language": "de"}
    yield Client(made.asgi, headers=headers, capabilities={"elicitation": {}})


@pytest.mark.parametrize("tool", ["greet", "agreet"])
async def test_a_users_own_language_comes_first(french: Client, tool: str) -> None:
    assert (await french.call(tool)).text == "fr: Bonjour."
    listed = (await french.ask("tools/list")).result
    assert TEXTS["title"]["fr"] in json.dumps(listed, ensure_ascii=False)
    french.extra["authorization"] = "Bearer somebody"
    answer = await french.call(tool)
    assert answer.text == "de: Guten Tag."
    assert answer.headers["content-language"] == "de"


def counting(context: Context) -> Any:
    return 7


@pytest.mark.parametrize("hook", ["failing", "asking", "missing", "counting"])
async def test_a_function_that_fails_spoils_no_call(
    settings: Any, caplog: pytest.LogCaptureFixture, hook: str
) -> None:
    settings.DJANGO_MCP = {"LANGUAGE": f"{__name__}.{hook}"}
    answer = await client_for("de", capabilities={"elicitation": {}}).call("greet")
    assert answer.text == "de: Guten Tag."
    assert f"{__name__}.{hook} failed" in caplog.text


async def test_the_function_never_blocks_the_loop(
    french: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """It may query, whatever a stranger sends."""
    for method in ("ping", "no/such/method", "completion/complete"):
        await french.ask(method)
    assert "failed" not in caplog.text


async def test_a_call_that_takes_too_long_is_told_in_its_language(
    french: Client,
) -> None:
    german = (await client_for("de").call("dawdle")).text
    own = (await client_for("").call("dawdle")).text
    assert own == "The call took too long and was given up."
    assert german not in {own, (await french.call("dawdle")).text}


async def test_who_looks_after_a_call_that_waits_learns_no_language_from_it() -> None:
    """A server may take up another request from there."""
    heard, made = [], make_server()

    @made.tool
    async def wait() -> str:
        await asyncio.sleep(0.3)
        return gettext("Good day.")

    async def application(scope: Any, receive: Any, send: Any) -> None:
        async def heard_in() -> Any:
            heard.append(get_language())
            return await receive()

        await made.asgi(scope, heard_in, send)

    await asyncio.to_thread(accepted, b"de")  # from now on it is known at once
    answer = await client_for("de", app=application).call("wait")
    assert answer.text == "Guten Tag."
    assert heard == ["en-us", "en-us"]


# -- as a Django view ------------------------------------------------------------


def call(name: str, /, **arguments: Any) -> dict[str, Any]:
    return stateless("tools/call", {"name": name, "arguments": arguments})


def text(answer: Any) -> str:
    return str(json.loads(answer.content)["result"]["content"][0]["text"])


def posting(sent: Any, language: str) -> dict[str, Any]:
    made = options(sent)
    made["headers"] = made["headers"] | {"accept-language": language}
    return made


LOCALE = "django.middleware.locale.LocaleMiddleware"
OWN = f"{__name__}.french_by_cookie"


def french_by_cookie(get_response: Any) -> Any:
    """A middleware as projects write them."""

    def middleware(request: HttpRequest) -> Any:
        with translation.override("fr" if "french" in request.COOKIES else None):
            if "french" not in request.COOKIES:
                translation.activate("en-us")
            return get_response(request)

    return middleware


@pytest.mark.parametrize("middleware", [[], [LOCALE]])
@pytest.mark.parametrize("tool", ["greet", "agreet"])
@pytest.mark.parametrize("language", ["de", "fr"])
async def test_the_view_speaks_it_under_asgi_and_wsgi(
    settings: Any, middleware: list[str], tool: str, language: str
) -> None:
    settings.MIDDLEWARE = middleware
    made = posting(call(tool), language)
    answer: Any = await AsyncClient().post("/mcp", **made)
    assert text(answer) == f"{language}: {GREETINGS[language]}"
    assert answer["content-language"] == language
    answer = await asyncio.to_thread(DjangoClient().post, "/mcp", **made)
    assert text(answer) == f"{language}: {GREETINGS[language]}"
    assert answer["content-language"] == language


@pytest.mark.parametrize("tool", ["greet", "agreet"])
async def test_the_language_a_middleware_chose_stays(settings: Any, tool: str) -> None:
    settings.MIDDLEWARE = [LOCALE]
    made = posting(call(tool), "de")
    for cookie, expected in (("django_language", "fr: Bonjour."),):
        client, aclient = DjangoClient(), AsyncClient()
        client.cookies[cookie] = aclient.cookies[cookie] = "fr"
        assert text(await aclient.post("/mcp", **made)) == expected
        answer = await asyncio.to_thread(client.post, "/mcp", **made)
        assert text(answer) == expected
    settings.MIDDLEWARE = [OWN]
    aclient = AsyncClient()
    aclient.cookies["french"] = "yes"
    assert text(await aclient.post("/mcp", **made)) == "fr: Bonjour."


async def test_the_function_decides_against_a_middleware(settings: Any) -> None:
    settings.MIDDLEWARE = [LOCALE]
    settings.DJANGO_MCP = {"LANGUAGE": "tests.test_languages.wants_french"}
    for tool in ("greet", "agreet"):
        made = posting(call(tool), "de")
        answer: Any = await AsyncClient().post("/mcp", **made)
        assert text(answer) == "fr: Bonjour."
        assert answer["content-language"] == "fr"
        answer = await asyncio.to_thread(DjangoClient().post, "/mcp", **made)
        assert text(answer) == "fr: Bonjour."


async def test_the_request_of_a_call_knows_the_language() -> None:
    made = make_server()

    @made.tool
    def code(context: Context) -> str:
        return str(context.request.LANGUAGE_CODE)

    assert (await client_for("de", app=made.asgi).call("code")).text == "de"
    assert (await client_for("", app=made.asgi).call("code")).text == "en-us"


# -- over stdio ------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "fr"])
async def test_a_process_speaks_one_language(language: str) -> None:
    async with stdio_client(make_server(), accept_language=language.encode()) as pipe:
        listed = await pipe.ask(stateless("tools/list"))
        assert TEXTS["title"][language] in json.dumps(listed, ensure_ascii=False)
        for tool in ("greet", "agreet"):
            params = {"name": tool, "arguments": {}}
            answer = await pipe.ask(stateless("tools/call", params))
            said = answer["result"]["content"][0]["text"]
            assert said == f"{language}: {GREETINGS[language]}"


async def test_a_process_finds_out_its_language_once(settings: Any) -> None:
    """What runs on the loop waits for no thread."""
    settings.DJANGO_MCP = {"THREADS": 1}
    made, begun, end = make_server(), threading.Event(), threading.Event()

    @made.tool
    def block() -> str:
        begun.set()
        end.wait(5)
        return "done"

    async with stdio_client(made, accept_language=b"de") as pipe:
        pipe.send(call("block") | {"id": "blocked"})
        await asyncio.to_thread(begun.wait, 5)
        greeted = await pipe.ask(call("agreet"))
        end.set()
        assert (await pipe.receive())["result"]["content"][0]["text"] == "done"
    assert greeted["result"]["content"][0]["text"] == "de: Guten Tag."


# -- many at once ----------------------------------------------------------------


@pytest.mark.parametrize("threads", [0, 1, 4])
async def test_calls_at_the_same_time_never_mix(settings: Any, threads: int) -> None:
    """In one process, on one loop and few threads, in an order that is mixed."""
    settings.DJANGO_MCP = {"THREADS": threads}
    made, dice = make_server(), random.Random(threads)

    async def one() -> None:
        language = dice.choice(["", "de", "fr"])
        client = client_for(language, app=made.asgi)
        for _ in range(4):
            if dice.random() < 0.5:
                answer = await client.call("agreet", {"waits": dice.randrange(12)})
            else:
                answer = await client.call("greet")
            assert answer.text == f"{language or 'en-us'}: {GREETINGS[language]}"
            listed = (await client.ask("tools/list")).result["tools"]
            [title] = [tool["title"] for tool in listed if tool["name"] == "stock"]
            assert title == TEXTS["title"].get(language, "Stock of a book")

    await asyncio.gather(*(one() for _ in range(60)))
    assert gettext("Good day.") == "Good day."


async def test_a_batch_is_in_one_language() -> None:
    client = client_for("de", "2025-03-26")
    await client.open()
    batch = [
        client.message("tools/call", {"name": name, "arguments": {}})
        for name in ("agreet", "greet", "agreet")
    ]
    async with client.visit(batch) as visit:
        answers = json.loads(await visit.text())
    said = {answer["result"]["content"][0]["text"] for answer in answers}
    assert said == {"de: Guten Tag."}
