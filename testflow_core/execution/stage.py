"""What tests find when they run: their data, their environment, or why one of them is not there."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core import data_making
from testflow_core.errors import DataError, ProvisionError
from testflow_core.execution import destinations, faults
from testflow_core.execution.absence import Absence, absent, entered, raised
from testflow_core.execution.apart import Apart, CopyData, Ways, by_copy, environment_of
from testflow_core.execution.harm import Harm
from testflow_core.execution.lasting import leased, provisioned
from testflow_core.execution.provisioners import ChosenProvisioner, needed
from testflow_core.execution.surroundings import Surroundings
from testflow_core.execution.witness import Witness
from testflow_core.interfaces import DATA_GENERATOR, DESTINATION, PROVISIONER, PlacesData
from testflow_core.model import Bench, By, DataSet, Environment, Keeping, Loaded, Plan, PlannedBatch, Provisioned, Site
from testflow_core.plugin_calls import PluginCalls
from testflow_core.provisioning import placing, records, wiring
from testflow_core.registry import Plugins

if TYPE_CHECKING:
    from testflow_core.model import TestData
    from testflow_core.provisioning.leases import DirectoryLease


@frozen(kw_only=True)
class Stage:
    """
    The data and the environments of a run, each up or absent with its reason, and not there where nobody needs it.

    `environments` are by name and variant; `apart` is what batches have for themselves; `secrets` are those of both.
    `harm` is what is done to services while batches run, `witness` watches what they write.
    """

    directory: Path
    data: Loaded | Absence | None = None
    environments: Mapping[tuple[str, str], Provisioned | Absence] = field(
        factory=dict[tuple[str, str], "Provisioned | Absence"]
    )
    apart: Apart
    harm: Harm
    witness: Witness = field(factory=Witness)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Passwords of all that has come up so far, as they are and as they stand in URLs."""
        apart = self.apart.secrets
        # Asked for each outcome, and nothing is up for most.
        if not (self.environments or self.data or apart):
            return ()
        up = [each for each in self.environments.values() if isinstance(each, Provisioned)]
        shared = (secret for each in up for secret in wiring.secrets(each.endpoints))
        of_data = self.data.secrets if isinstance(self.data, Loaded) else ()
        return tuple(dict.fromkeys((*shared, *of_data, *apart)))

    def data_of(self, batch: PlannedBatch) -> Loaded | Absence | None:
        """The data that the tests of a batch find, None where there is none."""
        return self.apart.data_of(batch) or self.data

    def environment_of(self, batch: PlannedBatch) -> Provisioned | Absence | None:
        """The environment that the tests of a batch run in, None where they need none."""
        own = self.apart.of(batch)
        if own is not None:
            return own
        wanted = batch.terms.environment
        if not wanted or not self.environments:
            return None
        # Who names none means the only one: a plan with others is refused.
        name = next(iter(self.environments))[0] if wanted is True else wanted
        return self.environments.get((name, batch.variant))


@frozen(kw_only=True)
class Setting:
    """
    What a stage is set up with; `provisioners` are by the labels of environments.

    `phase` times what is done, by name, `tell` hears of what takes long, `surroundings` of every environment that
    comes up. `isolation` is what `Site` says of it. `keeping` is what is wished of environments after the run, `failed`
    whether it has failed.
    """

    plan: Plan
    provisioners: Mapping[str, ChosenProvisioner]
    plugins: Plugins
    calls: PluginCalls
    directory: Path
    workspace: Path
    phase: Callable[[str], AbstractContextManager[None]]
    tell: Callable[[str], None]
    surroundings: Surroundings
    isolation: str | None = None
    keeping: Keeping = field(factory=Keeping)
    failed: Callable[[], bool] = lambda: False


@contextmanager
def prepared(setting: Setting) -> Generator[Stage]:
    """The stage of a plan, gone on exit: records first, then services, each only if some batch needs it."""
    plan = setting.plan
    wanted = needed(plan)
    with ExitStack() as exits:
        made, data = None, None
        used = [environment_of(batch, plan.environments) for batch in plan.batches]
        referring = any(records.of_environment(environment) for environment in plan.environments if environment in used)
        if plan.data is not None and (referring or any(batch.terms.data for batch in plan.batches)):
            with setting.phase("data"):
                made = _made(plan.data, setting)
                data = _placed(made, plan.data, setting, exits) if isinstance(made, DataSet) else made
        environments = _environments(wanted, made, setting, exits)
        stage = Stage(
            directory=setting.directory,
            data=data,
            environments=environments,
            apart=Apart(plan, _own(environments, made, setting), _copying(data, plan.data, setting)),
            harm=Harm(setting.surroundings.warnings.append),
            witness=exits.enter_context(Witness()),
        )
        exits.callback(stage.apart.close)
        exits.callback(stage.harm.close)
        yield stage


def _environments(
    wanted: Sequence[Environment], made: DataSet | Absence | None, setting: Setting, exits: ExitStack
) -> Mapping[tuple[str, str], Provisioned | Absence]:
    """Those that some batch needs, one after the other; that one of them does not come up is no matter to the next."""
    found: dict[tuple[str, str], Provisioned | Absence] = {}
    for environment in wanted:
        chosen = setting.provisioners[environment.label]
        with setting.phase("provision" if len(wanted) == 1 else f"provision {environment.label}"):
            up = _environment(environment, chosen, made, setting, exits, copies=_is_copied(environment, setting.plan))
            found[environment.name, environment.variant] = up
    return found


def _is_copied(environment: Environment, plan: Plan) -> bool:
    """Whether some batch has a copy of a part of the environment for itself."""
    return any(by_copy(batch) and environment_of(batch, [environment]) is not None for batch in plan.batches)


