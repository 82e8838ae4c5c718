"""service: a whole service for fault tests: a private PostgreSQL, APIs and conductors as programs of their own,
simulated BMCs. Everything is started, stopped, frozen and killed by process id, and only what was started here."""
import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'integration'))

import harness  # noqa: E402  pylint: disable=wrong-import-position

# Times of the lease: the protocol's own, and the same rules in short for tests of many rounds.
DEFAULT_TIMES = {'beat': 2, 'hold': 8, 'flight': 3, 'watch': 10}
SHORT_TIMES = {'beat': 0.4, 'hold': 1.6, 'flight': 0.3, 'watch': 2}

OPEN_ACTIONS = ("finished_at IS NULL AND (state = 'running' OR (state = 'queued' AND "
                "(accepted_at IS NOT NULL OR start_by > now())))")


def boottime_ns():
    """The clock of conductors and bmcsim."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def pg_bin(name):
    found = sorted(glob.glob(f'/usr/lib/postgresql/*/bin/{name}'), key=lambda p: int(p.split('/')[4]))
    return found[-1] if found else name


def unprivileged(command):
    """PostgreSQL and pgbouncer refuse to be root."""
    if os.getuid() != 0:
        return command
    user = pwd.getpwnam('nobody')
    return ['setpriv', f'--reuid={user.pw_uid}', f'--regid={user.pw_gid}', '--clear-groups', *command]


def own_folder(path):
    """A folder for a program that does not run as root."""
    path.mkdir(mode=0o755)
    if os.getuid() == 0:
        user = pwd.getpwnam('nobody')
        os.chown(path, user.pw_uid, user.pw_gid)
    return path


class Foreign(harness.Program):
    """A program that is not ours: its end is no matter of the case, and SIGTERM may take it too long."""

    stop_signal = signal.SIGQUIT

    def __init__(self, env, name, arguments):
        super().__init__(env, name, arguments)
        self.is_checked = False

    def stop(self, seconds=20):
        if self.is_alive():
            os.kill(self.pid, signal.SIGCONT)
            os.kill(self.pid, self.stop_signal)
        try:
            self.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()


class Cluster:
    """A PostgreSQL of our own, on a socket in its folder and on a TCP port."""

    def __init__(self, env, name='db', options=()):
        self.env = env
        self.name = name
        self.folder = own_folder(env.folder / name)
        self.data = self.folder / 'data'
        self.port = harness.free_port()
        self.options = ['max_connections=120', 'shared_buffers=32MB', 'fsync=off', 'listen_addresses=127.0.0.1',
                        f'unix_socket_directories={self.folder}', f'port={self.port}', *options]
        self.program = None

    def run(self, program, *words):
        done = subprocess.run(unprivileged([pg_bin(program), *map(str, words)]), capture_output=True, text=True,
                              cwd=self.folder, timeout=120, check=False, env={'PATH': '/usr/bin:/bin', 'LC_ALL': 'C'})
        assert done.returncode == 0, f'{program}: {done.stdout}{done.stderr}'

    def create(self):
        self.run('initdb', '-D', self.data, '-U', 'ferrule', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync')
        self.start()
        self.sql("ALTER ROLE ferrule SET statement_timeout = '5s'", 'postgres')
        self.sql("ALTER ROLE ferrule SET idle_in_transaction_session_timeout = '5s'", 'postgres')
        self.sql('CREATE DATABASE ferrule', 'postgres')
        return self

    def start(self, seconds=60):
        """Backends of a killed postmaster may hold its memory for a while: tries again."""
        end = time.monotonic() + seconds
        settings = [word for option in self.options for word in ('-c', option)]
        while True:
            self.program = Foreign(self.env, f'postgres-{self.name}',
                                   unprivileged([pg_bin('postgres'), '-D', str(self.data), *settings]))
            while self.program.is_alive():
                if self.answers():
                    return self
                assert time.monotonic() < end, self.program.log()
                time.sleep(0.05)
            assert time.monotonic() < end, self.program.log()
            time.sleep(0.2)

    def answers(self):
        try:
            return self.sql('SELECT 1', 'postgres', timeout_s=5) == '1'
        except (AssertionError, subprocess.TimeoutExpired):
            return False

    def sql(self, text, database='ferrule', timeout_s=60):
        done = subprocess.run([pg_bin('psql'), '-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1',
                               '-U', 'ferrule', '-d', database, '-h', str(self.folder), '-p', str(self.port),
                               '-f', '-'], input=text,
                              capture_output=True, text=True, timeout=timeout_s, check=False,
                              env={'PATH': '/usr/bin:/bin', 'LC_ALL': 'C', 'PGAPPNAME': 'fault-test'})
        assert done.returncode == 0, f'psql: {done.stderr}'
        return done.stdout.rstrip('\n')

    def rows(self, text):
        answer = self.sql(text)
        return [line.split('\t') for line in answer.split('\n')] if answer else []

    def dsn(self, port=None):
        """A connection string for ferrule, through the socket or a TCP port."""
        if port is None:
            return f'postgresql:///ferrule?host={self.folder}&port={self.port}&user=ferrule'
        return f'postgresql://ferrule@127.0.0.1:{port}/ferrule'

    def backends(self, where='true'):
        rows = self.rows("SELECT pid FROM pg_stat_activity WHERE datname = 'ferrule' AND pid <> pg_backend_pid() "
                         f"AND application_name LIKE 'ferrule-%' AND {where} ORDER BY pid")
        return [int(row[0]) for row in rows]

    def crash(self):
        """kill -9 of the postmaster; its children notice and end."""
        self.program.kill(signal.SIGKILL)

    def stop(self):
        self.program.stop()


class Process:
    """One of our programs with a configuration of its own, that dies and comes back."""

    program_name = None

    def __init__(self, service, name, config):
        self.service = service
        self.name = name
        self.config_path = service.env.folder / f'{name}.conf'
        self.config = config
        self.program = None
        harness.write_config(self.config_path, config)

    def start(self):
        path = self.service.programs.get(self.program_name, harness.BIN / self.program_name)
        self.program = harness.Program(self.service.env, self.name, [path, '--config', self.config_path])
        return self

    def signal(self, signum):
        if self.program.is_alive():
            os.kill(self.program.pid, signum)

    def kill(self):
        self.program.kill(signal.SIGKILL)

    def terminate(self, seconds=30):
        """SIGTERM, and a clean end; one that came before the program could listen to signals is as good."""
        self.program.is_checked = False
        self.signal(signal.SIGTERM)
        status = self.program.wait(seconds)
        assert status in (0, -signal.SIGTERM), f'{self.name} ended with status {status}'

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def is_alive(self):
        return self.program.is_alive()


class Conductor(Process):
    program_name = 'ferrule-conductor'

    @property
    def journal(self):
        return self.service.env.folder / f'{self.name}.journal'

    def instance(self):
        """The live instance of this host; '' when there is none."""
        return self.service.cluster.sql(f"SELECT instance FROM conductors WHERE hostname = '{self.name}' "
                                        "AND state = 'live' ORDER BY created_at DESC LIMIT 1")


class Api(Process, harness.Service):
    program_name = 'ferrule-api'

    def __init__(self, service, name, config, port):
        Process.__init__(self, service, name, config)
        harness.Service.__init__(self, service.env, port)


class Service:
    """All of it. config: more options by section; dsn: another way to the database than its socket."""

    def __init__(self, env, times=None, config=None, programs=None, cluster=None):
        self.env = env
        self.times = times or SHORT_TIMES
        self.config = config or {}
        self.programs = programs or {}
        self.cluster = cluster or Cluster(env).create()
        self.conductors, self.apis = [], []
        self.rack = None
        path = env.folder / 'upgrade.conf'
        harness.write_config(path, {'database': {'connection': self.cluster.dsn()}})
        subprocess.run([harness.BIN / 'ferrule', 'db', 'upgrade', '--config', path], check=True, timeout=60,
                       capture_output=True, env=env.environment)

    def sections(self, own, database):
        result = {'database': {'connection': self.cluster.dsn(), **self.config.get('database', {}), **(database or {})}}
        for name, options in [*self.config.items(), *own.items()]:
            if name != 'database':
                result.setdefault(name, {}).update(options)
        return result

    def conductor(self, name, database=None, **options):
        own = {'DEFAULT': {'host': name}, 'conductor': {
            **self.times, 'write_journal': self.env.folder / f'{name}.journal', 'graceful_timeout': 3,
            'check_orphans_interval': 2, 'sync_power_state_interval': 5, **options}}
        conductor = Conductor(self, name, self.sections(own, database))
        self.conductors.append(conductor.start())
        return conductor

    def api(self, name, database=None):
        port = harness.free_port()
        api = Api(self, name, self.sections({'api': {'port': port}}, database), port)
        self.apis.append(api.start())
        harness.eventually(api.answers, 30, 0.05, f'an answer of {name}')
        return api

    def ready(self):
        for api in self.apis:
            api.wait_conductor(30)
        harness.eventually(lambda: self.cluster.sql("SELECT count(*) FROM conductors WHERE state = 'live'") ==
                           str(len(self.conductors)), 30, 0.1, 'all conductors registered')
        return self

    def simulate(self, ipmi=0, redfish=0, **fields):
        """BMCs i0.. and r0.., of bmcsim."""
        bmcs = {f'i{n}': {'protocol': 'ipmi', 'session_limit': 63, **fields} for n in range(ipmi)}
        bmcs.update({f'r{n}': {'protocol': 'redfish', **fields} for n in range(redfish)})
        self.rack = self.env.rack(bmcs)
        return self.rack

    def create_nodes(self, fake=0):
        """A managed node for each BMC, and fake ones f0..; gives their names."""
        api = self.apis[0]
        nodes = [{'name': f'f{n}', 'driver': 'fake-hardware', 'driver_info': {}} for n in range(fake)]
        for name, bmc in (self.rack.bmcs if self.rack else {}).items():
            nodes.append({'name': name, 'driver': bmc['protocol'], 'driver_info': self.driver_info(bmc)})
        for node in nodes:  # each run has them on the same conductors
            node['uuid'] = str(uuid.uuid5(uuid.NAMESPACE_DNS, node['name']))
            api.ok('POST', '/v1/nodes', node, status=201)
            api.ok('PUT', f'/v1/nodes/{node["name"]}/states/provision', {'target': 'manage'}, status=202)
        for node in nodes:
            harness.eventually(lambda node=node: api.node(node['name'])['provision_state'] == 'manageable', 30, 0.1,
                               f'{node["name"]} manageable')
        return [node['name'] for node in nodes]

    @staticmethod
    def driver_info(bmc):
        host, _, port = bmc['listen'].rpartition(':')
        if bmc['protocol'] == 'ipmi':
            return {'ipmi_address': host, 'ipmi_port': int(port), 'ipmi_username': bmc['user'],
                    'ipmi_password': bmc['password']}
        return {'redfish_address': f'http://{bmc["listen"]}', 'redfish_username': bmc['user'],
                'redfish_password': bmc['password']}

    def open_actions(self):
        return self.cluster.rows(f'SELECT id, uuid, node_id, kind, state, attempt, accepted_at IS NOT NULL, instance, '
                                 f'started_at FROM actions WHERE {OPEN_ACTIONS}')

    def reserved(self):
        return self.cluster.rows('SELECT id, name, reservation, lock_token, lock_action FROM nodes '
                                 'WHERE reservation IS NOT NULL OR lock_token IS NOT NULL')

    def wait_idle(self, seconds):
        """Until no lock is held and no action is open; gives the seconds that it took."""
        started = time.monotonic()
        while True:
            try:
                left = self.open_actions() + self.reserved()
            except (AssertionError, subprocess.TimeoutExpired) as problem:
                left = [str(problem)]
            if not left:
                return time.monotonic() - started
            if time.monotonic() - started > seconds:
                raise AssertionError(f'{seconds} s after the last fault there still are: {left[:5]}')
            time.sleep(0.1)


def has_program(name):
    return shutil.which(name, path='/usr/sbin:/usr/bin:/sbin:/bin') is not None
