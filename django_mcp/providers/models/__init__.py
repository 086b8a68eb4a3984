"""Primitives from Django models: what a toolset lists, and nothing else."""
