"""Checkout sources that come with the core."""
