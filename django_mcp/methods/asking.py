"""Questions in the middle of a call, and the answers so far.

Asking always unwinds (`InputRequired`): the call is run again once the
answers are there. In the stateless era they travel through the client,
sealed; in the handshake era they stay with the running call. This file
knows both; it sends nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from django_mcp.caching import project_cache
from django_mcp.conf import conf
from django_mcp.languages import spoken
from django_mcp.protocol.errors import ProtocolError, invalid_params, missing_capability
from django_mcp.protocol.events import Asked
from django_mcp.questions import InputRequired, Question
from django_mcp.schema import questions as schema
from django_mcp.sealing import BadSeal, seal, unseal
from django_mcp.threads import in_django_thread

if TYPE_CHECKING:
    from django_mcp.context import Context

#: Longest sealed state that is looked at.
MAX_STATE = 256 * 1024
#: Rounds after which a call that keeps asking is given up.
MAX_ROUNDS = 25


class Answers:
    """The `Asker` of one call: what was answered, and what ran once."""

    __slots__ = (
        "_about",
        "_acted",
        "_nonce",
        "_parsed",
        "asked",
        "done",
        "given",
        "refused",
        "rounds",
    )

    def __init__(self) -> None:
        #: Raw answers by key, as the client gave them.
        self.given: dict[str, Any] = {}
        #: Values of ``once`` by key.
        self.done: dict[str, Any] = {}
        #: Why an answer was not accepted, by key.
        self.refused: dict[str, list[str]] = {}
        #: The missing questions by key, as the wire has them.
        self.asked: dict[str, Any] = {}
        self.rounds = 0
        #: Whether `once` ran something in this round.
        self._acted = False
        self._parsed: set[str] = set()
        self._about = b""
        self._nonce = ""

    # -- for the context ---------------------------------------------------

    def ask(self, context: Context, questions: Sequence[Question]) -> list[Any]:
        """See `django_mcp.context.Asker`."""
        keys = [question.key for question in questions]
        if not keys or len(set(keys)) != len(keys):
            raise ValueError(f"Each question needs its own key, not {keys}.")
        values: list[Any] = []
        missing: list[Question] = []
        for question in questions:
            try:
                values.append(self._value(question))
            except KeyError:
                missing.append(question)
        if missing:
            _require(missing, context)
            # Here, where a form may query the database, and where a question
            # that the revision has no shape for is the tool's own refusal.
            self.asked = self._wire(missing, context)
            raise InputRequired(missing)
        return values

    def recall(self, key: str) -> tuple[bool, Any]:
        """See `django_mcp.context.Asker`."""
        return key in self.done, self.done.get(key)

    def record(self, key: str, value: Any) -> None:
        """See `django_mcp.context.Asker`."""
        self.done[key] = value
        self._acted = True

    def _value(self, question: Question) -> Any:
        """Return a valid answer. Raises: KeyError"""
        try:
            value = schema.parse(question, self.given[question.key])
        except schema.InvalidAnswer as invalid:
            del self.given[question.key]
            self.refused[question.key] = invalid.messages
            raise KeyError(question.key) from None
        self._parsed.add(question.key)
        return value

    def _wire(self, questions: Sequence[Question], context: Context) -> dict[str, Any]:
        found = {}
        for question in questions:
            method, params = schema.wire(
                question,
                context.revision,
                errors=self.refused.get(question.key, ()),
            )
            # In the words of this moment: it is sent from elsewhere.
            found[question.key] = {"method": method, "params": spoken(params)}
        return found

    # -- stateless era: the answers come with the message -------------------

    def begin(self, event: Asked, context: Context) -> None:
        """Take what a retried message carries. May block.

        Raises: ProtocolError
        """
        responses = event.params.get("inputResponses")
        if responses is not None and type(responses) is not dict:
            raise invalid_params("inputResponses: must be an object")
        self.given.update(responses or {})
        self._about = _about(event, context)
        state = event.params.get("requestState")
        if state is None:
            return
        if type(state) is not str or len(state) > MAX_STATE:
            raise invalid_params("requestState: not a state of this server")
        try:
            opened = unseal(state, self._about)
        except BadSeal:
            raise invalid_params("requestState: not valid for this call") from None
        if opened["e"] < time.time():
            raise invalid_params("requestState: expired; begin again")
        self.given.update(opened["a"])
        self.done.update(opened["d"])
        self.rounds = opened["r"]
        self._nonce = opened["n"]
        if not _take(self._nonce):
            raise invalid_params("requestState: used already; begin again")

    @property
    def returnable(self) -> bool:
        """Whether this call's state may be used again if the call does not end.

        Not when `once` ran something since: it would run it again.
        """
        return bool(self._nonce) and not self._acted

    def give_back(self) -> None:
        """The call did not end: its state may be used again. May block."""
        _used.pop(self._nonce, None)
        project_cache().delete(_nonce_key(self._nonce))

    async def agive_back(self) -> None:
        """See `give_back`."""
        await in_django_thread(self.give_back)

    def result(self, event: Asked, context: Context) -> dict[str, Any]:
        """Return the ``input_required`` result that asks through the client."""
        if self.rounds >= MAX_ROUNDS:
            raise _too_many()
        state = {
            "a": {key: self.given[key] for key in self._parsed if key in self.given},
            "d": self.done,
            "r": self.rounds + 1,
            "n": secrets.token_urlsafe(12),
            "e": int(time.time()) + conf.STATE_AGE,
        }
        return {
            "resultType": "input_required",
            "inputRequests": self.asked,
            "requestState": seal(state, self._about or _about(event, context)),
        }

    # -- handshake era: the answers come while the call is still open --------

    def take(self, answers: dict[str, Any]) -> None:
        """Keep the answers of one round. Raises: ProtocolError"""
        self.rounds += 1
        if self.rounds > MAX_ROUNDS:
            raise _too_many()
        self.refused.clear()
        self.given.update(answers)


def _too_many() -> ProtocolError:
    return invalid_params("The call asked too often without getting an answer")


def _require(questions: Sequence[Question], context: Context) -> None:
    """Never ask what the client did not say it can answer.

    Raises: ProtocolError (2026-07-28, basic/patterns/mrtr, server
    requirement 7).
    """
    required: dict[str, Any] = {}
    for question in questions:
        if not schema.supported(question, context.capabilities):
            for name, parts in schema.capability(question, context.revision).items():
                required.setdefault(name, {}).update(parts)
    if required:
        raise missing_capability(required)


def _about(event: Asked, context: Context) -> bytes:
    """Return what a state is bound to: server, caller and exactly this call."""
    salient = {
        name: value
        for name, value in event.params.items()
        if name not in {"_meta", "inputResponses", "requestState"}
    }
    about = [context.server.name, context.principal.owner, event.method]
    return hashlib.sha256(to_json([*about, _sorted(salient)])).digest()


def _sorted(value: Any) -> Any:
    """Return JSON with its keys in order: clients may reorder them."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


#: States used up in this process, and until when that matters. The cache tells
#: the other workers; but one in local memory soon forgets (``MAX_ENTRIES``).
_used: dict[str, float] = {}
MAX_USED = 10_000


def _take(nonce: str) -> bool:
    """Use a state up; return whether nobody had before. May block."""
    now = time.time()
    if _used.get(nonce, 0.0) > now:
        return False
    if len(_used) >= MAX_USED:
        for old in [old for old, until in _used.items() if until <= now]:
            del _used[old]
    if not project_cache().add(_nonce_key(nonce), 1, conf.STATE_AGE):
        return False
    _used[nonce] = now + conf.STATE_AGE
    return True


def _nonce_key(nonce: str) -> str:
    return f"django_mcp:state:{nonce}"
