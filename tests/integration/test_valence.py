#!/usr/bin/python3
"""The Valence API, called by the curl commands of Valence's ExpEther documentation as they stand there."""
import json
import re
import subprocess
import threading

import harness
from harness import call, eventually, free_port

HOST_FREE, HOST_USED, HOST_SMALL = '0x111111111111', '0x222222222222', '0x333333333333'
SSD, NIC, GPU, HELD = '0xa00000000001', '0xa00000000002', '0xa00000000003', '0xa0000000000b'
NOBODY = '00000000-0000-0000-0000-000000000000'
ZERO_ID = '00000000-0000-0000-0000-000000000000'

# As in the documentation, but for what it writes in angle brackets, and its sample ids.
CREATE = r'''
    curl -i -X POST "http://localhost:8181/v1/pod_managers" \
      -d '{"url": "http://<ip>:<port>/eem", "name": "podm1", \
      "driver": "expether", "authentication": [{"type": "basic", \
      "auth_items": {"username": "xxx", "password": "xxxx"}}]}' \
      -H "Accept:application/json" -H "Content-Type:application/json"
'''
COMPOSE = r'''
       curl -i -X POST "http://localhost:8181/v1/nodes" \
         -d '{"podm_id": "00000000-0000-0000-0000-000000000000", \
         "name": "node1", "properties": {"pci_device": {"type": ["NIC"]}}}' \
         -H "Accept:application/json" -H "Content-Type:application/json"
'''
COMPOSE_FLAVOR = r'''
     curl -i -X POST "http://localhost:8181/v1/nodes" \
        -d '{"podm_id": "00000000-0000-0000-0000-000000000000", \
        "name": "node1", "flavor_id": "11111111-1111-1111-1111-111111111111"}' \
        -H "Accept:application/json" -H "Content-Type:application/json"
'''
MANAGE = r'''
  curl -i  -g -X POST "http://localhost:8181/v1/nodes/manage" \
    -d '{"podm_id": <podm_id>, \
    "node_index": <node-index>}' \
    -H "Accept:application/json" -H "Content-Type:application/json"
'''
LIST_DEVICES = r'''
  curl -i -X GET "http://localhost:8181/v1/devices" \
    -H "Accept:application/json" -H "Content-Type:application/json"
'''
ATTACH = r'''
  curl -i -X POST "http://localhost:8181/v1/nodes/<node_id>/action" \
    -d '{"attach": {"resource_id": "<resource_id>"}}' \
    -H "Accept:application/json" -H "Content-Type:application/json"
'''
DETACH = ATTACH.replace('attach', 'detach')
REGISTER = r'''
  curl -i -X POST \
   "http://localhost:8181/v1/nodes/bd412ef8-d49e-46f3-a7dd-9879a7435dc9/register" \
   -d '{"driver_info": {"username":"admin","password":"password", \
   "address":"address"}}' \
   -H "Accept:application/json" -H "Content-Type:application/json"
'''


