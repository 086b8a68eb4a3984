"""Moving bytes: HTTP over ASGI, a Django view, stdio; and between workers.

Transports read and write; what a message means is known by ``protocol`` and
what it leads to by ``dispatch``.
"""
