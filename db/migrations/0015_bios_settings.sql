-- What conductors find out about nodes: the settings of their BIOS, with what its registry tells of them.
CREATE TABLE node_bios_settings (
  node_id          bigint NOT NULL REFERENCES nodes ON DELETE CASCADE,
  name             text NOT NULL,
  value            text,
  attribute_type   text,                  -- Enumeration, String, Integer, Boolean, Password
  allowable_values text,                  -- a JSON list of texts
  lower_bound      bigint,
  max_length       bigint,
  min_length       bigint,
  read_only        boolean,
  reset_required   boolean,
  "unique"         boolean,
  upper_bound      bigint,
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz,
  PRIMARY KEY (node_id, name)
);
