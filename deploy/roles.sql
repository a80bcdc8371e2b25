-- Who may do what in PostgreSQL, before any table exists. Run by psql as a superuser, inside the
-- database that Kaohe is to use; run again as often as you like. Roles belong to the whole cluster,
-- the rest to this one database. Passwords, where the environment names them, are set from it:
-- KAOHE_MIGRATE_PASSWORD, KAOHE_API_PASSWORD, KAOHE_INGEST_PASSWORD, KAOHE_PAYROLL_PASSWORD.

\set ON_ERROR_STOP on

BEGIN;

SELECT format('CREATE ROLE %I %s', name, kind)
FROM (VALUES
    ('kaohe_owner', 'NOLOGIN'),
    ('kaohe_migrate', 'LOGIN'),
    ('kaohe_api', 'LOGIN'),
    ('kaohe_ingest', 'LOGIN'),
    ('kaohe_payroll', 'LOGIN')
) AS wanted (name, kind)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- Row-level security holds only for those who cannot step over it.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_roles
        WHERE rolname IN
            ('kaohe_owner', 'kaohe_migrate', 'kaohe_api', 'kaohe_ingest', 'kaohe_payroll')
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
    ) THEN
        RAISE EXCEPTION 'a role of Kaohe has powers that pass by row-level security';
    END IF;
END $$;

-- The owner cannot log in: migrations put its hat on, so that every object has one owner.
GRANT kaohe_owner TO kaohe_migrate;
ALTER ROLE kaohe_migrate SET role = 'kaohe_owner';

-- A lost client, a forgotten transaction and a waiting lock each end by themselves.
ALTER ROLE kaohe_migrate SET statement_timeout = '5s';
ALTER ROLE kaohe_migrate SET lock_timeout = '4s';
ALTER ROLE kaohe_migrate SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE kaohe_migrate SET client_connection_check_interval = '5s';
ALTER ROLE kaohe_api SET statement_timeout = '5s';
ALTER ROLE kaohe_api SET lock_timeout = '2s';
ALTER ROLE kaohe_api SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE kaohe_api SET client_connection_check_interval = '5s';
ALTER ROLE kaohe_ingest SET statement_timeout = '60s';
ALTER ROLE kaohe_ingest SET lock_timeout = '2s';
ALTER ROLE kaohe_ingest SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE kaohe_ingest SET client_connection_check_interval = '5s';
ALTER ROLE kaohe_payroll SET statement_timeout = '15s';
ALTER ROLE kaohe_payroll SET lock_timeout = '2s';
ALTER ROLE kaohe_payroll SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE kaohe_payroll SET client_connection_check_interval = '5s';

-- Of this database: nothing for everybody, and only ingest stages rows in temporary tables.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format(
    'GRANT CONNECT ON DATABASE %I TO kaohe_migrate, kaohe_api, kaohe_ingest, kaohe_payroll',
    current_database()
) \gexec
SELECT format('GRANT CREATE ON DATABASE %I TO kaohe_owner', current_database()) \gexec
SELECT format('GRANT TEMPORARY ON DATABASE %I TO kaohe_ingest', current_database()) \gexec
ALTER SCHEMA public OWNER TO kaohe_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO kaohe_migrate, kaohe_api, kaohe_ingest, kaohe_payroll;

-- Passwords last: with the embedded database there are none, its socket is the lock on the door.
\getenv migrate_password KAOHE_MIGRATE_PASSWORD
\if :{?migrate_password}
ALTER ROLE kaohe_migrate PASSWORD :'migrate_password';
\endif
\getenv api_password KAOHE_API_PASSWORD
\if :{?api_password}
ALTER ROLE kaohe_api PASSWORD :'api_password';
\endif
\getenv ingest_password KAOHE_INGEST_PASSWORD
\if :{?ingest_password}
ALTER ROLE kaohe_ingest PASSWORD :'ingest_password';
\endif
\getenv payroll_password KAOHE_PAYROLL_PASSWORD
\if :{?payroll_password}
ALTER ROLE kaohe_payroll PASSWORD :'payroll_password';
\endif

COMMIT;
