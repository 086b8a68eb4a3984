"""The toolsets of one server, by model: each model once, its rules for all.

Remembers what belongs to a model; the primitives themselves are kept by the
server it hands them to.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from django.apps import apps

from django_mcp.exceptions import AlreadyRegistered, NotRegistered
from django_mcp.primitives import Primitive, Tool
from django_mcp.providers.models.catalogue import Catalogue
from django_mcp.providers.models.methods import action_tools
from django_mcp.providers.models.paths import ModelClass
from django_mcp.providers.models.resources import resources_from_toolset
from django_mcp.providers.models.tools import tools_from_toolset
from django_mcp.providers.models.toolset import ModelToolset

logger = logging.getLogger("django_mcp")


class Server(Protocol):
    """What keeps primitives."""

    def add(self, *primitives: Primitive) -> None:
        """Register primitives."""

    def remove(self, *primitives: Primitive) -> None:
        """Take primitives away."""


class Toolsets(Mapping[ModelClass, ModelToolset]):
    """Toolsets by model."""

    def __init__(self) -> None:
        self._by_model: dict[ModelClass, ModelToolset] = {}
        self._primitives: dict[ModelClass, list[Primitive]] = {}
        #: Those that share their tools.
        self.catalogue = Catalogue()

    def __getitem__(self, model: ModelClass) -> ModelToolset:
        return self._by_model[model]

    def __iter__(self) -> Iterator[ModelClass]:
        return iter(self._by_model)

    def __len__(self) -> int:
        return len(self._by_model)

    def add(
        self,
        model: ModelClass,
        toolset_class: type[ModelToolset],
        attributes: Mapping[str, Any],
        server: Server,
    ) -> ModelToolset:
        """Make a toolset, and hand its primitives to the server.

        A toolset with something wrong is remembered, for the system checks,
        and has no primitives. Raises: AlreadyRegistered
        """
        if model in self._by_model:
            first = self._by_model[model].source
            raise AlreadyRegistered(
                f"The model {model._meta.label} is already registered by {first}."
            )
        toolset = _class_with(toolset_class, attributes)(model, self)
        for problem in toolset.problems:
            if problem.is_error:
                logger.error("%r is not served: %s", toolset, problem.text)
        made: list[Primitive] = []
        try:
            for primitive in self._placed(toolset):
                server.add(primitive)
                made.append(primitive)
        except AlreadyRegistered:
            server.remove(*made)
            self.catalogue.remove(toolset)
            raise
        self._by_model[model] = toolset
        self._primitives[model] = [p for p in made if p not in self.catalogue]
        return toolset

    def remove(self, model: ModelClass) -> list[Primitive]:
        """Forget a model; return its primitives. Raises: NotRegistered"""
        if model not in self._by_model:
            raise NotRegistered(f"The model {model._meta.label} is not registered.")
        shared = self.catalogue.remove(self._by_model.pop(model))
        return [*self._primitives.pop(model), *shared]

    def _placed(self, toolset: ModelToolset) -> list[Primitive]:
        """Return what the server needs for a toolset, and has not yet."""
        primitives = primitives_from_toolset(toolset)
        if not toolset.catalogue:
            return primitives
        tools = [one for one in primitives if isinstance(one, Tool)]
        others = [one for one in primitives if not isinstance(one, Tool)]
        return [*others, *(self.catalogue.add(toolset, tools) if tools else ())]


def primitives_from_toolset(toolset: ModelToolset) -> list[Primitive]:
    """Return all that a toolset adds to a server."""
    return [
        *tools_from_toolset(toolset),
        *action_tools(toolset),
        *resources_from_toolset(toolset),
    ]


def declared(
    app_label: str, models: Any, attributes: Mapping[str, Any]
) -> Iterator[tuple[ModelClass, type[ModelToolset], dict[str, Any]]]:
    """Yield the models of an app and what is said about each.

    Raises: LookupError, TypeError
    """
    if not isinstance(models, Mapping):
        raise TypeError("Name the fields of each model: {'Book': ['id', 'title']}.")
    for name, given in models.items():
        model = apps.get_model(app_label, name)
        if isinstance(given, type) and issubclass(given, ModelToolset):
            yield model, given, {**attributes}
        elif isinstance(given, Mapping):
            yield model, ModelToolset, {**attributes, **given}
        elif isinstance(given, list | tuple):
            yield model, ModelToolset, {**attributes, "fields": given}
        else:
            raise TypeError(
                f"{app_label}.{name} needs a list of fields, attributes or a toolset."
            )


def _class_with(
    toolset_class: type[ModelToolset], attributes: Mapping[str, Any]
) -> type[ModelToolset]:
    """Return the class with other attributes. Raises: TypeError"""
    if not attributes:
        return toolset_class
    unknown = [name for name in attributes if not hasattr(ModelToolset, name)]
    if unknown:
        raise TypeError(f"A toolset has no attribute {', '.join(sorted(unknown))}.")
    members = {"__module__": toolset_class.__module__, **attributes}
    return type(toolset_class.__name__, (toolset_class,), members)
