"""Authors and books, and around them one of each thing a model can have."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    class Format(models.TextChoices):
        HARDBACK = "hardback", "Hardback"
        PAPERBACK = "paperback", "Paperback"

    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    stock = models.PositiveIntegerField(default=0)
    price = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal(0))
    format = models.CharField(
        max_length=20, choices=Format.choices, default=Format.PAPERBACK
    )

    def __str__(self) -> str:
        return self.title


class Country(models.Model):
    """A key that is text, and a name that people use for it."""

    code = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=50)


class Maker(models.Model):
    """Made somewhere, or nowhere known; some are not for everybody's eyes."""

    name = models.CharField(max_length=50, unique=True)
    country = models.ForeignKey(Country, models.SET_NULL, null=True, blank=True)
    hidden = models.BooleanField(default=False)
    api_token = models.CharField(max_length=50, default="")


class Label(models.Model):
    name = models.CharField(max_length=30)
    hidden = models.BooleanField(default=False)


class Note(models.Model):
    """A remark about anything."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.BigIntegerField()
    about = GenericForeignKey("content_type", "object_id")
    text = models.TextField()
    hidden = models.BooleanField(default=False)


class Kept(models.Manager[Any]):
    """Leave out what was thrown away."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(thrown_away=False)


class Item(models.Model):
    """One field of every sort, and every sort of relation."""

    class Size(models.IntegerChoices):
        SMALL = 1, "small one"
        LARGE = 2, "large one"

    name = models.CharField(max_length=100)
    maker = models.ForeignKey(
        Maker, models.SET_NULL, null=True, blank=True, related_name="items"
    )
    #: By its name rather than by its key.
    rival = models.ForeignKey(
        Maker, models.SET_NULL, to_field="name", null=True, related_name="+"
    )
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="parts"
    )
    labels = models.ManyToManyField(Label, related_name="items")
    friends = models.ManyToManyField("self")
    notes = GenericRelation(Note)
    size = models.IntegerField(choices=Size.choices, default=Size.SMALL)
    count = models.BigIntegerField(null=True)
    small = models.PositiveSmallIntegerField(default=0)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    weight = models.FloatField(null=True)
    active = models.BooleanField(null=True)
    made_on = models.DateField(null=True)
    seen_at = models.DateTimeField(null=True)
    opens = models.TimeField(null=True)
    lasts = models.DurationField(null=True)
    code = models.UUIDField(default=uuid.uuid4)
    address = models.GenericIPAddressField(null=True)
    data = models.JSONField(null=True)
    raw = models.BinaryField(null=True)
    manual = models.FileField(null=True)
    text = models.TextField(default="")
    secret = models.CharField(max_length=50, default="")
    password_hash = models.CharField(max_length=50, default="")

    def __str__(self) -> str:
        return self.name


class Gadget(Item):
    """An item and more: its key is the item's."""

    volts = models.IntegerField(default=0)


class Passport(models.Model):
    """At most one for each item."""

    item = models.OneToOneField(Item, models.CASCADE, related_name="passport")
    number = models.CharField(max_length=20)


class Piece(models.Model):
    """Thrown away, but still in the table."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="pieces")
    name = models.CharField(max_length=20)
    thrown_away = models.BooleanField(default=False)

    objects = Kept()


class Token(models.Model):
    """A key that is the secret itself."""

    key = models.CharField(max_length=40, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    item = models.OneToOneField(Item, models.CASCADE, null=True, related_name="token")


class Picture(models.ImageField):
    """An image field that does not ask for Pillow: nothing here looks inside."""

    def _check_image_library_installed(self) -> list[Any]:
        return []


class Portrait(models.Model):
    """A key that is any text, and files."""

    title = models.CharField(max_length=100, primary_key=True)
    maker = models.ForeignKey(Maker, models.CASCADE, null=True)
    picture = Picture(null=True, blank=True, help_text="As it hangs on the wall.")
    scan = models.FileField(null=True, verbose_name="the scan itself")
    item = models.ForeignKey(Item, models.CASCADE, null=True, related_name="portraits")


class Ticket(models.Model):
    """A key that SQLite keeps as text without dashes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)


class Team(models.Model):
    """Whose tasks are whose."""

    name = models.CharField(max_length=30)


class Task(models.Model):
    """Something to write: with rules of every sort, and a version."""

    team = models.ForeignKey(Team, models.CASCADE)
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=50, help_text="In a few words.")
    slug = models.SlugField(unique=True, null=True, blank=True)
    kind = models.CharField(
        max_length=5, choices=[("bug", "Bug"), ("wish", "A wish")], default="bug"
    )
    due = models.DateField(null=True, blank=True)
    begins = models.DateTimeField(null=True, blank=True)
    ends = models.DateTimeField(null=True, blank=True)
    lasts = models.DurationField(null=True, blank=True)
    cost = models.DecimalField(max_digits=6, decimal_places=2, default=0, blank=True)
    done = models.BooleanField(default=False)
    urgent = models.BooleanField(default=True)
    data = models.JSONField(null=True, blank=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True)
    country = models.ForeignKey(Country, models.SET_NULL, null=True, blank=True)
    labels = models.ManyToManyField(Label, blank=True)
    plan = models.FileField(null=True, blank=True)
    pin = models.CharField(max_length=10, blank=True)
    remark = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        unique_together = [("team", "number")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(remark="forbidden"), name="secret_rule"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.pin})"

    def clean(self) -> None:
        """Refuse what no rule of the database knows."""
        if self.begins and self.ends and self.ends < self.begins:
            raise ValidationError({"ends": "It ends before it begins."})


class Step(models.Model):
    """Keeps its task from being deleted."""

    task = models.ForeignKey(Task, models.PROTECT)
    hidden = models.BooleanField(default=False)


class Comment(models.Model):
    """Goes with its task."""

    task = models.ForeignKey(Task, models.CASCADE)
    text = models.CharField(max_length=50)
    hidden = models.BooleanField(default=False)


class Rack(models.Model):
    """Thrown away, and then not even found by a key."""

    name = models.CharField(max_length=20)
    thrown_away = models.BooleanField(default=False)

    objects = Kept()

    class Meta:
        base_manager_name = "objects"


class Box(models.Model):
    """Holds a child of another model, and is somewhere."""

    name = models.CharField(max_length=20)
    gadget = models.ForeignKey(Gadget, models.SET_NULL, null=True, related_name="boxes")
    rack = models.ForeignKey(Rack, models.SET_NULL, null=True, related_name="boxes")


class OldItem(Item):
    """The same rows under another name."""

    class Meta:
        proxy = True


class MakerRow(models.Model):
    """The makers' table, as somebody else's."""

    name = models.CharField(max_length=50)
    api_token = models.CharField(max_length=50)

    class Meta:
        managed = False
        db_table = "testapp_maker"
