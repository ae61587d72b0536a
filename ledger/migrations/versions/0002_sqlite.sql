-- From schema 1 to 2 on SQLite.

DROP TRIGGER record_legs;
DROP TRIGGER leg_project;
DROP TRIGGER balance_update_guard;
CREATE TABLE expiring_hold (
  expires_at TEXT NOT NULL,
  hold_id TEXT NOT NULL,
  PRIMARY KEY (expires_at, hold_id)
) STRICT, WITHOUT ROWID;
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
INSERT INTO expiring_hold (expires_at, hold_id) SELECT expires_at, hold_id FROM hold
  WHERE expires_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM hold_end WHERE hold_end.hold_id = hold.hold_id);
