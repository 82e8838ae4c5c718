#!/usr/bin/python3
"""test_redfish_node: a redfish node of a whole Ferrule, driven by the unmodified client; what came of it is read at
the BMC by curl."""
import json
import os
import signal
import time

import harness
from test_redfish_service import Client


def redfish_pair(env, config=None, **bmc):
    """A running service, a rack of one, and its node `box`."""
    rack = env.rack({'box': {'protocol': 'redfish', **bmc}})
    server = env.standalone({'DEFAULT': {'enabled_hardware_types': 'redfish,fake-hardware'}, **(config or {})})
    server.ok('POST', '/v1/nodes', {'name': 'box', 'driver': 'redfish', 'driver_info': {
        'redfish_address': f"http://{rack.bmcs['box']['listen']}", 'redfish_username': 'admin',
        'redfish_password': 'rack-password'}}, status=201)
    return rack, server


def wait_action(server, answer):
    """The end of the action that a 202 names."""
    path = answer.headers['ferrule-action'].removeprefix(server.url)

    def ended():
        action = server.ok('GET', path)
        return action if action['finished_at'] else None
    return harness.eventually(ended, 30, what='the end of the action')


def test_power_boot_device_and_validation(env):
    rack, server = redfish_pair(env)
    for target, state in (('power off', 'Off'), ('power on', 'On'), ('rebooting', 'On'), ('soft power off', 'Off')):
        answer = server.power('box', target)
        assert answer.status == 202, answer
        server.wait_power('box', 'power on' if state == 'On' else 'power off')
        assert rack.redfish_system('box')['PowerState'] == state
    server.client('node', 'boot', 'device', 'set', 'box', 'pxe', '--persistent')
    boot = rack.redfish_system('box')['Boot']
    assert (boot['BootSourceOverrideTarget'], boot['BootSourceOverrideEnabled']) == ('Pxe', 'Continuous')
    shown = server.client_json('node', 'boot', 'device', 'show', 'box')
    assert shown == {'boot_device': 'pxe', 'persistent': True}, shown
    validated = {row['Interface']: row for row in server.client_json('node', 'validate', 'box')}
    assert validated['power']['Result'] and validated['management']['Result'], validated
    assert '******' in str(server.node('box')['driver_info']['redfish_password'])


def test_driver_info_is_checked_before_the_202(env):
    _, server = redfish_pair(env)
    for patch, sentence in (
            ([{'op': 'add', 'path': '/driver_info/redfish_verify_ca', 'value': 'maybe'}], 'redfish_verify_ca'),
            ([{'op': 'remove', 'path': '/driver_info/redfish_verify_ca'},
              {'op': 'remove', 'path': '/driver_info/redfish_address'}],
             "Missing the following Redfish properties in node")):
        server.ok('PATCH', '/v1/nodes/box', patch)
        answer = server.power('box')
        assert answer.status == 400 and sentence in answer.fault(), answer
        assert not server.node('box')['reservation']


def test_vendor_methods_through_the_client(env):
    rack, server = redfish_pair(env)
    listed = {row['Name']: row for row in server.client_json('node', 'passthru', 'list', 'box')}
    assert set(listed) == {'create_subscription', 'delete_subscription', 'get_subscription', 'get_all_subscriptions',
                           'eject_vmedia'}, listed
    server.client('node', 'passthru', 'call', 'box', 'create_subscription', '--http-method', 'POST', '--arg',
                  'Destination=https://listener.example/')
    rows = rack.redfish('box', '/redfish/v1/EventService/Subscriptions')['Members']
    assert len(rows) == 1
    number = rows[0]['@odata.id'].rpartition('/')[2]
    # baremetal drops the arguments of GET and DELETE; gophercloud sends them in the body
    path = '/v1/nodes/box/vendor_passthru?method='
    assert server.ok('GET', path + 'get_subscription', {'id': number})['Destination'] == 'https://listener.example/'
    assert number in server.client('node', 'passthru', 'call', 'box', 'get_all_subscriptions', '--http-method', 'GET')
    server.ok('DELETE', path + 'delete_subscription', {'id': number})
    gone = server.call('DELETE', path + 'delete_subscription', {'id': number})
    assert gone.status == 404 and 'delete_subscription failed' in gone.fault(), gone
    refused = server.call('POST', '/v1/nodes/box/vendor_passthru/create_subscription', {'Destination': 'nowhere'})
    assert refused.status == 400 and refused.fault() == 'Destination nowhere is not a valid URI', refused
    accepted = server.call('POST', '/v1/nodes/box/vendor_passthru/eject_vmedia', {'boot_device': 'cd'})
    assert accepted.status == 202 and not accepted.text, accepted
    assert wait_action(server, accepted)['state'] == 'done'
    root = server.ok('GET', f"/v1/drivers/redfish/vendor_passthru/get_service_root?redfish_address="
                            f"http://{rack.bmcs['box']['listen']}")
    assert root['RedfishVersion'], root


