"""What the schema ``net`` is made of, in a form that can be compared with what the program ships.

Only facts that PostgreSQL stores are compared, never its rendering of them, so that the listing is alike on
every version of the server. A view has no such facts: its statement is kept, and compared as the server at
hand renders it. Role names are reduced to the part they play. After a change of the schema run
``python -m ledger.verify.catalog URL`` against a fresh ledger to write the shipped listing anew.
"""

import json
import re
import sys
from importlib.resources import files
from pathlib import Path

import psycopg

from ledger.postgres.connection import Connection, reraise_if_broken
from ledger.postgres.roles import STANDING
from ledger.postgres.setup import schema_text
from ledger.postgres.shadows import SHADOWS
from ledger.record.findings import Flaw, Report
from ledger.schema.texts import views_text
from ledger.schema.versions import SCHEMA_VERSION, kept_listing

_HOLDER = """CASE WHEN grantee = nspowner THEN 'owner' WHEN grantee = 0 THEN 'everybody'
  ELSE COALESCE(substring(grantee::regrole::text FROM '_net_(program|reader)"?$'), grantee::regrole::text)
  END AS holder"""

_RIGHT = "privilege_type || CASE WHEN is_grantable THEN ' to pass on' ELSE '' END AS privilege_type"
_POWERS = """rolsuper::text || rolcreaterole::text || rolcreatedb::text || rolbypassrls::text
                || rolreplication::text"""

_VIEW = re.compile(r"(CREATE VIEW (\w+)\b[^;]*);")

