"""database: PostgreSQL as sites have it: behind pgbouncer, or as a primary with a streaming replica."""
import os
import signal
import time

import service
from service import harness


class Bouncer(service.Foreign):
    """pgbouncer kills what it serves at SIGINT; at once at SIGTERM."""
    stop_signal = signal.SIGTERM


class Bounced(service.Cluster):
    """Ferrule meets it only through pgbouncer, which pools transactions; tests look past it."""

    PROGRAM = '/usr/sbin/pgbouncer'

    def __init__(self, env, **options):
        super().__init__(env, **options)
        self.bouncer_port = harness.free_port()
        self.bouncer = None
        if not os.access(self.PROGRAM, os.X_OK):
            raise harness.Skip('pgbouncer is not installed')

    def create(self):
        super().create()
        users = self.folder / 'users.txt'
        users.write_text('"ferrule" ""\n')
        (self.folder / 'pgbouncer.ini').write_text(
            f'[databases]\nferrule = host={self.folder} port={self.port} dbname=ferrule\n'
            f'[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.bouncer_port}\nunix_socket_dir =\n'
            f'auth_type = trust\nauth_file = {users}\npool_mode = transaction\nmax_client_conn = 200\n'
            'default_pool_size = 12\nserver_login_retry = 1\nlog_connections = 0\nlog_disconnections = 0\n')
        return self.start_bouncer()

    def start_bouncer(self):
        command = service.unprivileged([self.PROGRAM, str(self.folder / 'pgbouncer.ini')])
        self.bouncer = Bouncer(self.env, 'pgbouncer', command)
        return self

    def kill_bouncer(self):
        self.bouncer.kill(signal.SIGKILL)

    def dsn(self, port=None):
        return super().dsn(port or self.bouncer_port)

    # What must be said to ferrule about it.
    DEAF = {'prepared_statements': 'false', 'listen': 'false'}

    def hearing(self):
        return {'prepared_statements': 'false', 'listen_connection': service.Cluster.dsn(self)}


class Replicated(service.Cluster):
    """A primary and a synchronous replica. After fail_over the replica is all there is."""

    def __init__(self, env):
        super().__init__(env, 'primary', ['wal_level=replica', 'max_wal_senders=4'])
        self.replica = service.Cluster(env, 'replica')
        self.ports = (self.port, self.replica.port)

    def create(self):
        super().create()
        self.replica.run('pg_basebackup', '-D', self.replica.data, '-h', self.folder, '-p', self.port, '-U',
                         'ferrule', '-R', '-X', 'stream', '-c', 'fast', '--no-sync')
        self.replica.data.chmod(0o700)
        self.replica.start()
        self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'", 'postgres')
        self.sql('SELECT pg_reload_conf()', 'postgres')
        state = 'SELECT sync_state FROM pg_stat_replication'
        harness.eventually(lambda: self.sql(state, 'postgres') == 'sync', 20, 0.1, 'a synchronous replica')
        return self

    def dsn(self, port=None):
        del port
        return (f'postgresql://ferrule@127.0.0.1:{self.ports[0]},127.0.0.1:{self.ports[1]}/ferrule'
                '?target_session_attrs=read-write')

    def fail_over(self):
        """The primary dies, the replica is promoted; gives the seconds that no primary was there."""
        self.crash()
        started = time.monotonic()
        replica = self.replica
        replica.run('pg_ctl', '-D', replica.data, '-w', 'promote')
        self.folder, self.data, self.port, self.program = replica.folder, replica.data, replica.port, replica.program
        self.options = replica.options
        return time.monotonic() - started
