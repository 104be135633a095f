"""What a deciding plugin may know besides its subject: an immutable view that grows by fields."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from testflow_core.model.application import Application
from testflow_core.model.change import Change
from testflow_core.model.code_owners import CodeOwners
from testflow_core.model.history import Past
from testflow_core.model.provider import Provider
from testflow_core.model.test_case import TestCase
from testflow_core.model.workflow import FailureAnalysis, TestSelection


@frozen(kw_only=True)
class Context:
    """
    The surroundings of a decision.

    A selector finds the application, its change and the selection; an analyzer and a router find the analysis that was
    declared; all find the past. Where tests of several applications are put in order, `changes` are theirs, by
    application. A router finds whom code belongs to, by application, and the owners that are declared of failed tests.
    `evidence` is what a selector that `Gathers` has seen of the checkout. `providers` are the applications that the one
    at hand uses, as far as its tests may. It is `served` where they may talk to a service that runs its own checkout.
    """

    application: Application | None = None
    change: Change | None = None
    changes: Mapping[str, Change] = field(factory=dict[str, Change])
    selection: TestSelection | None = None
    analysis: FailureAnalysis = field(factory=FailureAnalysis)
    past: Past = field(factory=Past)
    code_owners: Mapping[str, CodeOwners] = field(factory=dict[str, CodeOwners])
    test_owners: Mapping[TestCase, str] = field(factory=dict[TestCase, str])
    evidence: object = None
    providers: tuple[Provider, ...] = ()
    served: bool = False
