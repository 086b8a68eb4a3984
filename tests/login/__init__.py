"""A shop that people log in to: its own authorization server, in a process.

Clients that nobody here wrote go through the whole of it: they are refused,
find the authorization server, get to be known there, send a person to its
pages, and call tools with the token they get. Only the names of two hosts
lead to this machine, see ``hosts.py``; everything else is as in production.
"""
