"""Read one file of a storage, whatever storage it is, and no more than allowed.

Decides nothing about who may read what: a name that comes here was judged.
"""

from __future__ import annotations

import os
import stat
from typing import Any, TypeAlias

from django.core.exceptions import SuspiciousOperation
from django.core.files import File
from django.utils.translation import gettext

from django_mcp.exceptions import NotRegistered, ToolError

#: A ``django.core.files.storage.Storage``, or what behaves as one.
Storage: TypeAlias = Any


def read_stored(storage: Storage, name: str, most: int, uri: str) -> bytes:
    """Return what a storage has under a name, if it is not too large.

    ``uri`` is where it was asked for. Raises: NotRegistered, ToolError
    """
    try:
        if not _is_file(storage, name):
            raise NotRegistered(uri)
        # Many storages fetch a file whole when it is opened.
        _check_size(_size(storage, name), most)
        with storage.open(name, "rb") as opened:
            data = _read(opened, most)
    except (ConnectionError, TimeoutError):
        raise  # of a storage far away: nobody knows whether the file is there
    except (OSError, SuspiciousOperation, ValueError):
        # Lost, or a name that leads out of the storage.
        raise NotRegistered(uri) from None
    _check_size(len(data), most)
    return data


def _is_file(storage: Storage, name: str) -> bool:
    """Is there a file, and nothing that would be waited for, such as a pipe?

    What storages raise for a missing file when they are asked for its size
    is their own affair; ``exists`` answers.
    """
    try:
        return stat.S_ISREG(os.stat(storage.path(name)).st_mode)
    except (NotImplementedError, OSError):
        pass  # elsewhere than on the disk
    try:
        return bool(storage.exists(name))
    except NotImplementedError:
        return True


def _size(storage: Storage, name: str) -> int:
    """Return the size a storage tells, or nothing, of one that cannot tell."""
    try:
        return int(storage.size(name))
    except NotImplementedError:
        return 0


def _read(opened: Any, most: int) -> bytes:
    """Read to the end, or to the first byte too many.

    What comes over a network may come in parts. And for each read there is room
    made for all that it asks for, however little there is.
    """
    parts: list[bytes] = []
    left = most + 1
    while left > 0:
        part = opened.read(min(left, File.DEFAULT_CHUNK_SIZE))
        if not part:
            break
        parts.append(part.encode() if isinstance(part, str) else part)
        left -= len(parts[-1])
    return b"".join(parts)


def _check_size(size: int, most: int) -> None:
    if size > most:
        words = gettext("The file is larger than {most} bytes.")
        raise ToolError(words.format(most=most))
