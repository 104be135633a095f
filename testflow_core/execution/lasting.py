"""How long directories and environments are held: for their run, whose end is certified, or for longer."""

from __future__ import annotations

from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING

from testflow_core.interfaces import PROVISIONER, TakesInventory
from testflow_core.provisioning import placing
from testflow_core.provisioning.certificate import certified
from testflow_core.provisioning.identity import identity
from testflow_core.provisioning.kept import Wish, kept
from testflow_core.provisioning.leases import DirectoryLease
from testflow_core.provisioning.shared_supervisor import SharedSupervisor, shared_supervisor
from testflow_core.registry import InstalledPlugins

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testflow_core.execution.provisioners import ChosenProvisioner
    from testflow_core.execution.stage import Setting
    from testflow_core.model import Certificate, Environment, Provisioned, Site


@contextmanager
def run_directory(certify: Callable[[Certificate], None]) -> Generator[Path]:
    """
    A directory of one run, which only we can read; gone on exit, and also after we were killed.

    `certify` hears what was left of it, and of all that the run's shared supervisor has started, which ends with it.
    """
    with certified("", certify) as (lease, look), closing(shared_supervisor() or SharedSupervisor()) as supervisor:
        supervisor.get().inherit(lease.directory)
        try:
            yield lease.directory
        finally:
            look()


def leased(
    environment: Environment, chosen: ChosenProvisioner, site: Callable[[DirectoryLease], Site], setting: Setting
) -> AbstractContextManager[tuple[DirectoryLease, Callable[[], None]]]:
    """
    A directory for an environment, and the look to be had while that is up.

    It is certified where there is anything on the machine that could be left, and nothing that is to stay.
    """
    if not setting.plugins.outside or _lasts(environment, setting):
        # Who keeps an environment gives it a directory of its own.
        there = DirectoryLease(name=setting.directory.name, directory=setting.directory)
        return nullcontext((there, lambda: None))

    def elsewhere(lease: DirectoryLease) -> Mapping[str, tuple[str, ...]]:
        provisioner = chosen.provisioner
        if not isinstance(provisioner, TakesInventory):
            return {}
        return setting.calls.answer(PROVISIONER, chosen.name, lambda: provisioner.inventory(site(lease)), {})

    return certified(environment.label, setting.surroundings.certificates.append, elsewhere)


def provisioned(
    environment: Environment, chosen: ChosenProvisioner, site: Site, setting: Setting
) -> AbstractContextManager[Provisioned]:
    """The environment, for as long as is wished."""
    if not _lasts(environment, setting):
        return chosen.provisioner.provision(environment, site)
    wish = Wish(
        environment=environment,
        provisioner=chosen.name,
        site=site,
        keeping=setting.keeping,
        identity=identity(environment, chosen.provisioner, site),
    )
    return kept(wish, setting.failed, setting.surroundings.kept.append)


def _lasts(environment: Environment, setting: Setting) -> bool:
    # What was done to a service on purpose is not known to whoever comes later.
    if not setting.plugins.outside or not setting.keeping.wished or environment.faults:
        return False
    # Whoever keeps it is a process of its own, which has no plugins that were handed to this one.
    handed = not isinstance(setting.plugins, InstalledPlugins)
    return not (handed and placing.within(setting.plan.data, environment))
