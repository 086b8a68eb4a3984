"""A person with a browser that shows nothing: reads pages, fills in their forms.

Follows the pages as they are, links and hidden fields included, so a page that
forgets something fails here as it would in the hands of a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from tests.login.names import PASSWORD

#: Pages that a person reads before giving up, and seconds for each.
PAGES = 8
PATIENCE = 5


@dataclass
class Form:
    """What a page asks for."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    #: Name and value of each button.
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def asks_who(self) -> bool:
        """Is it the one to log in with?"""
        return "password" in self.fields

    @property
    def asks_for_consent(self) -> bool:
        """Is it the one that lets a client in?"""
        return any(name == "allow" for name, _ in self.buttons)


class Page(HTMLParser):
    """The forms and the words of a page."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.url = str(response.url)
        self.status = response.status_code
        # What a browser says of where a form comes from, as the page wishes.
        hidden = response.headers.get("referrer-policy") == "no-referrer"
        self.origin = "null" if hidden else urljoin(self.url, "/").rstrip("/")
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.feed(response.text)

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join(" ".join(self.words).split())

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.url, given.get("action", "") or self.url)
            self.forms.append(Form(given.get("method", "get").lower(), action))
        elif self.forms and tag in {"button", "input"}:
            self._take(self.forms[-1], tag, given)

    def _take(self, form: Form, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "submit" if tag == "button" else "text")
        name, value = given.get("name", ""), given.get("value", "")
        if kind == "submit":
            form.buttons.append((name, value))
        elif name and kind != "checkbox":
            form.fields[name] = value


class Visitor:
    """Who sits at the browser: logs in, and allows or denies."""

    def __init__(self, username: str = "alice", *, allows: bool = True) -> None:
        self.username = username
        self.allows = allows
        #: Where it was led back to, with what it was given for the client.
        self.returned = ""
        #: Every page that was read.
        self.read: list[Page] = []
        self.browser = httpx.Client(timeout=PATIENCE)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *error: object) -> None:
        self.browser.close()

    @property
    def answer(self) -> dict[str, str]:
        """What the client is told."""
        query = parse_qs(urlsplit(self.returned).query, keep_blank_values=True)
        assert all(len(values) == 1 for values in query.values()), self.returned
        return {name: values[0] for name, values in query.items()}

    def visit(self, url: str) -> str:
        """Go where a client sends; return where one is led in the end."""
        home = urlsplit(url).netloc
        request = self.browser.build_request("GET", url)
        for _ in range(PAGES):
            response = self.browser.send(request)
            if response.next_request is not None:
                request = response.next_request
                if request.url.netloc.decode() != home:
                    self.returned = str(request.url)
                    return self.returned
            else:
                request = self._fill_in(Page(response))
        raise AssertionError(f"Led in circles: {[page.url for page in self.read]}")

    def disconnect(self, shop: str, client_id: str) -> None:
        """End what a client may do, on the page for that."""
        page = Page(self.browser.get(f"{shop}/oauth/connected/"))
        [form] = [one for one in page.forms if client_id in one.fields.values()]
        answer = self.browser.send(self._send(form, page), follow_redirects=True)
        answer.raise_for_status()

    def _fill_in(self, page: Page) -> httpx.Request:
        self.read.append(page)
        for form in page.forms:
            if form.asks_who:
                form.fields |= {"username": self.username, "password": PASSWORD}
                return self._send(form, page)
            if form.asks_for_consent:
                return self._send(form, page, self._button(form))
        raise AssertionError(f"Stuck at {page.url} ({page.status}): {page.text[-500:]}")

    def _button(self, form: Form) -> tuple[str, str]:
        wanted = "allow" if self.allows else "deny"
        [button] = [one for one in form.buttons if one[0] == wanted]
        return button

    def _send(
        self, form: Form, page: Page, button: tuple[str, str] = ("", "")
    ) -> httpx.Request:
        name, value = button
        data = form.fields | ({name: value} if name else {})
        return self.browser.build_request(
            form.method, form.action, data=data, headers={"Origin": page.origin}
        )
