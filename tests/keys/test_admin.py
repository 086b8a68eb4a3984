"""Keys in the admin: a real form, a real session, and a page that is shown once."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from django_mcp import MCPServer
from django_mcp.keys.admin import APIKeyAdmin
from django_mcp.keys.models import APIKey

TEXT = re.compile(r"mcp_[0-9a-z]{12}_[0-9A-Za-z]{49}")
Login = Callable[..., Client]


@pytest.fixture(autouse=True)
def _admin(settings: Any, db: None) -> None:
    settings.ROOT_URLCONF = "tests.keys.admin_urls"
    settings.STATIC_URL = "/static/"
    settings.MIDDLEWARE = [
        f"django.contrib.{name}"
        for name in (
            "sessions.middleware.SessionMiddleware",
            "auth.middleware.AuthenticationMiddleware",
            "messages.middleware.MessageMiddleware",
        )
    ]
    processors = [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]
    engine = "django.template.backends.django.DjangoTemplates"
    options = {"context_processors": processors}
    settings.TEMPLATES = [{"BACKEND": engine, "APP_DIRS": True, "OPTIONS": options}]


@pytest.fixture
def login() -> Login:
    """Log somebody in: with these permissions, or with all."""

    def log_in(name: str, *permissions: str) -> Client:
        user = User.objects.create_user(
            name, is_staff=True, is_superuser=not permissions
        )
        found = Permission.objects.filter(codename__in=permissions)
        assert len(found) == len(permissions)
        user.user_permissions.set(found)
        client = Client()
        client.force_login(user)
        return client

    return log_in


def url(page: str, *args: Any) -> str:
    return reverse(f"admin:django_mcp_keys_apikey_{page}", args=args)


def add(client: Client, user: User, **changes: Any) -> Any:
    data = {"user": user.pk, "name": "laptop", "scopes": "", "server": ""}
    return client.post(url("add"), data | changes)


def key_in(response: Any) -> str:
    assert response.status_code == 200, response["location"]
    shown = TEXT.findall(response.content.decode())
    assert len(shown) == 1, response.content.decode()
    return str(shown[0])


def test_a_key_is_made_and_shown_in_the_answer(login: Login, alice: User) -> None:
    response = add(login("root"), alice, scopes=" shop:read\n shop:write ")
    key = APIKey.objects.get()
    assert APIKey.objects.find(key_in(response)) == key
    assert (key.user, key.name) == (alice, "laptop")
    assert key.allowed_scopes == {"shop:read", "shop:write"}
    assert "no-store" in response["cache-control"]


def test_the_form_suggests_a_key_of_ones_own_that_ends(login: Login) -> None:
    MCPServer("shop")
    form = login("root").get(url("add")).context["adminform"].form
    root = User.objects.get()
    assert form.get_initial_for_field(form.fields["user"], "user") == root.pk
    assert form.get_initial_for_field(form.fields["expires"], "expires") is not None
    page = login("other").get(url("add")).content.decode()
    assert 'name="_save"' in page
    assert 'name="_continue"' not in page
    assert 'name="_addanother"' not in page


def test_a_key_can_be_made_for_one_of_the_servers(login: Login, alice: User) -> None:
    server = MCPServer("shop")
    client = login("root")
    add(client, alice, server=server.name)
    assert APIKey.objects.get().server == "shop"
    response = add(client, alice, server="nowhere")
    assert "server" in response.context["adminform"].form.errors


def test_scopes_that_are_none_are_refused(login: Login, alice: User) -> None:
    client = login("root")
    for scopes in ('shop:"read"', '"shop:read', "a\\b"):
        response = add(client, alice, scopes=scopes)
        assert "scopes" in response.context["adminform"].form.errors


def test_pages_after_it_show_the_key_no_more(login: Login, alice: User) -> None:
    client = login("root")
    key_in(add(client, alice))
    key = APIKey.objects.get()
    pages = [url("changelist"), url("change", key.pk), url("history", key.pk)]
    for page in [*pages, url("delete", key.pk)]:
        content = client.get(page).content.decode()
        assert key.name in content
        assert not TEXT.search(content)
        assert key.hash not in content


def test_the_key_is_in_no_log_session_or_cookie(login: Login, alice: User) -> None:
    client = login("root")
    secret = key_in(add(client, alice)).split("_")[2]
    kept = [
        entry.object_repr + entry.change_message for entry in LogEntry.objects.all()
    ]
    kept += [str(session.get_decoded()) for session in Session.objects.all()]
    kept += [cookie.value for cookie in client.cookies.values()]
    assert len(kept) >= 3
    assert not any(secret in text for text in kept)


def test_only_the_name_of_a_key_can_be_changed(login: Login, alice: User) -> None:
    client, mallory = login("root"), User.objects.create_user("mallory")
    add(client, alice, scopes="shop:read")
    before = APIKey.objects.get()
    changed = {
        "name": "phone", "user": mallory.pk, "scopes": "", "hash": "0" * 64,
        "prefix": "0" * 12, "server": "x", "expires_0": "", "revoked": "",
    }  # fmt: skip
    assert client.post(url("change", before.pk), changed).status_code == 302
    after = APIKey.objects.get()
    assert after.name == "phone"
    same = ("user_id", "scopes", "hash", "prefix", "server", "expires", "revoked")
    assert [getattr(after, n) for n in same] == [getattr(before, n) for n in same]


def test_keys_are_revoked_by_an_action_that_is_logged(
    login: Login, alice: User
) -> None:
    client = login("root")
    keys = [APIKey.objects.create_key(alice, name)[0] for name in ("a", "b")]
    data = {"action": "revoke", "_selected_action": [key.pk for key in keys]}
    for count in (2, 0):
        response = client.post(url("changelist"), data, follow=True)
        assert f"Keys revoked: {count}." in response.content.decode()
    assert all(key.state is key.State.REVOKED for key in APIKey.objects.all())
    messages = {entry.get_change_message() for entry in LogEntry.objects.all()}
    assert messages == {"Changed revoked."}
    assert LogEntry.objects.count() == 2


# -- who may do what -----------------------------------------------------------


def test_djangos_permissions_decide(login: Login, alice: User) -> None:
    key, _ = APIKey.objects.create_key(alice, "laptop")
    viewer = login("viewer", "view_apikey")
    assert viewer.get(url("changelist")).status_code == 200
    assert viewer.get(url("add")).status_code == 403
    revoke = {"action": "revoke", "_selected_action": [key.pk]}
    viewer.post(url("changelist"), revoke)
    key.refresh_from_db()
    assert key.revoked is None
    nobody = login("nobody", "view_user")
    assert nobody.get(url("changelist")).status_code == 403


def test_who_may_not_change_users_makes_keys_for_no_other(login: Login) -> None:
    root = User.objects.create_superuser("root")
    client = login("clerk", "add_apikey", "view_user")
    response = add(client, root)
    assert "user" in response.context["adminform"].form.errors
    key_in(add(client, User.objects.get(username="clerk")))
    assert not APIKey.objects.filter(user=root).exists()


def superusers_hidden(self: Any, request: Any) -> Any:
    users = User.objects.all()
    return users if request.user.is_superuser else users.filter(is_superuser=False)


def superusers_kept(self: Any, request: Any, obj: Any = None) -> bool:
    return obj is None or request.user.is_superuser or not obj.is_superuser


@pytest.mark.parametrize(
    "rule",
    [{"get_queryset": superusers_hidden}, {"has_change_permission": superusers_kept}],
)
def test_whom_the_admin_of_users_protects_no_key_is_made_for(
    login: Login, alice: User, rule: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Projects let their staff change users, but not those with all permissions.

    Defence: ``keys/admin.py``, ``_changeable_users`` and ``_may_change``.
    """
    protecting = type("Protecting", (UserAdmin,), rule)
    registry: dict[Any, Any] = site._registry
    monkeypatch.setitem(registry, User, protecting(User, site))
    root = User.objects.create_superuser("root")
    staff = login("staff", "add_apikey", "change_user")
    assert not TEXT.search(add(staff, root).content.decode())
    assert not APIKey.objects.exists()
    key_in(add(staff, alice))
    key_in(add(login("boss"), root))


def test_who_may_change_users_makes_keys_for_them(login: Login, alice: User) -> None:
    key_in(add(login("boss", "add_apikey", "change_user"), alice))


# -- how it looks --------------------------------------------------------------


class Inputs(HTMLParser):
    """The fields of a page, and what labels them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.labelled: set[str | None] = set()
        self.inputs: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """See `HTMLParser`."""
        if tag == "label":
            self.labelled.add(dict(attrs).get("for"))
        elif tag == "input":
            self.inputs.append(dict(attrs))


def test_the_key_has_a_label_and_the_focus_and_cannot_be_edited(
    login: Login, alice: User
) -> None:
    page = Inputs(add(login("root"), alice).content.decode())
    field = next(f for f in page.inputs if TEXT.match(f.get("value") or ""))
    assert field["id"] in page.labelled
    assert {"readonly", "autofocus"} <= field.keys()
    assert "name" not in field


def test_what_people_wrote_is_escaped(login: Login, alice: User) -> None:
    response = add(login("root"), alice, name="<script>alert(1)</script>")
    assert "<script>alert" not in response.content.decode()
    key_in(response)


def test_the_admin_has_nothing_to_say_against_it() -> None:
    assert APIKeyAdmin(APIKey, site).check() == []
