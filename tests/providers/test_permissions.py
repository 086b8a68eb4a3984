"""Rules from the names of permissions."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.core.exceptions import ImproperlyConfigured

from django_mcp.primitives import anyone
from django_mcp.providers.permissions import allowed_by_permissions
from tests.providers.callers import context_of


def test_no_permission_is_no_rule() -> None:
    def rule(context: Any) -> bool:
        return False

    assert allowed_by_permissions() is anyone
    assert allowed_by_permissions(allowed=rule) is rule


@pytest.mark.django_db
def test_every_permission_is_needed() -> None:
    user = User.objects.create(username="alice")
    user.user_permissions.add(Permission.objects.get(codename="change_book"))
    both = ["testapp.change_book", "testapp.add_book"]
    assert allowed_by_permissions("testapp.change_book")(context_of(user))
    assert not allowed_by_permissions(permissions=both)(context_of(user))
    assert not allowed_by_permissions("testapp.add_book", both)(context_of(user))


@pytest.mark.django_db
def test_the_rule_given_is_asked_too() -> None:
    user = User.objects.create(username="alice", is_superuser=True)
    name = "testapp.add_book"
    assert allowed_by_permissions(name, allowed=anyone)(context_of(user))
    assert not allowed_by_permissions(name, allowed=lambda _: False)(context_of(user))


def test_nobody_has_no_permission() -> None:
    rule = allowed_by_permissions("testapp.add_book", allowed=anyone)
    assert not rule(context_of(AnonymousUser()))


@pytest.mark.parametrize("permissions", ["add_book", ["testapp.add_book", "x"]])
def test_a_malformed_name_is_refused(permissions: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"shop\.buy.*app_label\.codename"):
        allowed_by_permissions(permissions=permissions, source="shop.buy")
