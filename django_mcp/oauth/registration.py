"""Clients that register themselves (RFC 7591), for those that have no URL.

Off unless ``OAUTH2_PROVIDER["DCR_ENABLED"]`` says so: anybody may make rows.
Nobody gets a token to change or delete a registration (RFC 7592) either: a
client that wants another one asks anew, and what is not used is pruned.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.models import get_application_model
from oauth2_provider.settings import oauth2_settings

from django_mcp.oauth.clients import ClientMetadata, ClientRefused, reduced
from django_mcp.oauth.limits import limited
from django_mcp.transports.metadata import preflight

#: Bytes of what a client says of itself.
MAX_BODY = 16 * 1024
AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")
#: What nobody gets who is not known: tokens without a person, or for a password.
#: A client that asks for it is told no, lest it believes that it has it.
FORBIDDEN = {"client_credentials", "implicit", "password"}


# No cookie counts here, and nobody has logged in.
@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class RegistrationView(View):
    """``POST`` a client's metadata, get its id."""

    http_method_names = ["post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer pages of any origin: what runs in a browser registers as well."""
        if not oauth2_settings.DCR_ENABLED:
            return JsonResponse({"error": "not_found"}, status=404)
        response = super().dispatch(request, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        response["Cache-Control"] = "no-store"
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say which headers a page may send."""
        return preflight(request, "POST, OPTIONS")

    @method_decorator(limited("OAUTH_REGISTRATION_RATE"))
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Register a client."""
        if not permitted(request):
            return refusal("access_denied", "This client may not register.", 403)
        try:
            return registered(asked_for(document_of(request)))
        except ClientRefused as problem:
            return refusal(problem.code, str(problem))


def permitted(request: HttpRequest) -> bool:
    """Ask the project's ``DCR_REGISTRATION_PERMISSION_CLASSES``, if it has any."""
    classes = oauth2_settings.DCR_REGISTRATION_PERMISSION_CLASSES
    return bool(classes) and all(one().has_permission(request) for one in classes)


def document_of(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object that was posted.

    Raises: ClientRefused
    """
    # A form of any other site could post the other types, without asking first.
    if request.content_type != "application/json":
        raise ClientRefused("The body must be application/json.")
    body = request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise ClientRefused(f"The body must not be longer than {MAX_BODY} bytes.")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ClientRefused("The body must be a JSON object.")
    return document


def asked_for(document: dict[str, Any]) -> ClientMetadata:
    """Return what is registered of what a client says.

    Raises: ClientRefused
    """
    grants = document.get("grant_types")
    if isinstance(grants, list) and not FORBIDDEN.isdisjoint(map(str, grants)):
        forbidden = ", ".join(sorted(FORBIDDEN))
        raise ClientRefused(f"grant_types must not contain any of: {forbidden}.")
    # Without a method, a client has a secret (RFC 7591, section 2).
    return reduced(document, auth_methods=AUTH_METHODS, default="client_secret_basic")


def registered(metadata: ClientMetadata) -> HttpResponse:
    """Keep a client; tell it what it may do.

    Raises: ClientRefused
    """
    model = get_application_model()
    public = metadata.auth_method == "none"
    client = model(
        name=metadata.name,
        redirect_uris=" ".join(metadata.redirect_uris),
        client_type=model.CLIENT_PUBLIC if public else model.CLIENT_CONFIDENTIAL,
        authorization_grant_type=model.GRANT_AUTHORIZATION_CODE,
        registration_source=model.RegistrationSource.DCR,
    )
    # The only moment at which it can be read: it is kept as a hash.
    secret = {"client_secret": client.client_secret, "client_secret_expires_at": 0}
    try:
        client.full_clean()
    except ValidationError as problem:
        # What Django says repeats what was sent.
        code = "invalid_redirect_uri"
        raise ClientRefused("redirect_uris has an address that is none.", code) from (
            problem
        )
    client.save()
    answer = {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created.timestamp()),
        **({} if public else secret),
        **metadata.document(),
    }
    return JsonResponse(answer, status=201)


def refusal(error: str, description: str, status: int = 400) -> HttpResponse:
    """Return an error as RFC 7591, section 3.2.2, wants it."""
    answer = {"error": error, "error_description": description}
    return JsonResponse(answer, status=status)
