"""Change sources that come with the core."""
