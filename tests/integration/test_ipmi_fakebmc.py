#!/usr/bin/python3
"""test_ipmi_fakebmc: the ipmi driver against pyghmi's BMC: lax, silent on errors, and answering every proposal
with suite 3."""
import harness
import ipmi_interop
import ipmi_peers
from ipmi_peers import Timed


def test_interoperability(env):
    """The table that three implementations share."""
    ipmi_interop.run_table(ipmi_peers.pyghmi(env), ipmi_interop.PYGHMI)


def test_power(env):
    bmc = ipmi_peers.pyghmi(env)
    for command, is_on in (('on', True), ('reboot', True), ('soft-off', False), ('on', True), ('off', False)):
        bmc.driver(command)
        assert bmc.is_on() == is_on, command


def test_other_suite_than_proposed(env):
    bmc = ipmi_peers.pyghmi(env)
    assert bmc.driver('status', ipmi_cipher_suite=3) == ['status: power off']
    with Timed(2):
        line, = bmc.driver('status', ipmi_cipher_suite=17, status=1)
    assert 'refused cipher suite' in line, line
    with Timed(2):  # 17 first, then 3
        assert bmc.driver('status') == ['status: power off']


def test_malformed_device_id(env):
    bmc = ipmi_peers.pyghmi(env)
    lines = bmc.driver('boot-set', 'pxe', 'persistent', 'boot-get', 'raw', '0x06 0x01')
    assert lines[1].startswith('boot: pxe'), lines
    assert lines[2].count('0x') == 14, lines


def test_nmi_and_reset(env):
    bmc = ipmi_peers.pyghmi(env)
    bmc.driver('on', 'nmi', 'reset', 'cold')
    harness.eventually(lambda: 'nmi' in bmc.program.log() and 'cold reset' in bmc.program.log(), 5)


def test_wrong_credentials(env):
    bmc = ipmi_peers.pyghmi(env)
    with Timed(2):
        line, = bmc.driver('status', ipmi_password='other', status=1)
    assert "password of user 'admin' is wrong" in line, line
    # an unknown user gets no answer at all
    with Timed(6):
        line, = bmc.driver('status', ipmi_username='other', status=1, **{'option.command_retry_timeout': 3})
    assert 'does not answer RAKP 1' in line, line


if __name__ == '__main__':
    harness.main()