def test_unreachable_bmc_fails_the_power_action(env):
    rack, server = redfish_pair(env, {'redfish': {'connection_attempts': '2', 'connection_retry_interval': '0.5'}})
    rack.program.kill()
    started = time.monotonic()
    assert server.power('box', 'power off').status == 202
    node = harness.eventually(lambda: (lambda n: n if n['last_error'] and not n['target_power_state'] else None)
                              (server.node('box')), 30, what='last_error')
    assert 'Redfish connection failed for node' in node['last_error'], node['last_error']
    assert 'rack-password' not in node['last_error'] and not node['reservation']
    assert time.monotonic() - started < 15


def test_sessions_end_when_the_service_stops(env):
    rack, server = redfish_pair(env)
    server.power('box', 'power off')
    server.wait_power('box', 'power off')
    assert rack.set('box', latency_ms=0)['redfish']['sessions'] == 1
    server.stop()
    assert rack.set('box', latency_ms=0)['redfish']['sessions'] == 0


def client_knows(server, *words):
    """Older clients lack the newer commands; what these call is called directly then."""
    return ' '.join(words) in server.client('--help')


def wait_node(server, seconds=60, **wanted):
    def has():
        node = server.node('box')
        return node if all(node[name] == value for name, value in wanted.items()) else None
    return harness.eventually(has, seconds, what=f'{wanted}')


def check_set_and_validate(server):
    server.client('node', 'set', 'box', '--driver-info', 'redfish_system_id=/redfish/v1/Systems/1')
    rows = {row['Interface']: row for row in server.client_json('node', 'validate', 'box')}
    for interface in ('power', 'management', 'inspect'):
        assert rows[interface]['Result'] is True, rows
    server.client('node', 'set', 'box', '--driver-info', 'redfish_auth_type=telepathy')
    rows = {row['Interface']: row for row in server.client_json('node', 'validate', 'box')}
    assert rows['inspect']['Result'] is False and 'redfish_auth_type' in rows['inspect']['Reason'], rows
    server.client('node', 'unset', 'box', '--driver-info', 'redfish_auth_type')
    server.client('node', 'set', 'box', '--inspect-interface', 'no-inspect', '--management-interface', 'redfish')
    assert server.node('box')['inspect_interface'] == 'no-inspect'


def test_modes_and_fields_through_the_client(env):
    rack, server = redfish_pair(env, {'redfish': {'boot_mode_config_interval': '0.5'}})
    server.client('node', 'manage', 'box', '--wait', '60')
    node = server.node('box')
    assert (node['boot_mode'], node['secure_boot'], node['health']) == ('uefi', False, 'OK'), node
    assert node['properties']['vendor'], node['properties']
    server.client('node', 'boot', 'mode', 'set', 'box', 'bios')
    wait_node(server, boot_mode='bios')
    assert rack.redfish_system('box')['Boot']['BootSourceOverrideMode'] == 'Legacy'
    server.client('node', 'boot', 'mode', 'set', 'box', 'uefi')
    wait_node(server, boot_mode='uefi')
    server.client('node', 'secure', 'boot', 'on', 'box')
    wait_node(server, secure_boot=True)
    assert rack.redfish('box', '/redfish/v1/Systems/1/SecureBoot')['SecureBootEnable'] is True
    states = server.ok('GET', '/v1/nodes/box/states')
    assert (states['boot_mode'], states['secure_boot'], states['last_error']) == ('uefi', True, None), states
    server.client('node', 'secure', 'boot', 'off', 'box')
    wait_node(server, secure_boot=False)
    refused = server.call('PUT', '/v1/nodes/box/states/boot_mode', {'target': 'openfirmware'})
    assert refused.status == 400, refused
    check_set_and_validate(server)


