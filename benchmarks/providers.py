"""Things of a project as tools, beside the obvious way without MCP.

Ours goes through the whole server, from the bytes of a message to those of the
answer, with a key. The other way is what a developer would write in a test: a
client that is logged in, a form that is filled, a file that is read; or a tool
that does this by hand. All are taken in turns, and a ratio is that of one round.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

from benchmarks import messages
from benchmarks.inprocess import Client, Once, _key, _load_users
from benchmarks.processes import pinned
from benchmarks.report import Goal, Report

#: What a new project has. The measured one has no middleware elsewhere.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ORDER = {
    "name": "Jane",
    "email": "jane@shop.example",
    "copies": 3,
    "wanted": "2026-12-01",
    "cover": "hard",
}
LETTER = {"name": "Jane", "title": "Emma", "late": "3"}
FILE = "Emma Woodhouse, handsome, clever, and rich. " * 228  # 10 KB

#: Make so many calls.
Batch = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing, done here and in other ways."""

    what: str
    ours: Batch
    beside: dict[str, Batch]
    #: At most this many times as slow as the first of the others.
    times: float


def _plain(call: Callable[[], Any]) -> Batch:
    def batch(count: int) -> None:
        for _ in range(count):
            call()

    return batch


class Things:
    """What the project has, served, and the other ways to it."""

    def __init__(self, runner: asyncio.Runner, folder: str) -> None:
        # All of these need Django to be set up.
        from django.core.files.storage import FileSystemStorage

        from benchmarks.project import asgi, things
        from benchmarks.project.servers import keys
        from django_mcp import MCPServer

        self.runner = runner
        self.storage = FileSystemStorage(folder)
        server = MCPServer("things", version="1", authenticators=[keys])
        server.view("stock")
        if find_spec("markdownify") is not None:
            server.view("products", name="page")
        server.view("products", name="data", fields=["title", "shelf", "stock"])
        server.form_tool(things.OrderForm, self.order)
        server.tool(self.order_by_hand)
        server.tool(self.letter_by_hand, read_only=True)
        server.tool(self.file_by_hand, read_only=True)
        server.prompt_template("project/letter.md")
        server.storage_resource("media://texts/", storage=self.storage)
        if find_spec("rest_framework") is not None:
            server.viewset(things.ProductViewSet)
        if find_spec("ninja") is not None:
            server.ninja(things.api)
        self.client = Client(asgi.mounted(server))

    @staticmethod
    def order(cleaned_data: dict[str, Any]) -> str:
        """Order a book."""
        return f"{cleaned_data['copies']} copies"

    @staticmethod
    def order_by_hand(
        name: str, email: str, copies: int, wanted: str, cover: str
    ) -> str:
        """Order a book."""
        from benchmarks.project.things import OrderForm  # needs Django to be set up

        given = (name, email, copies, wanted, cover)
        form = OrderForm(dict(zip(ORDER, given, strict=True)))
        assert form.is_valid()
        return f"{form.cleaned_data['copies']} copies"

    @staticmethod
    def letter_by_hand(name: str, title: str, late: str) -> str:
        """Ask for a letter."""
        from django.template.loader import render_to_string  # see above

        given = {"name": name, "title": title, "late": late}
        return str(render_to_string("project/letter.md", given))

    def file_by_hand(self, path: str) -> str:
        """Read a file."""
        with self.storage.open(path) as file:
            return str(file.read().decode())

    def looped(self, once: Once) -> Batch:
        async def several(count: int) -> None:
            for _ in range(count):
                await once()

        return lambda count: self.runner.run(several(count))

    def asked(self, method: str, name: str, params: dict[str, Any]) -> Batch:
        """Return a message to the server; see first that it is answered well."""
        once = self.client.once(
            messages.headers(method, name) + _key(), messages.stateless(method, params)
        )
        result = messages.result_of(self.runner.run(once()))  # type: ignore[arg-type]
        assert not result.get("isError"), result
        return self.looped(once)

    def tool(self, name: str, /, **arguments: Any) -> Batch:
        return self.asked("tools/call", name, {"name": name, "arguments": arguments})


def _logged_in(client: Any) -> Any:
    from django.contrib.auth import get_user_model  # needs Django to be set up

    client.force_login(get_user_model().objects.get(username="alice"))
    return client


def _got(client: Any, url: str) -> Batch:
    assert client.get(url).status_code == 200
    return _plain(partial(client.get, url))


def _view_cases(things: Things) -> Iterator[Case]:
    from django.test import AsyncClient  # needs Django to be set up
    from django.test import Client as Browser

    browser, waiting = _logged_in(Browser()), _logged_in(AsyncClient())
    url = "/stock/5/"
    yield Case(
        what="a view that answers JSON",
        ours=things.tool("stock", product=5),
        beside={
            "Client": _got(browser, url),
            "AsyncClient": things.looped(partial(waiting.get, url)),
        },
        times=1,
    )
    page = {"Client": _got(browser, "/products/")}
    if find_spec("markdownify") is not None:
        yield Case(
            what="a page of 20 rows, as Markdown",
            ours=things.tool("page"),
            beside=page,
            times=5,
        )
    yield Case(
        what="a page of 20 rows, as data",
        ours=things.tool("data"),
        beside=page,
        times=1,
    )
    if find_spec("ninja") is not None:
        yield Case(
            what="django-ninja, 20 rows",
            ours=things.tool("ninja_list"),
            beside={"Client": _got(browser, "/ninja/products")},
            times=1,
        )
    if find_spec("rest_framework") is not None:
        from rest_framework.test import APIClient  # an extra

        yield Case(
            what="a ModelViewSet, 20 rows",
            ours=things.tool("rest_list"),
            beside={"APIClient": _got(_logged_in(APIClient()), "/rest/")},
            times=1,
        )