class Valence:
    """Service, EEMs and the listener."""

    def __init__(self, env, config=None, eems=('eem',), **eem):
        self.port = free_port()
        self.rack = env.rack({name: {'protocol': 'eem', **eem} for name in eems})
        self.server = env.standalone({'DEFAULT': {'enabled_hardware_types': 'expether,fake-hardware'},
                                      'valence': {'host_ip': '127.0.0.1', 'port': str(self.port)},
                                      **(config or {})})
        self.base = f'http://127.0.0.1:{self.port}'

    def curl(self, command, **replaced):
        """Runs a command of the documentation; gives status, headers and the JSON body."""
        command = command.replace('localhost:8181', f'localhost:{self.port}')
        for old, new in replaced.items():
            old = old.replace('_', '[-_]')
            command, count = re.subn(f'<{old}>', lambda match, new=new: new, command)
            assert count == 1, (old, command)
        done = subprocess.run(['bash', '-c', command], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        head, _, body = done.stdout.partition('\n\n') if '\r\n\r\n' not in done.stdout else \
            done.stdout.partition('\r\n\r\n')
        status = int(head.split()[1])
        return status, json.loads(body) if body else None

    def call(self, method, path, body=None, **options):
        return call(method, f'{self.base}{path}', body, version=None, **options)

    def ok(self, method, path, body=None, status=200):
        answer = self.call(method, path, body)
        assert answer.status == status, f'{method} {path}: {answer}'
        return answer.json

    def refused(self, method, path, body, status, title, code=None, says=''):
        answer = self.call(method, path, body)
        assert answer.status == status, f'{method} {path} {body}: {answer}'
        fault = answer.json
        assert set(fault) == {'request_id', 'code', 'status', 'title', 'detail'}, fault
        assert fault['request_id'] == ZERO_ID and fault['status'] == status, fault
        assert fault['title'] == title, fault
        assert code is None or fault['code'] == code, fault
        assert says in fault['detail'], fault
        return fault

    def url(self, eem='eem'):
        return f'http://127.0.0.1:{self.rack.port(eem)}/eem'

    def pod_manager(self, eem='eem', **fields):
        bmc = self.rack.bmcs[eem]
        return {'name': eem, 'url': self.url(eem), 'driver': 'expether', 'authentication': [
            {'type': 'basic', 'auth_items': {'username': bmc['user'], 'password': bmc['password']}}], **fields}

    def add(self, eem='eem', cards=10):
        podm = self.ok('POST', '/v1/pod_managers', self.pod_manager(eem))
        eventually(lambda: len(self.devices(podm_id=podm['uuid'])) >= cards, 10, 0.05, 'the first sync')
        return podm

    def devices(self, **query):
        words = '&'.join(f'{name}={value}' for name, value in query.items())
        return self.ok('GET', f'/v1/devices?{words}')

    def device(self, card):
        found = self.devices(resource_uri=f'devices/{card}')
        assert len(found) == 1, found
        return found[0]

    def eem(self, card, eem='eem'):
        """What the EEM itself says of a board."""
        bmc = self.rack.bmcs[eem]
        done = subprocess.run(['curl', '-sSf', '-u', f'{bmc["user"]}:{bmc["password"]}',
                               f'{self.url(eem)}/devices/{card}'], capture_output=True, text=True, timeout=30,
                              check=True)
        return json.loads(done.stdout)['device']


def test_documentation__its_commands_as_written__work(env):
    valence = Valence(env, user='xxx', password='xxxx')
    status, podm = valence.curl(CREATE.replace('<ip>:<port>', f'127.0.0.1:{valence.rack.port("eem")}'))
    assert status == 200, podm
    assert podm['status'] == 'Online' and podm['name'] == 'podm1' and podm['driver'] == 'expether', podm
    assert podm['url'] == valence.url() and re.fullmatch(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC', podm['created_at'])
    assert podm['authentication'] == [{'type': 'basic',
                                       'auth_items': {'username': 'xxx', 'password': '******'}}], podm
    eventually(lambda: len(valence.devices()) >= 10, 10, 0.05, 'the first sync')

    status, node = valence.curl(COMPOSE.replace(NOBODY, podm['uuid']))
    assert status == 200, node
    assert node['index'] == HOST_FREE and node['name'] == 'node1', node
    assert node['resource_uri'] == f'devices/{HOST_FREE}' and node['podm_id'] == podm['uuid'], node
    group = valence.eem(HOST_FREE)['group_id']
    assert 16 <= int(group) <= 4092 and valence.eem(NIC)['group_id'] == group

    flavor = valence.ok('POST', '/v1/flavors', {'name': 'f', 'properties': {'pci_device': {'type': ['GPU']}}})
    status, other = valence.curl(COMPOSE_FLAVOR.replace(NOBODY, podm['uuid']).replace(
        '11111111-1111-1111-1111-111111111111', flavor['uuid']))
    assert status == 200 and other['index'] == HOST_USED and other['name'] == 'node1', other
    assert valence.eem(GPU)['group_id'] == '1234'

    status, managed = valence.curl(MANAGE, podm_id=f'"{podm["uuid"]}"', node_index=f'"{HOST_SMALL}"')
    assert status == 200 and managed['index'] == managed['name'] == HOST_SMALL, managed

    status, devices = valence.curl(LIST_DEVICES)
    assert status == 200
    by_uri = {device['resource_uri']: device for device in devices}
    assert by_uri[f'devices/{NIC}'] == {
        'uuid': by_uri[f'devices/{NIC}']['uuid'], 'podm_id': podm['uuid'], 'node_id': HOST_FREE, 'type': 'NIC',
        'pooled_group_id': group, 'resource_uri': f'devices/{NIC}', 'state': 'allocated'}
    ssd = by_uri[f'devices/{SSD}']
    assert ssd['state'] == 'free' and ssd['node_id'] is None and ssd['pooled_group_id'] == '4093', ssd

    status, body = valence.curl(ATTACH, node_id=node['uuid'], resource_id=ssd['uuid'])
    assert status == 204 and body is None, (status, body)
    assert valence.eem(SSD)['group_id'] == group and valence.device(SSD)['node_id'] == HOST_FREE
    for _ in range(2):
        status, body = valence.curl(DETACH, node_id=node['uuid'], resource_id=ssd['uuid'])
        assert status == 204 and body is None, (status, body)
        assert valence.eem(SSD)['group_id'] == '4093' and valence.device(SSD)['state'] == 'free'

    status, registered = valence.curl(REGISTER.replace('bd412ef8-d49e-46f3-a7dd-9879a7435dc9', node['uuid']))
    assert status == 200 and registered['managed_by'] == 'ironic', registered
    assert registered['uuid'] == node['uuid'] and registered['name'] == 'node1', registered
    info = valence.server.get(f'/v1/nodes/{node["uuid"]}').json['driver_info']
    assert info['ipmi_address'] == 'address' and info['ipmi_username'] == 'admin', info
    assert info['ipmi_password'] == info['expether_password'] == '******', info


def test_periodic_sync__while_it_is_on__follows_the_manager(env):
    valence = Valence(env, {'expether': {'enable_periodic_sync': 'true', 'sync_interval': '1'}})
    valence.add()
    valence.rack.set('eem', eem={'vanish': SSD})
    eventually(lambda: not valence.devices(resource_uri=f'devices/{SSD}'), 10, 0.1, 'the sync')


def test_sync__asked_for__tells_how_each_manager_did(env):
    valence = Valence(env, eems=('one', 'two'))
    one, two = valence.add('one'), valence.add('two')
    valence.rack.set('one', eem={'vanish': SSD})
    assert valence.ok('POST', '/v1/devices/sync', {'podm_id': one['uuid']}) == [
        {'podm_id': one['uuid'], 'status': 'SUCCESS'}]
    assert not valence.devices(podm_id=one['uuid'], resource_uri=f'devices/{SSD}')
    assert valence.devices(podm_id=two['uuid'], resource_uri=f'devices/{SSD}')
    valence.rack.set('two', fault={'kind': 'status', 'status': 500})
    rows = valence.ok('POST', '/v1/devices/sync')
    assert sorted(rows, key=lambda row: row['status']) == [{'podm_id': two['uuid'], 'status': 'FAILED'},
                                                           {'podm_id': one['uuid'], 'status': 'SUCCESS'}], rows
    assert valence.ok('POST', '/v1/devices/sync', {'podm_id': NOBODY}) == [
        {'podm_id': NOBODY, 'status': 'FAILED'}]


def test_pod_manager__its_life__is_valences(env):
    valence = Valence(env)
    body = valence.pod_manager()
    path = '/v1/pod_managers'
    valence.refused('POST', path, {**body, 'driver': 'redfishv2'}, 404, 'Unsupported Driver Specified')
    valence.refused('POST', path, {name: body[name] for name in body if name != 'driver'}, 404,
                    'Unsupported Driver Specified', says='redfishv1')
    valence.refused('POST', path, {**body, 'colour': 'red'}, 400, 'Validation Error')
    valence.refused('POST', path, {**body, 'url': 'eem'}, 400, 'Validation Error', 'Bad Request', 'url')
    valence.refused('POST', path, None, 400, 'Validation Error')
    wrong = [{'type': 'basic', 'auth_items': {'username': 'admin', 'password': 'sesame-wrong'}}]
    fault = valence.refused('POST', path, {**body, 'authentication': wrong}, 401, 'Authorization Error',
                            'Unauthorized')
    assert 'sesame' not in fault['detail'], fault
    fault = valence.refused('POST', path, {**body, 'url': f'http://127.0.0.1:{free_port()}/eem'}, 500,
                            'ExpEther Exception')
    assert valence.ok('GET', path) == []

    podm = valence.ok('POST', path, {**body, 'url': body['url'] + '/'})
    assert podm['url'] == body['url']
    valence.refused('POST', path, {**body, 'name': 'other'}, 400, 'Bad Request', says='duplicated name or url !')
    valence.refused('POST', path, {**body, 'url': 'http://127.0.0.1:1/eem'}, 400, 'Bad Request')
    assert valence.ok('GET', path) == valence.ok('GET', f'{path}/') == [valence.ok('GET', f'{path}/{podm["uuid"]}')]
    valence.refused('GET', f'{path}/{NOBODY}', None, 404, 'Resource could not be found', 'Not Found')
    valence.refused('GET', f'{path}/eem', None, 404, 'Resource could not be found')

    changed = valence.ok('PATCH', f'{path}/{podm["uuid"]}', {**podm, 'name': 'renamed', 'url': 'http://x/'})
    assert changed['name'] == 'renamed' and changed['url'] == podm['url'], changed
    assert valence.ok('POST', '/v1/devices/sync') == [{'podm_id': podm['uuid'], 'status': 'SUCCESS'}]  # not '******'

    node = valence.ok('POST', '/v1/nodes', {'name': 'n', 'properties': {'pci_device': {'type': ['NIC', 'SSD']}}})
    assert valence.eem(NIC)['group_id'] == valence.eem(SSD)['group_id'] == valence.eem(HOST_FREE)['group_id']
    gone = valence.ok('DELETE', f'{path}/{podm["uuid"]}')
    assert gone == {'code': '', 'detail': 'DELETED', 'request_id': ZERO_ID}, gone
    assert valence.eem(NIC)['group_id'] == valence.eem(SSD)['group_id'] == '4093'
    assert valence.ok('GET', path) == valence.ok('GET', '/v1/nodes') == valence.devices() == []
    assert valence.server.call('GET', f'/v1/nodes/{node["uuid"]}').status == 404
    valence.refused('DELETE', f'{path}/{podm["uuid"]}', None, 404, 'Resource could not be found')


def test_pod_manager__new_password__reaches_its_nodes(env):
    valence = Valence(env)
    podm = valence.add()
    node = valence.ok('POST', '/v1/nodes/manage', {'podm_id': podm['uuid'], 'node_index': HOST_FREE})
    path = f'/v1/pod_managers/{podm["uuid"]}'

    def change(password):
        shown = valence.ok('PATCH', path, {'authentication': [
            {'type': 'basic', 'auth_items': {'username': 'admin', 'password': password}}]})
        assert password not in json.dumps(shown), shown

    change('sesame-wrong')
    fault = valence.refused('GET', f'/v1/nodes/{node["uuid"]}', None, 500, 'ExpEther Exception')
    assert 'sesame' not in fault['detail'], fault
    change('rack-password')
    assert valence.ok('GET', f'/v1/nodes/{node["uuid"]}')['index'] == HOST_FREE
    log = valence.server.program.log()
    assert 'sesame' not in log and 'rack-password' not in log


def test_compose__what_cannot_be_had__leaves_nothing_behind(env):
    valence = Valence(env)
    podm = valence.add()
    fault = valence.refused('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': 'n', 'properties': {
        'pci_device': {'type': ['NIC', 'GPU', 'GPU']}}}, 404, 'ExpEther Exception', '40400')
    assert 'GPU' in fault['detail'], fault
    assert valence.eem(NIC)['group_id'] == valence.eem(GPU)['group_id'] == '4093'
    assert valence.ok('GET', '/v1/nodes') == []
    valence.refused('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': 'n', 'properties': {
        'pci_device': {'type': ['FPGA']}}}, 404, 'ExpEther Exception', '40400', 'Requested device not available')
    for name in 'ab':
        valence.ok('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': name})
    valence.refused('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': 'n', 'properties': {
        'pci_device': {'type': ['NIC', 'GPU', 'SSD']}}}, 500, 'ExpEther Exception')  # two fit the last host
    assert all(valence.eem(card)['group_id'] == '4093' for card in (NIC, GPU, SSD))
    valence.ok('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': 'c'})
    valence.refused('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': 'd'}, 404, 'ExpEther Exception',
                    '40400', 'Node not available')
    body = {'podm_id': podm['uuid'], 'name': 'd'}
    valence.refused('POST', '/v1/nodes', {**body, 'flavor_id': NOBODY, 'properties': {}}, 400, 'Validation Error')
    valence.refused('POST', '/v1/nodes', {**body, 'flavor_id': NOBODY}, 404, 'Resource could not be found')
    valence.refused('POST', '/v1/nodes', {'podm_id': NOBODY, 'name': 'd'}, 404, 'Resource could not be found')
    valence.refused('POST', '/v1/nodes', {**body, 'properties': {'memory': {'type': 1}}}, 400, 'Validation Error')


