"""Values for every field of every resource, for the tests that walk them."""

NODE = '00000000-0000-4000-8000-000000000001'
GROUP = '00000000-0000-4000-8000-000000000031'


def step(rank):
    return [{'interface': 'bios', 'step': 'apply', 'args': {'a': [1, None, 'x']}, rank: 5}]


# Of each resource: its path, the first microversion, and its fields:
# name: (microversion, value at POST, value by PATCH); None: not accepted there.
RESOURCES = {
    'portgroups': (23, {
        'uuid': (1, GROUP, None), 'node_uuid': (1, NODE, None),
        'address': (1, '52:54:00:00:00:01', '52:54:00:00:00:02'),
        'name': (1, 'group', 'bond'), 'extra': (1, {'a': {'b': 1}}, {'c': 2}),
        'standalone_ports_supported': (1, False, True), 'mode': (26, '802.3ad', 'balance-rr'),
        'properties': (26, {'miimon': 100}, {}), 'physical_network': (102, 'net', 'other'),
        'category': (103, 'storage', 'data'), 'dynamic_portgroup': (111, None, None)}),
    'ports': (1, {
        'uuid': (1, '00000000-0000-4000-8000-000000000011', None), 'node_uuid': (1, NODE, None),
        'address': (1, '52:54:00:00:00:11', '52:54:00:00:00:12'), 'extra': (1, {'a': 1}, {}),
        'local_link_connection': (19, {'hostname': 'h', 'port_id': 'x'}, {}),
        'pxe_enabled': (19, False, True), 'portgroup_uuid': (24, GROUP, ''), 'physical_network': (34, 'net', 'other'),
        'is_smartnic': (53, True, False), 'name': (88, 'port', 'card'), 'description': (97, 'd', 'e'),
        'vendor': (100, 'v', 'w'), 'category': (101, 'c', 'd'), 'available_for_dynamic_portgroup': (111, False, True)}),
    'volume/connectors': (32, {
        'uuid': (1, '00000000-0000-4000-8000-000000000041', None), 'node_uuid': (1, NODE, None),
        'type': (1, 'iqn', 'ip'), 'connector_id': (1, 'iqn.2020-01.a:b', '192.0.2.1'), 'extra': (1, {'a': 1}, {})}),
    'volume/targets': (32, {
        'uuid': (1, '00000000-0000-4000-8000-000000000051', None), 'node_uuid': (1, NODE, None),
        'volume_type': (1, 'iscsi', 'fibre_channel'), 'volume_id': (1, 'v', 'w'), 'boot_index': (1, 0, 7),
        'properties': (1, {'target_lun': 1}, {'target_lun': 2}), 'extra': (1, {'a': 1}, {})}),
    'chassis': (1, {
        'uuid': (1, '00000000-0000-4000-8000-000000000021', None), 'description': (1, 'a', 'b'),
        'extra': (1, {'a': 1}, {})}),
    'allocations': (52, {
        'uuid': (1, '00000000-0000-4000-8000-000000000061', None), 'name': (1, 'wish', 'want'),
        'resource_class': (1, 'none-such', None), 'traits': (1, ['CUSTOM_A'], None),
        'candidate_nodes': (1, [NODE], None), 'extra': (1, {'a': 1}, {}), 'owner': (60, 'me', None)}),
    'deploy_templates': (55, {
        'uuid': (1, '00000000-0000-4000-8000-000000000071', None), 'name': (1, 'CUSTOM_A', 'CUSTOM_B'),
        'steps': (1, step('priority'), step('priority') + [dict(step('priority')[0], step='other')]),
        'description': (1, 'a', 'b'), 'extra': (1, {'a': 1}, {})}),
    'runbooks': (92, {
        'uuid': (1, '00000000-0000-4000-8000-000000000081', None), 'name': (1, 'CUSTOM_A', 'CUSTOM_B'),
        'steps': (1, step('order'), [dict(step('order')[0], order=6)]), 'disable_ramdisk': (1, True, False),
        'public': (1, True, False), 'owner': (1, 'me', 'you'), 'extra': (1, {'a': 1}, {}),
        'description': (112, 'a', 'b'), 'traits': (112, None, None)}),
    'inspection_rules': (96, {
        'uuid': (1, '00000000-0000-4000-8000-000000000091', None), 'description': (1, 'a', 'b'),
        'priority': (1, 5, 6), 'phase': (1, 'early', 'main'),
        'conditions': (1, [{'op': 'eq', 'args': ['a', 'b']}], []),
        'actions': (1, [{'op': 'fail', 'args': {'msg': 'x'}}], [{'op': 'log', 'args': {'msg': 'y'}}])}),
}
REQUIRED = ('uuid', 'node_uuid', 'address', 'name', 'type', 'connector_id', 'volume_type', 'volume_id', 'boot_index',
            'resource_class', 'steps', 'actions')


