"""django-ninja: the operations of an API as tools. Each module says its part."""
