#!/usr/bin/python3
"""test_console: Serial-over-LAN. Our consoles over ipmi_sim and bmcsim, by plain TCP and the real client; bmcsim's
serial port by ipmitool and FreeIPMI."""
import contextlib
import os
import pty
import select
import socket
import sys
import threading
import time

import harness
import ipmi_peers
from harness import eventually

# A machine for ipmi_sim: a TCP port that greets and says in capitals what it hears.
MACHINE = """
import socket, sys, threading
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))
def serve(connection):
    connection.sendall(b'machine ready\\r\\n')
    while data := connection.recv(4096):
        connection.sendall(data.upper())
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


class Reader:
    """A plain TCP connection to a console, read by a thread of its own."""

    def __init__(self, port):
        self.got = b''
        self.is_over = False
        self.socket = socket.create_connection(('127.0.0.1', port), 10)
        self.socket.settimeout(None)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while data := self.socket.recv(65536):
                self.got += data
        self.is_over = True

    def type(self, data):
        self.socket.sendall(data)

    def wait(self, data, seconds=30):
        eventually(lambda: data in self.got, seconds, 0.02, f'{data!r} (got {self.got[-300:]!r})')
        return self

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Terminal:
    """A program on a terminal."""

    def __init__(self, words, environment):
        self.got = b''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(words[0], words, {**os.environ, **environment})

    def wait(self, data, seconds=30):
        end = time.monotonic() + seconds
        while data not in self.got:
            assert time.monotonic() < end, f'no {data!r} within {seconds} s in {self.got!r}'
            if select.select([self.fd], [], [], 0.5)[0]:
                try:
                    self.got += os.read(self.fd, 4096)
                except OSError:
                    raise AssertionError(f'it ended: {self.got!r}') from None
        return self

    def type(self, data):
        os.write(self.fd, data)

    def end(self, data):
        """Types what ends it; gives its status."""
        self.type(data)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.2)[0]:
                with contextlib.suppress(OSError):
                    os.read(self.fd, 4096)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, 9)
        raise AssertionError(f'it did not end: {self.got!r}')


def ipmi_sim(env):
    """ipmi_sim with a machine at its serial port."""
    port = harness.free_port()
    machine = harness.Program(env, 'machine', ['/usr/bin/python3', '-c', MACHINE, str(port)])
    machine.is_checked = False
    eventually(lambda: socket.socket().connect_ex(('127.0.0.1', port)) == 0, what='the machine')
    return ipmi_peers.openipmi(env, serial=port)


def console_config(env):
    first = harness.free_port()
    folder = env.folder / 'console-logs'
    folder.mkdir()
    folder.chmod(0o1777)
    return {'console': {'port_range': f'{first}:{first + 50}', 'log_dir': str(folder)}}


def create(service, name, bmc, **more):
    info = {'ipmi_address': '127.0.0.1', 'ipmi_port': bmc.port, 'ipmi_username': bmc.user,
            'ipmi_password': bmc.password, **more}
    return service.ok('POST', '/v1/nodes', {'name': name, 'driver': 'ipmi', 'driver_info': info})


def enable(service, name, seconds=60):
    """Enables the console, gives its port."""
    service.ok('PUT', f'/v1/nodes/{name}/states/console', {'enabled': True}, status=202)

    def ready():
        node = service.node(name)
        assert not node['last_error'], node['last_error']
        return node['console_enabled']
    eventually(ready, seconds, what=f'the console of {name}')
    return port_of(service, name)


def port_of(service, name):
    shown = service.ok('GET', f'/v1/nodes/{name}/states/console')
    assert shown['console_enabled'] is True and shown['console_info']['type'] == 'socat', shown
    url = shown['console_info']['url']
    assert url.startswith('tcp://127.0.0.1:'), url
    return int(url.rpartition(':')[2])


def disable(service, name):
    service.ok('PUT', f'/v1/nodes/{name}/states/console', {'enabled': False}, status=202)
    eventually(lambda: not service.node(name)['console_enabled'], 30, what='the console disabled')


def echo_until(reader, typed, echoed):
    """ipmi_sim loses what is typed before it has reached its serial port."""
    def heard():
        reader.type(typed)
        time.sleep(0.3)
        return echoed in reader.got
    eventually(heard, 40, what='an echo')


def converse(name, port, words, seconds):
    """A minute of typing and idling: two readers see the same, a third takes over the writing."""
    first, second = Reader(port), Reader(port)
    answer = words['answer']
    echo_until(first, words['knock'], answer(words['knock']))
    end = time.monotonic() + seconds
    number = 0
    for pause in (0.2, 0.2, 2, 25, 0.5, 22, 0.2):  # longer than the keep-alive's interval
        number += 1
        text = f'{name}-{number}-said'.encode()
        first.type(text)
        first.wait(answer(text))
        second.wait(answer(text))
        time.sleep(min(pause, max(0, end - time.monotonic())))
    third = Reader(port).wait(answer(text))  # what was said before is there for who comes late
    third.type(b'nobody-hears-this')
    third.wait(b'another client writes, you only read; Ctrl-E c f takes over the writing')
    third.type(b'\x05cf')
    third.wait(b'[console: you write]')
    first.wait(b'another client writes now')
    time.sleep(max(0, end - time.monotonic()))
    third.type(f'{name}-third'.encode())
    for reader in (first, second, third):
        reader.wait(answer(f'{name}-third'.encode()))
    assert answer(b'nobody-hears') not in second.got, second.got
    # but for what was said to it alone, the first has read what the second has
    notes = b'\r\n[console: another client writes now; Ctrl-E c f takes it back]\r\n'
    assert first.got.replace(notes, b'') == second.got, (first.got, second.got)
    for reader in (first, second, third):
        reader.close()


@harness.timeout(200)
def test_minute(env):
    """60 s of idle and typing at ipmi_sim and at bmcsim, side by side."""
    standalone = env.standalone(console_config(env))
    peers = {'sim': (ipmi_sim(env), {'knock': b'x', 'answer': bytes.upper}),
             'own': (ipmi_peers.bmcsim(env, serial='echo'), {'knock': b'x', 'answer': lambda text: text})}
    failures = []

    def one(name):
        bmc, words = peers[name]
        try:
            create(standalone, name, bmc)
            converse(name, enable(standalone, name), words, 60)
            disable(standalone, name)
        except BaseException as problem:  # pylint: disable=broad-except
            failures.append((name, problem))
    threads = [threading.Thread(target=one, args=(name,)) for name in peers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    log = peers['own'][0].log()
    assert log.count('Get Payload Instance Info') >= 3, 'the session was not kept alive'
    assert 'disconnected' not in standalone.program.log()


def test_client(env):
    """The real client, and what a console leaves behind: nothing."""
    standalone = env.standalone(console_config(env))
    bmc = ipmi_peers.bmcsim(env)
    create(standalone, 'n', bmc)
    assert standalone.client_json('node', 'console', 'show', 'n') == {'console_enabled': False, 'console_info': None}
    standalone.client('node', 'console', 'enable', 'n')
    eventually(lambda: standalone.node('n')['console_enabled'], 60, what='the console')
    shown = standalone.client_json('node', 'console', 'show', 'n')
    port = int(shown['console_info']['url'].rpartition(':')[2])
    reader = Reader(port)
    reader.type(b'\r')
    reader.wait(b'machine login: ').type(b'root\r')
    reader.wait(b'Password: ').type(b'secret\r')
    reader.wait(b'# ').type(b'uptime\r')
    reader.wait(b'uptime: command not found')
    assert b'secret' not in reader.got
    reader.type(b'\x05cl')
    reader.wait(b'[break]')
    assert bmc.state()['ipmi']['breaks'] == 1
    log = env.folder / 'console-logs' / f'{standalone.node("n")["uuid"]}.log'
    eventually(lambda: log.exists() and b'uptime: command not found' in log.read_bytes(), what='the log')
    assert log.stat().st_mode & 0o777 == 0o600
    standalone.client('node', 'console', 'disable', 'n')
    eventually(lambda: not standalone.node('n')['console_enabled'], 30, what='the console disabled')
    eventually(lambda: reader.is_over, what='the end of the connection')
    eventually(lambda: not bmc.state()['ipmi']['is_console_active'], 30, what='the payload given back')
    assert 'allocated_ipmi_terminal_port' not in standalone.node('n')['driver_internal_info']


def test_mistakes(env):
    """Refusals come with their reasons."""
    standalone = env.standalone()  # no port range
    bmc = ipmi_peers.bmcsim(env, serial='none')
    create(standalone, 'n', bmc)
    valid = standalone.ok('GET', '/v1/nodes/n/validate')
    assert "Either missing 'ipmi_terminal_port'" in valid['console']['reason'], valid
    answer = standalone.call('PUT', '/v1/nodes/n/states/console', {'enabled': True})
    assert answer.status == 400 and 'ipmi_terminal_port' in answer.fault(), answer
    port = harness.free_port()
    create(standalone, 'm', bmc, ipmi_terminal_port=port)
    standalone.ok('PUT', '/v1/nodes/m/states/console', {'enabled': True}, status=202)
    error = eventually(lambda: standalone.node('m')['last_error'], 60, what='the failure')
    assert 'Failed to start console' in error and 'payload type is disabled (81h)' in error, error
    assert not standalone.node('m')['console_enabled']
    assert socket.socket().connect_ex(('127.0.0.1', port)) != 0


def test_bad_line(env):
    """Loss, doubles, another order, and a serial line that takes a few characters at a time."""
    standalone = env.standalone(console_config(env))
    bmc = ipmi_peers.bmcsim(env, serial='echo', serial_accept=7)
    create(standalone, 'n', bmc)
    reader = Reader(enable(standalone, 'n'))
    bmc.set(loss_percent=10, duplicate_percent=20, reorder_percent=20)
    text = b''.join(b'<%d>' % number for number in range(150))
    for start in range(0, len(text), 50):
        reader.type(text[start:start + 50])
    eventually(lambda: len(reader.got) >= len(text), 100, what='the whole text')
    assert reader.got == text, reader.got


def sol_activate(bmc):
    return Terminal(['ipmitool', '-I', 'lanplus', '-C', '17', '-H', '127.0.0.1', '-p', str(bmc.port), '-U', bmc.user,
                     '-E', 'sol', 'activate'], {'IPMI_PASSWORD': bmc.password})


def steal(bmc):
    """ipmitool gets the payload before our console has taken it again."""
    for _ in range(20):
        bmc.ipmitool('sol', 'deactivate')
        other = sol_activate(bmc)
        try:
            return other.wait(b'SOL Session operational')
        except AssertionError:
            assert b'already active on another session' in other.got, other.got
            os.close(other.fd)
            os.waitpid(other.pid, 0)
    raise AssertionError('our console was faster each time')


def test_taken_over(env):
    """Another console takes the payload: ours says so, waits until it is free, and is there again. A BMC that
    restarts costs a pause too."""
    standalone = env.standalone(console_config(env))
    bmc = ipmi_peers.bmcsim(env, serial='echo')
    create(standalone, 'n', bmc)
    port = enable(standalone, 'n')
    reader = Reader(port)
    bmc.ipmitool('sol', 'deactivate')
    reader.wait(b'[console: disconnected: ').wait(b'[console: connected again]', 40)
    other = steal(bmc)
    reader.type(b'not now')
    reader.wait(b'[console: not connected: ', 40)
    other.type(b'theirs')
    other.wait(b'theirs')
    before = reader.got.count(b'connected again')
    assert other.end(b'\r~.') == 0
    eventually(lambda: reader.got.count(b'connected again') > before, 60, what='our turn')
    reader.type(b'ours')
    reader.wait(b'ours')
    assert b'not now' not in reader.got, reader.got


def test_conductor_killed(env):
    """After kill -9 the node's conductor opens the console again, at the same port, in place of the stale session."""
    config = console_config(env)
    standalone = env.standalone(config)
    bmc = ipmi_peers.bmcsim(env, serial='echo', session_idle_s=300)
    create(standalone, 'n', bmc)
    port = enable(standalone, 'n')
    reader = Reader(port)
    reader.type(b'before')
    reader.wait(b'before')
    standalone.kill_child('ferrule-conductor')
    eventually(lambda: reader.is_over, what='the end of the connection')

    def again():
        with contextlib.suppress(OSError):
            return Reader(port)
        return None
    reader = eventually(again, 60, what='the console again')

    def echoes():
        reader.type(b'!')
        time.sleep(0.2)
        return reader.got.endswith(b'!')
    eventually(echoes, 60, what='an echo')
    assert port_of(standalone, 'n') == port
    standalone.program.is_checked = False


