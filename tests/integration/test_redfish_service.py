#!/usr/bin/python3
"""test_redfish_service: bmcsim's Redfish as clients see it that nobody here wrote: python3-sushy, redfishtool,
fence_redfish, curl; and its protocol rules, header by header."""
import base64
import http.client
import http.server
import json
import shutil
import socket
import subprocess
import threading
import time

import harness

SYSTEM = '/redfish/v1/Systems/1'
RESET = SYSTEM + '/Actions/ComputerSystem.Reset'
SESSIONS = '/redfish/v1/SessionService/Sessions'
TEST_EVENT = '/redfish/v1/EventService/Actions/EventService.SubmitTestEvent'
SUBSCRIPTIONS = '/redfish/v1/EventService/Subscriptions'


def rack_of(env, **options):
    return env.rack({'box': {'protocol': 'redfish', **options}})


class Client:
    """Requests to one BMC, with the header fields that the case wants."""

    def __init__(self, rack, name='box'):
        self.address = rack.bmcs[name]['listen']
        pair = f"{rack.bmcs[name]['user']}:{rack.bmcs[name]['password']}"
        self.basic = {'Authorization': 'Basic ' + base64.b64encode(pair.encode()).decode()}

    def call(self, method, path, body=None, headers=None, login=True):
        connection = http.client.HTTPConnection(self.address, timeout=10)
        sent = dict(self.basic) if login else {}
        data = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
        if data is not None:
            sent['Content-Type'] = 'application/json'
        sent.update(headers or {})
        connection.request(method, path, body=data, headers=sent)
        answer = harness.Answer(connection.getresponse())
        connection.close()
        return answer

    def power(self):
        return self.call('GET', SYSTEM).json['PowerState']


def message_of(answer):
    error = answer.json['error']
    info = error['@Message.ExtendedInfo'][0]
    assert info['MessageId'] == error['code']
    return info['MessageId'].rpartition('.')[2]


def test_every_link_leads_somewhere(env):
    client = Client(rack_of(env))
    seen, queue = set(), ['/redfish/v1/']
    while queue:
        path = queue.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.call('GET', path)
        assert answer.status == 200, (path, answer)
        assert answer.json['@odata.id'].rstrip('/') == path.rstrip('/'), path
        assert answer.headers['odata-version'] == '4.0'
        assert answer.headers['etag'].startswith('"')
        assert 'GET' in answer.headers['allow']
        links = json.dumps(answer.json)
        queue += [part.split('"')[0].split('#')[0] for part in links.split('"@odata.id": "')[1:]]
    assert len(seen) > 70, seen


def test_open_resources_are_few(env):
    client = Client(rack_of(env))
    for path in ('/redfish', '/redfish/v1', '/redfish/v1/', '/redfish/v1/odata', '/redfish/v1/$metadata'):
        assert client.call('GET', path, login=False).status == 200, path
    for path in (SYSTEM, '/redfish/v1/Systems', '/redfish/v1/nothing', '/other', SESSIONS):
        answer = client.call('GET', path, login=False)
        assert answer.status == 401, (path, answer)
        assert answer.headers['www-authenticate'].startswith('Basic')
        assert message_of(answer) == 'NoValidSession'
    wrong = {'Authorization': 'Basic ' + base64.b64encode(b'admin:wrong').decode()}
    assert client.call('GET', SYSTEM, headers=wrong).status == 401
    for value in ('Basic ', 'Basic !!!', 'Bearer x', 'Basic ' + base64.b64encode(b'admin').decode(),
                  'Basic ' + 'A' * 4000):
        assert client.call('GET', SYSTEM, headers={'Authorization': value}).status == 401, value


