-- What was done to a node. Open actions have an index of their own, actions_line; this one is written once, at the
-- end of each.
CREATE INDEX actions_ended ON actions (node_id, id) WHERE finished_at IS NOT NULL;
