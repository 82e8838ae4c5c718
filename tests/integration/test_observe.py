"""What operators see: metrics of both programs, who holds a lock and how it is broken, waiting in line, and the
stream of changes."""
import http.client
import json
import re
import socket
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


def test_lock_shows_holder_and_line(env):
    server = env.standalone({'fake': {'power_delay': '3'}})
    node = server.create_fake('n')
    free = server.ok('GET', '/v1/nodes/n/lock')
    assert free['holder'] is None and free['queue'] == [] and free['node_uuid'] == node['uuid'], free
    first = server.power('n')
    in_line = [harness.Load(lambda target=target: server.call(
        'PUT', '/v1/nodes/n/states/power', {'target': target}, headers={'Prefer': 'wait=30'}), threads=1)
        for target in ('power off',)]
    seen = harness.eventually(lambda: (lambda lock: lock if lock['queue'] else None)(
        server.ok('GET', f'/v1/nodes/{node["uuid"]}/lock')), 3, what='somebody in line')
    holder = seen['holder']
    assert first.headers['ferrule-action'].endswith(holder['action']), (first.headers, holder)
    assert holder['purpose'] == 'power' and holder['host'] == server.node('n')['reservation'], holder
    assert holder['instance_state'] == 'live' and holder['is_accepted'] and holder['stop_asked'] is None, holder
    assert holder['request_id'] == first.headers['openstack-request-id'], holder
    assert 0 <= holder['age_s'] < 3 and seen['epoch'] == 1, seen
    assert seen['queue'][0]['purpose'] == 'power' and 'token' not in str(seen), seen
    for load in in_line:
        load.is_over.set()
    server.wait_power('n', 'power off')
    assert server.get('/v1/nodes/absent/lock').status == 404


@harness.timeout(180)
def test_lock_broken_while_its_holder_lives(env):
    server = env.standalone({'fake': {'power_delay': '60'}})
    server.create_fake('n')
    assert server.call('DELETE', '/v1/nodes/n/lock').status == 404
    action = server.power('n').headers['ferrule-action']
    answer = server.call('DELETE', '/v1/nodes/n/lock')
    assert answer.status == 202 and answer.headers['location'].endswith('/v1/nodes/n/lock'), answer.headers
    broken = answer.headers['ferrule-action']
    harness.eventually(lambda: server.node('n')['reservation'] is None, 8, what='the lock free')
    ended = harness.eventually(lambda: (lambda a: a if a['finished_at'] else None)(server.ok('GET', broken)), 5)
    assert ended['kind'] == 'lock_break' and ended['state'] == 'done', ended
    assert ended['result']['outcome'] == 'its holder has stopped', ended
    stopped = server.ok('GET', action)
    assert stopped['state'] in ('failed', 'unknown'), stopped
    assert 'the lock was broken by request req-' in stopped['error'], stopped
    history = server.ok('GET', '/v1/nodes/n/history?detail=true')['history']
    assert any('was broken by request req-' in row['event'] and 'for power' in row['event'] for row in history), history


@harness.timeout(180)
def test_lock_that_nobody_holds_is_broken_after_the_watch(env):
    server = env.standalone({'conductor': {'beat': '0.3', 'hold': '2', 'flight': '1', 'watch': '3'}})
    server.create_fake('n')
    server.psql("UPDATE nodes SET reservation = 'elsewhere' WHERE name = 'n'")
    seen = server.ok('GET', '/v1/nodes/n/lock')
    assert seen['holder'] == {'host': 'elsewhere', 'action': None, 'purpose': None}, seen
    started = time.monotonic()
    answer = server.call('DELETE', '/v1/nodes/n/lock')
    assert answer.status == 202, answer
    harness.eventually(lambda: server.node('n')['reservation'] is None, 10, what='the lock free')
    assert time.monotonic() - started >= 2.9, 'a break is never instant'
    assert server.power('n').status == 202
    server.wait_power('n')


