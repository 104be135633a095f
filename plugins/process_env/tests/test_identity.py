"""What makes a service the same beyond its declaration."""

import pytest
from testflow_process_env import ProcessProvisioner

from testflow_core.model import Service


def test_a_database_is_known_by_its_programs_and_by_what_its_schemas_say(site):
    schema = site.workspace / "orders.sql"
    schema.write_text("select 1")
    service = Service(name="db", type="postgres", config={"schemas": ["orders.sql"]})
    before = ProcessProvisioner().identity(service, site)
    assert set(before) == {"the programs", "the file orders.sql"}
    schema.write_text("select 2")
    after = ProcessProvisioner().identity(service, site)
    assert [name for name in after if after[name] != before[name]] == ["the file orders.sql"]


@pytest.mark.parametrize("kind", ["process", "docker"])
def test_a_program_is_known_by_its_declaration(kind, site):
    assert ProcessProvisioner().identity(Service(name="a", type=kind, command=("true",)), site) == {}
