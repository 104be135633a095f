"""Seeded test data made with Faker."""

from testflow_faker_data.generator import FakerGenerator

__all__ = ["FakerGenerator"]
