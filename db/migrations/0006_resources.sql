-- Port groups, volumes, allocations, deploy templates, runbooks and inspection rules.

CREATE TABLE portgroups (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  node_id     bigint NOT NULL REFERENCES nodes ON DELETE CASCADE,
  address     text,
  name        text,
  extra       json NOT NULL DEFAULT '{}',
  internal_info json NOT NULL DEFAULT '{}',
  mode        text NOT NULL DEFAULT 'active-backup',
  properties  json NOT NULL DEFAULT '{}',
  standalone_ports_supported boolean NOT NULL DEFAULT true,
  physical_network text,
  category    text,
  dynamic_portgroup boolean NOT NULL DEFAULT false,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz,
  CONSTRAINT portgroups_uuid UNIQUE (uuid),
  CONSTRAINT portgroups_address UNIQUE (address),
  CONSTRAINT portgroups_name UNIQUE (name)
);
CREATE INDEX portgroups_node ON portgroups (node_id);

-- Checked at the end of a statement: a node may go with both, a group with ports may not.
ALTER TABLE ports ADD CONSTRAINT ports_portgroup FOREIGN KEY (portgroup_id) REFERENCES portgroups;
CREATE INDEX ports_portgroup ON ports (portgroup_id) WHERE portgroup_id IS NOT NULL;

CREATE TABLE volume_connectors (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid         uuid NOT NULL,
  node_id      bigint NOT NULL REFERENCES nodes ON DELETE CASCADE,
  type         text NOT NULL,
  connector_id text NOT NULL,
  extra        json NOT NULL DEFAULT '{}',
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz,
  CONSTRAINT volume_connectors_uuid UNIQUE (uuid),
  CONSTRAINT volume_connectors_type UNIQUE (type, connector_id)
);
CREATE INDEX volume_connectors_node ON volume_connectors (node_id);

CREATE TABLE volume_targets (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  node_id     bigint NOT NULL REFERENCES nodes ON DELETE CASCADE,
  volume_type text NOT NULL,
  volume_id   text NOT NULL,
  boot_index  int NOT NULL,
  properties  json NOT NULL DEFAULT '{}',
  extra       json NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz,
  CONSTRAINT volume_targets_uuid UNIQUE (uuid),
  CONSTRAINT volume_targets_boot_index UNIQUE (node_id, boot_index)
);

CREATE TABLE allocations (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid            uuid NOT NULL,
  name            text,
  node_id         bigint REFERENCES nodes ON DELETE CASCADE,
  resource_class  text,
  state           text NOT NULL DEFAULT 'allocating', -- allocating, active, error
  traits          json NOT NULL DEFAULT '[]',
  candidate_nodes json NOT NULL DEFAULT '[]',         -- uuids
  extra           json NOT NULL DEFAULT '{}',
  last_error      text,
  owner           text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz,
  CONSTRAINT allocations_uuid UNIQUE (uuid),
  CONSTRAINT allocations_name UNIQUE (name),
  CONSTRAINT allocations_node UNIQUE (node_id)        -- two allocations never have one node
);
CREATE INDEX allocations_open ON allocations (id) WHERE state = 'allocating';
CREATE INDEX nodes_resource_class ON nodes (resource_class, id) WHERE resource_class IS NOT NULL;

-- Whoever takes the instance off a node ends the allocation that put it there.
CREATE FUNCTION node_deallocated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM allocations WHERE id = OLD.allocation_id;
  NEW.allocation_id := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER node_deallocated BEFORE UPDATE OF instance_uuid ON nodes FOR EACH ROW
  WHEN (OLD.allocation_id IS NOT NULL AND NEW.instance_uuid IS DISTINCT FROM OLD.instance_uuid)
  EXECUTE FUNCTION node_deallocated();

CREATE TABLE deploy_templates (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  name        text NOT NULL,
  description text,
  steps       json NOT NULL,
  extra       json NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz,
  CONSTRAINT deploy_templates_uuid UNIQUE (uuid),
  CONSTRAINT deploy_templates_name UNIQUE (name)
);

CREATE TABLE runbooks (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  name        text NOT NULL,
  description text,
  steps       json NOT NULL,
  traits      json NOT NULL DEFAULT '[]',
  disable_ramdisk boolean NOT NULL DEFAULT false,
  public      boolean NOT NULL DEFAULT false,
  owner       text,
  extra       json NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz,
  CONSTRAINT runbooks_uuid UNIQUE (uuid),
  CONSTRAINT runbooks_name UNIQUE (name)
);

CREATE TABLE inspection_rules (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  description text,
  priority    int NOT NULL DEFAULT 0,
  phase       text NOT NULL DEFAULT 'main',           -- early, main
  sensitive   boolean NOT NULL DEFAULT false,         -- what it says is never shown
  conditions  json NOT NULL DEFAULT '[]',
  actions     json NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz,
  CONSTRAINT inspection_rules_uuid UNIQUE (uuid)
);
