#!/usr/bin/python3
"""Hardware types outside the tree: built with the installed header alone, loaded, and answering as Ironic's do."""
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import harness

SOURCES = harness.ROOT / 'tests' / 'plugins'
BUILD = harness.BIN.parent
VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']


# ---- building as a stranger does ----

def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120, check=False,
                          **options)
    assert done.returncode == 0, f'{words}: {done.stdout}{done.stderr}'
    return done.stdout


def installed(env):
    """Where cmake --install has put header and pkg-config file."""
    prefix = env.folder / 'prefix'
    if not prefix.exists():
        run('cmake', '--install', BUILD, '--component', 'driver', '--prefix', prefix)
    return prefix


def flags(env):
    folder = installed(env) / 'share' / 'pkgconfig'
    path = {'PKG_CONFIG_PATH': f'{folder}:{os.environ.get("PKG_CONFIG_PATH", "")}'.rstrip(':')}
    return run('pkg-config', '--cflags', 'ferrule-driver', env={**os.environ, **path}).split()


def build(env, source, name, *words):
    module = env.folder / f'{name}.so'
    run('cc', '-std=c11', '-Wall', '-Wextra', '-Werror', *flags(env), '-shared', '-fPIC', '-o', module, source, *words,
        cwd=env.folder)
    return module


def config_of(modules, types='anchor-hardware,fake-hardware', **more):
    return {'DEFAULT': {'enabled_hardware_types': types},
            'conductor': {'driver_modules': ','.join(str(module) for module in modules)}, **more}


def refusal(env, config, program='ferrule-conductor'):
    """What a program that must not start says."""
    path = env.folder / 'refused.conf'
    harness.write_config(path, config)
    words = [harness.BIN / program, *(['db', 'upgrade'] if program == 'ferrule' else []), '--config', path]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, check=False,
                          env=env.environment)
    assert done.returncode in (1, 2), f'status {done.returncode}: {done.stdout}{done.stderr}'
    return done.stderr


# ---- the recorded answers of anchor-hardware ----

def method(is_async, description, verbs, attach=False, lock=None):
    row = {'async': is_async, 'attach': attach, 'description': description, 'http_methods': verbs}
    return row if lock is None else {**row, 'require_exclusive_lock': lock}


NODE_METHODS = {
    'attach': method(False, 'A file', ['GET'], True, True),
    'crash': method(False, '', ['GET'], lock=True),
    'echo': method(False, 'Echo, synchronous', VERBS, lock=True),
    'echo_async': method(True, 'Echo, asynchronous', VERBS, lock=True),
    'need_bar': method(False, '', ['POST'], lock=True),
    'nothing': method(False, '', ['GET'], lock=False),
}
DRIVER_METHODS = {
    'd_async': method(True, 'Echo, asynchronous', VERBS),
    'd_attach': method(False, '', ['GET'], True),
    'd_crash': method(False, '', ['GET']),
    'd_echo': method(False, 'Echo, synchronous', VERBS),
    'need_bar': method(False, '', ['POST']),
}
ACCEPTED = object()  # 202 and no body
FILE = object()      # the file's bytes
ANY_FAULT = object()  # the original answers 500, and its sentence says nothing
NODE = '/v1/nodes/anchored/vendor_passthru'
DRIVER = '/v1/drivers/anchor-hardware/vendor_passthru'
NO_BAR = "Parameter 'bar' not passed to method 'need_bar'."


def echo(verb, args=None):
    return {'method': verb, 'args': args or {}}


