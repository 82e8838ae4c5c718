"""harness: real programs, a real PostgreSQL, real clients and simulated BMCs, for the test files beside it.

A test file defines functions `test_<name>(env)` and ends with `harness.main()`. Run alone it runs all its
cases, or those named; `--list` prints their names. `env` starts things on free ports in a temporary folder
and takes them down again, whatever the case did, by process id. A case fails when one of our programs
ended otherwise than it was meant to or a sanitizer wrote a report.

FERRULE_BIN names the folder of the programs (default build/asan/bin), FERRULE_SHARED one of reference data.
"""
import configparser
import contextlib
import glob
import http.client
import io
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get('FERRULE_BIN', ROOT / 'build' / 'asan' / 'bin'))
SHARED = pathlib.Path(os.environ.get('FERRULE_SHARED', ROOT.parent / 'shared'))
CASE_TIMEOUT_S = 120
PORTS = (15000, 32000)
VERSION = '1.115'


class Skip(Exception):
    """Raised by a case that cannot run here; the text says why."""


def timeout(seconds):
    """Decorator: the case may take that long."""
    def mark(function):
        function.timeout_s = seconds
        return function
    return mark


def eventually(condition, seconds=10, every=0.05, what='the condition'):
    """Calls condition until its answer is true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f'{what} did not hold within {seconds} s (last: {answer!r})')
        time.sleep(every)


claims = []  # held until this process ends


def free_port(kind=socket.SOCK_STREAM):
    """Below the range that the kernel draws from for outgoing connections: those would take it meanwhile. A name in
    the abstract namespace claims it among the processes of the tests."""
    while True:
        port = random.randrange(*PORTS)
        claim = socket.socket(socket.AF_UNIX)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                claim.bind(f'\0ferrule-test-port-{port}')
                probe.bind(('127.0.0.1', port))
            except OSError:
                claim.close()
                continue
        claims.append(claim)
        return port


def psql_program():
    found = sorted(glob.glob('/usr/lib/postgresql/*/bin/psql'), key=lambda p: int(p.split('/')[4]))
    return found[-1] if found else 'psql'


class Answer:
    """An HTTP answer: status, headers (names in lower case), text, and json when it is JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()
        try:
            self.json = json.loads(self.text)
        except ValueError:
            self.json = None

    def fault(self):
        """The sentence inside Ironic's error body."""
        message = self.json['error_message']
        return json.loads(message)['faultstring'] if message.startswith('{') else message

    def __repr__(self):
        return f'<{self.status} {self.text[:300]}>'


def call(method, url, body=None, version=VERSION, headers=None, timeout_s=30):
    """One request on a connection of its own."""
    host, _, path = url.removeprefix('http://').partition('/')
    connection = http.client.HTTPConnection(host, timeout=timeout_s)
    sent = {'X-OpenStack-Ironic-API-Version': version} if version else {}
    data = None
    if body is not None:
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        sent['Content-Type'] = 'application/json'
    sent.update(headers or {})
    try:
        connection.request(method, '/' + path, body=data, headers=sent)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def write_config(path, config):
    parser = configparser.RawConfigParser(default_section='no such section')
    parser.optionxform = str
    for section, options in config.items():
        parser.add_section(section)
        for name, value in options.items():
            parser.set(section, name, str(value))
    with open(path, 'w') as out:
        parser.write(out)


