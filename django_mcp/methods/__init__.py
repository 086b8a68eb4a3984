"""One function for each protocol method, and the table that names them.

A method takes ``(server, event, context)`` and returns a result or an
awaitable of one. It raises `ProtocolError` when the client did wrong. It
moves no bytes, starts nothing and knows no transport.
"""
