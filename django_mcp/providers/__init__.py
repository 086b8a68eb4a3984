"""Modules that each build primitives from one kind of Django thing."""