# Request, body, status, JSON or sentence. Commented rows: where the original has a bug, or we offer more.
CALLS = [
    ('GET', NODE + '/methods', None, 200, NODE_METHODS),
    ('GET', NODE + '?method=echo', None, 200, echo('GET')),
    ('GET', NODE + '?method=echo_async', None, 202, ACCEPTED),
    ('POST', NODE + '?method=echo', {'b': 2}, 200, echo('POST', {'b': 2})),
    ('POST', NODE + '?method=echo_async', {'b': 2}, 202, ACCEPTED),
    ('PUT', NODE + '?method=echo', {'b': 2}, 200, echo('PUT', {'b': 2})),
    ('PUT', NODE + '?method=echo_async', {'b': 2}, 202, ACCEPTED),
    ('PATCH', NODE + '?method=echo', {'b': 2}, 200, echo('PATCH', {'b': 2})),
    ('PATCH', NODE + '?method=echo_async', {'b': 2}, 202, ACCEPTED),
    ('DELETE', NODE + '?method=echo', None, 200, echo('DELETE')),
    ('DELETE', NODE + '?method=echo_async', None, 202, ACCEPTED),
    ('GET', NODE + '?method=echo&a=1', None, 400, 'Unexpected arguments: a'),
    ('POST', NODE + '?method=echo&a=1', {'a': 2}, 200, echo('POST', {'a': 2})),
    ('DELETE', NODE + '?method=echo', {'b': 2}, 200, echo('DELETE', {'b': 2})),
    ('GET', NODE + '?method=attach', None, 200, FILE),  # 500
    ('GET', NODE + '?method=nothing', None, 200, None),
    ('GET', NODE + '?method=crash', None, 500, "'boom'"),
    ('POST', NODE + '?method=need_bar', {'bar': {'deep': [1]}}, 200, {'deep': [1]}),
    ('POST', NODE + '?method=need_bar', {'bar': None}, 400, NO_BAR),
    ('POST', NODE + '?method=echo', {'http_method': 'GET'}, 400, ANY_FAULT),  # 500
    ('POST', NODE + '?method=echo', {'task': 1}, 400, ANY_FAULT),  # 500
    ('POST', NODE + '?method=need_bar', {'bar': 1, 'surplus': 1}, 400, ANY_FAULT),  # 500
    ('POST', NODE + '?method=echo', 'null', 200, echo('POST')),
    ('GET', DRIVER + '/methods', None, 200, DRIVER_METHODS),
    ('GET', DRIVER + '/d_echo', None, 200, echo('GET')),
    ('POST', DRIVER + '/d_echo', {'b': 2}, 200, echo('POST', {'b': 2})),
    ('PUT', DRIVER + '/d_echo', {'b': 2}, 200, echo('PUT', {'b': 2})),
    ('PATCH', DRIVER + '/d_echo', {'b': 2}, 200, echo('PATCH', {'b': 2})),
    ('DELETE', DRIVER + '/d_echo', None, 200, echo('DELETE')),
    ('GET', DRIVER + '/d_echo?q=1', None, 200, echo('GET', {'q': '1'})),  # 400; docs/passthru.rst says why
    ('POST', DRIVER + '/d_echo?q=1', {'b': 2}, 400, 'Unexpected arguments: q'),
    ('GET', DRIVER + '?method=d_echo', None, 200, echo('GET')),  # 500
    ('POST', DRIVER + '?method=d_echo', {'b': 2}, 200, echo('POST', {'b': 2})),  # 500
    ('POST', DRIVER + '/d_async', {'x': 1}, 202, ACCEPTED),
    ('GET', DRIVER + '/d_async', None, 202, ACCEPTED),
    ('GET', DRIVER + '/d_attach', None, 200, FILE),  # 500
    ('GET', DRIVER + '/d_crash', None, 500, "'boom'"),
    ('POST', DRIVER + '/need_bar', {'bar': 1}, 200, 1),
    ('POST', DRIVER + '/need_bar', {}, 400, NO_BAR),
    ('GET', DRIVER + '/nope', None, 400, 'No handler for method nope'),
    ('GET', DRIVER + '/need_bar', None, 400, 'The method need_bar does not support HTTP GET'),
    ('GET', DRIVER, None, 400, 'Missing mandatory parameter: method'),
    ('POST', DRIVER + '/d_echo', [1], 400, ANY_FAULT),  # 500
    ('POST', DRIVER + '/d_echo', '{', 400, ANY_FAULT),  # 500
    ('GET', '/v1/drivers/nope/vendor_passthru/x', None, 404, "The driver 'nope' is unknown."),
    ('GET', '/v1/drivers/nope/vendor_passthru/methods', None, 404, "The driver 'nope' is unknown."),
    ('POST', '/v1/drivers/fake-hardware/vendor_passthru/x', {}, 400, 'No handler for method x'),
]


