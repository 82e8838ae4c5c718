#!/usr/bin/python3
"""run.py [NAME...]: the figures of tools/bench, all or those whose name contains a NAME. One line each:

    name  value  unit  [peer  its value  ratio]

Everything runs on this machine: the programs of build/release, a private PostgreSQL and the clients. C
programs bench_* of the build that stand beside it print lines of the same form.
"""
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import ironic_peer

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get('FERRULE_BUILD', ROOT / 'build' / 'release')).resolve()
LUA = pathlib.Path(__file__).resolve().parent / 'load.lua'
SECONDS = float(os.environ.get('FERRULE_BENCH_SECONDS', '3'))
HEADERS = {'X-OpenStack-Ironic-API-Version': '1.115', 'Content-Type': 'application/json'}
NODES = 1000
MANY_NODES = 10000
SCALE_NODES = 100000
PEER_SECONDS = 10
WATCHED = ('fsync', 'synchronous_commit', 'full_page_writes')


def line(name, value, unit, peer=None, peer_value=None):
    text = f'{name:<28} {value:>12,.2f} {unit:<6}'
    if peer and peer_value:
        text += f'  {peer} {peer_value:,.2f}, ratio {value / peer_value:.1f}'
    print(text.rstrip(), flush=True)


def free_port():
    """Below the range that the kernel draws from for outgoing connections: those would take it meanwhile."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(('127.0.0.1', port))
            except OSError:
                continue
            return port


class Server:
    """A standalone Ferrule with a data folder of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='ferrule-bench-'))
        self.folder.chmod(0o755)
        self.data = self.folder / 'data'
        self.port = free_port()
        self.process = None
        self.uuids = []

    def start(self, options=()):
        """Gives the seconds to the first answer."""
        started = time.monotonic()
        with open(self.folder / 'log', 'ab') as log:
            self.process = subprocess.Popen([BUILD / 'bin' / 'ferrule', 'standalone', '--data-dir', self.data,
                                             '--port', str(self.port), *options], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        while True:
            try:
                if self.call('GET', '/v1')[0] == 200:
                    return time.monotonic() - started
            except (OSError, http.client.HTTPException):
                pass
            if self.process.poll() is not None or time.monotonic() - started > 60:
                sys.exit(f'bench: ferrule standalone does not start:\n{(self.folder / "log").read_text()}')
            time.sleep(0.002)

    def wait_drivers(self):
        while b'fake-hardware' not in self.call('GET', '/v1/drivers')[1]:
            time.sleep(0.05)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        try:
            connection.request(method, path, body=body and json.dumps(body), headers=HEADERS)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def enrol(self, first, last):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        made = []
        for number in range(first, last):
            connection.request('POST', '/v1/nodes', headers=HEADERS,
                               body=json.dumps({'driver': 'fake-hardware', 'name': f'bench-{number}'}))
            answer = connection.getresponse()
            body = json.loads(answer.read())
            if answer.status != 201:
                sys.exit(f'bench: enrolment failed: {body}')
            made.append(body['uuid'])
        connection.close()
        return made

    def enrol_up_to(self, count):
        have = len(self.uuids)
        parts = [(have + (count - have) * part // 8, have + (count - have) * (part + 1) // 8) for part in range(8)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for made in pool.map(lambda part: self.enrol(*part), parts):
                self.uuids += made
        (self.folder / 'uuids').write_text('\n'.join(self.uuids) + '\n')

    def sql(self, statement, database='ferrule'):
        psql = sorted(pathlib.Path('/usr/lib/postgresql').glob('*/bin/psql'), key=lambda p: int(p.parts[4]))[-1]
        done = subprocess.run([psql, '-XqAt', '-h', self.data / 'run', '-U', 'ferrule', database, '-c', statement],
                              capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.strip()

    def wrk(self, kind, clients, seconds=SECONDS, subjects='uuids'):
        return wrk(self.port, kind, clients, seconds, self.folder / subjects)

    def rate(self, kind, clients, subjects='uuids'):
        result = self.wrk(kind, clients, SECONDS, subjects)
        return rate_of(result), result

    def resident_bytes(self, names=('ferrule-api', 'ferrule-conductor'), what='VmRSS'):
        total = 0
        for name in names:
            pid = int((self.data / 'run' / f'{name}.lock').read_text())
            status = pathlib.Path(f'/proc/{pid}/status').read_text()
            total += int(re.search(what + r':\s+(\d+) kB', status).group(1)) * 1024
        return total

    def cpu_us(self):
        """CPU time so far of the API, and of PostgreSQL with all its processes."""
        api = int((self.data / 'run' / 'ferrule-api.lock').read_text())
        postgres = int((self.data / 'postgresql' / 'postmaster.pid').read_text().split()[0])
        children = pathlib.Path(f'/proc/{postgres}/task/{postgres}/children').read_text().split()
        return process_us(api), sum(process_us(pid) for pid in [postgres, *children])


def wrk(port, kind, clients, seconds, subjects, version='1.115'):
    """Runs wrk over the lines of the file `subjects`; gives what load.lua prints."""
    threads = 1 if clients == 1 else 2
    done = subprocess.run(['wrk', f'-t{threads}', f'-c{clients}', f'-d{seconds:g}s', '--timeout', '60s', '-s', LUA,
                           f'http://127.0.0.1:{port}', '--', kind, subjects, version],
                          capture_output=True, text=True, check=True, timeout=seconds + 120)
    result = json.loads(done.stdout.strip().splitlines()[-1])
    if result['bad_status'] or result['broken']:
        print(f'  {kind}: {result["bad_status"]} answers of status 400 or more, {result["broken"]} broken', flush=True)
    return result


def rate_of(result):
    return (result['requests'] - result['bad_status']) / result['seconds']


def process_us(pid):
    try:
        fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    except FileNotFoundError:
        return 0  # it ended since it was listed
    return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf('SC_CLK_TCK')


# What Ironic 39 did on two shared cores with 1,000 nodes; it does not run beside ours here.
def bench_show(server):
    line('show', server.rate('show', 16)[0], '1/s')


def bench_list(server):
    line('list_1000', server.rate('list', 16)[0], '1/s')


def finished_rate(server, kind, name):
    """Accepted by 16 clients, and until the last is finished."""
    first = int(server.sql('SELECT coalesce(max(id), 0) FROM actions'))
    started = time.monotonic()
    accepted, _ = server.rate(kind, 16)
    while server.sql(f'SELECT count(*) FROM actions WHERE id > {first} AND finished_at IS NULL') != '0':
        time.sleep(0.02)
    seconds = time.monotonic() - started
    done = int(server.sql(f"SELECT count(*) FROM actions WHERE id > {first} AND state = 'done'"))
    line(f'{name}_accepted', accepted, '1/s')
    line(f'{name}_finished', done / seconds, '1/s')


def bench_power(server):
    finished_rate(server, 'power', 'power')


def bench_passthru_exclusive(server):
    line('passthru_exclusive_16', server.rate('passthru_exclusive', 16)[0], '1/s')


def bench_passthru_shared(server):
    finished_rate(server, 'passthru_shared', 'passthru_shared')


def bench_validate_shared(server):
    """A synchronous action under the shared lock: the way of a synchronous passthru with it."""
    line('validate_shared_16', server.rate('validate', 16)[0], '1/s')


def bench_driver_passthru(server):
    """Through to a simulated BMC and back."""
    port = free_port()
    rack = server.folder / 'rack.ini'
    rack.write_text(f'[bench]\nprotocol = redfish\nlisten = 127.0.0.1:{port}\nuser = admin\npassword = bench\n')
    bmcsim = subprocess.Popen([BUILD / 'bin' / 'bmcsim', '--rack', rack], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE)
    try:
        bmcsim.stdout.readline()
        (server.folder / 'target').write_text(f'http://127.0.0.1:{port}\n')
        line('driver_passthru_16', server.rate('driver_passthru', 16, 'target')[0], '1/s')
    finally:
        bmcsim.terminate()
        bmcsim.wait(20)


def bench_passthru_latency(server):
    result = server.wrk('passthru_exclusive', 1)
    line('passthru_p50_1', result['p50_ms'], 'ms')
    line('passthru_p99_1', result['p99_ms'], 'ms')


def load_nodes(server, count):
    """So many more, as full as real ones: what a page of 1,000 shows of them in detail is 2.6 MB."""
    kinds = 'bios boot console deploy firmware inspect management network power raid rescue storage vendor'.split()
    columns = ', '.join(f'{kind}_interface' for kind in kinds)
    values = ', '.join("'noop'" if kind in ('network', 'storage') else "'fake'" for kind in kinds)
    server.sql(f"""INSERT INTO nodes (uuid, name, driver, power_state, provision_state, resource_class, owner,
                                      properties, driver_info, extra, {columns})
        SELECT gen_random_uuid(), 'loaded-' || i, 'fake-hardware', (ARRAY['power on', 'power off', NULL])[1 + i % 3],
            (ARRAY['enroll', 'manageable', 'available', 'active'])[1 + i % 4], 'class-' || i % 50, 'owner-' || i % 100,
            '{{"cpus":32,"memory_mb":131072,"local_gb":800,"cpu_arch":"x86_64","capabilities":"boot_mode:uefi"}}',
            format('{{"redfish_address":"https://bmc-%s.example.com","redfish_username":"admin",'
                   '"redfish_password":"secret"}}', i)::json,
            format('{{"rack":"r%s","unit":%s}}', i / 40, i % 40)::json, {values}
        FROM generate_series(1, {count}) i""")
    server.sql('VACUUM ANALYZE nodes')


def start_peer(server):
    """Ironic with as many nodes, or None: it is not installed, or does not start."""
    if not ironic_peer.is_installed():
        return None
    server.sql('CREATE DATABASE ironic')
    peer = ironic_peer.Ironic(server.folder / 'ironic', server.data / 'run', (free_port(), free_port()), server.sql)
    if peer.start():
        (server.folder / 'ironic-scale').write_text(peer.load(SCALE_NODES) + '\n')
        return peer
    print(f'  ironic-api does not start: {(peer.folder / "log").read_text()[-500:]}')
    peer.stop()
    return None


def peer_rate(server, peer, kind):
    """A few clients keep it as busy as many, and have their answers within the time."""
    return rate_of(wrk(peer.port, kind, 4, PEER_SECONDS, server.folder / 'ironic-scale', ironic_peer.VERSION))


def bench_scale(server, peer):
    for name, kind, clients in (('show', 'show', 16), ('page_1000', 'page', 16),
                                ('page_1000_detail', 'page_detail', 16), ('patch', 'patch', 16),
                                ('patch_64', 'patch', 64), ('create', 'create', 16), ('create_64', 'create', 64)):
        before = server.cpu_us()
        rate, result = server.rate(kind, clients, 'scale')
        after = server.cpu_us()
        beside = peer and peer_rate(server, peer, kind)
        line(f'scale_{name}', rate, '1/s', 'ironic-api', beside)
        for who, start, end in zip(('api', 'postgresql'), before, after):
            line(f'scale_{name}_{who}', max(0, end - start) / max(1, result['requests']), 'us')
    line('scale_rss_api', server.resident_bytes(['ferrule-api']) / 1e6, 'MB', 'ironic-api',
         peer and peer.resident_bytes() / 1e6)


def stall(server, count):
    """So many readers that ask for a list and do not read it."""
    readers = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(count)]
    for reader in readers:
        reader.sendall(b'GET /v1/nodes/detail?limit=1000 HTTP/1.1\r\nHost: bench\r\n'
                       b'X-OpenStack-Ironic-API-Version: 1.115\r\n\r\n')
    for reader in readers:
        reader.recv(1)
    time.sleep(1)
    for reader in readers:
        reader.close()


def bench_lists(server):
    """With 100,000 nodes, with the CPU time that each request takes of API and PostgreSQL."""
    load_nodes(server, SCALE_NODES - len(server.uuids))
    (server.folder / 'scale').write_text(server.sql('SELECT uuid FROM nodes ORDER BY random() LIMIT 10000') + '\n')
    peer = start_peer(server)
    try:
        bench_scale(server, peer)
    finally:
        if peer:
            peer.stop()
    server.wrk('page_detail', 128, subjects='scale')
    line('scale_rss_api_128_lists', server.resident_bytes(['ferrule-api'], 'VmHWM') / 1e6, 'MB')
    stall(server, 128)
    line('scale_rss_api_128_stalled', server.resident_bytes(['ferrule-api'], 'VmHWM') / 1e6, 'MB')


def bench_rss(server):
    server.enrol_up_to(MANY_NODES)
    server.wrk('show', 16, 1)
    server.wrk('power', 16, 1)
    line('rss_10000_nodes', server.resident_bytes() / 1e6, 'MB')
    line('rss_10000_nodes_api', server.resident_bytes(['ferrule-api']) / 1e6, 'MB')


def bench_start(server):
    server.stop()
    line('first_answer', min(restart(server) for _ in range(3)), 's')


def restart(server):
    server.stop()
    return server.start()


def bench_bus(server):
    server.sql('CREATE DATABASE bus')
    subprocess.run([BUILD / 'bin' / 'bench_bus', f'host={server.data / "run"} user=ferrule dbname=bus', f'{SECONDS:g}'],
                   check=True, timeout=300)


SERVED = {'show': bench_show, 'list_1000': bench_list, 'power': bench_power,
          'passthru_exclusive_16': bench_passthru_exclusive, 'passthru_shared': bench_passthru_shared,
          'validate_shared_16': bench_validate_shared,
          'driver_passthru_16': bench_driver_passthru, 'passthru_p50_1': bench_passthru_latency,
          'rss_10000_nodes': bench_rss, 'first_answer': bench_start,
          'bus': bench_bus, 'scale': bench_lists}


LONG = 'power_sync'  # minutes: only when it is named


def wanted(name, names):
    return not names or any(word in name for word in names)


def served(names):
    server = Server()
    try:
        server.start()
        server.wait_drivers()
        for setting in WATCHED:
            print(f'postgresql {setting} = {server.sql(f"SHOW {setting}")}')
        server.enrol_up_to(NODES)
        server.sql('VACUUM ANALYZE nodes')
        for name in names:
            SERVED[name](server)
    finally:
        server.remove()


def main():
    names = sys.argv[1:]
    if LONG in names:
        subprocess.run(['/usr/bin/python3', pathlib.Path(__file__).with_name('power_sync.py')], check=True)
        names = [name for name in names if name != LONG]
        if not names:
            return
    chosen = [name for name in SERVED if wanted(name, names)]
    scripts = [name for name in ('expether', 'visible') if wanted(name, names)]
    programs = [path for path in sorted((BUILD / 'bin').glob('bench_*'))
                if wanted(path.name, names) and path.name != 'bench_bus']
    if not chosen and not programs and not scripts:
        sys.exit(f'no figure contains {" or ".join(names)}')
    print(f'# {os.cpu_count()} cores, {SECONDS:g} s a figure')
    if chosen:
        served(chosen)
    for name in scripts:
        subprocess.run(['/usr/bin/python3', pathlib.Path(__file__).with_name(f'{name}.py')], check=True, timeout=300)
    for program in programs:
        subprocess.run([program], check=True, timeout=300)


if __name__ == '__main__':
    main()