def test_protocol_rules(env):
    client = Client(rack_of(env))
    cases = [
        ('GET', '/redfish/v1/Nothing', None, {}, 404, 'ResourceMissingAtURI'),
        ('GET', '/redfish/v1/Systems/1/../1', None, {}, 404, 'ResourceMissingAtURI'),
        ('PUT', SYSTEM, {}, {}, 405, 'OperationNotAllowed'),
        ('GET', RESET, None, {}, 405, 'OperationNotAllowed'),
        ('GET', SYSTEM, None, {'OData-Version': '3.0'}, 412, 'PreconditionFailed'),
        ('GET', SYSTEM, None, {'Accept': 'text/html'}, 406, 'HeaderInvalid'),
        ('GET', SYSTEM + '?$expand=.', None, {}, 501, 'QueryNotSupported'),
        ('POST', RESET, '{', {}, 400, 'MalformedJSON'),
        ('POST', RESET, '[]', {}, 400, 'MalformedJSON'),
        ('POST', RESET, '[' * 100, {}, 400, 'MalformedJSON'),
        ('POST', RESET, 'a=b', {'Content-Type': 'application/x-www-form-urlencoded'}, 415, 'HeaderMissing'),
        ('POST', RESET, {}, {}, 400, 'ActionParameterMissing'),
        ('POST', RESET, {'ResetType': 1}, {}, 400, 'ActionParameterValueTypeError'),
        ('POST', RESET, {'ResetType': 'Explode'}, {}, 400, 'ActionParameterValueNotInList'),
        ('POST', RESET, {'ResetType': 'On', 'X': 1}, {}, 400, 'ActionParameterUnknown'),
        ('PATCH', SYSTEM, {'UUID': 'x'}, {}, 400, 'PropertyUnknown'),
        ('PATCH', SYSTEM, {'AssetTag': 1}, {}, 400, 'PropertyValueTypeError'),
        ('PATCH', SYSTEM, {'Boot': {'BootSourceOverrideTarget': 'Moon'}}, {}, 400, 'PropertyValueNotInList'),
        ('PATCH', SYSTEM, {'AssetTag': 'x'}, {'If-Match': '"bad"'}, 412, 'PreconditionFailed'),
        ('POST', SUBSCRIPTIONS, {'Destination': 'x', 'Protocol': 'Redfish'}, {}, 400, 'PropertyValueFormatError'),
        ('POST', SUBSCRIPTIONS, {'Destination': 'http://x/'}, {}, 400, 'PropertyMissing'),
        ('POST', SUBSCRIPTIONS, {'Destination': 'http://x/', 'Protocol': 'SMTP'}, {}, 400, 'PropertyValueNotInList'),
        ('DELETE', SUBSCRIPTIONS + '/9', None, {}, 404, 'ResourceMissingAtURI'),
        ('GET', '/redfish/v1/Managers/1/VirtualMedia/Tape', None, {}, 404, 'ResourceMissingAtURI'),
    ]
    known = client.call('GET', '/redfish/v1/Registries/Base.1.13/Base.1.13.json').json['Messages']
    for method, path, body, headers, status, message in cases:
        answer = client.call(method, path, body, headers)
        assert (answer.status, message_of(answer)) == (status, message), (method, path, body, answer)
        assert message in known
        if status == 405:
            assert answer.headers['allow']
    assert client.power() == 'On'
    assert client.call('GET', SYSTEM).json['AssetTag'] == ''


def test_etag_and_conditions(env):
    client = Client(rack_of(env))
    etag = client.call('GET', SYSTEM).headers['etag']
    assert client.call('GET', SYSTEM, headers={'If-None-Match': etag}).status == 304
    assert client.call('PATCH', SYSTEM, {'AssetTag': 'rack 7'}, {'If-Match': etag}).status == 204
    assert client.call('PATCH', SYSTEM, {'AssetTag': 'rack 8'}, {'If-Match': etag}).status == 412
    assert client.call('GET', SYSTEM).json['AssetTag'] == 'rack 7'
    assert client.call('PATCH', SYSTEM, {'AssetTag': 'rack 9'}, {'If-Match': '*'}).status == 204
    head = client.call('HEAD', SYSTEM)
    assert head.status == 200 and not head.text and int(head.headers['content-length']) > 1000


