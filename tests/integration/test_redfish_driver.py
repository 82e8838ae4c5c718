#!/usr/bin/python3
"""test_redfish_driver: the redfish driver, without a conductor, against bmcsim with the quirks of several makes and
with faults, and against captured trees of real BMCs where there are any."""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

import harness

SYSTEM = '/redfish/v1/Systems/1'
CLIENT = harness.BIN.parent / 'tests' / 'programs' / 'redfish_client'
MOCKUPS = pathlib.Path(os.environ.get('FERRULE_MOCKUPS', harness.SHARED / 'redfish-mockups'))
FAST = ('--option', 'connection_retry_interval=0.05', '--option', 'power_on_conflict_retry_interval=0.8')
PASSWORD = 'rack-password'


class Driver:
    """Runs operations of the driver on one node."""

    def __init__(self, env, address, options=(), **info):
        self.env = env
        self.options = [*FAST, *options]
        self.info = {'redfish_address': address, 'redfish_username': 'admin', 'redfish_password': PASSWORD, **info}
        self.info = {name: value for name, value in self.info.items() if value is not None}

    def run(self, *operations, timeout_s=60):
        done = subprocess.run([CLIENT, *self.options, json.dumps(self.info), *operations], capture_output=True,
                              text=True, timeout=timeout_s, env=self.env.environment, check=False)
        complaints = [line for line in done.stderr.splitlines() if 'the loop was held' not in line]
        assert done.returncode == 0 and not complaints, done
        assert PASSWORD not in done.stdout, done.stdout
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ok(self, *operations):
        """All must succeed; gives the last one's line."""
        lines = self.run(*operations)
        for line in lines:
            assert line['rc'] == 0, line
        return lines[-1]

    def fails(self, operation, fault=None):
        """Gives the failed one's line."""
        line = self.run(operation)[0]
        assert line['rc'] < 0, line
        assert fault in (None, line['fault']), line
        return line


def rig(env, options=(), info=None, **bmc):
    """One BMC and a driver for it."""
    (env.folder / 'bmcsim.jsonl').unlink(missing_ok=True)
    rack = env.rack({'box': {'protocol': 'redfish', **bmc}})
    scheme = 'https' if bmc.get('tls') else 'http'
    return rack, Driver(env, f"{scheme}://{rack.bmcs['box']['listen']}", options, **(info or {}))


def requests(rack, bmc='box'):
    """What the BMC got, as (what, status)."""
    lines = [json.loads(line) for line in rack.log_path.read_text().splitlines()]
    return [(line['what'], line['status']) for line in lines if line['bmc'] == bmc]


def count(rack, word):
    return sum(word in what for what, _ in requests(rack))


def test_poll_is_one_request(env):
    rack, driver = rig(env)
    driver.ok('power', 'power', 'power', 'power', 'power')
    assert requests(rack) == [('POST /redfish/v1/SessionService/Sessions', 201), ('GET /redfish/v1/Systems', 200),
                              *[(f'GET {SYSTEM}', 200)] * 5, ('DELETE /redfish/v1/SessionService/Sessions/1', 204)]


def test_all_power_targets(env):
    rack, driver = rig(env, on_delay_ms=300, off_delay_ms=300, soft_off_delay_ms=300)
    for target, settled, resets in (
            ('power off', 'off', ['ForceOff']), ('power on', 'on', ['On']), ('rebooting', 'on', ['ForceOff', 'On']),
            ('soft rebooting', 'on', ['GracefulRestart']), ('soft power off', 'off', ['GracefulShutdown']),
            ('rebooting', 'on', ['On'])):
        before = count(rack, 'Reset')
        line = driver.ok(f'set:{target}:10')
        assert rack.set('box', latency_ms=0)['power'] == settled, target
        assert count(rack, 'Reset') - before == len(resets), (target, requests(rack))
        assert line['writes'] == len(resets)


def test_disable_power_off_node_is_not_switched_off(env):
    rack, driver = rig(env)
    assert driver.ok('field:disable_power_off:true', 'set:rebooting:10')['writes'] == 1
    state = rack.set('box', latency_ms=0)
    assert state['boots'] == 1 and state['power'] == 'on'


def test_ignored_soft_off_times_out(env):
    rack, driver = rig(env, soft_off_delay_ms=-1)
    line = driver.fails('set:soft power off:2', 'PowerStateFailure')
    assert line['error'] == 'Failed to set node power state to power off.', line
    assert line['ms'] < 4000
    assert rack.set('box', latency_ms=0)['power'] == 'on'