@harness.timeout(180)
def test_lock_of_a_stuck_holder_is_broken_by_force(env):
    server = env.standalone({'conductor': {'beat': '0.3', 'hold': '2', 'flight': '1', 'watch': '3'}})
    server.create_fake('n')
    server.psql("""
        INSERT INTO conductors (instance, hostname, pools, drivers)
          VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 'stuck', '{}', '{}');
        INSERT INTO actions (uuid, node_id, node_uuid, kind, exclusive, on_crash, pool, target, state, instance,
                             token, epoch, attempt, started_at, accepted_at)
          SELECT 'aaaaaaaa-0000-4000-8000-000000000002', id, uuid, 'power', true, 'repeat', ':fake-hardware', 'stuck',
                 'running', 'aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000003', 1, 1,
                 now(), now() FROM nodes;
        UPDATE nodes SET reservation = 'stuck', lock_token = 'aaaaaaaa-0000-4000-8000-000000000003', lock_epoch = 1,
          lock_action = (SELECT max(id) FROM actions), target_power_state = 'power on'""")
    beating = harness.Load(lambda: (server.psql("UPDATE conductors SET beat = beat + 1 WHERE hostname = 'stuck'"),
                                    time.sleep(0.3)), threads=1)
    time.sleep(4)
    assert server.node('n')['reservation'] == 'stuck', 'a conductor that beats is not taken over'
    broken = server.call('DELETE', '/v1/nodes/n/lock').headers['ferrule-action']
    harness.eventually(lambda: 'was broken by request' in (server.ok('GET', '/v1/nodes/n/lock')['holder']['stop_asked']
                                                           or ''), 10, what='the holder asked to stop')
    ended = harness.eventually(lambda: (lambda a: a if a['finished_at'] else None)(server.ok('GET', broken)), 20)
    beating.is_over.set()
    assert ended['result']['outcome'] == 'its holder did not stop, the outcome is unknown', ended
    action = server.ok('GET', '/v1/actions/aaaaaaaa-0000-4000-8000-000000000002')
    assert action['state'] == 'unknown' and 'is not known' in action['error'], action
    node = harness.eventually(lambda: (lambda n: n if not n['reservation'] else None)(server.node('n')), 10)
    assert 'is not known' in node['last_error'] and node['target_power_state'] is None, node
    assert server.power('n').status == 202
    server.wait_power('n')


def test_prefer_wait_and_retry_after(env):
    server = env.standalone()
    server.create_fake('n')
    server.psql("UPDATE nodes SET reservation = 'elsewhere' WHERE name = 'n'")
    for call in (('PUT', '/v1/nodes/n/states/power', {'target': 'power on'}),
                 ('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/extra/a', 'value': 1}])):
        started = time.monotonic()
        answer = server.call(*call, headers={'Prefer': 'respond-async, wait=0'})
        assert answer.status == 409 and time.monotonic() - started < 1.5, answer
        assert answer.headers['preference-applied'] == 'wait=0', answer.headers
        assert answer.headers['retry-after'] == '1', answer.headers
    started = time.monotonic()
    answer = server.call('PUT', '/v1/nodes/n/states/power', {'target': 'power on'}, headers={'Prefer': 'wait=4'})
    assert answer.status == 409 and 3.5 < time.monotonic() - started < 7, answer
    answer = server.power('n')
    assert answer.status == 409 and 'preference-applied' not in answer.headers, answer.headers
    server.psql("UPDATE nodes SET reservation = NULL WHERE name = 'n'")
    assert server.power('n').status == 202


class Stream:
    """A reader of server-sent events, by the rules of the HTML standard."""

    def __init__(self, url, last=None, query=''):
        host, port = url.removeprefix('http://').split(':')
        self.connection = http.client.HTTPConnection(host, int(port), timeout=30)
        headers = {'Accept': 'text/event-stream', 'X-OpenStack-Ironic-API-Version': harness.VERSION,
                   **({'Last-Event-ID': last} if last else {})}
        self.connection.request('GET', '/v1/changes' + query, headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.headers['content-type'] == 'text/event-stream'
        self.last = last

    def next(self):
        """The next event with data; None at the end of the stream."""
        event, data, place = None, [], None
        while True:
            line = self.response.readline().decode()
            if not line:
                return None
            name, _, value = line.rstrip('\n').partition(':')
            value = value.removeprefix(' ')
            if name == 'id':
                place = value
            elif name == 'event':
                event = value
            elif name == 'data':
                data.append(value)
            elif line == '\n':
                self.last = place or self.last
                if data:
                    return event, json.loads('\n'.join(data))

    def take(self, count):
        return [self.next()[1] for _ in range(count)]

    def close(self):
        self.connection.close()


def seen_states(changes):
    return [(c['power_state'], c['target_power_state']) for c in changes]


def test_changes_tell_what_happens(env):
    server = env.standalone()
    stream = Stream(server.url)
    node = server.create_fake('n', extra={'line': 'one\ntwo'})
    created = stream.next()[1]
    assert created['change'] == 'created' and created['uuid'] == node['uuid'] and created['name'] == 'n', created
    started = time.monotonic()
    assert server.power('n').status == 202
    changes = stream.take(2)
    assert time.monotonic() - started < 2
    assert seen_states(changes) == [(None, 'power on'), ('power on', None)], changes
    assert changes[0]['version'] < changes[1]['version'], changes
    server.ok('PUT', '/v1/nodes/n/maintenance', {'reason': 'a "quoted"\nreason'})
    assert stream.next()[1]['maintenance'] is True
    server.ok('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/extra/a', 'value': 1}])
    assert stream.next()[1]['change'] == 'updated'
    server.ok('DELETE', '/v1/nodes/n')
    assert stream.next()[1]['change'] == 'deleted'
    seen = scrape(server.url + '/metrics')
    assert seen['ferrule_change_readers'] == 1
    stream.close()
    harness.eventually(lambda: scrape(server.url + '/metrics')['ferrule_change_readers'] == 0, 10)
    for last in ('x', '1', '1-', '-1', '1-1x', '99999999999999999999999-1'):
        answer = server.get('/v1/changes', headers={'Last-Event-ID': last})
        assert answer.status == 400, (last, answer)
    assert server.get('/v1/changes?node=absent').status == 404
    assert server.get('/v1/changes?other=1').status == 400