def test_compose__many_at_once__each_gets_its_own_host(env):
    valence = Valence(env)
    podm = valence.add()
    answers = []

    def compose(number):
        answers.append(valence.call('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': f'n{number}'}))

    threads = [threading.Thread(target=compose, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 404, 404, 404], answers
    hosts = {node['index'] for node in valence.ok('GET', '/v1/nodes')}
    assert hosts == {HOST_FREE, HOST_USED, HOST_SMALL}, hosts


def test_manage__what_is_no_host__is_refused(env):
    valence = Valence(env)
    podm = valence.add()
    body = {'podm_id': podm['uuid'], 'node_index': HOST_USED}
    valence.ok('POST', '/v1/nodes/manage', body)
    valence.refused('POST', '/v1/nodes/manage', body, 409, 'Resource Already Exists', 'Conflict', HOST_USED)
    valence.refused('POST', '/v1/nodes/manage', {**body, 'node_index': SSD}, 500, 'ExpEther Exception',
                    says='Not a valid EESV node')
    valence.refused('POST', '/v1/nodes/manage', {**body, 'node_index': '0xffffffffffff'}, 404,
                    'ExpEther Exception', '40400')
    valence.refused('POST', '/v1/nodes/manage', {'podm_id': podm['uuid']}, 400, 'Validation Error')
    assert len(valence.ok('GET', '/v1/nodes')) == 1


def test_node__shown_and_found__as_recorded_and_live(env):
    valence = Valence(env)
    podm = valence.add()
    one = valence.ok('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': 'any name / at all'})
    two = valence.ok('POST', '/v1/nodes/manage', {'podm_id': podm['uuid'], 'node_index': HOST_USED})
    assert one['name'] == 'any name / at all'
    assert valence.ok('GET', '/v1/nodes') == [one, two]
    assert valence.ok('GET', f'/v1/nodes?index={HOST_USED}') == [two]
    assert valence.ok('GET', f'/v1/nodes?podm_id={podm["uuid"]}&name={HOST_USED}') == [two]
    assert valence.ok('GET', f'/v1/nodes?podm_id={NOBODY}') == []
    shown = valence.ok('GET', f'/v1/nodes/{two["uuid"]}')
    board = valence.eem(HOST_USED)
    assert {**two, **shown} == shown, shown
    assert shown['pooled_group_id'] == '1234' and shown['type'] == '40g', shown
    assert shown['mac_address'] == board['mac_address'] and shown['description'] == board['model'], shown
    assert shown['power_state'] == board['power_status'] and shown['host_model'] == board['host_model'], shown
    assert shown['serial_number'] == board['serial_number'] and shown['created_at'].endswith(' UTC'), shown
    ours = valence.server.ok('POST', '/v1/nodes', {'driver': 'expether', 'name': 'ours', 'driver_info': {
        'expether_address': valence.url(), 'expether_eesv_id': HOST_SMALL}}, status=201)
    assert valence.ok('GET', f'/v1/nodes?index={HOST_SMALL}') == [
        {'uuid': ours['uuid'], 'name': 'ours', 'podm_id': podm['uuid'], 'index': HOST_SMALL,
         'resource_uri': f'devices/{HOST_SMALL}'}]
    assert valence.call('DELETE', f'/v1/nodes/{one["uuid"]}').json is None
    valence.refused('GET', f'/v1/nodes/{one["uuid"]}', None, 404, 'Resource could not be found')
    valence.refused('DELETE', f'/v1/nodes/{NOBODY}', None, 404, 'Resource could not be found')


