#!/usr/bin/python3
"""test_ipmi_sessions: BMCs have few sessions and keep forgotten ones long; a conductor that is killed again and again
must not fill them."""
import collections
import contextlib
import socket
import threading
import time

import harness
from harness import eventually

BMCS, CONSOLES, ROUNDS = 500, 10, 10
FIRST = '127.7.0.1'


def address(number):
    return f'127.7.{(number + 1) // 256}.{(number + 1) % 256}'


class Conductor:
    """A conductor of its own group beside the standalone's: it alone is killed."""

    def __init__(self, env, standalone, options):
        self.env = env
        self.path = env.folder / f'{options["DEFAULT"]["host"]}.conf'
        text = (standalone.data / 'run' / 'ferrule.conf').read_text()
        for section, values in options.items():
            text += f'\n[{section}]\n' + '\n'.join(f'{name} = {value}' for name, value in values.items())
        self.path.write_text(text + '\n')
        self.programs = []
        self.start()

    def start(self):
        self.program = harness.Program(self.env, 'ferrule-conductor',
                                       [harness.BIN / 'ferrule-conductor', '--config', self.path])
        self.programs.append(self.program)


def echo(standalone, name):
    """Whether the node's console echoes."""
    with contextlib.suppress(OSError, TypeError):
        url = standalone.get(f'/v1/nodes/{name}/states/console').json['console_info']['url']
        with socket.create_connection(('127.0.0.1', int(url.rpartition(':')[2])), 5) as console:
            console.settimeout(2)
            console.sendall(b'?')
            return b'?' in console.recv(100)
    return False


