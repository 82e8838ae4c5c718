#!/usr/bin/python3
"""test_ipmi_node: ipmi nodes of a whole Ferrule, driven by the unmodified client; what came of it is read at the BMC
by ipmitool."""
import harness
import ipmi_peers
from ipmi_peers import Timed


def served(env, bmc, config=None, **driver_info):
    """A running service with the node `box` on that BMC."""
    server = env.standalone({'DEFAULT': {'enabled_hardware_types': 'ipmi,fake-hardware'}, **(config or {})})
    words = {'ipmi_address': '127.0.0.1', 'ipmi_port': bmc.port, 'ipmi_username': bmc.user,
             'ipmi_password': bmc.password, **driver_info}
    server.client('node', 'create', '--driver', 'ipmi', '--name', 'box',
                  *[word for name, value in words.items() for word in ('--driver-info', f'{name}={value}')])
    return server


def wait_action(server, answer):
    """The end of the action that a 202 names."""
    path = answer.headers['ferrule-action'].removeprefix(server.url)

    def ended():
        action = server.ok('GET', path)
        return action if action['finished_at'] else None
    return harness.eventually(ended, 60, what='the end of the action')


def test_openipmi(env):
    bmc = ipmi_peers.openipmi(env)
    server = served(env, bmc, {'ipmi': {'allow_send_raw': 'true'}})
    for target, word, is_on in (('power on', ('on',), True), ('rebooting', ('reboot',), True),
                                ('soft power off', ('off', '--soft'), False), ('power on', ('on',), True),
                                ('power off', ('off',), False)):
        first, *rest = word
        server.client('node', *(['reboot', 'box'] if first == 'reboot' else ['power', first, *rest, 'box']))
        server.wait_power('box', 'power on' if is_on else 'power off', 30)
        assert bmc.is_on() == is_on, target
    server.client('node', 'boot', 'device', 'set', 'box', 'pxe')
    assert '0004000000' in bmc.ipmitool('chassis', 'bootparam', 'get', '5')
    assert server.client_json('node', 'boot', 'device', 'show', 'box')['boot_device'] == 'pxe'
    server.client('node', 'passthru', 'call', 'box', 'send_raw', '--arg', 'raw_bytes=0x00 0x02 0x01')
    harness.eventually(bmc.is_on, 20, what='power on by send_raw')


def test_openipmi_refuses(env):
    """last_error names the completion code and its meaning."""
    bmc = ipmi_peers.openipmi(env)
    server = served(env, bmc)
    answer = server.call('PUT', '/v1/nodes/box/management/inject_nmi', {})
    assert 'invalid data field in request (CCh)' in str(answer), answer
    answer = server.call('POST', '/v1/nodes/box/vendor_passthru/bmc_reset', {'warm': True})
    assert answer.status == 202, answer
    assert wait_action(server, answer)['state'] == 'failed'
    assert 'Warm Reset: invalid command (C1h)' in server.node('box')['last_error']


def test_methods_and_their_refusals(env):
    bmc = ipmi_peers.bmcsim(env)
    server = served(env, bmc)
    listed = server.ok('GET', '/v1/nodes/box/vendor_passthru/methods')
    ours = {'identify': True, 'clear_sel': True, 'get_sel': False, 'get_sdr': False, 'get_sensors': False}
    assert {name: listed.pop(name)['async'] for name in ours} == ours
    assert listed == {
        'bmc_reset': {'async': True, 'attach': False, 'http_methods': ['POST'], 'require_exclusive_lock': True,
                      'description': "Reset the BMC. Required argument: 'warm' (Boolean) - for warm (True) or cold "
                                     "(False) reset."},
        'send_raw': {'async': True, 'attach': False, 'http_methods': ['POST'], 'require_exclusive_lock': True,
                     'description': "Send raw bytes to the BMC. Required argument: 'raw_bytes' - a string of raw bytes "
                                    "(e.g. '0x00 0x01')."}}, listed
    names = {'address', 'password', 'hex_kg_key', 'port', 'priv_level', 'username', 'bridging', 'transit_channel',
             'transit_address', 'target_channel', 'target_address', 'local_address', 'protocol_version',
             'force_boot_device', 'disable_boot_timeout', 'cipher_suite', 'terminal_port'}
    properties = server.ok('GET', '/v1/drivers/ipmi/properties')
    assert {f'ipmi_{name}' for name in names} | {'ipmi_workarounds'} <= set(properties), properties
    assert properties['ipmi_address'] == 'IP address or hostname of the node. Required.'
    answer = server.call('POST', '/v1/nodes/box/vendor_passthru/send_raw', {'raw_bytes': '0x06 0x01'})
    assert answer.status == 403 and '[ipmi] allow_send_raw = true' in answer.fault(), answer
    answer = server.call('POST', '/v1/nodes/box/vendor_passthru/send_raw', {})
    assert answer.status == 400 and 'raw_bytes' in answer.fault(), answer
    for method, body in (('bmc_reset', {'warm': True}), ('bmc_reset', {'warm': False})):
        answer = server.call('POST', f'/v1/nodes/box/vendor_passthru/{method}', body)
        assert answer.status == 202 and not answer.text, answer
        assert wait_action(server, answer)['state'] == 'done', method
    assert 'Warm Reset' in bmc.log() and 'Cold Reset' in bmc.log()


