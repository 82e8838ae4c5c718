"""A walk of all routes and all fields, by the document that the API makes of its tables: what is added to a table is
tested on arrival, and a field without a value here fails."""
import concurrent.futures
import json
import subprocess
import urllib.parse

import harness
from resource_fields import CHASSIS, GROUP, NODE, NODE_FIELDS, PARENT, REQUIRED, RESOURCES, bodies, make_node

NOBODY = '00000000-0000-4000-8000-00000000dead'
NOT_AT_POST = {'owner'}  # of nodes: see resource_fields
NOT_WALKED = {'conductor_group'}  # what it says must be served by a conductor
UNSERVED = 'No valid host'


class Findings:
    """What a walk has found wrong: all of it, not the first thing alone."""

    def __init__(self):
        self.texts = []

    def check(self, is_right, *what):
        if not is_right:
            self.texts.append(' '.join(str(word)[:300] for word in what))

    def end(self):
        assert not self.texts, f'{len(self.texts)} findings:\n' + '\n'.join(self.texts[:60])


def document():
    done = subprocess.run([harness.BIN / 'ferrule', 'api', 'document'], capture_output=True, text=True, check=True,
                          timeout=60)
    return json.loads(done.stdout)


def since(thing):
    return int(thing.get('x-since', '1.1').partition('.')[2])


def operations(doc):
    for path, item in doc['paths'].items():
        for method, operation in item.items():
            if method != 'parameters':
                yield method.upper(), path, operation


def body_schema(operation):
    return operation.get('requestBody', {}).get('content', {}).get('application/json', {}).get('schema')


def resources(doc):
    """Of each resource: path of its collection and name of its component."""
    for method, path, operation in operations(doc):
        schema = body_schema(operation) or {}
        if method == 'POST' and schema.get('$ref', '').endswith('Create'):
            yield path.removeprefix('/v1/'), schema['$ref'].rpartition('/')[2].removesuffix('Create')


def make_neighbours(server):
    """What a node with every field names."""
    server.ok('POST', '/v1/chassis', {'uuid': CHASSIS})
    server.ok('POST', '/v1/nodes', {'uuid': PARENT, 'driver': 'fake-hardware', 'name': 'parent'})


def operations_of(changed):
    return [{'op': 'add', 'path': f'/{name}', 'value': value} for name, value in changed.items()]


def must_have(answer, wanted, what):
    got = {name: answer.get(name) for name in wanted}
    assert got == wanted, f'{what}: {json.dumps(got)}, wanted {json.dumps(wanted)}'


def test_the_values_cover_the_tables(env):
    """Whoever adds a field adds its values."""
    del env
    doc = document()
    for path, name in resources(doc):
        fields = NODE_FIELDS if path == 'nodes' else RESOURCES[path][1]
        answer = doc['components']['schemas'][name]['properties']
        create = doc['components']['schemas'][f'{name}Create']['properties']
        posted = set(create) - (NOT_AT_POST | NOT_WALKED if path == 'nodes' else {'node', 'node_ident'})
        patched = {field for field, schema in answer.items() if schema.get('x-patch')} - NOT_WALKED
        assert {field for field, row in fields.items() if row[1] is not None} == posted - {'sensitive'}, (path, posted)
        assert {field for field, row in fields.items() if row[2] is not None} >= patched - {
            'node_uuid', 'sensitive'}, (path, patched)
        first = 1 if path == 'nodes' else RESOURCES[path][0]
        for field, row in fields.items():
            schema = answer.get(field) or create[field]
            assert max(since(schema), first) == max(row[0], first), (path, field, schema)


