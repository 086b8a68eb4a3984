"""The models of django-ninja's own example: departments and employees."""

from __future__ import annotations

from django.db import models


class Department(models.Model):
    """See https://django-ninja.dev/tutorial/other/crud/."""

    title = models.CharField(max_length=100)


class Employee(models.Model):
    """See `Department`."""

    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    department = models.ForeignKey(Department, on_delete=models.CASCADE)
    birthdate = models.DateField(null=True, blank=True)
    cv = models.FileField(null=True, blank=True)
