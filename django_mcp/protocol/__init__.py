"""The protocol engine: values in, values out.

Nothing in this package knows Django, waits, reads a clock, logs or holds
state that outlives a conversation. Import its modules, not this package.
"""
