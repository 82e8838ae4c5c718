-- For fault tests: what happened to locks, actions and leases, in the order of the row locks, by the server's
-- clock in microseconds. Triggers write it in the transaction that it tells of: what a crash takes back, it too.
CREATE TABLE audit_locks (
  seq bigint GENERATED ALWAYS AS IDENTITY, at_us bigint, node_id bigint, node_uuid uuid,
  old_token uuid, new_token uuid, old_epoch bigint, new_epoch bigint, old_host text, new_host text,
  old_action bigint, new_action bigint);
CREATE TABLE audit_actions (
  seq bigint GENERATED ALWAYS AS IDENTITY, at_us bigint, id bigint, uuid uuid, node_id bigint, kind text,
  exclusive boolean, on_crash text, state text, token uuid, instance uuid, attempt int, is_accepted boolean);
CREATE TABLE audit_leases (
  seq bigint GENERATED ALWAYS AS IDENTITY, at_us bigint, instance uuid, hostname text, beat bigint, state text);

CREATE FUNCTION audit_now() RETURNS bigint LANGUAGE sql AS
  'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint';

CREATE FUNCTION audit_lock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO audit_locks (at_us, node_id, node_uuid, old_token, new_token, old_epoch, new_epoch, old_host, new_host,
    old_action, new_action) VALUES (audit_now(), NEW.id, NEW.uuid, OLD.lock_token, NEW.lock_token, OLD.lock_epoch,
    NEW.lock_epoch, OLD.reservation, NEW.reservation, OLD.lock_action, NEW.lock_action);
  RETURN NULL; END $$;
CREATE TRIGGER audit_lock AFTER UPDATE ON nodes FOR EACH ROW
  WHEN ((OLD.reservation, OLD.lock_token, OLD.lock_epoch, OLD.lock_action) IS DISTINCT FROM
        (NEW.reservation, NEW.lock_token, NEW.lock_epoch, NEW.lock_action)) EXECUTE FUNCTION audit_lock();

CREATE FUNCTION audit_action() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO audit_actions (at_us, id, uuid, node_id, kind, exclusive, on_crash, state, token, instance, attempt,
    is_accepted) VALUES (audit_now(), NEW.id, NEW.uuid, NEW.node_id, NEW.kind, NEW.exclusive, NEW.on_crash, NEW.state,
    NEW.token, NEW.instance, NEW.attempt, NEW.accepted_at IS NOT NULL);
  RETURN NULL; END $$;
CREATE TRIGGER audit_action AFTER INSERT OR UPDATE ON actions FOR EACH ROW EXECUTE FUNCTION audit_action();

CREATE FUNCTION audit_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO audit_leases (at_us, instance, hostname, beat, state)
    VALUES (audit_now(), NEW.instance, NEW.hostname, NEW.beat, NEW.state);
  RETURN NULL; END $$;
CREATE TRIGGER audit_lease AFTER INSERT OR UPDATE ON conductors FOR EACH ROW EXECUTE FUNCTION audit_lease();
