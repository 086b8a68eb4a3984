"""What a feed says, as Markdown for a model and as JSON Feed for a program.

Pure over Django's ``SyndicationFeed``. Words in a feed are HTML, and come from
whoever wrote the items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import unescape
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.utils.feedgenerator import SyndicationFeed
from django.utils.html import strip_tags

from django_mcp.content.encoding import encoded

_VERSION = "https://jsonfeed.org/version/1.1"
#: Tags after which a line ends.
_ENDS = re.compile(r"<(?:br|hr|/(?:p|div|li|tr|h[1-6]|blockquote|pre))\b[^<>]*>", re.I)
_TAG = re.compile(r"<[^<>]*>?")
_BLANK_LINES = re.compile(r"\n\s*\n")


def markdown_from(feed: SyndicationFeed) -> str:
    """Return a feed as Markdown, each item under a heading of its own."""
    about: Mapping[str, Any] = feed.feed
    title, link = _line(about["title"]), about["link"]
    words = _words(about["subtitle"] or about["description"])
    parts = [f"# {title}" if title else "", words, f"<{link}>" if link else ""]
    for item in feed.items:
        parts += _item(item)
    return "\n\n".join(part for part in parts if part) + "\n"


def _item(item: Mapping[str, Any]) -> Iterator[str]:
    title = _line(item["title"]) or "…"
    title = title.replace("[", "\\[").replace("]", "\\]")
    link = str(item["link"] or "").replace(" ", "%20").replace(")", "%29")
    yield f"## [{title}]({link})" if link else f"## {title}"
    facts = [
        _day(item["pubdate"] or item["updateddate"]),
        _line(item["author_name"]),
        ", ".join(_line(one) for one in item["categories"]),
        *(f"<{one.url}>" for one in item["enclosures"]),
    ]
    yield " · ".join(fact for fact in facts if fact)
    yield _words(item["description"])


def json_from(feed: SyndicationFeed) -> str:
    """Return a feed as JSON Feed 1.1."""
    about: Mapping[str, Any] = feed.feed
    found = _known(
        version=_VERSION,
        title=_line(about["title"]),
        description=_words(about["subtitle"] or about["description"]),
        home_page_url=about["link"],
        language=about["language"],
        authors=_authors(about),
    )
    found["items"] = [
        _known(
            id=item["unique_id"] or item["link"],
            url=item["link"],
            title=_line(item["title"]),
            content_html=item["description"],
            date_published=_instant(item["pubdate"]),
            date_modified=_instant(item["updateddate"]),
            authors=_authors(item),
            tags=[_line(one) for one in item["categories"]],
            attachments=[
                {"url": one.url, "mime_type": one.mime_type}
                for one in item["enclosures"]
            ],
        )
        for item in feed.items
    ]
    return encoded(found).decode()


def _known(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _authors(about: Mapping[str, Any]) -> list[dict[str, Any]]:
    author = _known(name=_line(about["author_name"]), url=about["author_link"])
    return [author] if author else []


def _instant(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else ""


def _day(value: Any) -> str:
    return value.date().isoformat() if isinstance(value, datetime) else ""


def _line(text: Any) -> str:
    """Return words on one line."""
    return " ".join(_words(text).split())


def _words(text: Any) -> str:
    """Return the words of HTML, paragraphs apart."""
    if not text:
        return ""
    html = _ENDS.sub("\n\n", str(text))
    try:
        plain = unescape(strip_tags(html))
    except SuspiciousOperation:
        # More tags begin than any page has: no reason to lose the whole feed.
        plain = unescape(_TAG.sub(" ", html))
    lines = "\n".join(" ".join(line.split()) for line in plain.splitlines())
    return _BLANK_LINES.sub("\n\n", lines).strip()
