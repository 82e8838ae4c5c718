"""Idempotency-Key: a request that is sent again is not done again, whoever receives it and whenever."""
import base64
import concurrent.futures
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position

# bcrypt of "hunter2", cost 4
HASH = '$2b$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm'
POWER = '/v1/nodes/n/states/power'
METHODS = '/v1/nodes/n/vendor_passthru'


def key(text):
    return {'Idempotency-Key': text}


def count(server, kind):
    return int(server.psql(f"SELECT count(*) FROM actions WHERE kind = '{kind}'"))


def test_the_same_request_is_the_same_action(env):
    server = env.standalone()
    other = server.more_api()
    server.create_fake('n')
    first = server.call('PUT', POWER, {'target': 'power on'}, headers=key('a'))
    assert first.status == 202, first
    server.wait_power('n')
    for door in (server, other):
        again = door.call('PUT', POWER, {'target': 'power on'}, headers=key('a'))
        assert again.status == 202 and again.headers['ferrule-action'] == first.headers['ferrule-action'], again
        assert again.headers['location'].endswith('/v1/nodes/n/states'), again.headers
    assert count(server, 'power') == 1
    for method, path, body in (('PUT', POWER, {'target': 'power off'}), ('PUT', POWER, {'target': 'power  on'}),
                               ('PUT', '/v1/nodes/n/states/provision', {'target': 'manage'}),
                               ('GET', '/v1/nodes/n/validate', None)):
        answer = other.call(method, path, body, headers=key('a'))
        if answer.status != 400:  # what the API refuses by itself never gets so far
            assert answer.status == 422 and 'Idempotency-Key a was used for another request' in answer.fault(), answer
    assert server.call('PUT', POWER, {'target': 'power off'}, headers=key('b')).status == 202
    server.wait_power('n', 'power off')
    assert count(server, 'power') == 2
    for bad in ('', 'a b', 'x' * 256, 'tab\tin'):
        answer = server.call('PUT', POWER, {'target': 'power on'}, headers=key(bad))
        assert answer.status == 400 and 'Idempotency-Key' in answer.fault(), (bad, answer)
    assert count(server, 'power') == 2


def test_results_and_refusals_are_answered_again(env):
    server = env.standalone()
    server.create_fake('n')
    for body in ({'bar': 'meow'}, {'bar': 'x'}):
        answers = [server.call('POST', f'{METHODS}/third_method_sync', body, headers=key(f'k-{body["bar"]}'))
                   for _ in range(3)]
        assert {(answer.status, answer.text) for answer in answers} == {(200, json.dumps(body['bar'] == 'meow'))}
        assert len({answer.headers['ferrule-action'] for answer in answers}) == 1
    answers = [server.call('POST', f'{METHODS}/third_method_sync', {'surplus': 1}, headers=key('r')) for _ in range(2)]
    assert [answer.status for answer in answers] == [400, 400] and answers[0].text == answers[1].text, answers
    assert count(server, 'passthru') == 3


def test_what_it_has_changed_does_not_count(env):
    """Sent again while the node is on its way, and after: neither its state nor its entity tag is in the way."""
    server = env.standalone({'fake': {'deploy_delay': '1'}})
    server.create_fake('n')
    states = '/v1/nodes/n/states/provision'
    server.ok('PUT', states, {'target': 'manage'}, status=202)
    harness.eventually(lambda: server.node('n')['provision_state'] == 'manageable')
    tag = server.get('/v1/nodes/n').headers['etag']
    headers = {**key('c'), 'If-Match': tag}
    first = server.call('PUT', states, {'target': 'provide'}, headers=headers)
    assert first.status == 202, first
    for wanted in ('cleaning', 'available'):
        harness.eventually(lambda wanted=wanted: server.node('n')['provision_state'] in (wanted, 'available'))
        again = server.call('PUT', states, {'target': 'provide'}, headers=headers)
        assert again.status == 202 and again.headers['ferrule-action'] == first.headers['ferrule-action'], again
    answer = server.call('PUT', states, {'target': 'manage'}, headers=key('c'))
    assert answer.status == 422, answer
    assert server.call('PUT', states, {'target': 'provide'}).status == 400
    assert count(server, 'provision') == 2


