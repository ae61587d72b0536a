-- From schema 1 to 2 on PostgreSQL.

DO $$
DECLARE view name;
BEGIN
  FOR view IN SELECT relname FROM pg_class WHERE relnamespace = 'net'::regnamespace AND relkind = 'v' LOOP
    EXECUTE format('DROP VIEW IF EXISTS %I CASCADE', view);
  END LOOP;
END $$;

-- balance of one account within one order ('' for what belongs to no order), in parts. A writer adds to a part
-- that no other open write has touched, so writers of one account do not wait for one another's commit; the
-- balance is the sum. Where the account has a floor, part 0 stays at or above it and every other part at or
-- above zero, so the sum is never below the floor whatever the others do at the same time.
CREATE TABLE balance_part (
  entity text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  order_reference text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  part integer NOT NULL,
  amount_minor bigint NOT NULL,
  PRIMARY KEY (order_reference, entity, account, currency, part)
) WITH (fillfactor = 70);
INSERT INTO balance_part (entity, account, order_reference, currency, part, amount_minor)
  SELECT entity, account, order_reference, currency, 0, amount_minor FROM balance;
DROP TABLE balance;

-- holds that have not ended and will expire, by when they do
CREATE TABLE expiring_hold (
  expires_at text COLLATE "C" NOT NULL,
  hold_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (expires_at, hold_id)
);
INSERT INTO expiring_hold (expires_at, hold_id) SELECT expires_at, hold_id FROM hold
  WHERE expires_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hold_end WHERE hold_end.hold_id = hold.hold_id);

