-- Pooled devices: what ExpEther managers (EEM) offer, and which node was given what (docs/expether.rst).

CREATE TABLE pod_managers (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  name        text NOT NULL,
  url         text NOT NULL,                    -- without a slash at its end
  driver      text NOT NULL DEFAULT 'expether', -- the hardware type that speaks to it
  username    text,
  password    text,
  verify_ca   text,                             -- as expether_verify_ca; NULL: true
  is_from_node boolean NOT NULL DEFAULT false,  -- made for a node's driver_info, whose credentials it follows
  status      text NOT NULL DEFAULT 'Unknown',  -- Online, Offline, Unknown
  last_error  text,                             -- why it is offline
  is_sync_asked boolean NOT NULL DEFAULT true,
  sync_taken_at timestamptz,                    -- a conductor began to sync it
  synced_at   timestamptz,                      -- the last sync that worked
  release_asked_at timestamptz,                 -- an action was inserted for devices of deleted nodes
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz,
  CONSTRAINT pod_managers_uuid UNIQUE (uuid),
  CONSTRAINT pod_managers_name UNIQUE (name),
  CONSTRAINT pod_managers_url UNIQUE (url)
);

-- A row is written by whoever names the version that it read: version counts every change.
CREATE TABLE devices (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  pod_manager_id bigint NOT NULL REFERENCES pod_managers ON DELETE CASCADE,
  resource_id text NOT NULL,                    -- the manager's id: 0x8cdf9d911cb0
  type        text,                             -- SSD, NIC, GPU, ...; NULL: not told
  state       text NOT NULL,                    -- free, allocated
  group_id    text NOT NULL,                    -- 4093: free
  host_id     text,                             -- resource id of the host with that group
  node_id     bigint REFERENCES nodes ON DELETE SET NULL, -- to whom we gave it
  is_held     boolean NOT NULL DEFAULT false,   -- given by us; without a node: to be taken back
  is_present  boolean NOT NULL DEFAULT true,    -- the manager shows it; only held ones stay otherwise
  intent      text,                             -- attach, detach: a write to the manager is under way
  claim_action bigint,                          -- the action that writes
  version     bigint NOT NULL DEFAULT 0,
  properties  json NOT NULL DEFAULT '{}',
  extra       json NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz,
  CONSTRAINT devices_uuid UNIQUE (uuid),
  CONSTRAINT devices_resource UNIQUE (pod_manager_id, resource_id)
) WITH (fillfactor = 70);
CREATE INDEX devices_node ON devices (node_id) WHERE node_id IS NOT NULL;
CREATE INDEX devices_orphaned ON devices (pod_manager_id) WHERE is_held AND node_id IS NULL;
CREATE INDEX devices_intent ON devices (pod_manager_id) WHERE intent IS NOT NULL;
CREATE INDEX devices_free ON devices (pod_manager_id, type, id) WHERE state = 'free' AND node_id IS NULL;