FREE_TEXTS = ('volume_id', 'volume_type', 'connector_id', 'description', 'name', 'vendor', 'category', 'mode',
              'physical_network', 'owner', 'resource_class')


def bodies(fields):
    """What POST sends, and the operations of a PATCH; '' stands for null."""
    made = {name: value for name, (_, value, _) in fields.items() if value is not None}
    changed = {name: value or None if value == '' else value
               for name, (_, _, value) in fields.items() if value is not None}
    return made, changed


def make_node(server, state='manageable'):
    server.ok('POST', '/v1/nodes', {'driver': 'fake-hardware', 'uuid': NODE, 'name': 'n'})
    server.psql(f"UPDATE nodes SET provision_state = '{state}', power_state = 'power off'")


# The same of nodes. An owner is refused at POST, as Ironic does without authentication.
CHASSIS = '00000000-0000-4000-8000-000000000021'
PARENT = '00000000-0000-4000-8000-000000000002'
INSTANCE = '00000000-0000-4000-8000-0000000000aa'
NODE_FIELDS = {
    'uuid': (1, NODE, None), 'driver': (1, 'fake-hardware', 'fake-hardware'), 'chassis_uuid': (1, CHASSIS, ''),
    'driver_info': (1, {'a': {'b': [1, None, 'x']}}, {'c': 2}), 'extra': (1, {'a': 1.5}, {}),
    'instance_info': (1, {'a': True}, {'display_name': 'x'}), 'instance_uuid': (1, INSTANCE, ''),
    'console_enabled': (1, True, None), 'maintenance': (1, True, False),
    'properties': (1, {'cpus': 4, 'cpu_arch': 'x'}, {'memory_mb': '512'}),
    'name': (5, 'walker', 'rover'), 'network_interface': (20, 'noop', 'noop'), 'resource_class': (21, 'a', 'b'),
    'boot_interface': (31, 'fake', 'fake'), 'console_interface': (31, 'fake', 'no-console'),
    'deploy_interface': (31, 'fake', 'fake'), 'inspect_interface': (31, 'fake', 'no-inspect'),
    'management_interface': (31, 'fake', 'fake'), 'power_interface': (31, 'fake', 'fake'),
    'raid_interface': (31, 'fake', 'no-raid'), 'vendor_interface': (31, 'fake', 'no-vendor'),
    'storage_interface': (33, 'noop', 'noop'), 'rescue_interface': (38, 'fake', 'no-rescue'),
    'bios_interface': (40, 'fake', 'no-bios'), 'conductor_group': (46, None, None),
    'automated_clean': (47, False, True), 'protected': (48, None, True), 'protected_reason': (48, None, 'because'),
    'owner': (50, None, 'me'), 'description': (51, 'a', 'b'), 'retired': (61, True, True),
    'retired_reason': (61, 'old', 'older'),
    'lessee': (65, 'a', 'b'), 'network_data': (66, {'networks': [], 'links': [], 'services': []}, {}),
    'boot_mode': (75, 'uefi', None), 'secure_boot': (75, True, None), 'shard': (82, 'a', 'b'),
    'parent_node': (83, PARENT, ''),
    'firmware_interface': (86, 'fake', 'no-firmware'), 'disable_power_off': (95, True, False),
    'instance_name': (104, 'a', 'b'),
}
