"""What ``net doctor`` asks a PostgreSQL server that holds a ledger."""

from collections.abc import Iterator

from ledger.postgres.backend import PostgresBackend

Seen = tuple[str, str, str, str]
"""Verdict (ok, note or wrong), subject, what was found, what to do."""


def look(backend: PostgresBackend) -> Iterator[Seen]:
    """The server, its durability, the role that works here, and what waits to be sealed."""
    (version, recovering, read_only, fsync, full_pages, role, owns, unsealed) = next(
        backend.reader().rows(
            "SELECT current_setting('server_version'), pg_is_in_recovery(),"
            " current_setting('default_transaction_read_only')::boolean, current_setting('fsync')::boolean,"
            " current_setting('full_page_writes')::boolean, current_user::text,"
            " (SELECT rolsuper OR pg_has_role(nspowner, 'MEMBER') FROM pg_roles, pg_namespace"
            " WHERE rolname = current_user AND nspname = 'net'), (SELECT COUNT(*) FROM unsealed_record)"
        )
    )
    if recovering or read_only:
        told = "a replica" if recovering else "set read-only"
        yield "note", "server", f"PostgreSQL {version}, {told}", "name the primary server to write"
    else:
        yield "ok", "server", f"PostgreSQL {version}", ""
    lax = [name for name, on in (("fsync", fsync), ("full_page_writes", full_pages)) if not on]
    if lax:
        told = f"{' and '.join(lax)} off: a crash of the server can lose or damage what was written"
        yield "wrong", "durability", told, f"set {' and '.join(lax)} to on in postgresql.conf"
    else:
        yield "ok", "durability", "what is acknowledged is on the server's disk", ""
    if owns:
        told = f"{role} owns the ledger and could rewrite it: it may read and verify, not write"
        yield "note", "role", told, "work with the URL that net init gave"
    else:
        yield "ok", "role", f"{role} owns nothing", ""
    if unsealed:
        told = f"{unsealed:,} records are committed and not yet sealed"
        yield "note", "sealing", told, "any command that writes seals them"
    else:
        yield "ok", "sealing", "every record has its place in the tree", ""