class Program:
    """A started program of ours, its log and how it is to end."""

    def __init__(self, env, name, arguments, cwd=None, environment=None):
        self.env = env
        self.name = name
        self.log_path = env.folder / f'{name}-{len(env.programs)}.log'
        self.is_checked = True
        with open(self.log_path, 'wb') as log:
            self.process = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, cwd=cwd or env.folder,
                                            env={**env.environment, **(environment or {})}, start_new_session=True)
        env.programs.append(self)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_path.read_text(errors='replace')

    def is_alive(self):
        return self.process.poll() is None

    def wait(self, seconds=60):
        return self.process.wait(seconds)

    def kill(self, signum=signal.SIGKILL):
        """Ends it in a way that is no failure of the case."""
        self.is_checked = False
        if self.is_alive():
            os.kill(self.pid, signum)
        return self.wait()

    def stop(self, seconds=60):
        """SIGTERM; a clean end is part of every case."""
        if self.is_alive():
            os.kill(self.pid, signal.SIGTERM)
        try:
            status = self.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
            raise AssertionError(f'{self.name} did not end within {seconds} s of SIGTERM') from None
        if self.is_checked and status != 0:
            raise AssertionError(f'{self.name} ended with status {status}')


class Service:
    """An API to talk to."""

    def __init__(self, env, port):
        self.env = env
        self.port = port
        self.url = f'http://127.0.0.1:{port}'

    def call(self, method, path, body=None, **options):
        return call(method, self.url + path, body, **options)

    def get(self, path, **options):
        return self.call('GET', path, **options)

    def ok(self, method, path, body=None, status=None, **options):
        """A call that must succeed; gives its JSON."""
        answer = self.call(method, path, body, **options)
        good = answer.status == status if status else 200 <= answer.status < 300
        assert good, f'{method} {path}: {answer!r}'
        return answer.json

    def answers(self):
        try:
            return self.get('/', timeout_s=5).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def node(self, name):
        return self.ok('GET', f'/v1/nodes/{name}')

    def create_fake(self, name, **fields):
        return self.ok('POST', '/v1/nodes', {'name': name, 'driver': 'fake-hardware', **fields}, status=201)

    def power(self, name, target='power on', **fields):
        return self.call('PUT', f'/v1/nodes/{name}/states/power', {'target': target, **fields})

    def wait_power(self, name, state='power on', seconds=20):
        def reached():
            node = self.node(name)
            return node if node['power_state'] == state and not node['target_power_state'] else None
        return eventually(reached, seconds, what=f'{name} in state "{state}"')

    def wait_conductor(self, seconds=20):
        def is_there():
            drivers = (self.get('/v1/drivers').json or {}).get('drivers', [])
            return any(driver['name'] == 'fake-hardware' for driver in drivers)
        eventually(is_there, seconds, what='a conductor with fake-hardware')
        return self

    def client_environment(self):
        return {'OS_AUTH_TYPE': 'none', 'OS_ENDPOINT': self.url, 'HOME': str(self.env.folder),
                'PATH': '/usr/bin:/bin:/usr/sbin:/sbin', 'LC_ALL': 'C.UTF-8'}

    def client(self, *words, is_failing=False, program=('baremetal',), timeout_s=60):
        """Runs the unmodified client; gives what it printed."""
        done = subprocess.run([*program, *words], env=self.client_environment(), capture_output=True, text=True,
                              timeout=timeout_s, check=False)
        if (done.returncode != 0) != is_failing:
            raise AssertionError(f'{" ".join([*program, *words])}: status {done.returncode}\n'
                                 f'{done.stdout}{done.stderr}')
        return done.stderr if is_failing else done.stdout

    def client_json(self, *words, **options):
        return json.loads(self.client(*words, '-f', 'json', **options))


