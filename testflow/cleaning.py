"""Remove by hand what runs have left."""

from __future__ import annotations

from testflow_core.errors import ProvisionError
from testflow_core.interfaces import PROVISIONER, Cleans
from testflow_core.provisioning import kept as environments
from testflow_core.provisioning import leases, ledger
from testflow_core.registry import plugin_set


def clean(*, kept: bool | str = False) -> tuple[str, ...]:
    """
    End and remove what runs of yours have left on this machine that were killed together with their supervisors.

    The next run does the same by itself. With `kept`, environments that were kept end as well, unless a run uses them:
    all of them, or the one that a result names; with all of them goes test data that was kept. A line for each thing
    that was removed; what belongs to a run that goes on, or to another user, stays. PluginError where a provisioner
    cannot be loaded, ProvisionError where one cannot remove something, or no environment of that name is kept,
    DataError where test data cannot be removed.
    """
    # First what needs nobody's plugin, which may fail.
    removed = [*_ended(kept), *leases.sweep()]
    plugins = plugin_set("installed")
    provisioners = [plugins.load(PROVISIONER, name) for name in plugins.names(PROVISIONER)]
    removed += [line for each in provisioners if isinstance(each, Cleans) for line in each.clean()]
    return (*removed, *ledger.sweep(kept=kept is True))


def _ended(kept: bool | str) -> list[str]:
    there = environments.all_kept() if kept else []
    if isinstance(kept, str) and kept not in {each.lease for each in there}:
        known = ", ".join(each.lease for each in there) or "none"
        raise ProvisionError(f"no environment {kept!r} is kept (kept: {known})")
    wanted = [each for each in there if kept in {True, each.lease}]
    return [f"environment {each.listing.environment} ({each.lease})" for each in wanted if environments.end(each)]
