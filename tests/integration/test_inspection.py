"""In-band inspection: nodes wait for a ramdisk, which reports its inventory without a login; hooks and rules make
properties, capabilities, traits and ports of it. The ramdisk here is a plain HTTP client that sends what
ironic-python-agent sends."""
import copy
import json
import threading

import harness

PXE = '52:54:00:aa:00:01'
OTHER = '52:54:00:aa:00:02'
FAST_LEASE = {'beat': '0.3', 'hold': '2', 'flight': '0.8', 'watch': '3', 'check_orphans_interval': '2'}

# As ironic-python-agent's collectors make it: inventory, and beside it what they add.
REPORT = {
    'inventory': {
        'bmc_address': '0.0.0.0', 'bmc_v6address': '::/0', 'hostname': 'localhost.localdomain',
        'interfaces': [
            {'name': 'eth0', 'mac_address': PXE.upper(), 'ipv4_address': '192.0.2.10', 'has_carrier': True,
             'ipv6_address': 'fe80::1%eth0', 'lldp': [], 'vendor': '0x8086', 'product': '0x1572',
             'client_id': None, 'biosdevname': None, 'speed_mbps': 10000, 'driver': 'i40e'},
            {'name': 'eth1', 'mac_address': OTHER, 'ipv4_address': None, 'ipv6_address': None, 'has_carrier': False,
             'lldp': None, 'vendor': '0x8086', 'product': '0x1572', 'client_id': None, 'biosdevname': None},
            {'name': 'lo', 'mac_address': '00:00:00:00:00:00', 'ipv4_address': '127.0.0.1', 'has_carrier': True}],
        'cpu': {'model_name': 'Xeon', 'frequency': '2400.0', 'count': 16, 'architecture': 'x86_64',
                'flags': ['fpu', 'vmx', 'aes', 'pdpe1gb'], 'socket_count': 1},
        'disks': [{'name': '/dev/sda', 'model': 'SSD', 'size': 480103981056, 'rotational': False, 'wwn': '0x5000',
                   'serial': 'S1', 'vendor': 'ATA', 'hctl': '0:0:0:0', 'by_path': '/dev/disk/by-path/pci-0'}],
        'memory': {'total': 67500000000, 'physical_mb': 65536},
        'system_vendor': {'product_name': 'R640', 'serial_number': 'ABC123', 'manufacturer': 'Dell Inc.',
                          'firmware': {'vendor': 'Dell', 'version': '2.1', 'build_date': '01/01/2026'}},
        'boot': {'current_boot_mode': 'uefi', 'pxe_interface': '01-' + PXE.replace(':', '-')}},
    'root_disk': {'name': '/dev/sda', 'size': 480103981056, 'serial': 'S1'},
    'boot_interface': '01-' + PXE.replace(':', '-'),
    'configuration': {'collectors': ['default', 'logs'], 'managers': [{'name': 'generic_hardware_manager'}]},
    'lldp_raw': {'eth0': [[1, '0464649b32f300'], [2, '0545746865726e6574312f31'], [5, '737769746368'],
                          [3, '0078'], [0, '']]},
    'data': [['cpu', 'physical', 'number', '2'], ['disk', 'sda', 'size', '480']],
    'logs': 'H4sIAAAA', 'error': None,
}


def report(**inventory):
    """The document with some of the inventory's members replaced."""
    return {**copy.deepcopy(REPORT), 'inventory': {**copy.deepcopy(REPORT['inventory']), **inventory}}


def post(server, body, version='1.115', query=''):
    return server.call('POST', '/v1/continue_inspection' + query, body, version=version)


def reaches(server, wanted, seconds=30, name='n'):
    def is_there():
        node = server.node(name)
        return node if node['provision_state'] == wanted and node['reservation'] is None else None
    return harness.eventually(is_there, seconds, what=f'{name} in state "{wanted}"')


def manageable(server, name='n', **fields):
    server.create_fake(name, inspect_interface='agent', **fields)
    server.ok('PUT', f'/v1/nodes/{name}/states/provision', {'target': 'manage'})
    return reaches(server, 'manageable', name=name)


def waiting(server, name='n', mac=PXE, **fields):
    """A node that waits for its ramdisk."""
    node = manageable(server, name, **fields)
    if mac:
        server.ok('POST', '/v1/ports', {'node_uuid': node['uuid'], 'address': mac, 'pxe_enabled': False})
    return inspect(server, name)


def inspect(server, name='n'):
    server.ok('PUT', f'/v1/nodes/{name}/states/provision', {'target': 'inspect'})
    return reaches(server, 'inspect wait', name=name)


