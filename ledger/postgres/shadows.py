"""What stands outside the schema ``net`` and takes the place of what its guards ask.

``pg_catalog`` goes before every search path, so a function, table or operator made there is found instead of
ours, and a cast made for the server's own types changes how a text is read. Numbers from 16384 on belong to
what was made after the server's own set-up; what an extension brought is left out. The server runs its own
functions from its program text, but one that is written in SQL or said to be constant is put in place when a
statement is planned.
"""

SHADOWS = (
    """SELECT DISTINCT 'function pg_catalog.' || made.proname || '('
              || pg_get_function_identity_arguments(made.oid) || ')', 'called instead of another'
         FROM pg_proc AS made JOIN pg_proc AS own ON position(made.proname IN own.prosrc) > 0
        WHERE own.pronamespace = 'net'::regnamespace AND made.pronamespace = 'pg_catalog'::regnamespace
          AND made.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE deptype = 'e'
                AND classid = 'pg_proc'::regclass AND objid = made.oid)""",
    """SELECT 'table pg_catalog.' || made.relname, 'read instead of another'
         FROM pg_class AS made JOIN pg_class AS own USING (relname)
        WHERE own.relnamespace = 'net'::regnamespace AND made.relnamespace = 'pg_catalog'::regnamespace
          AND made.oid >= 16384""",
    """SELECT 'operator pg_catalog.' || oprname || ' ' || oprleft::regtype || ' ' || oprright::regtype, ''
         FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace AND oid >= 16384
          AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE deptype = 'e'
                AND classid = 'pg_operator'::regclass AND objid = pg_operator.oid)""",
    """WITH plain AS (
         SELECT unnest('{text,bigint,integer,boolean,date,jsonb,json,bytea,numeric,xid8}'::regtype[]) AS type)
       SELECT 'cast from ' || castsource::regtype || ' to ' || casttarget::regtype, castfunc::regproc::text
         FROM pg_cast WHERE oid >= 16384 AND castsource IN (SELECT type FROM plain)
          AND casttarget IN (SELECT type FROM plain)""",
    """SELECT DISTINCT 'function pg_catalog.' || its.proname || '('
              || pg_get_function_identity_arguments(its.oid) || ')', lanname || its.provolatile::text
         FROM pg_proc AS own, regexp_matches(own.prosrc, '([a-z_0-9]+) *[(]', 'g') AS called (name)
         JOIN pg_proc AS its ON its.proname = called.name[1] JOIN pg_language ON pg_language.oid = prolang
        WHERE own.pronamespace = 'net'::regnamespace AND its.pronamespace = 'pg_catalog'::regnamespace
          AND its.oid < 16384 AND (lanname <> 'internal' OR its.provolatile = 'i'
            AND its.proname IN ('pg_trigger_depth', 'nextval', 'currval', 'current_setting', 'pg_backend_pid',
                                'pg_current_xact_id', 'pg_current_snapshot', 'pg_has_role'))""",
)
"""Statements that find nothing in a database that nobody meddled with: (name, what it is)."""
