"""Doors to the world: one file per (technology, port)."""
