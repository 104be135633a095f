"""Selectors that come with the core."""
