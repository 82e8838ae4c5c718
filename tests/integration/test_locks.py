"""The node's lock as clients see it: waiting in line, 409, and what becomes of work when a holder dies."""
import time

import harness

ENDED = ('done', 'failed', 'unknown')


def timed(function):
    started = time.monotonic()
    answer = function()
    return answer, time.monotonic() - started


def test_second_request_waits_and_runs_after_the_first(env):
    server = env.standalone({'fake': {'power_delay': '1'}})
    server.create_fake('n')
    first = server.power('n', 'power on')
    second, seconds = timed(lambda: server.power('n', 'power off'))
    assert first.status == 202 and second.status == 202, (first, second)
    assert seconds < 3, f'{seconds:.1f} s'
    server.wait_power('n', 'power off')
    actions = [server.ok('GET', answer.headers['ferrule-action']) for answer in (first, second)]
    assert [action['state'] for action in actions] == ['done', 'done'], actions
    assert actions[0]['finished_at'] <= actions[1]['started_at'], actions


def test_second_request_gets_409_when_the_first_takes_long(env):
    server = env.standalone({'fake': {'power_delay': '6'}})
    node = server.create_fake('n')
    assert server.power('n').status == 202
    holder = server.node('n')['reservation']
    assert holder
    second, seconds = timed(lambda: server.power('n', 'power off'))
    assert second.status == 409, second
    assert 1.9 <= seconds <= 5, f'409 after {seconds:.1f} s'
    assert second.fault() == (f'Node {node["uuid"]} is locked by host {holder}, please retry after the current '
                              'operation is completed.'), second
    server.wait_power('n', 'power on')
    time.sleep(1)
    assert server.node('n')['power_state'] == 'power on', 'a request that got 409 has run'


def test_lock_taken_in_the_database_is_named(env):
    server = env.standalone()
    node = server.create_fake('n')
    server.psql("UPDATE nodes SET reservation = 'elsewhere' WHERE name = 'n'")
    answer, seconds = timed(lambda: server.power('n'))
    assert answer.status == 409, answer
    assert 'is locked by host elsewhere' in answer.fault(), answer
    assert seconds <= 5, f'{seconds:.1f} s'
    answer = server.call('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/extra/a', 'value': 1}])
    assert answer.status == 409 and 'is locked by host elsewhere' in answer.fault(), answer
    server.psql("UPDATE nodes SET reservation = NULL WHERE name = 'n'")
    assert server.power('n').status == 202
    server.wait_power(node['uuid'])


def test_read_and_validate_never_wait_for_the_lock(env):
    server = env.standalone({'fake': {'power_delay': '4'}})
    server.create_fake('n')
    assert server.power('n').status == 202
    for path in ('/v1/nodes/n', '/v1/nodes/n/states', '/v1/nodes/n/validate', '/v1/nodes/n/vendor_passthru/methods'):
        answer, seconds = timed(lambda path=path: server.get(path))
        assert answer.status == 200 and seconds < 1.5, (path, answer, seconds)
    server.wait_power('n')


@harness.timeout(180)
def test_conductor_killed_in_the_middle(env):
    server = env.standalone({'fake': {'power_delay': '5'}})
    server.create_fake('n')
    answer = server.power('n')
    assert answer.status == 202, answer
    action = answer.headers['ferrule-action']
    time.sleep(0.5)
    old = server.kill_child('ferrule-conductor')
    harness.eventually(lambda: server.child_pid('ferrule-conductor') != old, 10, what='a new conductor')
    restarted = time.monotonic()

    def outcome():
        found = server.ok('GET', action)
        return found if found['state'] in ENDED else None
    found = harness.eventually(outcome, 25, 0.1, 'an end of the action')
    seconds = time.monotonic() - restarted
    assert seconds <= 20, f'{found["state"]} after {seconds:.1f} s'
    if found['state'] != 'done':
        assert found['error'], found
    node = server.node('n')
    assert node['reservation'] is None, node
    if found['state'] == 'done':
        assert node['power_state'] == 'power on', node
    assert server.power('n', 'power off').status == 202
    server.wait_power('n', 'power off')
    server.program.stop()


def test_many_clients_on_one_node_each_run_once(env):
    server = env.standalone({'conductor': {'node_locked_retry_attempts': '30', 'node_locked_retry_interval': '1'}})
    server.create_fake('n')
    body = {'bar': 'meow'}
    load = harness.Load(lambda: server.call('POST', '/v1/nodes/n/vendor_passthru?method=third_method_sync', body), 8)
    time.sleep(4)
    results = [result for _, _, result in load.end()]
    bad = [result for result in results if isinstance(result, Exception) or result.status != 200]
    assert not bad, bad[:3]
    assert len(results) > 20, len(results)
    overlapping = server.psql("SELECT count(*) FROM actions a JOIN actions b ON a.node_id = b.node_id AND a.id < b.id "
                              "AND a.exclusive AND b.exclusive AND b.started_at < a.finished_at "
                              "AND a.started_at < b.finished_at")
    assert overlapping == '0', overlapping
    assert server.node('n')['reservation'] is None


harness.main()
