"""A project with GeoDjango and PostGIS, in a process of its own."""
