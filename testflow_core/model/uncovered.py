"""What of a change nobody is known to test."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Uncovered:
    """
    A changed part of an application that no test that runs is known to reach.

    `unit` is a function's qualified name, or `<module>` for what runs when the file is imported; it is empty for a
    whole file, and `file` for all that changed. `reason` says how that is known; where `known` is False nobody can say
    whether a test reaches it.
    """

    application: str
    file: str = ""
    unit: str = ""
    reason: str
    known: bool = True

    def __str__(self) -> str:
        where = ": ".join(filter(None, (self.application, self.file, self.unit)))
        return f"{where}: {'' if self.known else 'unknown: '}{self.reason}"
