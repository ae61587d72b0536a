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
CREATE INDEX command_xid ON command (xid);

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

-- balance of one account within one order ('' for what belongs to no order)
CREATE TABLE balance (
  entity text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  order_reference text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  amount_minor bigint NOT NULL,
  PRIMARY KEY (order_reference, entity, account, currency)
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
  IF added.legs = 1 THEN
    PERFORM refuse('an entry has no leg or at least two');
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
DECLARE misformed boolean; unbalanced boolean; below boolean;
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
    SELECT entity, account, currency, SUM(amount_minor)::bigint AS amount_minor
      FROM line GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ), held AS (
    INSERT INTO balance AS kept (order_reference, entity, account, currency, amount_minor)
      SELECT COALESCE(added.order_reference, ''), entity, account, currency, amount_minor
        FROM moved ORDER BY 2, 3, 4
      ON CONFLICT (order_reference, entity, account, currency)
      DO UPDATE SET amount_minor = kept.amount_minor + EXCLUDED.amount_minor
      RETURNING kept.entity, kept.account, kept.amount_minor
  )
  SELECT EXISTS (SELECT 1 FROM line WHERE leg IS DISTINCT FROM
                   jsonb_build_array(entity, account, currency, amount_minor::text)),
         EXISTS (SELECT 1 FROM moved GROUP BY entity, currency HAVING SUM(amount_minor) <> 0),
         EXISTS (SELECT 1 FROM held JOIN account_floor AS lowest USING (entity, account)
                  WHERE held.amount_minor < lowest.minimum_minor)
    INTO misformed, unbalanced, below;
  IF misformed THEN
    PERFORM refuse('a leg is not of the form entity, account, currency, amount');
  END IF;
  IF unbalanced THEN
    PERFORM refuse('the legs do not sum to zero per entity and currency');
  END IF;
  IF below THEN
    PERFORM refuse('below the floor of an account');
  END IF;
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
    IF EXISTS (SELECT 1 FROM balance WHERE entity = said->'body'->>'entity'
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
    INSERT INTO hold (hold_id, order_reference, expires_at, lines, sequence)
      VALUES (said->'body'->>'hold', added.order_reference, said->'body'->>'expires_at',
              jsonb_array_length(said->'body'->'lines'), added.sequence);
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
  IF (ends = 'confirmed' AND said->>'at' >= held.expires_at COLLATE "C")
     OR (ends = 'expired' AND (held.expires_at IS NULL OR said->>'at' < held.expires_at COLLATE "C")) THEN
    PERFORM refuse('a hold is confirmed before it expires and expired after');
  END IF;
  INSERT INTO hold_end (hold_id, ending, sequence) VALUES (held.hold_id, ends, added.sequence)
    ON CONFLICT (hold_id) DO NOTHING;
  IF NOT FOUND THEN
    PERFORM refuse('a hold ends once');
  END IF;
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
BEGIN
  NEW.place := nextval('command_place');
  NEW.xid := pg_current_xact_id();
  IF NEW.digest IS DISTINCT FROM (SELECT sha256(COALESCE(string_agg(leaf, ''::bytea ORDER BY sequence), ''::bytea))
                                    FROM record WHERE command = NEW.command)
     OR NOT EXISTS (SELECT 1 FROM record WHERE command = NEW.command)
     OR length(NEW.signature) <> 64 THEN
    PERFORM refuse('a command signs exactly its records');
  END IF;
  IF NOT EXISTS (SELECT 1 FROM actor WHERE actor_key = NEW.actor_key) THEN
    PERFORM refuse('a command is signed by an enrolled key');
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION record_is_signed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = net, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM command WHERE command = NEW.command) THEN
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
     OR NEW.horizon > pg_snapshot_xmin(pg_current_snapshot()) THEN
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
  FOREACH name IN ARRAY ARRAY['balance', 'account_floor', 'order_head', 'slot'] LOOP
    EXECUTE format('CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON %I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION stays()', name);
    EXECUTE format('CREATE TRIGGER derived BEFORE INSERT OR UPDATE ON %I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION derived()', name);
  END LOOP;
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