_QUERIES = (
    """SELECT 'table ' || relname, relkind::text || relpersistence::text
              || relrowsecurity::text || relforcerowsecurity::text || relhastriggers::text
              || relhasindex::text
              || CASE relkind WHEN 'v' THEN COALESCE(reloptions::text, '') ELSE '' END
         FROM pg_class
        WHERE relnamespace = 'net'::regnamespace
          AND relkind IN ('r', 'v', 'm', 'S', 'p', 'f', 'c')""",
    """SELECT 'sequence ' || relname, concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmin,
              seqmax, seqcache, seqcycle)
         FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
        WHERE relnamespace = 'net'::regnamespace""",
    """SELECT 'owner of ' || relname, CASE WHEN relowner = nspowner THEN 'owner' ELSE 'another role' END
         FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'net' AND relkind <> 'i'""",
    """SELECT 'column ' || relname || '.' || attname,
              format_type(atttypid, atttypmod) || attnotnull::text || attidentity::text
                || COALESCE(' ' || collnamespace::regnamespace || '.' || collname, '')
                || COALESCE(' ' || pg_get_expr(adbin, adrelid), '')
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         LEFT JOIN pg_collation ON pg_collation.oid = attcollation
        WHERE relnamespace = 'net'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0
          AND NOT attisdropped""",
    """SELECT 'index ' || place.relname, concat_ws(' ', held.relname, indisunique, indisvalid, indisready,
              indislive, indimmediate, amname, indoption::text, pg_get_expr(indpred, indrelid),
              (SELECT string_agg(pg_get_indexdef(indexrelid, n, true), ',' ORDER BY n)
                 FROM generate_series(1, indnatts) AS n),
              (SELECT string_agg(opcnamespace::regnamespace || '.' || opcname, ',' ORDER BY at)
                 FROM unnest(indclass::oid[]) WITH ORDINALITY AS used (class, at)
                 JOIN pg_opclass ON pg_opclass.oid = class),
              (SELECT string_agg(COALESCE(collnamespace::regnamespace || '.' || collname, '-'), ','
                                 ORDER BY at)
                 FROM unnest(indcollation::oid[]) WITH ORDINALITY AS used (one, at)
                 LEFT JOIN pg_collation ON pg_collation.oid = one))
         FROM pg_index JOIN pg_class AS place ON place.oid = indexrelid JOIN pg_am ON pg_am.oid = place.relam
         JOIN pg_class AS held ON held.oid = indrelid WHERE held.relnamespace = 'net'::regnamespace""",
    """SELECT 'constraint ' || relname || '.' || conname,
              contype::text || condeferrable::text || condeferred::text || convalidated::text
         FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE relnamespace = 'net'::regnamespace AND contype <> 'n'""",
    """SELECT 'trigger ' || relname || '.' || tgname,
              proname || ' ' || tgtype || tgenabled::text || tgdeferrable::text || tginitdeferred::text
                || (tgqual IS NULL)::text || tgnargs || ' ' || tgattr::text
                || (pronamespace = relnamespace)::text
         FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
        WHERE relnamespace = 'net'::regnamespace AND NOT tgisinternal""",
    """SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')',
              md5(prosrc) || prosecdef::text || COALESCE(proconfig::text, '') || lanname
                || (proowner = nspowner)::text || proisstrict::text || provolatile::text || proleakproof::text
                || prokind::text || proretset::text || ' ' || prorettype::regtype
         FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
         JOIN pg_language ON pg_language.oid = prolang WHERE nspname = 'net'""",
    """SELECT 'view ' || relname, pg_get_viewdef(oid)
         FROM pg_class WHERE relnamespace = 'net'::regnamespace AND relkind = 'v'""",
    """SELECT 'rule ' || relname || '.' || rulename, ev_type::text || ev_enabled::text
         FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
        WHERE relnamespace = 'net'::regnamespace""",
    """SELECT 'policy ' || relname || '.' || polname, polcmd::text
         FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
        WHERE relnamespace = 'net'::regnamespace""",
    """SELECT 'parent of ' || relname, inhparent::regclass::text
         FROM pg_inherits JOIN pg_class ON pg_class.oid IN (inhrelid, inhparent)
        WHERE relnamespace = 'net'::regnamespace""",
    """SELECT 'type ' || typname, typtype::text FROM pg_type
        WHERE typnamespace = 'net'::regnamespace AND typtype <> 'c' AND typelem = 0""",
    """SELECT 'operator ' || oprname || ' ' || oprleft::regtype || ' ' || oprright::regtype, oprcode::text
         FROM pg_operator WHERE oprnamespace = 'net'::regnamespace""",
    f"""SELECT 'right to ' || relname || ' of ' || holder,
              string_agg(privilege_type, ',' ORDER BY privilege_type)
         FROM (SELECT relname, {_RIGHT}, {_HOLDER}
                 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace,
                      aclexplode(COALESCE(relacl, acldefault(
                        (CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", relowner)))
                WHERE nspname = 'net' AND relkind IN ('r', 'v', 'S')) AS held
        WHERE holder <> 'owner' GROUP BY relname, holder""",  # noqa: S608 - a text of this module
    f"""SELECT 'right to ' || relname || '.' || attname || ' of ' || holder,
              string_agg(privilege_type, ',' ORDER BY privilege_type)
         FROM (SELECT relname, attname, {_RIGHT}, {_HOLDER}
                 FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
                 JOIN pg_namespace ON pg_namespace.oid = relnamespace, aclexplode(attacl)
                WHERE nspname = 'net') AS held
        WHERE holder <> 'owner' GROUP BY relname, attname, holder""",  # noqa: S608 - a text of this module
    f"""SELECT 'right to function ' || called || ' of ' || holder, string_agg(privilege_type, ',')
         FROM (SELECT proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')' AS called,
                      {_RIGHT}, {_HOLDER}
                 FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace,
                      aclexplode(COALESCE(proacl, acldefault('f', proowner)))
                WHERE nspname = 'net') AS held
        WHERE holder <> 'owner' GROUP BY called, holder""",  # noqa: S608 - a text of this module
    f"""SELECT 'powers of ' || holder, string_agg(COALESCE({_POWERS}
                || pg_has_role(grantee, nspowner, 'MEMBER')::text || rights, rights), ' and ')
         FROM (SELECT grantee, nspowner, {_HOLDER}, string_agg(privilege_type, ',' ORDER BY privilege_type)
                      AS rights
                 FROM (SELECT nspowner, grantee, {_RIGHT} FROM pg_namespace, aclexplode(nspacl)
                        WHERE nspname = 'net') AS given
                GROUP BY grantee, nspowner) AS held
         LEFT JOIN pg_roles ON pg_roles.oid = grantee WHERE holder <> 'owner' GROUP BY holder""",  # noqa: S608
    f"""SELECT 'powers of owner', {_POWERS} || rolcanlogin::text
         FROM pg_roles JOIN pg_namespace ON pg_roles.oid = nspowner
        WHERE nspname = 'net'""",  # noqa: S608 - a text of this module
    f"""SELECT 'membership of ' || holder || ' in '
              || COALESCE(substring(roleid::regrole::text FROM '_net_(reader|owner)"?$'),
                          roleid::regrole::text), ''
         FROM (SELECT DISTINCT grantee, {_HOLDER} FROM pg_namespace, aclexplode(nspacl)
                WHERE nspname = 'net') AS held
         JOIN pg_auth_members ON member = grantee WHERE holder <> 'owner'""",  # noqa: S608
)


