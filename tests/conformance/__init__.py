"""A Django project with everything the official conformance suite asks for.

Built with the public interface alone. Interop tests, and any client, use the
same project: over HTTP by ``serve.py``, over stdio by ``stdio.py``.
"""
