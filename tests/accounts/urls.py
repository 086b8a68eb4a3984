"""The account views, where the quickstart puts them."""

from django.urls import include, path

urlpatterns = [path("accounts/", include("allauth.urls"))]