def test_every_field_of_nodes_lives_on(env):
    """POST with every field, restart, GET, PATCH of every field, DELETE, 404."""
    server = env.standalone()
    make_neighbours(server)
    made, changed = bodies(NODE_FIELDS)
    must_have(server.ok('POST', '/v1/nodes', made, status=201), made, 'POST')
    where = f'/v1/nodes/{NODE}'
    server.stop()
    server.start()
    must_have(server.ok('GET', where), made, 'GET after the restart')
    listed = server.ok('GET', '/v1/nodes/detail?include_children=true&maintenance=true')['nodes']
    must_have(listed[0], made, 'the list')
    of_active = {name: changed[name] for name in ('protected', 'protected_reason')}
    others = {name: value for name, value in changed.items() if name not in of_active}
    must_have(server.ok('PATCH', where, operations_of(others)), others, 'PATCH')
    server.psql("UPDATE nodes SET provision_state = 'active' WHERE name = 'rover'")
    must_have(server.ok('PATCH', where, operations_of(of_active)), changed, 'PATCH of an active node')
    must_have(server.ok('GET', where), {**made, **changed}, 'GET after PATCH')
    assert server.call('DELETE', where).status == 403
    server.ok('PATCH', where, operations_of({'protected': False}))
    server.psql("UPDATE nodes SET provision_state = 'manageable'")
    server.ok('DELETE', where, status=204)
    for method, body in (('GET', None), ('PATCH', []), ('DELETE', None)):
        assert server.call(method, where, body).status == 404, method


def test_fields_of_nodes_before_their_time(env):
    """One microversion early, each field is hidden in answers and refused in requests."""
    server = env.standalone()
    found = Findings()
    make_neighbours(server)
    made, changed = bodies(NODE_FIELDS)
    server.ok('POST', '/v1/nodes', made, status=201)
    where = f'/v1/nodes/{NODE}'
    fields = document()['components']['schemas']['Node']['properties']
    for name, schema in fields.items():
        if since(schema) == 1:
            continue
        older, exact = f'1.{since(schema) - 1}', f'1.{since(schema)}'
        found.check(name not in server.get(where, version=older).json, name, older)
        found.check(name in server.get(where, version=exact).json, name, exact)
        if since(schema) > 8:  # fields= is of 1.8
            found.check(server.get(f'{where}?fields={name}', version=older).status == 406, name)
            found.check(server.get(f'/v1/nodes?fields={name}', version=older).status == 406, name)
            found.check(name in server.get(f'{where}?fields={name}', version=exact).json, name)
        if schema.get('x-sort-key'):
            found.check(server.get(f'/v1/nodes?sort_key={name}', version=older).status == 406, name)
        if name in made or name in NOT_WALKED:
            answer = server.call('POST', '/v1/nodes', {'driver': 'fake-hardware', name: made.get(name, '')},
                                 version=older)
            found.check(answer.status == 406, name, older, answer)
        if name in changed:
            answer = server.call('PATCH', where, operations_of({name: changed[name]}), version=older)
            found.check(answer.status == 406, name, older, answer)
    assert server.ok('GET', '/v1/nodes')['nodes'][0]['name'] == 'parent'
    found.end()


# ---- wrong values ----

WRONG = {'string': (5, [1], {'x': 1}, True), 'boolean': ('maybe', 7, [1], {'x': 1}),
         'integer': ('x', 1.5, [1], {'x': 1}), 'object': ('x', 5, [1]), 'array': ('x', 5, {'x': 1})}
# What a refusal calls a field whose name it does not say.
ALSO_CALLED = {'address': 'MAC address', 'boot_index': 'boot index', 'candidate_nodes': 'Node', 'steps': 'step',
               'traits': 'rait'}


def named(answer, name):
    return answer.json and (name in answer.text or ALSO_CALLED.get(name, name) in answer.text)


def wrong_values(schema):
    types = schema.get('type', [])
    types = [types] if isinstance(types, str) else types
    kind = next((word for word in types if word != 'null'), None)
    yield from WRONG.get(kind, ())
    if schema.get('format') == 'uuid':
        yield 'no uuid'
        yield NODE + '0'
    if 'minLength' in schema:
        yield ''
    if 'maxLength' in schema:
        yield 'x' * (schema['maxLength'] + 1)
    if 'null' not in types and kind and 'boolean' not in types and kind not in ('object', 'array'):
        yield None