def ports_of(server, name='n'):
    listed = server.ok('GET', f'/v1/nodes/{name}/ports/detail')['ports']
    return {port['address']: port for port in listed}


@harness.timeout(120)
def test_a_ramdisk_reports(env):
    hooks = '$default_hooks,memory,cpus,cpu-capabilities,boot-mode,root-device,extra-hardware,local-link-connection,' \
            'physical-network'
    server = env.standalone({'inspector': {'hooks': hooks, 'add_ports': 'all',
                                           'physical_network_cidr_map': '192.0.2.0/24:physnet1'}})
    node = waiting(server, properties={'capabilities': 'a:b,boot_mode:bios'})
    assert node['power_state'] == 'power on' and node['inspection_started_at'], node
    assert node['target_provision_state'] == 'manageable'
    device = server.ok('GET', '/v1/nodes/n/management/boot_device')
    assert device == {'boot_device': 'pxe', 'persistent': False}, device
    found = server.ok('GET', f'/v1/lookup?addresses={PXE}')
    assert found['node']['uuid'] == node['uuid'] and found['config']['agent_token']
    answer = post(server, REPORT)
    assert answer.status == 202, answer
    assert answer.json['node']['uuid'] == node['uuid'] and answer.json['config']['agent_token'] == '******'
    node = reaches(server, 'manageable')
    assert node['inspection_finished_at'] and not node['inspection_started_at'] and not node['last_error'], node
    assert node['power_state'] == 'power off', node
    assert node['properties'] == {
        'cpu_arch': 'x86_64', 'memory_mb': 65536, 'cpus': 16, 'local_gb': 446,
        'capabilities': 'a:b,cpu_vt:true,cpu_aes:true,cpu_hugepages_1g:true,boot_mode:uefi'}, node['properties']
    assert 'lookup_bmc_addresses' not in node['driver_internal_info']
    assert 'agent_secret_token' not in node['driver_internal_info']
    ports = ports_of(server)
    assert sorted(ports) == [PXE, OTHER], ports
    assert ports[PXE]['pxe_enabled'] is True and ports[OTHER]['pxe_enabled'] is False
    assert ports[PXE]['physical_network'] == 'physnet1' and ports[OTHER]['physical_network'] is None
    assert ports[PXE]['local_link_connection'] == {
        'switch_id': '64:64:9b:32:f3:00', 'port_id': 'Ethernet1/1', 'switch_info': 'switch'}, ports[PXE]
    kept = server.ok('GET', '/v1/nodes/n/inventory')
    assert kept['inventory'] == REPORT['inventory'], kept['inventory']
    assert kept['plugin_data']['extra'] == {'cpu': {'physical': {'number': 2}}, 'disk': {'sda': {'size': 480}}}
    assert sorted(kept['plugin_data']['all_interfaces']) == ['eth0', 'eth1', 'lo']
    assert 'logs' not in kept['plugin_data'] and 'data' not in kept['plugin_data']
    assert post(server, REPORT).status == 404


def test_the_client_waits_for_an_inspection(env):
    server = env.standalone()
    manageable(server)
    server.ok('POST', '/v1/ports', {'node_uuid': server.node('n')['uuid'], 'address': PXE})

    def ramdisk():
        reaches(server, 'inspect wait')
        assert post(server, REPORT, version='1.1').json == {'uuid': server.node('n')['uuid']}
    thread = threading.Thread(target=ramdisk, daemon=True)
    thread.start()
    server.client('node', 'inspect', 'n', '--wait', '60')
    thread.join(30)
    assert sorted(ports_of(server)) == [PXE]
    assert server.node('n')['properties']['cpu_arch'] == 'x86_64'


def test_who_is_meant_is_clear_or_nobody_is(env):
    server = env.standalone()
    first = waiting(server, 'one', mac=PXE, driver_info={'fake_address': '192.0.2.71'})
    second = waiting(server, 'two', mac=None, driver_info={'fake_address': 'https://[2001:db8::72]:8443/x'})
    assert second['driver_internal_info']['lookup_bmc_addresses'] == ['2001:db8::72'], second
    none = [{'name': 'eth0', 'mac_address': '52:54:00:aa:00:99'}]
    refused = {
        'nobody': post(server, report(interfaces=none)),
        'another node by its uuid': post(server, REPORT, query='?node_uuid=' + second['uuid']),
        'another node by its BMC': post(server, report(bmc_v6address='2001:db8::72')),
        'no such uuid': post(server, REPORT, query='?node_uuid=11111111-1111-4111-8111-111111111111'),
        'loopback': post(server, report(interfaces=none, bmc_address='127.0.0.1')),
    }
    for what, answer in refused.items():
        assert answer.status == 404 and answer.fault() == 'Resource could not be found.', (what, answer)
    assert server.node('one')['provision_state'] == server.node('two')['provision_state'] == 'inspect wait'
    found = post(server, report(interfaces=none, boot={}, bmc_v6address='2001:db8::72'))
    assert found.status == 202 and found.json['node']['uuid'] == second['uuid'], found
    reaches(server, 'manageable', name='two')
    assert post(server, REPORT, query='?node_uuid=' + first['uuid']).status == 202
    reaches(server, 'manageable', name='one')


