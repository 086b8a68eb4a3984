"""A site whose authorization server gives tokens for its server."""

from django.contrib.auth.views import LoginView
from django.urls import include, path

from django_mcp import mcp

urlpatterns = [
    path("mcp", mcp.urls),
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("", include("django_mcp.oauth.urls")),
]
