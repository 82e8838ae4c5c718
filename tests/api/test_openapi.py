"""The document that the API makes of its tables: sound as OpenAPI 3.1, true of what is answered, and what the page in
docs/ was made of."""
import json
import pathlib
import re
import subprocess
import sys

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position
from resource_fields import NODE, RESOURCES, bodies, make_node  # noqa: E402  pylint: disable=wrong-import-position

HEADERS = ('If-Match', 'If-None-Match', 'Idempotency-Key', 'Prefer')


def printed():
    return subprocess.run([harness.BIN / 'ferrule', 'api', 'document'], capture_output=True, check=True,
                          timeout=60).stdout


def operations(doc):
    for path, item in doc['paths'].items():
        for method, operation in item.items():
            if method != 'parameters':
                yield path, method, operation


def walk(value):
    yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(child)


def resolve(doc, ref):
    assert ref.startswith('#/'), ref
    for word in ref[2:].split('/'):
        doc = doc[word]
    return doc


def test_the_page_is_up_to_date(env):
    del env
    made = subprocess.run([harness.ROOT / 'tools' / 'rest-api-page'], input=printed(), capture_output=True, check=True,
                          timeout=60).stdout.decode()
    page = (harness.ROOT / 'docs' / 'rest-api.rst').read_text()
    assert made == page, ('docs/rest-api.rst is not what the tables say: '
                          'build/asan/bin/ferrule api document | tools/rest-api-page > docs/rest-api.rst')


def test_the_document_is_sound(env):
    server = env.standalone()
    served = server.get('/v1/openapi.json', version=None)
    assert served.status == 200 and served.text.encode() == printed()
    doc = served.json
    assert re.fullmatch(r'3\.1\.\d', doc['openapi']) and doc['info']['title'] and doc['info']['version']
    for ref in [value['$ref'] for value in walk(doc) if isinstance(value, dict) and '$ref' in value]:
        resolve(doc, ref)
    # Schemas are JSON Schema 2020-12, which the validator knows.
    schemas = [value['schema'] for value in walk(doc) if isinstance(value, dict) and 'schema' in value]
    schemas += doc['components']['schemas'].values()
    for schema in {json.dumps(schema, sort_keys=True): schema for schema in schemas}.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    ids = [operation['operationId'] for _, _, operation in operations(doc)]
    assert len(ids) == len(set(ids)), 'operationIds are not unique'
    for path, method, operation in operations(doc):
        asked = [resolve(doc, parameter['$ref']) if '$ref' in parameter else parameter
                 for parameter in operation['parameters'] + doc['paths'][path].get('parameters', [])]
        assert len({(parameter['in'], parameter['name']) for parameter in asked}) == len(asked), (path, method)
        assert {parameter['name'] for parameter in asked if parameter['in'] == 'path'} == set(
            re.findall(r'\{(\w+)\}', path)), (path, method)
        assert all(parameter['in'] != 'path' or parameter['required'] for parameter in asked), (path, method)
        assert all(parameter['in'] in ('path', 'query', 'header') and 'schema' in parameter
                   for parameter in asked), path
        for status, response in operation['responses'].items():
            assert re.fullmatch(r'[1-5]\d\d|default', status), (path, status)
            assert resolve(doc, response['$ref'])['description'] if '$ref' in response else response['description']
        assert any(status[0] == '2' for status in operation['responses']), (path, method)
        assert method in ('get', 'head', 'post', 'put', 'patch', 'delete'), method
    used = {name for _, _, operation in operations(doc) for parameter in operation['parameters'] if '$ref' in parameter
            for name in [resolve(doc, parameter['$ref'])['name']]}
    assert set(HEADERS) < used, used


    check_paths(server, doc)


def check_paths(server, doc):
    """Each path of the document is answered, each method that it does not name is 405."""
    for path, item in doc['paths'].items():
        where = re.sub(r'\{\w+\}', '00000000-0000-4000-8000-00000000dead', path)
        answer = server.call('PROPFIND', where)
        assert answer.status in (400, 405, 501), (path, answer)
        if answer.status == 405:
            allowed = {method.strip().lower() for method in answer.headers['allow'].split(',')}
            assert {method for method in item if method != 'parameters'} <= allowed, (path, allowed)


