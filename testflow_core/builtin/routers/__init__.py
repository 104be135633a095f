"""Routers that come with the core."""
