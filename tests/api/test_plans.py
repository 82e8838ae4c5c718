"""Plans that PostgreSQL makes for the server's statements when there are many nodes: indexes, and few rows read."""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position

MANY = 50000
# One node in 2,500 has each of what is filtered by.
FEW = ("UPDATE nodes SET owner = 'few', lessee = 'few', shard = 'few', resource_class = 'few', instance_name = 'few',"
       " conductor_group = 'few', fault = 'power failure', maintenance = true, retired = true, driver = 'few',"
       " provision_state = 'rescue', instance_uuid = gen_random_uuid(),"
       " parent_node = '00000000-0000-4000-8000-000000000001', chassis_id = (SELECT min(id) FROM chassis)"
       " WHERE id % 2500 = 7")
CHASSIS = '00000000-0000-4000-8000-0000000000cc'
FILTERS = ['associated=true', 'instance_uuid=00000000-0000-4000-8000-000000000abc', f'chassis_uuid={CHASSIS}',
           'maintenance=true', 'provision_state=rescue', 'driver=few', 'resource_class=few', 'fault=power%20failure',
           'conductor_group=few', 'owner=few', 'lessee=few', 'project=few', 'retired=true', 'shard=few,less',
           'sharded=true', 'parent_node=00000000-0000-4000-8000-000000000001', 'instance_name=few']
# A text that may stand anywhere, and a rule that only the API knows: their lists look at every node, in order of id.
UNSELECTIVE = {'description_contains'}
SORT_KEYS = ['id', 'uuid', 'name', 'created_at', 'provision_state', 'driver', 'resource_class', 'owner', 'lessee',
             'shard', 'conductor_group', 'instance_uuid', 'instance_name']


class Plans:
    """The plans that PostgreSQL has made for the server's own statements, as auto_explain logs them."""

    def __init__(self, server):
        self.server = server
        self.log = server.data / 'log' / 'postgresql.log'
        for setting, value in (('session_preload_libraries', 'auto_explain'), ('auto_explain.log_min_duration', '0'),
                               ('auto_explain.log_format', 'json'), ('auto_explain.log_analyze', 'on'),
                               ('auto_explain.log_timing', 'off'), ('auto_explain.log_nested_statements', 'on')):
            if setting.startswith('auto'):
                server.psql(f"LOAD 'auto_explain'; ALTER DATABASE ferrule SET {setting} = '{value}'")
            else:
                server.psql(f"ALTER DATABASE ferrule SET {setting} = '{value}'")
        server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'ferrule-%'")
        harness.eventually(lambda: server.get('/v1/nodes?limit=1').status == 200, 20, what='the API is back')

    def all(self, function):
        """What function's statements were planned as: texts of statements and their JSON plans."""
        start = self.log.stat().st_size
        function()
        with open(self.log, errors='replace') as log:
            log.seek(start)
            found = re.findall(r'plan:\n((?:\t.*\n)+)', log.read())
        return [json.loads(text.replace('\n\t', '\n')) for text in found]

    def of(self, function, table='nodes n'):
        """Those of lists of the table."""
        return [plan for plan in self.all(function) if f' FROM {table} WHERE true' in plan['Query Text']]


def parts(plan):
    """All nodes of a plan."""
    yield plan
    for inner in plan.get('Plans', []):
        yield from parts(inner)


def check_sorted(query, plans, rows):
    """No index has the order: the table is sorted once, without its wide columns; the rows are read by id."""
    sorted_plan, *chunks = plans
    assert '.uuid' not in sorted_plan['Query Text'], (query, sorted_plan)
    assert chunks, query
    for plan in chunks:
        assert 'array_position' in plan['Query Text'], (query, plan)
        scan, = [part for part in parts(plan['Plan']) if part.get('Relation Name')]
        assert 'id = ANY' in scan['Index Cond'] and scan['Actual Rows'] <= rows, (query, scan)


def check_plan(query, plan, table='nodes'):
    """One range of one index: a chunk reads what it answers (sequential scans are off in our sessions anyhow)."""
    scans = [part for part in parts(plan['Plan']) if part.get('Relation Name') == table]
    assert scans, (query, plan)
    for part in scans:
        assert part['Node Type'] != 'Seq Scan', (query, plan)
        assert part.get('Rows Removed by Filter', 0) * part['Actual Loops'] < MANY // 20, (query, plan)
    if 'sort_key' in query:
        assert all(part['Node Type'] != 'Sort' for part in parts(plan['Plan'])), (query, plan)


