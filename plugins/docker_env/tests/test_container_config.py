"""What a container is given beside its image: volumes, memory, limits, a health check."""

from __future__ import annotations

import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from testflow_docker_env import DockerProvisioner, remains
from testflow_docker_env.connection import Connection
from testflow_docker_env.images import HealthCheck, health_check

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Readiness, Service, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import docker

    Of = Callable[..., Environment]

BUSYBOX = "busybox:latest"
LIMIT = Readiness(timeout=timedelta(seconds=30))


def container(name: str = "web", script: str = "echo up; exec sleep 1000", **more: object) -> Service:
    given: dict[str, object] = {"image": BUSYBOX, "command": ("sh", "-c", script), **more}
    return Service(name=name, type="docker", **given)  # pyright: ignore[reportArgumentType] (the tests' own values)


def settings(api: docker.APIClient, site: Site) -> Mapping[str, Any]:
    (found,) = api.containers(filters={"label": [f"testflow.lease={site.directory}"]})
    return api.inspect_container(found["Id"])


def test_services_share_a_volume_by_its_name_and_it_goes_with_the_environment(
    site: Site, host: str, environment: Of, api: docker.APIClient
):
    writes = container("writes", "echo written > /out/note; exec sleep 1000", config={"volumes": ["shared:/out"]})
    reads = container(
        "reads",
        "until cat /in/note; do sleep 0.05; done; touch /in/more || echo cannot; exec sleep 1000",
        config={"volumes": ["shared:/in:ro"]},
        readiness=Readiness(log="cannot", timeout=timedelta(seconds=30)),
    )
    provisioner = DockerProvisioner()
    with provisioner.provision(environment(writes, reads), site) as up:
        assert "written" in up.logs["reads"].read_text()
        (volume,) = api.volumes(filters={"label": [f"testflow.lease={site.directory}"]})["Volumes"]
        assert volume["Name"] == f"testflow-{site.lease}-shared"
        found = provisioner.inventory(site)
        assert found["volume"] == (volume["Name"],)
        assert found["network"] == (f"testflow-{site.lease}",)
        assert sorted(name.rpartition("-")[2] for name in found["container"]) == ["reads", "writes"]
    assert provisioner.inventory(site) == {}


def test_two_environments_have_volumes_of_their_own(new_site: Callable[[], Site], host: str, environment: Of):
    once = container(
        script="test ! -e /data/mark && touch /data/mark && echo mine; exec sleep 1000",
        config={"volumes": ["data:/data"]},
        readiness=Readiness(log="mine", timeout=timedelta(seconds=30)),
    )
    with (
        DockerProvisioner().provision(environment(once), new_site()),
        DockerProvisioner().provision(environment(once), new_site()) as other,
    ):
        assert "mine" in other.logs["web"].read_text()


def test_a_dead_runs_volume_is_removed_by_cleaning(host: str, api: docker.APIClient, nothing_left: None, tmp_path):
    name = f"testflow-left-{tmp_path.name}"
    api.create_volume(name, labels=remains.marks(tmp_path / "gone"))
    assert f"volume {name}" in DockerProvisioner().clean()


def test_files_of_the_workspace_and_of_checkouts_can_be_read_and_not_written(site: Site, host: str, environment: Of):
    (site.workspace / "pages").mkdir()
    (site.workspace / "pages" / "index.html").write_text("from the workspace")
    service = container(
        script="touch /www/new || echo read only; exec httpd -f -p 80 -h /www",
        ports={80: 0},
        config={"volumes": ["./pages:/www:ro"]},
    )
    with DockerProvisioner().provision(environment(service), site) as up:
        with urllib.request.urlopen(up.endpoints["web"].url or "", timeout=20) as answer:  # noqa: S310 (our own server's)
            assert answer.read() == b"from the workspace"
        assert "read only" in up.logs["web"].read_text()
    assert [path.name for path in (site.workspace / "pages").iterdir()] == ["index.html"]


def test_every_path_that_cannot_be_mounted_is_told_before_anything_starts(site: Site, host: str, environment: Of):
    (site.workspace / "out").symlink_to("/etc")
    services = (
        container("web", config={"volumes": ["./gone:/a:ro", "./out/hostname:/b:ro"]}),
        container("api", config={"volumes": ["data:/ok", "./out:/c:ro"]}),
    )
    told: list[str] = []
    with pytest.raises(ProvisionError) as caught, DockerProvisioner().provision(environment(*services), site):
        told.append("up")
    assert told == []
    one, two, three = caught.value.message.split("; $")
    assert one.startswith("$.services.web.config.volumes[0]: there is no './gone' to mount; looked for")
    assert two.startswith(".services.web.config.volumes[1]:")
    assert "leads to /etc/hostname, outside of" in two
    assert three.startswith(".services.api.config.volumes[1]:")


