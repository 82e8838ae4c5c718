#!/usr/bin/python3
"""test_ipmi_bmcsim: bmcsim's IPMI side against the clients of others: ipmitool, FreeIPMI and pyghmi."""
import shutil
import socket
import subprocess
import time

import harness
import ipmi_interop
import ipmi_peers

SUITES = (0, 1, 2, 3, 15, 16, 17)
KEY = '0102030405060708090a0b0c0d0e0f1011121314'


def test_interoperability(env):
    """The table that three implementations share."""
    bmc = ipmi_peers.bmcsim(env, power='off', targets='0:0x30', users='night:operator-pw:operator',
                            cipher_suites=','.join(str(suite) for suite in SUITES))
    bmc.set(ipmi={'sel': EVENTS[:1]})
    ipmi_interop.run_table(bmc, ipmi_interop.BMCSIM)


def test_ipmitool_suites(env):
    bmc = ipmi_peers.bmcsim(env, cipher_suites=','.join(str(suite) for suite in SUITES), power='off')
    for suite in SUITES:
        bmc.ipmitool('power', 'on', suite=suite)
        assert bmc.state()['power'] == 'on', suite
        bmc.ipmitool('power', 'off', suite=suite)
        assert bmc.state()['power'] == 'off', suite
    listed = bmc.ipmitool('channel', 'getciphers', 'ipmi', '1')
    assert [line.split()[0] for line in listed.splitlines()[1:]] == [str(suite) for suite in SUITES], listed
    assert bmc.ipmitool('power', 'status', suite='') == 'Chassis Power is off'


def test_ipmitool_suite_not_offered(env):
    bmc = ipmi_peers.bmcsim(env, cipher_suites='17')
    assert 'Error' in bmc.ipmitool('power', 'status', suite=3, status=1)
    assert bmc.ipmitool('power', 'status', suite=17) == 'Chassis Power is on'


def test_ipmitool_commands(env):
    bmc = ipmi_peers.bmcsim(env, profile='dell')
    assert 'Manufacturer ID           : 674' in bmc.ipmitool('mc', 'info')
    assert 'System GUID' in bmc.ipmitool('mc', 'guid')
    assert 'IP Address              : 127.0.0.1' in bmc.ipmitool('lan', 'print', '1')
    assert '802.3 LAN' in bmc.ipmitool('channel', 'info', '1')
    assert 'session handle' in bmc.ipmitool('session', 'info', 'active')
    bmc.ipmitool('chassis', 'identify', '20')
    assert bmc.state()['ipmi']['identify_s'] == 20
    bmc.ipmitool('chassis', 'policy', 'always-on')
    assert 'Power Restore Policy : always-on' in bmc.ipmitool('chassis', 'status')
    bmc.ipmitool('power', 'diag')
    assert bmc.state()['nmis'] == 1
    bmc.ipmitool('power', 'cycle')
    bmc.ipmitool('power', 'reset')
    assert bmc.state()['boots'] == 2
    bmc.ipmitool('power', 'soft')
    assert 'not supported in present state' in bmc.ipmitool('power', 'cycle', status=1)
    assert 'Invalid command' in bmc.ipmitool('raw', '6', '0x99', status=1)
    assert bmc.ipmitool('mc', 'reset', 'warm')


