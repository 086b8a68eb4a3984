"""How the endpoints behave, for views of django-oauth-toolkit.

``django_mcp.oauth.views`` puts these before the toolkit's own views; a project
that has views of its own puts them before those.
"""

from __future__ import annotations

import re
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import router, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_variables
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.models import get_access_token_model
from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2.rfc6749 import errors

from django_mcp.oauth.consent import (
    Question,
    is_self_registered,
    leads_to_stranger,
    shown_host,
)
from django_mcp.oauth.forms import refusal_of, refused, shown_in
from django_mcp.oauth.resources import issuer, server_for
from django_mcp.transports.metadata import preflight

#: Characters of OpenID's ``nonce``: what its column holds.
MAX_NONCE = 255

_KEPT = ("client_id", "redirect_uri", "response_type", "state")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@method_decorator(csrf_protect, name="dispatch")
@method_decorator(login_not_required, name="dispatch")
class PageMixin:
    """A page that nobody may frame, keep, or fill with anything of others.

    Its forms are protected also in a project without the middleware for that.
    """

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Give every answer the headers of a page that asks for trust."""
        self.nonce = secrets.token_urlsafe(16)
        response: HttpResponseBase = super().dispatch(  # type: ignore[misc]
            request, *args, **kwargs
        )
        response["Content-Security-Policy"] = self.content_security_policy()
        response["X-Frame-Options"] = "DENY"
        response["Cache-Control"] = "no-store"
        # With no-referrer browsers hide the origin of the form as well, and
        # Django would refuse it.
        response["Referrer-Policy"] = "same-origin"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def content_security_policy(self) -> str:
        """Return the policy; a template with images or scripts needs another."""
        # Without form-action: browsers hold the redirect after the form to it,
        # and that leads to the client.
        return (
            f"default-src 'none'; style-src 'nonce-{self.nonce}';"
            " base-uri 'none'; frame-ancestors 'none'"
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the template what it needs of the request."""
        context: dict[str, Any] = super().get_context_data(  # type: ignore[misc]
            **kwargs
        )
        user = self.request.user  # type: ignore[attr-defined]
        return {"nonce": self.nonce, "user": user, **context}


