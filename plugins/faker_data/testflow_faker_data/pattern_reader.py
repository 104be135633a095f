"""Patterns as they are written: a part of Python's regular expressions."""

from __future__ import annotations

import string

from testflow_faker_data.ambiguity import is_unambiguous
from testflow_faker_data.errors import FieldTypeError
from testflow_faker_data.pattern import (
    LONGEST_TEXT,
    SIZE_LIMIT,
    Either,
    Letters,
    Part,
    Pattern,
    Repeat,
    Sequence_,
    longest,
    size_of,
)

REPEAT_LIMIT = 1000
"""How often a part may be repeated at most."""

_CLASSES = {"d": string.digits, "w": string.ascii_letters + string.digits + "_"}
_SUPPORTED = r"supported are letters, \d, \w, [A-Z0-9], (a|b), and ?, {n}, {n,m} after one of these"
_SPECIAL = frozenset("|)?*+{}.^$")


def parsed(text: str) -> Pattern:
    """A pattern; FieldTypeError where it says what cannot be counted."""
    reader = _Reader(text)
    try:
        part = reader.either()
    except RecursionError:
        raise reader.wrong("is nested too deeply") from None
    if reader.at < len(text):
        raise reader.wrong(f"has {text[reader.at]!r} without its beginning")
    way: Sequence_ = (part,)
    size = size_of(way)
    if size > SIZE_LIMIT:
        raise reader.wrong("matches more than 2**256 texts; make it shorter")
    if longest(way) > LONGEST_TEXT:
        raise reader.wrong(f"matches texts of more than {LONGEST_TEXT} characters; make it shorter")
    return Pattern(text=text, way=way, size=size, unambiguous=is_unambiguous(way))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def wrong(self, what: str) -> FieldTypeError:
        return FieldTypeError(f"the pattern {self.text!r} {what}")

    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def either(self) -> Either:
        ways = [self.sequence()]
        while self.next() == "|":
            self.at += 1
            ways.append(self.sequence())
        return Either(tuple(ways))

    def sequence(self) -> Sequence_:
        parts: list[Part] = []
        while self.next() and self.next() not in "|)":
            part = self.part()
            least, most = self.times()
            parts.append(part if (least, most) == (1, 1) else Repeat(part, least, most))
        return tuple(parts)

    def part(self) -> Part:
        letter = self.next()
        self.at += 1
        if letter == "(":
            if self.text.startswith("?", self.at):
                if not self.text.startswith("?:", self.at):
                    raise self.wrong(f"has a group that begins with '(?'; {_SUPPORTED}")
                self.at += 2
            inner = self.either()
            if self.next() != ")":
                raise self.wrong("has a '(' without its ')'")
            self.at += 1
            return inner
        if letter == "[":
            return self.letters()
        if letter == "\\":
            return self.escaped()
        if letter in _SPECIAL:
            raise self.wrong(f"has {letter!r} at {self.at - 1}, which says nothing that can be counted; {_SUPPORTED}")
        return Letters(letter)

    def escaped(self) -> Letters:
        letter = self.next()
        self.at += 1
        if letter in ("d", "w"):
            return Letters(_CLASSES[letter])
        if not letter or letter.isalnum():
            raise self.wrong(f"has '\\{letter}', which is not known; {_SUPPORTED}")
        return Letters(letter)

    def letters(self) -> Letters:
        found: list[str] = []
        if self.next() == "^":
            raise self.wrong(f"says by '[^' what there is not; {_SUPPORTED}")
        while self.next() != "]":
            first = self.one_of_class()
            following = self.text[self.at + 1 : self.at + 2]
            if self.next() == "-" and len(first) == 1 and following not in ("]", ""):
                self.at += 1
                last = self.one_of_class()
                if len(last) != 1 or last < first:
                    raise self.wrong(f"has the range '{first}-{last}', whose end is before its beginning")
                found.extend(map(chr, range(ord(first), ord(last) + 1)))
            else:
                found.extend(first)
        self.at += 1
        if not found:
            raise self.wrong("has '[]' without a letter in it")
        return Letters("".join(dict.fromkeys(found)))

    def one_of_class(self) -> str:
        letter = self.next()
        self.at += 1
        if not letter:
            raise self.wrong("has a '[' without its ']'")
        return self.escaped().letters if letter == "\\" else letter

    def times(self) -> tuple[int, int]:
        letter = self.next()
        if letter == "?":
            self.at += 1
            return 0, 1
        if letter and letter in "*+":
            raise self.wrong(f"repeats without an end by {letter!r}; write how often, as in '{{1,8}}'")
        if letter != "{":
            return 1, 1
        end = self.text.find("}", self.at)
        least, comma, most = self.text[self.at + 1 : max(end, self.at)].partition(",")
        if end < 0 or not _is_count(least) or (comma and not _is_count(most)):
            raise self.wrong("has a '{' without how often it repeats; write it as in '{3}' or '{1,8}'")
        self.at = end + 1
        bounds = int(least), int(most if comma else least)
        if bounds[0] > bounds[1] or bounds[1] > REPEAT_LIMIT:
            raise self.wrong(f"repeats from {bounds[0]} to {bounds[1]} times; to {REPEAT_LIMIT} times are possible")
        return bounds


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(REPEAT_LIMIT))
