-- How often a row was changed: part of its entity tag, and the condition of each UPDATE by the API. A trigger
-- counts, so that no writer can forget it; nodes count by themselves.

CREATE FUNCTION row_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;

ALTER TABLE ports ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE portgroups ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE chassis ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE volume_connectors ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE volume_targets ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE allocations ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE deploy_templates ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE runbooks ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE inspection_rules ADD COLUMN version bigint NOT NULL DEFAULT 0;

CREATE TRIGGER row_version BEFORE UPDATE ON ports FOR EACH ROW EXECUTE FUNCTION row_version();
CREATE TRIGGER row_version BEFORE UPDATE ON portgroups FOR EACH ROW EXECUTE FUNCTION row_version();
CREATE TRIGGER row_version BEFORE UPDATE ON chassis FOR EACH ROW EXECUTE FUNCTION row_version();
CREATE TRIGGER row_version BEFORE UPDATE ON volume_connectors FOR EACH ROW EXECUTE FUNCTION row_version();
CREATE TRIGGER row_version BEFORE UPDATE ON volume_targets FOR EACH ROW EXECUTE FUNCTION row_version();
CREATE TRIGGER row_version BEFORE UPDATE ON allocations FOR EACH ROW EXECUTE FUNCTION row_version();
CREATE TRIGGER row_version BEFORE UPDATE ON deploy_templates FOR EACH ROW EXECUTE FUNCTION row_version();
CREATE TRIGGER row_version BEFORE UPDATE ON runbooks FOR EACH ROW EXECUTE FUNCTION row_version();
CREATE TRIGGER row_version BEFORE UPDATE ON inspection_rules FOR EACH ROW EXECUTE FUNCTION row_version();
