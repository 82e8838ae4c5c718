-- Lists of nodes by their sort keys and filters, in the order in which lists ask: (key NULLS FIRST, id), backwards
-- for the other direction. Only of columns that seldom change: an index of a column that power actions or PATCH
-- write on their way (power_state, updated_at, last_error, ...) would make each such write touch all indexes.
CREATE INDEX nodes_by_name ON nodes (name NULLS FIRST, id);
CREATE INDEX nodes_by_created_at ON nodes (created_at, id);
CREATE INDEX nodes_by_driver ON nodes (driver, id);
CREATE INDEX nodes_by_conductor_group ON nodes (conductor_group, id);
CREATE INDEX nodes_by_instance_uuid ON nodes (instance_uuid NULLS FIRST, id);
CREATE INDEX nodes_by_instance_name ON nodes (instance_name NULLS FIRST, id);
CREATE INDEX nodes_by_owner ON nodes (owner NULLS FIRST, id);
CREATE INDEX nodes_by_lessee ON nodes (lessee NULLS FIRST, id);
CREATE INDEX nodes_by_shard ON nodes (shard NULLS FIRST, id);
CREATE INDEX nodes_by_resource_class ON nodes (resource_class NULLS FIRST, id);
DROP INDEX nodes_resource_class;
-- Filters that few nodes pass.
CREATE INDEX nodes_fault ON nodes (fault, id) WHERE fault IS NOT NULL;
CREATE INDEX nodes_in_maintenance ON nodes (id) WHERE maintenance;
CREATE INDEX nodes_retired ON nodes (id) WHERE retired;