def test_dell_409_after_off_is_waited_for(env):
    _, driver = rig(env, profile='dell-idrac10')
    line = driver.ok('set:power off:10', 'set:power on:10')
    assert 2500 < line['ms'] < 6000, line


def test_already_there_is_no_failure(env):
    for profile in ('dell', 'hpe'):
        rack, driver = rig(env, profile=profile)
        driver.ok('set:power on:5', 'set:power off:5', 'set:power off:5')
        answers = {status for what, status in requests(rack) if 'Reset' in what}
        assert answers == {204, 409 if profile == 'dell' else 400}, answers


def test_idrac7_without_sessions_gets_basic(env):
    rack, driver = rig(env, profile='dell-idrac7')
    driver.ok('power', 'set:power off:5', 'power', 'boot:pxe')
    assert count(rack, 'Sessions') == 1
    rack, driver = rig(env, profile='dell-idrac7', info={'redfish_auth_type': 'session'})
    line = driver.fails('power')
    assert 'RAC0218' in line['error'], line
    rack, driver = rig(env, info={'redfish_auth_type': 'basic'})
    driver.ok('power')
    assert count(rack, 'Sessions') == 0


def test_hpe_weak_etag_is_sent_bare(env):
    rack, driver = rig(env, profile='hpe')
    assert driver.ok('boot:pxe', 'boot')['device'] == 'pxe'
    assert [status for what, status in requests(rack) if what.startswith('PATCH')] == [412, 204]


def test_lenovo_wants_if_match(env):
    rack, driver = rig(env, profile='lenovo')
    assert driver.ok('boot:disk', 'boot')['device'] == 'disk'
    assert [status for what, status in requests(rack) if what.startswith('PATCH')] == [204]


def test_ilo4_without_continuous_gets_once_before_each_boot(env):
    rack, driver = rig(env, profile='hpe-ilo4')
    lines = driver.run('boot:disk:persistent', 'boot', 'set:rebooting:10', 'set:soft rebooting:10',
                       'field:disable_power_off:true', 'set:rebooting:10')
    assert [line['rc'] for line in lines] == [0] * 6, lines
    assert lines[0]['internal'] == {'redfish_boot_device': 'disk'}
    assert (lines[1]['device'], lines[1]['persistent']) == ('disk', 0)
    patches = [status for what, status in requests(rack) if what.startswith('PATCH')]
    assert patches.count(204) == 4 and rack.set('box', latency_ms=0)['booted'] == 'disk', requests(rack)


def test_idrac10_boot_is_in_settings(env):
    rack, driver = rig(env, profile='dell-idrac10')
    assert driver.ok('boot:uefihttp:persistent', 'boot') ['persistent'] == 1
    assert count(rack, f'PATCH {SYSTEM}/Settings') == 1 and count(rack, 'PATCH') == 1


def test_supermicro_keeps_mode_and_persistence(env):
    rack, driver = rig(env, profile='supermicro')
    for device in ('pxe', 'disk'):
        driver.ok(f'boot:{device}:persistent')
        boot = rack.set('box', latency_ms=0)['boot']
        assert boot == {'device': device, 'persistence': 'continuous', 'mode': 'uefi'}, boot


def test_ami_gets_the_whole_boot(env):
    rack, driver = rig(env, profile='ami')
    assert driver.ok('boot:pxe:persistent', 'boot')['persistent'] == 1
    assert [status for what, status in requests(rack) if what.startswith('PATCH')] == [400, 204]


def test_openbmc_board_is_not_the_node(env):
    rack, driver = rig(env, profile='openbmc')
    driver.ok('power', 'set:power off:5', 'power')
    assert count(rack, 'Board_0') == 1 and rack.set('box', latency_ms=0)['power'] == 'off'


def test_ilo_in_post_is_asked_again(env):
    rack, driver = rig(env, profile='hpe')
    body = json.dumps({'error': {'@Message.ExtendedInfo': [{'MessageId': 'iLO.2.15.UnableToModifyDuringSystemPOST'}]}})
    rack.set('box', fault={'kind': 'status', 'status': 400, 'match': 'PATCH', 'times': 1, 'text': body})
    line = driver.ok('boot:pxe')
    assert line['ms'] > 4900 and rack.set('box', latency_ms=0)['boot']['device'] == 'pxe', line


