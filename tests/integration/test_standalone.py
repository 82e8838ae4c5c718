"""ferrule standalone: what it refuses before it starts, how it starts, survives and ends."""
import os
import pathlib
import pwd
import resource
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time

import harness

IS_ROOT = os.geteuid() == 0


def run_refused(env, *arguments, config=None):
    """Runs standalone where it must refuse at once; gives what it said."""
    words = [str(harness.BIN / 'ferrule'), 'standalone', *map(str, arguments)]
    if config:
        path = env.folder / 'refused.conf'
        harness.write_config(path, config)
        words += ['--config', str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=env.environment, check=False)
    assert done.returncode == 1, f'status {done.returncode}: {done.stderr}'
    return done.stderr


def no_process_in(folder):
    """True when no process of ours has its working folder there any more."""
    for entry in pathlib.Path('/proc').glob('[0-9]*/cwd'):
        try:
            if str(entry.readlink()).startswith(str(folder)):
                return False
        except OSError:
            continue
    return True


def test_busy_port_is_named_before_anything_starts(env):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = run_refused(env, '--data-dir', env.folder / 'data', '--port', port)
    assert f'Port {port} on 127.0.0.1 is in use' in said, said
    assert not (env.folder / 'data' / 'postgresql').exists(), 'a cluster was made all the same'


def test_noauth_on_the_network_is_refused_unless_configured(env):
    port = harness.free_port()
    said = run_refused(env, '--data-dir', env.folder / 'data', '--port', port, config={'api': {'host_ip': '0.0.0.0'}})
    assert 'allow_noauth_on_network' in said, said
    assert not (env.folder / 'data').exists()
    server = env.standalone({'api': {'host_ip': '0.0.0.0', 'allow_noauth_on_network': 'true'}})
    assert server.get('/v1/nodes').status == 200


def test_misspelt_option_is_refused_with_its_line(env):
    said = run_refused(env, '--data-dir', env.folder / 'data', config={'fake': {'power_delai': '1'}})
    assert 'power_delai' in said and 'refused.conf' in said, said
    assert not (env.folder / 'data').exists()


def test_unreachable_data_folder_is_refused_in_one_sentence(env):
    closed = env.folder / 'closed'
    closed.mkdir()
    closed.chmod(0o700 if IS_ROOT else 0)
    said = run_refused(env, '--data-dir', closed / 'data', '--port', harness.free_port())
    closed.chmod(0o700)
    assert f'cannot enter {closed}' in said and harness.account().pw_name in said, said
    assert len(said.strip().splitlines()) == 1, said
    assert not (closed / 'data').exists()


def test_folder_of_others_is_refused(env):
    if not IS_ROOT:
        said = run_refused(env, '--data-dir', '/usr', '--port', harness.free_port())
        assert 'belongs to another user' in said, said
        return
    other = env.folder / 'other'
    other.mkdir()
    (other / 'precious').write_text('not yours')
    said = run_refused(env, '--data-dir', other, '--port', harness.free_port())
    assert 'is not empty' in said, said
    assert other.stat().st_uid == 0


def test_nothing_runs_as_root(env):
    server = env.standalone()
    children = ('postgresql', 'ferrule-api', 'ferrule-conductor')
    for pid in [server.program.pid, *(server.child_pid(name) for name in children)]:
        uids = [line.split()[1:] for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines()
                if line.startswith('Uid:')][0]
        assert set(uids) == {str(harness.account().pw_uid)}, f'process {pid} has user ids {uids}'
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.data / 'run' / 'ferrule.conf').stat().st_mode) == 0o600


