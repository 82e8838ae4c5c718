"""Port groups, volumes, allocations, deploy templates, runbooks and inspection rules: all their fields, at all
microversions, under races, and by the real client."""
import concurrent.futures
import json

import harness
from resource_fields import FREE_TEXTS, NODE, REQUIRED, RESOURCES, bodies, make_node, step


def must_have(answer, wanted, what):
    got = {name: answer.get(name) for name in wanted}
    assert got == wanted, f'{what}: {json.dumps(got)}, wanted {json.dumps(wanted)}'


def test_all_fields_live_on(env):
    server = env.standalone()
    make_node(server)
    for path, (_, fields) in RESOURCES.items():
        made, _ = bodies(fields)
        must_have(server.ok('POST', f'/v1/{path}', made), made, f'POST {path}')
    server.stop()
    server.start()
    server.wait_conductor()
    for path, (_, fields) in RESOURCES.items():
        made, changed = bodies(fields)
        where = f'/v1/{path}/{made["uuid"]}'
        must_have(server.ok('GET', where), made, f'GET {path}')
        patch = [{'op': 'replace', 'path': f'/{name}', 'value': value} for name, value in changed.items()]
        must_have(server.ok('PATCH', where, patch), changed, f'PATCH {path}')
        must_have(server.ok('GET', where), {**made, **changed}, f'GET {path} after PATCH')
    for path, (_, fields) in reversed(RESOURCES.items()):
        where = f'/v1/{path}/{fields["uuid"][1]}'
        server.ok('DELETE', where, status=204)
        for method in ('GET', 'DELETE'):
            answer = server.call(method, where)
            assert answer.status == 404, (path, answer)


def check_hidden(server, path, first, fields):
    made, changed = bodies(fields)
    where = f'/v1/{path}/{made["uuid"]}'
    for name, (since, value, patched) in fields.items():
        if since <= first:
            continue
        older, exact = f'1.{since - 1}', f'1.{since}'
        shown = server.get(where, version=older)
        assert shown.status == 200 and name not in shown.json, (path, name, older, shown)
        assert name in server.get(where, version=exact).json, (path, name, exact)
        assert server.get(f'{where}?fields={name}', version=older).status == 406, (path, name)
        listed = server.get(f'/v1/{path}?fields={name}', version=older)
        assert listed.status == 406, (path, name, listed)
        if value is not None:
            body = {key: made[key] for key in made if key in REQUIRED and key != 'uuid' and fields[key][0] < since}
            answer = server.call('POST', f'/v1/{path}', {**body, name: value}, version=older)
            assert answer.status == 406, (path, name, older, answer)
        if patched is not None:
            patch = [{'op': 'replace', 'path': f'/{name}', 'value': changed[name]}]
            answer = server.call('PATCH', where, patch, version=older)
            assert answer.status == 406, (path, name, older, answer)


def test_fields_before_their_time(env):
    server = env.standalone()
    make_node(server)
    for path, (first, fields) in RESOURCES.items():
        made, _ = bodies(fields)
        server.ok('POST', f'/v1/{path}', made)
        if first > 1:
            for method, where, body in (('GET', path, None), ('GET', f'{path}/{made["uuid"]}', None),
                                        ('POST', path, made), ('DELETE', f'{path}/{made["uuid"]}', None)):
                answer = server.call(method, f'/v1/{where}', body, version=f'1.{first - 1}')
                assert answer.status in (404, 405), (method, where, answer)
        check_hidden(server, path, first, fields)


def test_wrong_values(env):
    """Each field refuses each type that it does not have."""
    server = env.standalone()
    make_node(server)
    for path, (_, fields) in RESOURCES.items():
        made, _ = bodies(fields)
        for name, value in made.items():
            for wrong in (1.5, [1.5], {'x': 1}, 'no such', 'x' * 5000, -1):
                is_object = isinstance(value, dict) and isinstance(wrong, dict)
                if is_object or wrong == 'no such' and name in FREE_TEXTS:
                    continue
                answer = server.call('POST', f'/v1/{path}', {**made, name: wrong})
                assert answer.status == 400, (path, name, wrong, answer)
        for body in (None, [], 'x', 1):
            answer = server.call('POST', f'/v1/{path}', body)
            assert answer.status == 400, (path, body, answer)


NODES, WISHES = 8, 14


