#!/usr/bin/python3
"""test_ipmi_driver: what the ipmi driver reads of BMCs and how it reaches them: sensors, logs, inventories, targets
behind a BMC, IPMI 1.5; against OpenIPMI's ipmi_sim and bmcsim, with ipmitool as the other opinion."""
import json

import harness
import ipmi_peers
from ipmi_peers import Timed


def told(bmc, *commands, **settings):
    """The last line that the driver printed, behind its name, as JSON."""
    return json.loads(bmc.driver(*commands, **settings)[-1].split(': ', 1)[1])


def flat(sensors):
    return {name: sensor for group in sensors.values() for name, sensor in group.items()}


def by_ipmitool(text):
    """`sdr -v` of ipmitool, as Ironic takes it apart."""
    result = {}
    for part in text.split('\n\n'):
        fields = dict([word.strip() for word in line.split(':', 1)] for line in part.splitlines() if ':' in line)
        if 'Sensor ID' in fields:
            result[fields['Sensor ID']] = fields
    return result


def compare(ours, theirs):
    """Each member of each sensor that both have says the same."""
    names = ('Entity ID', 'Sensor Type (Threshold)', 'Sensor Type (Discrete)', 'Upper non-recoverable',
             'Upper critical', 'Upper non-critical', 'Lower non-recoverable', 'Lower critical', 'Lower non-critical')
    compared = 0
    for sensor_id, sensor in ours.items():
        if sensor_id not in theirs:  # ipmitool shows the first of sensors that share a record
            continue
        for name in names:
            if name in sensor and name in theirs[sensor_id]:
                assert sensor[name] == theirs[sensor_id][name], (sensor, theirs[sensor_id])
                compared += 1
        if 'Status' in sensor:
            reading = theirs[sensor_id]['Sensor Reading']
            assert sensor['Sensor Reading'].split()[0] == reading.split()[0], (sensor, reading)
            assert sensor['Sensor Reading'].split(')')[1] == reading.split(')')[1], (sensor, reading)
    return compared


def test_sensors_of_openipmi(env):
    bmc = ipmi_peers.openipmi(env)
    ours = flat(told(bmc, 'sensors'))
    assert list(ours) == ['Air intake (0x1)', 'Rail 12v (0x2)'], ours
    assert ours['Rail 12v (0x2)']['Sensor Reading'] == '12.020 (+/- 0) Volts', ours
    assert compare(ours, by_ipmitool(bmc.ipmitool('sdr', '-v'))) == 4


def test_sensors(env):
    bmc = ipmi_peers.bmcsim(env)
    sensors = told(bmc, 'sensors')
    assert {'Temperature', 'Fan', 'Voltage', 'Processor'} <= set(sensors), list(sensors)
    ours = flat(sensors)
    assert compare(ours, by_ipmitool(bmc.ipmitool('sdr', '-v', 'list', 'all'))) > 20
    readings = {sensor['Sensor ID'].rsplit(' ', 1)[0]: sensor['Sensor Reading'] for sensor in ours.values()}
    assert readings['Inlet Temp'].startswith('24 ') and readings['Inlet Temp'].endswith('degrees C'), readings
    assert readings['CPU1 Margin'].startswith('-35 '), readings  # two's complement
    assert readings['Coolant Temp'].startswith('38.800 '), readings  # its factors depend on the reading
    assert 'Riser Temp' not in readings  # no reading
    assert 'Presence detected' in ours[[name for name in ours if name.startswith('PSU1 Status')][0]]['States Asserted']

    bmc.set(ipmi={'sensors': {'Inlet Temp': {'raw': 48}, 'Fan 1': {'unavailable': True}}})
    ours = flat(told(bmc, 'sensors'))
    inlet = [sensor for name, sensor in ours.items() if name.startswith('Inlet Temp')][0]
    assert inlet['Status'] == 'Upper Critical' and inlet['Upper critical'] == '47.000', inlet
    assert not [name for name in ours if name.startswith('Fan 1')]


def test_sensor_records_are_read_once(env):
    """The records are kept while the repository says that it is unchanged."""
    bmc = ipmi_peers.bmcsim(env)
    bmc.driver('sensors')
    once = bmc.log().count("Get SDR 0x")
    bmc.driver('sensors', 'sensors', 'sensors')
    assert once > 5 and bmc.log().count("Get SDR 0x") == 2 * once, (once, bmc.log().count("Get SDR 0x"))


