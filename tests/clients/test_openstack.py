"""`openstack baremetal ...`, unmodified: files of nodes, lists, waits, and each verb of provisioning with --wait."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import forked_client # noqa: E402 pylint: disable=wrong-import-position
import harness  # noqa: E402 pylint: disable=wrong-import-position

WAIT = ('--wait', '60')
STEPS = [{'interface': 'bios', 'step': 'factory_reset'}, {'interface': 'power', 'step': 'reboot'}]
UUID = '11111111-1111-4111-8111-%012d'

# `baremetal create` reads nodes with their port groups, ports and their chassis from it.
RACK = f'''
chassis:
  - description: rack 7
    uuid: {UUID % 100}
    nodes:
      - name: in-the-rack
        driver: fake-hardware
        properties: {{cpus: 4, memory_mb: 8192}}
        portgroups:
          - name: bond
            address: "52:54:00:00:00:01"
            mode: 802.3ad
            ports:
              - address: "52:54:00:00:00:02"
              - address: "52:54:00:00:00:03"
                pxe_enabled: false
        ports:
          - address: "52:54:00:00:00:04"
            local_link_connection: {{switch_id: "0a:1b:2c:3d:4e:5f", port_id: Ethernet3/1, switch_info: s1}}
nodes:
  - name: alone
    uuid: {UUID % 101}
    driver: fake-hardware
    driver_info: {{fake_password: hush}}
    extra: {{deep: [1, {{two: 3}}]}}
    ports:
      - address: "52:54:00:00:00:05"
'''


@harness.timeout(240)
def test_a_file_of_nodes_ports_and_groups(env):
    path = env.folder / 'rack.yaml'
    path.write_text(RACK)
    with forked_client.client_of(env) as client:
        client('create', str(path))
        call = client.server.ok
        node = client.server.node('in-the-rack')
        assert node['chassis_uuid'] == UUID % 100 and node['properties'] == {'cpus': 4, 'memory_mb': 8192}, node
        alone = client.server.node('alone')
        assert alone['uuid'] == UUID % 101 and alone['driver_info'] == {'fake_password': '******'}, alone
        assert alone['extra'] == {'deep': [1, {'two': 3}]}, alone['extra']
        groups = call('GET', f'/v1/portgroups/detail?node={node["uuid"]}')['portgroups']
        assert [(group['name'], group['mode'], group['address']) for group in groups] \
            == [('bond', '802.3ad', '52:54:00:00:00:01')], groups
        ports = call('GET', '/v1/ports/detail')['ports']
        shown = {port['address'][-1]: (port['node_uuid'], port['portgroup_uuid'], port['pxe_enabled'])
                 for port in ports}
        bond = groups[0]['uuid']
        assert shown == {'2': (node['uuid'], bond, True), '3': (node['uuid'], bond, False),
                         '4': (node['uuid'], None, True), '5': (alone['uuid'], None, True)}, shown
        assert [port['local_link_connection'] for port in ports if port['address'][-1] == '4'] \
            == [{'switch_id': '0a:1b:2c:3d:4e:5f', 'port_id': 'Ethernet3/1', 'switch_info': 's1'}], ports
        # Again: all is there already, and the client says so of each.
        said = client('create', str(path), is_failing=True)
        assert 'already exists' in said, said


@harness.timeout(240)
def test_lists_history_and_allocations(env):
    with forked_client.client_of(env) as client:
        for name in ('a', 'b'):
            client('node', 'create', '--driver', 'fake-hardware', '--name', name, '--resource-class', name)
            client('node', 'manage', name, *WAIT)
            client('node', 'provide', name, *WAIT)
            client('node', 'power', 'off', name) # nodes whose power state is unknown are not allocated
            client.server.wait_power(name, 'power off')
        listed = client.json('node', 'list', '--long')
        assert {(node['name'], node['provision_state'], node['resource_class']) for node in listed} \
            == {('a', 'available', 'a'), ('b', 'available', 'b')}, listed
        assert len(listed[0]) > 30, listed[0]
        listed = client.json('node', 'list', '--fields', 'name', 'resource_class', 'provision_state', '--sort',
                             'name:desc')
        assert [list(node.values()) for node in listed] \
            == [['b', 'b', 'available'], ['a', 'a', 'available']], listed
        listed = client.json('node', 'list', '--limit', '1', '--provision-state', 'available', '--unassociated')
        assert len(listed) == 1, listed

        made = client.json('allocation', 'create', '--resource-class', 'a', '--name', 'wish', *WAIT)
        assert made['state'] == 'active' and made['node_uuid'] == client.server.node('a')['uuid'], made
        said = client('allocation', 'create', '--resource-class', 'nothing', *WAIT, is_failing=True)
        assert 'no available nodes match the resource class nothing' in said, said

        # With arguments the client writes a slash behind these two names.
        of_a = ('create', '--node', client.server.node('a')['uuid'], '--type')
        client('volume', 'connector', *of_a, 'iqn', '--connector-id', 'iqn.2020-01.example:1')
        client('volume', 'target', *of_a, 'iscsi', '--volume-id', 'v', '--boot-index', '0')
        assert [row['type'] for row in client.json('volume', 'connector', 'list', '--long')] == ['iqn']
        assert [row['boot_index'] for row in client.json('volume', 'target', 'list', '--fields', 'boot_index')] == [0]

        client('node', 'set', 'b', '--driver-info', 'fake_fail=deploy')
        said = client('node', 'deploy', 'b', *WAIT, is_failing=True)
        rows = client.json('node', 'history', 'list', 'b')
        assert len(rows) == 1 and rows[0]['severity'] == 'ERROR', rows
        event = client.json('node', 'history', 'get', 'b', rows[0]['uuid'])
        assert event['event'] == client.server.node('b')['last_error'] and event['event_type'] == 'provision', event
        assert event['event'] in said, said


def ask(client, target, **body):
    """A verb by REST, for clients that are too old to have it."""
    client.server.ok('PUT', '/v1/nodes/n/states/provision', {'target': target, **body}, status=202)


def reaches(client, state):
    harness.eventually(lambda: client.server.node('n')['provision_state'] == state, 60, what=f'state "{state}"')


def service(client):
    if client.knows('node service'):
        client('node', 'service', 'n', '--service-steps', json.dumps(STEPS), *WAIT)
    else:
        ask(client, 'service', service_steps=STEPS)
        reaches(client, 'active')


# The walk: a verb, what else it says, and the states before and after it.
WALK = (
    ('manage', (), 'enroll', 'manageable'),
    ('clean', ('--clean-steps', json.dumps(STEPS)), 'manageable', 'manageable'),
    ('inspect', (), 'manageable', 'manageable'),
    ('provide', (), 'manageable', 'available'),
    ('deploy', (), 'available', 'active'),
    ('rebuild', (), 'active', 'active'),
    ('rescue', ('--rescue-password', 'open sesame'), 'active', 'rescue'),
    ('unrescue', (), 'rescue', 'active'),
    (service, (), 'active', 'active'),
    ('undeploy', (), 'active', 'available'),
    ('manage', (), 'available', 'manageable'),
    ('adopt', (), 'manageable', 'active'),
)


@harness.timeout(300)
def test_every_verb_ends_in_its_state(env):
    with forked_client.client_of(env, {'fake': {'deploy_delay': '2'}}) as client:
        client('node', 'create', '--driver', 'fake-hardware', '--name', 'n')
        for verb, words, before, after in WALK:
            assert client.server.node('n')['provision_state'] == before, verb
            seen = set()
            watch = harness.Load(lambda seen=seen: seen.add(client.server.node('n')['provision_state']), 1)
            if callable(verb):
                verb(client)
            else:
                client('node', verb, 'n', *words, *WAIT)
            watch.end()
            node = client.server.node('n')
            assert (node['provision_state'], node['target_provision_state'], node['last_error']) \
                == (after, None, None), (verb, node)
            assert verb not in ('deploy', 'rebuild') or 'deploying' in seen, (verb, seen)
        said = client('node', 'inspect', 'n', *WAIT, is_failing=True)
        assert 'can not be performed on node' in said, said


def make_runbook(client):
    steps = [{**step, 'args': {}, 'order': 2 - order} for order, step in enumerate(STEPS)]
    if client.knows('runbook create'):
        client('runbook', 'create', '--name', 'CUSTOM_RESET', '--steps', json.dumps(steps))
        assert [row['name'] for row in client.json('runbook', 'list')] == ['CUSTOM_RESET']
    else:
        client.server.ok('POST', '/v1/runbooks', {'name': 'CUSTOM_RESET', 'steps': steps}, status=201)


def clean_by_runbook(client, *wait):
    if client.knows('runbook create'):
        client('node', 'clean', 'n', '--runbook', 'CUSTOM_RESET', *wait)
    else:
        ask(client, 'clean', runbook='CUSTOM_RESET')
        if wait:
            reaches(client, 'manageable')


@harness.timeout(300)
def test_runbook_hold_and_abort(env):
    with forked_client.client_of(env) as client:
        client('node', 'create', '--driver', 'fake-hardware', '--name', 'n')
        client('node', 'manage', 'n', *WAIT)
        make_runbook(client)
        client('node', 'add', 'trait', 'n', 'CUSTOM_RESET')
        clean_by_runbook(client, *WAIT)
        assert client.server.node('n')['power_state'] == 'power on' # by `reboot`, its first step

        client('node', 'clean', 'n', '--clean-steps', json.dumps([{'interface': 'power', 'step': 'hold'}]))
        reaches(client, 'clean hold')
        if client.knows('node unhold'):
            client('node', 'unhold', 'n')
        else:
            ask(client, 'unhold')
        reaches(client, 'clean wait')
        client('node', 'abort', 'n')
        reaches(client, 'clean failed')
        assert 'power.hold' in client.server.node('n')['last_error']
        client('node', 'manage', 'n', *WAIT)


harness.main()
