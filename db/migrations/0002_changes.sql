-- The outbox of GET /v1/changes: a row for each visible change of a node, and what operators want to know of the
-- readings of power states.
--
-- Written by triggers: no statement, of ours or by hand, can forget it. A row trigger with a condition costs nothing
-- where only the lock changes, which is every start and every finish that touches no column; what is seen by users
-- always sets updated_at. A change of reservation alone is therefore no change here: GET /v1/nodes/{id}/lock shows it.
--
-- Identity values are given out before the commit, so reading "everything after the last id" would lose the row of a
-- transaction that commits late. Readers go by (xid, id) and read only what is below the xmin of their snapshot: all
-- transactions below it have ended, so nothing can appear there any more. The order is the same for all readers and
-- for ever. It is not quite the order of commits: changes of one node may stand in the other order when both were
-- made by transactions that ran at once, and "version" says which is the later.

CREATE TABLE node_changes (
  xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  at          timestamptz NOT NULL DEFAULT now(),
  node_uuid   uuid NOT NULL,
  change      text NOT NULL,                    -- created, updated, deleted
  version     bigint NOT NULL,
  name        text,
  power_state            text,
  target_power_state     text,
  provision_state        text,
  target_provision_state text,
  maintenance            boolean NOT NULL,
  fault                  text,
  last_error             text,
  PRIMARY KEY (xid, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000);

-- Up to here rows have been removed: who has read less starts anew. One row.
CREATE TABLE node_changes_purged (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  xid      xid8 NOT NULL,
  id       bigint NOT NULL
) WITH (fillfactor = 20);
INSERT INTO node_changes_purged (xid, id) VALUES ('0', 0);

CREATE FUNCTION node_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO node_changes (node_uuid, change, version, name, power_state, target_power_state, provision_state,
                            target_provision_state, maintenance, fault, last_error)
    VALUES (NEW.uuid, CASE TG_OP WHEN 'INSERT' THEN 'created' ELSE 'updated' END, NEW.version, NEW.name,
            NEW.power_state, NEW.target_power_state, NEW.provision_state, NEW.target_provision_state,
            NEW.maintenance, NEW.fault, NEW.last_error);
  RETURN NULL;
END $$;

CREATE FUNCTION node_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO node_changes (node_uuid, change, version, name, maintenance)
    VALUES (OLD.uuid, 'deleted', OLD.version + 1, OLD.name, OLD.maintenance);
  RETURN NULL;
END $$;

CREATE TRIGGER node_created AFTER INSERT ON nodes FOR EACH ROW EXECUTE FUNCTION node_changed();
CREATE TRIGGER node_changed AFTER UPDATE ON nodes FOR EACH ROW
  WHEN (OLD.updated_at IS DISTINCT FROM NEW.updated_at OR OLD.power_state IS DISTINCT FROM NEW.power_state
        OR OLD.provision_state IS DISTINCT FROM NEW.provision_state OR OLD.maintenance <> NEW.maintenance)
  EXECUTE FUNCTION node_changed();
CREATE TRIGGER node_deleted AFTER DELETE ON nodes FOR EACH ROW EXECUTE FUNCTION node_deleted();

-- A node that could not be read has no time yet; failures are counted since the last reading that worked.
ALTER TABLE node_power_observed ALTER COLUMN observed_at DROP NOT NULL;
ALTER TABLE node_power_observed ALTER COLUMN source DROP NOT NULL;
ALTER TABLE node_power_observed ADD COLUMN failures int NOT NULL DEFAULT 0;
ALTER TABLE node_power_observed ADD COLUMN failed_at timestamptz;
ALTER TABLE node_power_observed ADD COLUMN failure text;
