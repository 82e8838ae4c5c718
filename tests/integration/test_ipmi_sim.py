#!/usr/bin/python3
"""test_ipmi_sim: the ipmi driver against OpenIPMI's ipmi_sim, a BMC that nobody here wrote; ipmitool confirms
each change."""
import harness
import ipmi_interop
import ipmi_peers
from ipmi_peers import Timed


def test_interoperability(env):
    """The table that three implementations share."""
    ipmi_interop.run_table(ipmi_peers.openipmi(env), ipmi_interop.OPENIPMI)


def test_power(env):
    bmc = ipmi_peers.openipmi(env)
    assert bmc.driver('status') == ['status: power off']
    for command, is_on in (('on', True), ('reboot', True), ('soft-off', False), ('on', True), ('off', False),
                           ('off', False), ('reboot', True), ('soft-reboot', True)):
        bmc.driver(command)
        assert bmc.is_on() == is_on, command
        assert bmc.driver('status') == [f'status: power {"on" if is_on else "off"}']


def test_boot_device(env):
    bmc = ipmi_peers.openipmi(env)
    for device, number in (('pxe', '04'), ('disk', '08'), ('cdrom', '14'), ('bios', '18')):
        assert bmc.driver('boot-set', device, 'once', 'boot-get')[1] == f'boot: {device} 0'
        assert f'00{number}000000' in bmc.ipmitool('chassis', 'bootparam', 'get', '5'), device
    assert (bmc.machine / 'boot').read_text().strip() == 'bios'


def test_send_raw(env):
    bmc = ipmi_peers.openipmi(env)
    assert bmc.driver('raw', '0x00 0x02 0x01') == ['send_raw: {"response":""}']
    assert bmc.is_on()
    line, = bmc.driver('raw', '6 1')
    reply = bytes.fromhex(line.split('"')[3].replace('0x', ''))
    assert bytes.fromhex(bmc.ipmitool('raw', '6', '1')) == reply


def test_refusals_name_code_and_meaning(env):
    bmc = ipmi_peers.openipmi(env)
    lines = bmc.driver('nmi', 'reset', 'warm', 'raw', '0x06 0x99', 'boot-set', 'safe', 'once', status=1)
    assert 'Chassis Control: invalid data field in request (CCh)' in lines[0], lines
    assert 'Warm Reset: invalid command (C1h)' in lines[1], lines
    assert 'command 0x06 0x99: invalid command (C1h)' in lines[2], lines
    assert 'Set System Boot Options: unspecified error (FFh)' in lines[3], lines


def test_suites(env):
    bmc = ipmi_peers.openipmi(env)
    for suite in (0, 1, 2, 3):
        assert bmc.driver('status', ipmi_cipher_suite=suite) == ['status: power off'], suite
    line, = bmc.driver('status', ipmi_cipher_suite=17, status=1)
    assert 'cipher suite' in line and 'invalid authentication algorithm (04h)' in line, line


def test_wrong_credentials(env):
    bmc = ipmi_peers.openipmi(env)
    with Timed(2):
        line, = bmc.driver('status', ipmi_password='wrong', status=1)
    assert 'invalid credentials' in line and 'wrong' not in line.replace('is wrong', ''), line
    with Timed(2):
        line, = bmc.driver('status', ipmi_username='nobody', status=1)
    assert "invalid credentials for user 'nobody': unauthorized name (0Dh)" in line, line


def test_operator(env):
    bmc = ipmi_peers.openipmi(env)
    night = {'ipmi_username': 'night', 'ipmi_password': 'operator-pw', 'ipmi_priv_level': 'OPERATOR'}
    assert bmc.driver('on', 'status', **night)[1] == 'status: power on'
    line, = bmc.driver('raw', '0x06 0x02', status=1, **night)
    assert 'Cold Reset: ' in line, line


def test_key(env):
    bmc = ipmi_peers.openipmi(env, kg='a-key-of-our-own')
    key = 'a-key-of-our-own'.encode().hex()
    assert bmc.driver('status', ipmi_hex_kg_key=key) == ['status: power off']
    for given in ('', '0102'):
        line, = bmc.driver('status', ipmi_hex_kg_key=given, status=1)
        assert 'ipmi_hex_kg_key' in line, line


def test_sessions_exhausted(env):
    bmc = ipmi_peers.openipmi(env)
    ipmi_peers.exhaust(bmc)
    with Timed(12):
        line, = bmc.driver('status', status=1, **{'option.command_retry_timeout': 5})
    assert 'insufficient resources for session' in line, line
    # ipmi_sim frees them after 30 s, and the driver waits for that
    with Timed(60, 3):
        assert bmc.driver('status') == ['status: power off']


if __name__ == '__main__':
    harness.main()
