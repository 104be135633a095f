"""What holds for every test: Hypothesis looks for wrong answers, not for slow ones, as the machine may be busy."""

from __future__ import annotations

from contextlib import suppress

# Some plugins are tested without it.
with suppress(ModuleNotFoundError):
    from hypothesis import HealthCheck, settings

    # On top of the profile that Hypothesis itself has chosen (another one in CI).
    settings.register_profile("testflow", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("testflow")