def test_action__what_cannot_be_done__is_refused_as_by_valence(env):
    valence = Valence(env)
    podm = valence.add()
    one = valence.ok('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': 'one'})
    small = valence.ok('POST', '/v1/nodes/manage', {'podm_id': podm['uuid'], 'node_index': HOST_SMALL})
    path = f'/v1/nodes/{one["uuid"]}/action'
    valence.refused('POST', path, {'Boot': {'Enabled': 'Once', 'Target': 'Pxe'}}, 400, 'Bad Request',
                    says='Unsupported action: Boot')
    valence.refused('POST', path, {'Reset': {'Type': 'On'}}, 400, 'Bad Request', says='Unsupported action: Reset')
    valence.refused('POST', path, {'Reset': {'Type': 'Explode'}}, 400, 'Validation Error')
    card = valence.device(NIC)['uuid']
    valence.refused('POST', path, {'attach': {'resource_id': card}, 'detach': {'resource_id': card}}, 400,
                    'Validation Error')
    valence.refused('POST', path, {}, 400, 'Validation Error')
    valence.refused('POST', path, {'attach': {'resource_id': NOBODY}}, 404, 'Resource could not be found')
    valence.refused('POST', f'/v1/nodes/{NOBODY}/action', {'attach': {'resource_id': card}}, 404,
                    'Resource could not be found')
    valence.ok('POST', path, {'attach': {'resource_id': card}}, 204)
    for node in one, small:
        valence.refused('POST', f'/v1/nodes/{node["uuid"]}/action', {'attach': {'resource_id': card}}, 400,
                        'Bad Request', 'Bad Request', 'already assigned')
    valence.refused('POST', path, {'attach': {'resource_id': valence.device(HELD)['uuid']}}, 400, 'Bad Request')
    valence.refused('POST', f'/v1/nodes/{small["uuid"]}/action', {'detach': {'resource_id': card}}, 400,
                    'Bad Request')
    assert valence.eem(NIC)['group_id'] == valence.eem(HOST_FREE)['group_id']
    full = f'/v1/nodes/{small["uuid"]}/action'
    for name in SSD, GPU:
        valence.ok('POST', full, {'attach': {'resource_id': valence.device(name)['uuid']}}, 204)
    spare = valence.devices(state='free', type='USB')[0]['uuid']
    valence.refused('POST', full, {'attach': {'resource_id': spare}}, 500, 'ExpEther Exception')
    assert valence.devices(uuid=spare)[0]['state'] == 'free'


