"""What small values of a message must look like: ids, objects, nesting. Pure."""

from typing import Any, TypeGuard

from pydantic_core import from_json

from django_mcp.protocol.messages import Id

MAX_ID = 2**63
#: Characters of an id: it is repeated in every message of a call or a stream.
MAX_ID_LENGTH = 1000


def holds_objects(value: Any) -> TypeGuard[dict[str, Any]]:
    """Is this an object whose members are objects, as capabilities are?"""
    return type(value) is dict and (
        not value or all(type(member) is dict for member in value.values())
    )


def is_id(value: Any) -> TypeGuard[Id]:
    """Is this a string or a whole number that may name a message?"""
    if type(value) is int:
        return -MAX_ID <= value < MAX_ID
    return type(value) is str and len(value) <= MAX_ID_LENGTH


def wants_answer(body: bytes) -> bool:
    """Does somebody wait for an answer to this, as far as one look can tell?

    What is neither a notification nor an answer itself does, if only for an error.
    """
    try:
        message = from_json(body)
    except ValueError:
        return True
    return type(message) is not dict or ("method" in message and "id" in message)


def depth(value: Any) -> int:
    """Return how deep lists and objects are nested, without recursion."""
    levels, level = 0, [value]
    while level := [part for part in level if type(part) in {dict, list}]:
        levels += 1
        level = [
            item
            for part in level
            for item in (part.values() if type(part) is dict else part)
        ]
    return levels