def test_inventory_changes_as_it_says(env):
    rack = env.rack({'box': {'protocol': 'redfish'}, 'other': {'protocol': 'redfish'}})
    client, other = Client(rack), Client(rack, 'other')
    nic = SYSTEM + '/EthernetInterfaces/NIC.1'
    assert client.call('GET', nic).json['MACAddress'] != other.call('GET', nic).json['MACAddress']
    drive = SYSTEM + '/Storage/RAID.1/Drives/Disk.1'
    assert client.call('PATCH', drive, {'IndicatorLED': 'Lit'}).status == 204
    assert client.call('GET', drive).json['IndicatorLED'] == 'Lit'
    assert other.call('GET', drive).json['IndicatorLED'] == 'Off'
    for body, message in (({'Colour': 'red'}, 'PropertyUnknown'), ({'Id': 'x'}, 'PropertyNotWritable'),
                          ({'IndicatorLED': 5}, 'PropertyValueTypeError')):
        answer = client.call('PATCH', drive, body)
        assert (answer.status, message_of(answer)) == (400, message), answer
    assert client.call('PATCH', drive, {'IndicatorLED': 'Off'}, {'If-Match': '"old"'}).status == 412

    bios, secure = SYSTEM + '/Bios', SYSTEM + '/SecureBoot'
    assert client.call('PATCH', bios + '/Settings', {'Attributes': {'BootMode': 'Bios'}}).status == 204
    assert message_of(client.call('PATCH', bios + '/Settings', {'Attributes': {'No': 1}})) == 'PropertyUnknown'
    assert client.call('PATCH', secure, {'SecureBootEnable': True}).status == 204
    assert client.call('GET', bios).json['Attributes']['BootMode'] == 'Uefi'
    assert client.call('GET', secure).json['SecureBootCurrentBoot'] == 'Disabled'
    client.call('POST', RESET, {'ResetType': 'ForceRestart'})
    factory = client.call('GET', bios).json['Attributes']
    assert (factory['BootMode'], factory['ProcVirtualization'], factory['SetupDelay']) == ('Bios', 'Enabled', 5)
    assert client.call('GET', bios + '/Settings').json['Attributes'] == {}
    assert client.call('GET', secure).json['SecureBootCurrentBoot'] == 'Enabled'
    keys = secure + '/Actions/SecureBoot.ResetKeys'
    assert message_of(client.call('POST', keys, {'ResetKeysType': 'Melt'})) == 'ActionParameterValueNotInList'
    assert client.call('POST', keys, {'ResetKeysType': 'DeleteAllKeys'}).status == 204
    assert client.call('GET', secure).json['SecureBootMode'] == 'SetupMode'

    manager = '/redfish/v1/Managers/1'
    assert client.call('PATCH', manager, {'DateTime': '2031-02-03T04:05:06Z'}).status == 204
    assert client.call('GET', manager).json['DateTime'].startswith('2031-02-03T04:0')
    for path in (SYSTEM, '/redfish/v1/Chassis/1'):
        assert client.call('PATCH', path, {'LocationIndicatorActive': True}).status == 204
        assert client.call('GET', path).json['LocationIndicatorActive'] is True
    assert client.call('PATCH', '/redfish/v1/Chassis/1', {'IndicatorLED': 'Blinking'}).status == 204
    assert client.call('GET', SYSTEM).json['IndicatorLED'] == 'Off'


def test_session_life(env):
    rack = rack_of(env)
    client = Client(rack)
    login = {'UserName': 'admin', 'Password': 'rack-password'}
    assert client.call('POST', SESSIONS, {**login, 'Password': 'no'}, login=False).status == 401
    opened = client.call('POST', SESSIONS, login, login=False)
    assert opened.status == 201 and 'rack-password' not in opened.text
    token = {'X-Auth-Token': opened.headers['x-auth-token']}
    path = opened.headers['location']
    assert client.call('GET', SYSTEM, headers=token, login=False).status == 200
    shown = client.call('GET', path, headers=token, login=False)
    assert shown.json['Password'] is None and token['X-Auth-Token'] not in shown.text
    assert client.call('DELETE', path, headers=token, login=False).status == 204
    assert client.call('GET', SYSTEM, headers=token, login=False).status == 401
    assert client.call('POST', SESSIONS + '/Members', login, login=False).status == 201
    for _ in range(31):
        assert client.call('POST', SESSIONS, login, login=False).status == 201
    full = client.call('POST', SESSIONS, login, login=False)
    assert full.status == 503 and message_of(full) == 'SessionLimitExceeded'