def test_sensor_records_against_resistance(env):
    """Another reader takes the reservation, pieces are refused, the BMC does not reserve at all."""
    bmc = ipmi_peers.bmcsim(env)
    names = set(flat(told(bmc, 'sensors')))
    bmc.set(fault={'kind': 'status', 'status': 0xC5, 'match': 'Get SDR', 'skip': 7, 'times': 3})
    assert set(flat(told(bmc, 'sensors'))) == names
    bmc.set(fault={'kind': 'status', 'status': 0xCA, 'match': 'Get SDR', 'skip': 3, 'times': 1})
    assert set(flat(told(bmc, 'sensors'))) == names
    bmc.set(fault={'kind': 'status', 'status': 0xC1, 'match': 'Reserve SDR', 'times': 1})
    sensors = told(bmc, 'sensors', ipmi_workarounds='shortreads')
    assert set(flat(sensors)) == names
    # a BMC whose reservations never last
    bmc.set(fault={'kind': 'status', 'status': 0xC5, 'match': 'Get SDR 0x', 'times': 1000})
    line, = bmc.driver('sensors', status=1)
    assert 'others read them all the time' in line, line


def test_event_log(env):
    bmc = ipmi_peers.openipmi(env)
    log = told(bmc, 'call', 'get_sel', '{}')
    assert log['count'] == 1 and log['next'] is None, log
    entry, = log['entries']
    assert entry['sensor_type'] == 'Temperature' and entry['event'] == 'Upper Non-critical going high', entry
    assert 'Upper Non-critical going high' in bmc.ipmitool('sel', 'list')
    assert bmc.driver('call', 'clear_sel', '{}') == ['clear_sel: ok']
    assert told(bmc, 'call', 'get_sel', '{}')['entries'] == []
    assert 'Entries          : 0' in bmc.ipmitool('sel', 'info')


def test_long_event_log(env):
    bmc = ipmi_peers.bmcsim(env)
    event = {'sensor_type': 0x0c, 'sensor': 80, 'event_type': 0x6f, 'data': [0, 0xff, 3], 'time': 1700000060}
    bmc.set(ipmi={'sel': [event] * 100})
    first = told(bmc, 'call', 'get_sel', '{"limit": 60}')
    assert len(first['entries']) == 60 and first['entries'][0]['time'] == '2023-11-14T22:14:20+00:00', first
    assert first['entries'][0]['event'] == 'Correctable ECC'
    rest = told(bmc, 'call', 'get_sel', json.dumps({'from': first['next']}))
    assert len(rest['entries']) == 40 and rest['next'] is None
    ids = [entry['id'] for entry in first['entries'] + rest['entries']]
    assert len(set(ids)) == 100
    # clearing takes a while
    bmc.driver('call', 'clear_sel', '{}')
    assert bmc.state()['ipmi']['sel_records'] == 0
    for wrong in ('{"limit": 0}', '{"limit": 1001}', '{"from": -1}', '{"from": 65536}'):
        assert 'InvalidParameterValue' in bmc.driver('call', 'get_sel', wrong, status=1)[0]


def test_inspection(env):
    bmc = ipmi_peers.bmcsim(env, profile='dell')
    lines = dict(line.split(': ', 1) for line in bmc.driver('inspect', 'vendor'))
    inventory, found = json.loads(lines['inventory']), json.loads(lines['plugin_data'])
    assert inventory == {'bmc_address': '127.0.0.1', 'system_vendor': {
        'manufacturer': 'Dell Inc.', 'product_name': 'PowerEdge R750', 'serial_number': 'machine'}}, inventory
    printed = bmc.ipmitool('fru', 'print')
    for fru in found['fru']:
        for name, value in fru['fields'].items():
            assert name == 'Chassis Type' or str(value) in printed, (name, value, printed)
    assert {fru['name'] for fru in found['fru']} >= {'PSU1 FRU'}, found
    assert lines['vendor'] == 'Dell Inc.' and found['bmc']['manufacturer_id'] == 674
    guid = bmc.freeipmi('bmc-info').split('System GUID : ')[1].splitlines()[0]
    assert guid in found['system_guid'].values(), (guid, found)
    # a BMC with nothing to tell is no failure
    plain = ipmi_peers.openipmi(env)
    found = json.loads(dict(line.split(': ', 1) for line in plain.driver('inspect'))['plugin_data'])
    assert found['fru'] == [] and found['system_guid']['rfc4122'] == '00112233-4455-6677-8899-aabbccddeeff', found


