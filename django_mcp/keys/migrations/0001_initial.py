"""The one table: keys, and the users whose permissions they lend."""

import re

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="APIKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="What the key is for: “laptop”, “nightly report”.",
                        max_length=100,
                        verbose_name="name",
                    ),
                ),
                (
                    "prefix",
                    models.CharField(
                        editable=False,
                        max_length=12,
                        unique=True,
                        verbose_name="prefix",
                    ),
                ),
                (
                    "hash",
                    models.CharField(
                        editable=False, max_length=64, verbose_name="hash"
                    ),
                ),
                (
                    "scopes",
                    models.TextField(
                        blank=True,
                        help_text="Separated by spaces. Leave empty for no limit: then the permissions of the user alone decide.",
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("\\A[!#-\\[\\]-~]+( [!#-\\[\\]-~]+)*\\Z"),
                                "Names, with one space between them.",
                            )
                        ],
                        verbose_name="scopes",
                    ),
                ),
                (
                    "server",
                    models.CharField(
                        blank=True,
                        help_text="The only server it opens; leave empty for all of them.",
                        max_length=200,
                        verbose_name="server",
                    ),
                ),
                (
                    "created",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "expires",
                    models.DateTimeField(blank=True, null=True, verbose_name="expires"),
                ),
                (
                    "last_used",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="last used"
                    ),
                ),
                (
                    "revoked",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="revoked"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        help_text="Calls with this key have the permissions of this user.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mcp_keys",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "MCP key",
                "verbose_name_plural": "MCP keys",
                "ordering": ("-created", "-pk"),
            },
        ),
    ]
