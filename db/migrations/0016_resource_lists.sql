-- Lists of resources by keys that hardly ever change, in the order in which lists ask (see 0011).
CREATE INDEX ports_by_name ON ports (name NULLS FIRST, id);
CREATE INDEX ports_by_created_at ON ports (created_at, id);
CREATE INDEX portgroups_by_address ON portgroups (address NULLS FIRST, id);
CREATE INDEX portgroups_by_name ON portgroups (name NULLS FIRST, id);
CREATE INDEX portgroups_by_created_at ON portgroups (created_at, id);
CREATE INDEX chassis_by_created_at ON chassis (created_at, id);
CREATE INDEX volume_connectors_by_created_at ON volume_connectors (created_at, id);
CREATE INDEX volume_targets_by_created_at ON volume_targets (created_at, id);
CREATE INDEX allocations_by_name ON allocations (name NULLS FIRST, id);
CREATE INDEX allocations_by_created_at ON allocations (created_at, id);
