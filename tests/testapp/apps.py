"""The test app's configuration. No migrations: tables are made from the models."""

from django.apps import AppConfig


class TestAppConfig(AppConfig):
    name = "tests.testapp"
    label = "testapp"