def test_identify_light(env):
    bmc = ipmi_peers.bmcsim(env)
    for state in ('on', 'blinking', 'off'):
        assert bmc.driver('light-set', state, 'light-get') == [f'light: {state}']
    openipmi = ipmi_peers.openipmi(env)
    for words, seen in ((('light-set', 'on'), '255 1'), (('light-set', 'off'), '0 0'),
                        (('call', 'identify', '{"seconds": 7}'), '7 0'),
                        (('call', 'identify', '{"force": true}'), '15 1')):
        openipmi.driver(*words)
        assert (openipmi.machine / 'identify').read_text().strip() == seen, words
    assert 'InvalidParameterValue' in bmc.driver('call', 'identify', '{"seconds": 256}', status=1)[0]


def test_send_raw_by_list(env):
    bmc = ipmi_peers.bmcsim(env)
    allowed = {'option.send_raw_allowed': '06:01,0a:*'}
    assert bmc.driver('raw', '6 1', 'raw', '0x0a 0x20', **allowed)[0].startswith('send_raw: ')
    line, = bmc.driver('raw', '0x00 0x02 0x00', status=1, **allowed)
    assert 'send_raw of network function 0x00, command 0x02 is not among [ipmi] send_raw_allowed' in line, line
    assert bmc.is_on()


# ---- ways to a controller ----

def test_bridging_over_openipmi(env):
    bmc = ipmi_peers.openipmi(env)
    single = {'ipmi_bridging': 'single', 'ipmi_target_channel': 0, 'ipmi_target_address': '0x30'}
    reply = told(bmc, 'raw', '6 1', **single)['response'].replace('0x', '')
    assert bytes.fromhex(reply) == bytes.fromhex(bmc.ipmitool('-t', '0x30', 'raw', '6', '1'))
    assert bytes.fromhex(reply)[0] == 2, reply
    with Timed(5):
        line, = bmc.driver('raw', '6 1', status=1, **{**single, 'ipmi_target_address': '0x72'})
    assert 'refused Send Message: ' in line and '(83h)' in line, line


def test_bridging(env):
    bmc = ipmi_peers.bmcsim(env, targets='0:0x30,0:0x44,7:0x82/6:0x72')
    single = {'ipmi_bridging': 'single', 'ipmi_target_channel': 0, 'ipmi_target_address': 0x44}
    dual = {'ipmi_bridging': 'dual', 'ipmi_target_channel': 6, 'ipmi_target_address': 0x72,
            'ipmi_transit_channel': 7, 'ipmi_transit_address': '0x82'}

    def powers():
        state = bmc.state()
        return [state['power']] + [target['power'] for target in state['ipmi']['targets']]

    assert bmc.driver('off', 'status', **single)[-1] == 'status: power off' and powers() == ['on', 'on', 'off', 'on']
    assert bmc.driver('off', 'status', **dual)[-1] == 'status: power off' and powers() == ['on', 'on', 'off', 'off']
    assert bmc.driver('reboot', **single, ipmi_local_address='0x20') == ['rebooting: ok'], powers()
    assert powers() == ['on', 'on', 'on', 'off']
    assert bmc.driver('boot-set', 'pxe', 'persistent', 'boot-get', **single)[-1] == 'boot: pxe 1'
    assert 'Inlet Temp' in str(told(bmc, 'sensors', **single))
    # IPMI 1.5 carries bridged messages as well
    assert bmc.driver('status', ipmi_protocol_version='1.5', **single) == ['status: power on']
    line, = bmc.driver('status', status=1, **{**dual, 'ipmi_target_address': 0x74})
    assert 'refused Send Message: ' in line and '(83h)' in line, line


def test_bridged_command_is_done_once(env):
    bmc = ipmi_peers.bmcsim(env, targets='0:0x30')
    single = {'ipmi_bridging': 'single', 'ipmi_target_channel': 0, 'ipmi_target_address': 0x30}
    bmc.set(fault={'kind': 'lost_reply', 'times': 1, 'match': 'Chassis Control'})
    bmc.driver('off', **single)
    assert bmc.state()['ipmi']['targets'][0]['power'] == 'off' and bmc.state()['ipmi']['repeated'] == 1