def check_firmware(rack, server, system):
    rows = {row['component']: row for row in server.ok('GET', '/v1/nodes/box/firmware')['firmware']}
    bmc = rack.redfish('box', '/redfish/v1/Managers/1')['FirmwareVersion']
    assert rows['bios']['current_version'] == rows['bios']['initial_version'] == system['BiosVersion'], rows
    assert rows['bmc']['current_version'] == bmc and rows['bmc']['last_version_flashed'] is None, rows
    old = server.call('GET', '/v1/nodes/box/firmware', version='1.113').json['firmware'][0]
    assert 'vendor' in rows['bios'] and 'vendor' not in old, (rows, old)
    if client_knows(server, 'node', 'firmware', 'list'):
        shown = {row['Component']: row for row in server.client_json('node', 'firmware', 'list', 'box')}
        assert set(shown) == set(rows), shown


def test_inspection_and_firmware_through_the_client(env):
    rack, server = redfish_pair(env)
    system = rack.redfish_system('box')
    assert server.ok('GET', '/v1/nodes/box/firmware') == {'firmware': []}
    server.client('node', 'manage', 'box', '--wait', '60')
    check_firmware(rack, server, system)
    server.client('node', 'inspect', 'box', '--wait', '60')
    node = server.node('box')
    properties = node['properties']
    assert node['provision_state'] == 'manageable' and node['inspection_finished_at'], node
    assert properties['memory_mb'] == system['MemorySummary']['TotalSystemMemoryGiB'] * 1024, properties
    assert properties['cpu_arch'] == 'x86_64' and properties['local_gb'] > 0 and properties['cpus'] > 0, properties
    assert properties['capabilities'] == 'boot_mode:uefi', properties
    inventory = server.ok('GET', '/v1/nodes/box/inventory')
    if client_knows(server, 'node', 'inventory', 'save'):
        saved = env.folder / 'inventory.json'
        server.client('node', 'inventory', 'save', 'box', '--file', str(saved))
        assert json.loads(saved.read_text()) == inventory
    found = inventory['inventory']
    assert found['system_vendor']['serial_number'] == system['SerialNumber'], found['system_vendor']
    assert inventory['plugin_data']['parsed_lldp']['1']['switch_port_id'] == 'Ethernet1/7', inventory['plugin_data']
    macs = [row['mac_address'] for row in found['interfaces']]
    ports = [row['address'] for row in server.ok('GET', '/v1/nodes/box/ports')['ports']]
    assert macs and sorted(macs) == sorted(ports), (macs, ports)
    server.client('node', 'inspect', 'box', '--wait', '60')
    again = [row['address'] for row in server.ok('GET', '/v1/nodes/box/ports')['ports']]
    assert again == ports, (again, ports)
    assert server.ok('GET', '/v1/nodes/box/inventory') == inventory
    rack.set('box', fault={'kind': 'html', 'match': 'GET /redfish/v1/Systems/1'})
    server.client('node', 'inspect', 'box')
    node = wait_node(server, provision_state='inspect failed')
    assert 'answered what is not JSON' in node['last_error'] and not node['reservation'], node['last_error']
    assert server.ok('GET', '/v1/nodes/box/inventory') == inventory
    server.client('node', 'maintenance', 'set', 'box')
    server.client('node', 'delete', 'box')
    assert server.call('GET', '/v1/nodes/box/inventory').status == 404


