"""What a deciding plugin may know besides its subject: an immutable view that grows by fields."""

from __future__ import annotations

from attrs import field, frozen

from testflow_core.model.application import Application
from testflow_core.model.change import Change
from testflow_core.model.history import Past
from testflow_core.model.workflow import FailureAnalysis, TestSelection


@frozen(kw_only=True)
class Context:
    """
    The surroundings of a decision.

    A selector finds the application, its change and the selection; an analyzer and a router find the analysis that was
    declared; all find the past.
    """

    application: Application | None = None
    change: Change | None = None
    selection: TestSelection | None = None
    analysis: FailureAnalysis = field(factory=FailureAnalysis)
    past: Past = field(factory=Past)