def test_ipmi_15(env):
    for bmc in (ipmi_peers.openipmi(env), ipmi_peers.bmcsim(env, auth_types='md5', power='off')):
        old = {'ipmi_protocol_version': '1.5'}
        for command, is_on in (('on', True), ('reboot', True), ('off', False)):
            bmc.driver(command, **old)
            assert bmc.is_on() == is_on, command
        assert len(flat(told(bmc, 'sensors', **old))) >= 2
        with Timed(2):
            line, = bmc.driver('status', status=1, ipmi_username='nobody', **old)
        assert "invalid credentials for user 'nobody': invalid user name (81h)" in line, line
        # what a BMC does not answer cannot be told from loss, and so is not called so
        line, = bmc.driver('status', status=1, ipmi_password='wrong', **old, **{'option.command_retry_timeout': 3})
        assert 'Activate Session' in line or 'invalid credentials' in line, line


def test_ipmi_15_authentication(env):
    for types in ('password', 'none', 'none,md5,password'):
        bmc = ipmi_peers.bmcsim(env, auth_types=types, power='off')
        bmc.driver('on', ipmi_protocol_version='1.5')
        assert bmc.state()['power'] == 'on' and bmc.state()['ipmi']['sessions'] == 0, types
        bmc.rack.program.stop()
    bmc = ipmi_peers.bmcsim(env, auth_types='', power='off')
    line, = bmc.driver('status', status=1, ipmi_protocol_version='1.5')
    assert 'no authentication type of IPMI 1.5 that we know' in line, line


def test_ipmi_15_loss(env):
    bmc = ipmi_peers.bmcsim(env, loss_percent=15, auth_types='md5')
    for _ in range(3):
        bmc.driver('off', 'on', 'status', ipmi_protocol_version='1.5')
    assert bmc.state()['power'] == 'on'


def test_privilege_of_an_operator_in_15(env):
    bmc = ipmi_peers.bmcsim(env, users='night:night-pw:operator', auth_types='md5')
    night = {'ipmi_username': 'night', 'ipmi_password': 'night-pw', 'ipmi_protocol_version': '1.5'}
    assert bmc.driver('off', 'status', **night)[1] == 'status: power off'
    line, = bmc.driver('raw', '0x06 0x02', status=1, **night)
    assert 'insufficient privilege level (D4h)' in line, line
    line, = bmc.driver('status', status=1, ipmi_priv_level='ADMINISTRATOR', **night)
    assert 'may not log in at this privilege level' in line and '(86h)' in line, line


def test_workarounds(env):
    """They are harmless where they are not needed, but for those that change who logs in."""
    bmc = ipmi_peers.bmcsim(env, cipher_suites='3,17')
    for name in ('highestpriv', 'idzero', 'nochecksumcheck', 'shortreads', 'noreservation', 'uefidisk24'):
        assert bmc.driver('status', ipmi_workarounds=name) == ['status: power on'], name
    bmc.driver('boot-set', 'disk', 'once', ipmi_workarounds='uefidisk24')
    assert bmc.ipmitool('raw', '0', '9', '5', '0', '0') == '01 05 a0 24 00 00 00'
    line, = bmc.driver('status', ipmi_workarounds='magic', status=1)
    assert "ipmi_workarounds: 'magic'" in line, line


def test_cipher_suites_by_configuration(env):
    bmc = ipmi_peers.bmcsim(env, cipher_suites='15,3')
    assert bmc.driver('status', **{'option.cipher_suite_versions': '3,15'}) == ['status: power on']
    line, = bmc.driver('status', status=1, **{'option.cipher_suite_versions': '1,2,17'})
    assert 'refused cipher suites 17, 2 and 1' in line, line


def test_further_busy_codes(env):
    bmc = ipmi_peers.bmcsim(env)
    fault = {'kind': 'status', 'status': 0xD3, 'match': 'Get Chassis Status', 'times': 2}
    bmc.set(fault=fault)
    assert bmc.driver('status', **{'option.additional_retryable_ipmi_errors': 'destination unavailable'}) == \
        ['status: power on']
    bmc.set(fault=fault)
    assert bmc.driver('status', **{'option.additional_retryable_ipmi_errors': 'd3'}) == ['status: power on']
    bmc.set(fault=fault)
    line, = bmc.driver('status', status=1)
    assert 'destination unavailable (D3h)' in line, line


if __name__ == '__main__':
    harness.main()
