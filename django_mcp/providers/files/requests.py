"""A request for a feed or a sitemap: the caller's, at the site's own domain.

Feeds and sitemaps make absolute addresses, and may ask who reads them. The
domain is the one that was given, that of the sites framework, or the one the
caller used; over stdio nobody used one.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_script_prefix
from django.utils.translation import gettext

from django_mcp.context import Context
from django_mcp.exceptions import ToolError
from django_mcp.providers.views import requests as views

_DOMAIN = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_SITE = ("sites", "Site")
_PROTOCOLS = ("http", "https")


class SiteRequest(views.ViewRequest):
    """A GET that a caller might have sent with a browser, at a domain we know."""

    def get_host(self) -> str:
        """Return the domain, which came from no stranger."""
        host: str = self.META["HTTP_HOST"]
        return host


def check_domain(domain: Any, protocol: Any) -> None:
    """Raises: ImproperlyConfigured"""
    if domain and not (isinstance(domain, str) and _DOMAIN.fullmatch(domain)):
        raise ImproperlyConfigured(
            f"{domain!r} is no domain: write it as 'shop.example'."
        )
    if protocol and protocol not in _PROTOCOLS:
        raise ImproperlyConfigured(f"{protocol!r} is neither 'http' nor 'https'.")


def request_for(context: Context, path: str, domain: str, protocol: str) -> SiteRequest:
    """Return a request for a page. Raises: ToolError, where no domain is known"""
    path = unquote(f"/{path.removeprefix(get_script_prefix())}")
    made = views.request_for(context, views.Sent(method="GET", path=path))
    try:
        asked = context.request
    except RuntimeError:
        host, scheme = domain or _domain_of_sites(), protocol or "https"
    else:
        host, scheme = domain or asked.get_host(), protocol or asked.scheme or "http"
    environ = {
        **made.environ,
        # A request decodes the bytes of the path where it was told them.
        "PATH_INFO": path.encode().decode("latin-1"),
        "HTTP_HOST": host,
        "wsgi.url_scheme": scheme,
    }
    return SiteRequest(environ, context, made.session)


def _domain_of_sites() -> str:
    """Return the domain of the current site. Raises: ToolError"""
    if not apps.is_installed("django.contrib.sites"):
        raise ToolError(gettext("The domain of this site is not known over stdio."))
    site: Any = apps.get_model(*_SITE)
    domain: str = site.objects.get_current().domain
    return domain