def test_database_is_private_and_durable(env):
    server = env.standalone()
    values = server.psql("SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN "
                         "('fsync', 'full_page_writes', 'listen_addresses', 'synchronous_commit', 'server_encoding')")
    assert values == 'fsync=on full_page_writes=on listen_addresses= server_encoding=UTF8 synchronous_commit=on', values
    sockets = pathlib.Path(f'/proc/{server.child_pid("postgresql")}/net/tcp').read_text()
    assert sockets
    folder = server.data / 'run'
    if IS_ROOT:
        stranger = pwd.getpwnam('daemon')
        done = subprocess.run(['setpriv', f'--reuid={stranger.pw_uid}', f'--regid={stranger.pw_gid}', '--clear-groups',
                               harness.psql_program(), '-h', folder, '-U', 'ferrule', 'ferrule', '-c', 'SELECT 1'],
                              capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode != 0, 'a stranger got into the database'


def test_low_limit_of_open_files_is_raised(env):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard <= 1024:
        raise harness.Skip('the hard limit is low itself')
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        server = env.standalone()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for name in ('ferrule-api', 'ferrule-conductor'):
        limits = pathlib.Path(f'/proc/{server.child_pid(name)}/limits').read_text()
        assert int(limits.partition('Max open files')[2].split()[0]) > 1024, limits


def test_second_standalone_on_the_folder_is_refused(env):
    server = env.standalone()
    said = run_refused(env, '--data-dir', server.data, '--port', harness.free_port())
    assert 'in use by another ferrule standalone' in said and str(server.program.pid) in said, said
    assert server.get('/v1/nodes').status == 200


def test_long_path_gets_a_socket_elsewhere(env):
    long = env.folder / ('d' * 60) / ('e' * 60) / 'data'
    server = harness.Standalone(env, data=long).start()
    server.create_fake('n')
    assert server.node('n')['name'] == 'n'
    said = [line for line in server.program.log().splitlines() if 'psql -h' in line][0]
    folder = pathlib.Path(said.split('-h ')[1].split()[0])
    assert len(str(folder)) <= 88 and stat.S_IMODE(folder.stat().st_mode) == 0o700, said
    server.stop()
    assert not folder.exists(), 'the folder of the socket was left behind'


def test_first_answer_within_a_second_of_start(env):
    server = env.standalone()
    server.stop()
    best = 99
    for _ in range(3):
        started = time.monotonic()
        server.start(wait=False)
        harness.eventually(server.answers, 20, 0.005, 'an answer')
        best = min(best, time.monotonic() - started)
        server.wait_conductor()
        server.stop()
    # Sanitizers slow the start down; the released programs must do it in one second.
    limit = 3 if 'asan' in str(harness.BIN) else 1
    assert best < limit, f'{best:.2f} s'


def test_data_survives_a_restart(env):
    server = env.standalone()
    made = server.create_fake('kept', extra={'a': 'ü'})
    server.stop()
    server.start()
    assert server.node('kept')['uuid'] == made['uuid']
    assert server.node('kept')['extra'] == {'a': 'ü'}


def check_killed_child_comes_back(env, child):
    server = env.standalone()
    server.create_fake('n')
    old = server.kill_child(child)

    def is_back():
        try:
            return server.child_pid(child) != old and server.answers()
        except ValueError:
            return False
    harness.eventually(is_back, 20, what=f'{child} started again')
    server.wait_conductor()
    harness.eventually(lambda: server.power('n').status == 202, 20, 0.2, what='an accepted power request')
    server.wait_power('n')
    assert f'ended unasked: signal {int(signal.SIGKILL)}' in server.program.log()
    server.program.stop()


def test_killed_api_comes_back(env):
    check_killed_child_comes_back(env, 'ferrule-api')


def test_killed_conductor_comes_back(env):
    check_killed_child_comes_back(env, 'ferrule-conductor')


def test_killed_postgresql_comes_back(env):
    check_killed_child_comes_back(env, 'postgresql')


def test_sigterm_ends_everything(env):
    server = env.standalone()
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 15
    assert no_process_in(server.data), 'a process was left behind'
    assert not (server.data / 'postgresql' / 'postmaster.pid').exists(), 'PostgreSQL was not shut down'


def test_sigterm_finishes_what_was_accepted(env):
    server = env.standalone({'fake': {'power_delay': '3'}})
    server.create_fake('n')
    answer = server.power('n')
    assert answer.status == 202, answer
    action = answer.headers['ferrule-action']
    server.stop()
    server.start()
    assert server.ok('GET', action)['state'] == 'done', server.get(action)
    node = server.node('n')
    assert node['power_state'] == 'power on' and node['reservation'] is None, node


def test_kill_of_standalone_loses_nothing(env):
    server = env.standalone({'fake': {'power_delay': '2'}})
    for number in range(5):
        server.create_fake(f'n{number}')
    accepted = []
    for number in range(5):
        answer = server.power(f'n{number}')
        assert answer.status == 202, answer
        accepted.append(answer.headers['ferrule-action'])
    server.program.kill()
    started = time.monotonic()
    server.start(wait=False)
    harness.eventually(lambda: server.answers() and server.get('/v1/nodes').status == 200, 5, 0.02,
                       'service after a kill -9')
    assert time.monotonic() - started < 5
    server.wait_conductor()
    assert len(server.ok('GET', '/v1/nodes')['nodes']) == 5
    for action in accepted:
        def has_ended(action=action):
            return server.ok('GET', action)['state'] in ('done', 'failed', 'unknown')
        harness.eventually(has_ended, 30, 0.2, f'end of {action}')
    for number in range(5):
        assert server.node(f'n{number}')['reservation'] is None
    server.stop()


def test_unfinished_cluster_is_made_anew(env):
    server = env.standalone()
    server.stop()
    shutil.move(server.data / 'postgresql', server.data / 'postgresql.new')
    (server.data / 'postgresql.new' / 'PG_VERSION').unlink()
    server.start()
    assert server.ok('GET', '/v1/nodes')['nodes'] == []
    assert not (server.data / 'postgresql.new').exists()


def test_commands(env):
    def ferrule(*words):
        return subprocess.run([harness.BIN / 'ferrule', *words], capture_output=True, text=True, timeout=30,
                              env=env.environment, check=False)
    assert ferrule('--version').stdout.startswith('ferrule ')
    assert 'standalone' in ferrule('--help').stdout
    assert ferrule().returncode == 2
    assert ferrule('standalone', '--port', 'x').returncode == 2
    assert ferrule('config', 'sample', '--port', '1').returncode == 2
    sample = ferrule('config', 'sample').stdout
    assert sample == (harness.ROOT / 'etc' / 'ferrule.conf').read_text(), \
        'etc/ferrule.conf is not what `ferrule config sample` prints'
    path = pathlib.Path(tempfile.mkdtemp(dir=env.folder)) / 'sample.conf'
    path.write_text(sample)
    server = harness.Standalone(env)
    server.config_path = path
    server.start()


harness.main()
