"""The router `codeowners`: what the declaration says, else whom the code belongs to that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

from testflow_core.builtin.routers.table import by_default, declared, of_the_rule, routed
from testflow_core.interfaces import Router
from testflow_core.model import Context, OwnerRule, Route

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Diagnosis


@frozen(kw_only=True)
class CodeOwnersRouter(Router):
    """
    By the declared routing, else by CODEOWNERS, else to the rule's owner, the test's owner, or the default.

    CODEOWNERS is asked for the file that failed, else for the test's. The test's owner is the declared one, else that
    of the test's file. Of several owners in a line, the first gets it; the reason names them all.
    """

    def route(self, diagnoses: Sequence[Diagnosis], context: Context) -> Iterable[Route]:
        """One route for every diagnosis, in order."""
        asking = _Asking(context)
        return [asking.route(diagnosis) for diagnosis in diagnoses]


@define
class _Asking:
    """What CODEOWNERS says of a file is looked for once: many tests fail in the same."""

    context: Context
    known: dict[tuple[str, str], OwnerRule | None] = field(factory=dict[tuple[str, str], OwnerRule | None])

    def route(self, diagnosis: Diagnosis) -> Route:
        analysis, test = self.context.analysis, diagnosis.test
        said = self._said(diagnosis)
        return (
            declared(diagnosis, analysis)
            or self._owned(diagnosis, diagnosis.file or test.file)
            or of_the_rule(diagnosis, said)
            or self._of_the_test(diagnosis, said)
            or by_default(diagnosis, analysis, said)
        )

    def _of_the_test(self, diagnosis: Diagnosis, said: str) -> Route | None:
        owner = self.context.test_owners.get(diagnosis.test)
        if owner:
            return routed(diagnosis, owner, f"the test belongs to {owner}", said)
        return self._owned(diagnosis, diagnosis.test.file)

    def _owned(self, diagnosis: Diagnosis, file: str) -> Route | None:
        rule = self._rule(diagnosis.test.application, file)
        if rule is None or not rule.owners:
            return None
        where = f"the failing frame is in {file}" if file == diagnosis.file else f"the test is in {file}"
        line = f"line {rule.line}: {rule.pattern} {' '.join(rule.owners)}"
        return Route(test=diagnosis.test, team=rule.owners[0], reason=f"routed by CODEOWNERS {line}; {where}")

    def _said(self, diagnosis: Diagnosis) -> str:
        """Why CODEOWNERS is of no help, empty where there is none."""
        if diagnosis.test.application not in self.context.code_owners:
            return ""
        file = diagnosis.file or diagnosis.test.file
        rule = self._rule(diagnosis.test.application, file)
        if rule is None:
            return f"no line of CODEOWNERS matches {file}"
        return f"CODEOWNERS line {rule.line} leaves {file} to nobody"

    def _rule(self, application: str, file: str) -> OwnerRule | None:
        key = application, file
        if key not in self.known:
            owners = self.context.code_owners.get(application)
            self.known[key] = owners.rule_for(file) if owners else None
        return self.known[key]
