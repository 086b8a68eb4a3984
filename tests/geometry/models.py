"""A place on the map."""

from django.contrib.gis.db import models


class Place(models.Model):
    name = models.CharField(max_length=50)
    point = models.PointField(null=True)