class Standalone(Service):
    """`ferrule standalone` with a data folder of its own."""

    def __init__(self, env, config=None, data=None, port=None):
        super().__init__(env, port or free_port())
        self.data = data or env.folder / f'data-{self.port}'
        self.config_path = env.folder / f'ferrule-{self.port}.conf'
        write_config(self.config_path, config or {})
        self.program = None

    def start(self, seconds=60, wait=True):
        self.program = Program(self.env, 'standalone', [BIN / 'ferrule', 'standalone', '--config', self.config_path,
                                                        '--data-dir', self.data, '--port', self.port])
        if wait:
            eventually(lambda: self.answers() or not self.program.is_alive(), seconds, 0.01, 'an answer of the API')
            assert self.program.is_alive(), f'standalone ended:\n{self.program.log()}'
            self.wait_conductor()
        return self

    def stop(self):
        self.program.stop()

    def child_pid(self, name):
        """Process id of ferrule-api, ferrule-conductor or postgresql, as its lock file says."""
        return int((self.data / 'run' / f'{name}.lock').read_text())

    def kill_child(self, name, signum=signal.SIGKILL):
        """Ends a child, which makes the whole end with status 1: the case means it."""
        self.program.is_checked = False
        pid = self.child_pid(name)
        os.kill(pid, signum)
        return pid

    def psql(self, sql):
        done = subprocess.run([psql_program(), '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-U', 'ferrule', '-d',
                               'ferrule', '-h', str(self.data / 'run'), '-c', sql], capture_output=True, text=True,
                              timeout=30, env={'PATH': '/usr/bin:/bin', 'LC_ALL': 'C'}, check=False)
        if done.returncode != 0:
            raise AssertionError(f'psql: {done.stderr}')
        return done.stdout.strip()

    def more_api(self):
        """Another API process on the same database."""
        service = Service(self.env, free_port())
        text = (self.data / 'run' / 'ferrule.conf').read_text()
        path = self.env.folder / f'api-{service.port}.conf'
        path.write_text(f'{text}\n[api]\nport = {service.port}\n')
        service.program = Program(self.env, 'ferrule-api', [BIN / 'ferrule-api', '--config', path])
        eventually(service.answers, 30, 0.02, 'an answer of the second API')
        return service


class Rack:
    """bmcsim with the BMCs of a table {name: {protocol, ...}}; ports are filled in. More options of the program."""

    def __init__(self, env, bmcs, *options):
        self.env = env
        self.bmcs = bmcs
        self.control = f'127.0.0.1:{free_port()}'
        self.log_path = env.folder / 'bmcsim.jsonl'
        path = env.folder / 'rack.ini'
        for bmc in bmcs.values():
            kind = socket.SOCK_DGRAM if bmc['protocol'] == 'ipmi' else socket.SOCK_STREAM
            bmc.setdefault('listen', f'127.0.0.1:{free_port(kind)}')
            bmc.setdefault('user', 'admin')
            bmc.setdefault('password', 'rack-password')
        write_config(path, bmcs)
        self.program = Program(env, 'bmcsim', [BIN / 'bmcsim', '--rack', path, '--log', self.log_path,
                                               '--control', self.control, *options])
        eventually(lambda: 'ready' in self.program.log() or not self.program.is_alive(), 20, 0.02, 'bmcsim ready')
        assert self.program.is_alive(), self.program.log()

    def port(self, name):
        return int(self.bmcs[name]['listen'].rpartition(':')[2])

    def set(self, name, **fields):
        answer = call('POST', f'http://{self.control}/bmc/{name}', fields)
        assert answer.status == 200, answer
        return answer.json

    def ipmitool(self, name, *words):
        """What an independent IPMI client says."""
        bmc = self.bmcs[name]
        done = subprocess.run(['ipmitool', '-I', 'lanplus', '-H', '127.0.0.1', '-p', str(self.port(name)), '-U',
                               bmc['user'], '-E', '-C', '17', '-N', '2', *words], capture_output=True, text=True,
                              env={**os.environ, 'IPMI_PASSWORD': bmc['password']}, timeout=30, check=False)
        assert done.returncode == 0, f'ipmitool {" ".join(words)}: {done.stderr}'
        return done.stdout.strip()

    def redfish(self, name, path):
        """What curl reads from a Redfish BMC."""
        bmc = self.bmcs[name]
        done = subprocess.run(['curl', '-sS', '-f', '-u', f'{bmc["user"]}:{bmc["password"]}',
                               f'http://{bmc["listen"]}{path}'], capture_output=True, text=True, timeout=30,
                              check=False)
        assert done.returncode == 0, f'curl {path}: {done.stderr}'
        return json.loads(done.stdout)

    def redfish_system(self, name):
        members = self.redfish(name, '/redfish/v1/Systems')['Members']
        return self.redfish(name, members[0]['@odata.id'])


