"""What was sent of a run to where people work, and what was not."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Message:
    """
    One thing to be told: an `action` (`open`, `update`, `reopen`, `close`, `post`) on a `subject`.

    The subject is an issue where it is known, `acme/shop#12`, else what it would be called. `title` and `body` are what
    is said, `url` where it stands once it was `sent`.
    """

    action: str
    subject: str
    title: str = ""
    body: str = ""
    url: str = ""
    sent: bool = False


@frozen(kw_only=True)
class Delivery:
    """
    What a reporter has sent of a run.

    `place` is where to, as people call it. Of a `dry` run nothing was sent, and the messages are what would have been.
    `trouble` says why some were not; `again` is the line of Python that sends them later, from the history alone.
    `remarks` are sentences on what is left for another run, another reporter, or a person.
    """

    reporter: str
    run_id: str = ""
    place: str = ""
    dry: bool = False
    messages: tuple[Message, ...] = ()
    trouble: str = ""
    remarks: tuple[str, ...] = ()
    again: str = ""

    @property
    def sent(self) -> tuple[Message, ...]:
        """The messages that arrived."""
        return tuple(each for each in self.messages if each.sent)

    @property
    def unsent(self) -> tuple[Message, ...]:
        """The messages that should have arrived and did not; none of a dry run."""
        return () if self.dry else tuple(each for each in self.messages if not each.sent)
