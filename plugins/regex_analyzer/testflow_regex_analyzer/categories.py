"""The first categories of the rule pack that is shipped."""

CATEGORIES = (
    "test_definition",
    "tls",
    "auth",
    "resource",
    "concurrency",
    "ui",
    "dependency",
    "configuration",
    "environment",
    "service",
    "timeout",
    "network",
    "data",
    "crash",
    "code",
    "assertion",
)
"""The first categories, in the order in which their rules are tried: what is named more precisely comes first."""
