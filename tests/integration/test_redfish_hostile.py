#!/usr/bin/python3
"""test_redfish_hostile: BMCs that mean harm, by hand on sockets: whatever they send, an operation ends in bounded
time and memory, with an error that says what was wrong, and no secret leaves for another host."""
import concurrent.futures
import gzip
import json
import resource
import socket
import struct
import threading
import time

import harness
from test_redfish_driver import Driver, SYSTEM

OK = b'HTTP/1.1 200 OK\r\n'
JSON = b'Content-Type: application/json\r\n'
OPTIONS = ('--option', 'read_timeout=2', '--option', 'connect_timeout=2', '--option', 'connection_attempts=1')
MEMORY = 400 << 20  # with the sanitizers' shadow; the bomb unpacks to 256 MiB, and the endless have no end


class Villain:
    """A server that gives each request to a function of (connection, request), in a thread a connection."""

    def __init__(self, act):
        self.act = act
        self.requests = []
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.address = f'http://127.0.0.1:{self.listener.getsockname()[1]}'
        self.is_over = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.is_over:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            connection.settimeout(20)
            try:
                while True:
                    request = b''
                    while b'\r\n\r\n' not in request:
                        piece = connection.recv(65536)
                        if not piece:
                            return
                        request += piece
                    self.requests.append(request)
                    self.act(connection, request)
            except OSError:
                pass

    def end(self):
        self.is_over = True
        self.listener.close()


def answer(body, head=b''):
    return OK + JSON + head + b'Content-Length: %d\r\n\r\n' % len(body) + body


def send(*pieces):
    return lambda connection, request: [connection.sendall(piece) for piece in pieces]


def endless(first, again, pause=0.0):
    def act(connection, request):
        connection.sendall(first)
        while True:
            connection.sendall(again)
            time.sleep(pause)
    return act


def reset(first):
    def act(connection, request):
        connection.sendall(first)
        time.sleep(0.2)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        connection.close()
    return act


def finish(*pieces):
    def act(connection, request):
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_RDWR)
    return act


BOMB = gzip.compress(b' ' * (256 << 20), 1)
SYSTEM_DOCUMENT = json.dumps({'@odata.id': SYSTEM, 'PowerState': 'On'}).encode()

# name: (what it does, what the error says; None: it succeeds)
VILLAINS = {
    'endless body of no length': (endless(OK + JSON + b'\r\n', b' ' * 65536), 'the body of the answer exceeds'),
    'endless chunks': (endless(OK + JSON + b'Transfer-Encoding: chunked\r\n\r\n',
                               b'10000\r\n' + b' ' * 65536 + b'\r\n'), 'the body of the answer exceeds'),
    'chunks of a byte': (endless(OK + b'Transfer-Encoding: chunked\r\n\r\n', b'1\r\n \r\n' * 100, 0.01),
                         'no complete answer within'),
    'endless name of a chunk': (endless(OK + b'Transfer-Encoding: chunked\r\n\r\n1;', b'x' * 65536, 0.01),
                                'no complete answer within'),
    'length past the limit': (send(OK + b'Content-Length: 99999999999\r\n\r\n'), 'the body of the answer exceeds'),
    'length past all numbers': (send(OK + b'Content-Length: 99999999999999999999999\r\n\r\n'),
                                'the answer is not HTTP'),
    'two lengths': (send(OK + b'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'), 'the answer is not HTTP'),
    'flood of headers': (endless(OK, b'X-Flood: ' + b'y' * 1000 + b'\r\n'), 'the head of the answer exceeds'),
    'endless header': (endless(OK + b'X-Flood: ', b'y' * 65536), 'the head of the answer exceeds'),
    'endless status line': (endless(b'HTTP/1.1 200 ', b'O' * 65536, 0.01), 'no complete answer within'),
    'endless interim answers': (endless(b'', b'HTTP/1.1 102 Processing\r\n\r\n' * 10), 'the answer is not HTTP'),
    'slow drip of a head': (endless(OK, b'X', 0.05), 'no complete answer within'),
    'slow drip of a body': (endless(OK + b'Content-Length: 100000\r\n\r\n', b' ', 0.05), 'no complete answer within'),
    'bomb of gzip': (send(answer(BOMB, b'Content-Encoding: gzip\r\n')), 'what is not JSON'),
    'reset before the answer': (reset(b''), 'receiving failed: Connection reset by peer'),
    'reset in the head': (reset(OK + b'Content-'), 'receiving failed: Connection reset by peer'),
    'reset in the body': (reset(OK + b'Content-Length: 100\r\n\r\n{"Power'),
                          'receiving failed: Connection reset by peer'),
    'close in the head': (finish(OK + b'Content-'), 'the answer was cut short'),
    'close in the body': (finish(OK + b'Content-Length: 100\r\n\r\n{"Power'), 'the answer was cut short'),
    'close without length': (finish(OK + JSON + b'\r\n', SYSTEM_DOCUMENT), None),
    'close without length, cut': (finish(OK + JSON + b'\r\n', SYSTEM_DOCUMENT[:20]), 'what is not JSON'),
    'not HTTP': (send(b'220 mail.example ESMTP\r\n'), 'the answer is not HTTP'),
    'HTTP/2': (send(b'\x00\x00\x12\x04\x00\x00\x00\x00\x00' + bytes(18)), 'the answer is not HTTP'),
    'HTML': (send(answer(b'<html><body>Please log in</body></html>')), 'what is not JSON'),
    'deep': (send(answer(b'{"PowerState":' * 5000 + b'"On"' + b'}' * 5000)), 'what is not JSON'),
    'a list': (send(answer(b'[]')), 'not an object'),
    'NUL and bytes': (send(answer(b'{"PowerState": "On\xff\x00"}')), 'what is not JSON'),
    'other types': (send(answer(b'{"PowerState": {"On": []}, "Boot": 5, "Actions": [], "Links": "x"}')), None),
    'smuggled second answer': (send(answer(SYSTEM_DOCUMENT) + answer(b'{"PowerState": "Off"}')), None),
}