class Env:
    """What one case has started."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='ferrule-test-'))
        self.folder.chmod(0o755)
        self.reports = self.folder / 'reports'
        self.reports.mkdir()
        self.reports.chmod(0o1777)
        self.programs = []
        log = f'log_path={self.reports}/sanitizer'
        self.environment = {**os.environ, 'ASAN_OPTIONS': f'{log}:exitcode=99:detect_stack_use_after_return=0',
                            'UBSAN_OPTIONS': f'{log}:print_stacktrace=1', 'LSAN_OPTIONS': 'print_suppressions=0'}

    def standalone(self, config=None, **options):
        return Standalone(self, config, **options).start()

    def rack(self, bmcs, *options):
        return Rack(self, bmcs, *options)

    def sanitizer_reports(self):
        return ''.join(path.read_text(errors='replace') for path in sorted(self.reports.glob('*')))

    def close(self):
        """Stops everything, last started first; gives the problems."""
        problems = []
        for program in reversed(self.programs):
            try:
                program.stop()
            except (AssertionError, OSError, subprocess.SubprocessError) as problem:
                problems.append(str(problem))
        if self.sanitizer_reports():
            problems.append('sanitizer report:\n' + self.sanitizer_reports())
        return problems

    def logs(self, lines=40):
        text = io.StringIO()
        for program in self.programs:
            text.write(f'--- {program.log_path.name}\n')
            text.write('\n'.join(program.log().splitlines()[-lines:]) + '\n')
        return text.getvalue()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def account():
    """The user that a standalone runs as: ours, or whom one that root has started becomes."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ('ferrule', 'postgres', 'nobody'):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise AssertionError('no unprivileged user')


class Load:
    """Calls function over and over in threads of its own and counts what it gave."""

    def __init__(self, function, threads=4):
        self.function = function
        self.results = []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.run_one, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run_one(self):
        while not self.is_over.is_set():
            started = time.monotonic()
            try:
                result = self.function()
            except Exception as problem:  # pylint: disable=broad-except
                result = problem
            self.results.append((started, time.monotonic(), result))

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), 'a client still waits'
        return self.results


def on_alarm(signum, frame):
    raise TimeoutError('the case took too long')


def run_case(name, function):
    """Runs one case; True when it passed."""
    started = time.monotonic()
    env = Env()
    problem = None
    signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(getattr(function, 'timeout_s', CASE_TIMEOUT_S))
    try:
        function(env)
    except Skip as reason:
        problem = reason
    except BaseException:  # pylint: disable=broad-except
        problem = traceback.format_exc()
    signal.alarm(0)
    problems = env.close()
    seconds = time.monotonic() - started
    if isinstance(problem, Skip) and not problems:
        print(f'skip {name}: {problem}', flush=True)
    elif problem or problems:
        print(f'not ok {name} {seconds:.1f}', flush=True)
        for text in [problem, *problems, env.logs()]:
            if text:
                print('    ' + str(text).replace('\n', '\n    '), flush=True)
    else:
        print(f'ok {name} {seconds:.1f}', flush=True)
    env.remove()
    return not problem and not problems or isinstance(problem, Skip)


def main():
    """The end of each test file: runs its cases, or those named."""
    cases = {name.removeprefix('test_'): function for name, function in vars(sys.modules['__main__']).items()
             if name.startswith('test_') and callable(function)}
    words = sys.argv[1:]
    if words == ['--list']:
        print('\n'.join(cases))
        return
    unknown = [word for word in words if word not in cases]
    if unknown:
        sys.exit(f'no such case: {", ".join(unknown)}')
    good = [run_case(name, cases[name]) for name in words or cases]
    sys.exit(0 if all(good) else 1)