def test_a_service_is_another_once_a_file_changes_that_it_mounts(site: Site, host: str):
    folder = site.workspace / "pages"
    folder.mkdir()
    (folder / "index.html").write_text("first")
    config = {"volumes": ["./pages:/www:ro", "./pages/index.html:/one:ro", "data:/data"]}
    service = container(config=config)
    before = DockerProvisioner().identity(service, site)
    assert DockerProvisioner().identity(service, site) == before
    (folder / "index.html").write_text("second")
    (folder / "empty").mkdir()
    after = DockerProvisioner().identity(service, site)
    changed = {what for what in before if before[what] != after[what]}
    assert changed == {"what is mounted at /www", "what is mounted at /one"}


def test_a_database_is_known_by_what_its_schemas_say(site: Site):
    schema = site.workspace / "orders.sql"
    schema.write_text("select 1")
    service = Service(name="db", type="postgres", config={"schemas": ["orders.sql"]})
    before = DockerProvisioner().identity(service, site)
    schema.write_text("select 2")
    after = DockerProvisioner().identity(service, site)
    assert [what for what in after if after[what] != before[what]] == ["the file orders.sql"]


def test_an_application_is_known_by_its_checkout_alone(site: Site):
    assert DockerProvisioner().identity(Service(name="shop", type="docker"), site) == {}


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        ({"volumes": ["data"]}, "volumes[0]", "expected 'name:/path', 'name:/path:ro' or './directory:/path:ro'"),
        ({"volumes": ["data:/x", "data:/"]}, "volumes[1]", "nothing can be mounted at '/'"),
        ({"volumes": ["ä:/x"]}, "volumes[0]", "no name of a volume"),
        ({"volumes": ["/etc:/x:ro"]}, "volumes[0]", "not below the workspace; name what is there"),
        ({"volumes": ["../x:/x:ro"]}, "volumes[0]", "not below the workspace"),
        ({"volumes": ["~/x:/x:ro"]}, "volumes[0]", "not below the workspace"),
        ({"volumes": ["./x:/x"]}, "volumes[0]", "can only be read; write './x:/x:ro', or name a volume"),
        ({"volumes": ["a:/x"], "tmpfs": ["/x:1m"]}, "", "'/x' stands 2 times in volumes and tmpfs"),
        ({"tmpfs": ["x"]}, "tmpfs[0]", "expected an absolute path below /, got 'x'"),
        ({"tmpfs": ["/x:"]}, "tmpfs[0]", "expected a size such as"),
        ({"tmpfs": ["/x:0m"]}, "tmpfs[0]", "expected more than nothing"),
        ({"limits": {"memory": "much"}}, "limits.memory", "expected a size such as"),
        ({"limits": {"memory": "1m"}}, "limits.memory", "expected at least 6m"),
        ({"limits": {"cpus": 0}}, "limits.cpus", "expected more than 0, got 0"),
        ({"limits": {"pids": -1}}, "limits.pids", "expected more than 0, got -1"),
        ({"limits": {"memmory": "1g"}}, "limits.memmory", "did you mean 'memory'"),
        ({"shm_size": "x"}, "shm_size", "expected a size"),
        ({"volume": []}, "volume", "did you mean 'volumes'"),
    ],
)
@pytest.mark.parametrize("kind", ["docker", "postgres", "redis"])
def test_a_mistake_is_told_with_its_path(environment: Of, kind: str, config, path: str, message: str):
    (problem,) = DockerProvisioner().problems(environment(Service(name="web", type=kind, config=config)))
    assert problem.path == f"$.services.web.config.{path}".rstrip(".")
    assert message in problem.message


def test_an_entrypoint_names_a_program(environment: Of):
    (problem,) = DockerProvisioner().problems(environment(container(config={"entrypoint": []})))
    assert problem.path == "$.services.web.config.entrypoint"
    assert "expected at least the program" in problem.message


def test_all_mistakes_are_told_at_once(environment: Of):
    config = {"volumes": ["/:/x"], "tmpfs": ["y"], "limits": {"memory": "1", "cpus": -1}, "port": 70000}
    problems = DockerProvisioner().problems(environment(Service(name="db", type="postgres", config=config)))
    assert len(list(problems)) == 5


