"""What pytest itself says of the tests in a folder."""

import subprocess
from xml.etree import ElementTree as ET

from testflow_core.model import Status


def plain(python, folder, *words):
    """How each test ends under pytest itself: its file and its name, and what the report calls it."""
    report = folder / "report.xml"
    options = ["-q", "-p", "no:cacheprovider", "--continue-on-collection-errors", f"--junitxml={report}"]
    subprocess.run([python, "-m", "pytest", *options, "-o", "junit_family=xunit1", *words], cwd=folder, check=False)
    told = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own report
        kinds = [each.tag for each in case if each.tag in {"failure", "error", "skipped"}]
        told.setdefault((case.get("file"), case.get("name")), set()).update(kinds or ["passed"])
    report.unlink()
    return told


# What a report says of a test that passed and whose tear-down failed is both.
CALLED = {
    Status.PASSED: {"passed"},
    Status.FAILED: {"failure"},
    Status.ERROR: {"error"},
    Status.SKIPPED: {"skipped"},
}
