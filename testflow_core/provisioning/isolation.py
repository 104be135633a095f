"""How far environments are kept apart: what was asked for, and what the system allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError
from testflow_core.provisioning.namespaces import NAMESPACES, TIERS

if TYPE_CHECKING:
    from testflow_core.provisioning.supervisor import Supervisor

REQUIRED = "required"
"""The highest tier, and nothing below it."""

CHOICES = (REQUIRED, *TIERS)


def wanted(asked: str | None) -> str:
    """The tier to try first: the highest unless one is asked for by name."""
    return asked if asked in TIERS else NAMESPACES


def reached(supervisor: Supervisor, asked: str | None) -> str:
    """
    The tier of a supervisor, in words; ProvisionError where another was asked for.

    Where nothing was asked for, a lower tier is as good as any, and says why it is not the highest.
    """
    tier, why = supervisor.tier
    if asked is not None and tier != wanted(asked):
        raise ProvisionError(
            f"the isolation {asked!r} cannot be had: {why}; allow user namespaces to unprivileged users, use the"
            f" provisioner 'docker', or ask for the isolation {tier!r}"
        )
    return f"{tier} ({why})" if why else tier