class AuthorizationMixin(PageMixin):
    """For ``AuthorizationView``: ask a person, who knows whom for and what for.

    The form goes to the address that showed it, so that what is allowed is
    what stands in the address, and is checked again.
    """

    template_name = "django_mcp/oauth/authorize.html"
    error_template_name = "django_mcp/oauth/error.html"
    stranger_template_name = "django_mcp/oauth/stranger.html"
    request: HttpRequest

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask, or answer by itself if there is nothing to ask."""
        try:
            question = self.question()
        except OAuthToolkitError as error:
            return self.error_response(error, application=None)
        prompts = set(request.GET.get("prompt", "").split())
        if "login" in prompts:
            return self.handle_prompt_login()  # type: ignore[attr-defined,no-any-return]
        if not self.must_ask(question):
            return self.answer(question, allow=True)
        if "none" in prompts:
            return self.error_response(_silent(question), question.application)
        context = self.get_context_data(question=question)
        return self.render_to_response(context)  # type: ignore[attr-defined,no-any-return]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Do what the person decided."""
        if "switch" in request.POST:
            logout(request)
            return self.handle_no_permission()  # type: ignore[attr-defined,no-any-return]
        try:
            question = self.question()
        except OAuthToolkitError as error:
            return self.error_response(error, application=None)
        return self.answer(question, allow="allow" in request.POST)

    def question(self) -> Question:
        """Return what is asked for, by whom.

        Raises: OAuthToolkitError
        """
        scopes, found = self.validate_authorization_request(self.request)
        # The rest is read from the address once more when the answer is made.
        credentials = {name: found[name] for name in _KEPT}
        try:
            server = server_for(self.request.GET.getlist("resource"))
        except errors.OAuth2Error as error:
            error.state = credentials["state"]
            raise OAuthToolkitError(
                error, redirect_uri=credentials["redirect_uri"]
            ) from None
        credentials["resource"] = [server.url]
        # The only one there is; in a fragment nobody would find who answered.
        credentials["response_mode"] = "query"
        # Each once: a list that somebody made long hides what is in it.
        asked = tuple(dict.fromkeys(scopes))
        return Question(found["request"].client, server, asked, credentials)

    def validate_authorization_request(
        self, request: HttpRequest
    ) -> tuple[list[str], dict[str, Any]]:
        """Stop before what would break oauthlib or a database.

        Raises: OAuthToolkitError
        """
        query = request.META.get("QUERY_STRING", "")
        unreadable = _BROKEN_ESCAPE.search(query) or "%00" in query or "\0" in query
        if unreadable or len(request.GET.get("nonce", "")) > MAX_NONCE:
            raise FatalClientError(
                errors.InvalidRequestFatalError(description="This is no query.")
            )
        return super().validate_authorization_request(  # type: ignore[misc,no-any-return]
            request
        )

    def must_ask(self, question: Question) -> bool:
        """Tell whether a person must be asked.

        Always, for a client that registered itself: anybody may say to be it.
        ``approval_prompt``, which the client chooses, changes nothing.
        """
        client = question.application
        if is_self_registered(client):
            return True
        if client.skip_authorization:
            return False
        if oauth2_settings.REQUEST_APPROVAL_PROMPT != "auto":
            return True
        tokens = get_access_token_model().objects.filter(
            user=self.request.user, application=client, expires__gt=timezone.now()
        )
        return not any(
            token.allow_scopes(question.scopes)
            and token.resource == [question.server.url]
            for token in tokens
        )

    def answer(self, question: Question, *, allow: bool) -> HttpResponseBase:
        """Send the person back to the client: with a code, or without one."""
        try:
            uri, _, _, _ = self.create_authorization_response(  # type: ignore[attr-defined]
                request=self.request,
                scopes=" ".join(question.scopes),
                credentials=question.credentials,
                allow=allow,
            )
        except OAuthToolkitError as error:
            return self.error_response(error, question.application)
        return self.redirect(uri, question.application)

    def redirect(self, redirect_to: str, application: Any) -> HttpResponseBase:
        """Say who answers, whatever the answer is (RFC 9207)."""
        parts = urlsplit(redirect_to)
        query = parse_qsl(parts.query, keep_blank_values=True)
        said = [(name, value) for name, value in query if name != "iss"]
        said.append(("iss", issuer()))
        redirect_to = parts._replace(query=urlencode(said)).geturl()
        unasked = self.request.method != "POST"
        if unasked and leads_to_stranger(self.request.GET["client_id"], redirect_to):
            # Nobody decided anything yet: a link on another page may have led
            # here, to be sent on (2026-07-28, basic/authorization, "Open
            # Redirection").
            host = shown_host(redirect_to)
            context = {"redirect_to": redirect_to, "host": host, "nonce": self.nonce}
            return render(self.request, self.stranger_template_name, context)
        return super().redirect(redirect_to, application)  # type: ignore[misc,no-any-return]

    def error_response(
        self, error: OAuthToolkitError, application: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Tell the client, or the person where there is no client to trust."""
        if not isinstance(error, FatalClientError):
            return super().error_response(  # type: ignore[misc,no-any-return]
                error, application, **kwargs
            )
        context = {"error": error.oauthlib_error, "nonce": self.nonce}
        return render(self.request, self.error_template_name, context, status=400)


def _silent(question: Question) -> OAuthToolkitError:
    """Return the answer to ``prompt=none`` where somebody must be asked."""
    error = errors.ConsentRequired(state=question.credentials["state"])
    return OAuthToolkitError(error, redirect_uri=question.redirect_uri)


@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(login_not_required, name="dispatch")
class EndpointMixin:
    """For ``TokenView`` and ``RevokeTokenView``: forms in, JSON out."""

    http_method_names = ["post", "options"]

    # Whatever fails below, its report shows no code, secret or token.
    @sensitive_variables()
    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Refuse what is no form of the protocol; let nobody keep the answer."""
        try:
            response = refusal_of(request)
            if response is None:
                response = super().dispatch(  # type: ignore[misc]
                    request, *args, **kwargs
                )
        finally:
            # Not before: the toolkit's own view says that it is but passwords.
            request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]
        response["Content-Type"] = "application/json"
        response["Cache-Control"] = "no-store"
        response["Pragma"] = "no-cache"
        response["X-Content-Type-Options"] = "nosniff"
        # A client that runs in a page shows what it has in the form, as any
        # other does; no cookie counts here.
        response["Access-Control-Allow-Origin"] = "*"
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say which headers a page may send."""
        return preflight(request, "POST, OPTIONS")

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Answer in JSON too."""
        response = refused("Use POST.", status=405)
        response["Allow"] = "POST"
        return response


class TokenMixin(EndpointMixin):
    """For ``TokenView``: give tokens only as the metadata says they are given."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a grant that is offered."""
        wanted = request.POST.get("grant_type", "")
        if wanted not in oauth2_settings.OAUTH2_GRANT_TYPES_SUPPORTED:
            return refused("No such grant is offered.", "unsupported_grant_type")
        shown = shown_in(request.POST)
        if shown is None or not shown.exists():
            return super().post(request, *args, **kwargs)  # type: ignore[misc,no-any-return]
        # Whoever shows the same at the same time waits, and finds it used.
        with transaction.atomic(using=router.db_for_write(shown.model)):
            list(shown.select_for_update().values_list("pk"))
            return super().post(request, *args, **kwargs)  # type: ignore[misc,no-any-return]
