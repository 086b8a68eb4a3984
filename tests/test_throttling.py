"""Rates as they are read, and counters as they count: fixed and sliding."""

from __future__ import annotations

import logging
import math
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache, caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from hypothesis import example, given
from hypothesis import strategies as st

from django_mcp import MCPServer, Throttled, throttling
from django_mcp.auth.base import Principal
from django_mcp.throttling import (
    Rate,
    Rates,
    Throttles,
    count,
    counts_in_steps,
    rate_from_text,
    rates_from,
    refuse_spent,
    throttles_from,
)
from tests.clocks import Clock, stopped_clock
from tests.testapp.models import Book

LOCMEM = "django.core.cache.backends.locmem.LocMemCache"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def clock() -> Iterator[Clock]:
    with stopped_clock() as clock:
        yield clock


def passes(rates: Rates, *who: str) -> int:
    """Count a call; return 0, or the seconds it has to wait."""
    try:
        count(rates, *who)
    except Throttled as error:
        return error.retry_after
    return 0


# -- rates ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1/s", Rate(1, 1)),
        ("10/30s", Rate(10, 30)),
        ("300/min", Rate(300, 60)),
        ("300/minutes", Rate(300, 60)),
        ("5/15m", Rate(5, 900)),
        ("5 / 2 hours", Rate(5, 7200)),
        ("10/hour sliding", Rate(10, 3600, sliding=True)),
        ("10/hour fixed", Rate(10, 3600)),
        ("1000/day", Rate(1000, 86400)),
    ],
)
def test_a_rate_is_read(text: str, rate: Rate) -> None:
    assert rate_from_text(text) == rate


@pytest.mark.parametrize(
    "text",
    ["", "10", "10/", "/min", "0/min", "10/0s", "-1/min", "1.5/min", "10/week", "10/sec.",
     "10/min slid", "10/minsliding", "10 per min", "10/min\n", "９/min", None, 10, b"1/s",
     "9999999999/s"],
)  # fmt: skip
def test_what_is_no_rate_is_refused(text: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="is no rate"):
        rate_from_text(text)


@given(st.text() | st.from_regex(throttling._RATE))
@example("1/99999d")
def test_any_text_is_a_sound_rate_or_refused(text: str) -> None:
    try:
        rate = rate_from_text(text)
    except ImproperlyConfigured:
        return
    assert rate.number > 0
    assert 0 < rate.seconds < 10**10


def test_several_rates_are_read_as_one_or_none_are() -> None:
    assert rates_from(None) == ()
    assert rates_from("1/s") == (Rate(1, 1),)
    assert rates_from(["1/s", "9/min"]) == (Rate(1, 1), Rate(9, 60))
    with pytest.raises(ImproperlyConfigured):
        rates_from(["1/s", "much"])
    with pytest.raises(ImproperlyConfigured):
        rates_from(7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    ["10/min", {"user": "x"}, {"addres": "1/s"}, {"key": "nowhere.at_all"}, {"key": 7}],
)
def test_throttles_that_mean_nothing_are_refused(given: Any) -> None:
    with pytest.raises(ImproperlyConfigured):
        throttles_from(given)


# -- windows -------------------------------------------------------------------


def test_a_fixed_rate_counts_exactly_and_says_when_it_begins_anew(clock: Clock) -> None:
    rates = rates_from("3/min")
    assert [passes(rates, "ada") for _ in range(3)] == [0, 0, 0]
    wait = passes(rates, "ada")
    assert 0 < wait <= 60
    clock.pass_by(wait - 1)
    assert passes(rates, "ada") == 1
    clock.pass_by(1)
    assert [passes(rates, "ada") for _ in range(4)] == [0, 0, 0, 60]


def test_everybody_is_counted_alone(clock: Clock) -> None:
    rates = rates_from("1/min")
    assert not passes(rates, "shop", "user", "ada")
    assert not passes(rates, "shop", "user", "grace")
    assert not passes(rates, "shop", "address", "ada")
    assert not passes(rates, "shop\nuser", "ada")
    assert passes(rates, "shop", "user", "ada")


def test_not_everybodys_period_begins_at_the_same_moment(clock: Clock) -> None:
    rates = rates_from("1/hour")
    names = [str(number) for number in range(20)]
    assert not any(passes(rates, name) for name in names)
    assert len({passes(rates, name) for name in names}) > 10


def test_all_of_several_rates_hold(clock: Clock) -> None:
    rates = rates_from(["2/s", "3/hour"])
    assert [bool(passes(rates, "ada")) for _ in range(3)] == [False, False, True]
    clock.pass_by(1)
    assert passes(rates, "ada") == 0
    clock.pass_by(1)
    assert passes(rates, "ada") > 1