def test_ipmitool_boot_device(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.ipmitool('chassis', 'bootdev', 'pxe', 'options=efiboot')
    assert bmc.state()['boot'] == {'device': 'pxe', 'persistence': 'once', 'mode': 'uefi'}
    bmc.ipmitool('power', 'cycle')
    assert bmc.state()['booted'] == 'pxe' and bmc.state()['boot']['persistence'] == 'disabled'
    bmc.ipmitool('chassis', 'bootdev', 'disk', 'options=persistent')
    assert bmc.state()['boot'] == {'device': 'disk', 'persistence': 'continuous', 'mode': 'legacy'}
    assert 'Options apply to all future boots' in bmc.ipmitool('chassis', 'bootparam', 'get', '5')


def test_boot_device_is_forgotten(env):
    """After boot_flags_s, as parameter 3 has it; our driver asks BMCs to keep it."""
    bmc = ipmi_peers.bmcsim(env, boot_flags_s=1)
    bmc.ipmitool('chassis', 'bootdev', 'pxe')
    bmc.ipmitool('chassis', 'bootdev', 'bios', 'options=persistent')
    time.sleep(1.1)
    assert 'Boot Flag Valid' in bmc.ipmitool('chassis', 'bootparam', 'get', '5')  # for good
    bmc.ipmitool('chassis', 'bootdev', 'pxe')
    harness.eventually(lambda: 'Boot Flag Invalid' in bmc.ipmitool('chassis', 'bootparam', 'get', '5'), 10)
    forgetful = {'ipmi_disable_boot_timeout': 'false'}
    assert bmc.driver('boot-set', 'pxe', 'once', 'sleep', '1200', 'boot-get', **forgetful)[1] == 'boot: none 0'
    assert bmc.driver('boot-set', 'pxe', 'once', 'sleep', '1200', 'boot-get')[1] == 'boot: pxe 0'
    bmc.driver('reboot')
    assert bmc.state()['booted'] == 'pxe'


def test_wrong_credentials(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.password = 'wrong'
    assert 'Unable to establish' in bmc.ipmitool('power', 'status', status=1)
    bmc.user, bmc.password = 'nobody', 'password'
    assert 'Unable to establish' in bmc.ipmitool('power', 'status', status=1)
    assert bmc.state()['counters']['auth_failures'] >= 1
    bmc.user = 'admin'
    assert bmc.is_on()


def test_key(env):
    bmc = ipmi_peers.bmcsim(env, kg_key=KEY)
    assert bmc.ipmitool('-y', KEY, 'power', 'status') == 'Chassis Power is on'
    bmc.ipmitool('power', 'status', status=1)
    for suite in (3, 17):
        assert bmc.freeipmi('ipmipower', '-k', '0x' + KEY, '--stat', suite=suite) == '127.0.0.1: on'
        assert bmc.driver('status', ipmi_hex_kg_key=KEY, ipmi_cipher_suite=suite) == ['status: power on']
    assert bmc.pyghmi('print(c.get_power()["powerstate"])', key=KEY) == 'on'
    line, = bmc.driver('status', status=1, ipmi_hex_kg_key=KEY[2:] + '00')
    assert 'ipmi_hex_kg_key' in line and KEY[2:] not in line, line


def test_freeipmi_suites(env):
    """FreeIPMI needs none of its work-around flags."""
    bmc = ipmi_peers.bmcsim(env, cipher_suites=','.join(str(suite) for suite in SUITES))
    for suite in SUITES:
        assert bmc.freeipmi('ipmipower', '--stat', suite=suite) == '127.0.0.1: on', suite
    assert bmc.state()['ipmi']['sessions'] == 0


def test_freeipmi(env):
    bmc = ipmi_peers.bmcsim(env, on_delay_ms=300, off_delay_ms=300)
    for suite in (3, 17):
        assert bmc.freeipmi('ipmipower', '--off', '--wait-until-off', suite=suite) == '127.0.0.1: ok'
        assert bmc.state()['power'] == 'off'
        assert bmc.freeipmi('ipmipower', '--on', '--wait-until-on', suite=suite) == '127.0.0.1: ok'
        assert bmc.freeipmi('ipmipower', '--stat', suite=suite) == '127.0.0.1: on'
    assert bmc.freeipmi('ipmi-raw', '0', '6', '1').startswith('rcvd: 01 00 20')
    assert 'IPMI Version          : 2.0' in bmc.freeipmi('bmc-info')
    assert bmc.freeipmi('ipmipower', '--pulse') == '127.0.0.1: ok'
    assert bmc.state()['nmis'] == 1


def test_pyghmi(env):
    bmc = ipmi_peers.bmcsim(env)
    assert bmc.pyghmi('print(c.get_power()["powerstate"])') == 'on'
    bmc.pyghmi('c.set_power("off", wait=True)')
    assert bmc.state()['power'] == 'off'
    bmc.pyghmi('c.set_bootdev("pxe", persist=True, uefiboot=True)')
    assert bmc.state()['boot'] == {'device': 'pxe', 'persistence': 'continuous', 'mode': 'uefi'}


def test_ping(env):
    bmc = ipmi_peers.bmcsim(env)
    assert ipmi_peers.ping(bmc.port)
    done = subprocess.run(['rmcpping', '-c', '2', f'127.0.0.1:{bmc.port}'], capture_output=True, text=True, timeout=30,
                          check=False)
    if done.returncode == 0:
        assert 'pong' in done.stdout, done.stdout


def test_session_limit(env):
    """Sessions that nobody closes keep their slots; ours are closed at the end of the client."""
    bmc = ipmi_peers.bmcsim(env, session_limit=2)
    for _ in range(5):
        assert bmc.driver('status', 'sessions') == ['status: power on', 'sessions: 1']
    assert bmc.state()['ipmi']['sessions'] == 0


def test_ipv6(env):
    port = harness.free_port(socket.SOCK_DGRAM)
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(('::1', port))
    except OSError:
        return  # a machine without IPv6
    bmc = ipmi_peers.bmcsim(env, listen=f'[::1]:{port}')
    assert bmc.driver('off', 'status', ipmi_address='::1')[1] == 'status: power off'
    assert bmc.state()['power'] == 'off'


# ---- what the BMC tells of itself ----

VALUES = {'Inlet Temp': 24.0, 'CPU1 Margin': -35.0, 'Fan 1': 7500.0, 'Fan 2': 7200.0, 'Rail 12V': 12.02,
          'PSU1 Input': 240.0, 'Airflow': 40.0, 'Coolant Temp': 38.8}
EVENTS = [{'sensor_type': 1, 'sensor': 1, 'event_type': 1, 'data': [0x57, 60, 47], 'time': 1700000000},
          {'sensor_type': 0x0c, 'sensor': 80, 'event_type': 0x6f, 'data': [0, 0xff, 3], 'time': 1700000060}]


def number(text):
    return float(text.split()[0])


def table(text, separator='|'):
    return [[word.strip() for word in line.split(separator)] for line in text.splitlines() if separator in line]


def test_sensors_by_three_clients(env):
    """The same records and readings, read by three implementations, are the same values."""
    bmc = ipmi_peers.bmcsim(env)
    rows = {row[0]: row for row in table(bmc.ipmitool('sensor'))}
    assert {name: float(rows[name][1]) for name in VALUES} == VALUES, rows
    assert rows['Inlet Temp'][4:] == ['na', '2.000', '5.000', '42.000', '47.000', '50.000'], rows
    assert rows['Rail 12V'][5] == '10.760' and rows['Rail 12V'][8] == '13.280', rows
    assert rows['Riser Temp'][1] == 'na' and rows['PSU1 Status'][1] == '0x1', rows
    listed = {row[0]: row for row in table(bmc.ipmitool('sdr', 'elist', 'all'))}
    assert listed['Drive'][4] == 'Drive Present' and listed['CPU1 Status'][4] == 'Presence detected', listed
    assert listed['BMC'][4] == 'Dynamic MC @ 20h' and listed['PSU1 FRU'][4] == 'Logical FRU @01h', listed

    read = {row[1]: row for row in table(bmc.freeipmi('ipmi-sensors', '--quiet-cache', '--no-header-output',
                                                      '--comma-separated-output'), ',')}
    for name, value in VALUES.items():
        if name != 'Coolant Temp':  # FreeIPMI leaves sensors out whose factors depend on the reading
            assert float(read[name][3]) == value, read
    assert 'Presence detected' in read['PSU1 Status'][5], read

    linear = [name for name in VALUES if name != 'Coolant Temp']  # pyghmi trips over the same one
    text = bmc.pyghmi(f'for name in {linear}: print(name, c.get_sensor_reading(name).value, sep="|")')
    assert {name: round(float(value), 2) for name, value in table(text)} == {name: VALUES[name] for name in linear}


def test_sensor_changes(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.set(ipmi={'sensors': {'Inlet Temp': {'raw': 48}, 'Fan 1': {'unavailable': True}}})
    rows = {row[0]: row for row in table(bmc.ipmitool('sensor'))}
    assert rows['Inlet Temp'][1] == '48.000' and rows['Inlet Temp'][3] == 'cr', rows
    assert rows['Fan 1'][1] == 'na', rows
    bmc.ipmitool('sensor', 'thresh', 'Inlet Temp', 'ucr', '49')
    assert 'Upper Critical        : 49.000' in bmc.ipmitool('sensor', 'get', 'Inlet Temp')
    row = table(bmc.freeipmi('ipmi-sensors', '--quiet-cache', '--record-ids=4', '--no-header-output'))[0]
    assert row[3] == '48.00' and 'Non-Critical' in row[5], row
    # a threshold that the sensor does not have, and a sensor that is not there
    assert 'Invalid data field' in bmc.ipmitool('raw', '4', '0x26', '3', '0x10', '0', '0', '0', '0', '9', '0', status=1)
    assert 'sensor, data, or record not found' in bmc.ipmitool('raw', '4', '0x2d', '99', status=1)


def test_records_in_pieces(env):
    """Reservations guard reading from the middle; long reads are refused with CAh."""
    bmc = ipmi_peers.bmcsim(env)
    reservation = bmc.ipmitool('raw', '0x0a', '0x22').split()
    piece = ['raw', '0x0a', '0x23', *(f'0x{byte}' for byte in reservation), '4', '0', '5', '8']
    assert bmc.ipmitool(*piece).startswith('05 00 20 00 01')
    assert 'Cannot return number of requested' in bmc.ipmitool(*piece[:-2], '0', '33', status=1)
    bmc.set(ipmi={'cancel_reservations': True})
    assert 'Reservation cancelled' in bmc.ipmitool(*piece, status=1)
    assert 'Reservation cancelled' in bmc.ipmitool('raw', '0x0a', '0x23', '0', '0', '4', '0', '5', '8', status=1)
    assert bmc.ipmitool('raw', '0x0a', '0x23', '0', '0', '4', '0', '0', '5').startswith('05 00 04 00 51 01')
    # another reader takes the reservation away now and then: the reader starts over
    bmc.set(fault={'kind': 'status', 'status': 0xC5, 'match': 'Get SDR', 'skip': 5, 'times': 2})
    assert 'Memory ECC' in bmc.ipmitool('sdr', 'elist', 'all')


def test_event_log_by_three_clients(env):
    bmc = ipmi_peers.bmcsim(env)
    assert bmc.ipmitool('sel', 'list', status=0) == ''
    bmc.set(ipmi={'sel': EVENTS})
    assert bmc.state()['ipmi']['sel_records'] == 2
    assert 'Entries          : 2' in bmc.ipmitool('sel', 'info')
    rows = table(bmc.ipmitool('sel', 'elist'))
    assert [row[1:3] for row in rows] == [['11/14/23', '22:13:20 UTC'], ['11/14/23', '22:14:20 UTC']], rows
    assert 'Inlet Temp' in rows[0][3] and 'Upper Non-critical' in rows[0][4], rows
    assert 'Correctable ECC' in rows[1][4] and 'Memory ECC' in rows[1][3], rows
    bmc.ipmitool('event', '1')
    assert bmc.state()['ipmi']['sel_records'] == 3

    rows = table(bmc.freeipmi('ipmi-sel', '--quiet-cache', '--no-header-output', '--utc-to-localtime'))
    assert len(rows) == 3 and rows[0][0] == '1' and 'Inlet Temp' in rows[0][3], rows
    assert 'Upper' in rows[0][5] and 'Correctable memory error' in rows[1][5], rows
    text = bmc.pyghmi('for e in c.get_event_log(): print(e["record_id"], e["component"], e["event"], sep="|")')
    assert len(table(text)) == 3 and 'Memory ECC' in text, text

    bmc.ipmitool('sel', 'delete', '2')
    assert [row[0] for row in table(bmc.ipmitool('sel', 'list'))] == ['1', '3']
    bmc.freeipmi('ipmi-sel', '--quiet-cache', '--clear')
    assert bmc.state()['ipmi']['sel_records'] == 0


def test_event_log_edges(env):
    bmc = ipmi_peers.bmcsim(env)
    event = 'raw 0x0a 0x44 0 0 2 0 0 0 0 0x20 0 4 1 1 1 0x57 1 2'.split()
    assert bmc.ipmitool(*event) == '01 00'
    # erasing takes a while, and wants a reservation that nobody took
    clear = ['0x43', '0x4c', '0x52']
    assert 'Reservation cancelled' in bmc.ipmitool('raw', '0x0a', '0x47', '9', '9', *clear, '0xaa', status=1)
    reserved = [f'0x{byte}' for byte in bmc.ipmitool('raw', '0x0a', '0x42').split()]
    assert bmc.ipmitool('raw', '0x0a', '0x47', *reserved, *clear, '0xaa') in ('00', '01')
    harness.eventually(lambda: bmc.ipmitool('raw', '0x0a', '0x47', *reserved, *clear, '0') == '01', 5)
    assert 'not found' in bmc.ipmitool('raw', '0x0a', '0x43', '0', '0', '0', '0', '0', '0xff', status=1)
    # full at 256
    bmc.set(ipmi={'sel': [EVENTS[0]] * 256})
    assert 'Out of space' in bmc.ipmitool(*event, status=1)
    assert 'Overflow         : true' in bmc.ipmitool('sel', 'info')
    bmc.ipmitool('sel', 'time', 'set', '01/02/30 03:04:05')
    assert bmc.ipmitool('sel', 'time', 'get').startswith('01/02/30 03:0')


def test_inventory_by_three_clients(env):
    bmc = ipmi_peers.bmcsim(env, profile='dell')
    lines = [[word.strip() for word in line.split(':', 1)] for line in bmc.ipmitool('fru', 'print').splitlines()
             if ':' in line]
    for field in (['Product Manufacturer', 'Dell Inc.'], ['Product Name', 'PowerEdge R750'],
                  ['Product Serial', 'machine'], ['Board Product', 'Main board'], ['Product Serial', 'PSU-1']):
        assert field in lines, lines
    text = bmc.freeipmi('ipmi-fru', '--quiet-cache')
    assert 'FRU Product Name: PowerEdge R750' in text and 'FRU Product Serial Number: PSU-1' in text, text
    assert '01/01/21' in text, text
    text = bmc.pyghmi('print(dict(c.get_inventory())["System"])')
    assert "'Product name': 'PowerEdge R750'" in text and "'Serial Number': 'machine'" in text, text

    image, changed = env.folder / 'fru.bin', env.folder / 'changed.bin'
    bmc.ipmitool('fru', 'read', '0', str(image))
    assert image.read_bytes()[0] == 1
    bmc.ipmitool('fru', 'edit', '0', 'field', 'p', '1', 'PowerEdge XXXX')
    assert 'Product Name          : PowerEdge XXXX' in bmc.ipmitool('fru', 'print', '0')
    bmc.ipmitool('fru', 'read', '0', str(changed))
    assert image.read_bytes() != changed.read_bytes() and len(image.read_bytes()) == len(changed.read_bytes())
    bmc.ipmitool('raw', '0x0a', '0x12', '1', '0', '0', '1', status=1)  # the power supply's cannot be written


def test_identity_users_and_lan(env):
    bmc = ipmi_peers.bmcsim(env, users='night:night-pw:operator,look:look-pw:user', profile='hpe')
    users = [row.split() for row in bmc.ipmitool('user', 'list', '1').splitlines()]
    assert [users[2][1], users[2][-1]] == ['admin', 'ADMINISTRATOR'], users
    assert [users[3][1], users[3][-1]] == ['night', 'OPERATOR'] and users[4][1] == 'look', users
    printed = bmc.ipmitool('lan', 'print', '1')
    for line in ('IP Address              : 127.0.0.1', 'MAC Address             : 02:00:7f:00:00:01',
                 'Auth Type Support       : MD5 PASSWORD', 'RMCP+ Cipher Suites     : 3,17'):
        assert line in printed, printed
    assert 'Access Mode         : always available' in bmc.ipmitool('channel', 'info', '1')
    assert bmc.ipmitool('mc', 'selftest') == 'Selftest: passed'
    info = bmc.freeipmi('bmc-info')
    guid = [line.split(': ')[1] for line in info.splitlines() if line.startswith('System GUID')][0]
    assert guid in bmc.ipmitool('fru', 'print', '0'), info
    for line in ('Manufacturer ID       : Hewlett-Packard (11)', 'SEL Device            : supported',
                 'Firmware Revision     : 1.00', 'Medium Type          : 802.3 LAN'):
        assert line in info, info
    assert bmc.freeipmi('ipmi-chassis', '--get-chassis-status').splitlines()[0].endswith(': on')


def test_privileges(env):
    """A session does what its account and its level allow."""
    bmc = ipmi_peers.bmcsim(env, users='night:night-pw:operator,look:look-pw:user')
    bmc.user, bmc.password = 'night', 'night-pw'
    bmc.ipmitool('-L', 'OPERATOR', 'power', 'off')
    assert not bmc.ipmitool('-L', 'OPERATOR', 'power', 'status').endswith('on')
    assert 'Insufficient privilege' in bmc.ipmitool('-L', 'OPERATOR', 'raw', '6', '2', status=1)
    assert 'Unable to establish' in bmc.ipmitool('-L', 'ADMINISTRATOR', 'power', 'status', status=1)
    bmc.user, bmc.password = 'look', 'look-pw'
    assert bmc.ipmitool('-L', 'USER', 'power', 'status') == 'Chassis Power is off'
    assert 'Insufficient privilege' in bmc.ipmitool('-L', 'USER', 'raw', '0', '2', '1', status=1)
    assert bmc.state()['power'] == 'off'


def test_sessions_of_ipmi_15(env):
    bmc = ipmi_peers.bmcsim(env, auth_types='none,md5,password', users='night:night-pw:operator', power='off')
    for auth in ('NONE', 'MD5', 'PASSWORD'):
        bmc.lan('power', 'on', auth=auth)
        assert bmc.state()['power'] == 'on', auth
        bmc.lan('power', 'off', auth=auth)
        assert bmc.lan('power', 'status', auth=auth) == 'Chassis Power is off'
    rows = {row[0]: row for row in table(bmc.lan('sensor'))}
    assert {name: float(rows[name][1]) for name in VALUES} == VALUES, rows
    assert 'Product Name          : Simulated server' in bmc.lan('fru', 'print', '0')
    assert bmc.freeipmi('ipmipower', '--stat', driver='LAN') == '127.0.0.1: off'
    assert 'System GUID' in bmc.freeipmi('bmc-info', driver='LAN')
    assert bmc.state()['ipmi']['sessions'] == 0

    assert 'Activate Session' in bmc.lan('power', 'status', password='wrong', status=1)
    assert 'Invalid user name' in bmc.lan('power', 'status', user='nobody', status=1)
    night = {'user': 'night', 'password': 'night-pw'}
    assert bmc.lan('power', 'status', privilege='OPERATOR', **night) == 'Chassis Power is off'
    assert 'exceeds limit' in bmc.lan('power', 'status', privilege='ADMINISTRATOR', status=1, **night)
    assert 'Insufficient privilege' in bmc.lan('raw', '6', '2', privilege='OPERATOR', status=1, **night)


def test_ipmi_15_without_codes(env):
    """Only the login is authenticated, as some BMCs have it."""
    bmc = ipmi_peers.bmcsim(env, message_auth='false')
    for auth in ('MD5', 'PASSWORD'):
        assert bmc.lan('power', 'status', auth=auth) == 'Chassis Power is on'
    bmc.lan('power', 'status', password='wrong', status=1)
    assert bmc.freeipmi('ipmipower', '--stat', driver='LAN') == '127.0.0.1: on'
    assert bmc.driver('off', 'status', ipmi_protocol_version='1.5') == ['power off: ok', 'status: power off']


def test_ipmi_15_not_offered(env):
    bmc = ipmi_peers.bmcsim(env, auth_types='')
    bmc.lan('power', 'status', status=1)
    assert bmc.is_on()
    bmc.rack.program.stop()
    bmc = ipmi_peers.bmcsim(env, auth_types='md5')
    bmc.lan('power', 'status', auth='PASSWORD', status=1)
    assert bmc.lan('power', 'status', auth='MD5') == 'Chassis Power is on'


def test_bridging(env):
    bmc = ipmi_peers.bmcsim(env, targets='0:0x30,0:0x44,7:0x82/6:0x72')
    dual = ['-B', '7', '-T', '0x82', '-b', '6', '-t', '0x72']
    bmc.ipmitool('-t', '0x30', 'power', 'off')
    powers = [target['power'] for target in bmc.state()['ipmi']['targets']]
    assert powers == ['off', 'on', 'on'] and bmc.state()['power'] == 'on', powers
    bmc.ipmitool(*dual, 'power', 'off')
    assert [target['power'] for target in bmc.state()['ipmi']['targets']] == ['off', 'on', 'off']
    assert bmc.ipmitool(*dual, 'power', 'status') == 'Chassis Power is off'
    assert 'Provides Device SDRs      : yes' in bmc.ipmitool('-t', '0x44', 'mc', 'info')
    rows = {row[0]: row for row in table(bmc.ipmitool('-t', '0x44', 'sdr', 'list', 'full'))}
    assert {name: number(rows[name][1]) for name in VALUES} == VALUES, rows
    assert 'machine/44' in bmc.ipmitool('-t', '0x44', 'fru', 'print', '0')
    bmc.ipmitool('-t', '0x44', 'chassis', 'bootdev', 'pxe', 'options=persistent')
    assert bmc.state()['ipmi']['targets'][1]['boot']['device'] == 'pxe'
    raw = ['--target-channel-number=0', '--target-slave-address=0x30', '0', '0', '1']
    assert bmc.freeipmi('ipmi-raw', *raw).startswith('rcvd: 01 00 00')
    # nobody there: at once, by the BMC or by the controller between
    with ipmi_peers.Timed(5):
        assert 'Unknown (0x83)' in bmc.ipmitool('-t', '0x50', 'mc', 'info', status=1)
        for route in ('-B 7 -T 0x84 -b 6 -t 0x72', '-B 7 -T 0x82 -b 6 -t 0x74'):
            assert 'Unknown (0x83)' in bmc.ipmitool(*route.split(), 'mc', 'info', status=1), route


def test_bridged_command_is_done_once(env):
    """The answers are lost: the repetition is answered from memory, both of them."""
    bmc = ipmi_peers.bmcsim(env, targets='0:0x30')
    bmc.set(fault={'kind': 'lost_reply', 'times': 1, 'match': 'Chassis Control'})
    bmc.ipmitool('-t', '0x30', 'power', 'reset')
    assert bmc.state()['ipmi']['targets'][0]['boots'] == 1
    assert bmc.state()['ipmi']['repeated'] == 1


def test_bridging_refuses_nonsense(env):
    """Send Message by hand: wrong checksums, no message, raw tracking."""
    bmc = ipmi_peers.bmcsim(env, targets='0:0x30')
    send = ['raw', '6', '0x34']
    assert 'Request data length invalid' in bmc.ipmitool(*send, '0x40', status=1)
    assert 'Request data length invalid' in bmc.ipmitool(*send, '0x40', '0x30', '0x18', status=1)
    status = ['0x30', '0x00', '0xd0', '0x81', '0x04', '0x01', '0x7a']
    assert bmc.ipmitool(*send, '0x40', *status) == ''
    assert 'Invalid data field' in bmc.ipmitool(*send, '0x40', *status[:-1], '0x7b', status=1)
    assert 'Invalid data field' in bmc.ipmitool(*send, '0x80', *status, status=1)


def test_sessions_end_by_idling(env):
    """Clients that die leave their sessions; they end after session_idle_s, not before."""
    bmc = ipmi_peers.bmcsim(env, session_limit=2, session_idle_s=4)
    for _ in range(2):
        bmc.pyghmi('import os\nprint(c.get_power(), flush=True)\nos._exit(0)')
    assert bmc.state()['ipmi']['sessions'] == 2
    assert 'insufficient resources' in bmc.ipmitool('-v', 'power', 'status', status=1)
    harness.eventually(lambda: 'on' in run_status(bmc), 20, 0.5, 'a free session')


def test_sessions_exhausted(env):
    """Logins that nobody finishes take all slots for ten seconds; then the driver gets in, having waited."""
    bmc = ipmi_peers.bmcsim(env, session_limit=4)
    ipmi_peers.exhaust(bmc)
    with ipmi_peers.Timed(5):
        line, = bmc.driver('status', status=1, **{'option.command_retry_timeout': 2})
    assert 'insufficient resources for session' in line, line
    with ipmi_peers.Timed(30, 1):
        assert bmc.driver('status') == ['status: power on']


DEVICE = """
specification "ipmipower-of-one" {
	timeout 30
	script login { expect "ipmipower> " }
	script logout { send "quit\\n" }
	script status_all {
		send "stat\\n"
		foreachnode {
			expect "([^\\n:]+): ([^\\n]+\\n)"
			setplugstate $1 $2 on="^on\\n" off="^off\\n"
		}
		expect "ipmipower> "
	}
	script on_all { send "on\\n" expect "ipmipower> " }
	script off_all { send "off\\n" expect "ipmipower> " }
}
listen "127.0.0.1:@PORT@"
device "bmc" "ipmipower-of-one" "@IPMIPOWER@ -D LAN_2_0 -I 17 -u admin -p password -h @HOST@ @WAIT@ |&"
node "machine" "bmc" "127.0.0.1"
"""


def test_powerman(env):
    """powerman drives an ipmipower that stays: many commands, each with a session of its own."""
    bmc = ipmi_peers.bmcsim(env)
    port = harness.free_port()
    ipmipower = shutil.which('ipmipower', path='/usr/sbin:/usr/bin')
    (env.folder / 'powerman.conf').write_text(DEVICE.replace('@PORT@', str(port)).replace('@IPMIPOWER@', ipmipower)
                                              .replace('@HOST@', f'127.0.0.1:{bmc.port}')
                                              .replace('@WAIT@', '--wait-until-on --wait-until-off'))
    program = harness.Program(env, 'powermand', ['/usr/sbin/powermand', '-f', '-c', env.folder / 'powerman.conf'])
    program.is_checked = False

    def powerman(*words):
        done = subprocess.run(['powerman', '-h', f'127.0.0.1:{port}', *words], capture_output=True, text=True,
                              timeout=60, check=False)
        return done.stdout if done.returncode == 0 else ''

    harness.eventually(lambda: 'on:      machine' in powerman('-q', 'machine'), 30, 0.5, what='an answer of powerman')
    for word, state in (('--off', 'off'), ('--on', 'on'), ('--off', 'off')):
        assert 'successfully' in powerman(word, 'machine')
        assert bmc.state()['power'] == state
        assert f'{state}: '.ljust(9) + 'machine' in powerman('-q', 'machine'), state
    assert bmc.state()['ipmi']['sessions'] == 0


def run_status(bmc):
    try:
        return bmc.ipmitool('power', 'status')
    except AssertionError:
        return ''


@harness.timeout(120)
def test_ten_thousand(env):
    """One process, 10,000 BMCs on addresses of 127/8 and a few more on ports."""
    rack = env.rack({'many': {'protocol': 'ipmi', 'listen': f'127.20.0.1:{harness.free_port(socket.SOCK_DGRAM)}',
                              'count': 10000},
                     'few': {'protocol': 'ipmi', 'listen': f'127.0.0.1:{harness.free_port(socket.SOCK_DGRAM)}',
                             'count': 3, 'step': 'port'}})
    port = rack.port('many')
    seen = set()
    for address in ('127.20.0.1', '127.20.19.137', '127.20.39.16'):
        done = subprocess.run(['ipmitool', '-I', 'lanplus', '-C', '17', '-H', address, '-p', str(port), '-U', 'admin',
                               '-P', 'rack-password', 'mc', 'guid'], capture_output=True, text=True, timeout=30,
                              check=False)
        assert done.returncode == 0, done.stderr
        seen.add(done.stdout)
    assert len(seen) == 3, seen
    bmc = ipmi_peers.Bmc(env, rack.port('few') + 2, 'admin', 'rack-password', 17)
    assert bmc.is_on()
    names = [shown['name'] for shown in harness.call('GET', f'http://{rack.control}/bmc').json['bmcs']]
    assert len(names) == 10003 and names[9999] == 'many-9999' and names[10002] == 'few-2'
    with open(f'/proc/{rack.program.pid}/status') as status:
        kilobytes = [int(line.split()[1]) for line in status if line.startswith('VmRSS')][0]
    assert kilobytes < 400 * 1024, f'{kilobytes} KB'  # 28 MB without the sanitizers


def test_rack_file_is_checked(env):
    """Each wrong value is refused by its option's name; no password is repeated."""
    for option, value, words in (('users', 'night:secret-pw', 'NAME:PASSWORD:PRIVILEGE'),
                                 ('users', 'night:secret-pw:king', 'privilege of account'),
                                 ('targets', '0:0x20', 'CHANNEL:ADDRESS'), ('targets', '99:0x30', 'CHANNEL:ADDRESS'),
                                 ('targets', '0:0x30/', 'CHANNEL:ADDRESS'), ('auth_types', 'md2', 'md5'),
                                 ('manners', 'rude', 'manners'), ('step', 'name', 'address nor port'),
                                 ('session_idle_s', '0', 'whole number'), ('count', '0', 'whole number')):
        path = env.folder / 'wrong.ini'
        path.write_text('[m]\nprotocol = ipmi\nlisten = 127.0.0.1:0\nuser = a\npassword = b\n'
                        f'{option} = {value}\n')
        done = subprocess.run([harness.BIN / 'bmcsim', '--rack', path], capture_output=True, text=True, timeout=30,
                              check=False, env=env.environment)
        assert done.returncode == 1 and words in done.stderr and option in done.stderr, (option, done)
        assert 'secret-pw' not in done.stderr


def test_control_port_is_checked(env):
    bmc = ipmi_peers.bmcsim(env)
    for wrong in ({'manners': 'rude'}, {'ipmi': {'sensors': {'No such': {'raw': 1}}}}, {'ipmi': {'sel': [1]}},
                  {'ipmi': {'sensors': {'Fan 1': {'raw': 256}}}}, {'ipmi': {'nonsense': 1}}, {'ipmi': 1},
                  {'ipmi': {'sel': [{'data': [1, 2, 3, 4]}]}}, {'ipmi': {'cancel_reservations': 1}}):
        answer = harness.call('POST', f'http://{bmc.rack.control}/bmc/machine', wrong)
        assert answer.status == 400 and answer.json['error'], (wrong, answer)


if __name__ == '__main__':
    harness.main()
