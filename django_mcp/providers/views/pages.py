"""Pages in HTML as Markdown: what a person would read, and nothing else.

The only file that imports the libraries of the extra ``html``. Scripts,
styles, tokens and what is hidden are left out; a control shows its value.
What comes out is bounded, however large or deep the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from django_mcp.providers.views.filling import PageForm

#: Characters of HTML that are read, and of Markdown that are returned.
MAX_HTML = 2_000_000
MAX_TEXT = 60_000
#: Forms of a page that are looked at: each may stand inside the one before.
MAX_FORMS = 50
MAX_ERRORS = 200

#: What nobody sees, and nobody reads.
_UNSEEN = {
    *("script", "style", "template", "noscript", "svg", "canvas", "iframe"),
    *("object", "embed", "head", "link", "meta", "datalist"),
}
_UNSEEN_CLASSES = {"visually-hidden", "sr-only"}
_UNSEEN_STYLES = ("display:none", "display: none")
_MAIN = "main, [role=main], #content, article"
#: Frames of a page, the same on each.
_FRAME = {"nav", "header", "footer"}
_FRAME_ROLES = {"navigation", "banner", "contentinfo"}
_CONTROLS = ["input", "select", "textarea", "button"]
_NAMED = "input[name], select[name], textarea[name]"
_SENDING = (
    "button:not([type]), button[type=submit i], input[type=submit i],"
    " input[type=image i]"
)
#: What stands on lines of its own, and is no such thing to the converter.
_BLOCKS = "address, details, fieldset, form, legend, summary"
_TICKED = {"checkbox": ("[x]", "[ ]"), "radio": ("(x)", "( )")}
_BUTTONS = {"submit", "button", "reset", "image"}
#: Controls that send nothing by themselves.
_UNSENT = _BUTTONS | {"file", "password"}
_FORGERY = "csrfmiddlewaretoken"
_ERRORS = ".errorlist"
_FIELD = re.compile(r"id_(.+)_error\Z")
_BLANK_LINES = re.compile(r"\n\s*\n+")
#: Links that are read; others would do something.
_READ = re.compile(r"(?!javascript:|data:|vbscript:)", re.IGNORECASE)


def markdown_from(html: str) -> str:
    """Return a page as Markdown, its main content first."""
    soup = BeautifulSoup(html[:MAX_HTML], "html.parser")
    title = " ".join(soup.title.get_text().split()) if soup.title else ""
    for one in soup.find_all(_is_unseen):
        one.decompose()
    _write_out(soup)
    _tame(soup)
    parts = [part.extract() for part in _parts(soup)]
    texts = [text for text in map(_markdown, parts) if text]
    if title and not any(part.find("h1") for part in parts):
        texts.insert(0, f"# {title}")
    return bounded("\n\n".join(texts))


def bounded(text: str) -> str:
    """Return a text of bearable length, and say where it was cut."""
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}\n\n… (the rest of {len(text)} characters is left out)"


def errors_in(html: str) -> list[str]:
    """Return what a page says about a form's fields: ``field: words``."""
    soup = BeautifulSoup(html[:MAX_HTML], "html.parser")
    lines = []
    for errors in soup.select(_ERRORS, limit=MAX_ERRORS):
        found = _FIELD.fullmatch(str(errors.get("id", "")))
        label = f"{found[1]}: " if found else ""
        words = errors.find_all("li") or [errors]
        lines += [label + " ".join(one.get_text().split()) for one in words]
    return list(dict.fromkeys(lines))


def form_in(html: str, kinds: Mapping[str, str]) -> PageForm | None:
    """Return what a page's form would send as it is, and its buttons.

    ``kinds`` are its controls: names, and the type of each. The form is the one
    that has most of them; where none are known, the only one that is posted.
    Tokens against forgery are left out.
    """
    soup = BeautifulSoup(html[:MAX_HTML], "html.parser")
    several = soup.find_all("form", limit=MAX_FORMS)
    if not kinds:
        sent = [one for one in several if str(one.get("method")).lower() == "post"]
        return _page_form(sent[0]) if len(sent) == 1 else None
    ranked = [(_likeness(one, kinds), one) for one in several]
    likeness, best = max(ranked, key=itemgetter(0), default=((0, 0), None))
    return _page_form(best) if best is not None and any(likeness) else None


def _likeness(form: Tag, kinds: Mapping[str, str]) -> tuple[int, int]:
    """Return how many controls are of the same type, and of the same name."""
    found = {(str(one["name"]), _kind(one)) for one in form.select(_NAMED)}
    same = sum(kinds.get(name) == kind for name, kind in found)
    return same, len({name for name, _ in found} & kinds.keys())


