"""Official clients, which nobody here wrote, against a real server."""
