"""Cleaning by hand."""

import testflow
from testflow_core.provisioning.leases import private_directory


def test_what_is_left_goes_and_what_is_held_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with private_directory() as alive:
        left = alive.directory.with_name("site-left")
        left.mkdir(mode=0o700)
        (left / "file").touch()
        removed = testflow.clean()
        assert f"directory {left}" in removed
        assert not left.exists()
        assert alive.directory.is_dir()
