"""A site with django-allauth: its views in a browser, and as tools."""