def _other_cases(things: Things) -> Iterator[Case]:
    letter: dict[str, Any] = {"name": "letter", "arguments": LETTER}
    uri, path = "media://texts/emma.txt", {"path": "emma.txt"}
    ordering = things.tool("order", **ORDER)
    writing = things.asked("prompts/get", "letter", letter)
    reading = things.asked("resources/read", uri, {"uri": uri})
    for what, ours, name, arguments in (
        ("a form of five fields", ordering, "order_by_hand", ORDER),
        ("a template as a prompt", writing, "letter_by_hand", LETTER),
        ("a file of 10 KB", reading, "file_by_hand", path),
    ):
        by_hand = partial(getattr(things, name), **arguments)
        yield Case(
            what=what,
            ours=ours,
            beside={
                "a tool by hand": things.tool(name, **arguments),
                "by hand": _plain(by_hand),
            },
            times=2.5,
        )


def _language_cases(things: Things) -> Iterator[Case]:
    from benchmarks.project import asgi  # needs Django to be set up

    echo = partial(
        Client(asgi.guarded).once,
        body=messages.call("echo", {"text": "hello"}),
    )
    listed = partial(Client(asgi.many).once, body=messages.stateless("tools/list", {}))
    kinds = (
        ("async echo", echo, messages.headers("tools/call", "echo") + _key()),
        ("tools/list, 300 tools", listed, messages.headers("tools/list")),
    )
    for what, once, headers in kinds:
        for language in (b"*", b"en-us", b"de"):
            spoken = [*headers, (b"accept-language", language)]
            yield Case(
                what=f"{what}, Accept-Language: {language.decode()}",
                ours=things.looped(once(spoken)),
                beside={"none": things.looped(once(headers))},
                times=1.5 if language == b"de" else 1.2,
            )


def _cost(batch: Batch, count: int) -> float:
    """Return the seconds of processor time that one call takes, in all threads."""
    start = time.process_time()
    batch(count)
    return (time.process_time() - start) / count


def _measure(case: Case, rounds: int, seconds: float) -> list[list[float]]:
    """Return what a call took, round by round: ours, then the others."""
    batches = [case.ours, *case.beside.values()]
    counts = []
    for batch in batches:
        _cost(batch, 3)
        # Some clocks tick too seldom to see five calls.
        counts.append(max(1, int(seconds / max(_cost(batch, 5), 1e-6))))
    turns = list(zip(batches, counts, strict=True))
    rows = []
    for number in range(rounds):
        # Each goes first as often as last.
        order = turns if number % 2 else turns[::-1]
        took = [_cost(batch, count) for batch, count in order]
        rows.append(took if number % 2 else took[::-1])
    return rows


def _add(report: Report, case: Case, rows: list[list[float]]) -> None:
    ours = statistics.median(row[0] for row in rows)
    for place, name in enumerate(case.beside, 1):
        theirs = statistics.median(row[place] for row in rows)
        ratio = statistics.median(row[0] / row[place] for row in rows)
        here, there = f"{ours * 1e6:,.1f} µs", f"{theirs * 1e6:,.1f} µs"
        report.rows.append((case.what, here, name, there, f"{ratio:.2f}"))
        if place == 1:
            what = f"{case.what}, beside {name}"
            report.goals.append(Goal(what=what, value=ratio, limit=case.times))


@contextlib.contextmanager
def _project() -> Iterator[Things]:
    """Serve a project that has browsers, too."""
    from django.test.utils import override_settings  # needs Django to be set up

    with (
        pinned(0),
        override_settings(
            ALLOWED_HOSTS=["127.0.0.1", "testserver"],
            MIDDLEWARE=MIDDLEWARE,
            ROOT_URLCONF="benchmarks.project.things",
        ),
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner() as runner,
    ):
        _load_users()
        things = Things(runner, folder)
        with things.storage.open("emma.txt", "w") as file:
            file.write(FILE)
        yield things


def run(*, quick: bool = False) -> Iterator[Report]:
    """Measure every case."""
    rounds, seconds = (3, 0.01) if quick else (41, 0.05)
    columns = ("what", "here", "beside", "there", "ratio")
    report = Report(
        title="Things of a project, in process: processor time", columns=columns
    )
    report.notes = [
        f"Without {extra}: it is not installed."
        for extra in ("markdownify", "rest_framework", "ninja")
        if find_spec(extra) is None
    ]
    spoken = Report(title="Languages, in process: processor time", columns=columns)
    with _project() as things:
        for case in (*_view_cases(things), *_other_cases(things)):
            _add(report, case, _measure(case, rounds, seconds))
        yield report
        for case in _language_cases(things):
            _add(spoken, case, _measure(case, rounds, seconds))
        yield spoken
