#!/usr/bin/python3
"""test_redfish_node: a redfish node of a whole Ferrule, driven by the unmodified client; what came of it is read at
the BMC by curl."""
import time

import harness


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


if __name__ == '__main__':
    harness.main()
