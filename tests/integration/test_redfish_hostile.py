#!/usr/bin/python3
"""test_redfish_hostile: a BMC that lies. All reading operations of the redfish driver meet the two small trees of
test_redfish_trees, changed in the ways below: each must end in time, with a sentence or with less than there is, and
the program must live (a sanitizer's report fails the case)."""
import contextlib
import copy
import http.server
import json
import threading
import time

import harness
from test_redfish_trees import ROOT, documents, driver_of, facts_of

READS = ('power', 'boot', 'facts', 'sensors', 'indicators', 'firmware', 'vmedia', 'macs', 'inspect')
WRONG = (-1.5e308, 'x' * 5000, {}, None, True, [None, 7, 'x', []], {'@odata.id': 7},
         {'@odata.id': 'http://192.0.2.1/redfish/v1/x'}, [{'@odata.id': ROOT}])


class Handler(http.server.BaseHTTPRequestHandler):
    """server.answer(path) gives a document, (status, bytes), (status, bytes, headers), or None for 404."""
    protocol_version = 'HTTP/1.1'
    wbufsize = 1 << 16

    def do_GET(self):  # pylint: disable=invalid-name
        path = self.path.partition('?')[0].rstrip('/')
        self.server.asked.append(path)
        answer = self.server.answer(path)
        status, body, *headers = (404, b'{}') if answer is None else answer if isinstance(answer, tuple) \
            else (200, json.dumps(answer).encode())
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        for name, value in (headers[0] if headers else {}).items():
            self.send_header(name, value)
        if callable(body):
            self.send_header('Connection', 'close')
            self.end_headers()
            with contextlib.suppress(OSError):
                body(self.wfile)
            self.close_connection = True
            return
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass   # clients that have heard enough hang up


@contextlib.contextmanager
def served(answer):
    server = Server(('127.0.0.1', 0), Handler)
    server.answer, server.asked = answer, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def read(env, answer, name, operations=READS, seconds=90, options=()):
    """The lines of all operations; each told something, and in time."""
    with served(answer) as server:
        driver = driver_of(env, f'http://127.0.0.1:{server.server_port}', redfish_system_id=facts_of(name)['system'])
        driver.options.extend(options)
        started = time.monotonic()
        lines = {line['op']: line for line in driver.run(*operations, timeout_s=seconds)}
        assert time.monotonic() - started < seconds
        assert len(server.asked) < 450 * len(operations), len(server.asked)
    for line in lines.values():
        assert line['rc'] == 0 or line['error'], line
        assert line['writes'] == 0, line
    return lines


def is_kept(name, path):
    """What must stay for the operations to get to the rest."""
    return path in (ROOT, facts_of(name)['system'])


def replaced(value, wrong, depth):
    """All that lies so deep in the document becomes the wrong value."""
    if isinstance(value, dict) and depth:
        return {name: item if name in ('@odata.id', 'Id') else replaced(item, wrong, depth - 1)
                for name, item in value.items()}
    if isinstance(value, list) and depth:
        return [replaced(item, wrong, depth - 1) for item in value]
    return wrong


def changed(name, change):
    """The tree with change(path, document) in the place of what is not kept."""
    tree = documents(name)
    return {path: document if is_kept(name, path) else change(path, copy.deepcopy(document))
            for path, document in tree.items()}


@harness.timeout(200)
def test_wrong_types(env):
    for name in ('older', 'newer'):
        for wrong in WRONG:
            for depth in (1, 2):
                tree = changed(name, lambda path, document, w=wrong, d=depth: replaced(document, w, d))
                lines = read(env, tree.get, name)
                assert lines['power']['rc'] == 0 and lines['boot']['rc'] == 0, lines


def test_wrong_types_in_the_system(env):
    for name in ('older', 'newer'):
        system = facts_of(name)['system']
        for number, wrong in enumerate(WRONG):
            tree = documents(name)
            tree[system] = replaced(tree[system], wrong, 1 + number % 2)
            read(env, tree.get, name)


def test_missing_members(env):
    """Every member of the system and of what it leads to is left out once, all in one reading each."""
    for name in ('older', 'newer'):
        names = sorted({member for document in documents(name).values() for member in document} - {'@odata.id'})
        for start in range(0, len(names), 6):
            gone = set(names[start:start + 6])
            tree = {path: {member: value for member, value in document.items() if member not in gone}
                    for path, document in documents(name).items()}
            lines = read(env, tree.get, name)
            assert lines['power']['rc'] == 0, (gone, lines['power'])


