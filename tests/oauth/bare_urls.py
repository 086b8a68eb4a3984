"""django-oauth-toolkit as it is: its token endpoint, without ours before it."""

from django.urls import include, path

urlpatterns = [path("o/", include("oauth2_provider.urls"))]
