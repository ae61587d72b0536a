-- The ledger on PostgreSQL. As on SQLite, everything is a projection of `record`: triggers derive legs,
-- balances, slots, holds and heads from a record's canonical bytes in the statement that adds it.
--
-- What differs: a record has no place in the tree when it is written. `record.sequence` is the order of
-- writing, with gaps; the place is `sealing.sequence`, given later by the one sealer. Writers therefore
-- never wait for one another's tree. The program's role may insert into `record`, `command`, `sealing` and
-- `seal` and into nothing else; all triggers are ENABLE ALWAYS, so that session_replication_role does not
-- switch them off. Guards raise SQLSTATE NT001.

CREATE SEQUENCE command_number;
CREATE SEQUENCE command_place;

CREATE TABLE ledger (
  ledger_id text COLLATE "C" PRIMARY KEY,
  practice boolean NOT NULL,
  schema_version integer NOT NULL,
  created_at text COLLATE "C" NOT NULL
);

CREATE TABLE record (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  command bigint NOT NULL DEFAULT currval('command_number'),
  kind text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL CONSTRAINT record_key UNIQUE,
  trade_date text COLLATE "C" NOT NULL,
  order_reference text COLLATE "C",
  state text COLLATE "C",
  legs integer NOT NULL,
  body text COLLATE "C" NOT NULL,
  leaf bytea NOT NULL
);
CREATE INDEX record_command ON record (command, sequence);
CREATE INDEX record_order ON record (order_reference, sequence) WHERE order_reference IS NOT NULL;
CREATE INDEX record_kind ON record (kind, sequence);
CREATE INDEX record_trade_date ON record (trade_date, sequence);

-- `place` is drawn when the command ends, while its locks are held: a command that saw another one's work
-- has the greater place. `xid` only tells the sealer how far back it has to look.
CREATE TABLE command (
  command bigint PRIMARY KEY,
  place bigint NOT NULL UNIQUE,
  xid xid8 NOT NULL,
  actor_key text COLLATE "C" NOT NULL,
  digest bytea NOT NULL,
  signature bytea NOT NULL
);
CREATE INDEX command_xid ON command (xid, place);

CREATE TABLE sealing (
  sequence bigint PRIMARY KEY,
  record bigint NOT NULL CONSTRAINT sealing_record UNIQUE,
  node bytea NOT NULL
);

CREATE TABLE seal (
  last_sequence bigint PRIMARY KEY,
  horizon xid8 NOT NULL
);

CREATE TABLE actor (
  actor_key text COLLATE "C" PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL
);

CREATE TABLE leg (
  sequence bigint NOT NULL,
  n integer NOT NULL,
  entity text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  amount_minor bigint NOT NULL,
  order_reference text COLLATE "C" NOT NULL,
  trade_date text COLLATE "C" NOT NULL,
  PRIMARY KEY (sequence, n)
);
CREATE INDEX leg_account ON leg (entity, account, currency, trade_date) INCLUDE (amount_minor);

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

CREATE TABLE account_floor (
  entity text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  minimum_minor bigint NOT NULL,
  last_sequence bigint NOT NULL,
  PRIMARY KEY (entity, account)
);

