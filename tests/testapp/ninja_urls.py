"""The URLconf of django-ninja's own example."""

from django.urls import path

from tests.testapp.ninja_employees import api

urlpatterns = [path("api/", api.urls)]
