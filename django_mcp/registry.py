"""Names to primitives, for one server.

Refuses a second primitive of the same name and says who was first. What a
context may not see is, for it, not there. Knows nothing of the wire: lists
are sorted, so that every worker answers alike and clients can cache.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django_mcp.exceptions import AlreadyRegistered, NotRegistered
from django_mcp.primitives import (
    Allowed,
    Primitive,
    Prompt,
    Resource,
    ResourceTemplate,
    Tool,
    anyone,
    is_translated,
)

if TYPE_CHECKING:
    from django_mcp.context import Context

P = TypeVar("P", bound=Primitive)

_NOTHING: frozenset[Allowed] = frozenset()


class Shelf(Generic[P]):
    """Primitives of one kind, by key, in the order of their keys."""

    __slots__ = (
        "_by_key",
        "_lock",
        "_translated",
        "generation",
        "kind",
        "label",
        "rules",
    )

    def __init__(self, label: str, kind: str) -> None:
        #: What one of them is called, for people.
        self.label = label
        #: The list that changes when they change, as the protocol names it.
        self.kind = kind
        #: Counts changes; what was made from the primitives is stale after one.
        self.generation = 0
        #: The distinct rules that decide who may see some of them.
        self.rules: tuple[Allowed, ...] = ()
        self._by_key: dict[str, P] = {}
        self._lock = threading.Lock()
        #: Whether their words are translated, and in which generation.
        self._translated = (0, False)

    def __iter__(self) -> Iterator[P]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def add(self, primitive: P) -> None:
        """Raises: AlreadyRegistered"""
        with self._lock:
            first = self._by_key.get(primitive.key)
            if first is not None:
                raise AlreadyRegistered(
                    f"The {self.label} {primitive.key!r} is already registered"
                    f" by {first.source or 'code that left no name'}."
                )
            self._replace([*self._by_key.values(), primitive])

    def remove(self, key: str) -> P:
        """Raises: NotRegistered"""
        with self._lock:
            if key not in self._by_key:
                raise NotRegistered(f"There is no {self.label} {key!r}.")
            removed = self._by_key[key]
            self._replace(p for p in self._by_key.values() if p is not removed)
        return removed

    def peek(self, key: Any) -> P | None:
        """Return a primitive without asking who looks: only to plan a call."""
        return self._by_key.get(key) if type(key) is str else None

    def get(self, key: str, context: Context) -> P:
        """Return the primitive this context may use.

        Raises: NotRegistered, with the same words for hidden and missing.
        """
        primitive = self._by_key.get(key)
        if primitive is None or (
            primitive.allowed is not anyone and not primitive.allowed(context)
        ):
            raise NotRegistered(f"There is no {self.label} {key[:200]!r}.")
        return primitive

    @property
    def translated(self) -> bool:
        """Do words of any of them depend on the language?"""
        generation, found = self._translated
        if generation != self.generation:
            generation = self.generation
            found = any(map(is_translated, self))
            self._translated = (generation, found)
        return found

    def passed(self, context: Context) -> frozenset[Allowed]:
        """Return the rules this context passes: all that its view depends on.

        Primitives that name the same permission share a rule, so a list of
        hundreds asks few questions.
        """
        if not self.rules:
            return _NOTHING
        return frozenset(rule for rule in self.rules if rule(context))

    def visible(self, passed: frozenset[Allowed]) -> list[P]:
        """Return what somebody who passes these rules may see, in order."""
        return [
            primitive
            for primitive in self._by_key.values()
            if primitive.allowed is anyone or primitive.allowed in passed
        ]

    def allowed(self, context: Context) -> list[P]:
        """Return what this context may see, in order."""
        return self.visible(self.passed(context))

    def _replace(self, primitives: Iterable[P]) -> None:
        # A new dictionary, so that a reader in another thread sees the old or
        # the new one and never something between.
        by_key = {p.key: p for p in sorted(primitives, key=lambda p: p.key)}
        rules = dict.fromkeys(p.allowed for p in by_key.values())
        rules.pop(anyone, None)
        self.rules = tuple(rules)
        self._by_key = by_key
        self.generation += 1


class Registry:
    """All primitives of one server."""

    __slots__ = ("prompts", "resources", "templates", "tools")

    def __init__(self) -> None:
        self.tools: Shelf[Tool] = Shelf("tool", "tools")
        self.resources: Shelf[Resource] = Shelf("resource", "resources")
        self.templates: Shelf[ResourceTemplate] = Shelf(
            "resource template", "resources"
        )
        self.prompts: Shelf[Prompt] = Shelf("prompt", "prompts")

    def shelf(self, primitive: Primitive) -> Shelf[Any]:
        """Return where a primitive belongs."""
        for kind, shelf in (
            (Tool, self.tools),
            (Resource, self.resources),
            (ResourceTemplate, self.templates),
            (Prompt, self.prompts),
        ):
            if isinstance(primitive, kind):
                return shelf
        raise TypeError(f"{primitive!r} is no tool, resource, template or prompt.")

    def add(self, primitive: Primitive) -> None:
        """Raises: AlreadyRegistered"""
        self.shelf(primitive).add(primitive)

    def remove(self, primitive: Primitive) -> None:
        """Raises: NotRegistered"""
        self.shelf(primitive).remove(primitive.key)

    def resource_at(
        self, uri: str, context: Context
    ) -> tuple[Resource | ResourceTemplate, Callable[[], Any]]:
        """Return what this context may read at a URI, and how to.

        Raises: NotRegistered
        """
        if self.resources.peek(uri) is not None:
            resource = self.resources.get(uri, context)
            return resource, partial(resource.read, context)
        for template in self.templates:
            values = template.match(uri)
            if values is not None and template.allowed(context):
                return template, partial(template.read, context, uri, values)
        raise NotRegistered(f"There is no resource {uri[:200]!r}.")

    def peek_at(self, uri: str) -> Resource | ResourceTemplate | None:
        """Return what stands at a URI without asking who looks: to plan a call."""
        found = self.resources.peek(uri)
        if found is not None:
            return found
        return next((one for one in self.templates if one.match(uri) is not None), None)

    @contextmanager
    def temporarily(self, *primitives: Primitive) -> Iterator[None]:
        """Add primitives for the length of a ``with`` block: for tests."""
        for primitive in primitives:
            self.add(primitive)
        try:
            yield
        finally:
            for primitive in primitives:
                self.remove(primitive)

    def snapshot(self) -> tuple[Any, ...]:
        """Return the state, to be given to `restore`."""
        return tuple(dict(shelf._by_key) for shelf in self._shelves())

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        """Undo every change since a snapshot."""
        for shelf, by_key in zip(self._shelves(), snapshot, strict=True):
            shelf._replace(by_key.values())

    def _shelves(self) -> tuple[Shelf[Any], ...]:
        return (self.tools, self.resources, self.templates, self.prompts)
