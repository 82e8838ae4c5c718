#!/usr/bin/python3
"""power_sync.py: the power sync of one conductor over a simulated fleet, with 1 % of the BMCs dead, then with 20 %.

    FERRULE_BENCH_IPMI=10000 FERRULE_BENCH_REDFISH=1000 FERRULE_BENCH_TLS=0 FERRULE_BENCH_INTERVAL=60 \
        tools/bench power_sync

BMCs answer after 0.5 s (median of 0.2 to 1.2 s), one in a hundred after 2 s (IPMI, each datagram) or 20 s (Redfish,
each request); dead ones say nothing. Ages are the conductor's own figures of its healthy nodes, the highest p99 of one
interval; CPU and memory are those of ferrule-conductor alone. The simulator and PostgreSQL run on the same cores.
"""
import os
import pathlib
import random
import re
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import run  # pylint: disable=wrong-import-position

IPMI = int(os.environ.get('FERRULE_BENCH_IPMI', '10000'))
REDFISH = int(os.environ.get('FERRULE_BENCH_REDFISH', '1000'))
IS_TLS = os.environ.get('FERRULE_BENCH_TLS', '0') == '1'
INTERVAL_S = int(os.environ.get('FERRULE_BENCH_INTERVAL', '60'))
RACKS = 2  # processes of bmcsim: a process has a limited number of descriptors
TICKS = os.sysconf('SC_CLK_TCK')


class Fleet:
    """BMCs on addresses of 127/8, so that ports do not run out."""

    def __init__(self, folder):
        self.folder = folder
        self.bmcs = []
        self.processes = []
        draw = random.Random(7)
        for number in range(IPMI + REDFISH):
            is_ipmi = number < IPMI
            slow = 2000 if is_ipmi else 20000
            self.bmcs.append({'name': f'b{number}', 'protocol': 'ipmi' if is_ipmi else 'redfish',
                              'host': f'127.9.{number // 250}.{number % 250 + 1}',
                              'port': 6230 if is_ipmi else 8000,
                              'latency_ms': slow if draw.random() < 0.01
                              else int(min(1200, max(200, draw.gauss(500, 150)))),
                              'key': draw.random()})

    def start(self, dead):
        """Those with the lowest keys are dead: the dead of 1 % are among those of 20 %."""
        self.stop()
        for rack in range(RACKS):
            path = self.folder / f'rack-{rack}.ini'
            with open(path, 'w') as out:
                for bmc in self.bmcs[rack::RACKS]:
                    out.write(f'[{bmc["name"]}]\nprotocol = {bmc["protocol"]}\nlisten = {bmc["host"]}:{bmc["port"]}\n'
                              f'user = admin\npassword = bench\n'
                              f'{"tls = true" if IS_TLS and bmc["protocol"] == "redfish" else "# no TLS"}\n'
                              f'latency_ms = {bmc["latency_ms"]}\n'
                              f'loss_percent = {100 if bmc["key"] < dead else 0}\n')
            log = open(self.folder / f'bmcsim-{rack}.log', 'wb')
            self.processes.append(subprocess.Popen([run.BUILD / 'bin' / 'bmcsim', '--rack', path],
                                                   stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL))
        for process in self.processes:
            if b'ready' not in process.stdout.readline():
                sys.exit('bench: bmcsim does not start')

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait(30)
        self.processes = []

    def enrol(self, server):
        rows = []
        for bmc in self.bmcs:
            if bmc['protocol'] == 'ipmi':
                info = (f'{{"ipmi_address": "{bmc["host"]}", "ipmi_port": {bmc["port"]}, "ipmi_username": "admin", '
                        f'"ipmi_password": "bench"}}')
            else:
                info = (f'{{"redfish_address": "http{"s" if IS_TLS else ""}://{bmc["host"]}:{bmc["port"]}", '
                        f'"redfish_username": "admin", "redfish_password": "bench", "redfish_verify_ca": false}}')
            driver = bmc['protocol']
            rows.append(f"(gen_random_uuid(), '{bmc['name']}', '{driver}', '{info}', 'manageable', 'power on', "
                        f"'{'ipmitool' if driver == 'ipmi' else 'redfish'}', "
                        f"'{'ipmitool' if driver == 'ipmi' else 'redfish'}')")
        for first in range(0, len(rows), 500):
            server.sql('INSERT INTO nodes (uuid, name, driver, driver_info, provision_state, power_state,'
                       ' power_interface, management_interface) VALUES ' + ', '.join(rows[first:first + 500]))
        server.sql('VACUUM ANALYZE nodes')


def figures(port):
    with urllib.request.urlopen(f'http://127.0.0.1:{port}/metrics', timeout=10) as answer:
        text = answer.read().decode()
    return {match[1]: float(match[2]) for match in re.finditer(r'^(\S+) (\S+)$', text, re.M)}


def measure(port, seconds):
    """The worst p99 of the healthy over that time, CPU in cores, resident bytes, readings a second."""
    first = figures(port)
    started = time.monotonic()
    worst = 0
    while time.monotonic() - started < seconds:
        time.sleep(2)
        now = figures(port)
        worst = max(worst, now['ferrule_power_sync_age_seconds{class="healthy",quantile="0.99"}'])
    elapsed = time.monotonic() - started
    read = 'ferrule_power_sync_readings_total{result="read"}'
    return {'p99_s': worst, 'cpu': (now['process_cpu_seconds_total'] - first['process_cpu_seconds_total']) / elapsed,
            'rss': now['process_resident_memory_bytes'], 'rate': (now.get(read, 0) - first.get(read, 0)) / elapsed,
            'healthy': now['ferrule_power_sync_nodes{class="healthy"}'],
            'suspect': now['ferrule_power_sync_nodes{class="suspect"}'],
            'reading': now['ferrule_power_sync_reading']}


def report(name, seen):
    print(f'# {name}: {seen["healthy"]:.0f} healthy, {seen["suspect"]:.0f} suspect, {seen["reading"]:.0f} being read, '
          f'{seen["rate"]:.0f} readings/s', flush=True)
    run.line(f'power_sync_p99_{name}', seen['p99_s'], 's')
    run.line(f'power_sync_cpu_{name}', seen['cpu'], 'cores')
    run.line(f'power_sync_rss_{name}', seen['rss'] / 1e6, 'MB')


def configure(server, port):
    path = server.folder / 'bench.conf'
    path.write_text(f'[conductor]\nmetrics_port = {port}\nsync_power_state_interval = {INTERVAL_S}\n'
                    'power_state_sync_max_retries = 1000\n')
    return ['--config', path]


def main():
    server = run.Server()
    fleet = Fleet(server.folder)
    port = run.free_port()
    tls = " over TLS" if IS_TLS else ""
    print(f'# power_sync: {IPMI} IPMI and {REDFISH} Redfish BMCs{tls}, every {INTERVAL_S} s; load before '
          f'{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores', flush=True)
    try:
        fleet.start(0.01)
        server.start(configure(server, port))
        fleet.enrol(server)
        time.sleep(2.8 * INTERVAL_S + 10)  # the slow ones need three requests of 20 s at first
        report('1_dead', measure(port, INTERVAL_S))
        fleet.start(0.2)
        time.sleep(3 * INTERVAL_S + 45)  # each of the dead must have failed twice
        report('20_dead', measure(port, INTERVAL_S))
    finally:
        server.remove()
        fleet.stop()


if __name__ == '__main__':
    main()