@pytest.mark.parametrize(("kind", "second_burst"), [("fixed", 10), ("sliding", 1)])
def test_a_sliding_rate_lets_a_second_burst_wait(
    clock: Clock, kind: str, second_burst: int
) -> None:
    rates = rates_from(f"10/min {kind}")
    elapsed = throttling._counters(rates[0], ("ada",)).elapsed
    clock.pass_by(59 - elapsed)
    assert not any(passes(rates, "ada") for _ in range(10))
    clock.pass_by(2)
    passed = [bool(passes(rates, "ada")) for _ in range(20)].count(False)
    assert passed == second_burst


def test_refused_calls_do_not_weigh_on_the_next_sliding_period(clock: Clock) -> None:
    rates = rates_from("5/min sliding")
    assert [bool(passes(rates, "ada")) for _ in range(100)].count(False) == 5
    clock.pass_by(120)
    assert not any(passes(rates, "ada") for _ in range(5))


@given(
    st.integers(1, 6),
    st.integers(1, 20),
    st.lists(st.floats(0, 15, allow_subnormal=False), min_size=1, max_size=60),
)
def test_a_sliding_rate_keeps_its_bound_whoever_calls_when(
    number: int, seconds: int, gaps: list[float]
) -> None:
    who, rates = uuid.uuid4().hex, (Rate(number, seconds, sliding=True),)
    passed: list[float] = []
    with stopped_clock() as clock:
        for gap in gaps:
            clock.pass_by(gap)
            if not passes(rates, who):
                passed.append(clock.now)
    for first, begin in enumerate(passed):
        for last in range(first, len(passed)):
            span = (passed[last] - begin) / seconds
            if span <= 1:
                bound = math.ceil(number * (1 + span) + 1e-6)
                assert last - first + 1 <= bound


@given(
    st.integers(1, 6),
    st.integers(1, 20),
    st.booleans(),
    st.lists(st.floats(0, 15, allow_subnormal=False), min_size=1, max_size=40),
)
def test_who_waits_as_told_gets_through(
    number: int, seconds: int, sliding: bool, gaps: list[float]
) -> None:
    who, rates = uuid.uuid4().hex, (Rate(number, seconds, sliding),)
    with stopped_clock() as clock:
        for gap in gaps:
            clock.pass_by(gap)
            wait = passes(rates, who)
            if wait:
                assert wait <= 2 * seconds + 1
                clock.pass_by(wait)
                assert not passes(rates, who)


def test_looking_counts_nothing(clock: Clock) -> None:
    for rates in (rates_from("2/min"), rates_from("2/min sliding")):
        for _ in range(5):
            refuse_spent(rates, "ada")
        assert not passes(rates, "ada")
        refuse_spent(rates, "ada")
        assert not passes(rates, "ada")
        with pytest.raises(Throttled):
            refuse_spent(rates, "ada")


# -- caches --------------------------------------------------------------------


def caches_with(backend: str, location: str = "") -> dict[str, Any]:
    return {"default": {"BACKEND": backend, "LOCATION": location}}


@pytest.fixture
def in_cache(settings: Any) -> Callable[[dict[str, Any]], None]:
    def use(given: dict[str, Any]) -> None:
        settings.CACHES = given

    return use


@pytest.fixture
def in_memory(in_cache: Any) -> None:
    in_cache(caches_with(LOCMEM, "throttling"))


@pytest.fixture(
    params=[
        "in_memory",
        pytest.param(
            "redis_cache", marks=[pytest.mark.redis, pytest.mark.needs("redis")]
        ),
    ]
)
def _atomic_cache(request: Any) -> None:
    request.getfixturevalue(request.param)


@pytest.mark.parametrize("kind", ["3/min", "3/min sliding"])
@pytest.mark.usefixtures("_atomic_cache")
def test_a_cache_counts(kind: str, clock: Clock) -> None:
    who = uuid.uuid4().hex
    waits = [passes(rates_from(kind), who) for _ in range(5)]
    assert [bool(wait) for wait in waits] == [False] * 3 + [True] * 2
    clock.pass_by(120)
    assert not passes(rates_from(kind), who)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["3/999d", "3/999d sliding"])
def test_the_database_counts_for_as_long_as_the_rate_says(
    kind: str, in_cache: Any
) -> None:
    given = caches_with("django.core.cache.backends.db.DatabaseCache", "counters")
    # What is written without a time of its own is gone at once.
    given["default"]["TIMEOUT"] = 0
    in_cache(given)
    call_command("createcachetable", verbosity=0)
    assert counts_in_steps(caches["default"])
    waits = [passes(rates_from(kind), "ada") for _ in range(6)]
    assert [bool(wait) for wait in waits] == [False] * 3 + [True] * 3


@pytest.mark.parametrize("kind", ["20/hour", "20/hour sliding"])
@pytest.mark.usefixtures("_atomic_cache")
def test_fifty_at_once_get_no_more_than_there_is(kind: str) -> None:
    rates, who = rates_from(kind), uuid.uuid4().hex
    together, passed = threading.Barrier(50), []

    def call() -> None:
        together.wait()
        for _ in range(4):
            if not passes(rates, who):
                passed.append(1)

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if rates[0].sliding:  # those who came in the middle of a refusal stepped back
        while not passes(rates, who):
            passed.append(1)
    assert len(passed) == 20


