-- Nodes by provision state: lists with that filter, limits on concurrent deploys and cleanings, and the search
-- for nodes that have waited too long.
CREATE INDEX nodes_provision_state ON nodes (provision_state, id);
