-- From schema 1 to 2 on SQLite.

DROP TRIGGER record_guard;
DROP TRIGGER record_legs;
DROP TRIGGER leg_project;
DROP TRIGGER balance_update_guard;
DROP TRIGGER record_effect;
DROP TRIGGER actor_guard;
DROP TRIGGER account_floor_insert_guard;
DROP TRIGGER account_floor_update_guard;
DROP TRIGGER hold_guard;
DROP TRIGGER hold_end_guard;
DROP TRIGGER finance_claim_guard;
DROP TRIGGER intent_guard;
DROP TRIGGER outcome_guard;
DROP TRIGGER outbox_guard;
DROP TRIGGER inbox_guard;
CREATE TABLE expiring_hold (
  expires_at TEXT NOT NULL,
  hold_id TEXT NOT NULL,
  PRIMARY KEY (expires_at, hold_id)
) STRICT, WITHOUT ROWID;
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
CREATE TRIGGER intent_guard BEFORE INSERT ON intent BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this intent')
    WHERE typeof(NEW.operation) <> 'text' OR EXISTS (SELECT 1 FROM intent WHERE operation = NEW.operation)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'call.intended'
             AND json_extract(body, '$.body.operation') IS NEW.operation
             AND order_reference IS NEW.order_reference);
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
CREATE TRIGGER inbox_guard BEFORE INSERT ON inbox BEGIN
  SELECT RAISE(ABORT, 'net: no record calls for this message')
    WHERE typeof(NEW.provider) <> 'text' OR typeof(NEW.message_id) <> 'text'
       OR EXISTS (SELECT 1 FROM inbox WHERE provider = NEW.provider AND message_id = NEW.message_id)
       OR NOT EXISTS (SELECT 1 FROM record WHERE sequence = NEW.sequence AND kind = 'message.received'
             AND json_extract(body, '$.body.provider') IS NEW.provider
             AND json_extract(body, '$.body.message_id') IS NEW.message_id);
END;
INSERT INTO expiring_hold (expires_at, hold_id) SELECT expires_at, hold_id FROM hold
  WHERE expires_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM hold_end WHERE hold_end.hold_id = hold.hold_id);
