"""Several processes on one database: what one wrote the other reads, restarts cost errors and nothing else."""
import http.client
import os
import pathlib
import random
import signal
import threading
import time

import harness


def test_patch_through_one_api_is_in_the_next_get_of_another(env):
    first = env.standalone()
    second = first.more_api()
    first.create_fake('n')
    apis = [first, second]
    for value in range(200):
        writer, reader = random.sample(apis, 2)
        writer.ok('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/extra/value', 'value': value}])
        assert reader.node('n')['extra']['value'] == value
        listed = reader.ok('GET', '/v1/nodes?fields=extra')['nodes'][0]
        assert listed['extra']['value'] == value


def test_power_through_one_api_is_seen_through_another(env):
    first = env.standalone()
    second = first.more_api()
    first.create_fake('n')
    for target in ('power on', 'power off', 'power on'):
        assert second.power('n', target).status == 202
        first.wait_power('n', target)
        assert second.node('n')['power_state'] == target


def test_sync_passthru_through_two_apis(env):
    first = env.standalone()
    second = first.more_api()
    first.create_fake('n')
    for api in (first, second) * 10:
        answer = api.call('POST', '/v1/nodes/n/vendor_passthru?method=third_method_sync', {'bar': 'meow'})
        assert answer.status == 200 and answer.json is True, answer


def is_clean_failure(result):
    """While PostgreSQL is down: a 5xx with Ironic's body, in bounded time."""
    return not isinstance(result, Exception) and 500 <= result.status < 600 and 'error_message' in result.json


def is_refusal(result):
    return not isinstance(result, Exception) and result.status in (409, 503)


@harness.timeout(240)
def test_postgresql_restart_under_load(env):
    server = env.standalone()
    names = [f'n{number}' for number in range(8)]
    for name in names:
        server.create_fake(name)
    accepted = []

    def power():
        name = random.choice(names)
        answer = server.power(name, random.choice(('power on', 'power off')))
        if answer.status == 202:
            accepted.append(answer.headers['ferrule-action'])
        return answer

    def passthru():
        return server.call('POST', f'/v1/nodes/{random.choice(names)}/vendor_passthru?method=third_method_sync',
                           {'bar': 'meow'})

    loads = [harness.Load(lambda: server.get('/v1/nodes'), 2), harness.Load(power, 2), harness.Load(passthru, 2)]
    time.sleep(2)
    killed = time.monotonic()
    old = server.kill_child('postgresql', signal.SIGQUIT)
    harness.eventually(lambda: server.child_pid('postgresql') != old, 20, what='PostgreSQL started again')

    def serves():
        return server.get('/v1/nodes').status == 200 and server.power(names[0]).status == 202
    harness.eventually(serves, 20, 0.1, 'service after the restart')
    time.sleep(3)
    back = time.monotonic()
    time.sleep(4)
    for load in loads:
        results = load.end()
        for started, ended, result in results:
            assert ended - started < 20, f'an answer took {ended - started:.1f} s'
            good = not isinstance(result, Exception) and result.status in (200, 202)
            if not good and not (killed - 1 <= ended and started <= back):
                assert is_refusal(result), f'after the restart: {result!r}'
            if not good:
                assert is_clean_failure(result) or is_refusal(result), f'{result!r}'
        assert sum(1 for started, _, _ in results if started > back) > 5
    for action in set(accepted):
        def has_ended(action=action):
            return server.ok('GET', action)['state'] in ('done', 'failed', 'unknown')
        harness.eventually(has_ended, 30, 0.2, f'end of {action}')
    harness.eventually(lambda: all(server.node(name)['reservation'] is None for name in names), 30, 0.5, 'free locks')
    assert server.psql("SELECT count(*) FROM actions WHERE finished_at IS NULL") == '0'
    server.program.stop()


def test_database_away_is_said_in_bounded_time(env):
    server = env.standalone()
    server.create_fake('n')
    server.program.is_checked = False
    pid = server.child_pid('postgresql')
    try:
        os.kill(pid, signal.SIGSTOP)
        stopped = [int(word) for word in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]
        for child in stopped:
            os.kill(child, signal.SIGSTOP)
        started = time.monotonic()
        answer = server.get('/v1/nodes/n', timeout_s=30)
        seconds = time.monotonic() - started
        assert answer.status in (500, 503) and 'error_message' in answer.json, answer
        assert seconds < 15, f'{seconds:.1f} s'
    finally:
        for process in [*stopped, pid]:
            os.kill(process, signal.SIGCONT)
    harness.eventually(lambda: server.get('/v1/nodes/n').status == 200, 20, 0.2, 'service again')
    server.program.stop()


def test_sigterm_of_an_api_drains(env):
    first = env.standalone({'fake': {'vendor_delay': '2'}})
    second = first.more_api()
    first.create_fake('n')
    answers = []

    def call():
        answers.append(second.call('POST', '/v1/nodes/n/vendor_passthru?method=third_method_sync', {'bar': 'meow'}))
    thread = threading.Thread(target=call)
    thread.start()
    time.sleep(0.7)
    second.program.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    try:
        late = second.get('/v1/nodes', timeout_s=5)
        raise AssertionError(f'accepted while draining: {late!r}')
    except (OSError, http.client.HTTPException):
        pass
    thread.join(20)
    assert answers and answers[0].status == 200, answers
    assert second.program.wait(20) == 0


harness.main()
