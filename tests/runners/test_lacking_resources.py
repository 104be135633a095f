"""What had run out when a test failed is told by the kernel's own figures, and nothing where it has none."""

import pytest

from testflow_core.builtin.runners.agent import resources
from testflow_core.builtin.runners.agent.resources import Kernel, amount, disks, kills, lacking, memory


@pytest.fixture(params=["v2", "v2 of a container", "v1"])
def group(request, tmp_path):
    """The files of a control group, as the kernel names them, and the file that counts kills."""
    groups, mounts = tmp_path / "cgroup", tmp_path / "fs"
    if request.param == "v1":
        groups.write_text("5:devices:/\n4:memory:/job\n0::/\n")
        folder, events, limit = mounts / "memory" / "job", "memory.oom_control", "memory.limit_in_bytes"
    else:
        groups.write_text("0::/job\n")
        folder = mounts / "job" if request.param == "v2" else mounts
        events, limit = "memory.events", "memory.max"
    folder.mkdir(parents=True)
    (folder / limit).write_text("1048576\n")
    return str(groups), str(mounts), folder / events


def test_the_kernel_is_asked_how_many_it_has_killed_since_it_was_last_asked(group):
    groups, mounts, events = group
    events.write_text("oom 7\noom_kill 2\n")
    kernel = Kernel(groups, mounts)
    assert kernel.killed() == 0
    events.write_text("oom 9\noom_kill 4\n")
    assert (kernel.killed(), kernel.killed()) == (2, 0)
    assert kernel.memory_limit() == 1 << 20


def test_where_nothing_can_be_read_nothing_is_told(tmp_path):
    kernel = Kernel(str(tmp_path / "none"), str(tmp_path / "none"))
    assert kernel.killed() == 0
    assert kernel.memory_limit() is None
    assert lacking("AssertionError: 1 == 2", kernel, [str(tmp_path), "/no/such/folder"]) == []


def test_a_test_that_had_no_memory_has_the_figures_of_its_process(group):
    groups, mounts, events = group
    events.write_text("oom_kill 0\n")
    kernel = Kernel(groups, mounts)
    events.write_text("oom_kill 1\n")
    killed, said = lacking("MemoryError", kernel, [])
    assert killed == "the kernel killed a process of its control group for lack of memory"
    assert "its control group may use 1.0 MiB" in said


def test_a_test_that_had_no_space_has_the_figures_of_each_disk_once(tmp_path):
    found = lacking("OSError: [Errno 28] No space left on device", Kernel(), [str(tmp_path), str(tmp_path)])
    (said,) = found
    assert said.startswith(f"on the disk of {tmp_path} ")
    assert said.endswith(" are free")


def test_a_full_disk_is_told_whatever_the_test_says(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "LITTLE", 1 << 62)
    (said,) = disks([str(tmp_path)], full_only=True)
    assert said.startswith(f"the disk of {tmp_path} is full: ")


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (5 << 30, "5.0 GiB"), (1 << 60, "1048576.0 TiB")],
)
def test_sizes_are_told_in_units(number, said):
    assert amount(number) == said


def test_several_are_counted():
    assert list(kills(0)) == []
    assert list(kills(3)) == ["the kernel killed 3 processes of its control group for lack of memory"]
    assert memory(1 << 20, None).startswith("the test process used 1.0 MiB of memory at most")