def test_wrong_fields(env):
    """Each field of each resource, at POST and PATCH, refuses what it cannot be, and says which field it is."""
    server = env.standalone()
    found = Findings()
    make_node(server)
    doc = document()
    names = dict(resources(doc))
    for path in ('nodes', *RESOURCES): # port groups come before ports
        name = names[path]
        fields = NODE_FIELDS if path == 'nodes' else RESOURCES[path][1]
        made, _ = bodies(fields)
        made = {'driver': 'fake-hardware', 'uuid': PARENT} if path == 'nodes' else made
        where = f'/v1/{path}/{made["uuid"]}'
        schemas = doc['components']['schemas']
        server.ok('POST', f'/v1/{path}', made, status=201)
        count = server.psql(f'SELECT count(*) FROM {path.replace("/", "_")}')
        for field, schema in schemas[f'{name}Create']['properties'].items():
            base = {key: value for key, value in made.items() if key in REQUIRED and key != 'uuid' or key == 'driver'}
            if field == 'node_ident':
                base.pop('node_uuid')
            for wrong in wrong_values(schema):
                answer = server.call('POST', f'/v1/{path}', {**base, field: wrong})
                found.check(answer.status == 400 and named(answer, field), path, field, wrong, answer)
        for field in schemas[f'{name}Create']['required']:
            answer = server.call('POST', f'/v1/{path}', {key: made[key] for key in made if key not in (field, 'uuid')})
            found.check(answer.status == 400 and named(answer, field), path, field, answer)
        answer = server.call('POST', f'/v1/{path}', {**made, 'uuid': NOBODY, 'colour': 'red'})
        found.check(answer.status == 400 and named(answer, 'colour'), path, answer)
        for body in (None, [], 'x', 5):
            answer = server.call('POST', f'/v1/{path}', body)
            found.check(answer.status == 400, path, body, answer)
        for field, schema in schemas[name]['properties'].items():
            if not schema.get('x-patch'):
                answer = server.call('PATCH', where, operations_of({field: 'x'}))
                found.check(answer.status == 400 and named(answer, field), path, field, answer)
                continue
            for wrong in wrong_values(schemas[f'{name}Create']['properties'].get(field, schema)):
                answer = server.call('PATCH', where, operations_of({field: wrong}))
                found.check(answer.status == 400 and named(answer, field), path, field, wrong, answer)
        for patch, word in (({}, ''), ([{}], ''), ([{'op': 'test', 'path': '/extra'}], 'test'),
                            ([{'op': 'add', 'path': 'extra', 'value': {}}], 'extra'), ([5], '5'),
                            ([{'op': 'add', 'path': '/colour', 'value': 1}], 'colour'),
                            ([{'op': 'add', 'path': '/a~b', 'value': 1}], 'a~b'),
                            ([{'op': 'add', 'path': '', 'value': 1}], ''),
                            ([{'op': 'add', 'path': 5, 'value': 1}], '5'),
                            ([{'op': 'add', 'path': '/uuid/x/y/z', 'value': 1}], 'uuid'),
                            ([{'op': 'remove', 'path': '/extra/no/such'}], 'extra')):
            answer = server.call('PATCH', where, patch)
            found.check(answer.status == 400 and named(answer, word), path, patch, answer)
        found.check(server.psql(f'SELECT count(*) FROM {path.replace("/", "_")}') == count,
                    f'something was made in {path}')
        after = server.ok('GET', where)
        must_have(after, {key: value for key, value in made.items() if key in after}, f'{path} unchanged')
    found.end()


TAKES_ALL = ('vif',)  # the noop network interface detaches what was never attached, as Ironic's
IDENTS = {'node': 'n', 'driver': 'fake-hardware', 'method': 'first_method', 'indicator': 'led@chassis',
          'trait': 'CUSTOM_A', 'setting': 'x'}


WRONG_IDENTS = ('a b', 'x' * 300, "x'; DROP TABLE nodes; --", 'ä', '%00', '%ff', '%2', NOBODY, NOBODY + '0', '.')
WITHOUT_OBJECT = ('/v1/nodes/{node}/allocation',)  # 404 before anything is looked at


