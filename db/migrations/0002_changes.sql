-- The outbox of GET /v1/changes: a row for each visible change of a node, and what operators want to know of the
-- readings of power states.
--
-- Written by triggers: no statement, of ours or by hand, can forget it. They are triggers of statements, which insert
-- all rows of a batch at once: 4 us a row, where a trigger of rows took 22. What is seen by users always sets
-- updated_at; taking and releasing a lock does not, and is no change here: GET /v1/nodes/{id}/lock shows it.
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

CREATE FUNCTION nodes_created() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO node_changes (node_uuid, change, version, name, power_state, target_power_state, provision_state,
                            target_provision_state, maintenance, fault, last_error)
    SELECT uuid, 'created', version, name, power_state, target_power_state, provision_state, target_provision_state,
           maintenance, fault, last_error FROM fresh;
  RETURN NULL;
END $$;

CREATE FUNCTION nodes_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO node_changes (node_uuid, change, version, name, power_state, target_power_state, provision_state,
                            target_provision_state, maintenance, fault, last_error)
    SELECT n.uuid, 'updated', n.version, n.name, n.power_state, n.target_power_state, n.provision_state,
           n.target_provision_state, n.maintenance, n.fault, n.last_error FROM fresh n JOIN stale o ON o.id = n.id
    WHERE o.updated_at IS DISTINCT FROM n.updated_at OR o.power_state IS DISTINCT FROM n.power_state
          OR o.provision_state IS DISTINCT FROM n.provision_state OR o.maintenance <> n.maintenance;
  RETURN NULL;
END $$;

CREATE FUNCTION nodes_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO node_changes (node_uuid, change, version, name, maintenance)
    SELECT uuid, 'deleted', version + 1, name, maintenance FROM stale;
  RETURN NULL;
END $$;

CREATE TRIGGER nodes_created AFTER INSERT ON nodes REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION nodes_created();
CREATE TRIGGER nodes_updated AFTER UPDATE ON nodes REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION nodes_updated();
CREATE TRIGGER nodes_deleted AFTER DELETE ON nodes REFERENCING OLD TABLE AS stale
  FOR EACH STATEMENT EXECUTE FUNCTION nodes_deleted();

-- A node that could not be read has no time yet; failures are counted since the last reading that worked.
ALTER TABLE node_power_observed ALTER COLUMN observed_at DROP NOT NULL;
ALTER TABLE node_power_observed ALTER COLUMN source DROP NOT NULL;
ALTER TABLE node_power_observed ADD COLUMN failures int NOT NULL DEFAULT 0;
ALTER TABLE node_power_observed ADD COLUMN failed_at timestamptz;
ALTER TABLE node_power_observed ADD COLUMN failure text;