def check_answer(request, answer, status, expected):
    where = f'{request}: {answer!r}'
    assert answer.status == status, where
    assert answer.headers['x-openstack-ironic-api-version'] == harness.VERSION, where
    if expected is ACCEPTED:
        assert answer.text == '' and 'content-type' not in answer.headers, where
    elif expected is FILE:
        assert answer.text == 'file\0content', where
        assert answer.headers['content-type'] == 'application/octet-stream', where
    elif status >= 400:
        error = json.loads(answer.json['error_message'])
        assert error['faultcode'] == ('Server' if status == 500 else 'Client'), where
        assert expected is ANY_FAULT or error['faultstring'] == expected, where
    else:
        assert answer.headers['content-type'].startswith('application/json'), where
        assert answer.json == expected, where


def test_anchor_answers_as_recorded(env):
    module = build(env, SOURCES / 'anchor.c', 'anchor')
    server = env.standalone(config_of([module]))
    conductor = server.child_pid('ferrule-conductor')
    server.ok('POST', '/v1/nodes', {'name': 'anchored', 'driver': 'anchor-hardware'}, status=201)
    for verb, path, body, status, expected in CALLS:
        answer = server.call(verb, path, body)
        check_answer(f'{verb} {path} {body}', answer, status, expected)
        if expected is ACCEPTED and path.startswith(NODE):
            harness.eventually(lambda: not server.node('anchored')['reservation'], what='the lock is free')
    assert server.child_pid('ferrule-conductor') == conductor  # what crashes in the original harms nobody here
    assert server.node('anchored')['last_error'] is None

    listed = server.ok('GET', '/v1/drivers')['drivers']
    assert [driver['name'] for driver in listed] == ['anchor-hardware', 'fake-hardware']
    shown = server.ok('GET', '/v1/drivers/anchor-hardware')
    assert shown['type'] == 'dynamic' and shown['default_vendor_interface'] == 'anchor', shown
    assert shown['enabled_vendor_interfaces'] == ['anchor'], shown
    fake = server.ok('GET', '/v1/drivers/fake-hardware')
    for field, value in fake.items():  # the rest is that of the type which it is based on
        if re.match('(default|enabled)_', field) and 'vendor' not in field:
            assert shown[field] == value, field
    properties = server.ok('GET', '/v1/drivers/anchor-hardware/properties')
    assert properties.pop('anchor_x') == 'An example property. Optional.'
    assert properties == server.ok('GET', '/v1/drivers/fake-hardware/properties')  # of the inherited interfaces

    assert server.power('anchored').status == 202
    server.wait_power('anchored')
    words = server.client('node', 'passthru', 'list', 'anchored', '-f', 'json')
    assert {row['Name'] for row in json.loads(words)} == set(NODE_METHODS)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        body = b'{"a": [1, 2]}' if self.path == '/good' else b'[' * 50
        self.send_response(200)
        self.send_header('Content-Type', 'application/x-test')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):  # pylint: disable=arguments-differ
        pass


