"""Reporters that come with the core."""
