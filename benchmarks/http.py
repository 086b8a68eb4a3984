"""Over HTTP: processor time of the server per request, beside a floor.

Every contestant is a uvicorn process of its own on the same core. They are
loaded in turns, in short slices, so that whatever else the machine does hits
all of them alike; ratios are taken slice by slice, and their median counts.
"""

import contextlib
import importlib.util
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from benchmarks import messages
from benchmarks.functions import MANY
from benchmarks.load import Load
from benchmarks.processes import Server, pinned, uvicorn
from benchmarks.report import Goal, Report

OURS = "benchmarks.project.asgi"
SDK = "benchmarks.official"
EMPTY = {"DJANGO_SETTINGS_MODULE": "benchmarks.project.empty"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One server, as uvicorn finds it."""

    name: str
    target: str
    factory: bool = False
    #: It answers one constant, whatever it is asked.
    constant: bool = False
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Ours against another contestant: at most this many times its cost."""

    what: str
    contestant: str
    against: str
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One message that all contestants answer."""

    title: str
    method: str
    name: str | None
    #: The params of a lane.
    params: Callable[[int], dict[str, Any]]
    #: Check a lane's result by meaning.
    check: Callable[[int, dict[str, Any]], None]
    #: The first is the floor.
    contestants: tuple[Contestant, ...]
    limits: tuple[Limit, ...]


def _floor(name: str, target: str, *, constant: bool = True) -> Contestant:
    return Contestant(
        name=name,
        target=f"benchmarks.floors:{target}",
        constant=constant,
        environment=EMPTY,
    )


def _ours(name: str, target: str) -> Contestant:
    return Contestant(name=name, target=f"{OURS}:{target}")


def _sdk(name: str, target: str) -> Contestant:
    return Contestant(
        name=name, target=f"{SDK}:{target}", factory=True, environment=EMPTY
    )


def _fastmcp(target: str) -> tuple[Contestant, ...]:
    if importlib.util.find_spec("fastmcp") is None:
        return ()
    name = "fastmcp, 1 tool" if target == "one" else "fastmcp, 300 tools"
    fast = f"benchmarks.fast:{target}"
    return (Contestant(name=name, target=fast, factory=True, environment=EMPTY),)


def _text(lane: int) -> dict[str, Any]:
    return {"text": f"hello {lane}"}


def _same_text(lane: int, result: dict[str, Any]) -> None:
    assert messages.text_of(result) == f"hello {lane}", result


def _twenty_rows(lane: int, result: dict[str, Any]) -> None:
    text = messages.text_of(result) if result["content"] else "null"
    rows = result.get("structuredContent") or from_json(text)
    rows = rows["result"] if isinstance(rows, dict) else rows
    assert len(rows) == 20, result
    assert all(row["id"] % 100 == (lane + 1) % 100 for row in rows), result


def _all_tools(lane: int, result: dict[str, Any]) -> None:
    assert len(result["tools"]) == MANY, len(result["tools"])


def _call(name: str, arguments: Callable[[int], dict[str, Any]]) -> Any:
    return lambda lane: {"name": name, "arguments": arguments(lane)}


def scenarios(body_of_list: Path) -> list[Scenario]:
    """Return everything that is measured."""
    same_bytes = Contestant(
        name="floor: the same bytes",
        target="benchmarks.floors:same_bytes",
        constant=True,
        environment={"BENCHMARKS_BODY": str(body_of_list)},
    )
    view = Contestant(
        name="a bare Django async view",
        target="benchmarks.project.django_only:application",
        constant=True,
    )
    return [
        Scenario(
            title="tools/call, async echo",
            method="tools/call",
            name="echo",
            params=_call("echo", _text),
            check=_same_text,
            contestants=(
                _floor("floor: parse, constant", "constant"),
                _ours("django_mcp, 1 tool", "one"),
                _ours("django_mcp, 300 tools", "many"),
                _ours("django_mcp, in a URLRouter", "routed"),
                _sdk("official SDK, 1 tool", "one"),
                _sdk("official SDK, 300 tools", "many"),
                *_fastmcp("one"),
                view,
            ),
            limits=(
                Limit(
                    what="async echo against the floor",
                    contestant="django_mcp, 1 tool",
                    against="floor: parse, constant",
                    ratio=1.6,
                ),
                Limit(
                    what="a call beside 300 tools against beside one",
                    contestant="django_mcp, 300 tools",
                    against="django_mcp, 1 tool",
                    ratio=1.05,
                ),
            ),
        ),
        Scenario(
            title="tools/call, sync echo",
            method="tools/call",
            name="echo_sync",
            params=_call("echo_sync", _text),
            check=_same_text,
            contestants=(
                _floor("floor: one thread hop", "hop"),
                _ours("django_mcp", "few"),
                _sdk("official SDK", "few"),
            ),
            limits=(
                Limit(
                    what="sync echo against the floor with one hop",
                    contestant="django_mcp",
                    against="floor: one thread hop",
                    ratio=1.6,
                ),
            ),
        ),
        Scenario(
            title=f"tools/list, {MANY} tools",
            method="tools/list",
            name=None,
            params=lambda lane: {},
            check=_all_tools,
            contestants=(
                same_bytes,
                _ours("django_mcp", "many"),
                _sdk("official SDK", "many"),
                *_fastmcp("many"),
            ),
            limits=(
                Limit(
                    what=f"tools/list of {MANY} against the same bytes",
                    contestant="django_mcp",
                    against="floor: the same bytes",
                    ratio=1.3,
                ),
            ),
        ),
        Scenario(
            title="tools/call, 20 rows of 100,000",
            method="tools/call",
            name="rows",
            params=_call("rows", lambda lane: {"shelf": lane}),
            check=_twenty_rows,
            contestants=(
                _floor("floor: query in a pool", "query", constant=False),
                _ours("django_mcp", "few"),
                _sdk("official SDK", "few"),
            ),
            limits=(
                Limit(
                    what="20 rows against the query in a pool",
                    contestant="django_mcp",
                    against="floor: query in a pool",
                    ratio=1.2,
                ),
            ),
        ),
    ]


class Figures:
    """What the slices of one contestant showed."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.costs: list[float] = []

    def add(self, count: int, seconds: float, cpu: float) -> None:
        """Note one slice."""
        self.rates.append(count / seconds)
        self.costs.append(cpu / count)


def _checker(scenario: Scenario, contestant: Contestant) -> Any:
    def check(lane: int, body: bytes) -> None:
        try:
            if contestant.constant:
                messages.result_of(body)
            else:
                scenario.check(lane, messages.result_of(body, lane + 1))
        except AssertionError as error:
            error.add_note(f"{scenario.title}: {contestant.name}")
            raise

    return check


@contextlib.contextmanager
def _loaded(
    scenario: Scenario, contestant: Contestant, lanes: int
) -> Iterator[tuple[Server, Load]]:
    with uvicorn(
        contestant.name,
        contestant.target,
        factory=contestant.factory,
        environment=contestant.environment,
    ) as server:
        headers = messages.headers(scenario.method, scenario.name)
        bodies = [
            messages.stateless(scenario.method, scenario.params(lane), lane + 1)
            for lane in range(lanes)
        ]
        load = Load(server.port, headers, bodies, _checker(scenario, contestant))
        try:
            yield server, load
        finally:
            load.close()


def measure(
    scenario: Scenario, *, lanes: int, rounds: int, seconds: float
) -> dict[str, Figures]:
    """Load all contestants in turns."""
    figures = {contestant.name: Figures() for contestant in scenario.contestants}
    with contextlib.ExitStack() as stack:
        loaded = [
            stack.enter_context(_loaded(scenario, contestant, lanes))
            for contestant in scenario.contestants
        ]
        for _, load in loaded:
            load.run(seconds * 2)
        for _ in range(rounds):
            for server, load in loaded:
                before = server.cpu()
                count, took = load.run(seconds)
                figures[server.name].add(count, took, server.cpu() - before)
    return figures


def ratio(ours: Figures, other: Figures) -> float:
    """Return the median of the ratios of costs, slice by slice."""
    return statistics.median(
        mine / theirs for mine, theirs in zip(ours.costs, other.costs, strict=True)
    )


def _report(scenario: Scenario, figures: dict[str, Figures]) -> Report:
    floor = figures[scenario.contestants[0].name]
    report = Report(
        title=f"HTTP: {scenario.title}",
        columns=("server", "requests/s", "CPU per request", "times the floor"),
    )
    for name, figure in figures.items():
        report.rows.append(
            (
                name,
                f"{statistics.median(figure.rates):,.0f}",
                f"{statistics.median(figure.costs) * 1e6:,.1f} µs",
                f"{ratio(figure, floor):.2f}",
            )
        )
    for limit in scenario.limits:
        if limit.contestant in figures:
            value = ratio(figures[limit.contestant], figures[limit.against])
            report.goals.append(Goal(what=limit.what, value=value, limit=limit.ratio))
    return report


def _save_list(path: Path) -> None:
    """Keep the bytes of our ``tools/list``, for the floor that repeats them."""
    server = Contestant(name="django_mcp", target=f"{OURS}:many")

    def keep(lane: int, body: bytes) -> None:
        path.write_bytes(body)

    with uvicorn(server.name, server.target) as running:
        headers = messages.headers("tools/list")
        Load(running.port, headers, [messages.stateless("tools/list", {})], keep)


def run(*, quick: bool = False) -> Iterator[Report]:
    """Run every scenario."""
    seconds, rounds, lanes = (0.05, 3, 4) if quick else (0.3, 15, 8)
    with pinned(1), tempfile.TemporaryDirectory() as folder:
        body = Path(folder) / "tools-list.json"
        _save_list(body)
        for scenario in scenarios(body):
            figures = measure(scenario, lanes=lanes, rounds=rounds, seconds=seconds)
            yield _report(scenario, figures)
