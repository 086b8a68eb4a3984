"""Prompts and resources from templates: Django's, and for text Jinja2's."""