def test_boot_devices(env):
    rack, driver = rig(env)
    for device in ('pxe', 'disk', 'cdrom', 'bios', 'uefihttp'):
        line = driver.ok(f'boot:{device}', 'boot')
        assert (line['device'], line['persistent']) == (device, 0)
    assert driver.ok('boot')['device'] == 'uefihttp'
    assert 'floppy' in driver.fails('boot:floppy', 'InvalidParameterValue')['error']
    driver.ok('nmi')
    assert rack.set('box', latency_ms=0)['nmis'] == 1


def test_session_is_renewed_once(env):
    rack, driver = rig(env)
    rack.set('box', fault={'kind': 'status', 'status': 401, 'match': f'GET {SYSTEM}', 'times': 1})
    driver.ok('power')
    assert count(rack, 'POST /redfish/v1/SessionService/Sessions') == 2
    rack.set('box', fault={'kind': 'status', 'status': 401, 'match': f'GET {SYSTEM}'})
    driver.fails('power', 'BMCAccessError')
    rack.set('box', fault=None)
    rack.set('box', fault={'kind': 'status', 'status': 403, 'match': f'GET {SYSTEM}'})
    opened = rack.set('box', latency_ms=0)['counters']['sessions_opened']
    driver.run('power', 'power')
    state = rack.set('box', latency_ms=0)
    assert state['counters']['sessions_opened'] == opened + 3, state
    sessions = state['redfish']['sessions']
    driver.run('power', 'power')
    assert rack.set('box', latency_ms=0)['redfish']['sessions'] == sessions, 'a right that is missing leaks sessions'


def test_sessions_end_with_the_process(env):
    rack, driver = rig(env)
    other = {**driver.info, 'redfish_password': 'wrong-password'}
    lines = driver.run('power', f'info:{json.dumps(other)}', 'power', f'info:{json.dumps(driver.info)}', 'power')
    assert [line['rc'] < 0 for line in lines] == [False, False, True, False, False], lines
    assert 'wrong-password' not in json.dumps(lines[2]['error'])
    state = rack.set('box', latency_ms=0)
    assert state['redfish']['sessions'] == 0 and state['counters']['sessions_opened'] == 1, state


def test_busy_answers_are_repeated(env):
    rack, driver = rig(env)
    rack.set('box', fault={'kind': 'status', 'status': 503, 'match': f'GET {SYSTEM}', 'times': 1})
    line = driver.ok('power')
    assert 2500 < line['ms'] < 5000
    body = json.dumps({'error': {'@Message.ExtendedInfo': [{'MessageId': 'IDRAC.2.8.SYS518', 'Message': 'wait'}]}})
    rack.set('box', fault={'kind': 'status', 'status': 400, 'match': 'Reset', 'times': 1, 'text': body})
    driver.ok('set:power off:10')
    assert rack.set('box', latency_ms=0)['power'] == 'off'


def test_refusals_are_sentences(env):
    rack, driver = rig(env)
    bodies = [
        ('{"error":{"code":"A.1","message":"General","@Message.ExtendedInfo":[{"MessageId":"B.2","Message":"Worse"}]}}',
         'B.2: Worse'),
        ('<html>nginx</html>', 'returned code 400'), ('', 'returned code 400'),
        ('{"error":"plain"}', 'plain'),
        (json.dumps({'error': {'message': f'The password {PASSWORD} is bad'}}), 'The password ************* is bad'),
        ('[' * 1000, 'returned code 400'),
    ]
    for body, expected in bodies:
        rack.set('box', fault=None)
        rack.set('box', fault={'kind': 'status', 'status': 400, 'match': 'Reset', 'text': body})
        line = driver.fails('set:power off:3')
        assert expected in line['error'], (body, line)
        assert line['error'].startswith('Redfish exception occurred. Error: Redfish set power state failed for node ')


