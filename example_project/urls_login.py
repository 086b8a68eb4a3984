"""The bookshop's addresses, with those at which clients log in."""

from django.contrib.auth.views import LoginView
from django.urls import include, path

from example_project.urls import urlpatterns as shop

urlpatterns = [
    *shop,
    path("login/", LoginView.as_view(), name="login"),
    path("", include("django_mcp.oauth.urls")),
]
