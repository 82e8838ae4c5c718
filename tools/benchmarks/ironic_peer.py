"""ironic_peer: Debian's ironic-api beside ours, where it is installed, with as many nodes in a database of its own in
the same PostgreSQL. Its conductor runs too, because POST and PATCH call it.
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

PROGRAMS = ('ironic-api', 'ironic-conductor', 'ironic-dbsync')
VERSION = '1.72'  # the newest that Debian 12's and later ones know
START_S = 120

# No hardware but the fake one, no message broker, and nothing periodic that would look at all nodes meanwhile.
CONFIG = """
[DEFAULT]
auth_strategy = noauth
rpc_transport = json-rpc
host = localhost
state_path = {folder}
tempdir = {folder}
enabled_hardware_types = fake-hardware
{interfaces}
[oslo_concurrency]
lock_path = {folder}
[json_rpc]
auth_strategy = noauth
host_ip = 127.0.0.1
port = {rpc_port}
[database]
connection = postgresql+psycopg2://ferrule@/ironic?host={socket}
[api]
host_ip = 127.0.0.1
port = {port}
api_workers = {workers}
[conductor]
automated_clean = false
sync_power_state_interval = 0
sync_local_state_interval = 0
check_provision_state_interval = 0
check_allocations_interval = 0
[deploy]
http_root = {folder}
"""
FAKE = 'bios boot console deploy inspect management power raid rescue vendor'.split()


def is_installed():
    return all(shutil.which(program) for program in PROGRAMS)


class Ironic:
    """`sql` runs a statement in the database of that name."""

    def __init__(self, folder, socket, ports, sql):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port, rpc_port = ports
        self.sql = sql
        self.processes = []
        names = [f'enabled_{kind}_interfaces = fake' for kind in FAKE]
        names += [f'enabled_{kind}_interfaces = noop' for kind in ('network', 'storage')]
        (self.folder / 'ironic.conf').write_text(CONFIG.format(
            folder=self.folder, socket=socket, port=self.port, rpc_port=rpc_port, workers=os.cpu_count(),
            interfaces='\n'.join(names)))

    def command(self, program, *words):
        return [program, '--config-file', self.folder / 'ironic.conf', *words]

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        try:
            connection.request(method, path, body=body and json.dumps(body), headers={
                'Content-Type': 'application/json', 'X-OpenStack-Ironic-API-Version': VERSION})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def start(self):
        """False when it does not come up; the log tells why."""
        with open(self.folder / 'log', 'ab') as log:
            output = {'stdin': subprocess.DEVNULL, 'stdout': log, 'stderr': log}
            if subprocess.run(self.command('ironic-dbsync', 'create_schema'), **output, check=False,
                              timeout=START_S).returncode != 0:
                return False
            self.processes = [subprocess.Popen(self.command(program), **output, start_new_session=True)
                              for program in PROGRAMS[:2]]
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and all(process.poll() is None for process in self.processes):
            try:
                if b'fake-hardware' in self.call('GET', '/v1/drivers')[1]:
                    return True
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.2)
        return False

    def load(self, count):
        """So many nodes like those that ours has; gives the UUIDs of some."""
        status, body = self.call('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': 'first'})
        assert status == 201, body
        columns = self.sql("SELECT string_agg(column_name, ', ') FROM information_schema.columns"
                           " WHERE table_name = 'nodes' AND column_name NOT IN"
                           " ('id', 'uuid', 'name', 'properties', 'driver_info', 'extra')", 'ironic')
        self.sql(f"""INSERT INTO nodes (uuid, name, properties, driver_info, extra, {columns})
            SELECT gen_random_uuid()::text, 'loaded-' || i,
                '{{"cpus": 32, "memory_mb": 131072, "local_gb": 800, "cpu_arch": "x86_64",'
                ' "capabilities": "boot_mode:uefi"}}',
                format('{{"redfish_address": "https://bmc-%s.example.com", "redfish_username": "admin",'
                       ' "redfish_password": "secret"}}', i),
                format('{{"rack": "r%s", "unit": %s}}', i / 40, i % 40), {columns}
            FROM nodes, generate_series(2, {count}) i WHERE name = 'first'""", 'ironic')
        self.sql('VACUUM ANALYZE nodes', 'ironic')
        return self.sql('SELECT uuid FROM nodes ORDER BY random() LIMIT 10000', 'ironic')

    def resident_bytes(self):
        """Of the API's processes."""
        group = self.processes[0].pid
        found = subprocess.run(['ps', '-o', 'rss=', '-g', str(group)], capture_output=True, text=True, check=True)
        return sum(int(word) for word in found.stdout.split()) * 1024

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)
