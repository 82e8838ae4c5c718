#!/usr/bin/python3
"""test_expether: nodes of type expether and a simulated ExpEther manager (EEM), row by row of the checklist; what came
of a request is read at the EEM itself, and request sequences are held against the files of expether/."""
import base64
import json
import random
import subprocess
import threading
import time

import harness

GOLDEN = harness.ROOT / 'tests' / 'integration' / 'expether'
HOST, HOST_WITH_GROUP, SMALL_HOST = '0x111111111111', '0x222222222222', '0x333333333333'
SSD, NIC, GPU, MULTI, USB, ACS = (f'0xa0000000000{n}' for n in range(1, 7))
OLD_CARD, SILENT_CARD, TAKEN_CARD = '0xa00000000009', '0xa0000000000a', '0xa0000000000b'
PASSWORD = 'eemeem'
# A crash is noticed soon.
QUICK = {'beat': '0.5', 'hold': '3', 'flight': '1', 'watch': '4'}


class Site:
    """A service with one node of type expether for each host given, and EEMs in a rack."""

    def __init__(self, env, hosts=(), config=None, eems=('eem',), **bmc):
        self.env = env
        self.rack = env.rack({name: {'protocol': 'eem', 'password': PASSWORD, **bmc} for name in eems})
        config = config or {}
        config['DEFAULT'] = {'enabled_hardware_types': 'expether,fake-hardware,ipmi', **config.get('DEFAULT', {})}
        config['expether'] = {'connect_timeout': '2', 'read_timeout': '2', **config.get('expether', {})}
        self.server = env.standalone(config)
        self.seen = 0
        for name, host in dict(hosts).items():
            self.enrol(name, host)
        self.log()

    def url(self, eem='eem'):
        return f"http://{self.rack.bmcs[eem]['listen']}/eem"

    def info(self, host=HOST, eem='eem', **changes):
        info = {'expether_address': self.url(eem), 'expether_username': 'admin', 'expether_password': PASSWORD,
                'expether_eesv_id': host, **changes}
        return {name: value for name, value in info.items() if value is not None}

    def enrol(self, name, host=HOST, eem='eem', **changes):
        return self.server.ok('POST', '/v1/nodes', {'name': name, 'driver': 'expether',
                                                    'driver_info': self.info(host, eem, **changes)}, status=201)

    def eem(self, method, path, body=None, eem='eem', password=PASSWORD):
        """What the EEM itself says."""
        token = base64.b64encode(f'admin:{password}'.encode()).decode()
        return harness.call(method, self.url(eem) + path, body, headers={'Authorization': f'Basic {token}'})

    def device(self, card):
        return self.eem('GET', f'/devices/{card}').json['device']

    def group(self, card):
        return self.device(card)['group_id']

    def behind(self, eem='eem', **changes):
        """Something happens at the EEM behind everybody's back."""
        return self.rack.set(eem, eem=changes)

    def fault(self, kind, eem='eem', **fields):
        self.rack.set(eem, fault={'kind': kind, **fields})

    def mend(self, eem='eem'):
        self.rack.set(eem, fault=None, latency_ms=0, loss_percent=0)

    def call(self, node, method, body=None, verb='POST', **options):
        return self.server.call(verb, f'/v1/nodes/{node}/vendor_passthru?method={method}', body, **options)

    def attach(self, node, card):
        return self.call(node, 'attach_device', {'device_id': card})

    def detach(self, node, card):
        return self.call(node, 'detach_device', {'device_id': card})

    def driver(self, method, body=None, verb='GET', query=''):
        return self.server.ok(verb, f'/v1/drivers/expether/vendor_passthru/{method}{query}', body)

    def sync(self, eem='eem'):
        """Records the EEM if it is new, and reads it; then nothing of the service's own is under way."""
        result = self.driver('sync_devices', {'address': self.url(eem), 'username': 'admin', 'password': PASSWORD},
                             verb='POST')
        harness.eventually(lambda: self.server.psql(
            'SELECT bool_and(NOT is_sync_asked AND coalesce(synced_at >= sync_taken_at, false)) FROM pod_managers '
            "WHERE status = 'Online'") != 'f', 10, what='the end of the first sync')
        return result

    def log(self):
        """Requests that the simulator has had since the last call."""
        path = self.rack.log_path
        rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        new, self.seen = rows[self.seen:], len(rows)
        return [row['what'] for row in new]

    def records(self):
        """What is recorded: {card: (state, group, host, node name, held, intent)}."""
        rows = self.server.psql("SELECT d.resource_id, d.state, d.group_id, coalesce(d.host_id, ''), "
                                "coalesce(n.name, ''), d.is_held, coalesce(d.intent, '') FROM devices d "
                                "LEFT JOIN nodes n ON n.id = d.node_id WHERE d.is_present")
        return {row.split('|')[0]: tuple(row.split('|')[1:]) for row in rows.splitlines()}

    def check_agreement(self):
        """EEM and records say the same of every card."""
        devices = harness.call('GET', f'http://{self.rack.control}/bmc/eem').json['eem']['devices']
        cards = {card: device['group_id'] for card, device in devices.items() if device['status'] == 'eeio' and
                 device['notification_status0'][0] != 'down'}
        hosts = {}
        for host, device in devices.items():
            if device['status'] == 'eesv':
                hosts.setdefault(device['group_id'], host)
        records = self.records()
        assert set(records) == set(cards), (records, cards)
        for card, group in cards.items():
            state, recorded, host, _, _, intent = records[card]
            assert recorded == group and not intent, (card, group, records[card])
            assert state == ('free' if group == '4093' else 'allocated'), (card, records[card])
            assert group == '4093' or host == hosts[group], (card, records[card], hosts)
        return records


