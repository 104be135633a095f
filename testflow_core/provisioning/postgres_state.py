"""What can be told of a PostgreSQL server beyond the data: what is on it, and what a copy of a database lacks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError
from testflow_core.provisioning.postgres_session import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.provisioning.postgres_session import PostgresSession

_INVENTORY = """
SELECT 'database ' || datname, pg_get_userbyid(datdba) || ' ' || datconnlimit FROM pg_database
UNION ALL SELECT 'role ' || rolname, md5(to_jsonb(r) :: text) FROM pg_authid r
UNION ALL SELECT 'member ' || pg_get_userbyid(member) || ' of ' || pg_get_userbyid(roleid), '' FROM pg_auth_members
UNION ALL SELECT concat_ws(' ', 'settings', 'of ' || rolname, 'in ' || datname), setconfig :: text
  FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_authid r ON r.oid = setrole
UNION ALL SELECT 'privilege ' || privilege_type || ' on ' || datname || ' of ' || grantee :: regrole, ''
  FROM pg_database, aclexplode(datacl)
UNION ALL SELECT 'tablespace ' || spcname, '' FROM pg_tablespace
UNION ALL SELECT 'replication slot ' || slot_name, '' FROM pg_replication_slots
UNION ALL SELECT 'prepared transaction ' || gid, '' FROM pg_prepared_xacts
UNION ALL SELECT 'setting ' || name, setting FROM pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf'
"""
# Objects that did not come with the server have greater numbers. A copy has those of what it is a copy of.
_CONTENT = """
SELECT md5(concat(
  (SELECT string_agg(concat_ws(' ', oid, relname, relfilenode, pg_relation_size(oid)), ',' ORDER BY oid)
     FROM pg_class WHERE oid >= 16384),
  (SELECT string_agg(concat_ws(' ', oid, proname), ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
  (SELECT string_agg(concat_ws(' ', oid, nspname), ',' ORDER BY oid) FROM pg_namespace WHERE oid >= 16384),
  (SELECT string_agg(concat_ws(' ', oid, extname), ',' ORDER BY oid) FROM pg_extension WHERE oid >= 16384)))
"""
_SETTINGS = """
SELECT pg_get_userbyid(nullif(setrole, 0)), split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)
FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) setting WHERE datname ={}
"""
_PRIVILEGES = """
SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, is_grantable
FROM pg_database, aclexplode(datacl) WHERE datname ={}
"""
# What these settings hold is a list that is quoted already (`variable_is_guc_list_quote` of pg_dump).
_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)
_PAUSE = 0.002
_LIMIT = 20.0


def inventory(session: PostgresSession) -> dict[str, str]:
    """All that belongs to the server and not to one database, by what it is, each with how it is."""
    return {str(what): str(how) for what, how in session.query(_INVENTORY)}


def content(session: PostgresSession) -> str:
    """What the session's database holds, in short; the same for a copy of it, another once a table has grown."""
    return str(session.query(_CONTENT)[0][0])


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What is not as it was, by what it is."""
    return sorted(what for what in {*before, *now} if before.get(what) != now.get(what))


def belongings(session: PostgresSession, database: str) -> tuple[str, ...]:
    """The SQL, with `{}` for the name, that gives a copy what was said of a database and is not in it."""
    found: list[str] = []
    for role, name, value in session.query(_SETTINGS.format(literal(database))):
        whose = "DATABASE {}" if role is None else f"ROLE {_braced(identifier(role))} IN DATABASE {{}}"
        said = value or "" if name in _LISTS else literal(value or "")
        found.append(f"ALTER {whose} SET {_braced(identifier(name or ''))} TO {_braced(said)}")
    privileges = session.query(_PRIVILEGES.format(literal(database)))
    if privileges:
        found.append("REVOKE ALL ON DATABASE {} FROM PUBLIC")
    for privilege, grantee, grantable in privileges:
        option = " WITH GRANT OPTION" if grantable == "t" else ""
        found.append(f"GRANT {privilege} ON DATABASE {{}} TO {_braced(grantee or '')}{option}")
    return tuple(found)


def forsaken(session: PostgresSession, database: str) -> None:
    """End whoever is connected to a database, and return once nobody is; ProvisionError where that takes too long."""
    deadline = time.monotonic() + _LIMIT
    there = f"FROM pg_stat_activity WHERE datname ={literal(database)}"
    session.query(f"SELECT pg_terminate_backend(pid) {there}")
    # The server itself would look ten times a second, and copies and drops nothing meanwhile.
    while session.query(f"SELECT 1 {there}"):
        if time.monotonic() > deadline:
            raise ProvisionError(f"the connections to the database {database!r} do not end within {_LIMIT:g} s")
        time.sleep(_PAUSE)


def drop(session: PostgresSession, database: str) -> None:
    """Remove a database, whoever is connected to it; nothing where it is gone already."""
    if not session.query(f"SELECT 1 FROM pg_database WHERE datname ={literal(database)}"):  # noqa: S608 - quoted
        return
    session.query(f"ALTER DATABASE {identifier(database)} WITH ALLOW_CONNECTIONS false")
    forsaken(session, database)
    session.query(f"DROP DATABASE {identifier(database)}")


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
