from __future__ import annotations

from textwrap import dedent

import pytest

import testflow


@pytest.fixture
def real_shop(tmp_path, monkeypatch):
    """Writes files of an application `shop`, and answers an engine for it."""
    monkeypatch.chdir(tmp_path)

    def write(files, *, reporters=(), **fields):
        for name, text in files.items():
            path = tmp_path / "shop" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")
        return testflow.Engine(applications={"shop": fields}, reporters=reporters, workers=1)

    return write