def test_two_at_once_are_one(env):
    """Eight clients, two processes, one key: one action runs and all get its answer, while it runs and afterwards."""
    server = env.standalone({'fake': {'power_delay': '1'}})
    doors = [server, server.more_api()]
    server.create_fake('n')
    for turn in range(4):
        target = 'power off' if turn % 2 else 'power on'
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda index, turn=turn, target=target: doors[index % 2].call(
                'PUT', POWER, {'target': target}, headers=key(f'k{turn}')), range(8)))
        assert {answer.status for answer in answers} == {202}, answers
        assert len({answer.headers['ferrule-action'] for answer in answers}) == 1, answers
        server.wait_power('n', target)
    assert count(server, 'power') == 4
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda index: doors[index % 2].call(
            'POST', f'{METHODS}/third_method_sync', {'bar': 'meow'}, headers=key('s')), range(8)))
    assert {(answer.status, answer.text) for answer in answers} == {(200, 'true')}, answers
    assert count(server, 'passthru') == 1


def test_what_will_never_run_gives_its_key_back(env):
    server = env.standalone({'conductor': {'node_locked_retry_attempts': 1}})
    server.create_fake('n')
    server.psql("UPDATE nodes SET reservation = 'elsewhere', lock_token = gen_random_uuid()")
    assert server.call('PUT', POWER, {'target': 'power on'}, headers=key('k')).status == 409
    server.psql("UPDATE nodes SET reservation = NULL, lock_token = NULL")
    answer = server.call('PUT', POWER, {'target': 'power on'}, headers={**key('k'), 'Prefer': 'wait=60'})
    assert answer.status == 202, answer
    server.wait_power('n')


def test_who_left_asks_again(env):
    """A client that was cut off finds the request that it had sent still in line."""
    server = env.standalone({'conductor': {'node_locked_retry_attempts': 31, 'node_locked_retry_interval': 1}})
    other = server.more_api()
    server.create_fake('n')
    server.psql("UPDATE nodes SET reservation = 'elsewhere', lock_token = gen_random_uuid()")
    try:
        server.call('PUT', POWER, {'target': 'power on'}, headers=key('k'), timeout_s=1)
        raise AssertionError('an answer came')
    except TimeoutError:
        pass
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        again = pool.submit(other.call, 'PUT', POWER, {'target': 'power on'}, headers=key('k'))
        harness.eventually(lambda: server.psql("SELECT state FROM actions WHERE kind = 'power'") == 'queued')
        server.psql("UPDATE nodes SET reservation = NULL, lock_token = NULL")
        assert again.result().status == 202, again.result()
    server.wait_power('n')
    assert count(server, 'power') == 1


def test_keys_belong_to_their_user(env):
    server = env.standalone()
    server.create_fake('n')
    users = env.folder / 'htpasswd'
    users.write_text(f'alice:{HASH}\nbob:{HASH}\n')
    users.chmod(0o644)
    config = env.folder / 'basic.conf'
    door = harness.Service(env, harness.free_port())
    text = (server.data / 'run' / 'ferrule.conf').read_text()
    config.write_text(f'{text}\n[DEFAULT]\nauth_strategy = http_basic\nhttp_basic_auth_user_file = {users}\n'
                      f'[api]\nport = {door.port}\n')
    harness.Program(env, 'ferrule-api', [harness.BIN / 'ferrule-api', '--config', config])
    harness.eventually(door.answers, 30, 0.02, 'an answer of the second API')
    actions = set()
    for user in ('alice', 'bob', 'alice'):
        login = base64.b64encode(f'{user}:hunter2'.encode()).decode()
        answer = door.call('POST', f'{METHODS}/third_method_sync', {'bar': user},
                           headers={**key('same'), 'Authorization': f'Basic {login}'})
        assert answer.status == 200, (user, answer)
        actions.add(answer.headers['ferrule-action'])
    assert len(actions) == 2, actions


harness.main()
