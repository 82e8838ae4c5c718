"""The REST contract as data: calls and what must come back, in *.json beside this file.

A file is a list of steps, sent in order. A step is a call:
  title, call ("GET /v1/nodes"), version, headers, body (JSON) | raw (text) | raw_b64, content_type;
  repeat: {"@mark@": ["text", count]} puts long texts into call and raw
and what is wanted:
  status           the HTTP status
  expect           JSON that must be part of the answer: members of objects may be missing here, lists count whole
  keys             all member names of the answer
  fault            Ironic's sentence; fault_begins: its beginning
  router           the description of a refusal by the router
  version_headers  [version, minimum, maximum]; null: the header is absent
  response_headers {name: text}
or a wait: {"wait": node, "want": {member: value}}, or {"sql": "..."}.
TIME, UUID, HOST and CONDUCTOR stand for what differs from run to run. recorded-*.json are answers of the real
Ironic 39.0 and belong together: one server gets them all, in the order of their names.
"""
import base64
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position

HERE = pathlib.Path(__file__).resolve().parent
VERSION_HEADERS = ('x-openstack-ironic-api-version', 'x-openstack-ironic-api-minimum-version',
                   'x-openstack-ironic-api-maximum-version')


def normal(text, conductors):
    """The text without what differs from run to run."""
    text = re.sub(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?', 'TIME', text)
    text = re.sub(r'https?://(localhost|127\.0\.0\.1)(:\d+)?', 'http://HOST', text)
    text = re.sub(r'(?!00000000-)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', 'UUID', text)
    for name in conductors:
        text = re.sub(rf'"{re.escape(name)}"', '"CONDUCTOR"', text)
        text = text.replace(f'/conductors/{name}', '/conductors/CONDUCTOR')
    return text


def differences(want, got, where=''):
    """Where got lacks or changes what is wanted."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key, value in want.items():
            if key not in got:
                yield f'{where}/{key} is missing'
            else:
                yield from differences(value, got[key], f'{where}/{key}')
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        if all(isinstance(item, str) for item in want + got):
            want, got = sorted(want), sorted(got)
        for index, (one, other) in enumerate(zip(want, got)):
            yield from differences(one, other, f'{where}[{index}]')
    elif want != got or isinstance(want, bool) != isinstance(got, bool):
        yield f'{where or "the answer"} is {json.dumps(got)[:200]}, wanted {json.dumps(want)[:200]}'


def refusal(answer):
    """The inner document of an error body."""
    message = (answer.json or {}).get('error_message', '')
    try:
        inner = json.loads(message)
    except ValueError:
        return {'text': message}
    return inner if isinstance(inner, dict) else {'text': message}


def send(server, step):
    step = dict(step)
    for mark, (text, count) in step.get('repeat', {}).items():
        for part in ('call', 'raw'):
            step[part] = step.get(part, '').replace(mark, text * count)
    method, _, path = step['call'].partition(' ')
    headers = dict(step.get('headers', {}))
    body = step.get('body')
    if step.get('raw'):
        body = step['raw'].encode()
    elif 'raw_b64' in step:
        body = base64.b64decode(step['raw_b64'])
    if 'content_type' in step:
        headers['Content-Type'] = step['content_type']
    return server.call(method, path, body, version=step.get('version'), headers=headers)


def check_headers(step, answer):
    if 'version_headers' in step:
        got = [answer.headers.get(name) for name in VERSION_HEADERS]
        if got != step['version_headers']:
            yield f'version headers {got}, wanted {step["version_headers"]}'
    for name, want in step.get('response_headers', {}).items():
        got = answer.headers.get(name.lower(), '')
        if not re.fullmatch(want, got):
            yield f'header {name} is {got!r}, wanted {want!r}'
    if not answer.headers.get('openstack-request-id', '').startswith('req-'):
        yield 'no openstack-request-id'


def check(step, answer, conductors):
    if answer.status != step['status']:
        yield f'status {answer.status}, wanted {step["status"]}'
    yield from check_headers(step, answer)
    inner = {key: normal(value, conductors) if isinstance(value, str) else value
             for key, value in refusal(answer).items()} if answer.status >= 400 and answer.text else {}
    if 'fault' in step and inner.get('faultstring') != step['fault']:
        yield f'the fault is {inner!r}, wanted {step["fault"]!r}'
    if 'fault_begins' in step and not inner.get('faultstring', '').startswith(step['fault_begins']):
        yield f'the fault is {inner!r}, wanted to begin with {step["fault_begins"]!r}'
    if 'router' in step and inner.get('description') != step['router']:
        yield f'the refusal is {inner!r}, wanted {step["router"]!r}'
    if 'keys' in step and sorted(answer.json) != step['keys']:
        yield f'the members are {sorted(answer.json)}'
    if 'expect' in step:
        yield from differences(step['expect'], json.loads(normal(answer.text, conductors) or 'null'))


def run_step(server, step, conductors):
    if 'sql' in step:
        server.psql(step['sql'])
    elif 'wait' in step:
        harness.eventually(lambda: server.node(step['wait'])['reservation'] is None and not list(
            differences(step['want'], server.node(step['wait']))), 20, what=f'{step["wait"]} to be {step["want"]}')
    else:
        answer = send(server, step)
        return [f'{step["title"]}: {step["call"][:200]}: {problem}\n    {answer!r}'
                for problem in check(step, answer, conductors)]
    return []


def run_files(env, pattern, config=None):
    server = env.standalone(config)
    conductors = [row['hostname'] for row in server.ok('GET', '/v1/conductors')['conductors']]
    problems = []
    files = sorted(HERE.glob(pattern))
    assert files, f'no file is called {pattern}'
    for path in files:
        for step in json.loads(path.read_text()):
            problems += [f'{path.name}: {problem}' for problem in run_step(server, step, conductors)]
    assert not problems, '\n'.join(problems)


@harness.timeout(300)
def test_recorded_answers(env):
    run_files(env, 'recorded-*.json')


def test_versions(env):
    run_files(env, 'versions.json')


def test_hostile_input(env):
    run_files(env, 'hostile.json')


def test_lists(env):
    run_files(env, 'lists.json')


def test_nodes(env):
    run_files(env, 'nodes.json')


def test_below_a_node(env):
    run_files(env, 'below.json')


def test_ports(env):
    run_files(env, 'ports.json')


def test_portgroups(env):
    run_files(env, 'portgroups.json')


def test_volume(env):
    run_files(env, 'volume.json')


def test_templates(env):
    run_files(env, 'templates.json')


def test_allocations(env):
    run_files(env, 'allocations.json')


def test_ramdisk(env):
    run_files(env, 'ramdisk.json')


def test_chassis(env):
    run_files(env, 'chassis.json')


def test_locks(env):
    run_files(env, 'locks.json', {'conductor': {'node_locked_retry_attempts': 2, 'node_locked_retry_interval': 0.3}})


def test_actions(env):
    run_files(env, 'actions.json')


harness.main()