def test_bad_reports_fail_the_inspection_with_a_sentence(env):
    server = env.standalone({'inspector': {'power_off': 'false'}})
    waiting(server)
    rows = [
        ({**REPORT, 'error': 'no disks'}, 'Ramdisk reported error: no disks'),
        (report(cpu={'architecture': 7}), 'CPU architecture'),
        (report(cpu=[]), 'CPU architecture'),
        (report(interfaces=[{'mac_address': PXE}]), 'no valid network interfaces'),
        (report(interfaces=[{'name': 'lo', 'mac_address': PXE}], boot='x'), 'no network interfaces match'),
    ]
    for body, sentence in rows:
        assert post(server, body).status == 202, sentence
        node = reaches(server, 'inspect failed')
        assert sentence in node['last_error'] and node['last_error'].startswith('Failed to finish inspection'), node
        events = server.ok('GET', '/v1/nodes/n/history?detail=True')['history']
        assert sentence in events[-1]['event'] and events[-1]['event_type'] == 'introspection', events
        inspect(server)
    assert server.call('GET', '/v1/nodes/n/inventory').status == 404
    server.ok('PUT', '/v1/nodes/n/states/provision', {'target': 'abort'})
    assert reaches(server, 'inspect failed')['last_error'] == 'Inspection was aborted by request.'
    assert post(server, REPORT).status == 404


def test_nobody_reports(env):
    server = env.standalone({'conductor': {'inspect_wait_timeout': '2', 'check_provision_state_interval': '0.5'}})
    waiting(server)
    node = reaches(server, 'inspect failed')
    assert 'Timeout reached while inspecting the node' in node['last_error'], node


@harness.timeout(120)
def test_a_killed_conductor_loses_no_report(env):
    """The node's power off takes a while; the conductor dies in it, after the ramdisk was answered."""
    server = env.standalone({'conductor': FAST_LEASE, 'fake': {'power_delay': '2'}})
    waiting(server)
    big = report(filler=['x' * 1000] * 5000)
    assert post(server, big).status == 202
    assert server.node('n')['provision_state'] == 'inspecting'
    server.kill_child('ferrule-conductor')
    node = reaches(server, 'manageable', 60)
    assert node['properties']['cpu_arch'] == 'x86_64' and not node['last_error'], node
    assert server.ok('GET', '/v1/nodes/n/inventory')['inventory'] == big['inventory']
    assert server.psql("SELECT count(*) FROM actions WHERE args IS NOT NULL AND kind = 'continue_inspection'") == '0'


def add_rule(server, *actions, conditions=(), **fields):
    body = {'conditions': list(conditions), 'actions': [{'op': op, 'args': args} for op, args in actions], **fields}
    return server.ok('POST', '/v1/inspection_rules', body, status=201)['uuid']


def inspected(server, body=None, state='manageable', name='n'):
    if server.node(name)['provision_state'] != 'inspect wait':
        inspect(server, name)
    assert post(server, body or REPORT).status == 202
    return reaches(server, state, name=name)


