"""How often somebody may call: rates, and counters in Django's cache.

Each call is one increment, so that callers who come at the same moment are
counted one after the other, by whichever worker. A cache that is away lets
calls through: limits spare a site, and are not what keeps strangers out, so
they must not be what brings it down.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from asgiref.sync import iscoroutinefunction
from django.core.cache import BaseCache
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_mcp.caching import project_cache
from django_mcp.exceptions import Throttled
from django_mcp.seldom import Seldom

if TYPE_CHECKING:
    from django_mcp.auth.base import Principal
    from django_mcp.context import Context
    from django_mcp.primitives import Primitive

logger = logging.getLogger("django_mcp")

_SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
_RATE = re.compile(
    r"(?P<number>[0-9]{1,9}) */ *(?P<times>[0-9]{0,5}) *"
    r"(?P<unit>s|sec|second|m|min|minute|h|hour|d|day)s?"
    r"(?: +(?P<window>fixed|sliding))?"
)


class Rate(NamedTuple):
    """So many calls in so many seconds."""

    number: int
    seconds: int
    #: Weigh in the period before, so that no two bursts meet at its end.
    sliding: bool = False


Rates: TypeAlias = tuple[Rate, ...]
#: What a project writes: ``"10/min"``, ``["10/s", "1000/day sliding"]``.
Limit: TypeAlias = str | Iterable[str] | None


def rate_from_text(text: Any) -> Rate:
    """Read ``"10/min"``, ``"10/30s"`` or ``"10/hour sliding"``.

    Raises: ImproperlyConfigured
    """
    found = _RATE.fullmatch(text) if isinstance(text, str) else None
    if found is not None:
        seconds = int(found["times"] or 1) * _SECONDS[found["unit"][0]]
        rate = Rate(int(found["number"]), seconds, found["window"] == "sliding")
        if rate.number and rate.seconds:
            return rate
    raise ImproperlyConfigured(
        f'{text!r} is no rate: write "10/min", "10/30s" or "10/hour sliding".'
    )


def rates_from(limit: Limit) -> Rates:
    """Read one rate, or several that all hold. Raises: ImproperlyConfigured"""
    if limit is None:
        return ()
    if isinstance(limit, str) or not isinstance(limit, Iterable):
        return (rate_from_text(limit),)
    return tuple(map(rate_from_text, limit))


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttles:
    """The rates of a server, by what they count."""

    #: Messages from one address, before anybody asks who sends them.
    address: Rates = ()
    #: Messages of one caller.
    user: Rates = ()
    #: Credentials of one address that were refused.
    failures: Rates = ()
    #: ``key(principal, address)``: what makes a caller one; ``None``: no limit.
    key: Callable[[Principal, str], str | None] | None = None

    def __bool__(self) -> bool:
        return bool(self.address or self.user or self.failures)

    def arrived(self, server: str, address: str) -> None:
        """Count a message by where it comes from. May block. Raises: Throttled"""
        count(self.address, server, "address", address)
        refuse_spent(self.failures, server, "failures", address)

    def failed(self, server: str, address: str) -> None:
        """Count credentials that were refused. May block."""
        for rate in self.failures:
            _asked(_add, rate, (server, "failures", address))

    def called(self, server: str, principal: Principal, address: str) -> None:
        """Count a message by who sent it. May block. Raises: Throttled"""
        caller = self.caller(principal, address) if self.user else None
        if caller is not None:
            count(self.user, server, "user", caller)

    def caller(self, principal: Principal, address: str) -> str | None:
        """Return what a caller is counted by; ``None``: not at all."""
        if self.key is not None:
            return self.key(principal, address)
        if principal.user.pk is not None:
            return f"user {principal.user.pk}"
        if principal.client_id is not None:
            return f"client {principal.client_id}"
        return f"address {address}"


_COUNTED = ("address", "user", "failures")


def throttles_from(given: Mapping[str, Any]) -> Throttles:
    """Read the setting ``THROTTLES``. Raises: ImproperlyConfigured"""
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured("Throttles must be a dictionary of rates.")
    unknown = [name for name in given if name not in {*_COUNTED, "key"}]
    if unknown:
        raise ImproperlyConfigured(
            f"There is no throttle {unknown[0]!r}, only {', '.join(_COUNTED)} and key."
        )
    rates = {name: rates_from(given.get(name)) for name in _COUNTED}
    return Throttles(**rates, key=_key_from(given.get("key")))


def _key_from(key: Any) -> Callable[[Principal, str], str | None] | None:
    if isinstance(key, str):
        try:
            key = import_string(key)
        except ImportError as error:
            raise ImproperlyConfigured(f"The key of throttles: {error}") from None
    if key is not None and (not callable(key) or iscoroutinefunction(key)):
        raise ImproperlyConfigured(
            f"The key of throttles, {key!r}, is no plain function; it runs in a"
            " thread and may query as it is."
        )
    return key  # type: ignore[no-any-return]


# -- counting ------------------------------------------------------------------


def count_message(context: Context) -> None:
    """Count a message by who sent it. May block. Raises: Throttled"""
    server = context.server
    server.throttles.called(server.name, context.principal, context.address)


def count_call(primitive: Primitive, context: Context) -> None:
    """Count a call by who calls; its later rounds are the same call.

    May block. Raises: Throttled
    """
    if context.asker is None or not context.asker.rounds:
        count_use(primitive, context)


def count_use(primitive: Primitive, context: Context) -> None:
    """Count the use of a primitive by who calls. May block. Raises: Throttled"""
    server = context.server
    caller = server.throttles.caller(context.principal, context.address)
    if caller is not None:
        kind = type(primitive).__name__
        count(primitive.throttle, server.name, kind, primitive.key, caller)


def count(rates: Rates, *who: str) -> None:
    """Count one call of somebody against rates. May block. Raises: Throttled

    ``who`` names what is counted, and then whom: ``"register", address``.
    """
    for rate in rates:
        wait = _asked(_add, rate, who)
        if wait:
            raise Throttled(retry_after=wait)


def refuse_spent(rates: Rates, *who: str) -> None:
    """Refuse somebody who has no call left; count none. Raises: Throttled"""
    for rate in rates:
        wait = _asked(_look, rate, who)
        if wait:
            raise Throttled(retry_after=wait)


class _Counters(NamedTuple):
    """Where the counts of somebody are, at this moment."""

    now: str
    before: str
    #: Seconds since the period began.
    elapsed: float


def _counters(rate: Rate, who: tuple[str, ...]) -> _Counters:
    # A digest, because names and addresses are no good keys, and because who
    # reads the cache need not read who called.
    digest = hashlib.sha256(repr((rate, who)).encode()).hexdigest()[:32]
    # Each caller's periods begin at a moment of their own: not everybody who
    # was refused comes back in the same second.
    moment = time.time() + int(digest[:8], 16) % rate.seconds
    number, elapsed = divmod(moment, rate.seconds)
    key = f"django_mcp:throttle:{digest}"
    return _Counters(f"{key}:{number:.0f}", f"{key}:{number - 1:.0f}", elapsed)


def _add(rate: Rate, who: tuple[str, ...]) -> float:
    """Count a call; return the seconds it comes too early."""
    cache, counters = project_cache(), _counters(rate, who)
    before = cache.get(counters.before, 0) if rate.sliding else 0
    # The period that follows looks back at this one.
    kept = 2 * rate.seconds
    counted = _increment(cache, counters.now, kept)
    wait = _wait(rate, before, counted - 1, counters.elapsed)
    if wait and rate.sliding:
        # Only calls that were let through weigh on the period that follows.
        _step(cache, counters.now, -1, kept)
    return wait


def _look(rate: Rate, who: tuple[str, ...]) -> float:
    """Return the seconds that a call would come too early."""
    cache, counters = project_cache(), _counters(rate, who)
    found = cache.get_many([counters.now, counters.before])
    before = found.get(counters.before, 0) if rate.sliding else 0
    return _wait(rate, before, found.get(counters.now, 0), counters.elapsed)


def _increment(cache: BaseCache, key: str, seconds: int) -> int:
    """Return how many calls a counter has, with this one."""
    try:
        return _step(cache, key, 1, seconds)
    except ValueError:  # the first call of this period
        return 1 if cache.add(key, 1, seconds) else _step(cache, key, 1, seconds)


def _step(cache: BaseCache, key: str, by: int, seconds: int) -> int:
    counted = cache.incr(key, by)
    if counts_in_steps(cache):
        # It was written anew, to be kept no longer than anything else.
        cache.touch(key, seconds)
    return counted


def counts_in_steps(cache: BaseCache) -> bool:
    """Does a cache read and write to count? Then calls may slip through between."""
    return type(cache).incr is BaseCache.incr


def _wait(rate: Rate, before: int, now: int, elapsed: float) -> float:
    """Return the seconds until a call passes after ``now`` others; 0: at once.

    A sliding rate takes the calls of the period before as spread evenly, and
    counts the part of them that lies within one period of this moment. Two
    counters do, where a list of moments would grow with the number of calls
    (https://blog.cloudflare.com/counting-things-a-lot-of-different-things/).
    """
    left = rate.seconds - elapsed
    if not rate.sliding:
        return 0 if now < rate.number else math.ceil(left)
    if before * left / rate.seconds + now < rate.number:
        return 0
    if now < rate.number:
        wait = left - rate.seconds * (rate.number - now) / before
    else:  # in the next period, in which these calls are those before
        wait = left + rate.seconds * (1 - rate.number / now)
    # At that moment the rate is just met; a call passes after it.
    return math.floor(wait + 0.001) + 1


# -- a cache that is away ------------------------------------------------------


_away = Seldom()


def _asked(ask: Callable[..., float], rate: Rate, who: tuple[str, ...]) -> float:
    try:
        return ask(rate, who)
    except Exception:  # a cache may raise anything: see the docstring
        if _away.due():
            logger.exception("The cache cannot count: nobody is throttled")
        return 0