def test_every_offered_function_works_from_outside(env):
    module = build(env, SOURCES / 'calls.c', 'calls')
    page = http.server.HTTPServer(('127.0.0.1', 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    server = env.standalone(config_of([module], 'calls,fake-hardware',
                                      **{'driver:calls': {'greeting': 'good day', 'limit': '7'}}))
    server.ok('POST', '/v1/nodes', {'name': 'n', 'driver': 'calls', 'properties': {'cpus': 4}}, status=201)
    assert server.power('n').fault().endswith('calls_address is missing')
    server.ok('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/driver_info/calls_address', 'value': 'here'}])

    path = '/v1/nodes/n/vendor_passthru?method='
    facts = server.ok('POST', path + 'facts', {'word': 'w', 'flag': 'no'})
    assert facts == {'text': 'arena', 'name': 'n', 'properties': {'cpus': 4}, 'has_time': True, 'clock': True,
                     'nosuch': False, 'word': 'w', 'flag': False, 'printed': 'good day/7', 'maintenance': False}, facts
    url = f'http://127.0.0.1:{page.server_port}'
    assert server.ok('POST', path + 'fetch', {'url': url + '/good'}) == {'a': [1, 2]}
    refused = server.call('POST', path + 'fetch', {'url': url + '/deep'})
    assert refused.status == 400 and refused.fault().startswith('fetch (application/x-test): '), refused
    assert server.ok('GET', path + 'blocking') == 42
    silent = server.call('GET', path + 'silent')
    assert silent.status == 500 and silent.fault() == 'Method silent failed without saying why.', silent

    for target in ('power on', 'power off'):
        assert server.power('n', target).status == 202
        server.wait_power('n', target)
    kept = json.loads(server.psql("SELECT driver_internal_info FROM nodes WHERE name = 'n'"))
    assert kept['calls_power'] == 'power off', kept
    page.shutdown()


# ---- what is not loaded ----

CASES = {
    'NO_ENTRY': 'does not define ferrule_driver_module',
    'WRONG_VERSION': 'built for version 2 of ferrule/driver.h, and this program has version 1',
    'OTHER_HEADER': 'built with another ferrule/driver.h \\(0123456789abcdef\\)',
    'NO_TYPES': 'names no hardware type',
    'UNKNOWN_FUNCTION': 'undefined symbol: ferrule_has_no_such_function',
    'UNDOCUMENTED_FUNCTION': 'undefined symbol: db_new',
    'NO_NAME': 'broken: a vendor interface has no name',
    'WRONG_TYPE': 'broken: a vendor interface is listed under another type',
    'FOREIGN_NAME': 'fake-hardware has another vendor interface fake',
    'TAKEN_NAME': 'there is a hardware type ipmi already',
    'BAD_NAME': 'a hardware type has no name, or one that is none',
    'NO_BASE': 'based on the hardware type nothing-hardware, which is not there',
    'NO_POWER': 'broken has no management interface',
    'HALF_POWER': 'power interface broken: it has no get, set or supported',
    'NO_VERBS': 'broken, vendor interface broken, method m: it has no verbs',
    'NO_RUN': 'method m: it has no run',
    'TWO_METHODS': 'two node methods m',
    'BAD_HELP': 'method n: it has no help',
    'ATTACH_ASYNC': 'method m: it attaches a file that nobody waits for',
    'ARGUMENT_TYPE': 'method m: argument a has an unknown type',
    'ARGUMENT_NAME': 'method m: an argument cannot be called http_method',
    'BAD_PRESET': "\\[driver:broken\\] number: 'many' is not a whole number",
    'FOREIGN_SECTION': 'option connection does not stand in the section \\[driver:broken\\]',
}


def test_mistakes_are_named_at_the_start(env):
    assert set(CASES) == set(re.findall(r'CASE_([A-Z_]+)', (SOURCES / 'broken.c').read_text())) - {''}
    for case, sentence in CASES.items():
        module = build(env, SOURCES / 'broken.c', case, f'-DCASE_{case}', '-Wno-unused')
        said = refusal(env, config_of([module], 'broken,fake-hardware'))
        assert str(module) in said and re.search(sentence, said), f'{case}: {said}'
    good = build(env, SOURCES / 'broken.c', 'good')
    said = refusal(env, config_of([good, env.folder / 'NO_RUN.so'], 'broken'), 'ferrule')
    assert 'NO_RUN.so: ' in said and 'already' not in said.split('NO_RUN.so')[0], said
    # Twice the same file; and options nobody has.
    assert 'there is a hardware type broken already' in refusal(env, config_of([good, good], 'broken'))
    assert 'no such section' in refusal(env, config_of([good], 'broken', **{'driver:other': {'a': 'b'}}))