def meet(env, name):
    """Two operations on one villain; gives what was wrong."""
    act, said = VILLAINS[name]
    villain = Villain(act)
    driver = Driver(env, villain.address, OPTIONS, redfish_system_id=SYSTEM, redfish_auth_type='basic')
    started = time.monotonic()
    lines = driver.run('power', 'power')
    seconds = time.monotonic() - started
    villain.end()
    if name == 'smuggled second answer' and [line.get('power') for line in lines] != ['power on', 'power on']:
        return name, lines
    for line in lines:
        if (line['rc'] == 0) != (said is None) or (said and said not in line['error']):
            return name, line
    return (name, seconds) if seconds > 40 else None


def test_villains(env):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        problems = [problem for problem in pool.map(lambda name: meet(env, name), VILLAINS) if problem]
    assert not problems, problems
    # of all of them, the largest
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MEMORY


def test_redirects_are_not_followed(env):
    seen = []
    other = Villain(lambda connection, request: seen.append(request))
    for status in (301, 302, 307, 308):
        villain = Villain(send(f'HTTP/1.1 {status} Moved\r\nLocation: {other.address}/redfish/v1\r\n'
                               'Content-Length: 0\r\n\r\n'.encode()))
        driver = Driver(env, villain.address, OPTIONS, redfish_system_id=SYSTEM, redfish_auth_type='basic')
        for operation in ('power', 'set:power off:5'):
            line = driver.fails(operation)
            assert 'redirection' in line['error'], line
        villain.end()
    # neither a link nor a session leads elsewhere
    links = {'Members': [{'@odata.id': other.address + SYSTEM}]}
    villain = Villain(send(answer(json.dumps(links).encode(), f'Location: {other.address}/s\r\nX-Auth-Token: t\r\n'
                                  .encode())))
    driver = Driver(env, villain.address, OPTIONS, redfish_auth_type='session')
    line = driver.fails('power')
    assert 'elsewhere' in line['error'] or 'link' in line['error'], line
    villain.end()
    other.end()
    assert not seen, seen


def test_loops_of_links_end(env):
    pages = {'/redfish/v1/Systems': {'Members': [{'@odata.id': f'/redfish/v1/Systems/{i}'} for i in range(5000)],
                                     'Members@odata.nextLink': '/redfish/v1/Systems'}}

    def act(connection, request):
        path = request.split()[1].decode().rstrip('/')
        shown = pages.get(path, {'@odata.id': path, 'Members': [{'@odata.id': path}], 'Chassis': {'@odata.id': path},
                                 'Storage': {'@odata.id': path}, 'Processors': {'@odata.id': path},
                                 'Links': {'Chassis': [{'@odata.id': path}], 'ManagedBy': [{'@odata.id': path}]},
                                 'Drives': [{'@odata.id': path}] * 100, 'PowerState': 'On'})
        connection.sendall(answer(json.dumps(shown).encode()))

    villain = Villain(act)
    Driver(env, villain.address, OPTIONS, redfish_auth_type='basic').run('power')
    driver = Driver(env, villain.address, OPTIONS, redfish_auth_type='basic', redfish_system_id=SYSTEM)
    for operation in ('inspect', 'sensors', 'indicators', 'vmedia', 'macs', 'firmware'):
        driver.run(operation, timeout_s=60)
    villain.end()
    assert len(villain.requests) < 3000, len(villain.requests)


def test_password_is_in_no_error(env):
    """A BMC that says back what it was told."""
    def act(connection, request):
        connection.sendall(b'HTTP/1.1 500 No\r\n' + JSON + b'Content-Length: %d\r\n\r\n%s' % (len(body), body))

    body = json.dumps({'error': {'code': 'rack-password', 'message': 'rack-password is wrong: rack-password',
                                 '@Message.ExtendedInfo': [{'Message': 'You said rack-password'}]}}).encode()
    villain = Villain(act)

    def ask(auth, operation):
        driver = Driver(env, villain.address, OPTIONS + ('--deadline', '2000'), redfish_auth_type=auth)
        return driver.fails(operation)['error']  # Driver looks for the password in all of the output

    rows = [(auth, operation) for auth in ('basic', 'session', 'auto')
            for operation in ('power', 'set:power on:3', 'boot:pxe')]
    with concurrent.futures.ThreadPoolExecutor(len(rows)) as pool:
        for error in pool.map(lambda row: ask(*row), rows):
            assert 'rack-password' not in error, error
    villain.end()


if __name__ == '__main__':
    harness.main()
