"""What differs between the protocol's revisions, as one table.

Code asks a revision for an attribute; no other file compares dates. Adding a
revision means adding a row here. The texts behind the columns are the
changelogs at https://modelcontextprotocol.io/specification/<revision>/changelog.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One dated version of the protocol."""

    name: str
    #: Opens with ``initialize`` and has sessions; otherwise every message
    #: stands alone and says who it is in ``_meta``.
    handshake: bool = True
    #: Accepts several messages in one array.
    batches: bool = False
    #: Tools carry annotations; audio content and progress messages exist; the
    #: server declares the ``completions`` capability.
    annotations: bool = True
    audio: bool = True
    progress_message: bool = True
    completions_capability: bool = True
    #: Titles, structured tool results, resource links, form elicitation and
    #: the protocol version header.
    titles: bool = True
    structured_content: bool = True
    resource_links: bool = True
    elicitation: bool = True
    version_header: bool = True
    #: Icons, URL elicitation, titled and multiple choices, tools in sampling,
    #: and streams that open with an empty event so that they can be resumed.
    icons: bool = True
    elicitation_url: bool = True
    elicitation_choices: bool = True
    priming_event: bool = True
    #: Structured content may be any JSON value, not only an object.
    structured_any: bool = False
    #: The error code for a resource that does not exist.
    resource_not_found: int = -32002


# Each revision is told by what it lacks of the next one.
_2025_11_25 = Revision(name="2025-11-25")
_2025_06_18 = replace(
    _2025_11_25,
    name="2025-06-18",
    icons=False,
    elicitation_url=False,
    elicitation_choices=False,
    priming_event=False,
)
_2025_03_26 = replace(
    _2025_06_18,
    name="2025-03-26",
    batches=True,
    titles=False,
    structured_content=False,
    resource_links=False,
    elicitation=False,
    version_header=False,
)
_2024_11_05 = replace(
    _2025_03_26,
    name="2024-11-05",
    batches=False,
    annotations=False,
    audio=False,
    progress_message=False,
    completions_capability=False,
)

STATELESS = replace(
    _2025_11_25,
    name="2026-07-28",
    handshake=False,
    priming_event=False,
    structured_any=True,
    resource_not_found=-32602,
)

#: Every revision served, newest first: the order in which they are listed on
#: the wire.
REVISIONS: dict[str, Revision] = {
    revision.name: revision
    for revision in (STATELESS, _2025_11_25, _2025_06_18, _2025_03_26, _2024_11_05)
}
SUPPORTED: list[str] = list(REVISIONS)
#: The answer to ``initialize`` when the client names a revision we do not serve.
NEWEST_HANDSHAKE = _2025_11_25
#: What a message over HTTP means when nothing says otherwise
#: (2025-11-25, basic/transports, "Protocol Version Header").
ASSUMED = _2025_03_26