def test_changes_resume_over_reconnect_and_api_restart(env):
    server = env.standalone()
    for name in ('a', 'b'):
        server.create_fake(name)
    api = server.more_api()
    stream = Stream(api.url, query='?node=a')
    server.power('a')
    first = stream.next()[1]
    stream.close()
    server.wait_power('a')
    server.power('b')
    server.wait_power('b')
    again = Stream(api.url, last=stream.last, query='?node=a')
    second = again.next()[1]
    assert seen_states([first, second]) == [(None, 'power on'), ('power on', None)], (first, second)
    started = time.monotonic()
    api.program.stop()
    assert time.monotonic() - started < 5, 'a stream holds up the end of the API'
    assert again.next() is None
    server.power('a', 'power off')
    server.wait_power('a', 'power off')
    third = Stream(server.url, last=again.last, query='?node=a')
    assert seen_states(third.take(2)) == [('power on', 'power off'), ('power off', None)]
    everything = Stream(server.url, last='0-0')
    changes = everything.take(8)
    assert [c['name'] for c in changes if c['change'] == 'created'] == ['a', 'b'], changes
    for name in ('a', 'b'):
        versions = [c['version'] for c in changes if c['name'] == name]
        assert versions == sorted(set(versions)), versions
    server.psql("UPDATE node_changes_purged SET xid = '999', id = 1; DELETE FROM node_changes WHERE false")
    lost = Stream(server.url, last='998-1')
    assert lost.next()[0] == 'reset'


def test_changes_lose_nothing_under_concurrent_writers(env):
    server = env.standalone()
    for i in range(20):
        server.create_fake(f'n{i}')
    stream = Stream(server.url, last='0-0')
    assert len(stream.take(20)) == 20
    # transactions that take their id early and end late, among quick ones
    late = [harness.Load(lambda i=i: server.psql(
        f"BEGIN; UPDATE nodes SET updated_at = clock_timestamp(), description = 'late' WHERE name = 'n{i}';"
        "SELECT pg_sleep(0.2); COMMIT"), threads=1) for i in range(3)]
    quick = [harness.Load(lambda i=i: server.psql(
        f"UPDATE nodes SET updated_at = clock_timestamp(), description = 'quick' WHERE name = 'n{i}'"), threads=1)
        for i in range(3, 8)]
    time.sleep(4)
    for load in late + quick:
        load.is_over.set()
    for load in late + quick:
        for thread in load.threads:
            thread.join()
    made = sum(len(load.results) for load in late + quick)
    counted = int(server.psql("SELECT count(*) FROM node_changes WHERE change = 'updated'"))
    assert made > 50 and counted >= made, (made, counted)
    got = stream.take(counted)
    assert len(got) == counted and all(c['change'] == 'updated' for c in got)
    names = [c['name'] for c in got]
    for i in range(8):
        expected = int(server.psql(f"SELECT count(*) FROM node_changes WHERE change = 'updated' AND name = 'n{i}'"))
        assert names.count(f'n{i}') == expected


