"""Who is known to the shop before a test begins."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission, User

from tests.login.names import AGENT, LOOPBACK, MACHINE, PASSWORD, SECRET


def settle() -> None:
    """Make the people, and the clients that somebody registered by hand."""
    User.objects.bulk_create(map(_person, ("alice", "bob", "carol", "robot")))
    alice = User.objects.get(username="alice")
    alice.user_permissions.add(Permission.objects.get(codename="add_group"))
    application: Any = apps.get_model("oauth2_provider", "Application")
    application.objects.create(
        client_id="by-hand",
        name="By hand",
        client_type=application.CLIENT_PUBLIC,
        authorization_grant_type=application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=LOOPBACK,
    )
    secretive = {
        "client_secret": SECRET,
        "client_type": application.CLIENT_CONFIDENTIAL,
        "authorization_grant_type": application.GRANT_CLIENT_CREDENTIALS,
    }
    application.objects.create(
        client_id=MACHINE, user=User.objects.get(username="robot"), **secretive
    )
    application.objects.create(client_id=AGENT, **secretive)


def _person(name: str) -> User:
    user = User(username=name, email=f"{name}@shop.example")
    user.set_password(PASSWORD)
    return user