def test_lying_answers(env):
    rack, driver = rig(env)
    for kind, word in (('html', 'not JSON'), ('deep', 'not JSON'), ('huge', 'exceeds'), ('redirect', 'redirection'),
                       ('truncate', '')):
        rack.set('box', fault=None)
        rack.set('box', fault={'kind': kind, 'match': f'GET {SYSTEM}'})
        if kind == 'deep':   # PowerState is there, an object: a state that nobody knows
            line = driver.run('power')[0]
            assert line['rc'] < 0 or line['power'] is None, line
            continue
        line = driver.fails('power')
        assert word in line['error'], (kind, line)
    rack.set('box', fault=None)
    rack.set('box', fault={'kind': 'status', 'status': 200, 'match': f'GET {SYSTEM}', 'text': '{"PowerState": null}'})
    assert driver.ok('power')['power'] is None
    for text in ('{"PowerState": 7}', '{"PowerState": "Paused"}', '{}'):
        rack.set('box', fault={'kind': 'status', 'status': 200, 'match': f'GET {SYSTEM}', 'text': text})
        assert driver.ok('power')['power'] is None
    for text in ('{"Members":[{"@odata.id":"http://192.0.2.1/redfish/v1/Systems/1"}]}',
                 '{"Members":[{"@odata.id":"//192.0.2.1/x"}]}', '{"Members":[{"@odata.id":"/a b"}]}',
                 '{"Members":[{}]}', '{"Members":7}', '{"Members":[]}', '[]', '7', '{"Members":[7]}'):
        rack.set('box', fault=None)
        rack.set('box', fault={'kind': 'status', 'status': 200, 'match': 'GET /redfish/v1/Systems', 'text': text})
        driver.fails('power')


def test_slow_and_silent(env):
    rack, driver = rig(env, options=('--option', 'read_timeout=0.5'))
    rack.set('box', latency_ms=200)
    driver.ok('power')
    rack.set('box', latency_ms=0, fault={'kind': 'drop', 'match': f'GET {SYSTEM}'})
    line = driver.fails('power')
    assert 1000 < line['ms'] < 4000, line
    rack, driver = rig(env, options=('--deadline', '700'))
    rack.set('box', fault={'kind': 'drop', 'match': f'GET {SYSTEM}'})
    assert driver.fails('power')['ms'] < 1500


def test_unreachable_keeps_trying(env):
    driver = Driver(env, f'http://127.0.0.1:{harness.free_port()}', ('--option', 'connection_retry_interval=0.5'))
    line = driver.fails('set:power on:5', 'BMCConnectionError')
    assert 1900 < line['ms'] < 4000, line
    assert line['error'].startswith('Redfish connection failed for node 11111111-2222-4333-8444-555555555555: '), line
    assert line['writes'] == 0


def test_lost_reply_of_a_power_action_is_found_out(env):
    rack, driver = rig(env)
    rack.set('box', fault={'kind': 'lost_reply', 'match': 'Reset', 'times': 1})
    driver.ok('set:power off:5')
    assert count(rack, 'Reset') == 1, requests(rack)
    rack.set('box', fault={'kind': 'lost_reply', 'match': 'Subscriptions', 'times': 1})
    line = driver.run('call:create_subscription:POST:{"Destination":"http://x/"}')[0]
    assert line['rc'] < 0 and 'answer' in line['error'], line
    assert count(rack, 'POST /redfish/v1/EventService/Subscriptions') == 1
    rack.set('box', fault={'kind': 'lost_reply', 'match': 'DELETE /redfish/v1/EventService', 'times': 1})
    number = rack.redfish('box', '/redfish/v1/EventService/Subscriptions')['Members'][0]['@odata.id'].rpartition('/')[2]
    driver.ok(f'call:delete_subscription:DELETE:{json.dumps({"id": number})}')
    assert rack.set('box', latency_ms=0)['redfish']['subscriptions'] == []


def test_reset_before_the_action_is_done_again(env):
    rack, driver = rig(env)
    rack.set('box', fault={'kind': 'reset', 'match': 'Reset', 'times': 1})
    driver.ok('set:power off:5')
    assert rack.set('box', latency_ms=0)['power'] == 'off' and count(rack, 'Reset') == 2
    rack.set('box', fault={'kind': 'reset', 'match': f'GET {SYSTEM}', 'times': 1})
    driver.ok('power')


def test_closed_gate_lets_nothing_out(env):
    rack, driver = rig(env, options=('--fence', '1'))
    lines = driver.run('set:rebooting:5', 'boot:pxe', 'power')
    assert [line['rc'] < 0 for line in lines] == [True, True, False], lines
    assert 'The lock is lost' in lines[0]['error'] and lines[0]['writes'] == 1
    assert rack.set('box', latency_ms=0)['power'] == 'off'
    assert count(rack, 'Reset') == 1 and count(rack, 'PATCH') == 0