def test_two_allocations_never_take_one_node(env):
    server = env.standalone()
    for index in range(NODES):
        server.ok('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': f'n{index}', 'resource_class': 'big'})
    server.psql("UPDATE nodes SET provision_state = 'available', power_state = 'power off'")
    doors = [server, server.more_api()]

    def wish(index):
        return doors[index % 2].ok('POST', '/v1/allocations', {'name': f'a{index}', 'resource_class': 'big'})

    with concurrent.futures.ThreadPoolExecutor(WISHES) as pool:
        list(pool.map(wish, range(WISHES)))
    found = harness.eventually(
        lambda: (lambda rows: rows if all(row['state'] != 'allocating' for row in rows) else None)(
            server.ok('GET', '/v1/allocations')['allocations']), 20, what='all to be answered')
    active = [row for row in found if row['state'] == 'active']
    assert len(active) == NODES and len({row['node_uuid'] for row in active}) == NODES, found
    assert all('no available nodes' in row['last_error'] for row in found if row['state'] == 'error'), found
    for row in active:
        node = server.node(row['node_uuid'])
        assert node['allocation_uuid'] == node['instance_uuid'] == row['uuid'], (row, node)

    def drop(index):
        return doors[index % 2].call('DELETE', f'/v1/allocations/a{index // 2}').status

    with concurrent.futures.ThreadPoolExecutor(WISHES) as pool:
        statuses = list(pool.map(drop, range(2 * WISHES)))
    assert sorted(statuses) == [204] * WISHES + [404] * WISHES, statuses
    assert all(node['instance_uuid'] is None for node in server.ok('GET', '/v1/nodes')['nodes'])


def test_an_allocation_outlives_its_process(env):
    """One that was stored and never answered, as by a process that died, is answered by whoever lives."""
    server = env.standalone()
    server.psql("INSERT INTO allocations (uuid, name, resource_class)"
                " VALUES ('00000000-0000-4000-8000-000000000001', 'left', 'big')")
    harness.eventually(lambda: server.ok('GET', '/v1/allocations/left')['state'] == 'error', 10)


@harness.timeout(300)
def test_client(env):
    server = env.standalone()
    node = server.client_json('node', 'create', '--driver', 'fake-hardware', '--name', 'n', '--resource-class', 'big')
    uuid = node['uuid']
    server.client('node', 'power', 'off', 'n')
    server.wait_power('n', 'power off')
    server.client('node', 'manage', 'n', '--wait', '30')
    server.client('node', 'provide', 'n', '--wait', '30')
    group = server.client_json('port', 'group', 'create', '--node', uuid, '--name', 'g', '--mode', '802.3ad',
                               '--address', '52:54:00:00:00:aa', '--property', 'miimon=100')
    assert group['mode'] == '802.3ad' and group['properties'] == {'miimon': 100}, group
    server.client('port', 'create', '52:54:00:00:00:01', '--node', uuid, '--port-group', group['uuid'])
    server.client('port', 'group', 'set', 'g', '--name', 'h', '--unsupport-standalone-ports')
    assert server.client_json('port', 'group', 'show', 'h')['standalone_ports_supported'] is False
    assert [row['Name'] for row in server.client_json('port', 'group', 'list', '--node', 'n')] == ['h']
    assert len(server.client_json('port', 'list', '--port-group', 'h')) == 1

    server.client('volume', 'connector', 'create', '--node', uuid, '--type', 'iqn', '--connector-id', 'iqn.2020-01.a:b')
    target = server.client_json('volume', 'target', 'create', '--node', uuid, '--type', 'iscsi', '--boot-index', '0',
                                '--volume-id', 'v')
    assert len(server.client_json('volume', 'connector', 'list')) == 1
    server.client('volume', 'target', 'delete', target['uuid'])
    assert server.client_json('volume', 'target', 'list') == []

    server.client('node', 'add', 'trait', 'n', 'CUSTOM_A')
    made = server.client_json('allocation', 'create', '--name', 'a', '--resource-class', 'big', '--trait', 'CUSTOM_A',
                              '--wait', '30')
    assert made['state'] == 'active' and made['node_uuid'] == uuid, made
    assert server.client_json('node', 'show', 'n')['allocation_uuid'] == made['uuid']
    refused = server.client('allocation', 'create', '--resource-class', 'big', '--wait', '30', is_failing=True)
    assert 'no available nodes match' in refused, refused
    server.client('allocation', 'set', 'a', '--name', 'b')
    server.client('allocation', 'delete', 'b')
    assert server.client_json('node', 'show', 'n')['instance_uuid'] is None

    steps = json.dumps(step('priority'))
    server.client('deploy', 'template', 'create', 'CUSTOM_T', '--steps', steps)
    server.client('deploy', 'template', 'set', 'CUSTOM_T', '--name', 'CUSTOM_U')
    shown = server.client_json('deploy', 'template', 'show', 'CUSTOM_U')
    assert shown['steps'] == step('priority'), shown
    server.client('deploy', 'template', 'delete', 'CUSTOM_U')


harness.main()
