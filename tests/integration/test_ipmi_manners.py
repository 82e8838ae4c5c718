#!/usr/bin/python3
"""test_ipmi_manners: the ipmi driver against each of bmcsim's bad manners: it ends in bounded time, and says what was
wrong; and each of the manners really is as bad as its name, seen by ipmitool or by datagrams."""
import resource
import socket
import time

import harness
import ipmi_peers
from ipmi_peers import Timed

ASK = bytes.fromhex('0600ff07000000000000000000092018c88100388e04b5')  # Get Channel Authentication Capabilities
SHORT = {'option.command_retry_timeout': 4}


def ask(bmc, count=1, wait_s=0.5):
    """Sends so many requests, gives the answers and when they came."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as console:
        started = time.monotonic()
        for _ in range(count):
            console.sendto(ASK, ('127.0.0.1', bmc.port))
        answers = []
        while True:
            left = started + wait_s - time.monotonic()
            if left <= 0:
                return answers
            console.settimeout(left)
            try:
                answers.append((console.recv(512), time.monotonic() - started))
            except TimeoutError:
                return answers


def test_each_ends(env):
    """Whatever the manners are: an answer, or an error that says what was wrong, and within its time."""
    bmc = ipmi_peers.bmcsim(env, session_limit=64)
    for manners, status, words, most_s in (
            ('good', 0, 'status: power on', 2),
            ('doubling', 0, 'status: power on', 4),
            ('disorderly', 0, 'status: power on', 4),
            ('slow', 1, 'does not answer', 8),
            ('dead', 1, 'does not answer', 8),
            ('truncating', 1, 'does not answer', 8),
            ('busy', 1, 'node busy (C0h)', 8),
            ('exhausted', 1, 'insufficient resources for session', 8),
            ('bad-checksum', 0, 'status: power on', 2),   # the authentication code proves the bytes
            ('bad-authcode', 1, 'invalid credentials', 2)):
        bmc.set(manners=manners)
        with Timed(most_s):
            line, = bmc.driver('status', status=status, **SHORT)
        assert words in line, (manners, line)
    bmc.set(manners='good')
    assert bmc.driver('status') == ['status: power on']


def test_wrong_credentials_are_told_at_once(env):
    """Under two seconds, also by a BMC that takes its time, and the password is not in the sentence."""
    bmc = ipmi_peers.bmcsim(env, latency_ms=200)
    for wrong, words in (({'ipmi_password': 'not-the-right-one'}, "password of user 'admin' is wrong"),
                         ({'ipmi_username': 'nobody'}, "invalid credentials for user 'nobody'")):
        with Timed(2):
            line, = bmc.driver('status', status=1, **wrong)
        assert words in line and 'not-the-right-one' not in line, line


def test_freezing(env):
    """More than 20 requests in a second: silence for five. The driver waits, and is answered then."""
    bmc = ipmi_peers.bmcsim(env, manners='freezing')
    assert len(ask(bmc, 15)) == 15
    time.sleep(1.1)
    assert len(ask(bmc, 40)) == 20
    assert ask(bmc) == []
    with Timed(40, 1):
        assert bmc.driver('status') == ['status: power on']


def test_slow(env):
    bmc = ipmi_peers.bmcsim(env, manners='slow')
    bmc.set(latency_ms=1200)  # as slow, but for a test
    (_, seconds), = ask(bmc, wait_s=2.5)
    assert seconds >= 1.199, seconds  # the simulator counts whole milliseconds


def test_tail(env):
    """Half of the answers within latency_ms, the slowest up to latency_tail_ms."""
    bmc = ipmi_peers.bmcsim(env, latency_ms=100, latency_tail_ms=4000)
    seconds = sorted(at for _, at in ask(bmc, 150, wait_s=6))
    assert len(seconds) == 150, len(seconds)  # more might not fit into the socket's buffer
    assert seconds[0] > 0.04 and seconds[149] > 2 * seconds[75], seconds[::10]


def test_doubling(env):
    bmc = ipmi_peers.bmcsim(env, manners='doubling')
    assert 130 < len(ask(bmc, 100, wait_s=2)) < 170


def test_truncating(env):
    bmc = ipmi_peers.bmcsim(env)
    whole, = ask(bmc)
    bmc.set(manners='truncating')
    half, = ask(bmc)
    assert half[0] == whole[0][:len(whole[0]) // 2]


def test_bad_codes_are_refused_by_ipmitool(env):
    """What our driver forgives or refuses, ipmitool does as well: the manners are not only ours."""
    bmc = ipmi_peers.bmcsim(env)
    bmc.set(manners='bad-authcode')
    assert 'Unable to establish' in bmc.ipmitool('power', 'status', status=1)
    bmc.set(manners='exhausted')
    assert 'insufficient resources' in bmc.ipmitool('-v', 'power', 'status', status=1)
    bmc.set(manners='busy')
    assert 'Node busy' in bmc.ipmitool('power', 'status', status=1)


def test_bad_code_in_session(env):
    """The session is open, then the answers' codes are wrong: they count as lost, and the driver asks again."""
    bmc = ipmi_peers.bmcsim(env)
    bmc.set(fault={'kind': 'bad_authcode', 'match': 'Get Chassis Status', 'times': 2})
    with Timed(20, 1):
        assert bmc.driver('status') == ['status: power on']
    bmc.set(fault={'kind': 'bad_authcode', 'match': 'Get Chassis Status'})
    with Timed(8):
        line, = bmc.driver('status', status=1, **SHORT)
    assert 'did not answer Get Chassis Status' in line or 'does not answer' in line, line


def test_truncated_in_session(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.set(fault={'kind': 'truncate', 'match': 'Get Chassis Status', 'times': 1})
    with Timed(20, 0.5):
        assert bmc.driver('status') == ['status: power on']


def test_login_refused_with_each_status(env):
    """Statuses of RAKP 2 and 4: the sentence has their meaning, and wrong credentials are not repeated."""
    bmc = ipmi_peers.bmcsim(env)
    for what, code, words in (('RAKP Message 1', 0x0d, 'unauthorized name'),
                              ('RAKP Message 3', 0x0f, 'password of user'), ('RAKP Message 1', 0x09, 'invalid role'),
                              ('Open Session', 0x12, 'illegal')):
        bmc.set(fault=None)
        bmc.set(fault={'kind': 'status', 'status': code, 'match': what})
        with Timed(9):
            line, = bmc.driver('status', status=1, **SHORT)
        assert words in line, (what, line)


def test_dead_costs_no_processor(env):
    """A dead BMC costs a timer: waiting for one for six seconds takes next to no time of the processor."""
    bmc = ipmi_peers.bmcsim(env, manners='dead')
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Timed(12, 5):
        bmc.driver('status', status=1, **{'option.command_retry_timeout': 6})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < 1, f'{seconds:.2f} s'  # most of it is the start of a program with sanitizers


if __name__ == '__main__':
    harness.main()