-- Committed, not yet sealed: found by absence, never by "greater than the last".
CREATE VIEW unsealed_record AS
  SELECT record.sequence AS written, record.kind, record.key, record.order_reference
    FROM command JOIN record USING (command)
   WHERE xid >= COALESCE((SELECT CASE WHEN horizon <= pg_snapshot_xmax(pg_current_snapshot()) THEN horizon END
                            FROM seal ORDER BY last_sequence DESC LIMIT 1), '0'::xid8)
     AND NOT EXISTS (SELECT 1 FROM sealing WHERE sealing.record = record.sequence);

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

-- The views in the trade's words, as this version made them.
CREATE VIEW records (record, id, trade_date, written_at, kind, order_reference, state, key, actor, body) AS SELECT sequence, encode(record.leaf, 'hex'), trade_date, (record.body::jsonb->>'at'), kind, order_reference, state, key, (record.body::jsonb->>'actor'), body FROM placed_record AS record;
CREATE VIEW orders (reference, state, first_on, last_on, records) AS SELECT head.order_reference, head.state, first.trade_date, last.trade_date, (SELECT COUNT(*) FROM record WHERE record.order_reference = head.order_reference) FROM order_head AS head JOIN placed_record AS first ON first.written = head.first_sequence JOIN placed_record AS last ON last.written = head.last_sequence;
CREATE VIEW postings (record, line, trade_date, order_reference, kind, entity, account, currency, amount_minor, amount) AS SELECT record.sequence, leg.n + 1, leg.trade_date, NULLIF(leg.order_reference, ''), record.kind, leg.entity, leg.account, leg.currency, leg.amount_minor, CASE WHEN leg.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CASE WHEN leg.amount_minor < 0 THEN '-' ELSE '' END || CAST(ABS(leg.amount_minor) / 1 AS TEXT) WHEN leg.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN CASE WHEN leg.amount_minor < 0 THEN '-' ELSE '' END || CAST(ABS(leg.amount_minor) / 1000 AS TEXT) || '.' || substr(CAST(1000 + ABS(leg.amount_minor) % 1000 AS TEXT), 2) WHEN leg.currency IN ('CLF', 'UYW') THEN CASE WHEN leg.amount_minor < 0 THEN '-' ELSE '' END || CAST(ABS(leg.amount_minor) / 10000 AS TEXT) || '.' || substr(CAST(10000 + ABS(leg.amount_minor) % 10000 AS TEXT), 2) ELSE CASE WHEN leg.amount_minor < 0 THEN '-' ELSE '' END || CAST(ABS(leg.amount_minor) / 100 AS TEXT) || '.' || substr(CAST(100 + ABS(leg.amount_minor) % 100 AS TEXT), 2) END FROM leg JOIN placed_record AS record ON record.written = leg.sequence;
CREATE VIEW balances (entity, account, order_reference, currency, amount_minor, amount) AS SELECT entity, account, NULLIF(order_reference, ''), currency, amount_minor, CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CASE WHEN amount_minor < 0 THEN '-' ELSE '' END || CAST(ABS(amount_minor) / 1 AS TEXT) WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN CASE WHEN amount_minor < 0 THEN '-' ELSE '' END || CAST(ABS(amount_minor) / 1000 AS TEXT) || '.' || substr(CAST(1000 + ABS(amount_minor) % 1000 AS TEXT), 2) WHEN currency IN ('CLF', 'UYW') THEN CASE WHEN amount_minor < 0 THEN '-' ELSE '' END || CAST(ABS(amount_minor) / 10000 AS TEXT) || '.' || substr(CAST(10000 + ABS(amount_minor) % 10000 AS TEXT), 2) ELSE CASE WHEN amount_minor < 0 THEN '-' ELSE '' END || CAST(ABS(amount_minor) / 100 AS TEXT) || '.' || substr(CAST(100 + ABS(amount_minor) % 100 AS TEXT), 2) END FROM balance WHERE amount_minor <> 0;
CREATE VIEW holds (hold, order_reference, resource, period, quantity, expires_at, ending, booking_ending, counts) AS SELECT hold.hold_id, hold.order_reference, taken.resource, taken.period, taken.quantity, hold.expires_at, hold_end.ending, booking_end.ending, COALESCE(hold_end.ending, 'confirmed') = 'confirmed' AND COALESCE(booking_end.ending, 'used') = 'used' FROM hold JOIN slot_move AS taken ON taken.sequence = hold.sequence LEFT JOIN hold_end ON hold_end.hold_id = hold.hold_id LEFT JOIN booking_end ON booking_end.hold_id = hold.hold_id;
CREATE VIEW slots (resource, period, capacity, used, free) AS SELECT resource, period, capacity, used, capacity - used FROM slot;
CREATE VIEW exposures (lender, order_reference, currency, principal_minor, interest_minor, allowance_minor, exposure_minor, exposure) AS SELECT lender, order_reference, currency, principal, interest, allowance, principal + interest + allowance, CASE WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN CASE WHEN (principal + interest + allowance) < 0 THEN '-' ELSE '' END || CAST(ABS((principal + interest + allowance)) / 1 AS TEXT) WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN CASE WHEN (principal + interest + allowance) < 0 THEN '-' ELSE '' END || CAST(ABS((principal + interest + allowance)) / 1000 AS TEXT) || '.' || substr(CAST(1000 + ABS((principal + interest + allowance)) % 1000 AS TEXT), 2) WHEN currency IN ('CLF', 'UYW') THEN CASE WHEN (principal + interest + allowance) < 0 THEN '-' ELSE '' END || CAST(ABS((principal + interest + allowance)) / 10000 AS TEXT) || '.' || substr(CAST(10000 + ABS((principal + interest + allowance)) % 10000 AS TEXT), 2) ELSE CASE WHEN (principal + interest + allowance) < 0 THEN '-' ELSE '' END || CAST(ABS((principal + interest + allowance)) / 100 AS TEXT) || '.' || substr(CAST(100 + ABS((principal + interest + allowance)) % 100 AS TEXT), 2) END FROM (SELECT entity AS lender, NULLIF(order_reference, '') AS order_reference, currency, CAST(SUM(CASE WHEN account IN ('1310', '1330') THEN amount_minor ELSE 0 END) AS BIGINT) AS principal, CAST(SUM(CASE WHEN account IN ('1320', '1340') THEN amount_minor ELSE 0 END) AS BIGINT) AS interest, CAST(SUM(CASE WHEN account IN ('1390') THEN amount_minor ELSE 0 END) AS BIGINT) AS allowance FROM balance WHERE entity LIKE 'lender:%' AND account IN ('1310', '1320', '1330', '1340', '1390') GROUP BY entity, order_reference, currency) AS summed WHERE principal <> 0 OR interest <> 0 OR allowance <> 0;
CREATE VIEW claims (order_reference, financier, fingerprint, claimed_on, stands) AS SELECT made.order_reference, made.financier, made.fingerprint, record.trade_date, NOT EXISTS (SELECT 1 FROM finance_release AS freed WHERE freed.fingerprint = made.fingerprint AND freed.turn = made.turn) FROM finance_claim AS made JOIN placed_record AS record ON record.written = made.sequence;
CREATE VIEW calls (operation, order_reference, intended_on, attempts, outcome) AS SELECT intent.operation, intent.order_reference, record.trade_date, (SELECT COUNT(*) FROM attempt WHERE attempt.operation = intent.operation), (SELECT status FROM outcome WHERE outcome.operation = intent.operation ORDER BY n DESC LIMIT 1) FROM intent JOIN placed_record AS record ON record.written = intent.sequence;
