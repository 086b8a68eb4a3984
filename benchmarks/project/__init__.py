"""The Django project whose tools are measured."""