def golden(site, name):
    lines = [line for line in (GOLDEN / f'{name}.txt').read_text().splitlines() if not line.startswith('#')]
    seen = site.log()
    assert seen == lines, f'{name}: expected {lines}, the EEM saw {seen}'


def refused(answer, status, *words):
    assert answer.status == status, answer
    for word in words:
        assert word in answer.fault(), answer
    assert PASSWORD not in answer.text


# ---- rows 1 and 2: the simulator ----

def test_row_01_simulator_speaks_eem(env):
    site = Site(env)
    assert site.eem('GET', '/api_version').json['version_number']
    wrong = site.eem('GET', '/api_version', password='wrong')
    assert wrong.status == 401 and not wrong.text
    assert site.eem('GET', '/nothing').json['code'] == '40400'
    assert site.eem('GET', '/devices/0xffffffffffff').json['code'] == '40400'
    assert site.eem('POST', '/devices').status == 405
    assert site.eem('PUT', f'/devices/{NIC}/group_id', '{"group_id"').status == 400


def test_row_02_short_and_full_lists(env):
    site = Site(env)
    short = site.eem('GET', '/devices?status=eeio&group_id=4093').json
    assert all(set(row) == {'id'} for row in short['devices']) and len(short['devices']) == 10 and short['timestamp']
    full = site.eem('GET', '/devices/detail?status=eesv').json['devices']
    assert [row['id'] for row in full] == [HOST, HOST_WITH_GROUP, SMALL_HOST]
    assert [len(row['downstream_ports']) for row in full] == [16, 16, 8]
    ports = full[1]['downstream_ports']
    assert ports[0] == {'downstream_port_id': '0', 'eeio_connection_status': 'up',
                        'eeio_mac_address': 'a0:00:00:00:00:0b'}
    assert site.device(TAKEN_CARD)['eesv_mac_address'] == '22:22:22:22:22:22'
    newest = site.eem('PUT', f'/devices/{NIC}/audit').json['update_time']
    changed = site.eem('GET', f'/devices?update_time={int(newest) - 1}').json['devices']
    assert changed == [{'id': NIC}], changed


