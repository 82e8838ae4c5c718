"""ferrule-api as a program: how it starts, waits and stops."""
import http.client
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position


def config_of(env, name, text):
    path = env.folder / name
    path.write_text(text)
    return path


def test_sigterm_lets_requests_end(env):
    first = env.standalone({'conductor': {'node_locked_retry_attempts': 4, 'node_locked_retry_interval': 1}})
    api = first.more_api()
    first.create_fake('n')
    first.psql("UPDATE nodes SET reservation = 'elsewhere', lock_token = gen_random_uuid()")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(api.power('n')))
    waiting.start()
    time.sleep(0.7)
    os.kill(api.program.pid, signal.SIGTERM)
    time.sleep(0.3)
    try:
        api.get('/', timeout_s=2)
        raise AssertionError('a stopping API took a new connection')
    except (OSError, http.client.HTTPException):
        pass
    waiting.join(20)
    assert answers and answers[0].status == 409, answers
    assert api.program.wait(20) == 0


def test_sigterm_closes_idle_connections(env):
    first = env.standalone()
    api = first.more_api()
    connection = http.client.HTTPConnection('127.0.0.1', api.port, timeout=10)
    connection.request('GET', '/')
    connection.getresponse().read()
    started = time.monotonic()
    os.kill(api.program.pid, signal.SIGTERM)
    assert api.program.wait(20) == 0
    assert time.monotonic() - started < 5
    connection.close()


def test_schema_that_is_not_there_is_named(env):
    server = env.standalone()
    server.psql('CREATE DATABASE bare')
    path = config_of(env, 'bare.conf', '[api]\nport = 0\n[database]\nconnection = '
                     f'postgresql:///bare?host={server.data / "run"}&user=ferrule\n')
    done = subprocess.run([harness.BIN / 'ferrule-api', '--config', path], capture_output=True, text=True, timeout=30,
                          check=False, env=env.environment)
    assert done.returncode == 1 and 'db upgrade' in done.stderr, done


def test_without_a_database_it_waits_until_told_to_stop(env):
    path = config_of(env, 'nowhere.conf', '[api]\nport = 0\n[database]\nconnection = '
                     f'postgresql:///x?host={env.folder}&user=ferrule&password=hunter2\n')
    program = harness.Program(env, 'ferrule-api', [harness.BIN / 'ferrule-api', '--config', path])
    harness.eventually(lambda: 'Waiting for the database' in program.log(), 20, what='it says what it waits for')
    assert program.is_alive() and 'hunter2' not in program.log()
    started = time.monotonic()
    os.kill(program.pid, signal.SIGTERM)
    assert program.wait(20) == 0
    assert time.monotonic() - started < 8


def test_busy_port_is_named(env):
    server = env.standalone()
    text = (server.data / 'run' / 'ferrule.conf').read_text()
    path = config_of(env, 'busy.conf', f'{text}\n[api]\nport = {server.port}\n')
    done = subprocess.run([harness.BIN / 'ferrule-api', '--config', path], capture_output=True, text=True, timeout=30,
                          check=False, env=env.environment)
    assert done.returncode == 1 and str(server.port) in done.stderr, done


def test_several_addresses(env):
    server = env.standalone()
    port = harness.free_port()
    text = (server.data / 'run' / 'ferrule.conf').read_text()
    path = config_of(env, 'two.conf', f'{text}\n[api]\nhost_ip = 127.0.0.1,127.0.0.2\nport = {port}\n')
    program = harness.Program(env, 'ferrule-api', [harness.BIN / 'ferrule-api', '--config', path])
    harness.eventually(lambda: program.log().count('Listening') == 2, 20, what='two listeners')
    for address in ('127.0.0.1', '127.0.0.2'):
        answer = harness.call('GET', f'http://{address}:{port}/v1/nodes')
        assert answer.status == 200, answer


harness.main()
