-- What conductors find out about nodes: firmware and inventory.

CREATE TABLE node_firmware (
  node_id              bigint NOT NULL REFERENCES nodes ON DELETE CASCADE,
  component            text NOT NULL,          -- bios, bmc, nic:<id>
  initial_version      text,                   -- when it was seen for the first time
  current_version      text,
  last_version_flashed text,                   -- by us
  vendor               text,
  model                text,
  serial_number        text,
  created_at           timestamptz NOT NULL DEFAULT now(),
  updated_at           timestamptz,
  PRIMARY KEY (node_id, component)
);

CREATE TABLE node_inventory (
  node_id     bigint PRIMARY KEY REFERENCES nodes ON DELETE CASCADE,
  inventory   json NOT NULL,
  plugin_data json NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz
);