def test_reset_types_move_the_power_state(env):
    rack = rack_of(env, on_delay_ms=300, off_delay_ms=300)
    client = Client(rack)

    def reset(kind, status=204):
        answer = client.call('POST', RESET, {'ResetType': kind})
        assert answer.status == status, (kind, answer)

    def settles(*states):
        seen = []
        harness.eventually(lambda: (seen.append(client.power()), seen[-1] == states[-1])[1], 5, 0.02, states[-1])
        assert [s for i, s in enumerate(seen) if not i or seen[i - 1] != s] == list(states), seen

    reset('ForceOff')
    settles('PoweringOff', 'Off')
    for kind in ('GracefulShutdown', 'ForceRestart', 'PowerCycle', 'Nmi', 'GracefulRestart'):
        reset(kind, 409)
    reset('On')
    settles('PoweringOn', 'On')
    reset('PowerCycle')
    settles('PoweringOff', 'PoweringOn', 'On')
    reset('Nmi')
    reset('PushPowerButton')
    settles('Off')
    state = rack.set('box', latency_ms=0)
    assert (state['nmis'], state['boots'], state['power']) == (1, 2, 'off'), state


def test_one_time_boot_is_used_up(env):
    rack = rack_of(env)
    client = Client(rack)
    client.call('PATCH', SYSTEM, {'Boot': {'BootSourceOverrideTarget': 'Pxe', 'BootSourceOverrideEnabled': 'Once'}})
    client.call('POST', RESET, {'ResetType': 'ForceRestart'})
    boot = client.call('GET', SYSTEM).json['Boot']
    assert (boot['BootSourceOverrideTarget'], boot['BootSourceOverrideEnabled']) == ('None', 'Disabled')
    assert rack.set('box', latency_ms=0)['booted'] == 'pxe'
    client.call('PATCH', SYSTEM, {'Boot': {'BootSourceOverrideTarget': 'Hdd',
                                           'BootSourceOverrideEnabled': 'Continuous'}})
    client.call('POST', RESET, {'ResetType': 'ForceRestart'})
    assert client.call('GET', SYSTEM).json['Boot']['BootSourceOverrideTarget'] == 'Hdd'


def test_sushy_drives_it(env):
    import sushy  # pylint: disable=import-outside-toplevel
    rack = rack_of(env)
    root = sushy.Sushy('http://' + rack.bmcs['box']['listen'], 'admin', 'rack-password')
    system = root.get_system(SYSTEM)
    assert system.power_state == sushy.PowerState.ON and system.manufacturer == 'Ferrule'
    system.reset_system(sushy.RESET_FORCE_OFF)
    system.refresh()
    assert system.power_state == sushy.PowerState.OFF
    system.set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE,
                                   mode=sushy.BOOT_SOURCE_MODE_UEFI)
    system.refresh()
    assert system.boot.target == sushy.BOOT_SOURCE_TARGET_PXE
    assert sushy.RESET_NMI in system.get_allowed_reset_system_values()
    media = system.managers[0].virtual_media.get_members()[0]
    media.insert_media('http://images.example/a.iso')
    media.refresh()
    assert media.inserted and media.image_name == 'a.iso'
    media.eject_media()
    media.refresh()
    assert not media.inserted
    events = root.get_event_service()
    made = events.subscriptions.create({'Destination': 'https://listener.example/', 'Protocol': 'Redfish',
                                        'Context': 'c', 'EventTypes': ['Alert']})
    assert made.destination == 'https://listener.example/'
    made.delete()
    try:
        system.reset_system('explode')
    except sushy.exceptions.InvalidParameterValueError:
        pass
    else:
        raise AssertionError('sushy did not see the allowed values')
    assert rack.set('box', latency_ms=0)['counters']['sessions_opened'] == 1


