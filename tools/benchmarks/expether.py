#!/usr/bin/python3
"""expether.py: the sync of 10,000 devices on 20 ExpEther managers, all new and then unchanged, and an attach.

Wall time of a sync is the database's, from the first manager taken to the last one stored; CPU is that of
ferrule-conductor alone. An attach is compared with the three requests that the manager gets for it, sent directly.
"""
import base64
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import run  # pylint: disable=wrong-import-position

MANAGERS, CARDS, ATTACHES = 20, 500, 200
TICKS = os.sysconf('SC_CLK_TCK')
BASIC = {'Authorization': 'Basic ' + base64.b64encode(b'admin:eemeem').decode(), 'Content-Type': 'application/json'}
HOST, CARD = '0xb00000000001', '0xa00000000001'


class Managers:
    """One bmcsim with all of them."""

    def __init__(self, folder):
        self.ports = [run.free_port() for _ in range(MANAGERS)]
        rack = folder / 'rack.ini'
        rack.write_text(''.join(f'[eem-{n}]\nprotocol = eem\nlisten = 127.0.0.1:{port}\nuser = admin\n'
                                f'password = eemeem\ncards = {CARDS}\n' for n, port in enumerate(self.ports)))
        with open(folder / 'bmcsim.log', 'wb') as log:
            self.process = subprocess.Popen([run.BUILD / 'bin' / 'bmcsim', '--rack', rack], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        while b'ready' not in (folder / 'bmcsim.log').read_bytes():
            if self.process.poll() is not None:
                sys.exit('bench: bmcsim does not start')
            time.sleep(0.02)

    def url(self, number):
        return f'http://127.0.0.1:{self.ports[number]}/eem'

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def cpu_seconds(server):
    pid = int((server.data / 'run' / 'ferrule-conductor.lock').read_text())
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def sync_all(server):
    """Seconds of wall time and of CPU."""
    before = cpu_seconds(server)
    server.sql('UPDATE pod_managers SET is_sync_asked = true, synced_at = NULL')
    while server.sql('SELECT count(*) FROM pod_managers WHERE synced_at IS NULL').strip() != '0':
        time.sleep(0.05)
    wall = server.sql('SELECT extract(epoch FROM max(synced_at) - min(sync_taken_at)) FROM pod_managers')
    time.sleep(0.2)
    return float(wall), cpu_seconds(server) - before


def bench_sync(server, managers):
    for number in range(MANAGERS):
        status, _ = server.call('POST', '/v1/drivers/expether/vendor_passthru?method=sync_devices', {
            'address': managers.url(number), 'username': 'admin', 'password': 'eemeem'})
        if status != 200:
            sys.exit(f'bench: sync_devices answers {status}')
    sync_all(server)
    wall, cpu = sync_all(server)
    run.line('expether_sync_same', wall * 1000, 'ms')
    run.line('expether_sync_same_cpu', cpu * 1000, 'ms')
    server.sql('DELETE FROM devices')
    wall, cpu = sync_all(server)
    count = int(server.sql('SELECT count(*) FROM devices'))
    if count != MANAGERS * CARDS:
        sys.exit(f'bench: {count} devices are recorded')
    run.line('expether_sync_new', wall * 1000, 'ms')
    run.line('expether_sync_new_cpu', cpu * 1000, 'ms')


def timed(connection, steps, headers):
    """Seconds of the steps together, each a method, a path and a body."""
    started = time.perf_counter()
    for method, path, body in steps:
        connection.request(method, path, body=json.dumps(body) if body else None, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            sys.exit(f'bench: {method} {path}: {answer.status} {text[:300]}')
    return time.perf_counter() - started


def bench_attach(server, managers):
    status, _ = server.call('POST', '/v1/nodes', {'driver': 'expether', 'name': 'n1', 'driver_info': {
        'expether_address': managers.url(0), 'expether_username': 'admin', 'expether_password': 'eemeem',
        'expether_eesv_id': HOST}})
    if status != 201:
        sys.exit(f'bench: the node is answered {status}')
    ours = http.client.HTTPConnection('127.0.0.1', server.port)
    theirs = http.client.HTTPConnection('127.0.0.1', managers.ports[0])
    path = '/v1/nodes/n1/vendor_passthru?method='
    attach = [('POST', path + 'attach_device', {'device_id': CARD})]
    detach = [('POST', path + 'detach_device', {'device_id': CARD})]
    timed(ours, attach + detach, run.HEADERS)
    group = [('GET', f'/eem/devices/{HOST}', None), ('GET', '/eem/devices?status=eeio&group_id=16', None),
             ('PUT', f'/eem/devices/{CARD}/group_id', {'group_id': '16'})]
    free = [('DELETE', f'/eem/devices/{CARD}/group_id', None)]
    times, direct = [], []
    for _ in range(ATTACHES):
        times.append(timed(ours, attach, run.HEADERS))
        timed(ours, detach, run.HEADERS)
        direct.append(timed(theirs, group, BASIC))
        timed(theirs, free, BASIC)
    run.line('expether_attach_p50', statistics.median(times) * 1000, 'ms', 'three requests',
             statistics.median(direct) * 1000)


def main():
    server = run.Server()
    managers = None
    config = server.folder / 'expether.conf'
    config.write_text('[DEFAULT]\nenabled_hardware_types = expether,fake-hardware\n')
    try:
        managers = Managers(server.folder)
        server.start(['--config', str(config)])
        server.wait_drivers()
        bench_sync(server, managers)
        bench_attach(server, managers)
    finally:
        server.stop()
        if managers:
            managers.stop()
        server.remove()


if __name__ == '__main__':
    main()
