"""`MCPServer`: an identity, a registry and the decorators that fill it.

It puts providers and registry together and holds no logic of theirs; what
serves it (methods, transports) is found by name when somebody mounts it, so
that a command which serves nothing does not load it. `mcp` is to it what
``admin.site`` is to ``AdminSite``. Importing this module does nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from django.conf import settings
from django.utils.module_loading import import_string
from pydantic_core import to_json

from django_mcp import broadcast
from django_mcp.auth.base import Authenticators, BaseAuthenticator
from django_mcp.conf import Values, conf
from django_mcp.context import ListKind
from django_mcp.declarations import Declaration, Declarations, written_at
from django_mcp.lifespan import Lifespan
from django_mcp.primitives import Icon, Primitive, Text
from django_mcp.protocol.messages import SERVER_KEY, Fields
from django_mcp.protocol.revisions import Revision
from django_mcp.providers.functions import (
    prompt_from_function,
    resource_from_function,
    tool_from_function,
)
from django_mcp.providers.models.registration import Toolsets, declared
from django_mcp.providers.models.toolset import ModelToolset
from django_mcp.registry import Registry
from django_mcp.signals import list_changed, resource_updated

if TYPE_CHECKING:
    from django_mcp.transports.asgi import Application

F = TypeVar("F", bound=Callable[..., Any])

logger = logging.getLogger("django_mcp")


class MCPServer:
    """One set of primitives under one name, with its own URL.

    A project may have several. ``authenticators`` say who may connect; a
    server that names none takes those of ``DJANGO_MCP["AUTHENTICATORS"]``,
    and with none at all nobody gets in.
    """

    def __init__(
        self,
        name: str = "",
        *,
        title: Text = "",
        version: str = "1.0.0",
        instructions: Text = "",
        website_url: str = "",
        icons: Iterable[Icon] = (),
        authenticators: Iterable[BaseAuthenticator] | None = None,
        lifespan: Callable[[], AbstractAsyncContextManager[Any]] | None = None,
    ) -> None:
        self._name = name
        self.title = title
        self.version = version
        #: What a model should know before it uses anything here.
        self.instructions = instructions
        self.website_url = website_url
        self.icons = tuple(icons)
        self.registry = Registry()
        #: What is registered about models, by model.
        self.toolsets = Toolsets()
        #: What is made into primitives when the server is first served.
        self.declarations = Declarations()
        self.lifespan = Lifespan(lifespan)
        #: Lists as they were sent, by what they depend on (``methods/lists.py``).
        self.pages: dict[Any, Fields] = {}
        self._own = None if authenticators is None else Authenticators(authenticators)
        self._named: tuple[Values | None, Authenticators] = (None, Authenticators())
        self._endings: dict[str, bytes] = {}
        self._asgi: Application | None = None
        #: Whether a client was ever served here; see `go_live`.
        self.live = False

    def __repr__(self) -> str:
        return f"<MCPServer {self._name or 'of the project'!r}>"

    @cached_property
    def name(self) -> str:
        """What clients call it; the project's name, if none was given."""
        project = getattr(settings, "ROOT_URLCONF", None) or "django"
        return self._name or project.partition(".")[0]

    # -- primitives --------------------------------------------------------

    @overload
    def tool(self, function: F, /, **options: Any) -> F: ...

    @overload
    def tool(self, function: None = None, /, **options: Any) -> Callable[[F], F]: ...

    def tool(self, function: F | None = None, /, **options: Any) -> Any:
        """Make a tool of a function: ``@mcp.tool`` or ``@mcp.tool(...)``.

        The options are those of
        `django_mcp.providers.functions.tool_from_function`.
        """
        return self._decorate(function, tool_from_function, options)

    @overload
    def prompt(self, function: F, /, **options: Any) -> F: ...

    @overload
    def prompt(self, function: None = None, /, **options: Any) -> Callable[[F], F]: ...

    def prompt(self, function: F | None = None, /, **options: Any) -> Any:
        """Make a prompt of a function: ``@mcp.prompt`` or ``@mcp.prompt(...)``."""
        return self._decorate(function, prompt_from_function, options)

    @overload
    def resource(self, uri: str, function: F, /, **options: Any) -> F: ...

    @overload
    def resource(
        self, uri: str, function: None = None, /, **options: Any
    ) -> Callable[[F], F]: ...

    def resource(self, uri: str, function: F | None = None, /, **options: Any) -> Any:
        """Make a resource, or a template of them, of a function.

        ``@mcp.resource("shop://hours")``, ``@mcp.resource("shop://book/{isbn}")``.
        """
        if not isinstance(uri, str):
            raise TypeError('A resource needs its URI: @mcp.resource("shop://…").')

        def build(function: F, **options: Any) -> Primitive:
            return resource_from_function(uri, function, **options)

        return self._decorate(function, build, options)

    def register(self, model: Any, toolset: Any = None, /, **attributes: Any) -> Any:
        """Expose a model: ``mcp.register(Model, Toolset)``, or as a decorator.

        ``attributes`` are those of `ModelToolset`; without a class they make
        one: ``mcp.register(Model, fields=[...])``.

        Raises: AlreadyRegistered
        """
        if toolset is None and not attributes:
            return partial(self.register, model)
        toolset = toolset or ModelToolset
        self.toolsets.add(model, toolset, attributes, self)
        return toolset

    def register_all(
        self, app_label: str, models: Mapping[str, Any], /, **attributes: Any
    ) -> None:
        """Expose several models of an app, each with its fields.

        ``mcp.register_all("shop", {"Book": ["id", "title"]}, catalogue=True)``;
        instead of a list, a model may have attributes or a toolset class.
        ``attributes`` are those of all. Nothing is registered if one fails.

        Raises: AlreadyRegistered, LookupError, TypeError
        """
        with ExitStack() as undo:
            for model, toolset, given in declared(app_label, models, attributes):
                self.toolsets.add(model, toolset, given, self)
                undo.callback(self.unregister, model)
            undo.pop_all()

    def unregister(self, model: Any) -> None:
        """Take a model's toolset and primitives away. Raises: NotRegistered"""
        self.remove(*self.toolsets.remove(model))

    def add(self, *primitives: Primitive) -> None:
        """Register primitives, at any time; open streams hear of it.

        Raises: AlreadyRegistered
        """
        for primitive in primitives:
            self.registry.add(primitive)
            self._announce(primitive)

    def remove(self, *primitives: Primitive) -> None:
        """Take primitives away, at any time; open streams hear of it.

        Raises: NotRegistered
        """
        for primitive in primitives:
            self.registry.remove(primitive)
            self._announce(primitive)

    def declare(
        self, build: Callable[[], Iterable[Primitive]], *, source: str = ""
    ) -> None:
        """Register what ``build`` makes, once it can be made: when first served.

        ``build`` may raise `ImproperlyConfigured`; then nothing of it is
        served, and the system checks name ``source``: by default, the line
        that runs now.
        """
        self.declarations.add(Declaration(build, source or written_at()))
        if self.live:
            self.settle()

    def settle(self) -> None:
        """Make primitives of all that is declared. May block."""
        for mistake in self.declarations.settle(self.add):
            logger.error("%s is not served: %s", mistake.source, mistake.text)

    def go_live(self) -> None:
        """Get ready to serve; transports call it before the first message."""
        self.settle()
        self.live = True

    def _decorate(
        self,
        function: F | None,
        build: Callable[..., Primitive],
        options: Mapping[str, Any],
    ) -> Any:
        def register(function: F) -> F:
            self.add(build(function, **options))
            return function

        return register if function is None else register(function)

    def _announce(self, primitive: Primitive) -> None:
        kind = self.registry.shelf(primitive).kind
        list_changed.send(sender=self, kind=kind)
        # Before the first client nobody listens, in this process or another.
        if self.live:
            broadcast.publish(self.topic, {"list": kind})

    # -- telling clients ---------------------------------------------------

    @property
    def topic(self) -> str:
        """Where workers tell each other what changed on this server."""
        return broadcast.topic("server", self.name)

    def notify_resource_updated(self, uri: str) -> None:
        """Tell subscribed clients, of any worker, that a resource changed."""
        resource_updated.send(sender=self, uri=uri)
        broadcast.publish(self.topic, {"uri": uri})

    async def anotify_resource_updated(self, uri: str) -> None:
        """See `notify_resource_updated`."""
        await resource_updated.asend(sender=self, uri=uri)
        await broadcast.apublish(self.topic, {"uri": uri})

    def notify_list_changed(self, kind: ListKind) -> None:
        """Tell clients to fetch a list again: what they may see has changed.

        `add` and `remove` do so themselves; this is for rules that give a
        new answer, such as a permission that was granted.
        """
        list_changed.send(sender=self, kind=kind)
        broadcast.publish(self.topic, {"list": kind})

    async def anotify_list_changed(self, kind: ListKind) -> None:
        """See `notify_list_changed`."""
        await list_changed.asend(sender=self, kind=kind)
        await broadcast.apublish(self.topic, {"list": kind})

    # -- places to mount it ------------------------------------------------

    @property
    def asgi(self) -> Application:
        """An ASGI application for Channels' ``URLRouter``."""
        if self._asgi is None:
            application = import_string("django_mcp.transports.asgi.Application")
            self._asgi = application(self)
        return self._asgi

    @property
    def urls(self) -> Any:
        """URL patterns: ``path("mcp", mcp.urls)``, with WSGI or ASGI."""
        patterns = import_string("django_mcp.transports.view.url_patterns")
        return patterns(self), "mcp", self.name

    # -- who is calling ----------------------------------------------------

    @property
    def authenticators(self) -> Authenticators:
        """This server's authenticators, or those the settings name."""
        if self._own is not None:
            return self._own
        values = conf.now
        if self._named[0] is not values:
            found = Authenticators(
                import_string(path)() for path in values.AUTHENTICATORS
            )
            self._named = (values, found)
        return self._named[1]

    # -- what results say about the server ---------------------------------

    def info(self, revision: Revision) -> dict[str, Any]:
        """Return name and version, as a revision describes a server."""
        info: dict[str, Any] = {"name": self.name, "version": self.version}
        if self.title and revision.titles:
            info["title"] = str(self.title)
        if self.website_url and revision.icons:
            info["websiteUrl"] = self.website_url
        if self.icons and revision.icons:
            info["icons"] = [icon.described() for icon in self.icons]
        return info

    def ending(self, revision: Revision) -> bytes:
        """Return what every result of a revision must say, after its members."""
        ending = self._endings.get(revision.name)
        if ending is None:
            said = self.complete_dict({}, revision)
            ending = b"," + to_json(said)[1:-1] if said else b""
            self._endings[revision.name] = ending
        return ending

    def complete_dict(
        self, result: dict[str, Any], revision: Revision
    ) -> dict[str, Any]:
        """See `ending`, for a result that is not serialised yet."""
        if revision.handshake:
            return result
        meta = {SERVER_KEY: self.info(revision), **result.get("_meta", {})}
        return {"resultType": "complete", **result, "_meta": meta}


#: The default server: what ``@mcp.tool`` in a project's ``mcp.py`` fills.
mcp = MCPServer()
