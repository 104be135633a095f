"""A small service that takes payments and keeps them in PostgreSQL."""
