"""What a worker notes is what is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.builtin.runners.agent.spool import Reading, Spool

# Also lone surrogates: a file's name may be any bytes.
TEXTS = st.text(st.characters())
SECONDS = st.floats(min_value=0, allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("spools") / "spool"


@given(TEXTS, TEXTS, st.integers(min_value=0), SECONDS, SECONDS, st.integers(min_value=0))
def test_the_lines_that_are_written_by_hand_are_those_that_json_writes(
    place, file, name, mark, duration, started, left
):
    reading = Reading(str(place))
    spool = Spool()
    spool.open(str(place))
    where = {"file": file, "name": name}
    begins = {"event": "started", **where, "mark": mark}
    ends = {"event": "ended", **where, "status": "passed", "duration": duration, "started": started, "left": left}
    spool.started(file, name, mark)
    spool.send(begins)
    spool.passed(file, name, duration, started, left)
    spool.send(ends)
    events = reading.events()
    assert [{key: value for key, value in event.items() if key != "at"} for event in events] == [
        *[begins] * 2,
        *[ends] * 2,
    ]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    lines = [line.partition(b', "at": ')[0] for line in place.read_bytes().splitlines()[-4:]]
    assert (lines[0], lines[2]) == (lines[1], lines[3])


def test_a_line_that_is_no_event_costs_no_other(tmp_path):
    place = tmp_path / "spool"
    reading = Reading(str(place))
    whole = [json.dumps({"event": "ended", "name": name}) for name in "abc"]
    place.write_text("\n".join([whole[0], whole[1][:-4], '{"event": 1}, {"event": 2}', whole[2], whole[0][:-1]]))
    assert [event["name"] for event in reading.events()] == ["a", "c"]
    with place.open("a") as stream:
        stream.write("}\n")
    assert [event["name"] for event in reading.events()] == ["a"]
