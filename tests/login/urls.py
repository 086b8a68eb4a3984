"""The shop's addresses: login, the authorization server, a server as a view."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from tests.login.mcp import by_view
from tests.login.settings import PREFIX

patterns = [
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("view", by_view.urls),
    path("", include("django_mcp.oauth.urls")),
]
urlpatterns = [path(PREFIX, include(patterns))]