CREATE OR REPLACE FUNCTION check_record(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE known pg_catalog.record;
BEGIN
  -- an older view of the ledger would miss a floor, or that the ledger was handed over, since it was taken
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    PERFORM refuse('records are written in READ COMMITTED alone');
  END IF;
  IF added.leaf IS DISTINCT FROM sha256('\x00'::bytea || convert_to(added.body, 'UTF8')) THEN
    PERFORM refuse('the hash of a record is not that of its body');
  END IF;
  IF added.kind IS DISTINCT FROM said->>'kind' OR added.key IS DISTINCT FROM said->>'key'
     OR added.trade_date IS DISTINCT FROM said->>'on' OR added.order_reference IS DISTINCT FROM said->>'order'
     OR added.state IS DISTINCT FROM (CASE WHEN jsonb_typeof(said->'body'->'state') = 'string'
                                         THEN said->'body'->>'state' END)
     OR jsonb_typeof(said->'legs') IS DISTINCT FROM 'array'
     OR added.legs IS DISTINCT FROM jsonb_array_length(said->'legs') THEN
    PERFORM refuse('the columns of a record say other than its body');
  END IF;
  IF said->'format' IS DISTINCT FROM '1'::jsonb OR jsonb_typeof(said->'body') IS DISTINCT FROM 'object'
     OR ARRAY(SELECT json_object_keys(added.body::json))
        <> '{actor,at,body,format,key,kind,ledger,legs,on,order}'::text[] THEN
    PERFORM refuse('a body has other parts than a record');
  END IF;
  IF added.trade_date !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
     OR added.trade_date IS DISTINCT FROM to_char(added.trade_date::date, 'YYYY-MM-DD') THEN
    PERFORM refuse('the day of a record is not a date');
  END IF;
  IF added.legs = 1 THEN
    PERFORM refuse('an entry has no leg or at least two');
  END IF;
  IF added.legs > 0
     AND split_part(added.kind, '.', 1) IN ('ledger', 'actor', 'floor', 'capacity', 'claim', 'call', 'message')
     AND position('.' IN added.kind) > 0 THEN
    PERFORM refuse('a record of the ledger''s own kinds moves no money');
  END IF;
  IF added.command NOT BETWEEN 1 AND (SELECT last_value FROM command_number) THEN
    PERFORM refuse('a command has a number that was drawn for it');
  END IF;
  SELECT ledger_id, EXISTS (SELECT 1 FROM command WHERE command = added.command) AS signed,
         EXISTS (SELECT 1 FROM record WHERE kind = 'ledger.handed-over' AND sequence <> added.sequence) AS gone
    INTO known FROM ledger;
  IF added.kind = 'ledger.created' THEN
    IF FOUND THEN
      PERFORM refuse('a ledger is created once');
    END IF;
    RETURN;
  END IF;
  IF said->>'ledger' IS DISTINCT FROM known.ledger_id THEN
    PERFORM refuse('this record belongs to another ledger');
  ELSIF known.signed THEN
    PERFORM refuse('a command that was signed takes no more records');
  ELSIF known.gone THEN
    PERFORM refuse('this ledger was handed over and takes no more records');
  END IF;
END $$;

CREATE OR REPLACE FUNCTION project_legs(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE misformed boolean; unbalanced boolean; scarce jsonb; drawn jsonb;
BEGIN
  WITH line AS MATERIALIZED (
    SELECT place - 1 AS n, leg, leg->>0 AS entity, leg->>1 AS account, leg->>2 AS currency,
           (leg->>3)::bigint AS amount_minor
      FROM jsonb_array_elements(said->'legs') WITH ORDINALITY AS line (leg, place)
  ), put AS (
    INSERT INTO leg (sequence, n, entity, account, currency, amount_minor, order_reference, trade_date)
      SELECT added.sequence, n, entity, account, currency, amount_minor,
             COALESCE(added.order_reference, ''), added.trade_date FROM line
  ), moved AS MATERIALIZED (
    SELECT entity, account, currency, amount_minor, minimum_minor
      FROM (SELECT entity, account, currency, SUM(amount_minor)::bigint AS amount_minor
              FROM line GROUP BY 1, 2, 3) AS net
      LEFT JOIN account_floor USING (entity, account) ORDER BY 1, 2, 3
  ), picked AS MATERIALIZED (
    -- where every part is in the hands of another open write: one of one's own; 0 where there is none yet
    SELECT moved.*, COALESCE(free.part, CASE WHEN EXISTS (
             SELECT 1 FROM balance_part AS kept
              WHERE kept.order_reference = COALESCE(added.order_reference, '') AND kept.entity = moved.entity
                AND kept.account = moved.account AND kept.currency = moved.currency)
             THEN 1 + pg_backend_pid() % 64 ELSE 0 END) AS part, minimum_minor IS NULL OR free.part IS NOT NULL
           OR (minimum_minor <= 0 AND moved.amount_minor >= 0) AS fits
      FROM moved LEFT JOIN LATERAL (
        SELECT part FROM balance_part AS kept
         WHERE kept.order_reference = COALESCE(added.order_reference, '') AND kept.entity = moved.entity
           AND kept.account = moved.account AND kept.currency = moved.currency
           AND (minimum_minor IS NULL OR (minimum_minor <= 0 AND (moved.amount_minor >= 0
                OR kept.amount_minor + moved.amount_minor >= CASE part WHEN 0 THEN minimum_minor ELSE 0 END)))
         ORDER BY part LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) AS free ON true
  ), held AS (
    INSERT INTO balance_part AS kept (order_reference, entity, account, currency, part, amount_minor)
      SELECT COALESCE(added.order_reference, ''), entity, account, currency, part, amount_minor FROM picked
       WHERE fits ORDER BY 2, 3, 4
      ON CONFLICT (order_reference, entity, account, currency, part)
      DO UPDATE SET amount_minor = kept.amount_minor + EXCLUDED.amount_minor
  )
  SELECT EXISTS (SELECT 1 FROM line WHERE leg IS DISTINCT FROM
                   jsonb_build_array(entity, account, currency, amount_minor::text)),
         EXISTS (SELECT 1 FROM moved GROUP BY entity, currency HAVING SUM(amount_minor) <> 0),
         (SELECT jsonb_agg(jsonb_build_array(entity, account, currency, amount_minor, minimum_minor)
                           ORDER BY entity, account, currency) FROM picked WHERE NOT fits)
    INTO misformed, unbalanced, scarce;
  IF misformed THEN
    PERFORM refuse('a leg is not of the form entity, account, currency, amount');
  END IF;
  IF unbalanced THEN
    PERFORM refuse('the legs do not sum to zero per entity and currency');
  END IF;
  IF scarce IS NOT NULL THEN
    FOR drawn IN SELECT jsonb_array_elements(scarce) LOOP
      PERFORM draw_on_all(COALESCE(added.order_reference, ''), drawn->>0, drawn->>1, drawn->>2,
                          (drawn->>3)::bigint, (drawn->>4)::bigint);
    END LOOP;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION draw_on_all(of_order text, of_entity text, of_account text, of_currency text,
                            moved bigint, minimum bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE parts integer[]; total bigint;
BEGIN
  INSERT INTO balance_part (order_reference, entity, account, currency, part, amount_minor)
    VALUES (of_order, of_entity, of_account, of_currency, 0, 0) ON CONFLICT DO NOTHING;
  SELECT array_agg(part), SUM(amount_minor)::bigint + moved INTO parts, total
    FROM (SELECT part, amount_minor FROM balance_part
           WHERE order_reference = of_order AND entity = of_entity AND account = of_account
             AND currency = of_currency ORDER BY part FOR NO KEY UPDATE) AS locked;
  IF total < minimum THEN
    PERFORM refuse('below the floor of an account');
  END IF;
  UPDATE balance_part SET amount_minor = CASE part WHEN 0 THEN total ELSE 0 END
   WHERE order_reference = of_order AND entity = of_entity AND account = of_account
     AND currency = of_currency AND part = ANY (parts);
END $$;

CREATE OR REPLACE FUNCTION project_ledger(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF added.kind = 'ledger.created' THEN
    INSERT INTO ledger (ledger_id, practice, schema_version, created_at)
      VALUES (said->>'ledger', (said->'body'->>'practice')::boolean,
              (said->'body'->>'schema_version')::integer, said->>'at');
  ELSIF added.kind = 'ledger.handed-over' THEN
    -- waits for every open write and keeps new ones out, so that nothing is written after it
    LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE;
  ELSIF added.kind = 'ledger.migrated' THEN
    -- it says what the tables are: forward, and beyond what they are only by who may change them
    IF (said->'body'->>'to')::integer IS NULL
       OR (said->'body'->>'to')::integer <= (SELECT MAX(schema_version) FROM ledger)
       OR EXISTS (SELECT 1 FROM record WHERE kind = 'ledger.migrated' AND sequence <> added.sequence
                     AND (said->'body'->>'to')::integer <= (body::jsonb->'body'->>'to')::integer)
       OR ((said->'body'->>'to')::integer > 2
           AND NOT pg_has_role(session_user, current_user, 'MEMBER')) THEN
      PERFORM refuse('this is no upgrade of the ledger');
    END IF;
  ELSIF added.kind = 'actor.enrolled' THEN
    INSERT INTO actor (actor_key, name, sequence)
      VALUES (said->'body'->>'actor_key', said->'body'->>'name', added.sequence);
  ELSIF added.kind = 'floor.set' THEN
    -- waits for every open write that may have looked at the floors without seeing this one
    LOCK TABLE account_floor IN ACCESS EXCLUSIVE MODE;
    INSERT INTO account_floor AS kept (entity, account, minimum_minor, last_sequence)
      VALUES (said->'body'->>'entity', said->'body'->>'account',
              (said->'body'->>'minimum_minor')::bigint, added.sequence)
      ON CONFLICT (entity, account) DO UPDATE
        SET minimum_minor = EXCLUDED.minimum_minor, last_sequence = EXCLUDED.last_sequence;
    WITH whole AS (
      SELECT order_reference, currency, SUM(amount_minor)::bigint AS amount_minor FROM balance_part
       WHERE entity = said->'body'->>'entity' AND account = said->'body'->>'account'
       GROUP BY 1, 2 HAVING COUNT(*) > 1
    )
    UPDATE balance_part AS kept SET amount_minor = CASE part WHEN 0 THEN whole.amount_minor ELSE 0 END
      FROM whole WHERE kept.entity = said->'body'->>'entity' AND kept.account = said->'body'->>'account'
       AND kept.order_reference = whole.order_reference AND kept.currency = whole.currency;
    IF EXISTS (SELECT 1 FROM balance_part WHERE part = 0 AND entity = said->'body'->>'entity'
                  AND account = said->'body'->>'account'
                  AND amount_minor < (said->'body'->>'minimum_minor')::bigint) THEN
      PERFORM refuse('below the floor of an account');
    END IF;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION project_capacity(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE shrunk boolean;
BEGIN
  IF added.kind = 'capacity.opened' THEN
    PERFORM check_lines(said, 0);
    WITH line AS MATERIALIZED (
      SELECT place - 1 AS n, line->>0 AS resource, line->>1 AS period, (line->>2)::bigint AS capacity
        FROM jsonb_array_elements(said->'body'->'lines') WITH ORDINALITY AS part (line, place)
    ), put AS (
      INSERT INTO capacity_line (sequence, n, resource, period, capacity)
        SELECT added.sequence, n, resource, period, capacity FROM line
    ), opened AS (
      INSERT INTO slot AS kept (resource, period, capacity, used, last_sequence)
        SELECT DISTINCT ON (resource, period) resource, period, capacity, 0, added.sequence
          FROM line ORDER BY resource, period, n DESC
        ON CONFLICT (resource, period) DO UPDATE
          SET capacity = EXCLUDED.capacity, last_sequence = EXCLUDED.last_sequence
        RETURNING used > capacity AS over
    )
    SELECT BOOL_OR(over) INTO shrunk FROM opened;
    IF shrunk THEN
      PERFORM refuse('a capacity below what is used');
    END IF;
  ELSIF added.kind = 'capacity.held' THEN
    PERFORM check_lines(said, 1);
    IF said->'body'->>'expires_at' !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$' THEN
      PERFORM refuse('a hold expires at an instant or never');
    END IF;
    INSERT INTO hold (hold_id, order_reference, expires_at, lines, sequence)
      VALUES (said->'body'->>'hold', added.order_reference, said->'body'->>'expires_at',
              jsonb_array_length(said->'body'->'lines'), added.sequence);
    INSERT INTO expiring_hold (expires_at, hold_id)
      SELECT said->'body'->>'expires_at', said->'body'->>'hold' WHERE said->'body'->>'expires_at' IS NOT NULL;
    INSERT INTO slot_move (sequence, n, resource, period, quantity)
      SELECT added.sequence, place - 1, line->>0, line->>1, (line->>2)::bigint
        FROM jsonb_array_elements(said->'body'->'lines') WITH ORDINALITY AS part (line, place);
    PERFORM move_slots(added.sequence);
  ELSIF added.kind IN ('capacity.confirmed', 'capacity.released', 'capacity.expired') THEN
    PERFORM end_hold(added, said);
  ELSIF added.kind IN ('capacity.used', 'capacity.cancelled', 'capacity.returned') THEN
    PERFORM end_booking(added, said);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION end_hold(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE held hold%ROWTYPE; ends text := substr(added.kind, 10);
BEGIN
  SELECT * INTO held FROM hold WHERE hold_id = said->'body'->>'hold';
  IF NOT FOUND THEN
    PERFORM refuse('no record calls for this end of a hold');
  END IF;
  IF COALESCE(said->>'at', '') !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$'
     OR (ends = 'confirmed' AND said->>'at' >= held.expires_at COLLATE "C")
     OR (ends = 'expired' AND (held.expires_at IS NULL OR said->>'at' < held.expires_at COLLATE "C")) THEN
    PERFORM refuse('a hold is confirmed before it expires and expired after');
  END IF;
  INSERT INTO hold_end (hold_id, ending, sequence) VALUES (held.hold_id, ends, added.sequence)
    ON CONFLICT (hold_id) DO NOTHING;
  IF NOT FOUND THEN
    PERFORM refuse('a hold ends once');
  END IF;
  DELETE FROM expiring_hold WHERE expires_at = held.expires_at AND hold_id = held.hold_id;
  IF ends <> 'confirmed' THEN
    PERFORM give_back(added.sequence, held.sequence);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION command_signed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = net, pg_temp AS $$
DECLARE wanted bytea; its_own boolean; earliest bigint;
BEGIN
  NEW.place := nextval('command_place');
  NEW.xid := pg_current_xact_id();
  SELECT sha256(COALESCE(string_agg(leaf, ''::bytea ORDER BY sequence), ''::bytea)), MIN(sequence),
         bool_and(starts_with(body, '{"actor":"' || NEW.actor_key || '",'))
    INTO wanted, earliest, its_own FROM record WHERE command = NEW.command;
  IF earliest IS NULL OR NEW.digest IS DISTINCT FROM wanted OR length(NEW.signature) <> 64 THEN
    PERFORM refuse('a command signs exactly its records');
  END IF;
  IF NOT its_own OR NOT EXISTS (SELECT 1 FROM actor WHERE actor_key = NEW.actor_key) THEN
    PERFORM refuse('a command is signed by an enrolled key, which its records name');
  END IF;
  -- places are drawn here: within one transaction too, nothing is placed before what it builds upon
  IF earliest < (SELECT MAX(sequence) FROM record WHERE command =
                  (SELECT command FROM command WHERE xid = NEW.xid ORDER BY place DESC LIMIT 1)) THEN
    PERFORM refuse('commands are signed in the order of their records');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION record_is_signed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = net, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM command WHERE command = NEW.command AND xid = pg_current_xact_id()) THEN
    PERFORM refuse('records without a signed command are not kept');
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION seal_guard() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = net, pg_temp AS $$
BEGIN
  IF NEW.last_sequence IS DISTINCT FROM (SELECT MAX(sequence) FROM sealing)
     OR NEW.horizon > pg_snapshot_xmin(pg_current_snapshot())
     OR EXISTS (SELECT 1 FROM command JOIN record USING (command)
                 WHERE xid < NEW.horizon
                   AND xid >= COALESCE((SELECT CASE WHEN horizon <= pg_snapshot_xmax(pg_current_snapshot())
                                                 THEN horizon END
                                          FROM seal ORDER BY last_sequence DESC LIMIT 1), '0'::xid8)
                   AND NOT EXISTS (SELECT 1 FROM sealing WHERE sealing.record = record.sequence)) THEN
    PERFORM refuse('a seal says how far the sealing went');
  END IF;
  RETURN NEW;
END $$;

DROP INDEX command_xid;
CREATE INDEX command_xid ON command (xid, place);

CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON balance_part FOR EACH STATEMENT EXECUTE FUNCTION stays();
CREATE TRIGGER derived BEFORE INSERT OR UPDATE ON balance_part FOR EACH STATEMENT EXECUTE FUNCTION derived();
CREATE TRIGGER stays BEFORE TRUNCATE ON expiring_hold FOR EACH STATEMENT EXECUTE FUNCTION stays();
CREATE TRIGGER derived BEFORE INSERT OR UPDATE OR DELETE ON expiring_hold
  FOR EACH STATEMENT EXECUTE FUNCTION derived();
ALTER TABLE balance_part ENABLE ALWAYS TRIGGER stays;
ALTER TABLE balance_part ENABLE ALWAYS TRIGGER derived;
ALTER TABLE expiring_hold ENABLE ALWAYS TRIGGER stays;
ALTER TABLE expiring_hold ENABLE ALWAYS TRIGGER derived;

-- Records with their place in the tree; 0 while committed but not yet sealed.
CREATE VIEW placed_record AS
  SELECT COALESCE(sealing.sequence, 0) AS sequence, record.sequence AS written, command, kind, key, trade_date,
         order_reference, state, legs, body, leaf
    FROM record LEFT JOIN sealing ON sealing.record = record.sequence;

-- What each account holds within each order.
CREATE VIEW balance AS
  SELECT order_reference, entity, account, currency, SUM(amount_minor)::bigint AS amount_minor
    FROM balance_part GROUP BY order_reference, entity, account, currency;

-- Committed, not yet sealed: found by absence, never by "greater than the last".
CREATE VIEW unsealed_record AS
  SELECT record.sequence AS written, record.kind, record.key, record.order_reference
    FROM command JOIN record USING (command)
   WHERE xid >= COALESCE((SELECT CASE WHEN horizon <= pg_snapshot_xmax(pg_current_snapshot()) THEN horizon END
                            FROM seal ORDER BY last_sequence DESC LIMIT 1), '0'::xid8)
     AND NOT EXISTS (SELECT 1 FROM sealing WHERE sealing.record = record.sequence);

-- How far each sequence has counted, and the highest number that was used.
CREATE VIEW counter AS
  SELECT 'record' AS counted, (SELECT last_value FROM record_sequence_seq) AS reached,
         (SELECT MAX(sequence) FROM record) AS used
  UNION ALL SELECT 'command', (SELECT last_value FROM command_number), (SELECT MAX(command) FROM command)
  UNION ALL SELECT 'place', (SELECT last_value FROM command_place), (SELECT MAX(place) FROM command);

-- Records in the order of the tree.
CREATE VIEW sealed_record AS
  SELECT sealing.sequence, record.sequence AS written, command, kind, key, trade_date, order_reference, state,
         legs, body, leaf, node
    FROM sealing JOIN record ON record.sequence = sealing.record;