def test_limits_memory_entrypoint_and_user_are_what_the_container_has(
    site: Site, host: str, environment: Of, api: docker.APIClient
):
    config = {
        "limits": {"memory": "64m", "cpus": 0.5, "pids": 50},
        "tmpfs": ["/scratch:2m", "/free"],
        "shm_size": "16m",
        "user": "1000:1000",
        "entrypoint": ["sh", "-c"],
    }
    shows = "df -m /scratch /free /dev/shm; id; exec sleep 1000"
    service = container(command=(shows,), config=config, readiness=Readiness(log="uid="))
    with DockerProvisioner().provision(environment(service), site) as up:
        told = up.logs["web"].read_text()
        sizes = {words[-1]: words[1] for line in told.splitlines() if len(words := line.split()) == 6}
        assert (sizes["/scratch"], sizes["/dev/shm"]) == ("2", "16")  # noqa: S108 - a path inside
        assert "uid=1000 gid=1000" in told
        limited = settings(api, site)["HostConfig"]
        assert (limited["Memory"], limited["NanoCpus"], limited["PidsLimit"]) == (64 << 20, 500_000_000, 50)
        assert "/free" in limited["Tmpfs"]


def test_a_database_takes_a_containers_keys_too(site: Site, host: str, environment: Of, api: docker.APIClient):
    db = Service(name="db", type="postgres", config={"limits": {"memory": "512m"}, "tmpfs": ["/more"]})
    with DockerProvisioner().provision(environment(db), site):
        limited = settings(api, site)["HostConfig"]
        assert limited["Memory"] == 512 << 20
        assert set(limited["Tmpfs"]) == {"/more", "/testflow"}


@pytest.fixture
def checked(api: docker.APIClient, request: pytest.FixtureRequest) -> Iterator[str]:
    """An image with a health check of its own, and a container that is healthy after a moment."""
    name = "testflow-tests/checked:1"
    change = [f"HEALTHCHECK {request.param}", 'CMD ["sh", "-c", "sleep 0.3; echo late; touch /healthy; sleep 1000"]']
    base = api.create_container(BUSYBOX)["Id"]
    api.commit(base, "testflow-tests/checked", "1", changes=change)
    api.remove_container(base)
    yield name
    api.remove_image(name, force=True)


EVERY_HOUR = "--interval=3600s --timeout=5s CMD "


@pytest.mark.parametrize(
    "checked", [f"{EVERY_HOUR}{words}" for words in ("test -e /healthy", '["test", "-e", "/healthy"]')], indirect=True
)
def test_the_health_check_of_an_image_is_waited_for_more_often_than_the_engine_looks(
    host: str, checked: str, site: Site, environment: Of
):
    service = Service(name="web", type="docker", image=checked, readiness=LIMIT)
    with DockerProvisioner().provision(environment(service), site) as up:
        assert "late" in up.logs["web"].read_text()


@pytest.mark.parametrize("checked", [f"{EVERY_HOUR}false"], indirect=True)
@pytest.mark.parametrize(
    "more", [{"config": {"healthcheck": False}}, {"readiness": Readiness(log="late", timeout=timedelta(seconds=30))}]
)
def test_a_health_check_that_is_not_wanted_is_not_waited_for(
    host: str, checked: str, site: Site, environment: Of, more
):
    with DockerProvisioner().provision(environment(Service(name="web", type="docker", image=checked, **more)), site):
        pass


@pytest.mark.parametrize("checked", [f"{EVERY_HOUR}echo sick; exit 1"], indirect=True)
def test_a_container_that_never_becomes_healthy_is_told(host: str, checked: str, site: Site, environment: Of):
    readiness = Readiness(timeout=timedelta(seconds=1))
    service = Service(name="web", type="docker", image=checked, readiness=readiness)
    with (
        pytest.raises(ProvisionError, match="web was not ready within 1 s: /bin/sh ended with exit code 1: sick"),
        DockerProvisioner().provision(environment(service), site),
    ):
        pytest.fail("it never came up")


@pytest.mark.parametrize("checked", ["NONE", '--timeout=5s CMD ["true"]', 'CMD ["true"]'], indirect=True)
def test_a_health_check_has_the_patience_that_it_names(host: str, checked: str, request: pytest.FixtureRequest):
    with Connection(host) as connection:
        found = health_check(connection, checked)
    named = request.node.callspec.params["checked"]
    if named == "NONE":
        assert found is None
    else:
        assert found == HealthCheck(argv=("true",), patience=5 if "timeout" in named else 30)