def test_result_of_send_raw(env):
    bmc = ipmi_peers.bmcsim(env, profile='dell')
    server = served(env, bmc, {'ipmi': {'allow_send_raw': 'true'}})
    answer = server.call('POST', '/v1/nodes/box/vendor_passthru/send_raw', {'raw_bytes': '0x06 0x01'})
    assert answer.status == 202, answer
    action = wait_action(server, answer)
    assert action['result']['response'].startswith('0x20 0x01 0x01 0x00 0x02'), action


def test_wrong_password_and_mistakes(env):
    bmc = ipmi_peers.bmcsim(env)
    server = served(env, bmc, ipmi_password='not-this-one')
    with Timed(5):
        assert server.power('box', 'power off').status == 202
        node = harness.eventually(lambda: (lambda n: n if n['last_error'] else None)(server.node('box')), 5)
    assert 'invalid credentials' in node['last_error'] and 'not-this-one' not in node['last_error'], node['last_error']
    assert node['driver_info']['ipmi_password'] == '******'
    for name, value in (('ipmi_port', 'x'), ('ipmi_priv_level', 'ROOT'), ('ipmi_cipher_suite', 4),
                        ('ipmi_hex_kg_key', '123'), ('ipmi_password', 'x' * 21), ('ipmi_bridging', 'triple'),
                        ('ipmi_protocol_version', '1.0'), ('ipmi_workarounds', 'magic'), ('ipmi_port', 70000)):
        server.ok('PATCH', '/v1/nodes/box', [{'op': 'add', 'path': f'/driver_info/{name}', 'value': value}])
        answer = server.power('box')
        assert answer.status == 400 and name in answer.fault(), answer
        assert not server.ok('GET', '/v1/nodes/box/validate')['power']['result'], name
        server.ok('PATCH', '/v1/nodes/box', [{'op': 'remove', 'path': f'/driver_info/{name}'}])
    server.ok('PATCH', '/v1/nodes/box', [{'op': 'add', 'path': '/driver_info/ipmi_bridging', 'value': 'dual'}])
    verdict = server.ok('GET', '/v1/nodes/box/validate')['power']
    assert verdict == {'result': False, 'reason': "['ipmi_target_channel', 'ipmi_target_address', "
                       "'ipmi_transit_channel', 'ipmi_transit_address'] not provided"}, verdict


