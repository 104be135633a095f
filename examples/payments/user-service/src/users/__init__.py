"""A small service that registers users, logs them in and issues their tokens."""
