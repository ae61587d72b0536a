-- From schema 1 to 2 on PostgreSQL.

CREATE TABLE expiring_hold (
  expires_at text COLLATE "C" NOT NULL,
  hold_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (expires_at, hold_id)
);
INSERT INTO expiring_hold (expires_at, hold_id) SELECT expires_at, hold_id FROM hold
        WHERE expires_at IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM hold_end WHERE hold_end.hold_id = hold.hold_id);
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
  IF (ends = 'confirmed' AND said->>'at' >= held.expires_at COLLATE "C")
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
CREATE TRIGGER stays BEFORE TRUNCATE ON expiring_hold FOR EACH STATEMENT EXECUTE FUNCTION stays();
CREATE TRIGGER derived BEFORE INSERT OR UPDATE OR DELETE ON expiring_hold
         FOR EACH STATEMENT EXECUTE FUNCTION derived();
ALTER TABLE expiring_hold ENABLE ALWAYS TRIGGER stays;
ALTER TABLE expiring_hold ENABLE ALWAYS TRIGGER derived;
