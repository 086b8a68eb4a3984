"""A small bookshop that shows what django_mcp does. Read ``shop/mcp.py`` first."""
