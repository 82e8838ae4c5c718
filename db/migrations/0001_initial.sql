-- The first schema. Files here are never edited after a release; later changes are new files.
-- JSON documents are type json: stored and answered as they were written, never searched inside.

CREATE TABLE conductors (
  instance    uuid PRIMARY KEY,                 -- one row per process start
  hostname    text NOT NULL,
  conductor_group text NOT NULL DEFAULT '',
  pools       text[] NOT NULL,                  -- 'group:driver'
  drivers     text[] NOT NULL,
  beat        bigint NOT NULL DEFAULT 0,
  state       text NOT NULL DEFAULT 'live',     -- live, left, dead
  version     text NOT NULL DEFAULT '',
  created_at  timestamptz NOT NULL DEFAULT now(),
  seen_at     timestamptz                       -- for display alone
) WITH (fillfactor = 50);
CREATE INDEX conductors_hostname ON conductors (lower(hostname));

-- What each live conductor can do: the API knows no driver and no method by name.
CREATE TABLE hardware_interfaces (
  instance       uuid NOT NULL REFERENCES conductors ON DELETE CASCADE,
  hardware_type  text NOT NULL,
  interface_type text NOT NULL,                 -- power, management, ...
  interface_name text NOT NULL,
  position       int NOT NULL,                  -- order of preference in the hardware type
  is_default     boolean NOT NULL,
  PRIMARY KEY (instance, hardware_type, interface_type, interface_name)
);
CREATE TABLE driver_properties (
  instance       uuid NOT NULL REFERENCES conductors ON DELETE CASCADE,
  hardware_type  text NOT NULL,
  name           text NOT NULL,
  help           text NOT NULL,
  PRIMARY KEY (instance, hardware_type, name)
);
CREATE TABLE raid_properties (
  instance       uuid NOT NULL REFERENCES conductors ON DELETE CASCADE,
  hardware_type  text NOT NULL,
  name           text NOT NULL,
  help           text NOT NULL,
  PRIMARY KEY (instance, hardware_type, name)
);
CREATE TABLE passthru_methods (
  instance       uuid NOT NULL REFERENCES conductors ON DELETE CASCADE,
  hardware_type  text NOT NULL,
  interface_name text NOT NULL,                 -- the vendor interface that offers it
  level          text NOT NULL,                 -- node, driver
  method         text NOT NULL,
  http_methods   text[] NOT NULL,
  is_async       boolean NOT NULL,
  is_attach      boolean NOT NULL,
  is_exclusive   boolean NOT NULL,
  on_crash       text NOT NULL,                 -- repeat, never
  run_s          int NOT NULL,
  description    text NOT NULL,
  PRIMARY KEY (instance, hardware_type, interface_name, level, method)
);

CREATE TABLE chassis (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL UNIQUE,
  description text,
  extra       json NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz
);

CREATE TABLE nodes (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  name        text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz,
  version     bigint NOT NULL DEFAULT 0,        -- +1 per visible change
  -- the lock: written by conductors alone, by the protocol of docs/locks.rst
  reservation text,
  lock_token  uuid,
  lock_epoch  bigint NOT NULL DEFAULT 0,
  lock_action bigint,
  -- the hot columns
  power_state            text,
  target_power_state     text,
  provision_state        text NOT NULL DEFAULT 'enroll',
  target_provision_state text,
  provision_updated_at   timestamptz,
  last_error             text,
  maintenance            boolean NOT NULL DEFAULT false,
  maintenance_reason     text,
  fault                  text,
  driver                 text NOT NULL,
  conductor_group        text NOT NULL DEFAULT '',
  instance_uuid          uuid,
  chassis_id             bigint REFERENCES chassis,
  allocation_id          bigint,
  bios_interface         text NOT NULL DEFAULT '',
  boot_interface         text NOT NULL DEFAULT '',
  console_interface      text NOT NULL DEFAULT '',
  deploy_interface       text NOT NULL DEFAULT '',
  firmware_interface     text NOT NULL DEFAULT '',
  inspect_interface      text NOT NULL DEFAULT '',
  management_interface   text NOT NULL DEFAULT '',
  network_interface      text NOT NULL DEFAULT '',
  power_interface        text NOT NULL DEFAULT '',
  raid_interface         text NOT NULL DEFAULT '',
  rescue_interface       text NOT NULL DEFAULT '',
  storage_interface      text NOT NULL DEFAULT '',
  vendor_interface       text NOT NULL DEFAULT '',
  automated_clean        boolean,
  boot_mode              text,
  secure_boot            boolean,
  console_enabled        boolean NOT NULL DEFAULT false,
  description            text,
  disable_power_off      boolean NOT NULL DEFAULT false,
  health                 text,
  inspection_started_at  timestamptz,
  inspection_finished_at timestamptz,
  instance_name          text,
  lessee                 text,
  owner                  text,
  parent_node            uuid,
  protected              boolean NOT NULL DEFAULT false,
  protected_reason       text,
  resource_class         text,
  retired                boolean NOT NULL DEFAULT false,
  retired_reason         text,
  shard                  text,
  driver_info            json NOT NULL DEFAULT '{}',
  driver_internal_info   json NOT NULL DEFAULT '{}',
  properties             json NOT NULL DEFAULT '{}',
  extra                  json NOT NULL DEFAULT '{}',
  instance_info          json NOT NULL DEFAULT '{}',
  network_data           json NOT NULL DEFAULT '{}',
  raid_config            json NOT NULL DEFAULT '{}',
  target_raid_config     json NOT NULL DEFAULT '{}',
  clean_step             json NOT NULL DEFAULT '{}',
  deploy_step            json NOT NULL DEFAULT '{}',
  service_step           json NOT NULL DEFAULT '{}',
  CONSTRAINT nodes_uuid UNIQUE (uuid),
  CONSTRAINT nodes_name UNIQUE (name),
  CONSTRAINT nodes_instance_uuid UNIQUE (instance_uuid)
) WITH (fillfactor = 60);
CREATE INDEX nodes_chassis ON nodes (chassis_id) WHERE chassis_id IS NOT NULL;
CREATE INDEX nodes_parent ON nodes (parent_node) WHERE parent_node IS NOT NULL;
CREATE INDEX nodes_driver ON nodes (driver, conductor_group, id);

