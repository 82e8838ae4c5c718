-- What an allocation chooses among. Each column has an index already, so that no UPDATE is dearer for this one.
CREATE INDEX nodes_available ON nodes (resource_class, id) WHERE provision_state = 'available' AND instance_uuid IS NULL;