def test_simulator_refuses_what_eem_refuses(env):
    site = Site(env)

    def put(device, group, query=''):
        answer = site.eem('PUT', f'/devices/{device}/group_id{query}', {'group_id': group})
        return answer.json.get('code') or answer.json['group_id']

    assert put(NIC, '15') == put(NIC, '4093') == put(NIC, 'x') == put(NIC, '99') == '40004'
    assert put(NIC, '1234', '?update_time=1') == '40004' and put(NIC, '1234') == '1234'
    assert put(NIC, '1234') == '40004' and put(SILENT_CARD, '1234') == '50003'
    assert put(SMALL_HOST, None) == '16'
    assert [put(card, '16') for card in (SSD, GPU, USB)] == ['16', '16', '40004']
    assert site.eem('DELETE', f'/devices/{NIC}').json['code'] == '40011'
    assert site.eem('DELETE', f'/devices/{NIC}?force=enabled').status == 204
    port = site.device(HOST_WITH_GROUP)['downstream_ports'][1]
    assert port['eeio_connection_status'] == 'down' and port['eeio_mac_address'] == 'a0:00:00:00:00:02'
    assert site.eem('DELETE', f'/devices/{HOST_WITH_GROUP}/ports/1/eeio_mac_address').status == 204
    assert site.eem('DELETE', f'/devices/{HOST_WITH_GROUP}/ports/0/eeio_mac_address').status == 400
    assert sorted(group['id'] for group in site.eem('GET', '/groups').json['groups']) == ['1234', '16']
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(
        site.eem('PUT', f'/devices/{ACS}/group_id', {'group_id': '1234'}).status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [400] * 7, answers


# ---- rows 3 to 5: the driver and its node ----

def test_row_03_driver_is_listed(env):
    site = Site(env)
    assert 'expether' in [driver['name'] for driver in site.server.ok('GET', '/v1/drivers')['drivers']]
    properties = site.server.ok('GET', '/v1/drivers/expether/properties')
    assert {'expether_address', 'expether_eesv_id'} <= set(properties), properties


def test_row_04_create_and_validate(env):
    site = Site(env, {'n1': HOST})
    path = '/v1/nodes/n1/validate'
    validated = site.server.ok('GET', path)
    assert validated['power']['result'] and validated['inspect']['result'], validated
    for patch, words in (
            ([{'op': 'remove', 'path': '/driver_info/expether_eesv_id'}], "['expether_eesv_id']"),
            ([{'op': 'add', 'path': '/driver_info/expether_eesv_id', 'value': 'x'}], 'expether_eesv_id'),
            ([{'op': 'add', 'path': '/driver_info/expether_eesv_id', 'value': '0xABCDEF012345'}], 'has no device'),
            ([{'op': 'add', 'path': '/driver_info/expether_eesv_id', 'value': '11:11:11:11:11:11'},
              {'op': 'add', 'path': '/driver_info/expether_password', 'value': 'wrong'}], 'rejected the credentials'),
            ([{'op': 'remove', 'path': '/driver_info/expether_password'}], 'must both be set'),
            ([{'op': 'add', 'path': '/driver_info/expether_address', 'value': 'ftp://x'},
              {'op': 'add', 'path': '/driver_info/expether_password', 'value': PASSWORD}], 'Invalid ExpEther')):
        site.server.ok('PATCH', '/v1/nodes/n1', patch)
        power = site.server.ok('GET', path)['power']
        assert not power['result'] and words in power['reason'], (patch, power)
    site.server.ok('PATCH', '/v1/nodes/n1', [{'op': 'replace', 'path': '/driver_info', 'value': site.info(
        host='11:11:11:11:11:11', expether_address=site.url().removeprefix('http://') + '/')}])
    assert site.server.ok('GET', path)['power']['result']


def test_row_05_passthru_is_listed(env):
    site = Site(env, {'n1': HOST})
    methods = site.server.ok('GET', '/v1/nodes/n1/vendor_passthru/methods')
    assert set(methods) == {'get_node', 'list_devices', 'attach_device', 'detach_device', 'detach_all', 'compose',
                            'get_uid_led', 'set_uid_led', 'audit', 'reset_device', 'send_reset_frame'}
    assert not any(method['async'] for method in methods.values())
    shared = {name for name, method in methods.items() if not method['require_exclusive_lock']}
    assert shared == {'get_node', 'list_devices', 'get_uid_led', 'set_uid_led'}, shared
    methods = site.server.ok('GET', '/v1/drivers/expether/vendor_passthru/methods')
    assert set(methods) == {'list_devices', 'list_nodes', 'sync_devices', 'get_api_version'}


# ---- rows 6 to 12: cards come and go ----

def test_row_06_types(env):
    site = Site(env, {'n1': HOST, 'n2': HOST_WITH_GROUP})
    cards = {card['device_id']: card for card in site.call('n1', 'list_devices', verb='GET').json}
    types = [cards[f'0xa0000000000{n}']['type'] for n in range(1, 10)]
    assert types == ['SSD', 'NIC', 'GPU', 'Multi', 'USB', 'ACS', 'SWITCH', 'Unknown', None], types
    assert SILENT_CARD not in cards and TAKEN_CARD not in cards
    assert cards[NIC]['state'] == 'free' and cards[NIC]['pcie_vendor_id'] == '0x8086'
    mine = site.call('n2', 'list_devices', {'state': 'allocated'}, verb='GET').json
    assert [(card['device_id'], card['eesv_id']) for card in mine] == [(TAKEN_CARD, HOST_WITH_GROUP)]
    assert [card['device_id'] for card in site.call('n1', 'list_devices', {'type': 'GPU'}, verb='GET').json] == [GPU]
    refused(site.call('n1', 'list_devices', {'type': 'gpu'}, verb='GET'), 400, 'type')


def test_names_come_from_pci_ids(env):
    path = env.folder / 'pci.ids'
    path.write_text('# names\n8086  Good Chips\n\t1521  Fast Card\n\t\t8086 0001  A subsystem\nC 02  Network\n')
    site = Site(env, {'n1': HOST}, {'expether': {'pci_ids': str(path)}})
    cards = {card['device_id']: card for card in site.call('n1', 'list_devices', verb='GET').json}
    assert (cards[NIC]['vendor_name'], cards[NIC]['device_name']) == ('Good Chips', 'Fast Card')
    assert (cards[SSD]['vendor_name'], cards[SSD]['device_name']) == ('Good Chips', '')
    assert cards[GPU]['vendor_name'] == ''


def test_names_without_pci_ids(env):
    site = Site(env, {'n1': HOST}, {'expether': {'pci_ids': '/nonexistent'}})
    cards = site.call('n1', 'list_devices', verb='GET').json
    assert {card.get('vendor_name', '') for card in cards} == {''}


def test_rows_07_to_09_and_11_attach_and_detach(env):
    site = Site(env, {'n1': HOST, 'n2': HOST_WITH_GROUP})
    site.sync()
    site.log()
    site.driver('get_api_version', query=f'?address={site.url()}&username=admin&password={PASSWORD}')
    site.sync()
    golden(site, 'register')
    answer = site.attach('n1', NIC)
    assert answer.status == 200 and answer.json['group_id'] == '16' and answer.json['type'] == 'NIC', answer
    golden(site, 'attach')
    assert site.group(NIC) == site.group(HOST) == '16'
    site.log()
    refused(site.attach('n2', NIC), 409, 'in use by node', site.server.node('n1')['uuid'])
    refused(site.attach('n1', NIC), 409, 'already attached')
    refused(site.detach('n2', NIC), 409, 'in use by node')
    golden(site, 'attach_taken')
    assert site.attach('n1', SSD).status == 200
    golden(site, 'attach_second')
    assert site.detach('n1', NIC).status == 200
    golden(site, 'detach')
    assert site.detach('n1', NIC).json['state'] == 'free'
    golden(site, 'detach_again')
    assert site.group(NIC) == '4093'
    site.log()
    assert site.call('n2', 'get_node', verb='GET').json['attached'][0]['device_id'] == TAKEN_CARD
    golden(site, 'node_detail')
    nodes = {row['eesv_id']: row['node_uuid'] for row in site.driver('list_nodes')}
    golden(site, 'systems')
    assert nodes == {HOST: site.server.node('n1')['uuid'], HOST_WITH_GROUP: site.server.node('n2')['uuid'],
                     SMALL_HOST: None}
    records = site.check_agreement()
    assert records[SSD][2:4] == (HOST, 'n1') and records[TAKEN_CARD][2:4] == (HOST_WITH_GROUP, ''), records


def test_attach_of_a_card_that_is_not_recorded(env):
    site = Site(env, {'n1': HOST})
    site.sync()
    site.behind(devices={'0xa00000000042': {'status': 'eeio', 'pcie_class_code': '0x020000'}})
    site.log()
    answer = site.attach('n1', 'A0:00:00:00:00:42')
    assert (answer.json['device_id'], answer.json['type']) == ('0xa00000000042', 'NIC'), answer
    golden(site, 'attach_unknown')
    refused(site.attach('n1', '0xa00000000099'), 404, 'no device 0xa00000000099')
    refused(site.detach('n1', '0xa00000000099'), 404)
    refused(site.attach('n1', HOST_WITH_GROUP), 400, "host's board")
    refused(site.attach('n1', 'NIC'), 400, 'device_id')
    refused(site.call('n1', 'attach_device', {}), 400, 'either')
    refused(site.call('n1', 'attach_device', {'device_id': NIC, 'type': 'NIC'}), 400, 'either')
    refused(site.call('n1', 'detach_device', {}), 400, 'device_id')


def test_attach_of_a_foreign_card(env):
    """One that an operator has given to a host at the EEM itself."""
    site = Site(env, {'n1': HOST, 'n2': HOST_WITH_GROUP})
    site.sync()
    refused(site.attach('n1', TAKEN_CARD), 409, 'in use')
    refused(site.detach('n1', TAKEN_CARD), 409, 'another host')
    assert site.group(TAKEN_CARD) == '1234'
    assert site.detach('n2', TAKEN_CARD).status == 200
    assert site.group(TAKEN_CARD) == '4093'
    site.sync()
    site.check_agreement()


def test_row_10_full_host(env):
    site = Site(env, {'small': SMALL_HOST})
    site.sync()
    assert [site.attach('small', card).status for card in (SSD, NIC)] == [200, 200]
    site.log()
    refused(site.attach('small', GPU), 409, 'as many devices')
    golden(site, 'attach_full')
    refused(site.call('small', 'compose', {'pci_device': {'type': ['GPU']}}), 409, 'as many devices')
    assert sorted(site.call('small', 'detach_all').json) == [SSD, NIC]
    site.check_agreement()


def test_row_12_compose(env):
    site = Site(env, {'n2': HOST_WITH_GROUP})
    site.sync()
    site.log()
    answer = site.call('n2', 'compose', {'pci_device': {'type': ['NIC', 'SSD']}})
    assert [card['device_id'] for card in answer.json['attached']] == [NIC, SSD], answer
    golden(site, 'compose')
    refused(site.call('n2', 'compose', {'pci_device': {'type': ['USB', 'SSD']}}), 404, 'no free device of type SSD')
    golden(site, 'compose_missing')
    assert site.group(USB) == '4093'
    # a write that fails in the middle is rolled back, too
    site.fault('status', match='PUT', skip=1, times=1, text='{"code": "50003", "message": "no board"}')
    refused(site.call('n2', 'compose', {'pci_device': {'type': ['USB', 'GPU']}}), 500, '50003', 'no board')
    assert (site.group(USB), site.group(GPU)) == ('4093', '4093')
    assert site.call('n2', 'compose', {'pci_device': {'type': []}}).json['attached'] == []
    for wrong in ({}, {'pci_device': {}}, {'pci_device': {'type': 'NIC'}}, {'pci_device': {'type': [1]}},
                  {'pci_device': {'type': ['FPGA']}}, {'pci_device': {'type': ['NIC'] * 65}}):
        refused(site.call('n2', 'compose', wrong), 400)
    site.check_agreement()


# ---- row 13: sync ----

def test_row_13_periodic_sync(env):
    site = Site(env, {'n1': HOST}, {'expether': {'enable_periodic_sync': 'true', 'sync_interval': '2'}},
                eems=('eem', 'other', 'broken'))
    site.enrol('n2', HOST_WITH_GROUP, eem='other')
    site.enrol('n3', HOST, eem='broken')
    for node in ('n1', 'n2', 'n3'):
        assert site.attach(node, NIC).status == 200
    site.fault('drop', eem='broken')

    def cards(eem):
        rows = site.driver('list_devices', query=f'?pod_manager={site.url(eem)}')
        return {row['device_id']: row for row in rows}
    for eem in ('eem', 'other'):
        harness.eventually(lambda eem=eem: len(cards(eem)) == 10, 8, what=f'the devices of {eem}')
    site.behind(vanish=GPU)
    site.behind(eem='other', devices={SSD: {'group_id': '1234'}, USB: {'pcie_class_code': '0x120000'},
                                      '0xa00000000042': {'status': 'eeio', 'pcie_class_code': '0x020000'}})
    harness.eventually(lambda: GPU not in cards('eem'), 5, what='the end of the card that is gone')
    harness.eventually(lambda: cards('other')[SSD]['state'] == 'allocated', 5, what='the foreign attachment')
    other = cards('other')
    assert other[SSD]['eesv_id'] == HOST_WITH_GROUP and not other[SSD]['node_uuid'], other[SSD]
    assert other[USB]['type'] == 'ACS' and other['0xa00000000042']['state'] == 'free'
    # a card that a node has stays its own when it is silent for a while
    site.behind(devices={NIC: {'notification_status0': ['down', 'down']}})
    harness.eventually(lambda: NIC not in cards('eem'), 5, what='the silent card out of the list')
    site.behind(devices={NIC: {'notification_status0': ['up', 'up']}})
    harness.eventually(lambda: cards('eem').get(NIC, {}).get('node_uuid') == site.server.node('n1')['uuid'], 5,
                       what='the card back')
    # one that is taken away at the EEM is no longer the node's
    site.behind(devices={NIC: {'group_id': '4093'}})
    harness.eventually(lambda: not cards('eem')[NIC]['node_uuid'], 5, what='the loss of the card')
    statuses = site.server.psql('SELECT name, status FROM pod_managers ORDER BY id').splitlines()
    assert statuses == [f'{site.url()}|Online', f'{site.url("other")}|Online', f'{site.url("broken")}|Offline']
    result = {row['pod_manager']: row['status'] for row in site.driver('sync_devices', verb='POST')}
    assert result == {site.url(): 'SUCCESS', site.url('other'): 'SUCCESS', site.url('broken'): 'FAILED'}, result


def test_sync_is_off_unless_asked_for(env):
    site = Site(env, {'n1': HOST})
    assert site.attach('n1', NIC).status == 200
    harness.eventually(lambda: len(site.records()) == 10, 5, what='the first sync')
    site.behind(vanish=GPU)
    time.sleep(3)
    assert GPU in site.records()
    assert site.sync()[0]['status'] == 'SUCCESS'
    assert GPU not in site.records()


# ---- row 14: faults ----

def test_row_14_faults(env):
    site = Site(env, {'n1': HOST}, eems=('eem', 'good'))
    site.enrol('n2', HOST_WITH_GROUP, eem='good')
    site.sync()
    for kind, fields in (('drop', {}), ('reset', {}), ('truncate', {}), ('html', {}), ('html', {'status': 500}),
                         ('deep', {}), ('huge', {}), ('redirect', {}), ('lost_reply', {}),
                         ('status', {'status': 500, 'text': '{"code": "50003", "message": "no"}'}),
                         ('status', {'status': 401}), ('status', {'status': 503, 'text': '<html>'}),
                         ('status', {'status': 200, 'text': '[]'}), ('status', {'status': 200, 'text': '{}'}),
                         ('status', {'status': 200, 'text': '{"device": {"id": 7}, "devices": [{"id": 7}]}'})):
        site.fault(kind, **fields)
        for verb, method, body in (('GET', 'list_devices', None), ('POST', 'attach_device', {'device_id': NIC})):
            started = time.monotonic()
            answer = site.call('n1', method, body, verb=verb)
            assert answer.status >= 400 and answer.fault(), (kind, fields, answer)
            assert PASSWORD not in answer.text
            assert time.monotonic() - started < 15, (kind, fields)
        assert site.call('n2', 'get_node', verb='GET').status == 200, 'another node is not affected'
        site.mend()
        assert site.sync()[0]['status'] == 'SUCCESS'
        site.check_agreement()
    assert site.attach('n1', NIC).status == 200


def test_writes_that_answer_oddly(env):
    site = Site(env, {'n1': HOST})
    site.sync()
    site.behind(settings={'empty_writes': True, 'numeric_times': True})
    assert site.attach('n1', NIC).json['group_id'] == '16'
    assert site.detach('n1', NIC).status == 200
    site.behind(settings={'empty_writes': False})
    # done, and the answer is lost: what the EEM shows is told
    site.fault('lost_reply', match='PUT', times=1)
    assert site.attach('n1', NIC).status == 200
    site.fault('lost_reply', match='DELETE', times=1)
    assert site.detach('n1', NIC).status == 200
    site.mend()
    site.check_agreement()
    # done, and the EEM is away after that: nobody knows, and the sync finds out
    site.fault('reset', match='GET', skip=2)
    site.fault('lost_reply', match=f'PUT /eem/devices/{GPU}')
    refused(site.attach('n1', GPU), 500, 'may have been carried out')
    assert site.records()[GPU][5] == 'attach'
    site.mend()
    harness.eventually(lambda: not site.records()[GPU][5], 10, what='the intent settled')
    assert site.check_agreement()[GPU][:4] == ('allocated', '16', HOST, 'n1')
    # behind our back
    site.behind(devices={GPU: {'group_id': '4093'}, SSD: {'group_id': '1234'}})
    refused(site.attach('n1', SSD), 409)
    assert site.detach('n1', GPU).status == 200
    site.sync()
    site.check_agreement()


def test_row_15_io_device_as_host(env):
    site = Site(env, {'bad': SSD})
    power = site.server.ok('GET', '/v1/nodes/bad/validate')['power']
    assert not power['result'] and 'I/O device' in power['reason'], power
    refused(site.attach('bad', NIC), 400, 'I/O device')


def test_row_16_secrets(env):
    site = Site(env, {'n1': HOST}, {'DEFAULT': {'debug': 'true'}})
    site.attach('n1', NIC)
    site.fault('status', status=500, text=json.dumps({'code': '50003', 'message': f'no entry for {PASSWORD}'}))
    refused(site.attach('n1', SSD), 500, '50003')
    refused(site.server.call('GET', f'/v1/drivers/expether/vendor_passthru/get_api_version?address={site.url()}'
                                    f'&username=admin&password={PASSWORD}'), 500)
    shown = site.server.get('/v1/nodes/n1').text
    assert PASSWORD not in shown and '******' in shown
    assert PASSWORD not in site.driver('list_devices').__repr__()
    for program in env.programs:
        assert PASSWORD not in program.log(), program.name
    assert PASSWORD not in site.server.psql('SELECT coalesce(error, \'\'), coalesce(args::text, \'\') FROM actions')


# ---- power and inspection ----

def test_power_is_read_only(env):
    site = Site(env, {'n1': HOST}, {'conductor': {'sync_power_state_interval': '1'}})
    site.server.ok('PUT', '/v1/nodes/n1/states/provision', {'target': 'manage'}, status=202)
    harness.eventually(lambda: site.server.node('n1')['provision_state'] == 'manageable', what='manageable')
    site.server.wait_power('n1', 'power on')
    refused(site.server.power('n1', 'power off'), 400)
    site.behind(devices={HOST: {'power_status': 'off'}})
    site.server.wait_power('n1', 'power off')
    node = site.server.node('n1')
    assert not node['maintenance'] and node['power_state'] == 'power off', node


def test_power_is_the_bmcs(env):
    bmc = {'protocol': 'ipmi', 'power': 'off', 'password': 'bmc-password'}
    site = Site(env)
    other = harness.Rack(env, {'bmc': bmc})
    node = site.server.ok('POST', '/v1/nodes', {
        'name': 'n1', 'driver': 'expether', 'power_interface': 'ipmitool', 'management_interface': 'ipmitool',
        'driver_info': {**site.info(), 'ipmi_address': '127.0.0.1', 'ipmi_port': other.port('bmc'),
                        'ipmi_username': 'admin', 'ipmi_password': 'bmc-password'}}, status=201)
    assert node['power_interface'] == 'ipmitool'
    assert site.server.power('n1').status == 202
    site.server.wait_power('n1')
    assert other.ipmitool('bmc', 'chassis', 'power', 'status').endswith('on')


def test_inspection(env):
    site = Site(env, {'n1': HOST})
    site.server.ok('PATCH', '/v1/nodes/n1', [{'op': 'add', 'path': '/properties', 'value': {
        'cpu_arch': 'x86_64', 'capabilities': 'boot_mode:uefi,pci_usb:3'}}])
    assert site.call('n1', 'compose', {'pci_device': {'type': ['SSD', 'GPU']}}).status == 200
    for verb, state in (('manage', 'manageable'), ('inspect', 'manageable')):
        site.server.ok('PUT', '/v1/nodes/n1/states/provision', {'target': verb}, status=202)
        harness.eventually(lambda: site.server.node('n1')['provision_state'] == state and
                           not site.server.node('n1')['target_provision_state'], what=state)
    node = site.server.node('n1')
    assert not node['last_error'], node['last_error']
    assert node['properties']['cpu_arch'] == 'x86_64'
    assert set(node['properties']['capabilities'].split(',')) == {'boot_mode:uefi', 'pci_ssd:1', 'pci_gpu:1'}, node
    shown = node['extra']['expether']
    assert (shown['serial_number'], shown['max_eeio_count'], shown['group_id']) == ('EESV0001', 16, '16'), shown


def test_boards(env):
    site = Site(env, {'n1': HOST})
    site.attach('n1', NIC)
    assert site.call('n1', 'set_uid_led', {'state': 'on', 'device_id': NIC}, verb='PUT').status == 200
    assert site.call('n1', 'get_uid_led', {'device_id': NIC}, verb='GET').json == {'device_id': NIC, 'state': 'on'}
    assert site.call('n1', 'get_uid_led', verb='GET').json == {'device_id': HOST, 'state': 'off'}
    refused(site.call('n1', 'set_uid_led', {'state': 'blink'}, verb='PUT'), 400)
    refused(site.call('n1', 'set_uid_led', {'state': 'on', 'device_id': SSD}, verb='PUT'), 409, 'not attached')
    site.log()
    for method, path in (('audit', 'audit'), ('reset_device', 'perst'), ('send_reset_frame', 'send_reset_frame')):
        assert site.call('n1', method, {'device_id': NIC}).json == {'device_id': NIC}
        assert site.log()[-1] == f'PUT /eem/devices/{NIC}/{path}'
        refused(site.call('n1', method, {'device_id': SSD}), 409, 'not attached')
        site.log()


# ---- what nodes leave behind ----

def test_deleted_node_gives_its_cards_back(env):
    site = Site(env, {'n1': HOST, 'n2': HOST_WITH_GROUP})
    site.sync()
    assert site.attach('n1', NIC).status == 200
    site.log()
    site.server.ok('DELETE', '/v1/nodes/n1', status=204)
    harness.eventually(lambda: site.group(NIC) == '4093', 10, what='the card free at the EEM')
    harness.eventually(lambda: site.records()[NIC][:5] == ('free', '4093', '', '', 'f'), 5, what='its record')
    assert sum(what.startswith('DELETE') for what in site.log()) == 1
    assert site.attach('n2', NIC).status == 200
    site.check_agreement()


def test_delete_node_requests(env):
    site = Site(env, {'n1': HOST})
    site.sync()
    assert site.attach('n1', NIC).status == 200
    site.log()
    site.server.ok('DELETE', '/v1/nodes/n1', status=204)
    harness.eventually(lambda: site.records()[NIC][:5] == ('free', '4093', '', '', 'f'), 10, what='its record')
    golden(site, 'delete_node')


def test_torn_down_node_gives_its_cards_back(env):
    site = Site(env, {'n1': HOST})

    def provision(target, state):
        site.server.ok('PUT', '/v1/nodes/n1/states/provision', {'target': target}, status=202)
        harness.eventually(lambda: site.server.node('n1')['provision_state'] == state, 20, what=state)
    provision('manage', 'manageable')
    provision('provide', 'available')
    provision('active', 'active')
    assert site.call('n1', 'compose', {'pci_device': {'type': ['NIC', 'SSD']}}).status == 200
    site.fault('reset', match='DELETE')
    provision('deleted', 'error')
    assert 'could not be released' in site.server.node('n1')['last_error']
    site.mend()
    provision('deleted', 'available')
    assert (site.group(NIC), site.group(SSD)) == ('4093', '4093')
    site.sync()
    site.check_agreement()


# ---- crashes ----

@harness.timeout(240)
def test_crash_between_the_eems_write_and_ours(env):
    """The conductor dies when a card is claimed; what it had sent arrives, or not. Whoever repeats the action finds
    out, and the caller is told what is so."""
    site = Site(env, {'n1': HOST, 'n2': HOST_WITH_GROUP}, {'conductor': QUICK})
    site.sync()
    assert site.attach('n1', USB).status == 200
    for card, method, arrives in ((NIC, 'attach', True), (SSD, 'attach', False), (NIC, 'detach', True),
                                  (SSD, 'detach', False)):
        answers = []
        site.rack.set('eem', latency_ms=1500)
        caller = threading.Thread(target=lambda card=card, method=method, answers=answers: answers.append(
            getattr(site, method)('n1', card)))
        caller.start()
        harness.eventually(lambda card=card, method=method: site.records()[card][5] == method, 10, what='the claim')
        site.server.kill_child('ferrule-conductor')
        site.rack.set('eem', latency_ms=0)
        if arrives:
            site.behind(devices={card: {'group_id': '16' if method == 'attach' else '4093'}})
        caller.join(90)
        assert not caller.is_alive() and answers[0].status == 200, answers
        records = site.check_agreement()
        assert records[card][3] == ('n1' if method == 'attach' else ''), records[card]
        assert site.attach('n2', card).status == (409 if method == 'attach' else 200)
    assert len(site.call('n1', 'detach_all').json) == 1
    site.check_agreement()


@harness.timeout(240)
def test_crash_in_the_middle_of_compose(env):
    """Some cards are attached when the conductor dies; the repeat begins anew, and nothing stays behind."""
    site = Site(env, {'n1': HOST}, {'conductor': QUICK})
    site.sync()
    site.fault('drop', match=f'PUT /eem/devices/{SSD}', times=1)
    answers = []
    caller = threading.Thread(target=lambda: answers.append(
        site.call('n1', 'compose', {'pci_device': {'type': ['NIC', 'SSD']}}, timeout_s=90)))
    caller.start()
    harness.eventually(lambda: f'PUT /eem/devices/{SSD}/group_id {{"group_id":"16"}}' in site.log(), 10,
                       what='the second card')
    site.server.kill_child('ferrule-conductor')
    caller.join(90)
    assert not caller.is_alive() and answers[0].status == 200, answers
    records = site.check_agreement()
    assert sorted(card for card, record in records.items() if record[3] == 'n1') == [SSD, NIC], records


# ---- concurrency ----

def second_conductor(site):
    """Another conductor on the same database, by another name."""
    text = (site.server.data / 'run' / 'ferrule.conf').read_text()
    path = site.env.folder / 'second.conf'
    lines = [line for line in text.splitlines() if not line.replace(' ', '').startswith('host=')]
    path.write_text('\n'.join(lines).replace('[DEFAULT]', '[DEFAULT]\nhost = second', 1))
    harness.Program(site.env, 'ferrule-conductor', [harness.BIN / 'ferrule-conductor', '--config', path])
    harness.eventually(lambda: len(site.server.ok('GET', '/v1/conductors')['conductors']) == 2, 20,
                       what='two conductors')


class Client(threading.Thread):
    """Attaches what it can get, detaches what it has, and knows what it must be left with."""

    def __init__(self, site, nodes, cards, calls, seed):
        super().__init__()
        self.site, self.nodes, self.cards, self.calls = site, nodes, cards, calls
        self.random = random.Random(seed)
        self.mine, self.problems, self.done = {}, [], 0

    def step(self):
        card, node = self.random.choice(self.cards), self.random.choice(self.nodes)
        if self.mine and self.random.random() < 0.4:
            card = self.random.choice(list(self.mine))
            answer = self.site.detach(self.mine[card], card)
            if answer.status == 200:
                del self.mine[card]
            elif answer.status != 409 or 'locked' not in answer.text:
                self.problems.append((card, answer))
            return
        was_mine = card in self.mine
        answer = self.site.attach(node, card)
        if answer.status == 200:
            if was_mine:
                self.problems.append(('given twice', card, answer))
            self.mine[card] = node
        elif answer.status != 409:
            self.problems.append((card, answer))

    def run(self):
        for _ in range(self.calls):
            self.step()
            self.done += 1


@harness.timeout(300)
def test_concurrent_attach_and_detach(env):
    site = Site(env, cards='50')
    nodes = [f'node-{n}' for n in range(4)]
    for n, node in enumerate(nodes):
        site.enrol(node, f'0xb0000000000{n + 1}')
    cards = [f'0xa0{n + 1:010x}' for n in range(50)]
    second_conductor(site)
    site.sync()
    for turn in range(3):
        clients = [Client(site, nodes, cards, 50, 1000 * turn + n) for n in range(4)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert all(client.done == 50 for client in clients)
        problems = [problem for client in clients for problem in client.problems]
        assert not problems, problems
        records = site.check_agreement()
        held = {card: record[3] for card, record in records.items() if record[4] == 't'}
        expected = {}
        for client in clients:
            assert not set(expected) & set(client.mine), 'a card was given to two'
            expected.update(client.mine)
        assert held == expected, (held, expected)
        assert expected, 'nothing was attached'
        for node in nodes:
            assert site.call(node, 'detach_all').status == 200
        assert all(record[0] == 'free' for record in site.check_agreement().values())


# ---- the client ----

def test_through_the_client(env):
    site = Site(env, {'n1': HOST})
    listed = {row['Name'] for row in site.server.client_json('node', 'passthru', 'list', 'n1')}
    assert {'attach_device', 'list_devices', 'compose'} <= listed
    # of a list the client shows the first
    assert SSD in site.server.client('node', 'passthru', 'call', 'n1', 'list_devices', '--http-method', 'GET')
    site.server.client('node', 'passthru', 'call', 'n1', 'attach_device', '--arg', f'device_id={NIC}')
    assert site.group(NIC) == '16'
    assert NIC in site.server.client('node', 'passthru', 'call', 'n1', 'get_node', '--http-method', 'GET')
    listed = {row['Name'] for row in site.server.client_json('driver', 'passthru', 'list', 'expether')}
    assert listed == {'list_devices', 'list_nodes', 'sync_devices', 'get_api_version'}
    # the client cannot print the result of a driver's method, whatever the service
    done = subprocess.run(['baremetal', '--debug', 'driver', 'passthru', 'call', 'expether', 'list_devices',
                           '--http-method', 'GET'], env=site.server.client_environment(), capture_output=True,
                          text=True, timeout=60, check=False)
    assert NIC in done.stderr + done.stdout, done


if __name__ == '__main__':
    harness.main()