def test_ipmitool(env):
    """ipmitool against bmcsim's serial port."""
    bmc = ipmi_peers.bmcsim(env, serial_line_ms=700)
    terminal = sol_activate(bmc)
    terminal.wait(b'SOL Session operational').type(b'\r')
    terminal.wait(b'machine login: ').type(b'root\r')
    terminal.wait(b'Password: ').type(b'x\r')
    terminal.wait(b'# ').wait(b'line 3').type(b'\r~B')
    terminal.wait(b'[break]')
    assert bmc.state()['ipmi']['breaks'] == 1
    assert terminal.end(b'\r~.') == 0
    assert not bmc.state()['ipmi']['is_console_active']
    info = bmc.ipmitool('sol', 'info', '1')
    assert 'Enabled                         : true' in info and '115.2' in info, info


def test_ipmiconsole(env):
    """FreeIPMI's ipmiconsole against bmcsim's serial port, with suites 3 and 17."""
    bmc = ipmi_peers.bmcsim(env)
    for suite in ('3', '17'):
        terminal = Terminal(['ipmiconsole', '-h', f'127.0.0.1:{bmc.port}', '-u', bmc.user, '-p', bmc.password, '-I',
                             suite], {})
        terminal.wait(b'[SOL established]').type(b'\r')
        terminal.wait(b'machine login: ').type(b'root\r')
        terminal.wait(b'Password: ').type(b'x\r')
        terminal.wait(b'# ').type(b'exit\r')
        terminal.wait(b'exit\r\nmachine login: ')
        terminal.end(b'&.')
        eventually(lambda: not bmc.state()['ipmi']['is_console_active'], what='the payload given back')


if __name__ == '__main__':
    sys.exit(harness.main())
