"""A person's own page: which clients may act for them, and an end to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import router, transaction
from django.db.models import Max, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import TemplateView
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_refresh_token_model,
)
from oauth2_provider.scopes import get_scopes_backend

from django_mcp.oauth.consent import host_of, is_self_registered, name_of
from django_mcp.oauth.mixins import PageMixin


@dataclass(frozen=True)
class Connection:
    """A client that holds tokens of a user."""

    application: Any
    permissions: list[str]
    since: datetime
    last: datetime

    @property
    def name(self) -> str:
        """What the client calls itself."""
        return name_of(self.application)

    @property
    def host(self) -> str:
        """Whose site describes the client, or ``""`` if none does."""
        return host_of(self.application)

    @property
    def is_self_registered(self) -> bool:
        """Did nobody here look at the client?"""
        return is_self_registered(self.application)


class ConnectedView(PageMixin, LoginRequiredMixin, TemplateView):
    """List the clients of whoever is logged in; disconnect one."""

    template_name = "django_mcp/oauth/connected.html"
    http_method_names = ["get", "head", "post"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the template what it lists."""
        return super().get_context_data(
            connections=connections(self.request.user), **kwargs
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Disconnect a client."""
        clients = get_application_model().objects.all()
        client_id = request.POST.get("client_id", "").replace("\0", "")
        disconnect(request.user, get_object_or_404(clients, client_id=client_id))
        return redirect(request.path)


def connections(user: Any) -> list[Connection]:
    """Return a user's clients, the one that was busy last first."""
    access, refresh = _tokens(user)
    seen: dict[int, list[datetime]] = {}
    scopes: dict[int, set[str]] = {}
    for client, scope, created in access.values_list("application", "scope", "created"):
        seen.setdefault(client, []).append(created)
        scopes.setdefault(client, set()).update(scope.split())
    # A token is replaced at each refresh: the first of its family tells since when.
    families = refresh.filter(revoked=None).values("token_family")
    began = refresh.filter(token_family__in=families).values("application")
    for row in began.annotate(first=Min("created"), last=Max("created")):
        seen.setdefault(row["application"], []).extend((row["first"], row["last"]))
    clients = get_application_model().objects.in_bulk(scopes)
    found = [
        Connection(client, _words(scopes[pk]), min(seen[pk]), max(seen[pk]))
        for pk, client in clients.items()
    ]
    return sorted(found, key=lambda one: one.last, reverse=True)


def disconnect(user: Any, client: Any) -> None:
    """Take back everything a user gave to a client."""
    access_model = get_access_token_model()
    with transaction.atomic(using=router.db_for_write(access_model)):
        get_grant_model().objects.filter(user=user, application=client).delete()
        for token in get_refresh_token_model().objects.filter(
            user=user, application=client, revoked=None
        ):
            token.revoke()
        access_model.objects.filter(user=user, application=client).delete()


def _tokens(user: Any) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return a user's tokens: those for access that live or can be renewed."""
    access = get_access_token_model().objects.filter(
        user=user, application__isnull=False
    )
    refresh = get_refresh_token_model().objects.filter(user=user)
    renewable = refresh.filter(revoked=None, access_token__isnull=False)
    live = access.filter(expires__gt=timezone.now()) | access.filter(
        pk__in=renewable.values("access_token")
    )
    return live, refresh


def _words(scopes: set[str]) -> list[str]:
    words = get_scopes_backend().get_all_scopes()
    return [str(words.get(scope) or scope) for scope in sorted(scopes)]