def test_files_that_are_no_modules_are_named(env):
    text = env.folder / 'text.so'
    text.write_text('not an object')
    closed = env.folder / 'cut.so'
    shutil.copy(build(env, SOURCES / 'anchor.c', 'anchor'), closed)
    with open(closed, 'r+b') as file:
        file.truncate(1000)
    for path, reason in ((env.folder / 'absent.so', 'No such file'), (text, 'too short|invalid ELF header'),
                         (env.folder, 'Is a directory|cannot read'), (closed, 'the file is cut off'),
                         (pathlib.Path('anchor.so'), 'no absolute path')):
        said = refusal(env, config_of([path], 'fake-hardware'))
        assert f'driver_modules: {path}: ' in said and re.search(reason, said), said


# ---- the header and what the programs show ----

def test_programs_show_the_functions_of_the_header_alone(env):
    header = (installed(env) / 'include' / 'ferrule' / 'driver.h').read_text()
    assert '"lib/' not in header and '@' not in header.split('#pragma once')[1].replace('@property', ''), header
    bare = re.sub(r'/\*.*?\*/', '', header, flags=re.S)
    declared = set(re.findall(r'^(?:SUSPENDS )?[a-z][\w ]*[ \*](\w+)\([^;{}]*\)[^;{}]*;', bare, re.M))
    exports = set(re.findall(r'^\t(\w+);', (harness.ROOT / 'drivers' / 'module.exports').read_text(), re.M))
    assert declared == exports, declared ^ exports
    for program in ('ferrule', 'ferrule-conductor'):
        shown = run('nm', '-D', '--defined-only', harness.BIN / program)
        names = {line.split()[2].split('@')[0] for line in shown.splitlines() if line.split()[1] in 'TtWw'}
        assert exports <= names, exports - names
        ours = {name for name in names - exports if not re.match('_|.*(san|interceptor|ubsan)', name)}
        assert 'db_new' not in ours and 'hardware_type_find' not in ours, ours
        # A library of the program must not take ours for its own.
        for line in run('ldd', harness.BIN / program).splitlines():
            library = re.search('=> (/\\S+)', line)
            if library and not re.search('san|libclang', library.group(1)):
                theirs = run('nm', '-D', library.group(1))
                clash = {line.split()[-1].split('@')[0] for line in theirs.splitlines()} & exports
                assert not clash, f'{library.group(1)}: {clash}'


def test_example_of_the_documentation_builds_and_runs(env):
    text = (harness.ROOT / 'docs' / 'out-of-tree-drivers.rst').read_text()
    source = re.search(r'^``lamp.c``::\n\n((?:(?: {4}.*)?\n)+)', text, re.M).group(1)
    (env.folder / 'lamp.c').write_text(re.sub('^    ', '', source, flags=re.M))
    command = re.search(r'^    \$ (cc .* lamp\.c)$', text, re.M).group(1)
    path = {'PKG_CONFIG_PATH': str(installed(env) / 'share' / 'pkgconfig')}
    run('sh', '-c', command, cwd=env.folder, env={**os.environ, **path})
    server = env.standalone(config_of([env.folder / 'lamp.so'], 'lamp,fake-hardware'))
    server.ok('POST', '/v1/nodes', {'name': 'l', 'driver': 'lamp', 'driver_info': {'lamp_address': '192.0.2.7'}},
              status=201)
    told = server.ok('POST', '/v1/nodes/l/vendor_passthru?method=blink', {'times': 2})
    assert told == {'blinked': 2, 'address': '192.0.2.7'}, told
    assert server.call('POST', '/v1/nodes/l/vendor_passthru?method=blink', {'times': 'x'}).status == 400


if __name__ == '__main__':
    harness.main()
