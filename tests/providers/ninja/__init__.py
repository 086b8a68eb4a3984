"""Tests of django-ninja's operations as tools."""
