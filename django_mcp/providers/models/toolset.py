"""`ModelToolset`: what a project says about one model, in the admin's manner.

Attributes, a hook for each of them, and the permissions. How they are
obeyed is said in the other files.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth import get_permission_codename
from django.db.models import QuerySet

from django_mcp.primitives import Text
from django_mcp.providers.models.access import is_plain
from django_mcp.providers.models.addresses import Addresses
from django_mcp.providers.models.columns import Entries, Problem
from django_mcp.providers.models.exposure import Exposure
from django_mcp.providers.models.filters import FilterFields
from django_mcp.providers.models.naming import Names, names_from
from django_mcp.providers.models.paths import ModelClass, parent_of
from django_mcp.providers.models.plans import Cut
from django_mcp.providers.models.problems import NEED_LOOKUP, problems_of
from django_mcp.providers.models.search import Mode
from django_mcp.providers.models.writable import Writable
from django_mcp.providers.permissions import PermissionRule, permission_rule
from django_mcp.throttling import Limit

if TYPE_CHECKING:
    from django_mcp.context import Context

_HOOKS = (
    "get_fields",
    "get_filter_fields",
    "get_search_fields",
    "get_ordering_fields",
    "get_ordering",
    "get_filterset_class",
)


class ModelToolset(Writable):
    """Tools for one model. Subclass, and register with ``@mcp.register``."""

    #: All that can ever leave: names, ``author__name``, and fields of related
    #: rows as ``{"author": ["id", "name"]}``.
    fields: ClassVar[Entries] = ()
    #: ``{"price": ["exact", "gte"]}``, or a list for exact matches.
    filter_fields: ClassVar[FilterFields] = ()
    #: A ``FilterSet`` of django-filter, in place of ``filter_fields``.
    filterset_class: ClassVar[Any] = None
    #: Filters of it over what is not listed, or by code of their own.
    allow_filters: ClassVar[Collection[str]] = ()
    search_fields: ClassVar[Sequence[str]] = ()
    ordering_fields: ClassVar[Sequence[str]] = ()
    #: The order of lists; ``None``: the model's own, as far as it is listed.
    ordering: ClassVar[Sequence[str] | None] = None
    #: Writing only when named.
    actions: ClassVar[Collection[str]] = ("list", "get", "aggregate")
    #: Listed fields that look like secrets and are none.
    allow_sensitive: ClassVar[Collection[str]] = ()
    #: The field that names one row; it must be unique and listed.
    lookup_field: ClassVar[str] = "pk"
    #: ``words``, or ``fulltext`` on PostgreSQL.
    search: ClassVar[Mode] = "words"
    #: The language of full-text search, as PostgreSQL names it.
    search_config: ClassVar[str] = ""
    page_size: ClassVar[int] = 20
    max_page_size: ClassVar[int] = 100
    #: Characters of a long text that a list shows, and that one row shows.
    max_text: ClassVar[int] = 500
    max_single_text: ClassVar[int] = 20_000
    #: Related rows shown of each relation to several.
    max_related: ClassVar[int] = 20
    #: Groups that an aggregate shows.
    max_groups: ClassVar[int] = 100
    #: Bytes of the largest file that can be read.
    max_file_size: ClassVar[int] = 5 * 1024 * 1024
    #: Offer rows, files and a description of the fields as resources.
    resources: ClassVar[bool] = True
    #: Use the few tools that serve all such models, instead of its own.
    catalogue: ClassVar[bool] = False
    #: Ask ``has_perm(permission, obj)`` for each row of who lacks the
    #: model's permission.
    object_permissions: ClassVar[bool] = False
    #: What tools call the model: ``product``, ``products``.
    name: ClassVar[str] = ""
    plural_name: ClassVar[str] = ""
    #: What begins the names of all tools: ``shop`` for ``shop_list_products``.
    prefix: ClassVar[str] = ""
    #: Words about the model, for the descriptions of its tools.
    description: ClassVar[Text] = ""
    #: OAuth scopes a caller's token needs for any of it.
    scopes: ClassVar[Collection[str]] = ()
    #: How often one caller may call each of its tools: ``"100/hour"``.
    throttle: ClassVar[Limit] = None

    def __init__(
        self, model: ModelClass, toolsets: Mapping[ModelClass, ModelToolset]
    ) -> None:
        self.model = model
        #: All toolsets of the server, by model.
        self._toolsets = toolsets
        self.names: Names = names_from(self)
        #: The URIs of its resources.
        self.addresses = Addresses(model, self.lookup_field)
        cls = type(self)
        #: Nobody overrode the rule about rows.
        self.has_plain_queryset = cls.get_queryset is ModelToolset.get_queryset
        self._is_static = all(
            getattr(cls, hook) is getattr(ModelToolset, hook) for hook in _HOOKS
        )
        #: Neither that nor the model's manager leaves rows out.
        self.has_plain_rows = self.has_plain_queryset and is_plain(model)
        #: Nobody overrode the rule about who may see rows.
        self.has_plain_permissions = self.has_plain_permission("view")
        self._exposures: dict[Any, Exposure] = {}
        #: What it exposes if no hook says otherwise: what the schemas tell.
        self.exposed = Exposure(self, self._choices())
        #: How much of long texts lists show.
        self.list_cut = Cut(self.max_text, 0, self._hint())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.model._meta.label}>"

    @property
    def source(self) -> str:
        """Who registered it, for messages."""
        return f"{type(self).__module__}.{type(self).__qualname__}"

    # -- hooks -------------------------------------------------------------

    def get_queryset(self, context: Context) -> QuerySet[Any, Any]:
        """Return the rows this caller may know of: the only door to them."""
        rows: QuerySet[Any, Any] = self.model._default_manager.all()
        return rows

    def get_fields(self, context: Context) -> Entries:
        """Return ``fields`` for this caller: fewer, as a rule."""
        return self.fields

    def get_filter_fields(self, context: Context) -> FilterFields:
        """Return ``filter_fields`` for this caller."""
        return self.filter_fields

    def get_search_fields(self, context: Context) -> Sequence[str]:
        """Return ``search_fields`` for this caller."""
        return self.search_fields

    def get_ordering_fields(self, context: Context) -> Sequence[str]:
        """Return ``ordering_fields`` for this caller."""
        return self.ordering_fields

    def get_ordering(self, context: Context) -> Sequence[str] | None:
        """Return ``ordering`` for this caller."""
        return self.ordering

    def get_filterset_class(self, context: Context) -> Any:
        """Return ``filterset_class`` for this caller."""
        return self.filterset_class

    # -- permissions -------------------------------------------------------

    def has_view_permission(self, context: Context, obj: Any = None) -> bool:
        """May this caller see rows, or this row?"""
        return self._has_permission("view", context, obj)

    def has_add_permission(self, context: Context, obj: Any = None) -> bool:
        """May this caller add rows, or this one, which has no key yet?"""
        # There is no row yet that could be somebody's.
        return self.has_model_permission("add", context)

    def has_change_permission(self, context: Context, obj: Any = None) -> bool:
        """May this caller change rows, or this row?"""
        return self._has_permission("change", context, obj)

    def has_delete_permission(self, context: Context, obj: Any = None) -> bool:
        """May this caller delete rows, or this row?"""
        return self._has_permission("delete", context, obj)

    def has_model_permission(self, verb: str, context: Context) -> bool:
        """Does Django's permission for the whole model hold?"""
        return self.permission_rule(verb)(context)

    def permission_rule(self, verb: str) -> PermissionRule:
        """Return the rule that asks for the model's permission."""
        return permission_rule((self.permission(verb),))

    def permission(self, verb: str) -> str:
        """Return the name of the model's permission: ``shop.view_product``."""
        options = self.model._meta
        return f"{options.app_label}.{get_permission_codename(verb, options)}"

    def _has_permission(self, verb: str, context: Context, obj: Any) -> bool:
        if self.has_model_permission(verb, context):
            return True
        if not self.object_permissions:
            return False
        user: Any = context.user
        if obj is None:
            # Each row decides; nobody who is unknown has any.
            return bool(user.is_active and not user.is_anonymous)
        return bool(user.has_perm(self.permission(verb), obj))

    # -- what the other files ask ------------------------------------------

    def exposure(self, context: Context) -> Exposure:
        """Return what is exposed to this caller."""
        if self._is_static:
            return self.exposed
        choices = [getattr(self, hook)(context) for hook in _HOOKS]
        # A class is itself: those a factory makes all look alike.
        key = repr(choices[:-1]), choices[-1]
        exposure = self._exposures.get(key)
        if exposure is None:
            exposure = Exposure(self, choices, narrow=True).or_raise()
            if len(self._exposures) >= 64:
                self._exposures.clear()
            self._exposures[key] = exposure
        return exposure

    def related_toolset(self, model: ModelClass) -> ModelToolset | None:
        """Return the toolset that guards a model's rows on this server."""
        here: ModelClass | None = model
        while here is not None:
            toolset = self._toolsets.get(here)
            toolset = toolset or self._toolsets.get(here._meta.concrete_model)
            if toolset is not None:
                return toolset
            # A child's row is its parent's too, by the same key.
            here = parent_of(here)
        return None

    def has_plain_permission(self, verb: str) -> bool:
        """Did nobody override the rule about a verb?"""
        name = f"has_{verb}_permission"
        return getattr(type(self), name) is getattr(ModelToolset, name)

    @property
    def default_page_size(self) -> int:
        """Rows on a page, if nobody says otherwise."""
        return min(self.page_size, self.max_page_size)

    def names_action(self, action: str) -> bool:
        """Did the class itself name an action?"""
        return action in self.actions and self.actions is not ModelToolset.actions

    def offers(self, action: str) -> bool:
        """Is there a tool for an action? Rows nothing names cannot be got."""
        return action in self.actions and (
            action not in NEED_LOOKUP or self.exposed.lookup is not None
        )

    @property
    def serves_rows(self) -> bool:
        """Can a row be read as a resource?"""
        return self.resources and self.offers("get")

    def single_cut(self, start: int) -> Cut:
        """Return how much of long texts one row shows."""
        return Cut(self.max_single_text, start, self._hint())

    def _hint(self) -> str:
        if not self.offers("get"):
            return ""
        tool = "get_row" if self.catalogue else self.names.tool("get")
        return f"; read on with {tool} and text_from={{end}}"

    def _choices(self) -> list[Any]:
        return [getattr(self, hook.removeprefix("get_")) for hook in _HOOKS]

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the class, for the system checks."""
        return [*self.exposed.problems, *problems_of(self)]

    @property
    def serves(self) -> bool:
        """Is there something listed, and nothing wrong?"""
        wrong = any(problem.is_error for problem in self.problems)
        return bool(self.exposed.listing.members) and not wrong
