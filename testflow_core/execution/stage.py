"""What tests find when they run: their data, their environment, or why one of them is not there."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from attrs import field, frozen

from testflow_core.errors import DataError, ProvisionError
from testflow_core.execution.provisioners import ChosenProvisioner
from testflow_core.interfaces import DATA_GENERATOR, DESTINATION, PROVISIONER
from testflow_core.model import Bench, DataSet, Loaded, Plan, Provisioned, Site
from testflow_core.plugin_calls import PluginCalls
from testflow_core.provisioning import wiring
from testflow_core.provisioning.leases import DirectoryLease, private_directory
from testflow_core.provisioning.supervisor import Supervisor
from testflow_core.registry import Plugins

if TYPE_CHECKING:
    from testflow_core.interfaces import Kind
    from testflow_core.model import TestData

P = TypeVar("P")
A = TypeVar("A")

DESTINATION_NAME = "records"


@frozen(kw_only=True)
class Absence:
    """Why something that tests need is not there: a sentence, what explains it in short, and in full."""

    reason: str
    message: str
    text: str = ""


@frozen(kw_only=True)
class Stage:
    """The data and the environment of a run, each up, absent with its reason, or None where nobody needs it."""

    directory: Path
    data: Loaded | Absence | None = None
    environment: Provisioned | Absence | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)


@frozen(kw_only=True)
class Setting:
    """What a stage is set up with; `phase` times what is done, by name, `tell` hears of what takes long."""

    plan: Plan
    provisioner: ChosenProvisioner | None
    plugins: Plugins
    calls: PluginCalls
    directory: Path
    workspace: Path
    phase: Callable[[str], AbstractContextManager[None]]
    tell: Callable[[str], None]


@contextmanager
def run_directory() -> Generator[Path]:
    """A directory of one run, which only we can read; gone on exit, and also after we were killed."""
    with private_directory() as lease, Supervisor(remove=[lease.directory]):
        yield lease.directory


@contextmanager
def prepared(setting: Setting) -> Generator[Stage]:
    """The stage of a plan, gone on exit: records first, then services, each only if some batch needs it."""
    plan = setting.plan
    with ExitStack() as exits:
        data = None
        environment = None
        if plan.data is not None and any(batch.terms.data for batch in plan.batches):
            with setting.phase("data"):
                data = _data(plan.data, setting, exits)
        if setting.provisioner is not None and any(batch.terms.environment for batch in plan.batches):
            with setting.phase("provision"):
                environment = _environment(setting.provisioner, setting, exits)
        secrets = wiring.secrets(environment.endpoints) if isinstance(environment, Provisioned) else ()
        yield Stage(directory=setting.directory, data=data, environment=environment, secrets=secrets)


def _data(data: TestData, setting: Setting, exits: ExitStack) -> Loaded | Absence:
    try:
        generator = setting.plugins.load(DATA_GENERATOR, data.generator, **data.options)
        records = {entity: tuple(rows) for entity, rows in generator.generate(data).items()}
    except DataError as error:
        return _absence(f"the test data {data.name!r} could not be made: {error}")
    except Exception:  # noqa: BLE001 - whatever a plugin raises is its failure, not the run's
        return _raised(DATA_GENERATOR, data.generator, f"the test data {data.name!r} could not be made", setting)
    destination = setting.plugins.load(DESTINATION, DESTINATION_NAME)
    bench = Bench(directory=setting.directory, checkout=setting.workspace)
    made = DataSet(name=data.name, records=records)
    what = f"the test data {data.name!r} could not be put in place"
    return _entered(lambda: destination.load(made, bench), DESTINATION, DESTINATION_NAME, what, setting, exits)


def _environment(chosen: ChosenProvisioner, setting: Setting, exits: ExitStack) -> Provisioned | Absence:
    environment = setting.plan.environment
    assert environment is not None  # noqa: S101 - a provisioner is chosen for an environment only
    if chosen.refusal is not None:
        return _absence(f"no provisioner can bring up {environment.name!r}: {chosen.refusal}")
    outside = setting.plugins.outside
    nothing = DirectoryLease(name=setting.directory.name, directory=setting.directory)
    lease = exits.enter_context(private_directory()) if outside else nothing
    site = Site(
        lease=lease.name,
        directory=lease.directory,
        workspace=setting.workspace,
        checkouts={name: each.path for name, each in setting.plan.applications.items() if each.path is not None},
        tell=setting.tell,
    )
    what = f"the environment {environment.name!r} did not come up"
    return _entered(
        lambda: chosen.provisioner.provision(environment, site), PROVISIONER, chosen.name, what, setting, exits
    )


def _entered(
    enter: Callable[[], AbstractContextManager[A]],
    kind: Kind[P],
    name: str,
    what: str,
    setting: Setting,
    exits: ExitStack,
) -> A | Absence:
    """What a context manager gives, or why not; what goes wrong on its way out is recorded and loses nothing."""
    try:
        manager = enter()
        entered = manager.__enter__()
    except ProvisionError as error:
        return Absence(reason=f"{what}: {error.message}", message=f"{what}: {error}", text=_other_logs(error))
    except DataError as error:
        return _absence(f"{what}: {error}")
    except Exception:  # noqa: BLE001 - whatever a plugin raises is its failure, not the run's
        return _raised(kind, name, what, setting)

    def leave(*error: object) -> None:
        try:
            manager.__exit__(*error)  # pyright: ignore[reportArgumentType] - the three that ExitStack hands over
        except Exception:  # noqa: BLE001 - the run's results outlive a plugin that fails to clean up
            setting.calls.record(kind, name)

    exits.push(leave)
    return entered


def _absence(reason: str, text: str = "") -> Absence:
    return Absence(reason=reason, message=reason, text=text)


def _other_logs(error: ProvisionError) -> str:
    """The logs that the error as text does not show in full, that of the service at fault first."""
    at_fault_first = sorted(error.logs.items(), key=lambda each: each[0] != error.service)
    shown = str(error)
    logs = {service: log for service, log in at_fault_first if log.strip() and log.strip() not in shown}
    return "\n\n".join(f"--- log of {service} ---\n{log}" for service, log in logs.items())


def _raised(kind: Kind[P], name: str, what: str, setting: Setting) -> Absence:
    setting.calls.record(kind, name)
    return _absence(f"{what}: the {kind.title} {name!r} raised", traceback.format_exc())