def test_sensors_in_metrics(env):
    """Collected from time to time, for nodes in use, and shown as gauges; asked for by the vendor method."""
    bmc = ipmi_peers.bmcsim(env)
    port = harness.free_port()
    server = served(env, bmc, {'conductor': {'metrics_port': port},
                               'sensor_data': {'send_sensor_data': 'true', 'interval': '1',
                                               'enable_for_undeployed_nodes': 'true',
                                               'data_types': 'Temperature,Voltage'}})
    server.client('node', 'manage', 'box', '--wait', '60')
    uuid = server.node('box')['uuid']

    def gauge(sensor):
        text = harness.call('GET', f'http://127.0.0.1:{port}/metrics').text
        lines = [line for line in text.splitlines() if line.startswith('ferrule_sensor_reading{') and sensor in line]
        return lines[0] if lines else None

    line = harness.eventually(lambda: gauge('Inlet Temp'), 30)
    assert f'node="{uuid}"' in line and 'unit="degrees C"' in line and float(line.split()[-1]) == 24, line
    assert float(gauge('Rail 12V').split()[-1]) == 12.02 and gauge('Fan 1') is None
    bmc.set(ipmi={'sensors': {'Inlet Temp': {'raw': 48}}})
    harness.eventually(lambda: float(gauge('Inlet Temp').split()[-1]) == 48, 30)
    text = harness.call('GET', f'http://127.0.0.1:{port}/metrics').text
    wrong = [line for line in text.splitlines() if line.startswith('ferrule_sensor_ok{') and line.endswith(' 0')]
    assert len(wrong) == 1 and 'Inlet Temp' in wrong[0], wrong
    sensors = server.ok('GET', '/v1/nodes/box/vendor_passthru/get_sensors')
    assert 'Fan' in sensors and 'Inlet Temp' in str(sensors['Temperature']), sensors
    # a node that is gone takes its gauges along
    server.client('node', 'delete', 'box')
    harness.eventually(lambda: gauge('Inlet Temp') is None, 30)


def test_inspection(env):
    bmc = ipmi_peers.bmcsim(env, profile='dell')
    server = served(env, bmc)
    server.client('node', 'set', 'box', '--inspect-interface', 'ipmitool')
    server.client('node', 'manage', 'box', '--wait', '60')
    assert server.node('box')['properties']['vendor'] == 'Dell Inc.'
    server.client('node', 'inspect', 'box', '--wait', '60')
    found = server.ok('GET', '/v1/nodes/box/inventory')
    assert found['inventory']['system_vendor']['product_name'] == 'PowerEdge R750', found
    assert found['plugin_data']['bmc']['manufacturer_name'] == 'Dell Inc.', found


def test_nmi_light_and_boot_device(env):
    bmc = ipmi_peers.pyghmi(env)
    server = served(env, bmc)
    server.client('node', 'inject', 'nmi', 'box')
    harness.eventually(lambda: 'nmi' in bmc.program.log(), 10)
    server.client('node', 'boot', 'device', 'set', 'box', 'disk')
    assert server.client_json('node', 'boot', 'device', 'show', 'box')['boot_device'] == 'disk'
    assert '08000000' in bmc.ipmitool('chassis', 'bootparam', 'get', '5')
    # what this BMC does not know is refused by its code
    answer = server.call('PUT', '/v1/nodes/box/management/indicators/identify@chassis', {'state': 'on'})
    assert 'invalid command (C1h)' in str(answer) or wait_error(server, 'invalid command (C1h)'), answer


def wait_error(server, words):
    return harness.eventually(lambda: words in (server.node('box')['last_error'] or ''), 30)


def test_identify_light(env):
    bmc = ipmi_peers.bmcsim(env)
    server = served(env, bmc)
    path = '/v1/nodes/box/management/indicators/identify@chassis'
    assert server.ok('GET', path)['state'] == 'off'
    server.call('PUT', path, {'state': 'on'})
    harness.eventually(lambda: server.ok('GET', path)['state'] == 'on', 30)
    assert server.call('PUT', path, {'state': 'purple'}).status == 400


def test_bridged_node(env):
    """Two nodes share a BMC: itself and a target behind it."""
    bmc = ipmi_peers.bmcsim(env, targets='0:0x44')
    server = served(env, bmc, ipmi_bridging='single', ipmi_target_channel='0', ipmi_target_address='0x44')
    server.client('node', 'power', 'off', 'box')
    server.wait_power('box', 'power off', 30)
    state = bmc.state()
    assert state['power'] == 'on' and state['ipmi']['targets'][0]['power'] == 'off', state
    server.ok('PATCH', '/v1/nodes/box', [{'op': 'remove', 'path': '/driver_info/ipmi_target_address'}])
    verdict = server.ok('GET', '/v1/nodes/box/validate')['management']
    assert verdict == {'result': False, 'reason': "['ipmi_target_address'] not provided"}, verdict


def test_sessions_end_when_the_service_stops(env):
    bmc = ipmi_peers.bmcsim(env)
    server = served(env, bmc)
    server.power('box', 'power off')
    server.wait_power('box', 'power off')
    assert bmc.state()['ipmi']['sessions'] == 1
    server.stop()
    assert bmc.state()['ipmi']['sessions'] == 0


if __name__ == '__main__':
    harness.main()
