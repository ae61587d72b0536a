-- The ledger on SQLite: one schema text, from which a fresh ledger is made and with which verify compares.
--
-- Everything in here is a projection of `record`. A record's canonical bytes (`body`) say what happened;
-- the triggers derive legs, balances, slots, holds and heads from them in the same statement. So no raw
-- statement can add half an entry: rows that a record does not call for are refused, and those that it
-- calls for are there already. A cache row (balance, slot, order_head) cites the row that moved
-- it last, and moves only by a row newer than that one. Guards are RAISE(ABORT) alone, never CHECK, NOT NULL
-- or a foreign key: OR IGNORE overrides a CHECK and skips a row whose column is empty, OR FAIL keeps what came
-- before it, and a connection has foreign keys off by default.

CREATE TABLE record (
  sequence INTEGER PRIMARY KEY,
  command INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  trade_date TEXT NOT NULL,
  order_reference TEXT,
  state TEXT,
  legs INTEGER NOT NULL,
  body TEXT NOT NULL,
  leaf BLOB NOT NULL,
  node BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_key ON record (key);
CREATE INDEX record_order ON record (order_reference, sequence) WHERE order_reference IS NOT NULL;
CREATE INDEX record_kind ON record (kind, sequence);
CREATE INDEX record_trade_date ON record (trade_date, sequence);

CREATE TABLE command (
  command INTEGER PRIMARY KEY,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  actor_key TEXT NOT NULL,
  digest BLOB NOT NULL,
  signature BLOB NOT NULL
) STRICT;

CREATE TABLE ledger (
  ledger_id TEXT PRIMARY KEY,
  practice INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE actor (
  actor_key TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE leg (
  sequence INTEGER NOT NULL,
  n INTEGER NOT NULL,
  entity TEXT NOT NULL,
  account TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  order_reference TEXT NOT NULL,
  trade_date TEXT NOT NULL,
  PRIMARY KEY (sequence, n)
) STRICT, WITHOUT ROWID;
-- a balance at a date is the sum of this index up to it, read without touching the table
CREATE INDEX leg_account ON leg (entity, account, currency, trade_date, amount_minor);

-- balance of one account within one order ('' for what belongs to no order)
CREATE TABLE balance (
  entity TEXT NOT NULL,
  account TEXT NOT NULL,
  order_reference TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  last_leg INTEGER NOT NULL,
  PRIMARY KEY (entity, account, currency, order_reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX balance_order ON balance (order_reference);

CREATE TABLE account_floor (
  entity TEXT NOT NULL,
  account TEXT NOT NULL,
  minimum_minor INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  PRIMARY KEY (entity, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_head (
  order_reference TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX order_head_state ON order_head (state, first_sequence);

-- capacity: slots of factories, warehouses and lanes, credit limits and concentrations alike
CREATE TABLE slot (
  resource TEXT NOT NULL,
  period TEXT NOT NULL,
  capacity INTEGER NOT NULL,
  used INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  last_line INTEGER NOT NULL,
  PRIMARY KEY (resource, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE capacity_line (
  sequence INTEGER NOT NULL,
  n INTEGER NOT NULL,
  resource TEXT NOT NULL,
  period TEXT NOT NULL,
  capacity INTEGER NOT NULL,
  PRIMARY KEY (sequence, n)
) STRICT, WITHOUT ROWID;

-- what each record takes from (+) or gives back to (-) a slot
CREATE TABLE slot_move (
  sequence INTEGER NOT NULL,
  n INTEGER NOT NULL,
  resource TEXT NOT NULL,
  period TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  PRIMARY KEY (sequence, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE hold (
  hold_id TEXT PRIMARY KEY,
  order_reference TEXT NOT NULL,
  expires_at TEXT,
  lines INTEGER NOT NULL,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_order ON hold (order_reference);
CREATE INDEX hold_sequence ON hold (sequence);

CREATE TABLE hold_end (
  hold_id TEXT PRIMARY KEY,
  ending TEXT NOT NULL,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_end_sequence ON hold_end (sequence);

-- holds that have not ended and will expire, by when they do
CREATE TABLE expiring_hold (
  expires_at TEXT NOT NULL,
  hold_id TEXT NOT NULL,
  PRIMARY KEY (expires_at, hold_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE booking_end (
  hold_id TEXT PRIMARY KEY,
  ending TEXT NOT NULL,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX booking_end_sequence ON booking_end (sequence);

CREATE TABLE finance_claim (
  fingerprint TEXT NOT NULL,
  turn INTEGER NOT NULL,
  order_reference TEXT NOT NULL,
  financier TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (fingerprint, turn)
) STRICT, WITHOUT ROWID;

CREATE TABLE finance_release (
  fingerprint TEXT NOT NULL,
  turn INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (fingerprint, turn)
) STRICT, WITHOUT ROWID;

CREATE TABLE intent (
  operation TEXT PRIMARY KEY,
  order_reference TEXT,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX intent_order ON intent (order_reference);

CREATE TABLE attempt (
  operation TEXT NOT NULL,
  n INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (operation, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE outcome (
  operation TEXT NOT NULL,
  n INTEGER NOT NULL,
  status TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (operation, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  message_id TEXT PRIMARY KEY,
  recipient TEXT NOT NULL,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
  message_id TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  provider TEXT NOT NULL,
  message_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (provider, message_id)
) STRICT, WITHOUT ROWID;

-- records ---------------------------------------------------------------------------------------------

CREATE TRIGGER record_guard BEFORE INSERT ON record BEGIN
  SELECT RAISE(ABORT, 'net: a record is added at the end')
    WHERE NEW.sequence IS NOT (SELECT COALESCE(MAX(sequence), 0) + 1 FROM record);
  SELECT RAISE(ABORT, 'net: this key is in the ledger already')
    WHERE EXISTS (SELECT 1 FROM record WHERE key = NEW.key);
  SELECT RAISE(ABORT, 'net: a record of a shape that the ledger does not know')
    WHERE typeof(NEW.body) <> 'text' OR typeof(NEW.leaf) <> 'blob' OR typeof(NEW.node) <> 'blob'
       OR length(NEW.leaf) <> 32 OR length(NEW.node) <> 32 OR typeof(NEW.command) <> 'integer'
       OR NEW.trade_date IS NOT date(NEW.trade_date, '+0 days')
       OR EXISTS (SELECT 1 FROM command WHERE command = NEW.command);
  SELECT RAISE(ABORT, 'net: the columns of a record say other than its body')
    WHERE NEW.kind IS NOT json_extract(NEW.body, '$.kind')
       OR NEW.key IS NOT json_extract(NEW.body, '$.key')
       OR NEW.trade_date IS NOT json_extract(NEW.body, '$.on')
       OR NEW.order_reference IS NOT json_extract(NEW.body, '$.order')
       OR NEW.state IS NOT CASE json_type(NEW.body, '$.body.state')
                           WHEN 'text' THEN json_extract(NEW.body, '$.body.state') END
       OR NEW.legs IS NOT json_array_length(NEW.body, '$.legs');
  SELECT RAISE(ABORT, 'net: this record belongs to another ledger')
    WHERE CASE NEW.sequence WHEN 1 THEN NEW.kind <> 'ledger.created'
          ELSE NEW.kind = 'ledger.created'
            OR json_extract(NEW.body, '$.ledger') IS NOT (SELECT ledger_id FROM ledger) END;
  SELECT RAISE(ABORT, 'net: this ledger was handed over and takes no more records')
    WHERE (SELECT kind FROM record WHERE sequence = NEW.sequence - 1) = 'ledger.handed-over';
  SELECT RAISE(ABORT, 'net: an entry has no leg or at least two')
    WHERE NEW.legs = 1;
  SELECT RAISE(ABORT, 'net: a record of the ledger''s own kinds moves no money')
    WHERE NEW.legs > 0
      AND (NEW.kind BETWEEN 'actor.' AND 'actor/' OR NEW.kind BETWEEN 'call.' AND 'call/'
        OR NEW.kind BETWEEN 'capacity.' AND 'capacity/' OR NEW.kind BETWEEN 'claim.' AND 'claim/'
        OR NEW.kind BETWEEN 'floor.' AND 'floor/' OR NEW.kind BETWEEN 'ledger.' AND 'ledger/'
        OR NEW.kind BETWEEN 'message.' AND 'message/');
END;
CREATE TRIGGER record_update_guard BEFORE UPDATE ON record BEGIN SELECT RAISE(ABORT, 'net: records stay as they are'); END;
CREATE TRIGGER record_delete_guard BEFORE DELETE ON record BEGIN SELECT RAISE(ABORT, 'net: records stay as they are'); END;

-- Most entries have two legs: those go in without a loop over JSON, which takes a third off the whole.
CREATE TRIGGER record_pair AFTER INSERT ON record WHEN NEW.legs = 2 BEGIN
  INSERT INTO leg (sequence, n, entity, account, currency, amount_minor, order_reference, trade_date)
    VALUES (NEW.sequence, 0, json_extract(NEW.body, '$.legs[0][0]'), json_extract(NEW.body, '$.legs[0][1]'),
            json_extract(NEW.body, '$.legs[0][2]'), CAST(json_extract(NEW.body, '$.legs[0][3]') AS INTEGER),
            COALESCE(NEW.order_reference, ''), NEW.trade_date);
  INSERT INTO leg (sequence, n, entity, account, currency, amount_minor, order_reference, trade_date)
    VALUES (NEW.sequence, 1, json_extract(NEW.body, '$.legs[1][0]'), json_extract(NEW.body, '$.legs[1][1]'),
            json_extract(NEW.body, '$.legs[1][2]'), CAST(json_extract(NEW.body, '$.legs[1][3]') AS INTEGER),
            COALESCE(NEW.order_reference, ''), NEW.trade_date);
  SELECT RAISE(ABORT, 'net: a leg is not of the form entity, account, currency, amount')
    WHERE json_extract(NEW.body, '$.legs') IS NOT (SELECT json_array(
            json_array(one.entity, one.account, one.currency, CAST(one.amount_minor AS TEXT)),
            json_array(other.entity, other.account, other.currency, CAST(other.amount_minor AS TEXT)))
      FROM leg AS one CROSS JOIN leg AS other
     WHERE one.sequence = NEW.sequence AND one.n = 0 AND other.sequence = NEW.sequence AND other.n = 1);
  SELECT RAISE(ABORT, 'net: the legs do not sum to zero per entity and currency')
    WHERE NOT EXISTS (SELECT 1 FROM leg AS one CROSS JOIN leg AS other
     WHERE one.sequence = NEW.sequence AND one.n = 0 AND other.sequence = NEW.sequence AND other.n = 1
       AND one.amount_minor = -other.amount_minor
       AND (one.amount_minor = 0 OR (one.entity = other.entity AND one.currency = other.currency)));
  SELECT RAISE(ABORT, 'net: below the floor of an account')
    WHERE EXISTS (SELECT 1 FROM leg
      CROSS JOIN account_floor AS lowest ON lowest.entity = leg.entity AND lowest.account = leg.account
      CROSS JOIN balance AS held ON held.order_reference = COALESCE(NEW.order_reference, '')
       AND held.entity = leg.entity AND held.account = leg.account AND held.currency = leg.currency
     WHERE leg.sequence = NEW.sequence AND held.amount_minor < lowest.minimum_minor);
END;
CREATE TRIGGER record_legs AFTER INSERT ON record WHEN NEW.legs > 2 BEGIN
  INSERT INTO leg (sequence, n, entity, account, currency, amount_minor, order_reference, trade_date)
    SELECT NEW.sequence, key, json_extract(value, '$[0]'), json_extract(value, '$[1]'),
           json_extract(value, '$[2]'), CAST(json_extract(value, '$[3]') AS INTEGER),
           COALESCE(NEW.order_reference, ''), NEW.trade_date
      FROM json_each(NEW.body, '$.legs');
  SELECT RAISE(ABORT, 'net: a leg is not of the form entity, account, currency, amount')
    WHERE NEW.legs <> (SELECT COUNT(*) FROM leg WHERE sequence = NEW.sequence
             AND json_extract(NEW.body, '$.legs[' || n || ']')
                 IS json_array(entity, account, currency, CAST(amount_minor AS TEXT)));
  SELECT RAISE(ABORT, 'net: the legs do not sum to zero per entity and currency')
    WHERE EXISTS (SELECT 1 FROM leg AS one WHERE sequence = NEW.sequence
             AND 0 <> (SELECT SUM(amount_minor) FROM leg WHERE sequence = NEW.sequence
                        AND +entity = one.entity AND +currency = one.currency));
  SELECT RAISE(ABORT, 'net: below the floor of an account')
    WHERE EXISTS (SELECT 1 FROM leg
      CROSS JOIN account_floor AS lowest ON lowest.entity = leg.entity AND lowest.account = leg.account
      CROSS JOIN balance AS held ON held.order_reference = COALESCE(NEW.order_reference, '')
       AND held.entity = leg.entity AND held.account = leg.account AND held.currency = leg.currency
     WHERE leg.sequence = NEW.sequence AND held.amount_minor < lowest.minimum_minor);
END;

CREATE TRIGGER leg_guard BEFORE INSERT ON leg BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this leg')
    WHERE NEW.n < 0
       OR NEW.n >= COALESCE((SELECT legs FROM record WHERE sequence = NEW.sequence
                                AND trade_date = NEW.trade_date
                                AND COALESCE(order_reference, '') = NEW.order_reference), 0)
       OR EXISTS (SELECT 1 FROM leg WHERE sequence = NEW.sequence AND n = NEW.n);
  SELECT RAISE(ABORT, 'net: a leg is not of the form entity, account, currency, amount')
    WHERE typeof(NEW.n) <> 'integer' OR typeof(NEW.entity) <> 'text' OR typeof(NEW.account) <> 'text'
       OR typeof(NEW.currency) <> 'text' OR typeof(NEW.amount_minor) <> 'integer';
END;
-- Two triggers, in whichever order SQLite runs them: a leg that made its balance does not move it again.
CREATE TRIGGER leg_project AFTER INSERT ON leg BEGIN
  UPDATE balance SET amount_minor = amount_minor + NEW.amount_minor, last_sequence = NEW.sequence,
                     last_leg = NEW.n
   WHERE order_reference = NEW.order_reference AND entity = NEW.entity AND account = NEW.account
     AND currency = NEW.currency AND (last_sequence, last_leg) IS NOT (NEW.sequence, NEW.n);
END;
CREATE TRIGGER leg_first AFTER INSERT ON leg
WHEN NOT EXISTS (SELECT 1 FROM balance WHERE order_reference = NEW.order_reference AND entity = NEW.entity
                    AND account = NEW.account AND currency = NEW.currency) BEGIN
  INSERT INTO balance (entity, account, order_reference, currency, amount_minor, last_sequence, last_leg)
    VALUES (NEW.entity, NEW.account, NEW.order_reference, NEW.currency, NEW.amount_minor, NEW.sequence,
            NEW.n);
END;

CREATE TRIGGER balance_insert_guard BEFORE INSERT ON balance BEGIN
  SELECT RAISE(ABORT, 'net: a balance follows from the legs')
    WHERE NEW.amount_minor IS NOT (SELECT amount_minor FROM leg
            WHERE sequence = NEW.last_sequence AND n = NEW.last_leg AND entity = NEW.entity
              AND account = NEW.account AND currency = NEW.currency
              AND order_reference = NEW.order_reference)
       OR EXISTS (SELECT 1 FROM balance WHERE order_reference = NEW.order_reference
             AND entity = NEW.entity AND account = NEW.account AND currency = NEW.currency);
END;
CREATE TRIGGER balance_update_guard AFTER UPDATE ON balance BEGIN
  SELECT RAISE(ABORT, 'net: a balance follows from the legs')
    WHERE NEW.amount_minor - OLD.amount_minor IS NOT (SELECT amount_minor FROM leg
            WHERE sequence = NEW.last_sequence AND n = NEW.last_leg AND entity = OLD.entity
              AND account = OLD.account AND currency = OLD.currency
              AND order_reference = OLD.order_reference)
       OR (NEW.last_sequence, NEW.last_leg) <= (OLD.last_sequence, OLD.last_leg)
       OR NEW.order_reference IS NOT OLD.order_reference OR NEW.entity IS NOT OLD.entity
       OR NEW.account IS NOT OLD.account OR NEW.currency IS NOT OLD.currency;
END;
-- who writes, floors, heads ---------------------------------------------------------------------------

-- one trigger for all that moves no money: every trigger more would cost the hot path
CREATE TRIGGER record_effect AFTER INSERT ON record WHEN NEW.legs = 0 BEGIN
  INSERT INTO ledger (ledger_id, practice, schema_version, created_at)
    SELECT json_extract(NEW.body, '$.ledger'), json_extract(NEW.body, '$.body.practice'),
            json_extract(NEW.body, '$.body.schema_version'), json_extract(NEW.body, '$.at')
     WHERE NEW.kind = 'ledger.created';
  INSERT INTO actor (actor_key, name, sequence)
    SELECT json_extract(NEW.body, '$.body.actor_key'), json_extract(NEW.body, '$.body.name'), NEW.sequence
     WHERE NEW.kind = 'actor.enrolled';
  INSERT INTO finance_claim (fingerprint, turn, order_reference, financier, sequence)
    SELECT json_extract(NEW.body, '$.body.fingerprint'),
           1 + (SELECT COUNT(*) FROM finance_claim
                 WHERE fingerprint = json_extract(NEW.body, '$.body.fingerprint')),
           NEW.order_reference, json_extract(NEW.body, '$.body.financier'), NEW.sequence
     WHERE NEW.kind = 'claim.made';
  INSERT INTO finance_release (fingerprint, turn, sequence)
    SELECT json_extract(NEW.body, '$.body.fingerprint'), json_extract(NEW.body, '$.body.turn'), NEW.sequence
     WHERE NEW.kind = 'claim.released';
  INSERT INTO intent (operation, order_reference, sequence)
    SELECT json_extract(NEW.body, '$.body.operation'), NEW.order_reference, NEW.sequence
     WHERE NEW.kind = 'call.intended';
  INSERT INTO attempt (operation, n, sequence)
    SELECT json_extract(NEW.body, '$.body.operation'), json_extract(NEW.body, '$.body.n'), NEW.sequence
     WHERE NEW.kind = 'call.attempted';
  INSERT INTO outcome (operation, n, status, sequence)
    SELECT json_extract(NEW.body, '$.body.operation'), json_extract(NEW.body, '$.body.n'),
            json_extract(NEW.body, '$.body.status'), NEW.sequence
     WHERE NEW.kind = 'call.answered';
  INSERT INTO outbox (message_id, recipient, sequence)
    SELECT json_extract(NEW.body, '$.body.message_id'), json_extract(NEW.body, '$.body.recipient'), NEW.sequence
     WHERE NEW.kind = 'message.queued';
  INSERT INTO delivery (message_id, sequence)
    SELECT json_extract(NEW.body, '$.body.message_id'), NEW.sequence
     WHERE NEW.kind = 'message.delivered';
  INSERT INTO inbox (provider, message_id, sequence)
    SELECT json_extract(NEW.body, '$.body.provider'), json_extract(NEW.body, '$.body.message_id'), NEW.sequence
     WHERE NEW.kind = 'message.received';
  INSERT INTO capacity_line (sequence, n, resource, period, capacity)
    SELECT NEW.sequence, key, json_extract(value, '$[0]'), json_extract(value, '$[1]'),
           CAST(json_extract(value, '$[2]') AS INTEGER)
      FROM json_each(NEW.body, '$.body.lines')
     WHERE NEW.kind = 'capacity.opened' AND type = 'array' AND json_array_length(value) = 3
       AND CAST(CAST(json_extract(value, '$[2]') AS INTEGER) AS TEXT) IS json_extract(value, '$[2]');
  SELECT RAISE(ABORT, 'net: a capacity line is not of the form resource, period, capacity')
    WHERE NEW.kind = 'capacity.opened' AND json_array_length(NEW.body, '$.body.lines') IS NOT
          (SELECT COUNT(*) FROM capacity_line WHERE sequence = NEW.sequence);
  INSERT INTO hold (hold_id, order_reference, expires_at, lines, sequence)
    SELECT json_extract(NEW.body, '$.body.hold'), NEW.order_reference,
           json_extract(NEW.body, '$.body.expires_at'), json_array_length(NEW.body, '$.body.lines'),
           NEW.sequence
     WHERE NEW.kind = 'capacity.held';
  INSERT INTO slot_move (sequence, n, resource, period, quantity)
    SELECT NEW.sequence, key, json_extract(value, '$[0]'), json_extract(value, '$[1]'),
           CAST(json_extract(value, '$[2]') AS INTEGER)
      FROM json_each(NEW.body, '$.body.lines')
     WHERE NEW.kind = 'capacity.held' AND type = 'array' AND json_array_length(value) = 3
       AND CAST(CAST(json_extract(value, '$[2]') AS INTEGER) AS TEXT) IS json_extract(value, '$[2]');
  SELECT RAISE(ABORT, 'net: a hold line is not of the form resource, period, quantity')
    WHERE NEW.kind = 'capacity.held'
      AND NOT EXISTS (SELECT 1 FROM hold WHERE sequence = NEW.sequence AND lines > 0
             AND lines = (SELECT COUNT(*) FROM slot_move WHERE sequence = NEW.sequence));
  INSERT INTO hold_end (hold_id, ending, sequence)
    SELECT json_extract(NEW.body, '$.body.hold'), substr(NEW.kind, 10), NEW.sequence
     WHERE NEW.kind IN ('capacity.confirmed', 'capacity.released', 'capacity.expired');
  INSERT INTO booking_end (hold_id, ending, sequence)
    SELECT json_extract(NEW.body, '$.body.hold'), substr(NEW.kind, 10), NEW.sequence
     WHERE NEW.kind IN ('capacity.used', 'capacity.cancelled', 'capacity.returned');
  INSERT INTO slot_move (sequence, n, resource, period, quantity)
    SELECT NEW.sequence, taken.n, taken.resource, taken.period, -taken.quantity
      FROM hold JOIN slot_move AS taken ON taken.sequence = hold.sequence
     WHERE NEW.kind IN ('capacity.released', 'capacity.expired', 'capacity.cancelled', 'capacity.returned')
       AND hold.hold_id = json_extract(NEW.body, '$.body.hold');
  SELECT RAISE(ABORT, 'net: a hold gives back all that it took')
    WHERE NEW.kind IN ('capacity.released', 'capacity.expired', 'capacity.cancelled', 'capacity.returned')
      AND (SELECT COUNT(*) FROM slot_move WHERE sequence = NEW.sequence) IS NOT
          (SELECT lines FROM hold WHERE hold_id = json_extract(NEW.body, '$.body.hold'));
  UPDATE account_floor SET minimum_minor = CAST(json_extract(NEW.body, '$.body.minimum_minor') AS INTEGER),
                           last_sequence = NEW.sequence
   WHERE NEW.kind = 'floor.set' AND entity = json_extract(NEW.body, '$.body.entity')
     AND account = json_extract(NEW.body, '$.body.account');
  INSERT INTO account_floor (entity, account, minimum_minor, last_sequence)
    SELECT json_extract(NEW.body, '$.body.entity'), json_extract(NEW.body, '$.body.account'),
           CAST(json_extract(NEW.body, '$.body.minimum_minor') AS INTEGER), NEW.sequence
     WHERE NEW.kind = 'floor.set'
       AND NOT EXISTS (SELECT 1 FROM account_floor
             WHERE entity = json_extract(NEW.body, '$.body.entity')
               AND account = json_extract(NEW.body, '$.body.account'));
  SELECT RAISE(ABORT, 'net: below the floor of an account')
    WHERE NEW.kind = 'floor.set'
      AND EXISTS (SELECT 1 FROM account_floor AS lowest JOIN balance ON balance.entity = lowest.entity
             AND balance.account = lowest.account
           WHERE lowest.last_sequence = NEW.sequence AND balance.amount_minor < lowest.minimum_minor);
END;

CREATE TRIGGER ledger_guard BEFORE INSERT ON ledger BEGIN
  SELECT RAISE(ABORT, 'net: a ledger is created once')
    WHERE EXISTS (SELECT 1 FROM ledger) OR (SELECT MAX(sequence) FROM record) IS NOT 1;
END;

CREATE TRIGGER actor_guard BEFORE INSERT ON actor BEGIN
  SELECT RAISE(ABORT, 'net: an actor is enrolled by a record, once')
    WHERE typeof(NEW.actor_key) <> 'text' OR typeof(NEW.name) <> 'text'
       OR EXISTS (SELECT 1 FROM actor WHERE actor_key = NEW.actor_key)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'actor.enrolled'
             AND json_extract(body, '$.body.actor_key') IS NEW.actor_key
             AND json_extract(body, '$.body.name') IS NEW.name);
END;

CREATE TRIGGER account_floor_insert_guard BEFORE INSERT ON account_floor BEGIN
  SELECT RAISE(ABORT, 'net: a floor is set by a record')
    WHERE typeof(NEW.entity) <> 'text' OR typeof(NEW.account) <> 'text'
       OR EXISTS (SELECT 1 FROM account_floor WHERE entity = NEW.entity AND account = NEW.account)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.last_sequence AND kind = 'floor.set'
             AND json_extract(body, '$.body.entity') IS NEW.entity
             AND json_extract(body, '$.body.account') IS NEW.account
             AND json_extract(body, '$.body.minimum_minor') = CAST(NEW.minimum_minor AS TEXT));
END;
CREATE TRIGGER account_floor_update_guard BEFORE UPDATE ON account_floor BEGIN
  SELECT RAISE(ABORT, 'net: a floor is set by a record')
    WHERE NEW.entity IS NOT OLD.entity OR NEW.account IS NOT OLD.account
       OR NEW.last_sequence <= OLD.last_sequence
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.last_sequence AND kind = 'floor.set'
             AND json_extract(body, '$.body.entity') IS NEW.entity
             AND json_extract(body, '$.body.account') IS NEW.account
             AND json_extract(body, '$.body.minimum_minor') = CAST(NEW.minimum_minor AS TEXT));
END;

CREATE TRIGGER record_head AFTER INSERT ON record
WHEN NEW.state IS NOT NULL AND NEW.order_reference IS NOT NULL BEGIN
  UPDATE order_head SET state = NEW.state, last_sequence = NEW.sequence
   WHERE order_reference = NEW.order_reference;
  INSERT INTO order_head (order_reference, state, first_sequence, last_sequence)
    SELECT NEW.order_reference, NEW.state, MIN(sequence), NEW.sequence
      FROM record WHERE order_reference = NEW.order_reference
    HAVING NOT EXISTS (SELECT 1 FROM order_head WHERE order_reference = NEW.order_reference);
END;
CREATE TRIGGER order_head_insert_guard BEFORE INSERT ON order_head BEGIN
  SELECT RAISE(ABORT, 'net: the head of an order follows from its records')
    WHERE EXISTS (SELECT 1 FROM order_head WHERE order_reference = NEW.order_reference)
       OR NEW.first_sequence IS NOT
          (SELECT MIN(sequence) FROM record WHERE order_reference = NEW.order_reference)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.last_sequence
             AND order_reference = NEW.order_reference AND state = NEW.state);
END;
CREATE TRIGGER order_head_update_guard BEFORE UPDATE ON order_head BEGIN
  SELECT RAISE(ABORT, 'net: the head of an order follows from its records')
    WHERE NEW.order_reference IS NOT OLD.order_reference OR NEW.first_sequence IS NOT OLD.first_sequence
       OR NEW.last_sequence <= OLD.last_sequence
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.last_sequence
             AND order_reference = NEW.order_reference AND state = NEW.state);
END;

CREATE TRIGGER command_guard BEFORE INSERT ON command BEGIN
  SELECT RAISE(ABORT, 'net: a command is signed once, when it ends')
    WHERE EXISTS (SELECT 1 FROM command WHERE command >= NEW.command)
       OR NEW.last_sequence IS NOT (SELECT MAX(sequence) FROM record)
       OR NEW.first_sequence IS NOT
          (SELECT COALESCE(MAX(last_sequence), 0) + 1 FROM command WHERE command = NEW.command - 1)
       OR NEW.command IS NOT (SELECT COALESCE(MAX(command), 0) + 1 FROM command)
       OR NEW.first_sequence > NEW.last_sequence
       OR length(NEW.digest) <> 32 OR length(NEW.signature) <> 64;
END;

-- capacity --------------------------------------------------------------------------------------------

CREATE TRIGGER capacity_line_guard BEFORE INSERT ON capacity_line BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this capacity')
    WHERE EXISTS (SELECT 1 FROM capacity_line WHERE sequence = NEW.sequence AND n = NEW.n)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'capacity.opened'
             AND NEW.n >= 0 AND NEW.n < json_array_length(body, '$.body.lines'))
       OR typeof(NEW.resource) <> 'text' OR typeof(NEW.period) <> 'text'
       OR typeof(NEW.capacity) <> 'integer' OR NEW.capacity < 0;
END;
CREATE TRIGGER capacity_line_project AFTER INSERT ON capacity_line BEGIN
  UPDATE slot SET capacity = NEW.capacity, last_sequence = NEW.sequence, last_line = NEW.n
   WHERE resource = NEW.resource AND period = NEW.period;
  INSERT INTO slot (resource, period, capacity, used, last_sequence, last_line)
    SELECT NEW.resource, NEW.period, NEW.capacity, 0, NEW.sequence, NEW.n
     WHERE NOT EXISTS (SELECT 1 FROM slot WHERE resource = NEW.resource AND period = NEW.period);
END;
CREATE TRIGGER slot_insert_guard BEFORE INSERT ON slot BEGIN
  SELECT RAISE(ABORT, 'net: a slot follows from its records')
    WHERE NEW.used IS NOT 0
       OR EXISTS (SELECT 1 FROM slot WHERE resource = NEW.resource AND period = NEW.period)
       OR NOT EXISTS (SELECT 1 FROM capacity_line WHERE sequence = NEW.last_sequence AND n = NEW.last_line
             AND resource = NEW.resource AND period = NEW.period AND capacity = NEW.capacity);
END;
CREATE TRIGGER slot_update_guard BEFORE UPDATE ON slot BEGIN
  SELECT RAISE(ABORT, 'net: no capacity is left')
    WHERE NEW.used > NEW.capacity AND NEW.used > OLD.used;
  SELECT RAISE(ABORT, 'net: a capacity below what is used')
    WHERE NEW.used > NEW.capacity AND NEW.capacity < OLD.capacity;
  SELECT RAISE(ABORT, 'net: a slot follows from its records')
    WHERE NEW.resource IS NOT OLD.resource OR NEW.period IS NOT OLD.period OR NEW.used < 0
       OR (NEW.last_sequence, NEW.last_line) <= (OLD.last_sequence, OLD.last_line)
       OR NOT (EXISTS (SELECT 1 FROM capacity_line WHERE sequence = NEW.last_sequence
                   AND n = NEW.last_line AND resource = NEW.resource AND period = NEW.period
                   AND capacity = NEW.capacity AND NEW.used = OLD.used)
            OR EXISTS (SELECT 1 FROM slot_move WHERE sequence = NEW.last_sequence AND n = NEW.last_line
                   AND resource = NEW.resource AND period = NEW.period
                   AND quantity = NEW.used - OLD.used AND NEW.capacity = OLD.capacity));
END;

CREATE TRIGGER hold_guard BEFORE INSERT ON hold BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this hold')
    WHERE typeof(NEW.hold_id) <> 'text' OR typeof(NEW.order_reference) <> 'text'
       OR NEW.expires_at IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', NEW.expires_at, '+0 days')
       OR EXISTS (SELECT 1 FROM hold WHERE hold_id = NEW.hold_id)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'capacity.held'
             AND json_extract(body, '$.body.hold') IS NEW.hold_id AND order_reference IS NEW.order_reference
             AND json_extract(body, '$.body.expires_at') IS NEW.expires_at
             AND json_array_length(body, '$.body.lines') IS NEW.lines);
END;
CREATE TRIGGER hold_expires AFTER INSERT ON hold WHEN NEW.expires_at IS NOT NULL BEGIN
  INSERT INTO expiring_hold (expires_at, hold_id) VALUES (NEW.expires_at, NEW.hold_id);
END;
CREATE TRIGGER hold_expires_no_more AFTER INSERT ON hold_end BEGIN
  DELETE FROM expiring_hold WHERE hold_id = NEW.hold_id
     AND expires_at = (SELECT expires_at FROM hold WHERE hold_id = NEW.hold_id);
END;
CREATE TRIGGER expiring_hold_insert_guard BEFORE INSERT ON expiring_hold BEGIN
  SELECT RAISE(ABORT, 'net: which holds expire follows from the holds')
    WHERE EXISTS (SELECT 1 FROM expiring_hold WHERE expires_at = NEW.expires_at AND hold_id = NEW.hold_id)
       OR EXISTS (SELECT 1 FROM hold_end WHERE hold_id = NEW.hold_id)
       OR NOT EXISTS (SELECT 1 FROM hold WHERE hold_id = NEW.hold_id AND expires_at = NEW.expires_at);
END;
CREATE TRIGGER expiring_hold_update_guard BEFORE UPDATE ON expiring_hold BEGIN SELECT RAISE(ABORT, 'net: which holds expire follows from the holds'); END;
CREATE TRIGGER expiring_hold_delete_guard BEFORE DELETE ON expiring_hold BEGIN
  SELECT RAISE(ABORT, 'net: which holds expire follows from the holds')
    WHERE NOT EXISTS (SELECT 1 FROM hold_end WHERE hold_id = OLD.hold_id);
END;
CREATE TRIGGER slot_move_guard BEFORE INSERT ON slot_move BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this use of capacity')
    WHERE EXISTS (SELECT 1 FROM slot_move WHERE sequence = NEW.sequence AND n = NEW.n)
       OR typeof(NEW.quantity) <> 'integer' OR NEW.n < 0
       OR NOT (EXISTS (SELECT 1 FROM hold WHERE sequence = NEW.sequence AND NEW.n < lines
                   AND NEW.quantity > 0)
            OR EXISTS (SELECT 1 FROM hold_end JOIN hold ON hold.hold_id = hold_end.hold_id
                   JOIN slot_move AS taken ON taken.sequence = hold.sequence
                  WHERE hold_end.sequence = NEW.sequence AND hold_end.ending IN ('released', 'expired')
                    AND taken.n = NEW.n AND taken.resource = NEW.resource AND taken.period = NEW.period
                    AND taken.quantity = -NEW.quantity)
            OR EXISTS (SELECT 1 FROM booking_end JOIN hold ON hold.hold_id = booking_end.hold_id
                   JOIN slot_move AS taken ON taken.sequence = hold.sequence
                  WHERE booking_end.sequence = NEW.sequence
                    AND booking_end.ending IN ('cancelled', 'returned')
                    AND taken.n = NEW.n AND taken.resource = NEW.resource AND taken.period = NEW.period
                    AND taken.quantity = -NEW.quantity));
  SELECT RAISE(ABORT, 'net: a slot that was never opened')
    WHERE NOT EXISTS (SELECT 1 FROM slot WHERE resource = NEW.resource AND period = NEW.period);
END;
CREATE TRIGGER slot_move_project AFTER INSERT ON slot_move BEGIN
  UPDATE slot SET used = used + NEW.quantity, last_sequence = NEW.sequence, last_line = NEW.n
   WHERE resource = NEW.resource AND period = NEW.period;
END;

CREATE TRIGGER hold_end_guard BEFORE INSERT ON hold_end BEGIN
  SELECT RAISE(ABORT, 'net: a hold ends once')
    WHERE EXISTS (SELECT 1 FROM hold_end WHERE hold_id = NEW.hold_id);
  SELECT RAISE(ABORT, 'net: no record calls for this end of a hold')
    WHERE NOT EXISTS (SELECT 1 FROM hold WHERE hold_id = NEW.hold_id)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence
             AND kind = 'capacity.' || NEW.ending AND json_extract(body, '$.body.hold') IS NEW.hold_id);
  SELECT RAISE(ABORT, 'net: a hold is confirmed before it expires and expired after')
    WHERE EXISTS (SELECT 1 FROM hold JOIN record ON record.sequence = NEW.sequence
           WHERE hold.hold_id = NEW.hold_id
             AND (json_type(record.body, '$.at') IS NOT 'text'
               OR json_extract(record.body, '$.at')
                  IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', json_extract(record.body, '$.at'), '+0 days')
               OR (NEW.ending = 'confirmed' AND json_extract(record.body, '$.at') >= hold.expires_at)
               OR (NEW.ending = 'expired' AND
                   (hold.expires_at IS NULL OR json_extract(record.body, '$.at') < hold.expires_at))));
END;

CREATE TRIGGER booking_end_guard BEFORE INSERT ON booking_end BEGIN
  SELECT RAISE(ABORT, 'net: a booking ends once')
    WHERE EXISTS (SELECT 1 FROM booking_end WHERE hold_id = NEW.hold_id);
  SELECT RAISE(ABORT, 'net: no record calls for this end of a booking')
    WHERE NOT EXISTS (SELECT 1 FROM hold_end WHERE hold_id = NEW.hold_id AND ending = 'confirmed')
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence
             AND kind = 'capacity.' || NEW.ending AND json_extract(body, '$.body.hold') IS NEW.hold_id);
END;

-- double finance --------------------------------------------------------------------------------------

CREATE TRIGGER finance_claim_guard BEFORE INSERT ON finance_claim BEGIN
  SELECT RAISE(ABORT, 'net: this order is financed already')
    WHERE EXISTS (SELECT 1 FROM finance_claim AS held WHERE fingerprint = NEW.fingerprint
             AND NOT EXISTS (SELECT 1 FROM finance_release
                   WHERE fingerprint = held.fingerprint AND turn = held.turn));
  SELECT RAISE(ABORT, 'net: no record calls for this claim')
    WHERE typeof(NEW.fingerprint) <> 'text' OR typeof(NEW.financier) <> 'text'
       OR typeof(NEW.order_reference) <> 'text'
       OR NEW.turn IS NOT 1 + (SELECT COUNT(*) FROM finance_claim WHERE fingerprint = NEW.fingerprint)
       OR EXISTS (SELECT 1 FROM finance_claim WHERE fingerprint = NEW.fingerprint AND sequence = NEW.sequence)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'claim.made'
             AND json_extract(body, '$.body.fingerprint') IS NEW.fingerprint
             AND json_extract(body, '$.body.financier') IS NEW.financier
             AND order_reference IS NEW.order_reference);
END;
CREATE TRIGGER finance_release_guard BEFORE INSERT ON finance_release BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this release of a claim')
    WHERE EXISTS (SELECT 1 FROM finance_release WHERE fingerprint = NEW.fingerprint AND turn = NEW.turn)
       OR NOT EXISTS (SELECT 1 FROM finance_claim WHERE fingerprint = NEW.fingerprint AND turn = NEW.turn)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'claim.released'
             AND json_extract(body, '$.body.fingerprint') IS NEW.fingerprint
             AND json_extract(body, '$.body.turn') IS NEW.turn);
END;

-- calls to the outside --------------------------------------------------------------------------------

CREATE TRIGGER intent_guard BEFORE INSERT ON intent BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this intent')
    WHERE typeof(NEW.operation) <> 'text' OR EXISTS (SELECT 1 FROM intent WHERE operation = NEW.operation)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'call.intended'
             AND json_extract(body, '$.body.operation') IS NEW.operation
             AND order_reference IS NEW.order_reference);
END;
CREATE TRIGGER attempt_guard BEFORE INSERT ON attempt BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this attempt')
    WHERE NEW.n IS NOT 1 + (SELECT COUNT(*) FROM attempt WHERE operation = NEW.operation)
       OR NOT EXISTS (SELECT 1 FROM intent WHERE operation = NEW.operation)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'call.attempted'
             AND json_extract(body, '$.body.operation') IS NEW.operation
             AND json_extract(body, '$.body.n') IS NEW.n);
END;
CREATE TRIGGER outcome_guard BEFORE INSERT ON outcome BEGIN
  SELECT RAISE(ABORT, 'net: a call has one outcome')
    WHERE EXISTS (SELECT 1 FROM outcome WHERE operation = NEW.operation AND status IN ('ok', 'failed'));
  SELECT RAISE(ABORT, 'net: no record calls for this outcome')
    WHERE NEW.n IS NOT 1 + (SELECT COUNT(*) FROM outcome WHERE operation = NEW.operation)
       OR typeof(NEW.status) <> 'text' OR NEW.status NOT IN ('ok', 'failed', 'unknown')
       OR NOT EXISTS (SELECT 1 FROM intent WHERE operation = NEW.operation)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'call.answered'
             AND json_extract(body, '$.body.operation') IS NEW.operation
             AND json_extract(body, '$.body.n') IS NEW.n AND json_extract(body, '$.body.status') IS NEW.status);
END;

CREATE TRIGGER outbox_guard BEFORE INSERT ON outbox BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this message')
    WHERE typeof(NEW.message_id) <> 'text' OR typeof(NEW.recipient) <> 'text'
       OR EXISTS (SELECT 1 FROM outbox WHERE message_id = NEW.message_id)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'message.queued'
             AND json_extract(body, '$.body.message_id') IS NEW.message_id
             AND json_extract(body, '$.body.recipient') IS NEW.recipient);
END;
CREATE TRIGGER delivery_guard BEFORE INSERT ON delivery BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this delivery')
    WHERE EXISTS (SELECT 1 FROM delivery WHERE message_id = NEW.message_id)
       OR NOT EXISTS (SELECT 1 FROM outbox WHERE message_id = NEW.message_id)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'message.delivered'
             AND json_extract(body, '$.body.message_id') IS NEW.message_id);
END;
CREATE TRIGGER inbox_guard BEFORE INSERT ON inbox BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this message')
    WHERE typeof(NEW.provider) <> 'text' OR typeof(NEW.message_id) <> 'text'
       OR EXISTS (SELECT 1 FROM inbox WHERE provider = NEW.provider AND message_id = NEW.message_id)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'message.received'
             AND json_extract(body, '$.body.provider') IS NEW.provider
             AND json_extract(body, '$.body.message_id') IS NEW.message_id);
END;

-- what is written stays -------------------------------------------------------------------------------

CREATE TRIGGER command_update_guard BEFORE UPDATE ON command BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER ledger_update_guard BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER actor_update_guard BEFORE UPDATE ON actor BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER leg_update_guard BEFORE UPDATE ON leg BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER capacity_line_update_guard BEFORE UPDATE ON capacity_line BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER slot_move_update_guard BEFORE UPDATE ON slot_move BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER hold_update_guard BEFORE UPDATE ON hold BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER hold_end_update_guard BEFORE UPDATE ON hold_end BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER booking_end_update_guard BEFORE UPDATE ON booking_end BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER finance_claim_update_guard BEFORE UPDATE ON finance_claim BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER finance_release_update_guard BEFORE UPDATE ON finance_release BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER intent_update_guard BEFORE UPDATE ON intent BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER attempt_update_guard BEFORE UPDATE ON attempt BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER outcome_update_guard BEFORE UPDATE ON outcome BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER outbox_update_guard BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER delivery_update_guard BEFORE UPDATE ON delivery BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER inbox_update_guard BEFORE UPDATE ON inbox BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER command_delete_guard BEFORE DELETE ON command BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER ledger_delete_guard BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER actor_delete_guard BEFORE DELETE ON actor BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER leg_delete_guard BEFORE DELETE ON leg BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER capacity_line_delete_guard BEFORE DELETE ON capacity_line BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER slot_move_delete_guard BEFORE DELETE ON slot_move BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER hold_delete_guard BEFORE DELETE ON hold BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER hold_end_delete_guard BEFORE DELETE ON hold_end BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER booking_end_delete_guard BEFORE DELETE ON booking_end BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER finance_claim_delete_guard BEFORE DELETE ON finance_claim BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER finance_release_delete_guard BEFORE DELETE ON finance_release BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER intent_delete_guard BEFORE DELETE ON intent BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER attempt_delete_guard BEFORE DELETE ON attempt BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER outcome_delete_guard BEFORE DELETE ON outcome BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER outbox_delete_guard BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER delivery_delete_guard BEFORE DELETE ON delivery BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER inbox_delete_guard BEFORE DELETE ON inbox BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER balance_delete_guard BEFORE DELETE ON balance BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER account_floor_delete_guard BEFORE DELETE ON account_floor BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER order_head_delete_guard BEFORE DELETE ON order_head BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
CREATE TRIGGER slot_delete_guard BEFORE DELETE ON slot BEGIN SELECT RAISE(ABORT, 'net: what is written stays'); END;
