"""Destinations that come with the core."""