def test_attach__of_one_card_by_many__one_gets_it(env):
    valence = Valence(env)
    podm = valence.add()
    nodes = [valence.ok('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': f'n{i}'}) for i in range(3)]
    card = valence.device(GPU)['uuid']
    answers = []

    def attach(number):
        node = nodes[number % 3]['uuid']
        if number < 6:
            answers.append(valence.call('POST', f'/v1/nodes/{node}/action', {'attach': {'resource_id': card}}))
        else:
            answers.append(valence.server.call('POST', f'/v1/nodes/{node}/vendor_passthru?method=attach_device',
                                               {'device_id': GPU}))

    threads = [threading.Thread(target=attach, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([answer for answer in answers if answer.status in (200, 204)]) == 1, answers
    assert all(answer.status in (200, 204, 400, 409) for answer in answers), answers
    owner = valence.device(GPU)['node_id']
    assert valence.eem(GPU)['group_id'] == valence.eem(owner)['group_id'] != '4093'


def test_device__shown_and_found__by_each_field(env):
    valence = Valence(env)
    podm = valence.add()
    card = valence.device(NIC)
    whole = valence.ok('GET', f'/v1/devices/{card["uuid"]}')
    assert {**card, **whole} == whole and whole['properties']['device_id'] == NIC, whole
    assert set(whole) - set(card) == {'properties', 'extra', 'created_at', 'updated_at'}, whole
    assert {device['pooled_group_id'] for device in valence.devices(state='free')} == {'4093'}
    assert [device['node_id'] for device in valence.devices(node_id=HOST_USED)] == [HOST_USED]
    assert {device['type'] for device in valence.devices(type='SSD')} == {'SSD'}
    assert [device['resource_uri'] for device in valence.devices(pooled_group_id='1234')] == [f'devices/{HELD}']
    assert valence.devices(podm_id=podm['uuid']) == valence.devices()
    for nothing in ({'podm_id': 'x'}, {'podm_id': NOBODY}, {'resource_uri': NIC}, {'state': 'x'}, {'uuid': "'"}):
        assert valence.devices(**nothing) == []
    assert valence.call('GET', '/v1/devices?colour=red').status == 400
    valence.refused('GET', f'/v1/devices/{NOBODY}', None, 404, 'Resource could not be found')
    valence.refused('GET', '/v1/devices/x', None, 404, 'Resource could not be found')


def test_systems__asked_with_a_body__come_from_the_manager(env):
    valence = Valence(env)
    podm = valence.add()
    body = {'podm_id': podm['uuid']}
    systems = valence.ok('GET', '/v1/systems', body)
    assert [system['id'] for system in systems] == [HOST_FREE, HOST_USED, HOST_SMALL], systems
    assert set(systems[0]) == {'id', 'resource_uri', 'pooled_group_id', 'type', 'mac_address', 'host_serial_num',
                               'host_model'}, systems
    assert valence.ok('GET', f'/v1/systems?podm_id={podm["uuid"]}') == systems
    one = valence.ok('GET', f'/v1/systems/{HOST_SMALL}', body)
    board = valence.eem(HOST_SMALL)
    assert one['id'] == HOST_SMALL and one['type'] == '10g' and one['name'] == 'eesv', one
    assert one['ee_version'] == board['ee_version'] and one['power_state'] == board['power_status'], one
    assert re.fullmatch(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d', one['update_time']), one
    valence.refused('GET', f'/v1/systems/{SSD}', body, 404, 'ExpEther Exception', '40400')
    valence.refused('GET', '/v1/systems', {'podm_id': NOBODY}, 404, 'Resource could not be found')
    valence.refused('GET', '/v1/racks', body, 501, 'Not Implemented')
    valence.refused('GET', '/v1/storages', None, 501, 'Not Implemented')


def test_flavor__its_life__is_valences(env):
    valence = Valence(env)
    body = {'name': 'f', 'description': 'one card', 'properties': {
        'memory': {'capacity_mib': '4096', 'type': 'DDR4'}, 'processor': {'total_cores': '8', 'model': 'x'},
        'pci_device': {'type': ['NIC']}}}
    flavor = valence.ok('POST', '/v1/flavors', body)
    assert {**flavor, **body} == flavor, flavor
    assert valence.ok('GET', '/v1/flavors') == [flavor] == [valence.ok('GET', f'/v1/flavors/{flavor["uuid"]}')]
    changed = valence.ok('PATCH', f'/v1/flavors/{flavor["uuid"]}', {'name': 'g'})
    assert changed['name'] == 'g' and changed['properties'] == body['properties'], changed
    valence.refused('PATCH', f'/v1/flavors/{flavor["uuid"]}', {'colour': 1}, 400, 'Validation Error')
    valence.refused('POST', '/v1/flavors', {'name': 'f'}, 400, 'Validation Error', says='properties')
    gone = valence.ok('DELETE', f'/v1/flavors/{flavor["uuid"]}')
    assert gone['code'] == 'DELETED' and flavor['uuid'] in gone['detail'], gone
    for method in 'GET', 'DELETE':
        valence.refused(method, f'/v1/flavors/{flavor["uuid"]}', None, 404, 'Resource could not be found')


def test_register__with_mac_and_driver__makes_the_node_ready(env):
    valence = Valence(env)
    podm = valence.add()
    node = valence.ok('POST', '/v1/nodes', {'podm_id': podm['uuid'], 'name': 'n'})
    path = f'/v1/nodes/{node["uuid"]}/register'
    body = {'driver_info': {'redfish_address': 'http://bmc', 'username': 'u', 'password': 'sesame'},
            'driver': 'redfish', 'mac': '52:54:00:AA:bb:01'}
    valence.refused('POST', path, {'mac': body['mac']}, 400, 'Bad Request', says='Missing driver_info')
    valence.refused('POST', path, {**body, 'driver': 'ilo'}, 404, 'Unsupported Driver Specified')
    shown = valence.ok('POST', path, body)
    assert 'sesame' not in json.dumps(shown) and shown['managed_by'] == 'ironic', shown
    again = valence.ok('POST', path, body)
    assert again['uuid'] == node['uuid']
    ours = valence.server.get(f'/v1/nodes/{node["uuid"]}').json
    assert ours['power_interface'] == ours['management_interface'] == 'redfish', ours
    assert ours['driver_info']['redfish_username'] == 'u' and ours['driver_info']['redfish_password'] == '******'
    ports = valence.server.get(f'/v1/nodes/{node["uuid"]}/ports').json['ports']
    assert [port['address'] for port in ports] == ['52:54:00:aa:bb:01'], ports
    assert valence.ok('GET', '/v1/nodes?managed_by=ironic')[0]['uuid'] == node['uuid']


def test_root__read__leads_on(env):
    valence = Valence(env)
    root = valence.ok('GET', '/')
    assert root['versions'][0]['id'] == 'v1' and root['versions'][0]['status'] == 'CURRENT', root
    v1 = valence.ok('GET', '/v1/')
    assert {'id', 'media_types', 'links', 'nodes', 'storages', 'flavors', 'systems', 'pod_managers'} == set(v1)
    assert v1['nodes'][0]['href'] == f'{valence.base}/v1/nodes/', v1
    for path in '/nodes', '/v1/ports', '/v1x', '/Chassis/1', '/v1/nodes//action', '/v1/devices/%ff':
        valence.refused('GET', path, None, 404, 'Resource could not be found', 'Not Found')
    answer = valence.call('PUT', '/v1/nodes')
    assert answer.status == 405 and answer.headers['allow'] == 'GET, POST', answer
    for body in b'{', b'{"a": \\ }', b'[' * 100, b'\xff', b'"' + b'x' * 300000 + b'"':
        answer = harness.call('POST', f'{valence.base}/v1/flavors', body, version=None)
        assert answer.status in (400, 413), answer


def test_listener__off_loopback_without_authentication__is_refused(env):
    server = harness.Standalone(env, {'valence': {'host_ip': '0.0.0.0'}}).start(wait=False)
    server.program.is_checked = False
    assert server.program.wait() != 0
    assert 'allow_noauth_on_network' in server.program.log(), server.program.log()


def test_listener__with_http_basic__asks_for_credentials(env):
    users = env.folder / 'users'
    users.write_text('myName:$2y$05$lE3eGtyj41jZwrzS87KTqe6.JETVCWBkc32C63UP2aYrGoYOEpbJm\n')
    valence_port = free_port()
    server = harness.Standalone(env, {
        'DEFAULT': {'auth_strategy': 'http_basic', 'http_basic_auth_user_file': str(users)},
        'valence': {'host_ip': '127.0.0.1', 'port': str(valence_port)}}).start(wait=False)
    eventually(lambda: 'Serving the Valence API' in server.program.log(), 60, 0.1, 'the listener')
    answer = call('GET', f'http://127.0.0.1:{valence_port}/v1/flavors', version=None)
    assert answer.status == 401 and answer.json['title'] == 'Authorization Error', answer
    assert answer.headers['www-authenticate'].startswith('Basic'), answer


if __name__ == '__main__':
    harness.main()
