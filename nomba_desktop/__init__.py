"""Nomba Desktop: keeps Nomba API keys signed in."""
