"""Static files as resources: what ``{% static %}`` names, as Django finds it.

While ``DEBUG`` is on, or nothing was collected, the finders look for a file;
otherwise it is read where ``collectstatic`` put it. A project says which
files: a folder or patterns, for the whole also holds the admin's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage

from django_mcp.primitives import Primitive
from django_mcp.providers.files.storages import Files

if TYPE_CHECKING:
    from django_mcp.server import MCPServer


def static_resource(server: MCPServer, prefix: str, **options: Any) -> None:
    """Serve static files at ``prefix`` and their path.

    ``options`` are those of storage resources; ``folder`` or ``patterns`` must
    be there. Raises: ImproperlyConfigured
    """
    storage = StaticFiles()
    # ``collectstatic --link`` makes links to where the files are.
    given = {"links": True, **options}
    files = Files("A static resource", prefix, lambda: storage, **given)
    if not (files.rules.folder or files.rules.patterns):
        raise ImproperlyConfigured(
            f"Say which static files are at {prefix}: a folder, or patterns."
            " patterns=['**'] means all, also those of the admin."
        )

    def build() -> list[Primitive]:
        if not apps.is_installed("django.contrib.staticfiles"):
            raise ImproperlyConfigured(
                "Static files need django.contrib.staticfiles in INSTALLED_APPS."
            )
        return files.primitives()

    server.declare(build)


class StaticFiles(Storage):
    """All static files, wherever they are now; only for reading.

    ``uncollected``: also those that ``collectstatic`` has not met yet.
    """

    def __init__(self, *, uncollected: bool = False) -> None:
        self._uncollected = uncollected

    def exists(self, name: str) -> bool:
        """See ``Storage``."""
        return self._found(name) is not None

    def size(self, name: str) -> int:
        """See ``Storage``."""
        storage, place = self._there(name)
        return int(storage.size(place))

    def get_modified_time(self, name: str) -> datetime:
        """See ``Storage``."""
        storage, place = self._there(name)
        found: datetime = storage.get_modified_time(place)
        return found

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """See ``Storage``."""
        names = self._names()
        if names is None:
            listed: tuple[list[str], list[str]] = staticfiles_storage.listdir(path)
            return listed
        start = f"{path}/" if path else ""
        inner = {name[len(start) :] for name in names if name.startswith(start)}
        folders = {name.partition("/")[0] for name in inner if "/" in name}
        return sorted(folders), sorted(name for name in inner if "/" not in name)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        storage, place = self._there(name)
        opened: File[Any] = storage.open(place, mode)
        return opened

    # -- where they are ----------------------------------------------------

    def _there(self, name: str) -> tuple[Any, str]:
        found = self._found(name)
        if found is None:
            raise FileNotFoundError(name)
        return found

    def _found(self, name: str) -> tuple[Any, str] | None:
        """Return the storage of a file, and its name there."""
        searched = self._are_searched()
        if not searched:
            for place in (name, self._hashed(name)):
                if place and staticfiles_storage.exists(place):
                    return staticfiles_storage, place
        if not (searched or self._uncollected):
            return None
        path = finders.find(name)
        if not isinstance(path, str) or not os.path.isfile(path):
            return None
        return FileSystemStorage(os.path.dirname(path)), os.path.basename(path)

    def _hashed(self, name: str) -> str:
        """Return the name under which a manifest has it: some keep no other."""
        manifest = getattr(staticfiles_storage, "hashed_files", {})
        return str(manifest.get(name, ""))

    def _names(self) -> Iterable[str] | None:
        """Return all names, where they are known without looking around."""
        if self._are_searched():
            return self._searched()
        # The files of the manifest without their hashed copies.
        manifest: dict[str, str] = getattr(staticfiles_storage, "hashed_files", {})
        return manifest.keys() or None

    def _searched(self) -> Iterator[str]:
        for finder in finders.get_finders():
            for path, storage in finder.list([]):
                prefix = getattr(storage, "prefix", None)
                whole = os.path.join(prefix, path) if prefix else path
                yield whole.replace(os.sep, "/")

    def _are_searched(self) -> bool:
        return bool(
            settings.DEBUG or getattr(staticfiles_storage, "location", True) is None
        )
