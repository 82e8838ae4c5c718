"""What is asked in a state that forbids it: every verb in every state, and all else that looks at the state."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position

# Of each state the verbs that it knows. Source: Ironic's state machine.
ALLOWED = {
    'enroll': 'manage', 'verifying': '', 'manageable': 'provide inspect clean adopt',
    'available': 'active deploy manage', 'deploying': '', 'wait call-back': 'deleted undeploy abort',
    'deploy hold': 'unhold abort',
    'deploy failed': 'active deploy rebuild deleted undeploy', 'active': 'rebuild deleted undeploy rescue service',
    'error': 'rebuild deleted undeploy', 'deleting': '', 'cleaning': '', 'clean wait': 'abort',
    'clean hold': 'unhold abort', 'clean failed': 'manage', 'inspecting': '', 'inspect wait': 'abort',
    'inspect failed': 'inspect manage', 'adopting': '', 'adopt failed': 'adopt manage', 'rescuing': '',
    'rescue wait': 'deleted undeploy abort', 'rescue failed': 'rescue unrescue deleted undeploy',
    'rescue': 'rescue unrescue deleted undeploy', 'unrescuing': '',
    'unrescue failed': 'rescue unrescue deleted undeploy', 'servicing': '', 'service wait': 'abort deleted undeploy',
    'service hold': 'unhold service abort', 'service failed': 'service rescue abort deleted undeploy',
}
STEP = [{'interface': 'deploy', 'step': 'x'}]
VERBS = {'manage': {}, 'provide': {}, 'inspect': {}, 'abort': {}, 'adopt': {}, 'active': {}, 'deploy': {},
         'rebuild': {}, 'deleted': {}, 'undeploy': {}, 'unrescue': {}, 'unhold': {}, 'clean': {'clean_steps': STEP},
         'service': {'service_steps': STEP}, 'rescue': {'rescue_password': 'x'}}


def nowhere(env):
    """A node that no conductor serves: what is legal gets as far as that."""
    server = env.standalone()
    server.create_fake('n')
    server.psql("UPDATE nodes SET conductor_group = 'nowhere'")
    return server


def be(server, state, target='NULL', **columns):
    more = ''.join(f', {name} = {value}' for name, value in columns.items())
    server.psql(f"UPDATE nodes SET provision_state = '{state}', target_provision_state = {target}{more}")


def test_every_verb_in_every_state(env):
    server = nowhere(env)
    wrong = []
    for state, allowed in ALLOWED.items():
        be(server, state)
        for verb, body in VERBS.items():
            answer = server.call('PUT', '/v1/nodes/n/states/provision', {'target': verb, **body})
            refused = f'The requested action "{verb}" can not be performed on node' in answer.fault()
            named = f'in state "{state}"' in answer.fault()
            if answer.status != 400 or refused == (verb in allowed.split()) or refused and not named:
                wrong.append((state, verb, answer))
        answer = server.call('PUT', '/v1/nodes/n/states/provision', {'target': 'dance'})
        if answer.status != 400 or 'dance' not in answer.fault():
            wrong.append((state, answer))
    assert not wrong, wrong
    assert server.psql('SELECT count(*) FROM actions') == '0'


def test_node_requests_that_look_at_the_state(env):
    server = nowhere(env)
    changeable = ('deploy failed', 'inspect failed', 'inspect wait', 'clean failed', 'verifying', 'adopt failed',
                  'rescue failed', 'unrescue failed', 'service hold', 'service failed', 'error')
    setup = ('enroll', 'inspecting', 'inspect wait', 'manageable', 'available')
    deletable = ('enroll', 'manageable', 'adopt failed', 'available')
    server.psql("UPDATE nodes SET conductor_group = ''")  # so that a PATCH finds its conductor
    for state in ALLOWED:
        be(server, state, "'somewhere'")
        answer = server.call('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/extra/a', 'value': 1}])
        assert answer.status == (200 if state in changeable else 409), (state, answer)
        assert answer.status == 200 or 'state transition is in progress' in answer.fault(), (state, answer)
        be(server, state)
        answer = server.call('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/resource_class', 'value': state[:9]}])
        assert answer.status == (200 if state in setup else 409), (state, answer)
        assert answer.status == 200 or 'resource_class' in answer.fault(), (state, answer)
        answer = server.call('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/protected', 'value': True}])
        assert answer.status == (200 if state in ('active', 'rescue') else 409), (state, answer)
        server.psql('UPDATE nodes SET protected = false')
        answer = server.call('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/retired', 'value': True}])
        assert answer.status == (409 if state == 'available' else 200), (state, answer)
        server.psql('UPDATE nodes SET retired = false')
        if state not in deletable:
            answer = server.call('DELETE', '/v1/nodes/n')
            assert answer.status == 409 and f'"{state}"' in answer.fault(), (state, answer)
        if state in ('cleaning', 'clean wait'):
            answer = server.power('n')
            assert answer.status == 400 and f'"{state}"' in answer.fault(), (state, answer)


def test_children_that_look_at_the_state_of_their_node(env):
    server = env.standalone()
    node = server.create_fake('n')['uuid']
    port = server.ok('POST', '/v1/ports', {'node_uuid': node, 'address': '52:54:00:00:00:01'})['uuid']
    group = server.ok('POST', '/v1/portgroups', {'node_uuid': node, 'address': '52:54:00:00:00:02'})['uuid']
    target = server.ok('POST', '/v1/volume/targets', {'node_uuid': node, 'volume_type': 'iscsi', 'volume_id': 'v',
                                                      'boot_index': 0})['uuid']
    connector = server.ok('POST', '/v1/volume/connectors', {'node_uuid': node, 'type': 'ip',
                                                            'connector_id': '192.0.2.1'})['uuid']
    be(server, 'active', power_state="'power on'", instance_uuid='gen_random_uuid()')
    for path, field, value, status, word in (
            (f'ports/{port}', 'address', '52:54:00:00:00:03', 409, node), (f'ports/{port}', 'pxe_enabled', False, 409,
                                                                           'pxe_enabled'),
            (f'ports/{port}', 'physical_network', 'x', 409, 'physical_network'),
            (f'ports/{port}', 'portgroup_uuid', group, 409, 'portgroup_uuid'),
            (f'ports/{port}', 'local_link_connection', {}, 200, ''), (f'ports/{port}', 'extra', {'a': 1}, 200, ''),
            (f'portgroups/{group}', 'address', '52:54:00:00:00:03', 200, ''),
            (f'volume/targets/{target}', 'volume_id', 'w', 400, 'power on'),
            (f'volume/connectors/{connector}', 'connector_id', '192.0.2.2', 400, 'power on')):
        answer = server.call('PATCH', f'/v1/{path}', [{'op': 'add', 'path': f'/{field}', 'value': value}])
        assert answer.status == status and word in answer.text, (path, field, answer)
    for path in (f'volume/targets/{target}', f'volume/connectors/{connector}'):
        assert server.call('DELETE', f'/v1/{path}').status == 400, path
    assert server.call('DELETE', '/v1/nodes/n').status == 409


harness.main()
