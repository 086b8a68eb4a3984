"""Benchmarks: what a call costs here, beside a floor and beside others.

``python -m benchmarks`` runs them all; docs/benchmarks.md says how to read
what it prints. Nothing of the package imports this folder.
"""
