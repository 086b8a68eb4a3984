"""The admin, where keys are made by hand."""

import django.contrib.auth.admin  # noqa: F401  (registers users)
from django.contrib import admin
from django.urls import path

import django_mcp.keys.admin  # noqa: F401  (registers keys)

urlpatterns = [path("admin/", admin.site.urls)]