@harness.timeout(300)
def test_statements_use_indexes(env):
    known = re.search(r'filters\[\] = \{(.*?)\n\};', (harness.ROOT / 'api' / 'node_list.c').read_text(), re.S).group(1)
    named = {words.partition('=')[0] for words in FILTERS} | UNSELECTIVE
    assert named == set(re.findall(r'\{ "(\w+)"', known)), named
    server = env.standalone()
    server.psql(f"INSERT INTO chassis (uuid) VALUES ('{CHASSIS}')")
    server.psql("INSERT INTO nodes (uuid, name, driver, provision_state, owner, resource_class, properties)"
                " SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid,"
                " CASE WHEN i % 3 > 0 THEN 'n' || i END, 'fake-hardware', 'available', 'o' || i % 50,"
                " CASE WHEN i % 4 > 0 THEN 'c' || i % 5 END, json_build_object('cpus', i)"
                f" FROM generate_series(1, {MANY}) i")
    server.psql(FEW)
    server.psql('VACUUM ANALYZE nodes')
    plans = Plans(server)
    # Marks in the middle of keys, and where there is no key.
    markers = [f'00000000-0000-4000-8000-{number:012d}' for number in (MANY // 2, MANY // 2 + 1)]
    for key in SORT_KEYS:
        for direction in ('asc', 'desc'):
            for marker in ('', *(f'&marker={uuid}' for uuid in markers)):
                query = f'/v1/nodes?sort_key={key}&sort_dir={direction}&limit=100&fields=uuid,name{marker}'
                seen = plans.of(lambda query=query: server.ok('GET', query))
                assert 1 <= len(seen) <= 2, (query, len(seen))
                for plan in seen:
                    check_plan(query, plan)
    for query in ('sort_key=power_state', 'sort_key=updated_at&sort_dir=desc',
                  f'sort_key=maintenance&marker={markers[0]}', 'sort_key=power_state&owner=few'):
        query = f'/v1/nodes?{query}&limit=1000&fields=uuid,name'
        check_sorted(query, plans.of(lambda query=query: server.ok('GET', query)), 500)
    query = '/v1/nodes?conductor=nobody'
    seen, = plans.of(lambda: server.ok('GET', query))
    assert all('Relation Name' not in part or part['Actual Loops'] == 0 for part in parts(seen['Plan'])), seen
    for words in FILTERS:
        query = '/v1/nodes?' + words + ('' if 'parent' in words else '&include_children=true')
        nodes = []
        seen = plans.of(lambda query=query, nodes=nodes: nodes.extend(server.ok('GET', query)['nodes']))
        assert len(nodes) == (0 if 'instance_uuid' in words else MANY // 2500), (query, len(nodes))
        assert len(seen) == 1, (query, len(seen))
        check_plan(query, seen[0])


PORTS = 20000
PORT_NODE = '00000000-0000-4000-8000-000000000001'
PORT_FILTERS = ['address=52:54:00:00:00:07', f'node={PORT_NODE}', 'shard=few']


def test_statements_on_ports_use_indexes(env):
    server = env.standalone()
    server.psql("INSERT INTO nodes (uuid, name, driver, shard) SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12,"
                " '0'))::uuid, 'n' || i, 'fake-hardware', CASE WHEN i % 200 = 1 THEN 'few' END"
                " FROM generate_series(1, 1000) i")
    server.psql("INSERT INTO ports (uuid, node_id, address) SELECT ('00000000-0000-4000-9000-' || lpad(i::text, 12,"
                " '0'))::uuid, (SELECT min(id) FROM nodes) + i % 1000, '52:54:00' || regexp_replace(lpad(to_hex(i), 6,"
                f" '0'), '(..)', ':\\1', 'g') FROM generate_series(1, {PORTS}) i")
    server.psql('VACUUM ANALYZE')
    plans = Plans(server)
    for key in ('id', 'uuid', 'address', 'name', 'created_at'):
        for rest in ('sort_dir=asc', 'sort_dir=desc', f'marker=00000000-0000-4000-9000-{PORTS // 2:012d}'):
            query = f'/v1/ports?sort_key={key}&limit=100&{rest}'
            ports = []
            seen = plans.of(lambda query=query, ports=ports: ports.extend(server.ok('GET', query)['ports']), 'ports r')
            assert len(ports) == 100 and len(seen) == 1, (query, len(ports), len(seen))
            check_plan(query, seen[0], 'ports')
    query = '/v1/ports?sort_key=category&limit=1000'
    check_sorted(query, plans.of(lambda: server.ok('GET', query), 'ports r'), 1000)
    for words in PORT_FILTERS:
        query = '/v1/ports?' + words
        ports = []
        seen = plans.of(lambda query=query, ports=ports: ports.extend(server.ok('GET', query)['ports']), 'ports r')
        assert ports and len(seen) == 1, (query, len(ports), len(seen))
        check_plan(query, seen[0], 'ports')


# ---- single nodes ----

# What goes through all nodes as it must: a count, and rounds of the conductor through what is its own.
ROUNDS = ('GROUP BY', 'n.target_power_state IS NOT NULL OR', 'array_position($2::text[], driver) - 1 FROM nodes n')


def rows_read(plan):
    """Of each table: how many rows one statement looked at."""
    for part in parts(plan['Plan']):
        if 'Relation Name' in part:
            removed = sum(part.get('Rows Removed by ' + why, 0) for why in ('Filter', 'Index Recheck', 'Join Filter'))
            yield part['Relation Name'], (part['Actual Rows'] + removed) * part['Actual Loops']


def use_node(server, number):
    """What clients and conductors do with a node, its child, its parent and what belongs to it."""
    name = f'used-{number}'
    parent = server.create_fake(f'parent-{number}')['uuid']
    uuid = server.create_fake(name, parent_node=parent, resource_class=name)['uuid']
    server.ok('POST', '/v1/ports', {'node_uuid': uuid, 'address': f'52:54:01:00:00:{number:02x}'})
    server.ok('PUT', f'/v1/nodes/{name}/traits/CUSTOM_USED', {}, status=204)
    server.ok('PATCH', f'/v1/nodes/{name}', [{'op': 'add', 'path': '/extra/a', 'value': 1}])
    for ident, target, state in ((name, 'power on', 'power on'), (f'parent-{number}', 'power off', 'power off')):
        server.power(ident, target)
        server.wait_power(ident, state)
    for target, state in (('manage', 'manageable'), ('provide', 'available'), ('active', 'active'),
                          ('deleted', 'available')):
        server.ok('PUT', f'/v1/nodes/{name}/states/provision', {'target': target}, status=202)
        harness.eventually(lambda state=state: server.node(name)['provision_state'] == state, 60, what=state)
    for path in ('ports', 'traits', 'states', 'history', 'validate', 'children'):
        server.ok('GET', f'/v1/nodes/{name}/{path}')
    server.ok('PUT', f'/v1/nodes/{name}/maintenance', {'reason': 'x'}, status=202)
    server.get('/v1/lookup?addresses=52:54:01:00:00:01')
    server.call('POST', '/v1/allocations', {'resource_class': 'nobody'})
    server.ok('DELETE', f'/v1/nodes/{name}', status=204)


def check_single(plans):
    assert any('AS MATERIALIZED (SELECT r.* FROM nodes n JOIN nodes r' in plan['Query Text'] for plan in plans)
    for plan in plans:
        if any(words in plan['Query Text'] for words in ROUNDS):
            continue
        for table, rows in rows_read(plan):
            assert rows < MANY // 10, (table, rows, plan)


@harness.timeout(300)
def test_statements_on_one_node_read_few(env):
    """Also while the tables have no statistics, as on a database that has just been filled."""
    server = env.standalone()
    server.psql('ALTER TABLE nodes SET (autovacuum_enabled = off); ALTER TABLE ports SET (autovacuum_enabled = off)')
    server.psql("INSERT INTO nodes (uuid, name, driver, resource_class, provision_state)"
                " SELECT gen_random_uuid(), 'n' || i, 'fake-hardware', 'c', 'available'"
                f" FROM generate_series(1, {MANY}) i")
    server.psql("INSERT INTO ports (uuid, node_id, address) SELECT gen_random_uuid(), n.id, '52:54:00' ||"
                " regexp_replace(lpad(to_hex(n.id), 6, '0'), '(..)', ':\\1', 'g') FROM nodes n")
    for number, before in enumerate(('SELECT 1', 'VACUUM ANALYZE')):
        server.psql(before)
        plans = Plans(server)
        check_single(plans.all(lambda number=number: use_node(server, number)))


harness.main()
