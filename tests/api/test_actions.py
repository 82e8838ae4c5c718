"""What conductors do for a request: the row that tells of it, and what is answered when nobody does it."""
import json
import os
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position


def finished(server, answer):
    path = answer.headers['ferrule-action']
    return harness.eventually(lambda: (lambda row: row if row['finished_at'] else None)(server.ok('GET', path)),
                              what=path)


def test_async_passthru_ends_in_its_action(env):
    server = env.standalone()
    node = server.create_fake('n')
    answer = server.call('POST', '/v1/nodes/n/vendor_passthru/second_method', {'bar': 'kazoo'})
    assert answer.status == 202 and answer.text == '', answer
    row = finished(server, answer)
    assert row['state'] == 'done' and row['node_uuid'] == node['uuid'] and row['kind'] == 'passthru', row
    assert row['request_id'] == answer.headers['openstack-request-id'], row
    assert row['created_at'] <= row['accepted_at'] <= row['finished_at'], row
    assert row['error'] is None and row['error_code'] is None and row['result'] is True, row


def test_power_is_an_action_too(env):
    server = env.standalone()
    server.create_fake('n')
    row = finished(server, server.power('n'))
    assert row['state'] == 'done' and row['kind'] == 'power', row


def test_concurrent_sync_calls_get_their_own_results(env):
    server = env.standalone()
    for number in range(4):
        server.create_fake(f'n{number}')
    wrong = []

    def ask(number):
        for turn in range(25):
            bar = 'meow' if (number + turn) % 2 else 'x'
            answer = server.call('POST', f'/v1/nodes/n{number % 4}/vendor_passthru/third_method_sync', {'bar': bar})
            if answer.status != 200 or answer.json is not (bar == 'meow'):
                wrong.append(answer)
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]


def test_no_conductor_at_all_is_503_at_once(env):
    server = env.standalone()
    server.create_fake('n')
    conductor = server.child_pid('ferrule-conductor')
    os.kill(conductor, signal.SIGSTOP)  # awake it would register anew
    try:
        server.psql("UPDATE conductors SET state = 'dead'")
        server.psql("NOTIFY conductors")
        harness.eventually(lambda: server.ok('GET', '/v1/drivers')['drivers'] == [], 20, what='no drivers')
        started = time.monotonic()
        answer = server.power('n')
        assert answer.status == 503 and 'temporarily unavailable' in answer.fault(), answer
        assert time.monotonic() - started < 1
        answer = server.call('POST', '/v1/nodes', {'driver': 'fake-hardware'})
        assert answer.status == 503, answer
    finally:
        os.kill(conductor, signal.SIGCONT)


def test_nobody_starts_it_is_503_and_it_never_runs(env):
    server = env.standalone({'conductor': {'node_locked_retry_attempts': 2, 'node_locked_retry_interval': 0.5}})
    server.create_fake('n')
    # A pool that a row claims to serve and nobody does: as a conductor that hangs.
    server.psql("INSERT INTO conductors (instance, hostname, conductor_group, pools, drivers)"
                " VALUES (gen_random_uuid(), 'ghost', 'far', '{far:fake-hardware}', '{fake-hardware}')")
    server.psql("NOTIFY conductors")
    harness.eventually(lambda: len(server.ok('GET', '/v1/conductors')['conductors']) == 2, what='two conductors')
    server.psql("UPDATE nodes SET conductor_group = 'far'")
    answer = server.power('n')
    assert answer.status == 503 and answer.headers['retry-after'], answer
    row = server.ok('GET', answer.headers['ferrule-action'])
    assert row['state'] == 'cancelled' and row['accepted_at'] is None, row
    time.sleep(1.5)
    assert server.node('n')['power_state'] is None


def test_silent_conductor_is_shown_dead(env):
    server = env.standalone()
    server.psql("INSERT INTO conductors (instance, hostname, conductor_group, pools, drivers)"
                " VALUES (gen_random_uuid(), 'ghost', 'far', '{far:ghostly}', '{ghostly}')")
    server.psql("NOTIFY conductors")

    def ghost():
        rows = server.ok('GET', '/v1/conductors')['conductors']
        return next((row for row in rows if row['hostname'] == 'ghost'), None)
    harness.eventually(lambda: ghost() and ghost()['alive'], what='the ghost alive')
    harness.eventually(lambda: not ghost() or not ghost()['alive'], 30, what='the ghost dead')
    assert all(row['alive'] for row in server.ok('GET', '/v1/conductors')['conductors'] if row['hostname'] != 'ghost')


def test_client_that_leaves_takes_its_queued_request_along(env):
    server = env.standalone({'conductor': {'node_locked_retry_attempts': 31, 'node_locked_retry_interval': 1}})
    server.create_fake('n')
    server.psql("UPDATE nodes SET reservation = 'elsewhere', lock_token = gen_random_uuid()")
    try:
        server.call('PUT', '/v1/nodes/n/states/power', {'target': 'power on'}, timeout_s=1)
        raise AssertionError('an answer came')
    except TimeoutError:
        pass
    states = "SELECT string_agg(state, ',') FROM actions WHERE kind = 'power'"
    harness.eventually(lambda: server.psql(states) == 'cancelled', what='the request to be cancelled')


def test_prefer_wait_makes_the_line_longer(env):
    server = env.standalone({'conductor': {'node_locked_retry_attempts': 1}})
    server.create_fake('n')
    server.psql("UPDATE nodes SET reservation = 'elsewhere', lock_token = gen_random_uuid()")
    assert server.power('n').status == 409
    release = threading.Timer(1, lambda: server.psql("UPDATE nodes SET reservation = NULL, lock_token = NULL"))
    release.start()
    answer = server.call('PUT', '/v1/nodes/n/states/power', {'target': 'power on'}, headers={'Prefer': 'wait=20'})
    release.join()
    assert answer.status == 202, answer


def test_surplus_argument_is_the_clients_mistake(env):
    server = env.standalone()
    server.create_fake('n')
    answer = server.call('POST', '/v1/nodes/n/vendor_passthru/third_method_sync', {'bar': 'meow', 'z': 1})
    assert answer.status == 400, answer
    assert json.loads(answer.json['error_message'])['faultcode'] == 'Client'


harness.main()
