-- Sessions that conductors hold at BMCs, stored before their first use: who comes after a crash goes on with one, or
-- ends it where nobody wants it any more.
CREATE TABLE bmc_sessions (
  hostname    text NOT NULL,                    -- of the conductor
  bmc_key     text NOT NULL,                    -- digest of address, credentials and TLS settings
  instance    uuid NOT NULL,                    -- process start that uses it; conductors.instance, or gone
  address     text NOT NULL,                    -- https://bmc
  path        text NOT NULL,                    -- of the session, for DELETE
  token       text NOT NULL,
  is_tls_unverified boolean NOT NULL,
  ca_path     text,
  is_ending   boolean NOT NULL DEFAULT false,   -- nobody adopts it
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (hostname, bmc_key)
);