def concrete(path, **instead):
    """The path with names of things in it."""
    for name in [part[1:-1] for part in path.split('/') if part.startswith('{')]:
        path = path.replace('{' + name + '}', instead.get(name, IDENTS.get(name, NOBODY)))
    return path


def walked(doc):
    for method, path, operation in operations(doc):
        if not operation['tags'][0] == 'service' and 'vendor_passthru/{' not in path and path != '/v1/changes':
            yield method, path, operation


def test_wrong_arguments(env):
    """Each argument of each route: unknown, of a wrong type, missing, one microversion early."""
    server = env.standalone()
    found = Findings()
    make_node(server)
    server.ok('POST', '/v1/chassis', {'uuid': CHASSIS})
    server.ok('POST', '/v1/portgroups', {'uuid': GROUP, 'node_uuid': NODE})
    for method, path, operation in walked(document()):
        where = concrete(path, chassis=CHASSIS, portgroup=GROUP)
        schema = body_schema(operation) or {}
        good = {name: {'string': 'x', 'boolean': True}.get(next(iter(value.get('type', ['']))), 'x')
                for name, value in schema.get('properties', {}).items() if name in schema.get('required', ())}
        body = None if not schema else good if 'properties' in schema else {}
        answer = server.call(method, f'{where}?colour=red', body)
        found.check(answer.status == 400 and named(answer, 'colour'), method, path, answer)
        if since(operation) > 1:
            answer = server.call(method, where, body, version=f'1.{since(operation) - 1}')
            found.check(answer.status in (404, 405, 406), method, path, answer)
        for parameter in operation['parameters']:
            if parameter.get('in') == 'query' and parameter['name'] != 'arguments' and path not in WITHOUT_OBJECT:
                check_parameter(found, server, method, where, body, operation, parameter)
        for name, value in schema.get('properties', {}).items():
            for wrong in wrong_values(value):
                answer = server.call(method, where, {**good, name: wrong})
                found.check(answer.status == 400 and named(answer, name), method, path, name, wrong, answer)
            if name in good:
                answer = server.call(method, where, {key: good[key] for key in good if key != name})
                found.check(answer.status == 400 and named(answer, name), method, path, name, answer)
            if since(value) > max(since(operation), 1):
                answer = server.call(method, where, {**good, name: None}, version=f'1.{since(value) - 1}')
                found.check(answer.status == 406, method, path, name, answer)
        if 'properties' in schema:
            answer = server.call(method, where, {**good, 'colour': 'red'})
            found.check(answer.status == 400 and named(answer, 'colour'), method, path, answer)
            for wrong in ([], 'x', 5):
                answer = server.call(method, where, wrong)
                found.check(answer.status == 400, method, path, wrong, answer)
    found.end()


def check_parameter(found, server, method, where, body, operation, parameter):
    name, kind = parameter['name'], parameter['schema']['type']
    wrong = {'boolean': ['maybe', ''], 'integer': ['x', '0', '-1', '1.5', ''], 'string': ['%00', '%ff', '%2']}[kind]
    if parameter['schema'].get('format') == 'uuid':
        wrong = ['x', '', NOBODY + '0', '%00']
    if name == 'sort_dir':
        wrong = ['up', '']
    if name in ('sort_key', 'fields', 'provision_state', 'fault'):
        wrong = ['colour']
    for value in wrong:
        answer = server.call(method, f'{where}?{name}={value}', body)
        is_undecodable = value in ('%00', '%ff', '%2')
        text = answer.text.lower().replace('sort direction', 'sort_dir').replace('state', 'provision_state')
        is_named = is_undecodable or name in text or value in answer.text and value
        found.check(answer.status == 400 and is_named, method, where, name, value, answer)
    if since(parameter) > max(since(operation), 1):
        value = {'boolean': 'true', 'integer': '1'}.get(kind, NOBODY)
        answer = server.call(method, f'{where}?{name}={value}', body, version=f'1.{since(parameter) - 1}')
        is_detail = name == 'detail' and since(parameter) in (43, 74)
        found.check(answer.status == (400 if is_detail else 406), where, name, answer)


