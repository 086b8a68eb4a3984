"""System checks: what a developer should hear before a client does.

One function for each setting or concern, one id for each mistake; every id
has a test and an entry in ``docs/reference/checks.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import packages_distributions
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string

from django_mcp.auth.checks import (
    authenticators_nobody_asks,
    authenticators_without_tokens,
    problems_of_address,
    problems_of_authenticators,
    problems_of_paths,
    problems_of_tokens,
    servers_nobody_may_call,
)
from django_mcp.conf import KEYS, conf, is_shared
from django_mcp.server import MCPServer, all_servers

OURS = "django-mcp-channels"

_POSITIVE = (
    "MAX_BODY_SIZE",
    "MAX_RESPONSE_SIZE",
    "MAX_DEPTH",
    "MAX_STREAMS",
    "MAX_WAITING",
    "MAX_CALLS",
    "KEEP_ALIVE",
    "SESSION_AGE",
    "STATE_AGE",
    "REPLAY_AGE",
)
_NOT_NEGATIVE = ("LIST_TTL", "THREADS")


@register()
def check_settings(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E001, E002: ``DJANGO_MCP`` is a dictionary of known keys."""
    given = getattr(settings, "DJANGO_MCP", {})
    if not isinstance(given, dict):
        return [Error("DJANGO_MCP must be a dictionary.", id="django_mcp.E001")]
    return [
        Error(
            f"DJANGO_MCP has no setting {key!r}.",
            hint=f"The settings are {', '.join(sorted(KEYS))}.",
            id="django_mcp.E002",
        )
        for key in given
        if key not in KEYS
    ]