def test_firmware_that_is_new_was_flashed(env):
    rack, server = redfish_pair(env, {'redfish': {'firmware_update_status_interval': '0.2'}})

    def row():
        return {row['component']: row for row in server.ok('GET', '/v1/nodes/box/firmware')['firmware']}['nic:FN1']

    def move(target, state, **body):
        server.ok('PUT', '/v1/nodes/box/states/provision', {'target': target, **body}, status=202)
        return wait_node(server, provision_state=state, reservation=None)

    def clean(interface, step, **args):
        move('clean', 'manageable', clean_steps=[{'interface': interface, 'step': step, 'args': args}])
        return row()
    move('manage', 'manageable')
    first = row()
    assert first['current_version'] == first['initial_version'] and first['last_version_flashed'] is None, first
    assert first['serial_number'] == 'FN1' and first['updated_at'] is None, first
    image = {'component': 'nic:FN1', 'url': 'http://images.example/nic-23.0.bin'}
    second = clean('firmware', 'update', settings=[image])
    assert second == {**first, 'current_version': '23.0', 'last_version_flashed': '23.0',
                      'updated_at': second['updated_at']} and second['updated_at'], second
    controllers = [{'FirmwarePackageVersion': '24'}]  # by somebody else
    answer = Client(rack).call('PATCH', '/redfish/v1/Chassis/1/NetworkAdapters/NIC', {'Controllers': controllers})
    assert answer.status == 204, answer
    third = clean('power', 'power_on')
    assert third['current_version'] == '24' and third['initial_version'] == first['initial_version'], third
    for query, members in (('?fields=component', ['component', 'created_at', 'updated_at']),
                           ('?fields=vendor,model', ['created_at', 'model', 'updated_at', 'vendor'])):
        listed = server.ok('GET', '/v1/nodes/box/firmware' + query)['firmware']
        assert listed and all(sorted(one) == members for one in listed), (query, listed)
    assert server.call('GET', '/v1/nodes/box/firmware?fields=component&detail=true').status == 400


def test_indicators_and_media(env):
    rack, server = redfish_pair(env)
    rows = {row['name']: row for row in server.ok('GET', '/v1/nodes/box/management/indicators')['indicators']}
    name = next(name for name in rows if name.endswith('@system'))
    assert rows[name]['states'] == ['blinking', 'off', 'on'] and rows[name]['links'], rows
    path = f'/v1/nodes/box/management/indicators/{name}'
    server.ok('PUT', path, {'state': 'blinking'}, status=204)
    assert server.ok('GET', path) == {'state': 'blinking'}
    assert rack.redfish_system('box')['IndicatorLED'] == 'Blinking'
    assert server.call('PUT', path, {'state': 'purple'}).status == 400
    gone = server.call('GET', '/v1/nodes/box/management/indicators/nothing@system')
    assert gone.status == 400 and 'has no indicator nothing@system' in gone.fault(), gone

    media = server.ok('GET', '/v1/nodes/box/vmedia')
    assert media and not any(row['inserted'] for row in media), media
    image = {'device_type': 'cdrom', 'image_url': 'http://i.example/a.iso'}
    answer = server.call('POST', '/v1/nodes/box/vmedia', image)
    assert answer.status == 204 and not answer.text, answer
    assert wait_action(server, answer)['state'] == 'done'
    inserted = [row for row in server.ok('GET', '/v1/nodes/box/vmedia') if row['inserted']]
    assert len(inserted) == 1 and inserted[0]['image'] == 'http://i.example/a.iso', inserted
    assert 'CD' in inserted[0]['media_types'], inserted
    assert wait_action(server, server.call('DELETE', '/v1/nodes/box/vmedia?device_types=floppy'))['state'] == 'done'
    assert any(row['inserted'] for row in server.ok('GET', '/v1/nodes/box/vmedia'))
    assert wait_action(server, server.call('DELETE', '/v1/nodes/box/vmedia'))['state'] == 'done'
    assert not any(row['inserted'] for row in server.ok('GET', '/v1/nodes/box/vmedia'))
    rack.set('box', fault={'kind': 'status', 'status': 400, 'match': 'InsertMedia'})
    failed = server.call('POST', '/v1/nodes/box/vmedia', image)
    assert failed.status == 204 and wait_action(server, failed)['state'] == 'failed'
    error = server.node('box')['last_error']
    assert error.startswith('Could not attach device cdrom'), error


