"""Questions on the wire of a revision, and the answers that come back.

Values in, values out: what is asked, when and of whom is decided elsewhere.
`wire` and `parse` may read a form's choices from the database, so both may
block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import uuid4

from django_mcp.exceptions import ToolError
from django_mcp.protocol.revisions import Revision
from django_mcp.questions import Answer, Elicit, ElicitURL, Question, Roots, Sample
from django_mcp.schema.forms import InvalidAnswer, bind, schema_from

__all__ = ["InvalidAnswer", "capability", "parse", "supported", "wire"]

Params: TypeAlias = dict[str, Any]

#: Members that a block of each type must have, and their types.
_BLOCKS: dict[str, dict[str, type]] = {
    "text": {"text": str},
    "image": {"data": str, "mimeType": str},
    "audio": {"data": str, "mimeType": str},
    "tool_use": {"id": str, "name": str, "input": dict},
    "tool_result": {"toolUseId": str, "content": list},
}


# -- asking ----------------------------------------------------------------


def wire(
    question: Question,
    revision: Revision,
    *,
    errors: Sequence[str] = (),
    elicitation_id: str = "",
) -> tuple[str, Params]:
    """Return the method and the params of a question.

    ``errors`` say why the last answer was refused; they stand before the
    message.

    Raises: ToolError, for what the revision has no shape for;
    ImproperlyConfigured, for a form that nobody can be asked to fill in.
    """
    if isinstance(question, Elicit):
        return "elicitation/create", _form_params(question, revision, errors)
    if isinstance(question, ElicitURL):
        return "elicitation/create", _url_params(question, revision, elicitation_id)
    if isinstance(question, Sample):
        return "sampling/createMessage", _sampling_params(question, revision)
    if isinstance(question, Roots):
        return "roots/list", {}
    raise TypeError(f"{question!r} is not a question.")


def _form_params(question: Elicit, revision: Revision, errors: Sequence[str]) -> Params:
    _require(revision.elicitation, "filling in a form", revision)
    message = str(question.message)
    if errors:
        message = "\n".join(errors) + "\n\n" + message
    # The mode came with the second mode.
    mode = {"mode": "form"} if revision.elicitation_url else {}
    schema = schema_from(question.form, revision)
    return {**mode, "message": message, "requestedSchema": schema}


def _url_params(question: ElicitURL, revision: Revision, elicitation_id: str) -> Params:
    _require(revision.elicitation_url, "opening a page", revision)
    params = {
        "mode": "url",
        "message": str(question.message),
        "url": str(question.url),
    }
    if revision.handshake:
        params["elicitationId"] = elicitation_id or str(uuid4())
    return params


def _sampling_params(question: Sample, revision: Revision) -> Params:
    params: Params = {
        "messages": [_message(message) for message in question.messages],
        "maxTokens": question.max_tokens,
        "systemPrompt": question.system_prompt,
        "temperature": question.temperature,
        "stopSequences": list(question.stop_sequences) or None,
        "modelPreferences": question.model_preferences,
        "tools": list(question.tools) or None,
        "toolChoice": question.tool_choice,
    }
    params = {name: value for name, value in params.items() if value is not None}
    if _wants_tools(question):
        _require(revision.elicitation_choices, "sampling with tools", revision)
    return params


def _message(message: Mapping[str, Any]) -> Params:
    content = message["content"]
    if isinstance(content, str):
        content = {"type": "text", "text": content}
    return {**message, "content": content}


def _wants_tools(question: Sample) -> bool:
    return bool(question.tools) or question.tool_choice is not None


def _require(has: bool, what: str, revision: Revision) -> None:
    if not has:
        raise ToolError(
            f"This client speaks revision {revision.name} of the protocol, which has"
            f" no way of {what}."
        )


# -- may it be asked? ------------------------------------------------------


def capability(question: Question, revision: Revision) -> Params:
    """Return the client capability a question needs, as a client declares it."""
    if isinstance(question, ElicitURL):
        return {"elicitation": {"url": {}}}
    if isinstance(question, Elicit):
        return {"elicitation": {}}
    if isinstance(question, Sample):
        return {"sampling": {"tools": {}} if _wants_tools(question) else {}}
    return {"roots": {}}


def supported(question: Question, capabilities: Mapping[str, Any]) -> bool:
    """Did the client declare that it can answer?

    ``elicitation`` without modes means forms (2025-11-25, client/elicitation).
    """
    name = "elicitation"
    if not isinstance(question, Elicit | ElicitURL):
        name = "sampling" if isinstance(question, Sample) else "roots"
    declared = capabilities.get(name)
    if not isinstance(declared, Mapping):
        return False
    if isinstance(question, Elicit):
        return "form" in declared or "url" not in declared
    if isinstance(question, ElicitURL):
        return "url" in declared
    if isinstance(question, Sample) and _wants_tools(question):
        return "tools" in declared
    return True


# -- the answer ------------------------------------------------------------


def parse(question: Question, answer: Any) -> Any:
    """Return the value of an answer: what `Context.ask` gives.

    Raises: InvalidAnswer, with what to tell the person.
    """
    if not isinstance(answer, dict):
        raise InvalidAnswer(["The answer must be an object."])
    if isinstance(question, Elicit | ElicitURL):
        return _elicited(question, answer)
    if isinstance(question, Sample):
        return _sampled(answer)
    return _roots(answer)


def _elicited(question: Elicit | ElicitURL, answer: Params) -> Answer:
    action = answer.get("action")
    if action not in ("accept", "decline", "cancel"):
        raise InvalidAnswer(["The action must be accept, decline or cancel."])
    if action != "accept" or isinstance(question, ElicitURL):
        return Answer(action=action)
    return Answer(action=action, value=bind(question.form, answer.get("content", {})))


def _sampled(answer: Params) -> Params:
    content = answer.get("content")
    blocks = content if isinstance(content, list) else [content]
    if answer.get("role") not in ("user", "assistant"):
        raise InvalidAnswer(["The role must be user or assistant."])
    if not isinstance(answer.get("model"), str):
        raise InvalidAnswer(["The model must be named."])
    if not isinstance(answer.get("stopReason", ""), str):
        raise InvalidAnswer(["The reason to stop must be a text."])
    if not all(map(_is_block, blocks)):
        raise InvalidAnswer(["The content must be a block of content, or several."])
    kept = ("role", "content", "model", "stopReason")
    return {name: answer[name] for name in kept if name in answer}


def _is_block(block: Any) -> bool:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return False
    members = _BLOCKS.get(block["type"])
    return members is not None and all(
        isinstance(block.get(name), kind) for name, kind in members.items()
    )


def _roots(answer: Params) -> list[Params]:
    roots = answer.get("roots")
    if not isinstance(roots, list) or not all(map(_is_root, roots)):
        raise InvalidAnswer(["The roots must be a list of objects with a uri."])
    return roots


def _is_root(root: Any) -> bool:
    return (
        isinstance(root, dict)
        and isinstance(root.get("uri"), str)
        and isinstance(root.get("name", ""), str)
    )
