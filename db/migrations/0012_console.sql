-- Conductors look every few seconds for the consoles that they have to keep open: few nodes have one.
CREATE INDEX nodes_console_enabled ON nodes (id) WHERE console_enabled;
