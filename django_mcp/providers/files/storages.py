"""Files of a storage as resources: one template, and folders where asked for.

A list of resources names no file, however many there are: paths are found by
completion, or in the listing of a folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage, default_storage, storages

from django_mcp.content.values import EmbeddedResource
from django_mcp.context import Context
from django_mcp.exceptions import NotRegistered
from django_mcp.primitives import Primitive, Resource, ResourceTemplate
from django_mcp.providers.files.contents import contents_of
from django_mcp.providers.files.exposed import warning_about
from django_mcp.providers.files.folders import (
    Folder,
    HasPermission,
    OwnFolder,
    Rules,
)
from django_mcp.providers.files.listings import listing, suggestions
from django_mcp.providers.files.names import Patterns, is_safe
from django_mcp.providers.files.options import (
    check_plain,
    check_positive,
    fields_from,
    template_from,
)
from django_mcp.providers.files.stored import read_stored
from django_mcp.schema.uritemplate import UriTemplate

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

#: Makes the primitives, once it can be done.
Listing: TypeAlias = bool | Literal["details"]

#: Bytes of the largest file, as for the files of models.
MAX_SIZE = 5 * 1024 * 1024
_JSON = "application/json"


def storage_resource(
    server: MCPServer, prefix: str, storage: Any = None, **options: Any
) -> None:
    """Serve the files of a storage at ``prefix`` and their path.

    ``options`` are those of `Files`. Raises: ImproperlyConfigured
    """
    files = Files("A storage resource", prefix, getter_from(storage), **options)

    def build() -> list[Primitive]:
        found = files.storage()
        if files.lists and found.__class__.listdir is Storage.listdir:
            raise ImproperlyConfigured(f"The storage of {prefix} cannot be listed.")
        if text := warning_about(found, files.rules):
            source = files.fields["source"]
            server.declarations.warn(text, source, id="django_mcp.W011")
        return files.primitives()

    server.declare(build)


def getter_from(storage: Any) -> Callable[[], Storage]:
    """Return what gives the storage: by its alias, at each call anew.

    Raises: ImproperlyConfigured
    """
    if storage is None:
        return lambda: default_storage
    if isinstance(storage, str):
        return partial(storages.__getitem__, storage)
    if callable(storage) and not hasattr(storage, "open") or isinstance(storage, type):
        storage = storage()
    if not hasattr(storage, "open"):
        raise ImproperlyConfigured(
            f"{storage!r} is no storage: give one, or its alias in STORAGES."
        )
    return lambda: storage


def _checked_folder(given: Any) -> str:
    """Return a folder as names are joined to it. Raises: ImproperlyConfigured"""
    folder = str(given).strip("/")
    is_text = isinstance(given, str) and not given.startswith("/")
    if not is_text or (folder and not is_safe(folder, hidden=True)):
        raise ImproperlyConfigured(
            f"{given!r} is no folder of a storage: write it as 'shop/covers'."
        )
    return folder


class Files:
    """Files of a storage below one address.

    ``folder``: where they are in the storage, or ``folder(context)``: where
    those of the caller are.

    ``patterns``: which of them, such as ``*.pdf`` or ``manuals/*``.

    ``has_permission(context, name)``: may the caller read the file that the
    storage has under this name, or look into the folder (``manuals/``)?

    ``max_size``: of the largest file, in bytes. ``encoding``: how texts are
    written. ``hidden``: names that begin with a dot, too. ``links``: follow
    them out of the folder, too.

    ``listing``: folders can be read; ``"details"`` asks storages elsewhere
    than on the disk for size and time, which is a message for each file.

    ``options`` are those of every primitive.

    Raises: ImproperlyConfigured
    """

    def __init__(
        self,
        what: str,
        prefix: str,
        storage: Callable[[], Storage],
        *,
        folder: str | OwnFolder = "",
        patterns: Iterable[str] = (),
        has_permission: HasPermission | None = None,
        max_size: int = MAX_SIZE,
        encoding: str = "utf-8",
        listing: Listing = False,
        hidden: bool = False,
        links: bool = False,
        **options: Any,
    ) -> None:
        check_plain("has_permission", has_permission)
        check_plain("folder", folder)
        check_positive(f"max_size of {prefix}", max_size)
        _check_encoding(encoding)
        prefix = prefix if str(prefix).endswith("/") else f"{prefix}/"
        if not template_from(what, prefix).is_static:
            raise ImproperlyConfigured(f"{prefix} cannot have variables.")
        self.storage = storage
        self.rules = Rules(
            folder=folder if callable(folder) else _checked_folder(folder),
            patterns=Patterns(patterns),
            hidden=hidden,
            links=links,
            has_permission=has_permission,
        )
        self.fields = fields_from(what, prefix, _description(self.rules), options)
        self.lists = listing
        self._prefix = prefix
        self._max_size = max_size
        self._encoding = encoding
        end = "{?after}" if listing else ""
        self._template = UriTemplate(f"{prefix}{{+path}}{end}")
        self._pages = UriTemplate(f"{prefix}{{?after}}")

    def primitives(self) -> list[Primitive]:
        """Return the template of files, and what lists the folder."""
        template = ResourceTemplate(
            uri_template=self._template.template,
            match=self._template.match,
            read=self._read,
            complete={"path": self._complete},
            **self.fields,
        )
        return [template, *self._folders()] if self.lists else [template]

    def _folders(self) -> list[Primitive]:
        fields = {**self.fields, "name": f"{self.fields['name']}_folder"[-128:]}
        fields["description"] = f"What is at {self._prefix}, by name."
        return [
            Resource(
                uri=self._prefix,
                read=lambda context: self._list(context, self._prefix, "", ""),
                mime_type=_JSON,
                **fields,
            ),
            ResourceTemplate(
                uri_template=self._pages.template,
                match=self._pages.match,
                read=lambda context, uri, values: self._list(
                    context, uri, "", values.get("after", "")
                ),
                mime_type=_JSON,
                **fields,
            ),
        ]

    # -- reading -----------------------------------------------------------

    def _folder(self, context: Context, uri: str) -> Folder:
        """Return what a caller may read. Raises: NotRegistered"""
        folder = self.rules.of(context, self.storage())
        if folder is None:
            raise NotRegistered(uri)
        return folder

    def _read(self, context: Context, uri: str, values: dict[str, Any]) -> Any:
        """Return a file, or what is in a folder. Raises: NotRegistered, ToolError"""
        path = values["path"]
        if "after" in values:
            return self._list(context, uri, path, values["after"])
        folder = self._folder(context, uri)
        stored = folder.file(path)
        try:
            if stored is None:
                raise NotRegistered(uri)
            data = read_stored(folder.storage, stored, self._max_size, uri)
        except NotRegistered:
            if not self.lists:
                raise
            return self._list(context, uri, path, "")
        return contents_of(data, path, uri, encoding=self._encoding)

    def _list(self, context: Context, uri: str, path: str, after: str) -> Any:
        folder = self._folder(context, uri)
        details = self.lists == "details"
        text = listing(folder, path, after, self._address, uri, details=details)
        return EmbeddedResource(uri, text=text, mime_type=_JSON)

    def _address(self, name: str, after: str) -> str:
        values = {"after": after} if after else {}
        if name:
            return self._template.expand({"path": name, **values})
        return self._pages.expand(values)

    def _complete(self, context: Context, value: str, others: Any) -> list[str]:
        folder = self.rules.of(context, self.storage())
        return [] if folder is None else suggestions(folder, value)


def _description(rules: Rules) -> str:
    kinds = ", ".join(rules.patterns.texts)
    return f"Files by their path ({kinds})" if kinds else "Files by their path"


def _check_encoding(encoding: str) -> None:
    try:
        b"-".decode(encoding, "replace")
    except (LookupError, TypeError):
        raise ImproperlyConfigured(f"{encoding!r} is no encoding.") from None