def catalog(connection: Connection) -> dict[str, str]:
    """Every object of the schema by name, with what it is; views as this server writes them."""
    # what PostgreSQL writes in full depends on the path
    connection.execute("SELECT set_config('search_path', 'net, pg_temp', false)")
    return {
        name: said for query in (*_QUERIES, *SHADOWS, *STANDING) for name, said in connection.execute(query)
    }


def shipped() -> dict[str, str]:
    """What a ledger of this version is made of; views as the statements that make them."""
    text = files("ledger").joinpath("schema/postgres.json").read_text(encoding="utf-8")
    listing: dict[str, str] = json.loads(text)
    return listing


def view_statements() -> dict[str, str]:
    """The statement that makes each view of the schema."""
    made = schema_text() + views_text("postgres")
    return {f"view {name}": text for text, name in _VIEW.findall(made)}


def check_catalog(connection: Connection, report: Report, schema: int = SCHEMA_VERSION) -> None:
    """Tables, columns, guards, functions, views and rights against the listing that ships."""
    found = catalog(connection)
    listing = shipped() if schema == SCHEMA_VERSION else kept_listing(schema)
    wanted = {name: said for name, said in listing.items() if not _is_view(name)}
    views = {name: said for name, said in listing.items() if _is_view(name)}
    written = _as_this_server_writes(connection, views)
    if written is None:
        report.notes.append("the texts of views were not compared: nothing can be made here to compare with")
        found = {name: said for name, said in found.items() if name not in views}
    else:
        wanted |= written
    report.add(
        [
            Flaw("schema", name, "is missing: it was dropped")
            if name not in found
            else Flaw("schema", name, "was changed: it is not what this program made")
            for name in wanted
            if found.get(name) != wanted[name]
        ]
    )
    report.add(
        [
            Flaw("schema", name, "was added: this program does not make it")
            for name in sorted(found.keys() - wanted.keys())
        ]
    )


def _is_view(name: str) -> bool:
    return name.startswith("view ")


def _as_this_server_writes(connection: Connection, views: dict[str, str]) -> dict[str, str] | None:
    """Each view's text as this very server renders it, whatever its version: made for a moment beside the
    ledger and taken back. None where not even that is allowed, as on a replica.
    """
    written: dict[str, str] = {}
    for name, statement in views.items():
        beside = statement.replace(f"CREATE VIEW {name[5:]}", "CREATE TEMPORARY VIEW compared", 1)
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(beside)
                row = connection.execute("SELECT pg_get_viewdef('pg_temp.compared'::regclass)").fetchone()
        except (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege):
            return None
        except psycopg.DatabaseError as error:  # what it is made of is damaged: that is a finding too
            reraise_if_broken(connection, error)
            row = (statement,)
        written[name] = row[0] if row else ""
    return written


def main() -> None:
    with psycopg.connect(sys.argv[1]) as connection:
        listing = catalog(connection) | view_statements()
    path = Path(__file__).parent.parent / "schema" / "postgres.json"
    path.write_text(json.dumps(listing, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
