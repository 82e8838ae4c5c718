"""What operators see: metrics of both programs, who holds a lock and how it is broken, waiting in line, and the
stream of changes."""
import re
import time

import harness


def scrape(url):
    """{'name{labels}': value} of an exposition, checked line by line against the format's grammar."""
    answer = harness.call('GET', url, version=None, headers={'Accept': 'text/plain;version=0.0.4;q=0.5'})
    assert answer.status == 200, answer
    assert answer.headers['content-type'] == 'text/plain; version=0.0.4; charset=utf-8', answer.headers
    series, types = {}, {}
    for line in answer.text.splitlines():
        if line.startswith('# TYPE '):
            name, kind = line.split()[2:]
            assert name not in types, f'{name} twice'
            types[name] = kind
            continue
        if line.startswith('# HELP '):
            continue
        match = re.fullmatch(r'([a-z_:]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? ([-+0-9.eInfNa]+)', line)
        assert match, line
        family = re.sub('_(bucket|sum|count)$', '', match[1])
        assert match[1] in types or types.get(family) == 'histogram', line
        key = match[1] + (match[2] or '')
        assert key not in series, f'{key} twice'
        series[key] = float(match[3])
    return series


def test_metrics_of_the_api(env):
    server = env.standalone()
    server.create_fake('n')
    for _ in range(3):
        server.node('n')
    assert server.get('/v1/nodes/absent').status == 404
    assert server.get('/v1/no/such/thing').status == 404
    assert server.power('n').status == 202
    server.wait_power('n')
    seen = scrape(server.url + '/metrics')
    assert seen['ferrule_http_requests_total{method="GET",route="/v1/nodes/{}",status="200"}'] >= 3
    assert seen['ferrule_http_requests_total{method="GET",route="/v1/nodes/{}",status="404"}'] == 1
    assert seen['ferrule_http_requests_total{method="GET",route="none",status="404"}'] == 1
    assert seen['ferrule_http_requests_total{method="PUT",route="/v1/nodes/{}/states/power",status="202"}'] == 1
    assert seen['ferrule_http_request_seconds_count{method="GET",route="/v1/nodes/{}"}'] >= 4
    assert seen['ferrule_dispatched_total{kind="power",outcome="done"}'] == 1
    assert sum(value for key, value in seen.items() if key.startswith('ferrule_nodes{')) == 1
    assert seen['ferrule_conductors{state="live"}'] == 1
    assert seen['ferrule_db_up'] == 1 and seen['ferrule_db_connections'] >= 1
    assert seen['process_resident_memory_bytes'] > 1e6 and seen['process_cpu_seconds_total'] > 0
    answer = harness.call('POST', server.url + '/metrics', {})
    assert answer.status == 405, answer


def test_metrics_of_the_conductor(env):
    port = harness.free_port()
    server = env.standalone({'conductor': {'metrics_port': port, 'sync_power_state_interval': '1'},
                             'fake': {'power_delay': '1'}})
    url = f'http://127.0.0.1:{port}/metrics'
    server.create_fake('n')
    assert server.power('n').status == 202
    assert server.power('n', 'power off').status == 202
    assert scrape(url)['ferrule_workers_busy'] >= 1
    server.wait_power('n', 'power off')
    seen = scrape(url)
    assert seen['ferrule_actions_total{kind="power",state="done"}'] == 2, seen
    line = 'ferrule_action_line_seconds_{}{{kind="power",lock="exclusive"}}'
    assert seen[line.format('count')] == 2 and 0.5 < seen[line.format('sum')] < 5, seen
    run = 'ferrule_action_run_seconds_sum{kind="power",lock="exclusive"}'
    assert seen[run] >= 2, seen[run]
    assert seen['ferrule_workers'] == 300
    assert 0 < seen['ferrule_lease_trust_seconds'] <= 8
    assert harness.call('GET', url.replace('metrics', 'other')).status == 404
    assert harness.call('POST', url, {}).status == 405


def test_metrics_count_bmcs(env):
    port = harness.free_port()
    rack = env.rack({'i': {'protocol': 'ipmi'}, 'r': {'protocol': 'redfish'}})
    server = env.standalone({'conductor': {'metrics_port': port}})
    server.ok('POST', '/v1/nodes', {'name': 'i', 'driver': 'ipmi', 'driver_info': {
        'ipmi_address': '127.0.0.1', 'ipmi_port': rack.port('i'), 'ipmi_username': 'admin',
        'ipmi_password': 'rack-password'}})
    server.ok('POST', '/v1/nodes', {'name': 'r', 'driver': 'redfish', 'driver_info': {
        'redfish_address': f'http://127.0.0.1:{rack.port("r")}', 'redfish_username': 'admin',
        'redfish_password': 'wrong-password'}})
    server.power('i')
    server.wait_power('i')
    server.power('r')
    harness.eventually(lambda: server.node('r')['last_error'], 20)
    seen = scrape(f'http://127.0.0.1:{port}/metrics')
    assert seen['ferrule_bmc_trip_seconds_count{driver="ipmi"}'] >= 2, seen
    assert seen['ferrule_bmc_trip_seconds_count{driver="redfish"}'] >= 1, seen
    assert seen['ferrule_bmc_errors_total{driver="redfish",error="auth"}'] >= 1, seen
    assert 'password' not in str(seen)


if __name__ == '__main__':
    harness.main()