def test_answers_are_as_described(env):
    """Objects and lists of each resource, and the status of what makes, changes and removes them."""
    server = env.standalone()
    make_node(server)
    doc = server.get('/v1/openapi.json').json
    validators = {name: jsonschema.Draft202012Validator(schema, resolver=jsonschema.RefResolver('', doc))
                  for name, schema in doc['components']['schemas'].items()}

    def check(method, path, body=None):
        """Calls it and holds status and body against the document."""
        template = path if path in doc['paths'] else re.sub(r'/[0-9a-f-]{36}', lambda _: '/{}', path)
        known = next(name for name in doc['paths'] if re.sub(r'\{\w+\}', '{}', name) == template or name == path)
        responses = doc['paths'][known][method.lower()]['responses']
        answer = server.call(method, path, body)
        assert str(answer.status) in responses, (method, path, sorted(responses), answer)
        content = responses[str(answer.status)].get('content', {}).get('application/json', {}).get('schema', {})
        if '$ref' in content:
            validators[content['$ref'].rpartition('/')[2]].validate(answer.json)
            shown = set(doc['components']['schemas'][content['$ref'].rpartition('/')[2]]['properties'])
            assert set(answer.json) <= shown, (path, set(answer.json) - shown)
        for header in responses[str(answer.status)].get('headers', {}):
            assert header.lower() in answer.headers or header == 'Ferrule-Action', (path, header)

    for path, (_, fields) in RESOURCES.items():
        made, changed = bodies(fields)
        validators[resolve_create(doc, path)].validate(made)
        check('POST', f'/v1/{path}', made)
        check('GET', f'/v1/{path}')
        check('GET', f'/v1/{path}/{made["uuid"]}')
    for path, (_, fields) in RESOURCES.items():
        made, changed = bodies(fields)
        check('PATCH', f'/v1/{path}/{made["uuid"]}', [{'op': 'add', 'path': f'/{name}', 'value': value}
                                                     for name, value in changed.items()])
    check('GET', '/v1/nodes')
    check('GET', '/v1/nodes/detail')
    for method, where, body in (
            ('GET', '', None), ('PATCH', '', []), ('GET', '/states', None), ('GET', '/validate', None),
            ('PUT', '/states/power', {'target': 'power off'}), ('PUT', '/states/raid', {}),
            ('PUT', '/maintenance', None), ('DELETE', '/maintenance', None), ('PUT', '/traits', {'traits': []}),
            ('GET', '/traits', None),
            ('GET', '/management/boot_device', None), ('PUT', '/management/boot_device', {'boot_device': 'pxe'}),
            ('POST', '/vifs', {'id': 'x'}), ('PUT', '/states/provision', {'target': 'provide'}),
            ('GET', '/ports', None), ('GET', '/portgroups', None), ('GET', '/volume/connectors', None)):
        check(method, f'/v1/nodes/{NODE}{where}', body)
        harness.eventually(lambda: not server.node(NODE)['reservation'], what='the node to be free')
    for path, (_, fields) in reversed(RESOURCES.items()):
        check('DELETE', f'/v1/{path}/{fields["uuid"][1]}')


def check_driver_properties(server):
    by_path = server.ok('GET', '/v1/drivers/fake-hardware/properties')
    assert server.ok('GET', '/v1/drivers/properties?driver_name=fake-hardware') == by_path
    assert server.get('/v1/drivers/properties?driver_name=x').status == 404
    assert 'driver_name' in server.get('/v1/drivers/properties').fault()


def resolve_create(doc, path):
    body = doc['paths'][f'/v1/{path}']['post']['requestBody']
    return body['content']['application/json']['schema']['$ref'].rpartition('/')[2]


def test_drivers_by_name_and_conductors_in_pages(env):
    server = env.standalone()
    check_driver_properties(server)
    for name in ('c', 'a', 'b'):
        server.psql("INSERT INTO conductors (instance, hostname, conductor_group, pools, drivers)"
                    f" VALUES (gen_random_uuid(), '{name}', 'far', '{{far:x}}', '{{x}}')")
    server.psql("NOTIFY conductors")
    harness.eventually(lambda: len(server.ok('GET', '/v1/conductors')['conductors']) == 4, what='four conductors')
    for direction in ('asc', 'desc'):
        seen, path = [], f'/v1/conductors?limit=1&sort_key=hostname&sort_dir={direction}'
        while path:
            page = server.ok('GET', path)
            seen += [row['hostname'] for row in page['conductors']]
            path = page['next'].removeprefix(server.url) if 'next' in page else None
        assert seen == sorted(seen, reverse=direction == 'desc') and len(seen) == 4, seen
    assert server.get('/v1/conductors?marker=nobody').status == 404


harness.main()