def test_sushy_drives_the_bios(env):
    import sushy  # pylint: disable=import-outside-toplevel
    rack = rack_of(env)
    root = sushy.Sushy('http://' + rack.bmcs['box']['listen'], 'admin', 'rack-password')
    system = root.get_system(SYSTEM)

    def reread():
        system.refresh(force=True)
        system.bios.refresh(force=True)
        return system.bios
    bios = system.bios
    factory = dict(bios.attributes)
    assert factory['BootMode'] == 'Uefi' and factory['SetupDelay'] == 5 and factory['QuietBoot'] is True, factory
    # its own registries of messages are not in Debian's package
    root._get_standard_message_registry_collection = lambda: []  # pylint: disable=protected-access
    entries = {entry.name: entry for entry in bios.get_attribute_registry().registry_entries.attributes}
    assert set(entries) == set(factory), entries
    assert entries['SetupDelay'].upper_bound == 60 and entries['FirmwareBuild'].read_only, entries
    assert [row['ValueName'] for row in entries['BootMode'].allowable_values] == ['Uefi', 'Bios']
    assert bios.supported_apply_times == [sushy.APPLY_TIME_ON_RESET], bios.supported_apply_times
    bios.set_attributes({'BootMode': 'Bios', 'SetupDelay': 9}, apply_time=sushy.APPLY_TIME_ON_RESET)
    bios = reread()
    assert bios.pending_attributes == {'BootMode': 'Bios', 'SetupDelay': 9} and bios.attributes == factory
    system.reset_system(sushy.RESET_FORCE_RESTART)
    bios = reread()
    assert bios.attributes == {**factory, 'BootMode': 'Bios', 'SetupDelay': 9} and bios.pending_attributes == {}
    bios.reset_bios()
    assert reread().attributes['SetupDelay'] == 9
    system.reset_system(sushy.RESET_FORCE_RESTART)
    assert reread().attributes == factory


def test_sushy_updates_firmware(env):
    import sushy  # pylint: disable=import-outside-toplevel
    rack = rack_of(env)
    root = sushy.Sushy('http://' + rack.bmcs['box']['listen'], 'admin', 'rack-password')
    system = root.get_system(SYSTEM)
    service = root.get_update_service()
    before = system.bios_version
    monitor = service.simple_update('http://images.example/bios-2.0.0.bin',
                                    transfer_protocol=sushy.UPDATE_PROTOCOL_HTTP)
    assert monitor.is_processing
    harness.eventually(lambda: monitor.get_task().task_state == sushy.TASK_STATE_PENDING, 10, what='a pending task')
    system.refresh(force=True)
    assert system.bios_version == before != '2.0.0'
    system.reset_system(sushy.RESET_FORCE_RESTART)
    system.refresh(force=True)
    assert system.bios_version == '2.0.0'
    task = monitor.get_task()
    assert task.task_state == sushy.TASK_STATE_COMPLETED and task.task_status == sushy.HEALTH_OK


