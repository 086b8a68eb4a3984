"""Which language a call speaks, and how to speak it.

Decided once for each call: the project's own function decides
(``DJANGO_MCP["LANGUAGE"]``), else what the client asked for, by Django's
rules; and where nobody asks, the language that is active anyway stays. Words
are chosen elsewhere: by whoever turns a lazy translation into text. A project
of one language pays nothing.

``Local`` values of asgiref, which hold Django's active language, stay in the
thread that set them. So a language is activated where the work is done, and
never before a crossing.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Generator, Mapping
from threading import get_ident
from types import CoroutineType, coroutine
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.autoreload import file_changed
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import (
    activate,
    deactivate_all,
    get_language_from_request,
    get_supported_language_variant,
    gettext,
    to_language,
)

from django_mcp.conf import conf

if TYPE_CHECKING:
    from django_mcp.context import Context

K = TypeVar("K")
T = TypeVar("T")
Variables: TypeAlias = tuple[tuple[contextvars.ContextVar[Any], Any], ...]

#: Any text: asking for one reads the catalogues.
_ANY = "-"
#: Bytes of an ``Accept-Language`` header that tell Django all it looks at.
MAX_HEADER = 501
#: Of each kind: how many are remembered. More only means finding out again.
MAX_KNOWN = 512

#: What was made of each header. Its language is loaded: no file is read again.
_accepted: dict[bytes, str] = {}
#: What is set when a language is activated in a thread. To set it again takes a
#: tenth of the time that activating does.
_activating: dict[tuple[int, str], Variables] = {}


def prepare() -> None:
    """Read the catalogues of the project's own language. Blocks."""
    gettext(_ANY)


def _remember(known: dict[K, T], key: K, value: T) -> T:
    if len(known) >= MAX_KNOWN:
        known.clear()
    known[key] = value
    return value


def several() -> bool:
    """Is there a choice?"""
    return settings.USE_I18N and len(settings.LANGUAGES) > 1


# -- choosing ----------------------------------------------------------------


def at_once(header: bytes) -> str | None:
    """Return the language of a call, if it can be told without waiting.

    Empty: the one that is active anyway. ``None``: ask `language_of`, in a
    thread.
    """
    if conf.now.LANGUAGE is not None:
        return None
    return _accepted.get(header) if header else ""


def language_of(context: Context) -> str:
    """Return the language of a call: the project's function decides, or the client.

    May block. Raises what the project's function raises.
    """
    if conf.now.LANGUAGE is not None and several():
        wanted = _hook(conf.now.LANGUAGE)(context)
        language = _supported(wanted) if wanted is not None else ""
        if language:
            return language
    return accepted(context.accept_language)


def accepted(header: bytes) -> str:
    """Return the language that suits an ``Accept-Language`` header.

    Empty: it is the project's own, or nobody asked. May block.
    """
    if not header:
        return ""
    header = header[:MAX_HEADER]
    language = _accepted.get(header)
    if language is None:
        language = _remember(_accepted, header, _read(header))
    return language


class _Request:
    """As much of a request as Django looks at to find its language."""

    def __init__(self, header: bytes) -> None:
        self.COOKIES: dict[str, str] = {}  # no credentials here, and no wishes
        self.META = {"HTTP_ACCEPT_LANGUAGE": header.decode("latin-1")}


def _read(header: bytes) -> str:
    if not several():
        return ""
    request: Any = _Request(header)
    language = get_language_from_request(request)
    if language.lower() == _supported(settings.LANGUAGE_CODE):
        return ""
    speaking(language, prepare)  # now, and not on an event loop
    return language


def _supported(code: str) -> str:
    """Return the language of ``LANGUAGES`` for a code, empty if there is none."""
    try:
        return get_supported_language_variant(code.lower())
    except LookupError:
        return ""


def _hook(path: str) -> Callable[[Context], str | None]:
    hook: Callable[[Context], str | None] = import_string(path)
    return hook


def accept_language_from(environment: Mapping[str, str]) -> bytes:
    """Return what an environment says as ``Accept-Language`` would say it.

    Read as gettext reads it: ``LANGUAGE`` may list several, but means nothing
    where messages are untranslated (``C``).
    """
    variables = ("LC_ALL", "LC_MESSAGES", "LANG")
    main = next(filter(None, map(environment.get, variables)), "")
    if _code(main) in {"", "c", "posix"}:
        return b""
    names = (environment.get("LANGUAGE") or main).split(":")
    codes = filter(None, map(_code, names))
    return ",".join(codes).encode("latin-1", "ignore")


def _code(locale: str) -> str:
    """Return ``de-at`` for ``de_AT.UTF-8@euro``."""
    return to_language(locale.partition(".")[0].partition("@")[0]).lower()


@receiver([setting_changed, file_changed])
def forget(**kwargs: Any) -> None:
    """Begin anew: a test changed a setting, or a developer a translation."""
    _accepted.clear()
    _activating.clear()


# -- speaking ----------------------------------------------------------------


def speaking(language: str | None, function: Callable[..., T], *args: Any) -> T:
    """Call a function while a language is active; empty: the one that is.

    The coroutine it may return speaks it as well. All this is in a context of
    its own: however a call ends, there is nothing to put back, and what
    others start meanwhile in its task does not learn the language from it.
    """
    if language == "":
        return function(*args)
    context = _context_of(language)
    outcome: Any = context.run(function, *args)
    if type(outcome) is CoroutineType:
        outcome = _spoken_on(language, context, get_ident(), outcome)
    return outcome  # type: ignore[no-any-return]


@coroutine
def _spoken_on(
    language: str | None,
    context: contextvars.Context,
    thread: int,
    rest: CoroutineType[Any, Any, T],
) -> Generator[Any, Any, T]:
    """Run a coroutine in a context that is not its task's."""
    if get_ident() != thread:
        context = _context_of(language)  # see the head of this file
    step, value = rest.send, None
    while True:
        try:
            waiting = context.run(step, value)
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return]
        try:
            step, value = rest.send, (yield waiting)
        except BaseException as raised:  # a cancellation: the coroutine's to see
            step, value = rest.throw, raised


def _context_of(language: str | None) -> contextvars.Context:
    """Return a context with a language. ``None``: texts as they were written."""
    context = contextvars.copy_context()
    if language is None:
        context.run(deactivate_all)
        return context
    key = get_ident(), language
    for variable, value in _activating.get(key) or _learn(key):
        context.run(variable.set, value)
    return context


def _learn(key: tuple[int, str]) -> Variables:
    """See what Django sets in this thread when it activates a language."""
    context = contextvars.Context()
    context.run(activate, key[1])
    return _remember(_activating, key, tuple(context.items()))


# -- texts -------------------------------------------------------------------


def is_lazy(value: Any) -> bool:
    """Does JSON hold a lazy translation anywhere?"""
    if isinstance(value, Mapping):
        return any(map(is_lazy, value.values()))
    if isinstance(value, list | tuple):
        return any(map(is_lazy, value))
    return isinstance(value, Promise)


def spoken(value: Any) -> Any:
    """Return JSON with the words of this moment's language in it."""
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, dict):
        return {name: spoken(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [spoken(item) for item in value]
    return value
