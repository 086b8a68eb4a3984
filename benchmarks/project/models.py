"""One table, large enough that reading it all would show."""

from django.db import models


class Product(models.Model):
    """Something on a shelf."""

    title = models.CharField(max_length=100)
    shelf = models.IntegerField(db_index=True)
    stock = models.IntegerField()

    def __str__(self) -> str:
        return self.title


class Shelf(models.Model):
    """Where something stands."""

    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Listed(models.Model):
    """What the lists of models are made of."""

    title = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    stock = models.IntegerField()
    added = models.DateTimeField()
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["title", "id"])]

    def __str__(self) -> str:
        return self.title


class Item(Listed):
    """A large table."""


class Record(Listed):
    """A very large table."""
