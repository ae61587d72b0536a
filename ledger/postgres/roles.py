"""Who could get around the guards without changing anything in the schema ``net``.

Each statement finds nothing in a database that nobody meddled with: (name, what it is). Whoever is a
superuser or may manage roles can give himself every right, and is left out: the ledger was made by such a
role, and only a checkpoint kept elsewhere binds it.
"""

_OURS = "substring(ours.rolname FROM '_net_(owner|program|reader)$')"
_MANAGES = "(rolsuper OR rolcreaterole)"

STANDING = (
    # whoever is a member, through however many others; the program may become the reader
    f"""WITH RECURSIVE ours AS (
         SELECT oid, rolname, {_OURS.replace("ours.", "")} AS part FROM pg_roles WHERE oid IN
                (SELECT nspowner FROM pg_namespace WHERE nspname = 'net'
                 UNION SELECT grantee FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'net')
       ), belongs AS (
         SELECT ours.part, member, admin_option FROM ours JOIN pg_auth_members ON roleid = ours.oid
         UNION SELECT part, next.member, next.admin_option FROM belongs
                 JOIN pg_auth_members AS next ON next.roleid = belongs.member
       )
       SELECT 'membership of ' || rolname || ' in ' || part,
              CASE WHEN admin_option THEN 'to pass on' ELSE '' END
         FROM belongs JOIN pg_roles ON pg_roles.oid = member
        WHERE NOT {_MANAGES} AND part IS NOT NULL AND (part <> 'reader' OR admin_option)""",  # noqa: S608
    # roles of the server whose members may write anywhere
    """WITH RECURSIVE belongs AS (
         SELECT roleid, member FROM pg_auth_members WHERE roleid::regrole::text IN
           ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program', 'pg_maintain')
         UNION SELECT belongs.roleid, next.member FROM belongs
                 JOIN pg_auth_members AS next ON next.roleid = belongs.member
       )
       SELECT 'membership of ' || rolname || ' in ' || roleid::regrole, '' FROM belongs
         JOIN pg_roles ON pg_roles.oid = member WHERE NOT rolsuper""",
    """SELECT 'default rights of ' || defaclrole::regrole || ' for ' || defaclobjtype::text, defaclacl::text
         FROM pg_default_acl
        WHERE defaclnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'net')
           OR defaclrole = (SELECT nspowner FROM pg_namespace WHERE nspname = 'net')""",
    """SELECT 'event trigger ' || evtname, evtevent || ' ' || evtfoid::regproc FROM pg_event_trigger
        WHERE evtenabled <> 'D' AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE deptype = 'e'
              AND classid = 'pg_event_trigger'::regclass AND objid = pg_event_trigger.oid)""",
    """SELECT 'publication ' || pubname, 'of this ledger' FROM pg_publication
        WHERE puballtables OR EXISTS (SELECT 1 FROM pg_publication_rel JOIN pg_class ON pg_class.oid = prrelid
                WHERE prpubid = pg_publication.oid AND relnamespace = 'net'::regnamespace)""",
    """SELECT 'subscription to ' || relname, 'written by another server'
         FROM pg_subscription_rel JOIN pg_class ON pg_class.oid = srrelid
        WHERE relnamespace = 'net'::regnamespace""",
    # what a setting of the database or of a role does before the first statement
    """SELECT 'setting for ' || COALESCE(NULLIF(setrole, 0)::regrole::text, 'everybody'), one
         FROM pg_db_role_setting, unnest(setconfig) AS one
        WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
          AND split_part(one, '=', 1) IN ('session_replication_role', 'session_preload_libraries',
              'local_preload_libraries', 'role', 'session_authorization')""",
    f"""SELECT 'owner of the database', rolname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba
        WHERE datname = current_database() AND NOT {_MANAGES}""",  # noqa: S608 - a text of this module
)