@harness.timeout(240)
def test_power_is_read_and_its_age_shown(env):
    port = harness.free_port()
    rack = env.rack({'good': {'protocol': 'ipmi'}, 'bad': {'protocol': 'redfish'}})
    server = env.standalone({'conductor': {'metrics_port': port, 'sync_power_state_interval': '1',
                                           'power_state_sync_max_retries': '2',
                                           'power_failure_recovery_interval': '2'},
                             'redfish': {'connection_attempts': '1'}})
    metrics = f'http://127.0.0.1:{port}/metrics'
    credentials = {'good': {'ipmi_address': '127.0.0.1', 'ipmi_port': rack.port('good'), 'ipmi_username': 'admin',
                            'ipmi_password': 'rack-password'},
                   'bad': {'redfish_address': f'http://127.0.0.1:{rack.port("bad")}', 'redfish_username': 'admin',
                           'redfish_password': 'rack-password'}}
    for name, info in credentials.items():
        server.ok('POST', '/v1/nodes', {'name': name, 'driver': 'ipmi' if name == 'good' else 'redfish',
                                        'driver_info': info})
        assert server.ok('GET', f'/v1/nodes/{name}/states/observed')['observed_at'] is None
        server.ok('PUT', f'/v1/nodes/{name}/states/provision', {'target': 'manage'}, status=202)

    def seen(name):
        return server.ok('GET', f'/v1/nodes/{name}/states/observed')

    for name in credentials:
        shown = harness.eventually(lambda name=name: (lambda s: s if s['source'] == 'poll' else None)(seen(name)), 20,
                                   what='a reading')
        assert shown['power_state'] == 'power on' and shown['age_s'] < 3 and shown['failures'] == 0, shown
    # a change behind our back is put back
    rack.ipmitool('good', 'power', 'off')
    harness.eventually(lambda: 'is on' in rack.ipmitool('good', 'power', 'status'), 20, 0.5, 'the power put back')
    # a BMC that falls silent: counted, told, given up; its neighbour is read on
    rack.set('bad', fault={'kind': 'reset'})
    node = harness.eventually(lambda: (lambda n: n if n['maintenance'] else None)(server.node('bad')), 60, 0.2,
                              'maintenance')
    assert node['fault'] == 'power failure' and node['power_state'] is None, node
    shown = harness.eventually(lambda: (lambda s: s if s['failures'] >= 3 else None)(seen('bad')), 5)
    assert shown['failure'] and shown['failed_at'], shown
    assert seen('good')['age_s'] < 3, seen('good')
    harness.eventually(lambda: scrape(metrics).get('ferrule_power_sync_nodes{class="recover"}') == 1, 10)
    rack.set('bad', fault=None)
    harness.eventually(lambda: not server.node('bad')['maintenance'], 40, 0.2, 'recovery')
    harness.eventually(lambda: seen('bad')['failures'] == 0, 10, what='no failures')
    figures = scrape(metrics)
    assert figures['ferrule_power_sync_readings_total{result="read"}'] > 5, figures
    assert figures['ferrule_power_sync_age_seconds{class="healthy",quantile="1"}'] < 5, figures


def test_slow_reader_of_changes_holds_up_nobody(env):
    server = env.standalone()
    server.create_fake('n')
    slow = socket.create_connection(('127.0.0.1', server.port))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.sendall(b'GET /v1/changes?after=0-0 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n')
    server.psql("INSERT INTO node_changes (node_uuid, change, version, maintenance, last_error) "
                "SELECT gen_random_uuid(), 'updated', i, false, repeat('x', 2000) FROM generate_series(1, 5000) i")
    quick = Stream(server.url, last='0-0')
    begun = time.monotonic()
    assert len(quick.take(5001)) == 5001
    assert time.monotonic() - begun < 30
    figures = scrape(server.url + '/metrics')
    assert figures['ferrule_change_readers'] == 2 and figures['ferrule_db_statements_in_flight'] <= 1, figures
    assert figures['process_resident_memory_bytes'] < 400e6, figures  # a sanitizer build; the page is 400 KB
    slow.settimeout(20)
    received = 0
    while received < 500000:  # past what was ready when it began to read
        received += len(slow.recv(1 << 20))
    slow.close()


def test_service_manager_is_told(env):
    server = env.standalone()
    text = (server.data / 'run' / 'ferrule.conf').read_text()
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(f'\0ferrule-test-{server.port}')
    manager.settimeout(20)
    for program, extra in (('ferrule-api', f'[api]\nport = {harness.free_port()}\n'),
                           ('ferrule-conductor', '[DEFAULT]\nhost = other\n')):
        path = env.folder / f'{program}.conf'
        path.write_text(f'{text}\n{extra}')
        started = harness.Program(env, program, [harness.BIN / program, '--config', path], environment={
            'NOTIFY_SOCKET': f'@ferrule-test-{server.port}', 'WATCHDOG_USEC': '1000000'})
        heard = [manager.recv(500).decode()]
        while 'READY=1' not in heard[-1]:
            heard.append(manager.recv(500).decode())
        assert heard[0] == 'WATCHDOG=1' and len(heard) > 1, heard
        begun = time.monotonic()
        while time.monotonic() - begun < 1.2:
            heard.append(manager.recv(500).decode())
        assert heard[-1] == 'WATCHDOG=1', heard
        started.stop()
        manager.setblocking(False)
        try:
            while True:
                heard.append(manager.recv(500).decode())
        except BlockingIOError:
            pass
        manager.setblocking(True)
        manager.settimeout(20)
        assert 'STOPPING=1\nSTATUS=Draining' in heard, heard


if __name__ == '__main__':
    harness.main()