-- When a node's power was last read, in batches; apart from nodes so that polling writes no node row.
CREATE TABLE node_power_observed (
  node_id     bigint PRIMARY KEY REFERENCES nodes ON DELETE CASCADE,
  observed_at timestamptz NOT NULL,
  source      text NOT NULL                     -- poll, action, event
) WITH (fillfactor = 50);

CREATE TABLE node_traits (
  node_id bigint NOT NULL REFERENCES nodes ON DELETE CASCADE,
  trait   text NOT NULL,
  PRIMARY KEY (node_id, trait)
);

CREATE TABLE node_history (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL UNIQUE,
  node_id     bigint NOT NULL REFERENCES nodes ON DELETE CASCADE,
  created_at  timestamptz NOT NULL DEFAULT now(),
  severity    text NOT NULL,
  event_type  text,
  event       text NOT NULL,
  conductor   text,
  user_id     text,
  project     text,
  state       text,
  target_provision_state text,
  duration_seconds double precision
);
CREATE INDEX node_history_node ON node_history (node_id, id);

CREATE TABLE ports (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  node_id     bigint NOT NULL REFERENCES nodes ON DELETE CASCADE,
  address     text NOT NULL,
  name        text,
  extra       json NOT NULL DEFAULT '{}',
  internal_info json NOT NULL DEFAULT '{}',
  local_link_connection json NOT NULL DEFAULT '{}',
  pxe_enabled boolean NOT NULL DEFAULT true,
  portgroup_id bigint,
  physical_network text,
  is_smartnic boolean NOT NULL DEFAULT false,
  description text,
  vendor      text,
  category    text,
  available_for_dynamic_portgroup boolean NOT NULL DEFAULT true,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz,
  CONSTRAINT ports_uuid UNIQUE (uuid),
  CONSTRAINT ports_address UNIQUE (address),
  CONSTRAINT ports_name UNIQUE (name)
);
CREATE INDEX ports_node ON ports (node_id);

-- The bus: every request that needs a conductor, and all work inside that needs a lock.
CREATE TABLE actions (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  node_id     bigint,                           -- NULL: a driver-level action
  node_uuid   uuid,
  kind        text NOT NULL,                    -- power, provision, passthru, ...
  exclusive   boolean NOT NULL,
  on_crash    text NOT NULL,                    -- repeat, never
  pool        text NOT NULL,                    -- 'group:driver'
  target      text NOT NULL,                    -- host that rendezvous hashing names: a hint
  reply       text,                             -- channel of the API process that waits
  args        json,
  state       text NOT NULL DEFAULT 'queued',   -- queued, running, done, failed, unknown, cancelled
  created_at  timestamptz NOT NULL DEFAULT now(),
  start_by    timestamptz,
  run_s       int NOT NULL DEFAULT 60,
  instance    uuid,
  token       uuid,
  epoch       bigint,
  attempt     int NOT NULL DEFAULT 0,
  started_at  timestamptz,
  accepted_at timestamptz,
  finished_at timestamptz,
  result      bytea,                            -- JSON text, or the bytes of an attachment
  result_type text,                             -- application/json, application/octet-stream
  error_code  int,                              -- HTTP status
  error       text,
  stop_asked  text,
  request_id  text,
  idem_scope  text,
  idem_key    text,
  idem_print  bytea,
  keep_until  timestamptz,
  CONSTRAINT actions_uuid UNIQUE (uuid)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000);
-- Two holders cannot be stored.
CREATE UNIQUE INDEX actions_one_holder ON actions (node_id) WHERE state = 'running' AND exclusive;
-- Indexes of the open rows say finished_at IS NULL, never a state: a predicate on state would be taken
-- for statements by id, and its dead entries slow them while a snapshot is held.
CREATE INDEX actions_line ON actions (node_id, id) WHERE finished_at IS NULL;
CREATE INDEX actions_running_shared ON actions (instance) WHERE state = 'running' AND NOT exclusive;
CREATE UNIQUE INDEX actions_idem ON actions (idem_scope, idem_key) WHERE idem_key IS NOT NULL;
CREATE INDEX actions_keep ON actions (keep_until) WHERE keep_until IS NOT NULL;