def _own(
    shared: Mapping[tuple[str, str], Provisioned | Absence], made: DataSet | Absence | None, setting: Setting
) -> Ways:
    """What batches are given for themselves: an environment of its own, or the shared one with copies in it."""
    told: set[str] = set()

    def make(environment: Environment, by: By, exits: ExitStack) -> Provisioned | Absence:
        chosen = setting.provisioners[environment.label]
        if by is By.SERVER:
            own = _environment(environment, chosen, made, setting, exits)
            if isinstance(own, Provisioned):
                setting.surroundings.own_up(environment, own)
            return own
        there = shared[environment.name, environment.variant]
        if isinstance(there, Absence):
            return there
        clone = there.clone
        what = f"the environment {environment.label!r} could not be copied"
        copy = there
        if clone is not None:
            copy = entered(
                lambda: faults.copied(there, clone(by)), PROVISIONER, chosen.name, what, setting.calls, exits
            )
        if isinstance(copy, Provisioned) and environment.label not in told:
            told.add(environment.label)
            common = [name for name, endpoint in copy.endpoints.items() if endpoint == there.endpoints[name]]
            if common:
                setting.surroundings.warnings.append(_shared_by_all(environment, common))
        return copy

    return make


def _shared_by_all(environment: Environment, services: Sequence[str]) -> str:
    return (
        f"of the environment {environment.label!r}, {', '.join(services)} cannot be copied: all tests share that, and"
        ' what it is wired to; `"by": "server"` gives them an environment of their own'
    )


def _made(data: TestData, setting: Setting) -> DataSet | Absence:
    try:
        return data_making.made(data, setting.plugins)
    except DataError as error:
        return absent(f"the test data {data.name!r} could not be made: {error}")
    except Exception:  # noqa: BLE001 - whatever a plugin raises is its failure, not the run's
        return raised(DATA_GENERATOR, data.generator, f"the test data {data.name!r} could not be made", setting.calls)


def _placed(made: DataSet, declared: TestData, setting: Setting, exits: ExitStack) -> Loaded | Absence:
    bench = Bench(directory=setting.directory, checkout=setting.workspace)
    what = f"the test data {made.name!r} could not be put in place"
    several: list[Loaded] = []
    for name, options in placing.by_itself(declared).destinations.items():
        destination = setting.plugins.load(DESTINATION, name, **options)
        loaded = entered(partial(destination.load, made, bench), DESTINATION, name, what, setting.calls, exits)
        if isinstance(loaded, Absence):
            return loaded
        several.append(loaded)
        limit, surroundings = setting.keeping.on_failure, setting.surroundings
        exits.callback(destinations.keep, loaded, made.name, limit, setting.failed, surroundings.kept.append)
    return destinations.together(several)


def _copying(data: Loaded | Absence | None, declared: TestData | None, setting: Setting) -> CopyData:
    """What gives a unit a copy of the data, as far as its destinations have the means."""

    def copy(exits: ExitStack) -> Loaded | Absence | None:
        if declared is None or not isinstance(data, Loaded) or data.clone is None:
            return None
        what = f"the test data {declared.name!r} could not be copied"
        return entered(data.clone, DESTINATION, ", ".join(declared.destinations), what, setting.calls, exits)

    return copy


def _environment(
    environment: Environment,
    chosen: ChosenProvisioner,
    made: DataSet | Absence | None,
    setting: Setting,
    exits: ExitStack,
    *,
    copies: bool = False,
) -> Provisioned | Absence:
    referring = bool(records.of_environment(environment))
    if referring and isinstance(made, Absence):
        said = f"the environment {environment.label!r} refers to test data, and {made.reason}"
        return evolve(made, reason=said, message=said)
    if chosen.refusal is not None:
        return absent(f"no provisioner can bring up {environment.label!r}: {chosen.refusal}")
    data = placing.within(setting.plan.data, environment)
    if data is not None and not isinstance(chosen.provisioner, PlacesData):
        placed = ", ".join(data.destinations)
        return absent(f"the provisioner {chosen.name!r} puts no test data into {environment.label!r} (by {placed})")

    def site(lease: DirectoryLease) -> Site:
        return Site(
            lease=lease.name,
            directory=lease.directory,
            workspace=setting.workspace,
            checkouts={name: each.path for name, each in setting.plan.applications.items() if each.path is not None},
            tell=setting.tell,
            isolation=setting.isolation,
            copies=copies,
            faults=environment.faults,
            records=made if referring and isinstance(made, DataSet) else {},
            data=data,
            plugins=setting.plugins,
        )

    lease, look = exits.enter_context(leased(environment, chosen, site, setting))
    there = site(lease)
    what = f"the environment {environment.label!r} did not come up"
    up = entered(
        lambda: provisioned(environment, chosen, there, setting), PROVISIONER, chosen.name, what, setting.calls, exits
    )
    if not isinstance(up, Provisioned):
        return up
    exits.callback(look)
    return _offering(environment, up, lease.directory, setting, exits)


def _offering(
    environment: Environment, up: Provisioned, directory: Path, setting: Setting, exits: ExitStack
) -> Provisioned | Absence:
    """The environment with the means to do something to its services, where it is declared so."""
    # Nothing runs outside: there is neither a directory for a socket, nor a process that would ask.
    if not environment.faults or not setting.plugins.outside:
        return up
    try:
        return faults.offered(up, directory, setting.surroundings.warnings.append, exits)
    except ProvisionError as error:
        return absent(f"the environment {environment.label!r} did not come up: {error}")