def test_tls_verification(env):
    cert, key = env.folder / 'cert.pem', env.folder / 'key.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                    '-days', '2', '-subj', '/CN=box', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key,
                    '-out', cert], check=True, capture_output=True)
    rack, driver = rig(env, tls='true', tls_cert=cert, tls_key=key)
    line = driver.fails('power', 'BMCConnectionError')
    assert 'certificate' in line['error'] and line['ms'] < 1000, line
    for verify in (False, 'no', str(cert)):
        Driver(env, driver.info['redfish_address'], redfish_verify_ca=verify).ok('power')
    other = driver.info['redfish_address'].replace('127.0.0.1', 'localhost')
    Driver(env, other, redfish_verify_ca=str(cert)).fails('power')
    Driver(env, driver.info['redfish_address'], redfish_verify_ca=False, redfish_tls_minimum_version='1.3').ok('power')
    assert rack.program.is_alive()


def test_vendor_methods(env):
    rack, driver = rig(env)

    def call(method, verb, **args):
        return driver.run(f'call:{method}:{verb}:{json.dumps(args)}')[0]

    made = call('create_subscription', 'POST', Destination='https://listener.example/x', Context='mine',
                EventTypes=['Alert', 'StatusChange'], HttpHeaders=[{'X-Key': 'v'}])
    assert made['rc'] == 0, made
    number = made['result'].pop('Id')
    assert made['result'] == {'Context': 'mine', 'Protocol': 'Redfish', 'Destination': 'https://listener.example/x',
                              'EventTypes': ['Alert', 'StatusChange']}
    assert call('create_subscription', 'POST', Destination='http://x/')['result']['EventTypes'] == ['Alert']
    assert call('get_subscription', 'GET', id=number)['result']['Context'] == 'mine'
    assert call('get_all_subscriptions', 'GET')['result']['Members@odata.count'] == 2
    assert call('delete_subscription', 'DELETE', id=number)['result'] is None
    gone = call('delete_subscription', 'DELETE', id=number)
    assert gone['fault'] == 'NotFound' and 'delete_subscription failed for subscription' in gone['error'], gone
    assert call('get_subscription', 'GET', id=number)['rc'] < 0
    refusals = [
        ('create_subscription', {}, 'Destination None is not a valid URI'),
        ('create_subscription', {'Destination': 'nowhere'}, 'Destination nowhere is not a valid URI'),
        ('create_subscription', {'Destination': 'http://'}, 'Destination http:// is not a valid URI'),
        ('create_subscription', {'Destination': 5}, 'Destination 5 is not a valid URI'),
        ('create_subscription', {'Destination': 'http://x/', 'Context': 5}, 'Context 5 is not a valid string'),
        ('create_subscription', {'Destination': 'http://x/', 'Protocol': ['a']}, "Protocol ['a'] is not a string"),
        ('create_subscription', {'Destination': 'http://x/', 'HttpHeaders': {'a': 'b'}}, 'HttpHeaders'),
        ('create_subscription', {'Destination': 'http://x/', 'EventTypes': 'Alert'},
         'EventTypes Alert is not a valid value'),
        ('create_subscription', {'Destination': 'http://x/', 'EventTypes': ['Nope']},
         "EventTypes ['Nope'] is not a valid value"),
        ('create_subscription', {'Destination': 'http://x/', 'Colour': 'red'}, 'Colour'),
        ('eject_vmedia', {'boot_device': 'tape'}, 'Boot device tape is not a valid value'),
    ]
    for method, args, sentence in refusals:
        line = call(method, 'POST', **args)
        assert line['fault'] == 'InvalidParameterValue' and sentence in line['error'], (args, line)
    assert call('delete_subscription', 'DELETE')['error'] == "id can't be None"
    for number in ('..', 'a/b', '../../Systems/1', '?', ' '):
        assert 'is not the id of a subscription' in call('delete_subscription', 'DELETE', id=number)['error']
    assert count(rack, 'DELETE /redfish/v1/EventService') == 2


def test_eject_vmedia(env):
    for profile in ('generic', 'hpe'):
        rack, driver = rig(env, profile=profile)
        for slot in ('Cd', 'Floppy'):
            url = f"http://{rack.bmcs['box']['listen']}/redfish/v1/Managers/1/VirtualMedia/{slot}"
            subprocess.run(['curl', '-sS', '-f', '-u', f'admin:{PASSWORD}', '-H',
                            'Content-Type: application/json', '-d',
                            '{"Image": "http://images.example/a.iso"}', f'{url}/Actions/VirtualMedia.InsertMedia'],
                           timeout=30, check=True)
        driver.ok('call:eject_vmedia:POST:{"boot_device":"cd"}')
        assert rack.set('box', latency_ms=0)['redfish']['media'] == [None, 'http://images.example/a.iso']
        driver.ok('call:eject_vmedia:POST:{}', 'call:eject_vmedia:POST:{"boot_device":"usb"}')
        assert rack.set('box', latency_ms=0)['redfish']['media'] == [None, None]


