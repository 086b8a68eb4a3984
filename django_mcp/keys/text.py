"""The text of a key: made, recognised and hashed here, with no database.

    mcp_8tq2m1x0c4rz_8sYb…  (66 characters)
        public       secret, and a checksum of all before it

One pattern finds it where it leaked, and the checksum tells what was cut off
or mistyped, and what only looks like a key, without asking anybody.
"""

from __future__ import annotations

import hashlib
import re
import string
import zlib

from django.utils.crypto import get_random_string

#: Characters that name a key in lists and logs. One case only: some databases
#: do not tell the other from it.
PUBLIC = 12
#: Of 62 letters and digits: 256 bits.
SECRET = 43
#: As many digits to the base 62 as a CRC-32 may need.
CHECKSUM = 6

_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BEGINNING = re.compile(rf"mcp_[0-9a-z]{{{PUBLIC}}}_")
_WHOLE = re.compile(rf"mcp_([0-9a-z]{{{PUBLIC}}})_[0-9A-Za-z]{{{SECRET + CHECKSUM}}}\Z")


def new_text() -> str:
    """Return the text of a key that nobody has."""
    public = get_random_string(PUBLIC, string.digits + string.ascii_lowercase)
    body = f"mcp_{public}_{get_random_string(SECRET, _LETTERS)}"
    return body + _checksum(body)


def is_ours(text: str) -> bool:
    """Was this meant to be a key, and not the token of somebody else?"""
    return _BEGINNING.match(text) is not None


def prefix_of(text: str) -> str | None:
    """Return the public part of a key, or ``None`` if it cannot be one."""
    whole = _WHOLE.match(text)
    if whole is None or _checksum(text[:-CHECKSUM]) != text[-CHECKSUM:]:
        return None
    return whole[1]


def hash_of(text: str) -> str:
    """Return what is stored of a key.

    Slow hashes protect what people think up: they make each guess dear. Of
    256 random bits nobody guesses any part, so a slow hash would protect
    nothing, and each call would pay for it.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(body: str) -> str:
    rest, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM):
        rest, digit = divmod(rest, len(_LETTERS))
        digits = _LETTERS[digit] + digits
    return digits
