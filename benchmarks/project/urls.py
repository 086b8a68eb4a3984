"""URLs of the measured project."""

from django.urls import path

from benchmarks.project.views import constant

urlpatterns = [path("mcp", constant)]