@harness.timeout(120)
def test_rules_change_the_node_its_ports_and_its_traits(env):
    server = env.standalone({'inspector': {'add_ports': 'all'}})
    waiting(server, extra={'seen': ['before']}, driver_info={'fake_password': 'hush'})
    dell = {'op': 'contains', 'args': {'value': '{inventory[system_vendor][manufacturer]}', 'regex': '(?i)dell'}}
    add_rule(server, ('set-attribute', {'path': '/properties/vendor', 'value': 'second'}), priority=5)
    add_rule(server, ('set-attribute', {'path': '/properties/vendor', 'value': 'first'}), priority=10)
    add_rule(server, ('set-plugin-data', {'path': 'early.ports', 'value': '{plugin_data[all_interfaces]}'}),
             phase='early')
    add_rule(server, ('set-attribute', {'path': 'extra/serial', 'value': '{inventory[system_vendor][serial_number]}'}),
             ('set-attribute', {'path': 'name', 'value': 'box-{inventory[system_vendor][serial_number]}'}),
             ('extend-attribute', {'path': 'extra/seen', 'value': 'now', 'unique': True}),
             ('set-attribute', {'path': 'resource_class', 'value': 'big'}),
             ('set-capability', {'name': 'memory', 'value': '{inventory[memory][physical_mb]}'}),
             ('add-trait', {'name': 'CUSTOM_DELL'}),
             ('set-port-attribute', {'port_id': PXE, 'path': 'physical_network', 'value': 'net-{node.name}'}),
             ('set-port-attribute', {'port_id': OTHER, 'path': 'extra/x', 'value': 'y'}),
             ('set-attribute', {'path': 'extra/password', 'value': '{node.driver_info[fake_password]}'}),
             conditions=[dell, {'op': '!lt', 'args': {'values': ['{inventory[memory][physical_mb]}', 65536]}}])
    add_rule(server, ('add-trait', {'name': 'CUSTOM_NEVER'}),
             conditions=[{'op': '!contains', 'args': dell['args']}])
    version = server.psql('SELECT version FROM nodes')
    node = inspected(server, name=server.node('n')['uuid'])
    assert node['name'] == 'box-ABC123', node
    assert node['extra'] == {'serial': 'ABC123', 'seen': ['before', 'now'], 'password': '******'}, node['extra']
    assert node['properties'] == {'cpu_arch': 'x86_64', 'vendor': 'second', 'capabilities': 'memory:65536'}, node
    assert node['resource_class'] == 'big' and node['traits'] == ['CUSTOM_DELL'] and not node['last_error'], node
    assert server.psql("SELECT driver_info->>'fake_password' FROM nodes") == 'hush'
    assert int(server.psql('SELECT version FROM nodes')) > int(version)
    ports = ports_of(server, 'box-ABC123')
    assert ports[PXE]['physical_network'] == 'net-box-ABC123' and ports[OTHER]['extra'] == {'x': 'y'}, ports
    kept = server.ok('GET', '/v1/nodes/box-ABC123/inventory')
    assert kept['plugin_data']['early'] == {'ports': '{plugin_data[all_interfaces]}'}, kept['plugin_data']['early']
    assert 'hush' not in server.program.log()


@harness.timeout(120)
def test_rules_that_fail_leave_the_node_as_it_was(env):
    server = env.standalone()
    server.create_fake('taken')
    waiting(server)
    rows = [
        ([('set-attribute', {'path': 'extra/a', 'value': 1}), ('fail', {'msg': 'too old a machine'})], {},
         'too old a machine'),
        ([('set-attribute', {'path': 'provision_state', 'value': 'active'})], {}, 'provision_state'),
        ([('set-attribute', {'path': 'properties/cpus', 'value': 'many'})], {}, 'non-negative integers'),
        ([('set-attribute', {'path': 'name', 'value': 'taken'})], {}, 'A node with name taken already exists.'),
        ([('set-attribute', {'path': 'driver', 'value': 'nothing'})], {}, 'hardware type(s): nothing'),
        ([('set-attribute', {'path': 'power_interface', 'value': 'redfish'})], {}, 'power_interface'),
        ([('add-trait', {'name': 'lower'})], {}, 'CUSTOM_'),
        ([('set-port-attribute', {'port_id': OTHER, 'path': 'extra/a', 'value': 1})], {}, 'could not be found'),
        ([('fail', {'msg': 'hush'})], {'sensitive': True}, 'it is sensitive'),
        ([('log', {'msg': 'x'})], {'conditions': [{'op': 'gt', 'args': {'values': ['a', 1]}}]}, "condition: 'gt'"),
    ]
    for actions, fields, sentence in rows:
        uuid = add_rule(server, *actions, **fields)
        node = inspected(server, state='inspect failed')
        assert sentence in node['last_error'] and uuid[:8] in node['last_error'] + uuid, (sentence, node['last_error'])
        assert 'hush' not in node['last_error'] and node['extra'] == {} and node['traits'] == [], node
        assert node['name'] == 'n' and node['driver'] == 'fake-hardware' and sorted(ports_of(server)) == [PXE], node
        server.ok('DELETE', f'/v1/inspection_rules/{uuid}')
    inspected(server)
    assert 'hush' not in server.program.log()