def _kind(control: Tag) -> str:
    if control.name == "input":
        return str(control.get("type", "text")).lower()
    return control.name if control.name == "select" else ""


def _page_form(form: Tag) -> PageForm:
    sent: dict[str, list[str]] = {}
    for one in form.select(_NAMED):
        name = str(one["name"])
        if not one.has_attr("disabled") and name != _FORGERY:
            texts = _texts(one)
            if texts:
                sent.setdefault(name, []).extend(texts)
    buttons = [
        (str(one.get("name", "")), str(one.get("value", "")))
        for one in form.select(_SENDING)
        if not one.has_attr("disabled")
    ]
    return PageForm(sent, buttons)


def _texts(control: Tag) -> list[str]:
    """Return what a browser sends for a control that nobody touched."""
    if control.name == "textarea":
        return [re.sub(r"^\r?\n", "", control.get_text())]
    if control.name == "select":
        return [str(one.get("value", _label(one))) for one in _chosen(control)]
    kind = _kind(control)
    if kind in _UNSENT or (kind in _TICKED and not control.has_attr("checked")):
        return []
    return [str(control.get("value", "on" if kind in _TICKED else ""))]


def _label(option: Tag) -> str:
    """Return an option's own words: few pages close one before the next."""
    return " ".join("".join(option.find_all(string=True, recursive=False)).split())


def _chosen(select: Tag) -> list[Tag]:
    chosen = list(select.select("option[selected]"))
    if not chosen and not select.has_attr("multiple"):
        chosen = list(select.select("option")[:1])
    return chosen


# Written out: as selectors, these two take a third of all that a page takes.


def _is_unseen(tag: Tag) -> bool:
    told = tag.attrs
    if not told:
        return tag.name in _UNSEEN
    style = str(told.get("style", ""))
    return (
        tag.name in _UNSEEN
        or "hidden" in told
        or told.get("aria-hidden") == "true"
        or (tag.name == "input" and _kind(tag) in {"hidden", "password"})
        or (tag.name == "img" and told.get("alt") == "")
        or any(one in style for one in _UNSEEN_STYLES)
        or not _UNSEEN_CLASSES.isdisjoint(_classes(tag))
    )


def _is_frame(tag: Tag) -> bool:
    return (
        tag.name in _FRAME
        or tag.get("role") in _FRAME_ROLES
        or (tag.name == "a" and any("skip" in one for one in _classes(tag)))
    )


def _classes(tag: Tag) -> list[str]:
    found: Any = tag.get("class") or []
    return found.split() if isinstance(found, str) else found


def _parts(soup: BeautifulSoup) -> list[Tag]:
    """Return the main content, and then the rest but for its frame."""
    main = soup.select_one(_MAIN)
    whole = soup.body or soup
    if main is None:
        return [whole]
    main.extract()
    for one in whole.find_all(_is_frame):
        one.decompose()
    return [main, whole]


def _write_out(soup: BeautifulSoup) -> None:
    """Put the values of controls in their places: a person sees those."""
    for one in soup.find_all(_CONTROLS):
        if not one.decomposed:
            one.replace_with(_shown(one))
            one.decompose()  # and what is inside of it


def _shown(control: Tag) -> str:
    kind = str(control.get("type", "text")).lower()
    if control.name == "button":
        words = _words(control)
        return f"[{words}]" if words else ""
    if control.name == "textarea":
        return control.get_text().strip()
    if control.name == "select":
        return ", ".join(map(_label, _chosen(control)))
    if kind in _TICKED:
        return _TICKED[kind][0 if control.has_attr("checked") else 1]
    value = str(control.get("value", ""))
    return f"[{value}]" if kind in _BUTTONS else value


def _words(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def _tame(soup: BeautifulSoup) -> None:
    """Keep links and pictures that lead somewhere, and no others."""
    for name, attribute in (("a", "href"), ("img", "src")):
        for one in soup.find_all(name):
            if not _READ.match(str(one.get(attribute, "")).strip()):
                del one[attribute]


def _markdown(part: Tag) -> str:
    for one in part.select(_BLOCKS):
        one.name = "div"
    try:
        text = _CONVERTER.convert_soup(part)
    except RecursionError:  # deeper than any page that somebody wrote
        text = part.get_text("\n")
    return _BLANK_LINES.sub("\n\n", _stripped(text.splitlines())).strip()


def _stripped(lines: Iterable[str]) -> str:
    return "\n".join(line.rstrip() for line in lines)


_CONVERTER: Any = MarkdownConverter(heading_style="ATX", bullets="-")