def test_redfishtool_drives_it(env):
    rack = rack_of(env)

    def tool(*words, status=0):
        done = subprocess.run(['redfishtool', '-r', rack.bmcs['box']['listen'], '-S', 'Never', '-u', 'admin', '-p',
                               'rack-password', *words], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == status, (words, done.stdout, done.stderr)
        return done.stdout

    assert '"PowerState": "On"' in tool('Systems', '-I', '1', 'get')
    tool('Systems', '-I', '1', 'reset', 'ForceOff')
    tool('Systems', '-I', '1', 'setBootOverride', 'Once', 'Pxe')
    shown = json.loads(tool('Systems', '-I', '1', 'get'))
    assert shown['PowerState'] == 'Off' and shown['Boot']['BootSourceOverrideTarget'] == 'Pxe'
    assert json.loads(tool('Chassis', '-I', '1', 'get'))['ChassisType'] == 'RackMount'
    assert json.loads(tool('SessionService', 'get'))['ServiceEnabled'] is True


def test_fence_redfish_drives_it(env):
    rack = rack_of(env, tls='true', on_delay_ms=300, off_delay_ms=300)
    agent = shutil.which('fence_redfish', path='/usr/sbin:/usr/bin')

    def fence(action, status=0, **changes):
        """As pacemaker calls it: options by standard input, the outcome as exit status."""
        options = {'ip': '127.0.0.1', 'ipport': rack.port('box'), 'username': 'admin', 'password': 'rack-password',
                   'ssl': 1, 'ssl_insecure': 1, 'redfish_uri': '/redfish/v1', 'systems_uri': SYSTEM, 'action': action,
                   'power_timeout': 20, **changes}
        words = '\n'.join(f'{name}={value}' for name, value in options.items())
        done = subprocess.run([agent], input=words, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == status, (action, done)

    def settles(state, boots):
        harness.eventually(lambda: (shown := rack.set('box', latency_ms=0))['power'] == state
                           and shown['boots'] == boots, 20, what=f'{state} after {boots} boots')

    fence('status')
    fence('off')
    settles('off', 0)
    fence('status', status=2)
    fence('on')
    settles('on', 1)
    fence('reboot')
    settles('on', 2)
    fence('monitor')
    fence('reboot', method='cycle')
    settles('on', 3)
    fence('diag')
    assert rack.set('box', latency_ms=0)['nmis'] == 1
    fence('off', status=1, password='wrong')
    settles('on', 3)


def test_curl_over_tls(env):
    rack = rack_of(env, tls='true')
    url = f"https://{rack.bmcs['box']['listen']}{SYSTEM}"
    strict = subprocess.run(['curl', '-sS', '-u', 'admin:rack-password', url], capture_output=True, text=True,
                            timeout=30, check=False)
    assert strict.returncode == 60, strict
    loose = subprocess.run(['curl', '-sSk', '-u', 'admin:rack-password', url], capture_output=True, text=True,
                           timeout=30, check=True)
    assert json.loads(loose.stdout)['PowerState'] == 'On'


def test_faults_as_ordered(env):
    rack = rack_of(env)
    client = Client(rack)
    rack.set('box', fault={'kind': 'status', 'status': 503, 'match': 'Systems', 'times': 2})
    assert [client.call('GET', SYSTEM).status for _ in range(3)] == [503, 503, 200]
    assert client.call('GET', '/redfish/v1/Chassis').status == 200
    rack.set('box', fault={'kind': 'reset', 'times': 1})
    try:
        client.call('GET', SYSTEM)
    except (ConnectionError, http.client.HTTPException):
        pass
    else:
        raise AssertionError('no reset')
    rack.set('box', fault={'kind': 'truncate', 'times': 1})
    try:
        client.call('GET', SYSTEM)
    except http.client.IncompleteRead:
        pass
    else:
        raise AssertionError('not truncated')
    rack.set('box', latency_ms=300)
    started = time.monotonic()
    client.call('GET', SYSTEM)
    assert time.monotonic() - started > 0.29
    lines = [json.loads(line) for line in rack.log_path.read_text().splitlines()]
    assert [line['status'] for line in lines if line['what'] == f'GET {SYSTEM}'] == [503, 503, 200, None, 200, 200]
    assert {line.get('fault') for line in lines} == {'status', 'reset', 'truncate', None}


def test_stop_with_requests_under_way(env):
    rack = rack_of(env)
    client = Client(rack)
    listener = socket.create_server(('127.0.0.1', 0))  # takes connections and never answers
    client.call('POST', SUBSCRIPTIONS, {'Destination': f'http://127.0.0.1:{listener.getsockname()[1]}/',
                                        'Protocol': 'Redfish'})
    rack.set('box', fault={'kind': 'drop', 'match': 'Chassis'})
    rack.set('box', fault={'kind': 'huge', 'match': 'Managers'})

    def ask(method, path, body=None):
        try:
            client.call(method, path, body)
        except (OSError, http.client.HTTPException, ValueError):
            pass

    asked = [('GET', '/redfish/v1/Chassis'), ('POST', TEST_EVENT, {})]
    threads = [threading.Thread(target=ask, args=words) for words in asked]
    for thread in threads:
        thread.start()
    slow = socket.create_connection(tuple(client.address.split(':')))  # asks for 64 MiB and reads nothing
    slow.sendall(b'GET /redfish/v1/Managers HTTP/1.1\r\nHost: x\r\nAuthorization: '
                 + client.basic['Authorization'].encode() + b'\r\n\r\n')
    time.sleep(0.5)
    started = time.monotonic()
    rack.program.stop()
    assert time.monotonic() - started < 3
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    slow.close()
    listener.close()


def test_event_is_delivered_with_context_and_headers(env):
    client = Client(rack_of(env))
    got = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # pylint: disable=invalid-name
            got.append((self.headers['X-Key'], json.loads(self.rfile.read(int(self.headers['Content-Length'])))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(('127.0.0.1', 0), Listener) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        client.call('POST', SUBSCRIPTIONS, {'Destination': f'http://127.0.0.1:{server.server_port}/', 'Context': 'mine',
                                            'Protocol': 'Redfish', 'HttpHeaders': [{'X-Key': 'v'}]})
        shown = client.call('GET', SUBSCRIPTIONS + '/1')
        assert 'X-Key' not in shown.text
        sent = client.call('POST', TEST_EVENT, {'Message': 'hello'})
        assert sent.status == 204, sent
        thread.join(5)
    assert got[0][0] == 'v' and got[0][1]['Context'] == 'mine', got
    assert got[0][1]['Events'][0]['Message'] == 'hello', got


def test_control_port_refuses_nonsense(env):
    rack = rack_of(env)
    url = f'http://{rack.control}/bmc/box'
    before = harness.call('GET', url).json
    for body in ('{', '[]', {'latency_ms': -1}, {'latency_ms': '5'}, {'power': 'up'}, {'x': 1},
                 {'latency_ms': 7, 'power': 'x'}, {'fault': {'kind': 'nope'}}, {'boot': {'device': 'moon'}},
                 {'profile': 'nobody'}):
        answer = harness.call('POST', url, body)
        assert answer.status == 400 and answer.json['error'], (body, answer)
    after = harness.call('GET', url).json
    assert before == after
    assert harness.call('GET', f'http://{rack.control}/bmc/other').status == 404
    assert harness.call('DELETE', url).status == 405
    assert 'rack-password' not in harness.call('GET', f'http://{rack.control}/bmc').text


def test_rack_file_errors_name_section_and_option(env):
    good = 'protocol = redfish\nlisten = 127.0.0.1:0\nuser = a\npassword = b\n'
    cases = [
        ('', 'no section'), ('[a]\n' + good.replace('user = a\n', ''), 'section [a]: option user is missing'),
        ('[a]\n' + good + 'colour = red\n', 'section [a]: unknown option colour'),
        ('[a]\n' + good + 'latency_ms = fast\n', 'section [a], option latency_ms'),
        ('[a]\n' + good.replace('redfish', 'telnet'), 'section [a], option protocol'),
        ('[a]\n' + good.replace('127.0.0.1:0', 'localhost'), 'section [a], option listen'),
        ('[a]\n' + good + 'profile = acme\n', 'section [a], option profile'),
        ('[a]\n' + good + '[a]\n' + good, 'given twice'), ('[a]\n' + good + 'user = c\n', 'option user: given twice'),
        ('[a/b]\n' + good, 'section [a/b]'), ('[a]\n' + good + 'nonsense\n', 'line 6'),
        ('[a]\n' + good.replace('127.0.0.1:0', '192.0.2.1:80'), 'section [a]'),
        ('[a]\n' + good.replace('user = a', 'user = \udcff'), 'section [a], option user: the value is not UTF-8'),
    ]
    for text, expected in cases:
        path = env.folder / 'bad.ini'
        path.write_text(text, errors='surrogateescape')
        done = subprocess.run([harness.BIN / 'bmcsim', '--rack', path], capture_output=True, text=True, timeout=20,
                              env=env.environment, check=False)
        assert done.returncode == 1 and expected in done.stderr and 'ready' not in done.stdout, (text, done)


if __name__ == '__main__':
    harness.main()
