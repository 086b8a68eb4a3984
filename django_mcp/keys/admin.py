"""Keys in the admin: made there, shown once, revoked.

The text of a key exists in the one answer that shows it: it is in no message
(the session would keep it), no address, no log entry and no row.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from django_mcp.keys.models import APIKey, APIKeyQuerySet
from django_mcp.server import all_servers

#: How long a key lasts, if whoever makes it does not say otherwise.
LASTS = timedelta(days=90)


class NewKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is said about a key when it is made, and never changed after."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["server"]
        names = sorted({server.name for server in all_servers})
        self.fields["server"] = forms.ChoiceField(
            choices=[("", "---------"), *((name, name) for name in names)],
            label=field.label,
            help_text=field.help_text,
            required=False,
        )

    def clean_scopes(self) -> str:
        """Take what a person types: more spaces, lines."""
        return " ".join(self.cleaned_data["scopes"].split())


@admin.register(APIKey)
class APIKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A key is made and revoked; its limits stay what they were."""

    fields = ("user", "name", "scopes", "server", "expires")
    raw_id_fields = ("user",)
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        models.TextField: {"widget": AdminTextInputWidget}
    }
    list_display = (
        "name", "user", "state", "prefix", "scopes", "created", "expires", "last_used",
    )  # fmt: skip
    list_filter = ("expires", "last_used", "revoked", "server")
    list_select_related = ("user",)
    search_fields = ("name", "prefix")
    actions = ("revoke",)

    @admin.display(description=_("status"))
    def state(self, key: APIKey) -> str:
        """Say whether a key opens anything."""
        return str(key.state.label)

    # -- making one --------------------------------------------------------

    def get_form(
        self,
        request: HttpRequest,
        obj: APIKey | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        """See Django."""
        form = self.form if change else NewKeyForm
        return super().get_form(request, obj, change, **{"form": form, **kwargs})

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        """Suggest a key of one's own, which ends."""
        suggested = {"user": request.user.pk, "expires": timezone.now() + LASTS}
        return suggested | super().get_changeform_initial_data(request)

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Let nobody act as somebody else who could not before.

        Who may change users can set a password of theirs as well.
        """
        kwargs.setdefault("queryset", self._changeable_users(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _changeable_users(self, request: HttpRequest) -> Any:
        """Return oneself and, as the project's own admin of users says, others."""
        users = get_user_model()
        change = get_permission_codename("change", users._meta)
        if not request.user.has_perm(f"{users._meta.app_label}.{change}"):
            myself: Any = request.user.pk
            return users._default_manager.filter(pk=myself)
        if not self.admin_site.is_registered(users):
            return users._default_manager.all()
        return self.admin_site.get_model_admin(users).get_queryset(request)

    def _may_change(self, request: HttpRequest, user: Any) -> bool:
        """Tell whether the project's own admin of users agrees, about this one."""
        users = get_user_model()
        if user == request.user or not self.admin_site.is_registered(users):
            return True
        return self.admin_site.get_model_admin(users).has_change_permission(
            request, user
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Offer one button: after it, the key is shown."""
        one = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, one | (extra_context or {}))

    def save_model(
        self, request: HttpRequest, obj: APIKey, form: Any, change: bool
    ) -> None:
        """See Django."""
        if not change and not self._may_change(request, obj.user):
            raise PermissionDenied
        if not change:
            # No field: it lives as long as this request.
            obj.text = obj.make_secret()  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    @sensitive_variables("context")
    def response_add(
        self, request: HttpRequest, obj: APIKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key in this answer; as all of the admin, no cache keeps it."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Copy the key now"),
            "subtitle": str(obj),
            "warning": _("It is not kept, and cannot be shown again."),
            "text": obj.text,  # type: ignore[attr-defined]
            "onward": _("I have copied it"),
            "list_url": self._list_url(),
            "opts": self.opts,
        }
        template = "admin/django_mcp_keys/apikey/created.html"
        return TemplateResponse(request, template, context)

    def _list_url(self) -> str:
        name = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
        return reverse(f"admin:{name}", current_app=self.admin_site.name)

    # -- one that exists -----------------------------------------------------

    def get_fields(self, request: HttpRequest, obj: APIKey | None = None) -> Any:
        """See Django."""
        if obj is None:
            return self.fields
        return ("prefix", *self.fields, "created", "last_used", "revoked", "state")

    def get_readonly_fields(
        self, request: HttpRequest, obj: APIKey | None = None
    ) -> Any:
        """A key keeps the limits it was made with; only its name may change."""
        if obj is None:
            return ()
        return [name for name in self.get_fields(request, obj) if name != "name"]

    @admin.action(description=_("Revoke selected keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: APIKeyQuerySet) -> None:
        """Revoke keys: from the next message on, for every worker."""
        keys = list(queryset.filter(revoked=None))
        queryset.revoke()
        for key in keys:
            self.log_change(request, key, [{"changed": {"fields": ["revoked"]}}])
        done = _("Keys revoked: {count}.").format(count=len(keys))
        self.message_user(request, done, messages.SUCCESS)