def in_threads(function, count, threads=4):
    """Calls function(0) .. function(count - 1)."""
    failures = []

    def run(start):
        try:
            for number in range(start, count, threads):
                function(number)
        except BaseException as problem:  # pylint: disable=broad-except
            failures.append(problem)
    started = [threading.Thread(target=run, args=(start,)) for start in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    if failures:
        raise failures[0]


def counters(rack):
    """Of each BMC by its address."""
    shown = harness.call('GET', f'http://{rack.control}/bmc').json['bmcs']
    return {bmc['address']: bmc['counters'] for bmc in shown}


@harness.timeout(400)
def test_killed_ten_times(env):
    """Ten times kill -9 with 500 open sessions and 10 consoles, all within the idle time of the BMCs, which have four
    sessions each: none is ever full, and all nodes can be used."""
    port = harness.free_port(socket.SOCK_DGRAM)
    rack = env.rack({'machine': {'protocol': 'ipmi', 'listen': f'{FIRST}:{port}', 'count': BMCS, 'step': 'address',
                                 'session_limit': 4, 'session_idle_s': 300, 'serial': 'echo'}})
    standalone = env.standalone()
    first = harness.free_port()
    conductor = Conductor(env, standalone, {
        'DEFAULT': {'host': 'killed'},
        'conductor': {'conductor_group': 'killed', 'sync_power_state_interval': 2},
        'console': {'port_range': f'{first}:{first + 2 * CONSOLES}'},
        'ipmi': {'session_idle_timeout': 50, 'session_ledger': env.folder / 'sessions'}})
    eventually(lambda: 'killed' in str(standalone.get('/v1/conductors').json), 60, what='the conductor')

    def create(number):
        info = {'ipmi_address': address(number), 'ipmi_port': port, 'ipmi_username': 'admin',
                'ipmi_password': 'rack-password'}
        standalone.ok('POST', '/v1/nodes', {'name': f'n{number}', 'driver': 'ipmi', 'driver_info': info,
                                            'conductor_group': 'killed'})
        # the power of a node in "enroll" is not polled
        standalone.ok('PUT', f'/v1/nodes/n{number}/states/provision', {'target': 'manage'}, status=202)
        if number < CONSOLES:
            eventually(lambda: not standalone.node(f'n{number}')['reservation'], 60)
            standalone.ok('PUT', f'/v1/nodes/n{number}/states/console', {'enabled': True}, status=202)
    in_threads(create, BMCS)

    before = collections.defaultdict(lambda: {'sessions_opened': 0})
    started = time.monotonic()
    for _ in range(ROUNDS):
        def all_open():
            now = counters(rack)
            return all(now[address(number)]['sessions_opened'] - before[address(number)]['sessions_opened'] >=
                       (2 if number < CONSOLES else 1) for number in range(BMCS)) and now
        now = eventually(all_open, 120, 0.1, 'sessions at all BMCs')
        assert sum(bmc['sessions'] for bmc in now.values()) >= BMCS + CONSOLES
        conductor.program.kill()
        before = counters(rack)
        conductor.start()
    assert time.monotonic() - started < 290, 'too slow to tell: BMCs have ended sessions by themselves'

    for number in range(CONSOLES):
        eventually(lambda name=f'n{number}': echo(standalone, name), 60, what='an echo')

    def switch(number):
        answer = standalone.power(f'n{number}', 'power off')
        assert answer.status == 202, answer
        standalone.wait_power(f'n{number}', 'power off', 120)
    in_threads(switch, BMCS)
    for number in range(BMCS):
        node = standalone.node(f'n{number}')
        assert not node['maintenance'] and not node['last_error'], node
    at_end = counters(rack)
    assert sum(bmc['sessions_refused'] for bmc in at_end.values()) == 0
    # what the killed ones had open is closed: one session for requests, one for a console
    for number in range(BMCS):
        assert at_end[address(number)]['sessions'] <= (2 if number < CONSOLES else 1), (number, at_end[address(number)])
    for program in conductor.programs:
        assert 'insufficient resources' not in program.log(), program.log()


@harness.timeout(150)
def test_console_moves(env):
    """A conductor that is gone for good: the other one opens the console in its place. Changed properties lead an
    open console to another machine."""
    rack = env.rack({'one': {'protocol': 'ipmi', 'serial': 'echo', 'session_idle_s': 300},
                     'two': {'protocol': 'ipmi', 'serial': 'login'}})
    standalone = env.standalone()
    conductors = {}
    for host in ('left', 'right'):
        first = harness.free_port()
        conductors[host] = Conductor(env, standalone, {
            'DEFAULT': {'host': host}, 'conductor': {'conductor_group': 'pair'},
            'console': {'port_range': f'{first}:{first + 5}'}, 'ipmi': {'session_ledger': env.folder / host}})
        eventually(lambda: host in str(standalone.get('/v1/conductors').json), 60, what='the conductor')
    info = {'ipmi_address': '127.0.0.1', 'ipmi_port': rack.port('one'), 'ipmi_username': 'admin',
            'ipmi_password': 'rack-password'}
    standalone.ok('POST', '/v1/nodes', {'name': 'n', 'driver': 'ipmi', 'driver_info': info,
                                        'conductor_group': 'pair'})
    standalone.ok('PUT', '/v1/nodes/n/states/console', {'enabled': True}, status=202)
    eventually(lambda: echo(standalone, 'n'), 60, what='an echo')
    owner = standalone.node('n')['conductor']
    conductors[owner].program.kill()
    eventually(lambda: standalone.node('n')['conductor'] != owner and echo(standalone, 'n'), 90, what='a new console')

    standalone.ok('PATCH', '/v1/nodes/n', [{'op': 'replace', 'path': '/driver_info/ipmi_port',
                                            'value': rack.port('two')}])
    url = standalone.get('/v1/nodes/n/states/console').json['console_info']['url']
    with socket.create_connection(('127.0.0.1', int(url.rpartition(':')[2])), 5) as console:
        console.settimeout(1)
        heard = b''

        def has_prompt():
            nonlocal heard
            console.sendall(b'\r')
            with contextlib.suppress(TimeoutError):
                heard += console.recv(1000)
            return b'two login: ' in heard
        eventually(has_prompt, 60, 0.5, 'the other machine')
    state = harness.call('GET', f'http://{rack.control}/bmc/one').json['ipmi']
    assert not state['is_console_active'], state


if __name__ == '__main__':
    harness.main()
