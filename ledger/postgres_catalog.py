"""What the schema ``net`` is made of, in a form that can be compared with what the program ships.

Only facts that PostgreSQL stores are compared, never its rendering of them, so that the listing is alike on
every version of the server. Role names are reduced to the part they play. After a change of the schema run
``python -m ledger.postgres_catalog URL`` against a fresh ledger to write the shipped listing anew.
"""

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg

from ledger.findings import Finding
from ledger.versions import SCHEMA_VERSION, kept_listing

Connection = psycopg.Connection[tuple[Any, ...]]

_HOLDER = """CASE WHEN grantee = nspowner THEN 'owner' WHEN grantee = 0 THEN 'everybody'
  ELSE COALESCE(substring(grantee::regrole::text FROM '_net_(program|reader)"?$'), grantee::regrole::text)
  END AS holder"""

_QUERIES = (
    """SELECT 'table ' || relname, relkind::text || relpersistence::text || relrowsecurity::text
         FROM pg_class
        WHERE relnamespace = 'net'::regnamespace AND relkind IN ('r', 'v', 'm', 'S', 'p', 'f')""",
    """SELECT 'owner of ' || relname, CASE WHEN relowner = nspowner THEN 'owner' ELSE 'another role' END
         FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'net' AND relkind <> 'i'""",
    """SELECT 'column ' || relname || '.' || attname,
              format_type(atttypid, atttypmod) || attnotnull::text || attidentity::text
                || COALESCE(' ' || collname, '')
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         LEFT JOIN pg_collation ON pg_collation.oid = attcollation
        WHERE relnamespace = 'net'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0
          AND NOT attisdropped""",
    """SELECT 'index ' || place.relname, held.relname || indisunique::text || indisvalid::text || ' '
              || (SELECT string_agg(pg_get_indexdef(indexrelid, n, true), ',' ORDER BY n)
                    FROM generate_series(1, indnatts) AS n) || (indpred IS NOT NULL)::text
         FROM pg_index JOIN pg_class AS place ON place.oid = indexrelid
         JOIN pg_class AS held ON held.oid = indrelid WHERE held.relnamespace = 'net'::regnamespace""",
    """SELECT 'constraint ' || relname || '.' || conname,
              contype::text || condeferrable::text || condeferred::text || convalidated::text
         FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE relnamespace = 'net'::regnamespace AND contype <> 'n'""",
    """SELECT 'trigger ' || relname || '.' || tgname,
              proname || ' ' || tgtype || tgenabled::text || tgdeferrable::text || tginitdeferred::text
                || (tgqual IS NULL)::text || tgnargs
         FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
        WHERE relnamespace = 'net'::regnamespace AND NOT tgisinternal""",
    """SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')',
              md5(prosrc) || prosecdef::text || COALESCE(proconfig::text, '') || lanname
                || (proowner = nspowner)::text
         FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
         JOIN pg_language ON pg_language.oid = prolang WHERE nspname = 'net'""",
    # PostgreSQL renders a view anew in each version, so that one is compared on the version it was listed on
    """SELECT 'view ' || relname || ' on ' || current_setting('server_version_num')::integer / 10000,
              md5(pg_get_viewdef(oid))
         FROM pg_class WHERE relnamespace = 'net'::regnamespace AND relkind = 'v'""",
    """SELECT 'rule ' || relname || '.' || rulename, ev_type::text || ev_enabled::text
         FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
        WHERE relnamespace = 'net'::regnamespace""",
    """SELECT 'policy ' || relname || '.' || polname, polcmd::text
         FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
        WHERE relnamespace = 'net'::regnamespace""",
    """SELECT 'parent of ' || relname, inhparent::regclass::text
         FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE relnamespace = 'net'::regnamespace""",
    f"""SELECT 'right to ' || relname || ' of ' || holder,
              string_agg(privilege_type, ',' ORDER BY privilege_type)
         FROM (SELECT relname, privilege_type, {_HOLDER}
                 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace,
                      aclexplode(COALESCE(relacl, acldefault(
                        (CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", relowner)))
                WHERE nspname = 'net' AND relkind IN ('r', 'v', 'S')) AS held
        WHERE holder <> 'owner' GROUP BY relname, holder""",  # noqa: S608 - a text of this module
    f"""SELECT 'right to ' || relname || '.' || attname || ' of ' || holder,
              string_agg(privilege_type, ',' ORDER BY privilege_type)
         FROM (SELECT relname, attname, privilege_type, {_HOLDER}
                 FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
                 JOIN pg_namespace ON pg_namespace.oid = relnamespace, aclexplode(attacl)
                WHERE nspname = 'net') AS held
        WHERE holder <> 'owner' GROUP BY relname, attname, holder""",  # noqa: S608 - a text of this module
    f"""SELECT 'powers of ' || holder, COALESCE(
                rolsuper::text || rolcreaterole::text || rolbypassrls::text
                || pg_has_role(grantee, nspowner, 'MEMBER')::text || rights, rights)
         FROM (SELECT grantee, nspowner, {_HOLDER},
                      string_agg(privilege_type, ',' ORDER BY privilege_type) AS rights
                 FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'net'
                GROUP BY grantee, nspowner) AS held
         LEFT JOIN pg_roles ON pg_roles.oid = grantee WHERE holder <> 'owner'""",  # noqa: S608
)


def catalog(connection: Connection) -> dict[str, str]:
    """Every object of the schema by name, with what it is."""
    # what PostgreSQL writes in full depends on the path
    connection.execute("SELECT set_config('search_path', 'net, pg_temp', false)")
    return {name: said for query in _QUERIES for name, said in connection.execute(query)}


def shipped() -> dict[str, str]:
    text = files("ledger").joinpath("schema/postgres.json").read_text(encoding="utf-8")
    listing: dict[str, str] = json.loads(text)
    return listing


def check_catalog(connection: Connection, schema: int = SCHEMA_VERSION) -> list[Finding]:
    """Tables, columns, guards, functions and rights against the listing that ships with the program."""
    found = catalog(connection)
    version = connection.info.server_version // 10000
    listing = shipped() if schema == SCHEMA_VERSION else kept_listing(schema)
    wanted = {name: said for name, said in listing.items() if _comparable(name, version)}
    if not any(name.startswith("view ") for name in wanted):
        found = {name: said for name, said in found.items() if not name.startswith("view ")}
    findings = [
        Finding("schema", name, "is missing: it was dropped")
        if name not in found
        else Finding("schema", name, "was changed: it is not what this program made")
        for name in wanted
        if found.get(name) != wanted[name]
    ]
    findings += [
        Finding("schema", name, "was added: this program does not make it")
        for name in sorted(found.keys() - wanted.keys())
    ]
    return findings


def _comparable(name: str, version: int) -> bool:
    return not name.startswith("view ") or name.endswith(f" on {version}")


def main() -> None:
    with psycopg.connect(sys.argv[1]) as connection:
        listing = catalog(connection)
    path = Path(__file__).parent / "schema" / "postgres.json"
    path.write_text(json.dumps(listing, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
