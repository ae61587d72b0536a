"""Making a ledger in PostgreSQL: the schema, and the three roles that keep one another in check.

- ``DATABASE_net_owner`` owns everything, cannot log in, and is used for migrations alone;
- ``DATABASE_net_program`` is what `net` works as: it may add records, and owns nothing;
- ``DATABASE_net_reader`` may only read; `net ledger sql` works as it.
"""

import secrets
from importlib.resources import files
from typing import LiteralString
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from psycopg import sql

from domain.errors import RefusedError
from ledger.postgres.connection import Connection
from ledger.schema.texts import views_text

NAME_BYTES = 48
"""Of PostgreSQL's 63 for a name, less the longest ending."""
_GRANTS = """
GRANT USAGE ON SCHEMA net TO {program}, {reader};
REVOKE ALL ON ALL TABLES IN SCHEMA net FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA net FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA net TO {program}, {reader};
GRANT INSERT (command, kind, key, trade_date, order_reference, state, legs, body, leaf)
  ON record TO {program};
GRANT INSERT (command, actor_key, digest, signature) ON command TO {program};
GRANT INSERT ON sealing, seal TO {program};
GRANT USAGE ON SEQUENCE command_number TO {program};
GRANT EXECUTE ON FUNCTION add_record, commit_records, lock_slots, keep_writers_out TO {program};
"""


def schema_text() -> str:
    return files("ledger").joinpath("schema/postgres.sql").read_text(encoding="utf-8")


def role_names(database: str) -> dict[str, str]:
    """The three roles of a database's ledger; names are cut by bytes, so that PostgreSQL keeps them whole."""
    kept = database.encode()[:NAME_BYTES].decode(errors="ignore")
    return {part: f"{kept}_net_{part}" for part in ("owner", "program", "reader")}


def create_database_objects(connection: Connection, url: str) -> str:
    """Roles, schema, tables and guards, inside the caller's transaction; the program's own URL."""
    taken = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'net'").fetchone()
    if taken:
        raise RefusedError("this database holds a ledger already", "name another database with --ledger")
    _require_maker(connection)
    names = role_names(connection.info.dbname)
    password = secrets.token_urlsafe(24)
    _create_roles(connection, names, password)
    owner = sql.Identifier(names["owner"])
    connection.execute(sql.SQL("CREATE SCHEMA net AUTHORIZATION {}").format(owner))
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
    connection.execute(schema_text())
    connection.execute(views_text("postgres"))
    grant_rights(connection, names)
    return with_login(url, names["program"], password)


def _require_maker(connection: Connection) -> None:
    may = connection.execute(
        "SELECT (rolsuper OR rolcreaterole) AND has_database_privilege(current_database(), 'CREATE')"
        " FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if not (may and may[0]):
        raise RefusedError(
            f"the role {connection.info.user} may not make a ledger in this database",
            "net init needs, once, the URL of somebody who may create roles and schemas there",
        )


def _create_roles(connection: Connection, names: dict[str, str], password: str) -> None:
    for part, name in names.items():
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        login = (
            sql.SQL("LOGIN PASSWORD {}").format(sql.Literal(password))
            if part == "program"
            else sql.SQL("NOLOGIN")
        )
        connection.execute(
            sql.SQL("{} ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS {}").format(
                verb, sql.Identifier(name), login
            )
        )
    # the program may become the reader, who can do less; whoever runs this may become the owner
    connection.execute(_composed("GRANT {reader} TO {program}", names))
    connection.execute(_composed("GRANT {owner} TO CURRENT_USER", names))


def grant_rights(connection: Connection, names: dict[str, str]) -> None:
    """What each role may do with the tables as they are now."""
    connection.execute(_composed(_GRANTS, names))


def renew_password(connection: Connection, url: str) -> str:
    """Give the program's role a new password; its URL. For who may manage roles."""
    name = role_names(connection.info.dbname)["program"]
    password = secrets.token_urlsafe(24)
    connection.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(password))
    )
    return with_login(url, name, password)


def _composed(text: LiteralString, names: dict[str, str]) -> sql.Composed:
    return sql.SQL(text).format(**{part: sql.Identifier(name) for part, name in names.items()})


def with_login(url: str, user: str, password: str) -> str:
    """The same database under another login."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    query = [(key, value) for key, value in parse_qsl(parts.query) if key not in ("user", "password")]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"
    return urlunsplit(parts._replace(netloc=login, query=urlencode(query, safe="/")))