@register()
def check_numbers(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E003: limits and ages are positive numbers."""
    wrong = [name for name in _POSITIVE if not _is_number(getattr(conf, name), 1e-9)]
    wrong += [name for name in _NOT_NEGATIVE if not _is_number(getattr(conf, name), 0)]
    if conf.PAGE_SIZE is not None and not _is_number(conf.PAGE_SIZE, 1):
        wrong.append("PAGE_SIZE")
    return [
        Error(f"DJANGO_MCP[{name!r}] must be a positive number.", id="django_mcp.E003")
        for name in wrong
    ]


def _is_number(value: Any, least: float) -> bool:
    return type(value) in {int, float} and value >= least


@register(Tags.security)
def check_authenticators(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E004, E005, W020, W021, and what authenticators find: somebody says who calls."""
    paths = conf.AUTHENTICATORS
    if not isinstance(paths, list | tuple):
        return [_no_list("AUTHENTICATORS", "django_mcp.E005")]
    found = problems_of_paths(paths)
    if found:  # who else there is, is not known
        return found
    servers = _servers()
    return [
        *servers_nobody_may_call(servers),
        *authenticators_nobody_asks(servers),
        *authenticators_without_tokens(servers),
        *problems_of_authenticators(servers),
    ]


@register(Tags.security, Tags.urls)
def check_tokens(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E018, E019, W015 to W018: clients can get tokens, for one server each."""
    wrong = problems_of_address()
    if any(message.is_serious() for message in wrong):
        return wrong
    if not isinstance(conf.AUTHENTICATORS, list | tuple) or problems_of_paths(
        conf.AUTHENTICATORS
    ):
        return wrong  # told by another check
    return [*wrong, *problems_of_tokens(_servers())]


@register(Tags.security)
def check_origins(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E006, W001: origins are origins, and ``*`` is said on purpose."""
    origins = conf.ALLOWED_ORIGINS
    if not isinstance(origins, list | tuple):
        return [_no_list("ALLOWED_ORIGINS", "django_mcp.E006")]
    found: list[CheckMessage] = [
        Error(
            f"DJANGO_MCP['ALLOWED_ORIGINS']: {origin!r} is no origin.",
            hint="Write it as https://example.com, in lower case, no path.",
            id="django_mcp.E006",
        )
        for origin in origins
        if origin != "*" and not _is_origin(origin)
    ]
    if "*" in origins:
        found.append(
            Warning(
                "DJANGO_MCP['ALLOWED_ORIGINS'] lets any web page call.",
                id="django_mcp.W001",
            )
        )
    return found


def _is_origin(origin: Any) -> bool:
    if not isinstance(origin, str):
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return bool(parts.netloc) and origin == f"{parts.scheme}://{parts.netloc}".lower()


def _no_list(name: str, check_id: str) -> CheckMessage:
    return Error(f"DJANGO_MCP[{name!r}] must be a list.", id=check_id)


@register()
def check_aliases(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E007, E008, E009: what the server stands on is there."""
    found: list[CheckMessage] = []
    if conf.CACHE not in settings.CACHES:
        found.append(
            Error(
                f"DJANGO_MCP['CACHE']: there is no cache {conf.CACHE!r}.",
                id="django_mcp.E007",
            )
        )
    layers = getattr(settings, "CHANNEL_LAYERS", {})
    if layers and conf.CHANNEL_LAYER not in layers:
        found.append(
            Error(
                "DJANGO_MCP['CHANNEL_LAYER']: there is no channel layer"
                f" {conf.CHANNEL_LAYER!r}.",
                id="django_mcp.E008",
            )
        )
    if "django.contrib.auth" not in settings.INSTALLED_APPS:
        found.append(
            Error(
                "django_mcp needs django.contrib.auth in INSTALLED_APPS.",
                hint="Callers are Django users, if only the anonymous one.",
                id="django_mcp.E009",
            )
        )
    return found


@register(Tags.translation)
def check_language(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E017: the function that knows a caller's language can be called."""
    path = conf.LANGUAGE
    problem = _hook_problem(path) if path is not None else ""
    if not problem:
        return []
    return [
        Error(
            f"DJANGO_MCP['LANGUAGE']: {path!r} {problem}.",
            hint="Name the path of a function that takes the context and returns"
            " a language code, or None.",
            id="django_mcp.E017",
        )
    ]


def _hook_problem(path: Any) -> str:
    try:
        hook = import_string(path)
    except (ImportError, AttributeError, TypeError) as error:
        return f"cannot be imported ({error})"
    if not callable(hook):
        return "cannot be called"
    if iscoroutinefunction(hook):
        return "is asynchronous; it runs in a thread and may query as it is"
    return ""


@register(Tags.compatibility)
def check_distributions(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """W002: another distribution ships a package of the same name."""
    others = {
        name
        for name in packages_distributions().get("django_mcp", [])
        if name.lower().replace("_", "-") != OURS
    }
    return [
        Warning(
            f"The distribution {name!r} also installs a package django_mcp.",
            hint=f"Uninstall it; this one is {OURS!r}.",
            id="django_mcp.W002",
        )
        for name in sorted(others)
    ]


@register(Tags.caches, deploy=True)
def check_shared_state(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """W003, W004: several workers can hear each other."""
    found: list[CheckMessage] = []
    if conf.SESSIONS and not is_shared(conf.CACHE):
        found.append(
            Warning(
                "The cache is not shared between workers: an ended session lives on"
                " in the others, and broken streams cannot be taken up there.",
                hint="Use Redis, Memcached or the database for"
                f" CACHES[{conf.CACHE!r}].",
                id="django_mcp.W003",
            )
        )
    layers = getattr(settings, "CHANNEL_LAYERS", {})
    backend = layers.get(conf.CHANNEL_LAYER, {}).get("BACKEND", "")
    if not backend or backend.endswith("InMemoryChannelLayer"):
        found.append(
            Warning(
                "Changes, answers and cancellations reach only clients of the"
                " worker where they happen.",
                hint="With several workers, configure channels_redis in"
                " CHANNEL_LAYERS.",
                id="django_mcp.W004",
            )
        )
    return found


@register(Tags.security)
def check_toolsets(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E010 to E014, W005 to W007: toolsets list what there is, and no secrets.

    The ids are given where the mistakes are found, in ``providers/models``.
    """
    return [
        (Error if problem.is_error else Warning)(
            f"{toolset.source} of {toolset.model._meta.label}: {problem.text}",
            id=problem.id,
        )
        for server in _servers()
        for toolset in server.toolsets.values()
        for problem in toolset.problems
    ]


@register()
def check_declarations(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """E015 and others: what is declared about views, templates and the like
    can be served. The ids are given where the mistakes are found.
    """
    found: list[CheckMessage] = []
    for server in _servers():
        server.settle()
        for mistake in server.declarations.mistakes:
            kind = Error if mistake.is_error else Warning
            found.append(kind(f"{mistake.source}: {mistake.text}", id=mistake.id))
    return found


def _servers() -> list[MCPServer]:
    """Return every server of the project, always in the same order."""
    return sorted(all_servers, key=lambda server: server.name)
