#!/usr/bin/python3
"""visible.py: how long after the poll that sees it a change of power shows in the API.

A simulated BMC is switched behind the service's back. The time of the poll is that of the first read request that the
BMC logs after that; the change is visible when GET /v1/nodes/{id} says it.
"""
import base64
import http.client
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import run  # pylint: disable=wrong-import-position

CHANGES = 20
SYSTEM = '/redfish/v1/Systems'
BASIC = {'Authorization': 'Basic ' + base64.b64encode(b'admin:bench').decode(), 'Content-Type': 'application/json'}


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)  # bmcsim's


def ask(connection, method, path, body=None, headers=run.HEADERS):
    connection.request(method, path, body=body and json.dumps(body), headers=headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 400:
        sys.exit(f'bench: {method} {path}: {answer.status} {text[:500]}')
    return json.loads(text) if text else None


def first_poll(log, after_ns):
    for text in log.read_text().splitlines():
        entry = json.loads(text)
        if entry['time_ns'] > after_ns and entry['what'].startswith('GET ') and entry['status'] == 200:
            return entry['time_ns']
    return None


def main():
    server = run.Server()
    port = run.free_port()
    log = server.folder / 'bmcsim.jsonl'
    (server.folder / 'rack.ini').write_text(f'[bench]\nprotocol = redfish\nlisten = 127.0.0.1:{port}\n'
                                            'user = admin\npassword = bench\n')
    (server.folder / 'bench.conf').write_text('[conductor]\nsync_power_state_interval = 1\n'
                                             'force_power_state_during_sync = false\n')
    bmcsim = subprocess.Popen([run.BUILD / 'bin' / 'bmcsim', '--rack', server.folder / 'rack.ini', '--log', log],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        bmcsim.stdout.readline()
        server.start(['--config', server.folder / 'bench.conf'])
        server.wait_drivers()
        bmc, api = (http.client.HTTPConnection('127.0.0.1', number, timeout=30) for number in (port, server.port))
        system = ask(bmc, 'GET', SYSTEM, headers=BASIC)['Members'][0]['@odata.id']
        ask(api, 'POST', '/v1/nodes', {'name': 'bench', 'driver': 'redfish', 'driver_info': {
            'redfish_address': f'http://127.0.0.1:{port}', 'redfish_username': 'admin', 'redfish_password': 'bench'}})
        ask(api, 'PUT', '/v1/nodes/bench/states/provision', {'target': 'manage'})
        node = '/v1/nodes/bench?fields=power_state,provision_state'
        while ask(api, 'GET', node)['provision_state'] != 'manageable':
            time.sleep(0.05)
        lags = []
        for number in range(CHANGES):
            is_on = ask(bmc, 'GET', system, headers=BASIC)['PowerState'] == 'On'
            ask(bmc, 'POST', f'{system}/Actions/ComputerSystem.Reset',
                {'ResetType': 'ForceOff' if is_on else 'On'}, BASIC)
            changed_ns = now_ns()
            wanted = 'power off' if is_on else 'power on'
            while ask(api, 'GET', node)['power_state'] != wanted:
                time.sleep(0.0005)
            lags.append((now_ns() - first_poll(log, changed_ns)) / 1e6)
            time.sleep(0.1 * (number % 5))
        run.line('power_visible_p50', statistics.median(lags), 'ms')
        run.line('power_visible_max', max(lags), 'ms')
    finally:
        server.remove()
        bmcsim.terminate()
        bmcsim.wait(20)


if __name__ == '__main__':
    main()
