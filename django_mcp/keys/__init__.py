"""Keys for programs that cannot log in: an app of its own, if a project wants it."""