def bodies():
    deep = b'{"Members":' + b'[' * 100000 + b']' * 100000 + b'}'
    return {
        'HTML': (200, b'<html><body>Sign in</body></html>'), 'nothing': (200, b''), 'a list': (200, b'[1, 2]'),
        'a number': (200, b'7'), 'deep': (200, deep), 'not UTF-8': (200, b'{"Id": "\xff\xfe"}'),
        'a NUL': (200, b'{"Id": "a\\u0000b", "Name": "\\u0000"}'), 'cut': (200, b'{"Id": "1", "Members": [{'),
        'forbidden': (403, b'{"error": {"message": "no"}}'), 'gone': (404, b''), 'refused': (400, b'{"error": 7}'),
        'elsewhere': (302, b'', {'Location': 'http://192.0.2.1/redfish/v1/'}),
        'a number that is none': (200, b'{"Id": "1", "CapacityBytes": 1e999, "TotalThreads": 99999999999999999999}'),
    }


@harness.timeout(200)
def test_answers_that_are_none(env):
    for name in ('older', 'newer'):
        for word, body in bodies().items():
            tree = changed(name, lambda path, document, b=body: b)
            lines = read(env, tree.get, name)
            for operation in ('power', 'boot', 'facts', 'sensors', 'vmedia', 'macs', 'indicators'):
                assert lines[operation]['rc'] == 0, (word, lines[operation])


def test_system_that_is_none(env):
    sentences = {'HTML': 'not JSON', 'elsewhere': 'redirection', 'gone': '404', 'deep': 'not JSON'}
    for word, body in bodies().items():
        tree = documents('older')
        tree[facts_of('older')['system']] = body
        lines = read(env, tree.get, 'older', READS[2:])
        for line in lines.values():
            if word in sentences:
                assert line['rc'] < 0 and sentences[word] in line['error'], (word, line)


def endless(out):
    while True:
        out.write(b'{"Members": [' + b' ' * 65000)


def trickle(out):
    for _ in range(100):
        out.write(b' ')
        out.flush()
        time.sleep(0.1)


@harness.timeout(120)
def test_bodies_without_end(env):
    collection = f"{facts_of('older')['system']}/Processors"
    for body in (endless, trickle):
        tree = documents('older')
        tree[collection] = (200, body)
        lines = read(env, tree.get, 'older', ('power', 'inspect', 'vmedia'),
                     options=('--option', 'read_timeout=1', '--option', 'connection_attempts=1'))
        assert lines['power']['rc'] == 0 and lines['vmedia']['rc'] == 0, lines
        if body is endless:
            inventory = lines['inspect']['inventory']
            assert inventory['memory'] == facts_of('older')['memory'] and 'cpu' not in inventory, inventory


def test_servers_that_are_always_busy(env):
    tree = changed('older', lambda path, document: (503, b'{}', {'Retry-After': '1'}))
    lines = read(env, tree.get, 'older', ('sensors', 'inspect'))
    assert lines['sensors']['rc'] == 0, lines['sensors']


def loops(name):
    """Links that lead back."""
    system = facts_of(name)['system']
    for target in (ROOT, system, None):
        def change(path, document, target=target):
            def walk(value):
                if isinstance(value, dict) and set(value) == {'@odata.id'}:
                    return {'@odata.id': target or path}
                if isinstance(value, dict):
                    return {member: walk(item) for member, item in value.items()}
                return [walk(item) for item in value] if isinstance(value, list) else value
            return walk(document)
        yield {path: document if path == ROOT else change(path, document) for path, document in documents(name).items()}


def test_loops_of_links(env):
    for name in ('older', 'newer'):
        for tree in loops(name):
            lines = read(env, tree.get, name)
            assert lines['power']['rc'] == 0, lines['power']


@harness.timeout(120)
def test_collections_without_end(env):
    def crowd(path, document):
        if 'Members' not in document:
            return document
        return {**document, 'Members': [{'@odata.id': f'{path}/{n}'} for n in range(100000)]}

    def pages(path, document):
        if 'Members' not in document:
            return document
        return {**document, 'Members@odata.nextLink': f'{path}/page/0'}
    for change in (crowd, pages):
        tree = changed('newer', change)

        def answer(path, tree=tree):
            if '/page/' in path:
                base, _, number = path.rpartition('/')
                return {'Members': [], 'Members@odata.nextLink': f'{base}/{int(number) + 1}'}
            return tree.get(path)
        lines = read(env, answer, 'newer', ('macs', 'indicators', 'vmedia', 'sensors', 'inspect'))
        assert all(line['rc'] == 0 for line in lines.values()), lines


if __name__ == '__main__':
    harness.main()