@harness.timeout(180)
def test_session_outlives_a_crash_and_is_used_again(env):
    rack, server = redfish_pair(env, {'conductor': {'sync_power_state_interval': '2'}})
    server.power('box', 'power off')
    server.wait_power('box', 'power off')
    state = rack.set('box', latency_ms=0)
    assert (state['redfish']['sessions'], state['counters']['sessions_opened']) == (1, 1), state
    server.kill_child('ferrule-conductor')  # another is started in its place
    harness.eventually(lambda: server.power('box', 'power on').status == 202, 60, 0.5, 'a conductor')
    server.wait_power('box', 'power on', 60)
    state = rack.set('box', latency_ms=0)
    assert (state['redfish']['sessions'], state['counters']['sessions_opened']) == (1, 1), state
    assert server.psql('SELECT count(*) FROM bmc_sessions') == '1'
    assert 'rack-password' not in server.psql('SELECT * FROM bmc_sessions')
    server.stop()
    assert rack.set('box', latency_ms=0)['redfish']['sessions'] == 0


@harness.timeout(180)
def test_session_of_a_dead_host_is_ended_by_another(env):
    config = {'DEFAULT': {'host': 'first'}, 'conductor': {'sync_power_state_interval': '2'}}
    rack, server = redfish_pair(env, config)
    server.power('box', 'power off')
    server.wait_power('box', 'power off')
    server.program.is_checked = False
    os.killpg(server.program.pid, signal.SIGKILL)
    server.program.wait()
    harness.write_config(server.config_path, {**config, 'DEFAULT': {'host': 'second'}})
    server.start()
    server.power('box', 'power on')
    server.wait_power('box', 'power on', 60)

    def only_ours():
        state = rack.set('box', latency_ms=0)
        return (state['redfish']['sessions'], state['counters']['sessions_opened']) == (1, 2)

    harness.eventually(only_ours, 60, 0.5, 'one session of two')
    harness.eventually(lambda: server.psql('SELECT hostname FROM bmc_sessions') == 'second', 20, 0.5, 'one row')


@harness.timeout(180)
def test_session_ends_with_its_node(env):
    rack, server = redfish_pair(env, {'conductor': {'sync_power_state_interval': '2'}})
    server.power('box', 'power off')
    server.wait_power('box', 'power off')
    assert rack.set('box', latency_ms=0)['redfish']['sessions'] == 1
    server.client('node', 'delete', 'box')
    harness.eventually(lambda: rack.set('box', latency_ms=0)['redfish']['sessions'] == 0, 60, 0.5, 'no session')
    harness.eventually(lambda: server.psql('SELECT count(*) FROM bmc_sessions') == '0', 20, 0.5, 'no row')


@harness.timeout(180)
def test_changed_password_is_another_session(env):
    rack, server = redfish_pair(env, {'conductor': {'sync_power_state_interval': '2'}})
    server.power('box', 'power off')
    server.wait_power('box', 'power off')
    wrong = [{'op': 'replace', 'path': '/driver_info/redfish_password', 'value': 'not-the-right-one'}]
    server.ok('PATCH', '/v1/nodes/box', wrong)
    assert server.power('box', 'power on').status == 202
    node = harness.eventually(lambda: (lambda n: n if n['last_error'] and not n['target_power_state'] else None)
                              (server.node('box')), 60, what='last_error')
    assert 'not-the-right-one' not in node['last_error'] and '401' in node['last_error'], node['last_error']
    assert rack.set('box', latency_ms=0)['redfish']['sessions'] == 1


if __name__ == '__main__':
    harness.main()
