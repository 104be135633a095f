"""Remove by hand what runs have left."""

from __future__ import annotations

from testflow_core.interfaces import PROVISIONER, Cleans
from testflow_core.provisioning import leases
from testflow_core.registry import plugin_set


def clean() -> tuple[str, ...]:
    """
    End and remove what runs of yours have left on this machine that were killed together with their supervisors.

    The next run does the same by itself. A line for each thing that was removed; what belongs to a run that goes on, or
    to another user, stays. PluginError where a provisioner cannot be loaded, ProvisionError where one cannot remove
    something.
    """
    plugins = plugin_set("installed")
    # First what needs nobody's plugin, which may fail.
    removed = leases.sweep()
    provisioners = [plugins.load(PROVISIONER, name) for name in plugins.names(PROVISIONER)]
    return (*removed, *(line for each in provisioners if isinstance(each, Cleans) for line in each.clean()))
