-- Flavors of the Valence API: what a composed node shall have (docs/valence.rst).

CREATE TABLE flavors (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid        uuid NOT NULL,
  name        text NOT NULL,
  description text,
  properties  json NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz,
  CONSTRAINT flavors_uuid UNIQUE (uuid)
);
