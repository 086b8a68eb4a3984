"""One model of the catalogue: which of its tools the catalogue's stand for.

Knows the tools a toolset would have of its own, and who may use them; what
the catalogue's tools are is said in ``catalogue.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from django_mcp.context import Context
from django_mcp.primitives import Allowed, Tool, anyone
from django_mcp.providers.models.tools import BUILDERS
from django_mcp.providers.models.toolset import ModelToolset

#: The tool that tells which models there are, and what the others take.
DESCRIBE = "describe_models"
#: The tools for the toolsets' own methods. Those that read say so, and must
#: keep their word: hence two.
READ, RUN = "read_action", "run_action"
#: What the arguments for the model, and for its own method, are called.
MODEL, ACTION = "model", "action"

#: Actions on several rows; all others are on one.
_SEVERAL = frozenset({"list", "count", "aggregate"})


@dataclass(frozen=True)
class Entry:
    """One model of the catalogue."""

    toolset: ModelToolset
    #: By the catalogue's tool that stands for each: ``list_rows``.
    tools: Mapping[str, Tool]
    #: Tools of the toolset's own methods, by their names.
    actions: Mapping[str, Tool]

    @property
    def label(self) -> str:
        """What the catalogue calls the model."""
        label: str = self.toolset.model._meta.label_lower
        return label

    @property
    def needed(self) -> set[str]:
        """The catalogue's tools that serve it."""
        runners = {runner(tool) for tool in self.actions.values()}
        return {*self.tools, *runners, DESCRIBE}

    def behind(self, name: str) -> Iterator[Tool]:
        """Yield every tool that one of the catalogue's may stand for."""
        if name in self.tools:
            yield self.tools[name]
        if name == DESCRIBE:
            yield from self.tools.values()
        for tool in self.actions.values():
            if name in {DESCRIBE, runner(tool)}:
                yield tool

    def meant(self, name: str, action: str, context: Context) -> Tool | None:
        """Return what a call stands for, if this caller may make it."""
        tool = self.actions.get(action) if action else self.tools.get(name)
        if tool is None or not tool.allowed(context):
            return None
        return tool if not action or runner(tool) == name else None

    def usable(self, context: Context) -> Iterator[tuple[str, Tool]]:
        """Yield the tools this caller may use, by how they are reached."""
        reached = {f"{runner(one)} {name}": one for name, one in self.actions.items()}
        for name, tool in {**self.tools, **reached}.items():
            if tool.allowed(context):
                yield name, tool

    def is_visible(self, context: Context) -> bool:
        """May this caller know of the model?"""
        return any(tool.allowed(context) for tool in self.behind(DESCRIBE))


class AnyRule:
    """Allow who may use any of the tools behind one of the catalogue's."""

    __slots__ = ("_entries", "_name")

    def __init__(self, entries: Mapping[str, Entry], name: str) -> None:
        self._entries = entries
        self._name = name

    def __repr__(self) -> str:
        return f"<AnyRule behind {self._name}>"

    def __call__(self, context: Context) -> bool:
        """Ask until one holds. May block."""
        return any(rule(context) for rule in self._rules())

    def known(self, context: Context) -> bool:
        """Return whether the answer is known, so that asking does not block."""
        for rule in self._rules():
            known = getattr(rule, "known", None)
            if rule is not anyone and (known is None or not known(context)):
                return False
            if rule(context):
                return True
        return True

    def _rules(self) -> Iterator[Allowed]:
        for entry in tuple(self._entries.values()):
            for tool in entry.behind(self._name):
                yield tool.allowed


def entry_from(toolset: ModelToolset, tools: Iterable[Tool]) -> Entry:
    """Sort the tools of a toolset. Raises: ImproperlyConfigured"""
    verbs = {
        toolset.names.tool(verb, many=many): verb
        for verb in BUILDERS
        for many in (False, True)
    }
    known: dict[str, Tool] = {}
    actions: dict[str, Tool] = {}
    for tool in tools:
        verb = verbs.get(tool.name)
        taken = {MODEL} if verb else {MODEL, ACTION}
        _check_names(toolset, tool, taken)
        if verb:
            known[name_of(verb)] = tool
        else:
            actions[tool.name] = tool
    return Entry(toolset, known, actions)


def name_of(verb: str) -> str:
    """Return what the catalogue's tool of an action is called."""
    return f"{verb}_rows" if verb in _SEVERAL else f"{verb}_row"


def verb_of(name: str) -> str:
    """Return the action of one of the catalogue's tools."""
    return name.rpartition("_")[0]


def runner(tool: Tool) -> str:
    """Return which of the catalogue's tools runs a toolset's own method."""
    return READ if tool.read_only else RUN


def _check_names(toolset: ModelToolset, tool: Tool, taken: set[str]) -> None:
    both = taken & tool.input_schema.get("properties", {}).keys()
    if both:
        raise ImproperlyConfigured(
            f"{toolset!r} cannot be in the catalogue: {tool.name} takes an argument"
            f" {sorted(both)[0]!r}, and so do the tools there."
        )
