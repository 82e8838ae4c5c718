"""http_basic: who may call, and the refusals."""
import base64
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position

# bcrypt of "hunter2", cost 4
HASH = '$2b$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm'


def basic(text):
    return {'Authorization': 'Basic ' + base64.b64encode(text.encode()).decode()}


def second_api(env, users, **options):
    """A standalone for the database, and beside it an API with http_basic."""
    server = env.standalone()
    path = env.folder / 'htpasswd'
    path.write_text(users)
    path.chmod(0o644)
    service = harness.Service(env, harness.free_port())
    config = env.folder / 'basic.conf'
    text = (server.data / 'run' / 'ferrule.conf').read_text()
    words = ''.join(f'{name} = {value}\n' for name, value in options.items())
    config.write_text(f'{text}\n[DEFAULT]\nauth_strategy = http_basic\nhttp_basic_auth_user_file = {path}\n'
                      f'[api]\nport = {service.port}\n{words}')
    service.program = harness.Program(env, 'ferrule-api', [harness.BIN / 'ferrule-api', '--config', config])
    harness.eventually(service.answers, 30, 0.02, 'an answer of the second API')
    return service, path


def test_http_basic(env):
    service, path = second_api(env, f'alice:{HASH}\nbob:hunter2\n')
    assert service.get('/v1/nodes', headers=basic('alice:hunter2')).status == 200
    for headers in ({}, basic('alice:hunter3'), basic('bob:hunter2'), basic('carol:x'), basic(':')):
        answer = service.get('/v1/nodes', headers=headers)
        assert answer.status == 401, (headers, answer)
        assert answer.headers['www-authenticate'] == 'Basic realm="Baremetal API"'
        assert answer.json['error']['code'] == 401 and answer.json['error']['message'], answer
        assert 'x-openstack-ironic-api-version' not in answer.headers
    for value in ('Basic', 'Basic !!!', 'Bearer x', 'Basic ' + 'A' * 5000, 'Basic ' + base64.b64encode(b'x').decode()):
        assert service.get('/v1/nodes', headers={'Authorization': value}).status == 400, value
    for public in ('/', '/v1', '/healthcheck'):
        assert service.get(public).status == 200, public
    path.write_text('')
    assert service.get('/v1/nodes', headers=basic('alice:hunter2')).status == 401
    assert 'hunter' not in service.program.log()


def run_api(env, text):
    path = env.folder / 'refused.conf'
    path.write_text(text)
    return subprocess.run([harness.BIN / 'ferrule-api', '--config', path], capture_output=True, text=True, timeout=20,
                          check=False, env=env.environment)


def test_start_is_refused_in_words(env):
    for text, words in (('[DEFAULT]\nauth_strategy = keystone\n', 'auth_strategy = keystone is not known'),
                        ('[api]\nhost_ip = 0.0.0.0\n', 'allow_noauth_on_network'),
                        ('[api]\nhost_ip = 127.0.0.1,192.0.2.1\n', '192.0.2.1'),
                        ('[api]\nport = 70000\n', 'port'),
                        ('[DEFAULT]\nauth_strategy = http_basic\nhttp_basic_auth_user_file = /nowhere\n', '/nowhere'),
                        ('[api]\nenable_ssl_api = true\n', 'ssl_cert_file')):
        done = run_api(env, text)
        assert done.returncode == 2 and words in done.stderr, (text, done)
    done = subprocess.run([harness.BIN / 'ferrule-api', '--nonsense'], capture_output=True, text=True, timeout=20,
                          check=False, env=env.environment)
    assert done.returncode == 2 and '--nonsense' in done.stderr, done
    done = subprocess.run([harness.BIN / 'ferrule-api', '--help'], capture_output=True, text=True, timeout=20,
                          check=False, env=env.environment)
    assert done.returncode == 0 and 'auth_strategy' in done.stdout, done


harness.main()
