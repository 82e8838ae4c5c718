-- The node whose work opened the session: a session is ended when its node is gone.
ALTER TABLE bmc_sessions ADD COLUMN node_uuid uuid; -- NULL: none, or not known
