"""What is in a folder: pages of JSON to read, and suggestions for a path.

Both show only what may be opened, and both look at a bounded number of files:
a rule may cost a query for each.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeAlias

from django.utils.translation import gettext

from django_mcp.content.encoding import encoded
from django_mcp.content.media import type_of_name
from django_mcp.exceptions import NotRegistered, ToolError
from django_mcp.providers.files.folders import MISSING, Entry, Folder
from django_mcp.providers.files.names import is_safe
from django_mcp.providers.files.stored import Storage

#: How many entries one page shows.
PAGE = 200
#: How many files are looked at for one page, or for suggestions.
MOST = 1000
#: One more than an answer may hold, so that it says that there are more.
MAX_SUGGESTIONS = 101

#: ``address(name, after)``: the URI of a file or a folder, or of a later page
#: of one. Raises: ValueError, for what no URI can carry.
Address: TypeAlias = Callable[[str, str], str]


def listing(
    folder: Folder, name: str, after: str, address: Address, uri: str, *, details: bool
) -> str:
    """Return a page of what is in a folder, as JSON.

    Raises: NotRegistered, ToolError
    """
    if folder.folder(name) is None:
        raise NotRegistered(uri)
    shown, has_more = _page(folder, name, after)
    # Storages without real folders find nothing in any that is not there.
    if name and not shown:
        raise NotRegistered(uri)
    storage = folder.storage
    entries = [_described(storage, *one, address, details) for one in shown]
    page: dict[str, Any] = {"folder": name, "entries": [e for e in entries if e]}
    if has_more and shown:
        page["next"] = address(name, shown[-1][0].text)
    return encoded(page).decode()


def _page(
    folder: Folder, name: str, after: str
) -> tuple[list[tuple[Entry, str]], bool]:
    """Return the entries of a page with their names in the storage, and whether it
    ends before the folder does."""
    shown: list[tuple[Entry, str]] = []
    try:
        found = enumerate(folder.entries(name, after=after))
        for looked_at, (entry, stored) in found:
            if looked_at == MOST or len(shown) == PAGE:
                return shown, True
            if stored is not None:
                shown.append((entry, stored))
    except NotImplementedError:
        raise ToolError(gettext("What is stored here cannot be listed.")) from None
    return shown, False


def _described(
    storage: Storage, entry: Entry, stored: str, address: Address, details: bool
) -> dict[str, Any] | None:
    try:
        described: dict[str, Any] = {
            "name": entry.text.removeprefix(entry.name.rpartition("/")[0]).lstrip("/"),
            "uri": address(entry.name, ""),
        }
    except ValueError:
        return None
    if entry.is_folder:
        return described
    if kind := type_of_name(entry.name):
        described["mimeType"] = kind
    return described | _facts(storage, stored, details)


def _facts(storage: Storage, stored: str, details: bool) -> dict[str, Any]:
    """Return size and time, where they cost no message to another machine."""
    facts: dict[str, Any] = {}
    try:
        if not details and not os.path.exists(storage.path(stored)):
            return {}
        facts["size"] = storage.size(stored)
        facts["lastModified"] = storage.get_modified_time(stored)
    except (NotImplementedError, *MISSING):
        pass  # not told by this storage, or gone meanwhile
    return facts


def suggestions(folder: Folder, text: str) -> list[str]:
    """Return paths that begin with a text: files, and folders to go on in."""
    name, _, start = text.rpartition("/")
    if name and not is_safe(name, hidden=True):
        return []
    found: list[str] = []
    try:
        for looked_at, (entry, stored) in enumerate(folder.entries(name, start=start)):
            if looked_at == MOST or len(found) == MAX_SUGGESTIONS:
                break
            if stored is not None:
                found.append(entry.text)
    except NotImplementedError:
        pass
    return found