class AwayCache(LocMemCache):
    """A cache that nobody reaches."""

    def incr(self, *args: Any, **kwargs: Any) -> int:
        """See Django."""
        raise ConnectionError("nobody there")

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """See Django."""
        raise ConnectionError("nobody there")


def test_a_cache_that_is_away_lets_calls_through_and_is_told_once(
    in_cache: Any, caplog: Any, monkeypatch: Any
) -> None:
    in_cache(caches_with(f"{__name__}.AwayCache"))
    throttling._away.forget()
    with caplog.at_level(logging.ERROR, "django_mcp"):
        for _ in range(5):
            count(rates_from("1/hour"), "ada")
            refuse_spent(rates_from("1/hour"), "ada")
    assert [record.message for record in caplog.records] == [
        "The cache cannot count: nobody is throttled"
    ]
    assert "nobody there" in caplog.text


class ForgetfulCache(DummyCache):
    """Has always just forgotten the counter."""

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """See Django."""
        return False


def test_a_counter_that_vanishes_in_between_lets_the_call_through(
    in_cache: Any, monkeypatch: Any
) -> None:
    in_cache(caches_with(f"{__name__}.ForgetfulCache"))
    throttling._away.forget()
    assert not passes(rates_from("1/hour"), "ada")


def test_counters_tell_nobody_who_was_counted(clock: Clock) -> None:
    count(rates_from("1/hour"), "shop", "user", "ada@shop.example")
    keys = list(cache._cache)  # type: ignore[attr-defined]
    assert len(keys) == 1
    assert "ada" not in keys[0]
    assert "shop" not in keys[0]


# -- who is counted ------------------------------------------------------------


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (Principal(user=User(pk=7), client_id="app"), "user 7"),
        (Principal(user=AnonymousUser(), client_id="app"), "client app"),
        (Principal(user=AnonymousUser()), "address 192.0.2.1"),
    ],
)
def test_a_caller_is_the_user_or_the_client_or_the_address(
    principal: Principal, expected: str
) -> None:
    assert Throttles().caller(principal, "192.0.2.1") == expected


def by_name(principal: Principal, address: str) -> str | None:
    """Count by what users are called; the staff is not counted."""
    user: Any = principal.user
    return None if user.is_staff else user.get_username()


@pytest.mark.parametrize("key", [by_name, f"{__name__}.by_name"])
def test_a_project_says_who_is_one_caller_and_who_none(key: Any, clock: Clock) -> None:
    throttles = throttles_from({"user": "1/hour", "key": key})
    staff = Principal(user=User(pk=1, username="root", is_staff=True))
    for _ in range(3):
        throttles.called("shop", staff, "")
    throttles.called("shop", Principal(user=User(pk=2, username="ada")), "")
    with pytest.raises(Throttled):
        throttles.called("shop", Principal(user=User(pk=3, username="ada")), "")


def test_a_server_without_rates_has_no_throttles() -> None:
    assert not throttles_from({})
    assert not throttles_from({"user": None, "key": by_name})
    assert throttles_from({"failures": "1/s"})


def test_the_exception_says_when_in_whole_seconds() -> None:
    assert str(Throttled(retry_after=0.2)) == "Too many calls. Try again in 1 second."
    assert (
        str(Throttled(retry_after=29.1)) == "Too many calls. Try again in 30 seconds."
    )
    told = Throttled("The warehouse is busy.", retry_after=-3)
    assert (str(told), told.retry_after) == ("The warehouse is busy.", 1)


# -- what has a rate -----------------------------------------------------------


def hours() -> str:
    """When the shop is open."""
    return "9 to 5"


def page(name: str) -> str:
    """Return a page of the shop."""
    return name


def test_every_kind_of_primitive_takes_a_rate() -> None:
    server = MCPServer("shop")
    server.tool(hours, throttle="1/s")
    server.prompt(hours, throttle="1/s")
    server.resource("shop://hours", hours, throttle="1/s")
    server.resource("shop://page/{name}", page, throttle="1/s")
    server.form_tool(forms.Form, name="form", throttle="1/s")(lambda form: None)
    server.register(Book, fields=["id", "title"], throttle="1/s")
    registry = server.registry
    shelves = (registry.tools, registry.prompts, registry.resources, registry.templates)
    found = [primitive for shelf in shelves for primitive in shelf]
    assert len(found) > 7
    assert {primitive.throttle for primitive in found} == {(Rate(1, 1),)}


def test_a_rate_that_cannot_be_read_is_told_where_it_is_written() -> None:
    server = MCPServer("shop")
    with pytest.raises(ImproperlyConfigured, match="'often' is no rate"):
        server.tool(hours, throttle="often")
    with pytest.raises(ImproperlyConfigured, match="'often' is no rate"):
        server.register(Book, fields=["id"], throttle="often")
    with pytest.raises(ImproperlyConfigured, match="'often' is no rate"):
        MCPServer("other", throttles={"user": "often"})