def test_get_service_root(env):
    rack, driver = rig(env)
    address = driver.info['redfish_address']
    line = driver.ok(f'driver:get_service_root:GET:{json.dumps({"redfish_address": address})}')
    assert line['result']['RedfishVersion'] == '1.13.0'
    line = driver.fails('driver:get_service_root:GET:{}')
    assert line['error'] == "Parameter 'redfish_address' not passed to method 'get_service_root'.", line
    for bad in ('http://a b', 'ftp://x', 'http://'):
        args = json.dumps({'redfish_address': bad})
        assert 'Invalid Redfish address' in driver.fails(f'driver:get_service_root:GET:{args}')['error']
    other = json.dumps({'redfish_address': f"http://{rack.bmcs['box']['listen']}/redfish"})
    assert 'no Redfish service' in driver.fails(f'driver:get_service_root:GET:{other}')['error']


class Tree(http.server.BaseHTTPRequestHandler):
    """A captured tree as plain files; nothing of ours answers."""
    protocol_version = 'HTTP/1.1'

    def do_GET(self):  # pylint: disable=invalid-name
        path = self.server.root / self.path.strip('/') / 'index.json'
        self.server.asked.append(self.path)
        body = path.read_bytes() if path.is_file() else b'{}'
        self.send_response(200 if path.is_file() else 404)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def serve_tree(env, name):
    archive = MOCKUPS / f'{name}.tar.xz'
    (env.folder / 'trees').mkdir()
    subprocess.run(['tar', '-xJf', archive, '-C', env.folder / 'trees'], check=True)
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Tree)
    server.root = next((env.folder / 'trees' / name).rglob('redfish')).parent
    server.asked = []
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def tree_case(env, name, system, boot, systems_read):
    server = serve_tree(env, name)
    try:
        driver = Driver(env, f'http://127.0.0.1:{server.server_port}', redfish_username=None, redfish_password=None)
        lines = driver.run('power', 'power', 'boot')
        assert [line['rc'] for line in lines] == [0, 0, 0], lines
        assert lines[0]['power'] == lines[1]['power'] == 'power on'
        assert (lines[2]['device'], lines[2]['persistent']) == boot, lines[2]
        assert server.asked == ['/redfish/v1/Systems', *systems_read, system, system, system], server.asked
        with_id = Driver(env, f'http://127.0.0.1:{server.server_port}', redfish_system_id=system, redfish_username=None)
        server.asked.clear()
        with_id.ok('power', 'power')
        assert server.asked == [system, system]
        line = driver.run('call:get_all_subscriptions:GET:{}')[0]
        assert line['rc'] == 0 and 'Members' in line['result'], line
        line = driver.run('call:eject_vmedia:POST:{}')[0]
        assert line['rc'] == 0 or 'Error' in line['error'] or 'No suitable' in line['error'], line
        root = json.dumps({'redfish_address': f'http://127.0.0.1:{server.server_port}'})
        assert driver.ok(f'driver:get_service_root:GET:{root}')['result']['RedfishVersion']
    finally:
        server.shutdown()
        server.server_close()


def test_tree_dell(env):
    tree_case(env, 'dell', '/redfish/v1/Systems/System.Embedded.1', (None, -1), [])


def test_tree_hpe(env):
    tree_case(env, 'hpe', '/redfish/v1/Systems/1', (None, -1), [])


def test_tree_supermicro(env):
    tree_case(env, 'supermicro', '/redfish/v1/Systems/1', ('pxe', -1), [])


def test_tree_nvidia_gb200(env):
    """Two systems: the accelerator board has no Reset."""
    tree_case(env, 'nvidia_gb200', '/redfish/v1/Systems/System_0', (None, -1),
              ['/redfish/v1/Systems/System_0', '/redfish/v1/Systems/HGX_Baseboard_0'])


# The captured trees are not part of the project; the profiles of bmcsim cover the same code in every run.
if not MOCKUPS.is_dir():
    print(f'left out: the captured trees of {MOCKUPS} (FERRULE_MOCKUPS names another folder)', file=sys.stderr)
    for case in [name for name in globals() if name.startswith('test_tree_')]:
        del globals()[case]

if __name__ == '__main__':
    harness.main()
