"""What a feed says, in words and as JSON Feed."""

from __future__ import annotations

import datetime
import json
import time
from typing import Any

import pytest
from django.utils.feedgenerator import Enclosure, SyndicationFeed

from django_mcp.providers.files.news import json_from, markdown_from

WHEN = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


def feed(*items: dict[str, Any], **about: Any) -> SyndicationFeed:
    given = {"title": "News", "link": "/", "description": "", **about}
    made = SyndicationFeed(**given)
    for item in items:
        made.add_item(**{"title": "A", "link": "/a", "description": "", **item})
    return made


def test_markdown_has_what_is_known_of_an_item() -> None:
    item = {
        "author_name": "Ann", "pubdate": WHEN, "categories": ["new", "old"],
        "enclosures": [Enclosure("/a.mp3", "1", "audio/mpeg")],
    }  # fmt: skip
    text = markdown_from(feed(item, subtitle="Sub", description="Long"))
    assert text == (
        "# News\n\nSub\n\n</>\n\n## [A](/a)\n\n2026-03-01 · Ann · new, old · </a.mp3>\n"
    )


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("plain", "plain"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<br>b<br/>c", "a\n\nb\n\nc"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("<ul><li>a</li> <li>b</li></ul>", "a\n\nb"),
        ("<script>x</script>a", "xa"),
        ("a\n  b\n\n\n\nc", "a\nb\n\nc"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_descriptions_are_words(html: str, words: str) -> None:
    assert markdown_from(feed({"description": html})).endswith(f"(/a)\n\n{words}\n")


def test_titles_and_links_do_not_break_the_markdown() -> None:
    item = {"title": "a\n[b](c)", "link": "/a(b) c"}
    assert "## [a \\[b\\](c)](/a(b%29%20c)" in markdown_from(feed(item))
    assert "## …" in markdown_from(feed({"title": "", "link": ""}))


def test_json_feed_has_what_is_known() -> None:
    item = {
        "author_name": "Ann", "author_link": "/ann", "pubdate": WHEN,
        "updateddate": WHEN, "categories": ["new"], "description": "<b>x</b>",
        "author_email": "ann@example.com",
        "enclosures": [Enclosure("/a.mp3", "1", "audio/mpeg")], "unique_id": "7",
    }  # fmt: skip
    page = json.loads(json_from(feed(item, {}, language="de", description="All")))
    assert page == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "News",
        "description": "All",
        "home_page_url": "/",
        "language": "de",
        "items": [
            {
                "id": "7",
                "url": "/a",
                "title": "A",
                "content_html": "<b>x</b>",
                "date_published": "2026-03-01T12:00:00+00:00",
                "date_modified": "2026-03-01T12:00:00+00:00",
                "authors": [{"name": "Ann", "url": "/ann"}],
                "tags": ["new"],
                "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg"}],
            },
            {"id": "/a", "url": "/a", "title": "A"},
        ],
    }


def test_an_empty_feed_is_one() -> None:
    assert markdown_from(feed()) == "# News\n\n</>\n"
    assert json.loads(json_from(feed()))["items"] == []


def test_hostile_words_cost_no_more_than_their_length() -> None:
    started = time.perf_counter()
    for text in ("<br" * 30_000, "\n \n" * 30_000, "<p>" * 10_000, "&" * 90_000):
        markdown_from(feed({"description": text}))
    assert time.perf_counter() - started < 2
