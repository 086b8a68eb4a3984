"""`MCPServer`: an identity, a registry and the decorators that fill it.

It puts providers and registry together and holds no logic of theirs; what
serves it (methods, transports) is found by name when somebody mounts it, so
that a command which serves nothing does not load it. `mcp` is to it what
``admin.site`` is to ``AdminSite``. Importing this module does nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from functools import partial
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, overload
from weakref import WeakSet

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import get_language
from pydantic_core import to_json

from django_mcp import broadcast, languages
from django_mcp.auth.base import Authenticators, BaseAuthenticator
from django_mcp.auth.resources import METADATA_PATH, canonical
from django_mcp.auth.throttled import ThrottledAuthenticators
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
from django_mcp.registry import Registry
from django_mcp.signals import list_changed, resource_updated
from django_mcp.throttling import Throttles, throttles_from

if TYPE_CHECKING:
    from django_mcp.providers.models.registration import Toolsets
    from django_mcp.transports.asgi import Application

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

logger = logging.getLogger("django_mcp")

#: Every server there is, for the system checks.
all_servers: WeakSet[MCPServer] = WeakSet()


class MCPServer:
    """One set of primitives under one name, with its own URL.

    A project may have several. ``authenticators`` say who may connect; a
    server that names none takes those of ``DJANGO_MCP["AUTHENTICATORS"]``,
    and with none at all nobody gets in. ``throttles`` say how often; without
    them, ``DJANGO_MCP["THROTTLES"]`` does.
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
        throttles: Mapping[str, Any] | None = None,
        path: str = "/mcp",
        base_scopes: Iterable[str] = (),
        implied_scopes: Mapping[str, Iterable[str]] | None = None,
        lifespan: Callable[[], AbstractAsyncContextManager[Any]] | None = None,
    ) -> None:
        self._name = name
        self.title = title
        self.version = version
        #: What a model should know before it uses anything here.
        self.instructions = instructions
        self.website_url = website_url
        self.icons = tuple(icons)
        #: Where it is mounted, below ``DJANGO_MCP["BASE_URL"]``.
        self.path = path
        #: The scopes every token needs here: what a client first asks for.
        self.base_scopes: Collection[str] = frozenset(base_scopes)
        #: What a scope contains: ``{"shop:write": ["shop:read"]}``.
        self.implied_scopes: Mapping[str, Iterable[str]] = implied_scopes or {}
        self.registry = Registry()
        self._toolsets: Toolsets | None = None
        self._lock = Lock()
        #: Templates that are registered by name, and folders of them, which end
        #: with a slash: autodiscovery leaves them.
        self.templates: set[str] = set()
        #: What is made into primitives when the server is first served.
        self.declarations = Declarations()
        self.lifespan = Lifespan(lifespan)
        #: Lists as they were sent, by what they depend on (``methods/lists.py``).
        self.pages: dict[Any, Fields] = {}
        self._own = None if authenticators is None else Authenticators(authenticators)
        self._limits = None if throttles is None else throttles_from(throttles)
        #: What the settings say, and the settings that said so.
        self._asked: tuple[Values | None, Authenticators] = (None, Authenticators())
        self._rates: tuple[Values | None, Throttles] = (None, Throttles())
        self._endings: dict[str, bytes] = {}
        self._asgi: Application | None = None
        #: Whether a client was ever served here; see `go_live`.
        self.live = False
        all_servers.add(self)

    def __repr__(self) -> str:
        return f"<MCPServer {self._name or 'of the project'!r}>"

    @property
    def name(self) -> str:
        """What clients call it; the project's name, if none was given."""
        if self._name:
            return self._name
        urlconf = getattr(settings, "ROOT_URLCONF", None)
        # Django takes a list of patterns as well, which has no name.
        project = urlconf if urlconf and isinstance(urlconf, str) else "django"
        return project.partition(".")[0]

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

    @overload
    def form_tool(self, form: Any, function: F, /, **options: Any) -> F: ...

    @overload
    def form_tool(
        self, form: Any, function: None = None, /, **options: Any
    ) -> Callable[[F], F]: ...

    def form_tool(self, form: Any, function: Any = None, /, **options: Any) -> Any:
        """Make a tool of a form: ``mcp.form_tool(Form, function)``, or as a
        decorator. A ``ModelForm`` without a function is saved.

        The options are those of `django_mcp.providers.forms.tools.tool_from_form`.
        """
        return self._provided("forms.registration.register", form, function, **options)

    @overload
    def view(self, target: F, /, **options: Any) -> F: ...

    @overload
    def view(self, target: str, /, **options: Any) -> str: ...

    @overload
    def view(self, target: None = None, /, **options: Any) -> Callable[[F], F]: ...

    def view(self, target: Any = None, /, **options: Any) -> Any:
        """Make a tool of a view: a function or class, a URL's name, or a path.

        ``@mcp.view``, ``@mcp.view(...)``, ``mcp.view("shop:report", ...)``. The
        view is called as the caller, and is not changed. The options are those
        of `django_mcp.providers.views.options.ViewOptions`, and those of every
        primitive.
        """
        return self._provided("views.registration.register", target, **options)

    def register(self, model: Any, toolset: Any = None, /, **attributes: Any) -> Any:
        """Expose a model: ``mcp.register(Model, Toolset)``, or as a decorator.

        ``attributes`` are those of `ModelToolset`; without a class they make
        one: ``mcp.register(Model, fields=[...])``.

        Raises: AlreadyRegistered
        """
        if toolset is None and not attributes:
            return partial(self.register, model)
        toolset = toolset or _models().ModelToolset
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
            every = _models().declared(app_label, models, attributes)
            for model, toolset, given in every:
                self.toolsets.add(model, toolset, given, self)
                undo.callback(self.unregister, model)
            undo.pop_all()

    def ninja(self, target: T, /, **options: Any) -> T:
        """Expose operations of django-ninja: ``mcp.ninja(api)``.

        ``target`` is an API, a router, or the function of one operation. The
        options are those of
        `django_mcp.providers.ninja.registration.register_ninja`.
        """
        self._provided("ninja.registration.register_ninja", target, **options)
        return target

    @overload
    def viewset(self, target: T, /, **options: Any) -> T: ...

    @overload
    def viewset(self, target: None = None, /, **options: Any) -> Callable[[T], T]: ...

    def viewset(self, target: Any = None, /, **options: Any) -> Any:
        """Serve views of Django REST framework: ``mcp.viewset(BookViewSet)``, or as a
        decorator, with options or without.

        ``target`` is a viewset, a router, a view or the name of a URL. The options
        are those of `django_mcp.providers.drf.declaring.declare_viewset`.
        """
        if target is None:
            return partial(self.viewset, **options)
        self._provided("drf.registration.register_viewset", target, **options)
        return target

    @property
    def toolsets(self) -> Toolsets:
        """What is registered about models, by model."""
        if self._toolsets is None:
            provider = _models()  # imported before the lock: that may register more
            with self._lock:
                if self._toolsets is None:
                    self._toolsets = provider.Toolsets()
        return self._toolsets

    def unregister(self, model: Any) -> None:
        """Take a model's toolset and primitives away. Raises: NotRegistered"""
        self.remove(*self.toolsets.remove(model))

    # -- files, sitemaps and feeds -----------------------------------------

    def storage_resource(
        self, prefix: str, /, storage: Any = None, **options: Any
    ) -> None:
        """Serve files of a storage at ``prefix`` and their path.

        The options are those of
        `django_mcp.providers.files.storages.storage_resource`.
        """
        self._provided("files.storages.storage_resource", prefix, storage, **options)

    def static_resource(self, prefix: str, /, **options: Any) -> None:
        """Serve static files: those of a ``folder``, or that fit ``patterns``.

        See `django_mcp.providers.files.static.static_resource`.
        """
        self._provided("files.static.static_resource", prefix, **options)

    def sitemap_resource(self, uri: str, sitemaps: Any, /, **options: Any) -> None:
        """Serve the pages that sitemaps know: a sitemap, or several by section.

        See `django_mcp.providers.files.sitemaps.sitemap_resource`.
        """
        self._provided("files.sitemaps.sitemap_resource", uri, sitemaps, **options)

    def feed_resource(self, uri: str, feed: Any, /, **options: Any) -> None:
        """Serve a syndication feed; variables of ``uri`` go to ``get_object``.

        See `django_mcp.providers.files.feeds.feed_resource`.
        """
        self._provided("files.feeds.feed_resource", uri, feed, **options)

    # -- templates ---------------------------------------------------------

    def prompt_template(self, template: str, /, **options: Any) -> None:
        """Serve a prompt that a template says: ``"shop/prompts/review.md"``.

        ``context``: a dictionary, or a function of arguments, for the template;
        ``complete`` and the other options are those of `prompt`.
        """
        self._provided("templates.registration.prompt_template", template, **options)

    def prompt_templates(self, folder: str, /, **options: Any) -> None:
        """Serve each template of a folder as a prompt; see `prompt_template`."""
        self._provided("templates.registration.prompt_templates", folder, **options)

    def resource_template(self, uri: str, /, template: str, **options: Any) -> None:
        """Serve a template as a resource, or as one for each URI of a shape.

        ``context``: a dictionary, or a function of the URI's variables, for the
        template; the other options are those of `resource`.
        """
        register = "templates.registration.resource_template"
        self._provided(register, uri, template, **options)

    def _provided(self, register: str, /, *args: Any, **options: Any) -> Any:
        """Let a provider register; found by name: what is not used is not loaded."""
        register_with = import_string(f"django_mcp.providers.{register}")
        return register_with(self, *args, **options)

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
        # Views may be declared where they are written, which the URLconf imports.
        urlconf = getattr(settings, "ROOT_URLCONF", None)
        if urlconf and isinstance(urlconf, str):
            import_module(urlconf)
        for mistake in self.declarations.settle(self.add):
            logger.error("%s is not served: %s", mistake.source, mistake.text)

    def go_live(self) -> None:
        """Get ready to serve; transports call it before the first message."""
        self.settle()
        languages.prepare()
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
        return self.authenticators_by(conf.now)

    def authenticators_by(self, values: Values) -> Authenticators:
        """See `authenticators`, for who has read the settings already."""
        if self._asked[0] is not values:
            found = self._own
            if found is None:
                found = Authenticators(
                    import_string(path)() for path in values.AUTHENTICATORS
                )
            if values.THROTTLES if self._limits is None else self._limits:
                found = ThrottledAuthenticators(found)
            self._asked = (values, found)
        return self._asked[1]

    @property
    def throttles(self) -> Throttles:
        """How often somebody may call: this server's rates, or the settings'."""
        if self._limits is not None:
            return self._limits
        values = conf.now
        if self._rates[0] is not values:
            self._rates = (values, throttles_from(values.THROTTLES))
        return self._rates[1]

    @property
    def used(self) -> bool:
        """Does it serve anything? The default server of a project may not."""
        registry = self.registry
        shelves = (
            registry.tools,
            registry.resources,
            registry.templates,
            registry.prompts,
        )
        return bool(self.declarations) or any(len(shelf) for shelf in shelves)

    @property
    def url(self) -> str:
        """Its canonical URI, or ``""`` while ``BASE_URL`` is not set."""
        base = conf.now.BASE_URL
        return canonical(f"{base.rstrip('/')}/{self.path.strip('/')}") if base else ""

    @property
    def metadata_url(self) -> str:
        """Where clients read who gives tokens for it; ``""`` if nobody does."""
        base = conf.now.BASE_URL
        if not base or not self.authenticators.authorization_servers():
            return ""
        return f"{canonical(base)}/{METADATA_PATH}/{self.path.strip('/')}".rstrip("/")

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

    @property
    def translated(self) -> bool:
        """Do words of the server itself depend on the language?"""
        return type(self.title) is not str or type(self.instructions) is not str

    def ending(self, revision: Revision) -> bytes:
        """Return what every result of a revision must say, after its members."""
        ending = self._endings.get(revision.name)
        return self._ending(revision) if ending is None else ending

    def _ending(self, revision: Revision) -> bytes:
        lazy = type(self.title) is not str
        key = f"{revision.name} {get_language()}" if lazy else revision.name
        ending = self._endings.get(key)
        if ending is None:
            said = self.complete_dict({}, revision)
            ending = b"," + to_json(said)[1:-1] if said else b""
            self._endings[key] = ending
        return ending

    def complete_dict(
        self, result: dict[str, Any], revision: Revision
    ) -> dict[str, Any]:
        """See `ending`, for a result that is not serialised yet."""
        if revision.handshake:
            return result
        meta = {SERVER_KEY: self.info(revision), **result.get("_meta", {})}
        return {"resultType": "complete", **result, "_meta": meta}


def _models() -> Any:
    """Return the provider of models; see `MCPServer._provided`."""
    return import_module("django_mcp.providers.models.registration")


#: The default server: what ``@mcp.tool`` in a project's ``mcp.py`` fills.
mcp = MCPServer()
