"""How long directories and environments are held: for their run, whose end is certified, or for longer."""

from __future__ import annotations

from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING

from attrs import evolve

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
    shared = shared_supervisor() or SharedSupervisor()
    # An agent may have been started while it was still planned: it belongs to the run as well.
    with certified("", certify, since=shared.since) as (lease, look), closing(shared) as supervisor:
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


@contextmanager
def provisioned(
    environment: Environment, chosen: ChosenProvisioner, site: Site, setting: Setting
) -> Generator[Provisioned]:
    """The environment, for as long as is wished; its origin says why it goes with its run where another was wished."""
    if not _lasts(environment, setting):
        with chosen.provisioner.provision(environment, site) as up:
            why = _hindrance(environment, setting) if setting.keeping.wished else ""
            yield evolve(up, origin=f"new: not kept, {why}") if why else up
        return
    wish = Wish(
        environment=environment,
        provisioner=chosen.name,
        site=site,
        keeping=setting.keeping,
        identity=identity(environment, chosen.provisioner, site),
    )
    with kept(wish, setting.failed, setting.surroundings.kept.append) as up:
        yield up


def _lasts(environment: Environment, setting: Setting) -> bool:
    return setting.plugins.outside and setting.keeping.wished and not _hindrance(environment, setting)


def _hindrance(environment: Environment, setting: Setting) -> str:
    """Why an environment cannot outlive its run, empty where it can."""
    if environment.faults:
        # What was done to a service on purpose is not known to whoever comes later.
        return "as it offers faults"
    # Whoever keeps it is a process of its own, which has no plugins that were handed to this one.
    handed = not isinstance(setting.plugins, InstalledPlugins)
    if handed and placing.within(setting.plan.data, environment):
        return "as its services hold test data from plugins that were handed to the engine"
    return ""