CREATE TABLE order_head (
  order_reference text COLLATE "C" PRIMARY KEY,
  state text COLLATE "C" NOT NULL,
  first_sequence bigint NOT NULL,
  last_sequence bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX order_head_state ON order_head (state, first_sequence);

CREATE TABLE slot (
  resource text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  capacity bigint NOT NULL,
  used bigint NOT NULL,
  last_sequence bigint NOT NULL,
  PRIMARY KEY (resource, period)
) WITH (fillfactor = 70);

CREATE TABLE capacity_line (
  sequence bigint NOT NULL,
  n integer NOT NULL,
  resource text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  capacity bigint NOT NULL,
  PRIMARY KEY (sequence, n)
);

CREATE TABLE slot_move (
  sequence bigint NOT NULL,
  n integer NOT NULL,
  resource text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  quantity bigint NOT NULL,
  PRIMARY KEY (sequence, n)
);

CREATE TABLE hold (
  hold_id text COLLATE "C" PRIMARY KEY,
  order_reference text COLLATE "C" NOT NULL,
  expires_at text COLLATE "C",
  lines integer NOT NULL,
  sequence bigint NOT NULL UNIQUE
);
CREATE INDEX hold_order ON hold (order_reference);

CREATE TABLE hold_end (
  hold_id text COLLATE "C" PRIMARY KEY,
  ending text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL UNIQUE
);

-- holds that have not ended and will expire, by when they do
CREATE TABLE expiring_hold (
  expires_at text COLLATE "C" NOT NULL,
  hold_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (expires_at, hold_id)
);

CREATE TABLE booking_end (
  hold_id text COLLATE "C" PRIMARY KEY,
  ending text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL UNIQUE
);

CREATE TABLE finance_claim (
  fingerprint text COLLATE "C" NOT NULL,
  turn integer NOT NULL,
  order_reference text COLLATE "C" NOT NULL,
  financier text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (fingerprint, turn)
);

CREATE TABLE finance_release (
  fingerprint text COLLATE "C" NOT NULL,
  turn integer NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (fingerprint, turn)
);

CREATE TABLE intent (
  operation text COLLATE "C" PRIMARY KEY,
  order_reference text COLLATE "C",
  sequence bigint NOT NULL
);
CREATE INDEX intent_order ON intent (order_reference);

CREATE TABLE attempt (
  operation text COLLATE "C" NOT NULL,
  n integer NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (operation, n)
);

CREATE TABLE outcome (
  operation text COLLATE "C" NOT NULL,
  n integer NOT NULL,
  status text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (operation, n)
);

CREATE TABLE outbox (
  message_id text COLLATE "C" PRIMARY KEY,
  recipient text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL
);

CREATE TABLE delivery (
  message_id text COLLATE "C" PRIMARY KEY,
  sequence bigint NOT NULL
);

CREATE TABLE inbox (
  provider text COLLATE "C" NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (provider, message_id)
);

-- guards ------------------------------------------------------------------------------------------------

CREATE FUNCTION refuse(told text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'NT001', MESSAGE = 'net: ' || told;
END $$;

CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'NT001', MESSAGE = 'net: what is written stays';
END $$;

-- A statement of a user fires this trigger at depth 1; the projection of a record at depth 2 or more.
CREATE FUNCTION derived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION USING ERRCODE = 'NT001', MESSAGE = 'net: this follows from the records alone';
  END IF;
  RETURN NULL;
END $$;

-- the projection of one record --------------------------------------------------------------------------

CREATE FUNCTION check_record(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
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

CREATE FUNCTION project_legs(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
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

-- Money leaves an account with a floor and no free part covers it: wait for whoever holds a part, join them
-- all in part 0 and look at the sum.
CREATE FUNCTION draw_on_all(of_order text, of_entity text, of_account text, of_currency text,
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

CREATE FUNCTION project_head(added net.record) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO order_head AS head (order_reference, state, first_sequence, last_sequence)
    SELECT added.order_reference, added.state, MIN(record.sequence), added.sequence
      FROM record WHERE record.order_reference = added.order_reference
    ON CONFLICT (order_reference) DO UPDATE
      SET state = EXCLUDED.state, last_sequence = EXCLUDED.last_sequence;
END $$;

CREATE FUNCTION project_ledger(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
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

CREATE FUNCTION move_slots(place bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE moved bigint; overbooked boolean;
BEGIN
  WITH wanted AS (
    SELECT resource, period, SUM(quantity)::bigint AS quantity FROM slot_move
     WHERE sequence = place GROUP BY 1, 2
  ), locked AS MATERIALIZED (
    SELECT resource, period, quantity FROM slot JOIN wanted USING (resource, period)
     ORDER BY resource, period FOR UPDATE OF slot
  ), changed AS (
    UPDATE slot SET used = used + locked.quantity, last_sequence = place
      FROM locked WHERE slot.resource = locked.resource AND slot.period = locked.period
      RETURNING used > capacity AND locked.quantity > 0 AS over, used < 0 AS under
  )
  SELECT COUNT(*), COALESCE(BOOL_OR(over OR under), FALSE) INTO moved, overbooked FROM changed;
  IF moved <> (SELECT COUNT(*) FROM (SELECT DISTINCT resource, period FROM slot_move
                                      WHERE sequence = place) AS named) THEN
    PERFORM refuse('a slot that was never opened');
  END IF;
  IF overbooked THEN
    PERFORM refuse('no capacity is left');
  END IF;
END $$;

CREATE FUNCTION check_lines(said jsonb, smallest bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF jsonb_typeof(said->'body'->'lines') IS DISTINCT FROM 'array'
     OR jsonb_array_length(said->'body'->'lines') = 0
     OR EXISTS (SELECT 1 FROM jsonb_array_elements(said->'body'->'lines') AS part (line)
                 WHERE jsonb_typeof(line) <> 'array' OR jsonb_array_length(line) <> 3
                    OR EXISTS (SELECT 1 FROM jsonb_array_elements(line) AS part (value)
                                WHERE jsonb_typeof(value) <> 'string')
                    OR line->>2 !~ '^(0|[1-9][0-9]{0,17})$' OR (line->>2)::bigint < smallest) THEN
    PERFORM refuse('a line is not of the form resource, period, quantity');
  END IF;
END $$;

CREATE FUNCTION project_capacity(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
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

CREATE FUNCTION give_back(place bigint, held bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO slot_move (sequence, n, resource, period, quantity)
    SELECT place, n, resource, period, -quantity FROM slot_move WHERE sequence = held;
  PERFORM move_slots(place);
END $$;

CREATE FUNCTION end_hold(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
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

CREATE FUNCTION end_booking(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE held hold%ROWTYPE; ends text := substr(added.kind, 10);
BEGIN
  SELECT hold.* INTO held FROM hold JOIN hold_end USING (hold_id)
   WHERE hold_id = said->'body'->>'hold' AND ending = 'confirmed';
  IF NOT FOUND THEN
    PERFORM refuse('no record calls for this end of a booking');
  END IF;
  INSERT INTO booking_end (hold_id, ending, sequence) VALUES (held.hold_id, ends, added.sequence)
    ON CONFLICT (hold_id) DO NOTHING;
  IF NOT FOUND THEN
    PERFORM refuse('a booking ends once');
  END IF;
  IF ends <> 'used' THEN
    PERFORM give_back(added.sequence, held.sequence);
  END IF;
END $$;

CREATE FUNCTION project_claim(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE mark text := said->'body'->>'fingerprint'; last finance_claim%ROWTYPE;
BEGIN
  SELECT * INTO last FROM finance_claim WHERE fingerprint = mark ORDER BY turn DESC LIMIT 1;
  IF added.kind = 'claim.made' THEN
    IF FOUND AND NOT EXISTS (SELECT 1 FROM finance_release
                              WHERE fingerprint = mark AND turn = last.turn) THEN
      PERFORM refuse('this order is financed already');
    END IF;
    INSERT INTO finance_claim (fingerprint, turn, order_reference, financier, sequence)
      VALUES (mark, COALESCE(last.turn, 0) + 1, added.order_reference, said->'body'->>'financier', added.sequence)
      ON CONFLICT (fingerprint, turn) DO NOTHING;
    IF NOT FOUND THEN
      PERFORM refuse('this order is financed already');
    END IF;
  ELSIF added.kind = 'claim.released' THEN
    IF NOT FOUND OR (said->'body'->>'turn')::integer IS DISTINCT FROM last.turn THEN
      PERFORM refuse('no record calls for this release of a claim');
    END IF;
    INSERT INTO finance_release (fingerprint, turn, sequence) VALUES (mark, last.turn, added.sequence)
      ON CONFLICT (fingerprint, turn) DO NOTHING;
    IF NOT FOUND THEN
      PERFORM refuse('no record calls for this release of a claim');
    END IF;
  END IF;
END $$;

CREATE FUNCTION project_call(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE called text := said->'body'->>'operation'; turn integer;
BEGIN
  IF added.kind = 'call.intended' THEN
    INSERT INTO intent (operation, order_reference, sequence)
      VALUES (called, added.order_reference, added.sequence);
    RETURN;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM intent WHERE operation = called) THEN
    PERFORM refuse('no record calls for this attempt');
  END IF;
  turn := (said->'body'->>'n')::integer;
  IF added.kind = 'call.attempted' THEN
    IF turn IS DISTINCT FROM 1 + (SELECT COUNT(*) FROM attempt WHERE operation = called) THEN
      PERFORM refuse('no record calls for this attempt');
    END IF;
    INSERT INTO attempt (operation, n, sequence) VALUES (called, turn, added.sequence);
  ELSIF added.kind = 'call.answered' THEN
    IF EXISTS (SELECT 1 FROM outcome WHERE operation = called AND status IN ('ok', 'failed')) THEN
      PERFORM refuse('a call has one outcome');
    END IF;
    IF turn IS DISTINCT FROM 1 + (SELECT COUNT(*) FROM outcome WHERE operation = called)
       OR said->'body'->>'status' NOT IN ('ok', 'failed', 'unknown') THEN
      PERFORM refuse('no record calls for this outcome');
    END IF;
    INSERT INTO outcome (operation, n, status, sequence)
      VALUES (called, turn, said->'body'->>'status', added.sequence);
  END IF;
END $$;

CREATE FUNCTION project_message(added net.record, said jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF added.kind = 'message.queued' THEN
    INSERT INTO outbox (message_id, recipient, sequence)
      VALUES (said->'body'->>'message_id', said->'body'->>'recipient', added.sequence);
  ELSIF added.kind = 'message.delivered' THEN
    IF NOT EXISTS (SELECT 1 FROM outbox WHERE message_id = said->'body'->>'message_id') THEN
      PERFORM refuse('no record calls for this delivery');
    END IF;
    INSERT INTO delivery (message_id, sequence) VALUES (said->'body'->>'message_id', added.sequence);
  ELSIF added.kind = 'message.received' THEN
    INSERT INTO inbox (provider, message_id, sequence)
      VALUES (said->'body'->>'provider', said->'body'->>'message_id', added.sequence);
  END IF;
END $$;

CREATE FUNCTION record_added() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = net, pg_temp AS $$
DECLARE said jsonb;
BEGIN
  said := NEW.body::jsonb;
  PERFORM check_record(NEW, said);
  IF NEW.legs > 0 THEN
    PERFORM project_legs(NEW, said);
  END IF;
  IF NEW.state IS NOT NULL AND NEW.order_reference IS NOT NULL THEN
    PERFORM project_head(NEW);
  END IF;
  IF NEW.legs = 0 THEN
    CASE split_part(NEW.kind, '.', 1)
      WHEN 'ledger', 'actor', 'floor' THEN PERFORM project_ledger(NEW, said);
      WHEN 'capacity' THEN PERFORM project_capacity(NEW, said);
      WHEN 'claim' THEN PERFORM project_claim(NEW, said);
      WHEN 'call' THEN PERFORM project_call(NEW, said);
      WHEN 'message' THEN PERFORM project_message(NEW, said);
      ELSE NULL;
    END CASE;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION command_signed() RETURNS trigger LANGUAGE plpgsql
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

-- by the transaction that wrote them: another one that took the same number signed without them
CREATE FUNCTION record_is_signed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = net, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM command WHERE command = NEW.command AND xid = pg_current_xact_id()) THEN
    PERFORM refuse('records without a signed command are not kept');
  END IF;
  RETURN NULL;
END $$;

-- A node is the largest whole subtree of RFC 6962 that ends with the leaf: recomputed here, so that a sealer
-- can choose the place of a record and nothing else.
CREATE FUNCTION record_sealed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = net, pg_temp AS $$
DECLARE hash bytea; width bigint := 1;
BEGIN
  IF NEW.sequence IS DISTINCT FROM (SELECT COALESCE(MAX(sequence), 0) + 1 FROM sealing) THEN
    PERFORM refuse('a record is sealed at the end');
  END IF;
  SELECT leaf INTO hash FROM record JOIN command USING (command) WHERE sequence = NEW.record;
  IF NOT FOUND THEN
    PERFORM refuse('only what is written is sealed');
  END IF;
  WHILE NEW.sequence & width = 0 LOOP
    hash := sha256('\x01'::bytea || (SELECT node FROM sealing WHERE sequence = NEW.sequence - width) || hash);
    width := width * 2;
  END LOOP;
  IF NEW.node IS DISTINCT FROM hash THEN
    PERFORM refuse('a node is not that of the tree');
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION seal_guard() RETURNS trigger LANGUAGE plpgsql
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

CREATE TRIGGER added AFTER INSERT ON record FOR EACH ROW EXECUTE FUNCTION record_added();
CREATE CONSTRAINT TRIGGER signed AFTER INSERT ON record DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION record_is_signed();
CREATE TRIGGER signed BEFORE INSERT ON command FOR EACH ROW EXECUTE FUNCTION command_signed();
CREATE TRIGGER sealed BEFORE INSERT ON sealing FOR EACH ROW EXECUTE FUNCTION record_sealed();
CREATE TRIGGER sealed BEFORE INSERT ON seal FOR EACH ROW EXECUTE FUNCTION seal_guard();

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['record', 'command', 'sealing', 'seal', 'ledger', 'actor', 'leg', 'capacity_line',
      'slot_move', 'hold', 'hold_end', 'booking_end', 'finance_claim', 'finance_release', 'intent', 'attempt',
      'outcome', 'outbox', 'delivery', 'inbox'] LOOP
    EXECUTE format('CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON %I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION stays()', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['balance_part', 'account_floor', 'order_head', 'slot'] LOOP
    EXECUTE format('CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON %I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION stays()', name);
    EXECUTE format('CREATE TRIGGER derived BEFORE INSERT OR UPDATE ON %I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION derived()', name);
  END LOOP;
  CREATE TRIGGER stays BEFORE TRUNCATE ON expiring_hold FOR EACH STATEMENT EXECUTE FUNCTION stays();
  CREATE TRIGGER derived BEFORE INSERT OR UPDATE OR DELETE ON expiring_hold
    FOR EACH STATEMENT EXECUTE FUNCTION derived();
  FOREACH name IN ARRAY ARRAY['ledger', 'actor', 'leg', 'capacity_line', 'slot_move', 'hold', 'hold_end',
      'booking_end', 'finance_claim', 'finance_release', 'intent', 'attempt', 'outcome', 'outbox', 'delivery',
      'inbox'] LOOP
    EXECUTE format('CREATE TRIGGER derived BEFORE INSERT ON %I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION derived()', name);
  END LOOP;
END $$;

-- what the program calls ----------------------------------------------------------------------------------

-- Adds one record; a refusal comes back as text, and the transaction goes on as if nothing had been tried.
CREATE FUNCTION add_record(new_kind text, new_key text, new_date text, new_order text, new_state text,
                           new_legs integer, new_body text, new_leaf bytea,
                           OUT written bigint, OUT refusal text)
LANGUAGE plpgsql SET search_path = net, pg_temp AS $$
BEGIN
  INSERT INTO record (kind, key, trade_date, order_reference, state, legs, body, leaf)
    VALUES (new_kind, new_key, new_date, new_order, new_state, new_legs, new_body, new_leaf)
    ON CONFLICT ON CONSTRAINT record_key DO NOTHING RETURNING sequence INTO written;
EXCEPTION
  WHEN SQLSTATE 'NT001' THEN
    written := NULL;
    refusal := SQLERRM;
  WHEN unique_violation OR not_null_violation OR invalid_text_representation
    OR numeric_value_out_of_range THEN
    written := NULL;
    refusal := 'net: a record that contradicts those before it: ' || SQLERRM;
END $$;

-- A whole command in one statement; any refusal undoes all of it.
CREATE FUNCTION commit_records(kinds text[], keys text[], dates text[], orders text[], states text[],
                               counts integer[], bodies text[], leaves bytea[],
                               signer text, signed_digest bytea, signed bytea) RETURNS void
LANGUAGE plpgsql SET search_path = net, pg_temp AS $$
DECLARE number bigint := nextval('command_number');
BEGIN
  INSERT INTO record (command, kind, key, trade_date, order_reference, state, legs, body, leaf)
    SELECT number, kind, key, trade_date, order_reference, state, legs, body, leaf
      FROM unnest(kinds, keys, dates, orders, states, counts, bodies, leaves) WITH ORDINALITY
        AS line (kind, key, trade_date, order_reference, state, legs, body, leaf, place)
     ORDER BY place;
  INSERT INTO command (command, actor_key, digest, signature)
    VALUES (number, signer, signed_digest, signed);
END $$;

-- Keeps other writers off these slots until the end of the transaction, always in the same order.
CREATE FUNCTION lock_slots(resources text[], periods text[]) RETURNS void
LANGUAGE sql
SECURITY DEFINER SET search_path = net, pg_temp AS $$
  SELECT 1 FROM (
    SELECT 1 FROM slot JOIN unnest(resources, periods) AS wanted (resource, period) USING (resource, period)
     ORDER BY resource, period FOR UPDATE OF slot) AS locked;
$$;

-- Waits for every open write and lets no other begin until the end of the transaction.
CREATE FUNCTION keep_writers_out() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = net, pg_temp AS $$
BEGIN
  LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE;
END $$;

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

DO $$
DECLARE made record;
BEGIN
  FOR made IN SELECT tgrelid::regclass AS place, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
               WHERE relnamespace = 'net'::regnamespace AND NOT tgisinternal LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', made.place, made.tgname);
  END LOOP;
END $$;