def test_a_rule_gives_the_node_its_driver(env):
    server = env.standalone()
    waiting(server)
    add_rule(server, ('set-attribute', {'path': '/driver', 'value': 'ipmi'}),
             ('set-attribute', {'path': '/driver_info/ipmi_address', 'value': '{inventory[bmc_address]}'}))
    node = inspected(server, report(bmc_address='192.0.2.8'))
    assert node['driver'] == 'ipmi' and node['driver_info'] == {'ipmi_address': '192.0.2.8'}, node
    assert node['power_interface'] == 'ipmitool' and node['inspect_interface'] == 'agent', node


def test_a_machine_that_nobody_knows_is_discovered(env):
    server = env.standalone({'auto_discovery': {'enabled': 'true', 'driver': 'fake-hardware'}})
    add_rule(server, ('set-attribute', {'path': '/driver', 'value': 'ipmi'}),
             ('set-attribute', {'path': '/driver_info/ipmi_address', 'value': '{inventory[bmc_address]}'}),
             conditions=[{'op': 'is-true', 'args': {'value': '{plugin_data[auto_discovered]}'}}])
    answer = post(server, report(bmc_address='192.0.2.9'))
    assert answer.status == 202 and answer.json['config']['agent_token'], answer
    uuid = answer.json['node']['uuid']
    harness.eventually(lambda: server.node(uuid)['inspection_finished_at'], 30, what='the end of the discovery')
    node = reaches(server, 'enroll', name=uuid)
    assert node['driver'] == 'ipmi' and node['driver_info'] == {'ipmi_address': '192.0.2.9'}, node
    assert node['properties'] == {'cpu_arch': 'x86_64'} and sorted(ports_of(server, uuid)) == [PXE], node
    refused = {
        'known, and not waiting': post(server, REPORT),
        'a uuid that is not there': post(server, report(interfaces=[{'name': 'a', 'mac_address': OTHER}]),
                                         query='?node_uuid=11111111-1111-4111-8111-111111111111'),
        'who says it of himself': post(server, {**REPORT, 'auto_discovered': True}),
    }
    for what, answer in refused.items():
        assert answer.status == 404, (what, answer)
    assert len(server.ok('GET', '/v1/nodes')['nodes']) == 1


def redfish_node(env, interface):
    rack = env.rack({'box': {'protocol': 'redfish'}})
    server = env.standalone({'DEFAULT': {'enabled_hardware_types': 'redfish,fake-hardware'}})
    server.ok('POST', '/v1/nodes', {
        'name': 'n', 'driver': 'redfish', 'inspect_interface': interface, 'driver_info': {
            'redfish_address': f"http://{rack.bmcs['box']['listen']}", 'redfish_username': 'admin',
            'redfish_password': 'rack-password'}}, status=201)
    server.ok('PUT', '/v1/nodes/n/states/provision', {'target': 'manage'})
    reaches(server, 'manageable')
    return rack, server


def test_rules_follow_what_a_bmc_tells(env):
    _, server = redfish_node(env, 'redfish')
    add_rule(server, ('set-attribute', {'path': 'extra/memory', 'value': '{inventory[memory][physical_mb]}'}),
             ('add-trait', {'name': 'CUSTOM_SEEN'}),
             conditions=[{'op': '!is-empty', 'args': {'value': '{inventory[interfaces]}'}}])
    server.ok('PUT', '/v1/nodes/n/states/provision', {'target': 'inspect'})
    harness.eventually(lambda: server.node('n')['inspection_finished_at'], 30, what='the end of the inspection')
    node = reaches(server, 'manageable')
    assert node['extra'] == {'memory': str(node['properties']['memory_mb'])} and node['traits'] == ['CUSTOM_SEEN'], node


def test_a_machine_is_booted_from_the_network_once(env):
    rack, server = redfish_node(env, 'agent')
    node = inspect(server)
    machine = rack.set('box', latency_ms=0)
    assert machine['booted'] == 'pxe' and machine['power'] == 'on', machine
    assert machine['boot']['persistence'] == 'disabled', machine
    assert node['driver_internal_info']['lookup_bmc_addresses'] == [], 'a BMC on a loopback address is no trace'
    assert post(server, REPORT, query='?node_uuid=' + node['uuid']).status == 202
    node = reaches(server, 'manageable')
    assert rack.redfish_system('box')['PowerState'] == 'Off' and node['properties']['cpu_arch'] == 'x86_64', node
    inspect(server)
    server.ok('PUT', '/v1/nodes/n/states/provision', {'target': 'abort'})
    node = reaches(server, 'inspect failed')
    assert rack.redfish_system('box')['PowerState'] == 'Off', node


harness.main()