def test_wrong_idents(env):
    """What names nothing, or cannot be a name, is 400 or 404 on every path, and never done."""
    server = env.standalone()
    found = Findings()
    make_node(server)
    for method, path, operation in walked(document()):
        for name in [part[1:-1] for part in path.split('/') if part.startswith('{')]:
            for bad in () if name in TAKES_ALL else WRONG_IDENTS:
                quoted = bad if bad.startswith('%') else urllib.parse.quote(bad)
                answer = server.call(method, concrete(path, **{name: quoted}), {} if body_schema(operation) else None)
                found.check(answer.status in (400, 404), method, path, name, bad, answer)
                found.check('error_message' in answer.json, method, path, name, bad, answer)
    assert len(server.ok('GET', '/v1/nodes')['nodes']) == 1
    found.end()


# ---- duplicates ----

MAC = '52:54:00:00:00:{:02x}'
# Of each collection what may be there once: the members of a body, made for a turn. Members beside are new each time.
UNIQUE = {
    'nodes': ({'driver': 'fake-hardware'}, [lambda turn: {'name': f'n{turn}'},
                                            lambda turn: {'instance_uuid': f'{NOBODY[:-2]}{turn:02x}'}]),
    'ports': ({'node_uuid': NODE}, [lambda turn: {'address': MAC.format(turn)}, lambda turn: {'name': f'p{turn}'}]),
    'portgroups': ({'node_uuid': NODE}, [lambda turn: {'address': MAC.format(turn)},
                                         lambda turn: {'name': f'g{turn}'}]),
    'chassis': ({}, []),
    'volume/connectors': ({'node_uuid': NODE}, [lambda turn: {'type': 'ip', 'connector_id': f'192.0.2.{turn}'}]),
    'volume/targets': ({'node_uuid': NODE, 'volume_type': 'iscsi', 'volume_id': 'v'}, [
        lambda turn: {'boot_index': turn}]),
    'allocations': ({'resource_class': 'none'}, [lambda turn: {'name': f'a{turn}'}]),
    'deploy_templates': ({'steps': RESOURCES['deploy_templates'][1]['steps'][1]}, [
        lambda turn: {'name': f'CUSTOM_{turn}'}]),
    'runbooks': ({'steps': RESOURCES['runbooks'][1]['steps'][1]}, [lambda turn: {'name': f'CUSTOM_{turn}'}]),
    'inspection_rules': ({'actions': RESOURCES['inspection_rules'][1]['actions'][1]}, []),
}
FILL = {'ports': lambda index: {'address': MAC.format(index)},
        'volume/connectors': lambda index: {'type': 'mac', 'connector_id': MAC.format(index)},
        'volume/targets': lambda index: {'boot_index': index},
        'deploy_templates': lambda index: {'name': f'CUSTOM_F{index}'},
        'runbooks': lambda index: {'name': f'CUSTOM_F{index}'}}
AT_ONCE = 6


def test_duplicates_under_races(env):
    """Of six at once, through two processes, one is made and five are 409."""
    server = env.standalone()
    make_node(server)
    doors = [server, server.more_api()]
    fresh = iter(range(100, 250))
    assert {path for path, _ in resources(document())} == set(UNIQUE)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for path, (common, uniques) in UNIQUE.items():
            for index, unique in enumerate([lambda turn: {'uuid': f'{NOBODY[:-3]}f{turn:02x}'}, *uniques]):
                same = unique(index + 1)
                wishes = [{**common, **(FILL[path](next(fresh)) if path in FILL else {}), **same}
                          for _ in range(AT_ONCE)]
                answers = list(pool.map(lambda pair, path=path: pair[0].call('POST', f'/v1/{path}', pair[1]),
                                        zip(doors * AT_ONCE, wishes)))
                statuses = sorted(answer.status for answer in answers)
                assert statuses == [201] + [409] * (AT_ONCE - 1), (path, same, answers)
                lost = next(answer for answer in answers if answer.status == 409)
                assert any(str(value) in lost.fault() for value in same.values()), (path, same, lost)


if __name__ == '__main__':
    harness.main()
