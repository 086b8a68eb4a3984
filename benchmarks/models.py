"""Lists of models: beside a hand-written query, and page after page.

In one thread, from the message to the bytes of the result, so without what a
transport adds. The hand-written side is the query alone and its rows as JSON:
no arguments to check, no permission, no cursor.
"""

import datetime
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from pydantic_core import from_json, to_json

from benchmarks.processes import ROOT
from benchmarks.report import Goal, Report

PAGE = 20
DEEP = 10_000
FIELDS = ("id", "title", "price", "stock", "added", "shelf__name")

Call = Callable[[], bytes]


def _fill(model: Any, count: int) -> None:
    from benchmarks.project.models import Shelf  # needs Django to be set up

    if model.objects.count() == count:
        return
    model.objects.all().delete()
    if not Shelf._default_manager.exists():
        Shelf._default_manager.bulk_create(Shelf(name=f"Shelf {n}") for n in range(100))
    shelves = list(Shelf._default_manager.all())
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    rows = (
        model(
            title=f"Book {n * 7919 % count:07}",
            price=Decimal(n % 9000) / 100,
            stock=n % 7,
            added=start + datetime.timedelta(minutes=n),
            shelf=shelves[n % 100],
        )
        for n in range(count)
    )
    model.objects.bulk_create(rows, batch_size=10_000)


def _analyze() -> None:
    from django.db import connection  # needs Django to be set up

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


class Lists:
    """The tools of one model, called without a transport."""

    def __init__(self, model: Any) -> None:
        # Needs Django to be set up.
        from django.contrib.auth import get_user_model

        from django_mcp import MCPServer
        from django_mcp.auth import Principal

        user = get_user_model()(username="alice", is_superuser=True, is_active=True)
        self.principal = Principal(user=user)
        self.server = MCPServer("models", authenticators=[])
        self.server.register(
            model,
            fields=list(FIELDS),
            ordering_fields=["id", "title"],
            ordering=["id"],
            filter_fields={"shelf__name": ["exact"]},
            name="row",
            plural_name="rows",
        )

    def call(self, **arguments: Any) -> bytes:
        """Return the answer to one tools/call."""
        from django_mcp import dispatch
        from django_mcp.context import Context
        from django_mcp.protocol.events import Asked
        from django_mcp.protocol.revisions import STATELESS
        from django_mcp.transports.call import Carries

        params = {"name": "list_rows", "arguments": arguments}
        event = Asked(1, "tools/call", params, STATELESS, {}, {}, {})
        carrier: Any = Carries()
        context = Context(self.server, event, self.principal, carrier)
        reply: Any = dispatch.serve(self.server, event, context)
        return reply.body  # type: ignore[no-any-return]

    def page(self, **arguments: Any) -> dict[str, Any]:
        """Return what one page holds."""
        result = from_json(self.call(limit=PAGE, **arguments))["result"]
        assert not result.get("isError"), result
        return result["structuredContent"]  # type: ignore[no-any-return]


def _best(calls: dict[str, Call], rounds: int, seconds: float) -> dict[str, float]:
    """Return the median cost of each call, in seconds, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            count, start = 0, time.perf_counter()
            while (took := time.perf_counter() - start) < seconds:
                call()
                count += 1
            times[name].append(took / count)
    return {name: statistics.median(figures) for name, figures in times.items()}


def _beside(model: Any, rounds: int, seconds: float) -> dict[str, float]:
    lists = Lists(model)

    def hand() -> bytes:
        return to_json(list(model.objects.order_by("id").values(*FIELDS)[:PAGE]))

    assert len(from_json(hand())) == len(lists.page()["rows"]) == PAGE
    return _best({"by hand": hand, "list": lists.call}, rounds, seconds)


def _deep(model: Any, order: str, rounds: int, seconds: float) -> dict[str, float]:
    """Turn ten thousand pages, then compare the last with the first."""
    lists, cursor, seen = Lists(model), None, 0
    pages = min(DEEP, model.objects.count() // PAGE)
    at: dict[int, Any] = {}
    for number in range(1, pages + 1):
        at = {number: cursor}
        more = {} if cursor is None else {"cursor": cursor}
        page = lists.page(order_by=order, **more)
        seen += len(page["rows"])
        cursor = page.get("next_cursor")
    assert seen == pages * PAGE, seen
    [(last, where)] = at.items()
    return _best(
        {
            "page 1": lambda: lists.call(limit=PAGE, order_by=order),
            f"page {last:,}": lambda: lists.call(
                limit=PAGE, order_by=order, cursor=where
            ),
        },
        rounds,
        seconds,
    )


def measured(*, quick: bool) -> list[tuple[str, str, dict[str, float]]]:
    """Return what was timed: a title, a table, and seconds by name."""
    from benchmarks.project import models  # needs Django to be set up

    sizes = (2_000, 4_000) if quick else (100_000, 1_000_000)
    rounds, seconds = (3, 0.01) if quick else (15, 0.05)
    found = []
    for model, count in zip((models.Item, models.Record), sizes, strict=True):
        _fill(model, count)
        _analyze()
        table = f"{count:,} rows"
        found.append(("list", table, _beside(model, rounds, seconds)))
        for order in ("id", "-id", "title"):
            found.append((order, table, _deep(model, order, rounds, seconds)))
    return found


def _report(database: str, found: list[Any]) -> Report:
    report = Report(
        title=f"Lists of models on {database}",
        columns=("what", "table", "time per call", "times the first"),
    )
    for what, table, figures in found:
        (first, base), (second, value) = figures.items()
        ratio = value / base
        label = "a list of 20 with a foreign key" if what == "list" else f"by {what}"
        for name, cost, times in ((first, base, 1.0), (second, value, ratio)):
            micro = f"{cost * 1e6:,.0f} µs"
            report.rows.append((f"{label}: {name}", table, micro, f"{times:.2f}"))
        against = "the hand-written query" if what == "list" else "the first page"
        report.goals.append(
            Goal(
                what=f"{database}, {table}, {label}: {second} against {against}",
                value=ratio,
                limit=1.3 if what == "list" else 1.5,
            )
        )
    return report


def _on_postgres(quick: bool) -> list[Any] | None:
    """Measure in a process of its own, if there is a PostgreSQL to be had."""
    environment = {**os.environ, "BENCHMARKS_POSTGRES": "django_mcp_benchmarks"}
    command = [sys.executable, "-m", "benchmarks.models", *(["--quick"] * quick)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if done.returncode == NO_DATABASE:
        return None
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def run(*, quick: bool = False) -> Iterator[Report]:
    """Measure on SQLite, and on PostgreSQL where it can be reached."""
    yield _report("SQLite", measured(quick=quick))
    found = _on_postgres(quick)
    if found is not None:
        yield _report("PostgreSQL", found)


NO_DATABASE = 3


def _created() -> bool:
    import psycopg  # of the test group
    from django.db import connection  # needs Django to be set up

    settings = connection.settings_dict
    try:
        with psycopg.connect(
            host=settings["HOST"],
            user=settings["USER"],
            password=settings["PASSWORD"],
            dbname="postgres",
            autocommit=True,
        ) as server:
            known = server.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [settings["NAME"]]
            )
            if known.fetchone() is None:
                server.execute(f'CREATE DATABASE "{settings["NAME"]}"')
    except psycopg.OperationalError:
        return False
    return True


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.project.settings")
    import django

    django.setup()
    if not _created():
        sys.exit(NO_DATABASE)
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    print(json.dumps(measured(quick="--quick" in sys.argv)))
