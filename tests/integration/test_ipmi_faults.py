#!/usr/bin/python3
"""test_ipmi_faults: the ipmi driver against a BMC with bad manners: bmcsim that loses, delays, doubles, reorders
and lies."""
import json

import harness
import ipmi_peers
from ipmi_peers import Timed


def asked(bmc, what):
    """How often the BMC got that request and carried it out."""
    entries = [json.loads(line) for line in bmc.log().splitlines()]
    return sum(what in entry['what'] and 'fault' not in entry for entry in entries)


def counted(bmc, what):
    return sum(what in json.loads(line)['what'] for line in bmc.log().splitlines())


@harness.timeout(180)
def test_loss(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.set(loss_percent=20)
    lines = bmc.driver('off', 'on', 'off', 'on', 'status', timeout_s=170, timeout=60)
    assert lines[-1] == 'status: power on', lines


def test_duplicates_and_disorder(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.set(duplicate_percent=50, reorder_percent=50, latency_ms=5)
    commands = ['off', 'on', 'status'] * 10
    with Timed(20):
        lines = bmc.driver(*commands)
    assert lines.count('status: power on') == 10, lines
    assert asked(bmc, 'Chassis Control') == 20


def test_latency(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.set(latency_ms=700)
    with Timed(12):
        assert bmc.driver('status', 'status')[1] == 'status: power on'
    # longer than the first timeout: later tries wait longer
    bmc.set(latency_ms=1500)
    with Timed(40):
        assert bmc.driver('status') == ['status: power on']


def test_busy(env):
    bmc = ipmi_peers.bmcsim(env)
    for code in (0xC0, 0xC3, 0xC4, 0xD2):
        bmc.set(fault={'kind': 'status', 'status': code, 'times': 2, 'match': 'Get Chassis Status'})
        with Timed(5):
            assert bmc.driver('status') == ['status: power on'], hex(code)
    bmc.set(fault={'kind': 'status', 'status': 0xC0, 'match': 'Get Chassis Status'})
    with Timed(6, 1):
        line, = bmc.driver('status', status=1, **{'option.command_retry_timeout': 3})
    assert 'node busy (C0h)' in line, line


def test_off_when_off(env):
    bmc = ipmi_peers.bmcsim(env, power='off')
    bmc.set(fault={'kind': 'status', 'status': 0xD5, 'match': 'Chassis Control'})
    assert bmc.driver('off') == ['power off: ok']
    line, = bmc.driver('on', status=1)
    assert 'command not supported in present state (D5h)' in line, line


def test_lost_reply_is_not_done_twice(env):
    """The answer to a write is lost: its repetition has the same number, so the BMC answers from memory."""
    bmc = ipmi_peers.bmcsim(env)
    bmc.set(fault={'kind': 'lost_reply', 'times': 1, 'match': 'Chassis Control'})
    assert bmc.driver('nmi', repeat='no') == []
    assert counted(bmc, 'Chassis Control') == 1 and bmc.state()['nmis'] == 1
    assert bmc.state()['ipmi']['repeated'] == 1


@harness.timeout(60)
def test_write_without_answer_is_unknown(env):
    """A write that must not be done twice is repeated for 4 s, then its outcome is unknown."""
    bmc = ipmi_peers.bmcsim(env)
    bmc.set(fault={'kind': 'drop', 'match': 'Chassis Control'})
    with Timed(30, 10):
        line, = bmc.driver('nmi', status=1, repeat='no', **{'option.command_retry_timeout': 12})
    assert 'it may or may not have been done' in line, line
    times = [json.loads(text)['time_ns'] for text in bmc.log().splitlines() if 'Chassis Control' in text]
    assert 2 <= len(times) and times[-1] - times[0] < 4e9, times


def test_repeatable_write_without_answer_is_repeated(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.set(fault={'kind': 'drop', 'times': 5, 'match': 'Chassis Control'})
    with Timed(60):
        assert bmc.driver('off', timeout=60) == ['power off: ok']


def test_reused_session_is_dead(env):
    """The BMC was reset and forgot the session: a fresh login, and nobody notices."""
    bmc = ipmi_peers.bmcsim(env)
    with Timed(12):
        lines = bmc.driver('status', 'raw', '0x06 0x02', 'status', status=1, repeat='no',
                           **{'option.command_retry_timeout': 4})
    assert lines[0] == lines[2] == 'status: power on', lines
    assert 'did not answer Cold Reset' in lines[1], lines


def test_reset_without_answer(env):
    bmc = ipmi_peers.bmcsim(env)
    with Timed(12):
        assert bmc.driver('reset', 'cold', 'status', 'reset', 'warm', repeat='no') == [
            'bmc_reset: ok', 'status: power on', 'bmc_reset: ok']


def test_login_messages_lost(env):
    bmc = ipmi_peers.bmcsim(env, session_limit=32)
    for what in ('Open Session', 'RAKP Message 1', 'RAKP Message 3'):
        for kind in ('drop', 'lost_reply'):
            bmc.set(fault={'kind': kind, 'times': 1, 'match': what})
            with Timed(6):
                assert bmc.driver('status') == ['status: power on'], (what, kind)


def test_session_reused_and_closed(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.driver(*['status'] * 5)
    assert bmc.state()['counters']['sessions_opened'] == 1
    assert bmc.driver('status', 'sleep', '1500', 'sessions', 'status',
                      **{'option.session_idle_timeout': 1})[1] == 'sessions: 0'
    assert bmc.state()['counters']['sessions_opened'] == 3
    assert bmc.state()['ipmi']['sessions'] == 0
    bmc.driver('status', 'status', **{'option.session_idle_timeout': 0})
    assert bmc.state()['counters']['sessions_opened'] == 5


def test_pacing(env):
    bmc = ipmi_peers.bmcsim(env)
    with Timed(10, 2):
        bmc.driver('status', 'status', 'status', **{'option.min_command_interval': 1})


def test_nobody_there(env):
    port = harness.free_port(harness.socket.SOCK_DGRAM)
    bmc = ipmi_peers.Bmc(env, port, 'admin', 'password', 17)
    with Timed(6, 2):
        line, = bmc.driver('status', status=1, **{'option.command_retry_timeout': 3})
    assert f'port {port} does not answer' in line, line


def test_unresolvable(env):
    bmc = ipmi_peers.Bmc(env, 623, 'admin', 'password', 17)
    line, = bmc.driver('status', status=1, ipmi_address='no-such-host.invalid')
    assert 'no-such-host.invalid' in line, line


def test_soft_off_ignored(env):
    bmc = ipmi_peers.bmcsim(env, soft_off_delay_ms='-1')
    with Timed(12, 4):
        line, = bmc.driver('soft-off', status=1, timeout=5)
    assert 'Timed out after' in line and 'waiting for power off' in line, line


def test_slow_power(env):
    bmc = ipmi_peers.bmcsim(env, on_delay_ms=2500, off_delay_ms=2500)
    with Timed(20, 5):
        assert bmc.driver('reboot', 'status') == ['rebooting: ok', 'status: power on']


def test_forced_boot_device(env):
    """ipmi_force_boot_device: sent for one boot at a time, and again before each power-on."""
    bmc = ipmi_peers.bmcsim(env)
    bmc.driver('boot-set', 'pxe', 'persistent', 'off', 'on', 'off', 'on', ipmi_force_boot_device='true')
    state = bmc.state()
    assert state["booted"] == "pxe" and state["boots"] == 2, (state, bmc.log())
    assert asked(bmc, 'Set System Boot Options 0x00 0x08 0x05') == 3


if __name__ == '__main__':
    harness.main()
