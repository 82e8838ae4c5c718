"""Entity tags and the conditions that name them: who comes second is told so, and who names none sees nothing of it."""
import concurrent.futures
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position

MAC = '52:54:00:00:00:01'
ROUNDS = 8


def replace(path, value, operation='replace'):
    return [{'op': operation, 'path': path, 'value': value}]


def together(calls):
    """The answers of the calls, made at the same time."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def make(server, count=1):
    """Nodes and a port; gives the paths of one of each resource that can be tagged."""
    for index in range(count):
        server.create_fake(f'n{index}')
    node = server.node('n0')['uuid']
    port = server.ok('POST', '/v1/ports', {'node_uuid': node, 'address': MAC})
    chassis = server.ok('POST', '/v1/chassis', {'description': 'a'})
    return {f'/v1/nodes/{node}': '/description', f'/v1/ports/{port["uuid"]}': '/description',
            f'/v1/chassis/{chassis["uuid"]}': '/description'}


def test_one_of_two_wins_with_a_tag_and_both_without(env):
    """Two processes, two clients, the same field at the same time."""
    server = env.standalone()
    doors = [server, server.more_api()]
    for path, field in make(server).items():
        for turn in range(ROUNDS):
            tag = server.get(path).headers['etag']
            bodies = [replace(field, f'{turn} {index}', 'add') for index in range(2)]
            answers = together([lambda door=door, body=body: door.call('PATCH', path, body, headers={'If-Match': tag})
                                for door, body in zip(doors, bodies)])
            assert sorted(answer.status for answer in answers) == [200, 412], (path, answers)
            winner = [answer.status for answer in answers].index(200)
            lost = answers[1 - winner]
            assert 'has changed since it was read' in lost.fault(), lost
            now = server.get(path)
            assert now.json['description'] == f'{turn} {winner}', now
            # The tag of a PATCH's answer names the state that GET shows.
            tags = {answers[winner].headers['etag'].rpartition('-')[0], now.headers['etag'].rpartition('-')[0]}
            assert len(tags) == 1, tags
            # Without a condition both are done, and none loses what the other wrote.
            answers = together([lambda door=door, index=index: door.call('PATCH', path, replace(
                f'/extra/{index}', turn, 'add')) for index, door in enumerate(doors)])
            assert [answer.status for answer in answers] == [200, 200], answers
            assert server.ok('GET', path)['extra'] == {'0': turn, '1': turn}, (path, turn)
            answers = together([lambda door=door, body=body: door.call('PATCH', path, body)
                                for door, body in zip(doors, bodies)])
            assert [answer.status for answer in answers] == [200, 200], answers


def test_tags_name_states_and_documents(env):
    server = env.standalone()
    check_routes_without_tags(server)
    for path, field in make(server).items():
        first = server.get(path)
        tag = first.headers['etag']
        assert tag.startswith('"') and tag.endswith('"'), tag
        again = server.get(path, headers={'If-None-Match': f'"x", W/{tag}'})
        assert again.status == 304 and again.text == '' and again.headers['etag'] == tag, again
        assert 'content-type' not in again.headers or again.text == '', again.headers
        assert server.get(path, headers={'If-None-Match': '*'}).status == 304
        assert server.get(path, headers={'If-None-Match': '"x"'}).status == 200
        # Another document of the same state has another tag, and names the same state.
        other = server.get(f'{path}?fields=uuid')
        assert other.headers['etag'] != tag
        assert server.get(path, headers={'If-None-Match': other.headers['etag']}).status == 200
        done = server.call('PATCH', path, replace(field, 'b', 'add'), headers={'If-Match': other.headers['etag']})
        assert done.status == 200 and done.json['updated_at'], done
        for bad in (tag, f'W/{done.headers["etag"]}', '"x"', 'x', '', '"', '"a" "b"', ',,,'):
            answer = server.call('PATCH', path, replace(field, 'c'), headers={'If-Match': bad})
            assert answer.status == 412, (path, bad, answer)
            assert server.call('DELETE', path, headers={'If-Match': bad}).status == 412, bad
        for good in ('*', f'"x", {done.headers["etag"]}'):
            assert server.call('PATCH', path, [], headers={'If-Match': good}).status == 200, good
        assert server.call('PATCH', path, replace(field, 'd'), headers={'If-Match': tag}).fault().count('If-Match')
        assert server.call('GET', path, headers={'If-Match': tag}).json['description'] == 'b'
    for path in reversed(make_again(server)):
        tag = server.get(path).headers['etag']
        assert server.call('DELETE', path, headers={'If-Match': tag}).status == 204, path
        assert server.get(path).status == 404


def make_again(server):
    node = server.node('n0')['uuid']
    port = server.ok('GET', '/v1/ports')['ports'][0]['uuid']
    return [f'/v1/nodes/{node}', f'/v1/ports/{port}']


def test_actions_on_condition(env):
    """PUT is done in the state that the client has seen: compared by the API, and under the lock by the conductor."""
    server = env.standalone({'fake': {'power_delay': '2'}, 'conductor': {'node_locked_retry_attempts': 20}})
    server.create_fake('n')
    check_a_conductors_change(server)
    server.psql("UPDATE nodes SET power_state = NULL, version = version + 1")
    tag = server.get('/v1/nodes/n').headers['etag']
    on_tag = {'If-Match': tag}
    power = '/v1/nodes/n/states/power'
    assert server.call('PUT', power, {'target': 'power on'}, headers={'If-Match': '"0-0-0"'}).status == 412
    first, second = together([
        lambda: server.call('PUT', power, {'target': 'power on'}, headers=on_tag),
        lambda: server.call('PUT', '/v1/nodes/n/states/raid', {}, headers=on_tag)])
    assert sorted([first.status, second.status]) in ([202, 412], [204, 412]), (first, second)
    harness.eventually(lambda: not server.node('n')['reservation'], 20, what='the node to be free')
    # Whoever waits in line behind another finds another state under the lock.
    tag = server.get('/v1/nodes/n').headers['etag']
    assert server.power('n', 'rebooting').status == 202
    late = server.call('PUT', power, {'target': 'power off'}, headers={'If-Match': tag})
    assert late.status == 412 and 'has changed since it was read' in late.fault(), late
    row = server.ok('GET', late.headers['ferrule-action']) if 'ferrule-action' in late.headers else None
    assert row is None or row['state'] == 'failed' and row['error_code'] == 412 and not row['accepted_at'], row
    assert server.wait_power('n', 'power on')
    tag = server.get('/v1/nodes/n').headers['etag']
    for method, where, body, status in (
            ('PUT', 'maintenance', {}, 202), ('DELETE', 'maintenance', None, 202), ('PUT', 'states/raid', {}, 204),
            ('PUT', 'traits', {'traits': ['CUSTOM_A']}, 204), ('PUT', 'traits/CUSTOM_B', None, 204),
            ('DELETE', 'traits/CUSTOM_B', None, 204), ('DELETE', 'traits', None, 204),
            ('PUT', 'management/boot_device', {'boot_device': 'pxe'}, 204),
            ('POST', 'vendor_passthru/third_method_sync', {'bar': 'meow'}, 200)):
        path = f'/v1/nodes/n/{where}'
        refused = server.call(method, path, body, headers={'If-Match': '"1-ffff-0"'})
        assert refused.status == 412, (method, where, refused)
        done = server.call(method, path, body, headers={'If-Match': tag})
        assert done.status == status, (method, where, done)
        harness.eventually(lambda: not server.node('n')['reservation'], what='the node to be free')
        tag = server.get('/v1/nodes/n').headers['etag']


def check_routes_without_tags(server):
    """Conditions that nobody can judge are refused."""
    for method, path, body in (('POST', '/v1/nodes', {'driver': 'fake-hardware'}),
                               ('POST', '/v1/chassis', {}), ('DELETE', '/v1/inspection_rules', None)):
        answer = server.call(method, path, body, headers={'If-Match': '*'})
        assert answer.status == 412 and 'If-Match is not supported' in answer.fault(), (path, answer)
    assert server.ok('GET', '/v1/nodes')['nodes'] == []


def check_a_conductors_change(server):
    """updated_at and the tag follow what conductors write."""
    before = server.get('/v1/nodes/n')
    assert before.json['updated_at'] is None
    assert server.power('n').status == 202
    after = server.wait_power('n')
    assert after['updated_at'] and after['updated_at'] >= before.json['created_at'], after
    tag = server.get('/v1/nodes/n').headers['etag']
    assert tag.split('-')[:2] != before.headers['etag'].split('-')[:2], tag


harness.main()
