"""Follow ``author__name`` through models; know what is secret by its looks.

Pure over ``_meta``: no query, no toolset, no context. What a path leads to is
said here; whether anybody may go there is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from django.core.exceptions import FieldDoesNotExist
from django.db.models.constants import LOOKUP_SEP

from django_mcp.providers.fields.keys import key_field, value_field

#: A model class, and a field or relation of one, as ``_meta`` has them.
ModelClass: TypeAlias = Any
Field: TypeAlias = Any

#: More relations than this in one path is a mistake, or an attack.
MAX_STEPS = 8


class UnknownPath(ValueError):
    """The path leads nowhere."""


class Step(NamedTuple):
    """One relation that a path passes."""

    #: From the first model: ``author__publisher``.
    name: str
    field: Field
    #: The model the relation leads to.
    model: ModelClass
    many: bool

    @property
    def key(self) -> str:
        """The primary key of the related row, for a query."""
        field = self.field
        if field.concrete and not field.many_to_many and field.target_field.primary_key:
            # The column on this side, which needs no join.
            return f"{self.name.removesuffix(field.name)}{field.attname}"
        return f"{self.name}{LOOKUP_SEP}pk"


@dataclass(frozen=True)
class Path:
    """A chain of fields that begins at a model."""

    model: ModelClass
    fields: tuple[Field, ...]

    @cached_property
    def name(self) -> str:
        """The one spelling of the path: ``author``, never ``author__id``."""
        fields = self.fields
        while len(fields) > 1 and fields[-1] == key_field(fields[-2]):
            fields = fields[:-1]
        return LOOKUP_SEP.join(field.name for field in fields)

    @property
    def field(self) -> Field:
        """The last field of the chain."""
        return self.fields[-1]

    @cached_property
    def value_field(self) -> Field:
        """The field whose values are found here: behind a relation, its key."""
        return value_field(self.field)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every relation passed, the last one too if the path ends in it."""
        names: list[str] = []
        steps = []
        for field in self.fields:
            names.append(field.name)
            if field.is_relation and field.related_model is not None:
                name = LOOKUP_SEP.join(names)
                steps.append(Step(name, field, field.related_model, is_many(field)))
        return tuple(steps)

    @cached_property
    def lookup(self) -> str:
        """What to ask a query for, so that one value comes back."""
        field = self.field
        last = field.name
        if field.is_relation and field.related_model is not None:
            own = field.concrete and not field.many_to_many
            last = field.attname if own else f"{last}{LOOKUP_SEP}pk"
        return LOOKUP_SEP.join([*(field.name for field in self.fields[:-1]), last])

    @cached_property
    def question(self) -> str:
        """What a condition asks about: the value itself, for a foreign key
        knows few lookups. Django needs no join for it."""
        names = [field.name for field in self.fields]
        key = key_field(self.field)
        while key is not None:
            names.append(key.name)
            key = key_field(key)
        return LOOKUP_SEP.join(names)

    @cached_property
    def many(self) -> bool:
        """Does it lead to several values?"""
        return any(step.many for step in self.steps)

    @cached_property
    def nullable(self) -> bool:
        """Can there be no value, for want of a row or of a value?"""
        return any(
            not field.concrete or getattr(field, "null", False) for field in self.fields
        )


def path_from(model: ModelClass, name: Any) -> Path:
    """Return the path a name stands for. Raises: UnknownPath"""
    parts = name.split(LOOKUP_SEP) if isinstance(name, str) else []
    if not parts or len(parts) > MAX_STEPS:
        raise UnknownPath(f"{name!r} is no field")
    fields: list[Field] = []
    here = model
    for part in parts:
        if here is None:
            raise UnknownPath(f"{name!r} goes on behind a field that is no relation")
        field = _field(here, part)
        fields.append(field)
        here = field.related_model if field.is_relation else None
    return Path(model, tuple(fields))


def _field(model: ModelClass, name: str) -> Field:
    options = model._meta
    if name == "pk":
        return options.pk
    try:
        return options.get_field(name)
    except FieldDoesNotExist:
        pass
    for relation in options.related_objects:
        if relation.get_accessor_name() == name:
            return relation
    raise UnknownPath(f"{options.label} has no field {name!r}")


def is_many(field: Field) -> bool:
    """Does a relation lead to several rows?"""
    return bool(field.one_to_many or field.many_to_many)


def is_generic_key(field: Field) -> bool:
    """Is it a ``GenericForeignKey``? Asked by its attributes: its module
    imports models."""
    return hasattr(field, "ct_field") and hasattr(field, "fk_field")


def parent_of(model: ModelClass) -> ModelClass | None:
    """Return the model whose table holds the key of a child's rows."""
    remote = model._meta.pk.remote_field
    return remote.model if remote and remote.parent_link else None


# -- what is secret by its looks -------------------------------------------

_ANYWHERE = re.compile(
    r"passw|passphrase|secret|token|api_?key|private_?key|access_?key|signing_?key"
    r"|encryption_?key|social_?security|credential|credit_?card|card_?number|session_?(key|data)"
    r"|(recovery|backup|security)_?(code|answer|question)",
    re.IGNORECASE,
)
_WORDS = frozenset({
    "auth", "bearer", "cookie", "cvc", "cvv", "hash", "hashed", "hashes", "hmac", "iban",
    "jwt", "mfa", "otp", "passcode", "pin", "pwd", "salt", "ssn", "tan", "totp", "hotp",
})  # fmt: skip
#: Names that say nothing, on models whose own name says it.
_VAGUE = frozenset({"data", "digest", "key", "value", "code", "seed"})
_MODELS = re.compile(
    r"token|secret|api_?key|session|credential|grant|password|otp|totp|device",
    re.IGNORECASE,
)
_TYPES = re.compile(r"encrypt|password|secret|token|fernet", re.IGNORECASE)
_PACKAGES = frozenset({
    "django_cryptography", "django_otp", "encrypted_fields", "encrypted_model_fields",
    "fernet_fields", "knox", "oauth2_provider",
})  # fmt: skip
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def is_sensitive(path: Path) -> bool:
    """Does a value at the end of this path look like a secret?"""
    # Behind a relation stands a key, which can be the secret itself, as that
    # of a token is.
    return _looks_secret(path.value_field)


def _looks_secret(field: Field) -> bool:
    name = field.name
    if _ANYWHERE.search(name) or _WORDS & {p.lower() for p in _PARTS.findall(name)}:
        return True
    kind = type(field)
    if _TYPES.search(kind.__name__) or kind.__module__.split(".")[0] in _PACKAGES:
        return True
    owner = getattr(field, "model", None)
    return bool(name in _VAGUE and owner and _MODELS.search(owner.__name__))
