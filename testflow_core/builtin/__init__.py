"""Plugins that come with the core, found by entry points like any other."""
