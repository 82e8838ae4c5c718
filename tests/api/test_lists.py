"""Long lists: pages that miss nobody, statements that use indexes, streams that hold nothing."""
import json
import pathlib
import re
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position

COUNT = 2500


def fill(server):
    server.psql("INSERT INTO nodes (uuid, name, driver, power_state, extra)"
                " SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid,"
                " CASE WHEN i % 3 > 0 THEN 'n' || (i * 7919 % 2503) END, 'fake-hardware',"
                " CASE i % 3 WHEN 0 THEN 'power on' WHEN 1 THEN 'power off' END,"
                " json_build_object('text', repeat('x', 10000))"
                f" FROM generate_series(1, {COUNT}) i")


def walk(server, query):
    """All pages, by their next links."""
    seen, path = [], '/v1/nodes?' + query
    while path:
        page = server.ok('GET', path)
        seen += [node['uuid'] for node in page['nodes']]
        path = page['next'].removeprefix(server.url) if 'next' in page else None
    return seen


@harness.timeout(300)
def test_pages_of_every_order_have_each_node_once(env):
    server = env.standalone()
    fill(server)
    for query in ('fields=uuid', 'fields=uuid&sort_dir=desc', 'fields=uuid&sort_key=name&limit=300',
                  'fields=uuid&sort_key=name&sort_dir=desc&limit=300', 'fields=uuid&sort_key=power_state&limit=400',
                  'fields=uuid&sort_key=power_state&sort_dir=desc&limit=400', 'fields=uuid&sort_key=uuid&limit=999',
                  'fields=uuid&sort_key=created_at&limit=700', 'fields=uuid&sort_key=maintenance&limit=700',
                  'fields=uuid&conductor=' + server.ok('GET', '/v1/conductors')['conductors'][0]['hostname']):
        seen = walk(server, query)
        assert len(seen) == len(set(seen)) == COUNT, (query, len(seen), len(set(seen)))


def test_order_is_that_of_the_key(env):
    server = env.standalone()
    fill(server)
    for direction in ('asc', 'desc'):
        # No index has this order: what one statement found, several read.
        rank = {None: 0, 'power off': 1, 'power on': 2}
        want = server.psql("SELECT uuid FROM nodes ORDER BY coalesce(power_state, '')"
                           f" {direction}, id {direction}").split()
        assert walk(server, f'sort_key=power_state&sort_dir={direction}&fields=uuid,extra&limit=600') == want
        nodes = server.ok('GET', f'/v1/nodes?sort_key=power_state&sort_dir={direction}')['nodes']
        ranks = [rank[node['power_state']] for node in nodes]
        assert len(nodes) == 1000 and ranks == sorted(ranks, reverse=direction == 'desc'), direction
        nodes = server.ok('GET', f'/v1/nodes?sort_key=name&sort_dir={direction}&limit=1000&fields=name')['nodes']
        names = [node['name'] or '' for node in nodes]
        assert names == sorted(names, reverse=direction == 'desc'), direction


# ---- plans ----

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
                               ('auto_explain.log_timing', 'off')):
            if setting.startswith('auto'):
                server.psql(f"LOAD 'auto_explain'; ALTER DATABASE ferrule SET {setting} = '{value}'")
            else:
                server.psql(f"ALTER DATABASE ferrule SET {setting} = '{value}'")
        server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ferrule-api'")
        harness.eventually(lambda: server.get('/v1/nodes?limit=1').status == 200, 20, what='the API is back')

    def of(self, function, table='nodes n'):
        """What function's statements on the table were planned as: texts of statements and their JSON plans."""
        start = self.log.stat().st_size
        function()
        with open(self.log, errors='replace') as log:
            log.seek(start)
            found = re.findall(r'plan:\n((?:\t.*\n)+)', log.read())
        plans = [json.loads(text.replace('\n\t', '\n')) for text in found]
        return [plan for plan in plans if f' FROM {table} WHERE true' in plan['Query Text']]


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


# ---- streams ----

def test_slow_reader_holds_nothing(env):
    server = env.standalone()
    fill(server)
    with socket.create_connection(('127.0.0.1', server.port)) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        reader.sendall(b'GET /v1/nodes/detail HTTP/1.1\r\nHost: h\r\nConnection: close\r\n'
                       b'X-OpenStack-Ironic-API-Version: 1.115\r\n\r\n')
        time.sleep(1)
        busy = server.psql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' OR"
                           " (state = 'active' AND query LIKE '%FROM nodes%' AND pid <> pg_backend_pid())")
        assert busy == '0', busy
        for _ in range(20):
            server.ok('GET', '/v1/nodes?limit=10')
        raw = b''
        while True:
            piece = reader.recv(65536)
            if not piece:
                break
            raw += piece
    head, _, body = raw.partition(b'\r\n\r\n')
    assert b'chunked' in head and b'openstack-request-id' in head.lower(), head
    text = b''
    while body:
        size, _, body = body.partition(b'\r\n')
        text += body[:int(size, 16)]
        body = body[int(size, 16) + 2:]
    document = json.loads(text)
    assert len(document['nodes']) == 1000 and 'marker=' in document['next']


def stalled_reader(server, path='/v1/nodes/detail'):
    """Asks for ten megabytes and reads nothing."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(('127.0.0.1', server.port))
    reader.sendall(f'GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n'
                   'X-OpenStack-Ironic-API-Version: 1.115\r\n\r\n'.encode())
    return reader


def drain(reader, seen):
    size, tail = 0, b''
    while True:
        piece = reader.recv(1 << 20)
        if not piece:
            break
        size, tail = size + len(piece), (tail + piece)[-2000:]
    seen.append((size, tail))


def test_more_slow_readers_than_connections(env):
    """Their number is several times that of the pool's connections; the others never notice."""
    server = env.standalone({'database': {'max_pool_size': 4}})
    fill(server)
    readers = [stalled_reader(server) for _ in range(24)]
    active = ("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ferrule-api' AND"
              " state <> 'idle' AND query LIKE '%FROM nodes n%'")
    harness.eventually(lambda: server.psql(active) == '0', 60, what='all readers stalled')
    for number in range(30):
        server.ok('GET', '/v1/nodes?limit=10')
        server.create_fake(f'beside-{number}')
    assert server.psql(active) == '0'
    seen = []
    threads = [threading.Thread(target=drain, args=(reader, seen)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert len(seen) == len(readers)
    for size, tail in seen:  # whole documents, each to its end
        assert size > 10_000_000 and tail.endswith(b'0\r\n\r\n') and b'marker=' in tail, (size, tail[-200:])


def document(head, reader):
    """Reads the rest of an answer in chunks."""
    raw = head + b''.join(iter(lambda: reader.recv(1 << 20), b''))
    pieces, at = [], raw.index(b'\r\n\r\n') + 4
    while raw[at:at + 3] != b'0\r\n':
        begin = raw.index(b'\r\n', at) + 2
        at = begin + int(raw[at:begin], 16)
        pieces.append(raw[begin:at])
        at += 2
    return json.loads(b''.join(pieces))


@harness.timeout(120)
def test_slow_readers_lose_no_node(env):
    """More of them than may have rows in memory: each goes on behind its last row, also where the keys begin."""
    server = env.standalone()
    fill(server)
    for key, direction in (('name', 'asc'), ('name', 'desc'), ('power_state', 'desc')):
        query = f'/v1/nodes?fields=uuid,extra&sort_key={key}&sort_dir={direction}&limit=1000'
        want = [node['uuid'] for node in server.ok('GET', query.replace(',extra', ''))['nodes']]
        readers = [stalled_reader(server, query) for _ in range(10)]
        # All have begun before the first goes on.
        heads = [reader.recv(1000) for reader in readers]
        assert all(head.startswith(b'HTTP/1.1 200') for head in heads), heads
        for number, (reader, head) in enumerate(zip(readers, heads)):
            page = document(head, reader)
            assert [node['uuid'] for node in page['nodes']] == want, (key, direction, number)
            assert all(len(node['extra']['text']) == 10000 for node in page['nodes'])


def test_reader_that_leaves_harms_nobody(env):
    server = env.standalone()
    fill(server)
    for _ in range(10):
        with socket.create_connection(('127.0.0.1', server.port)) as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            reader.sendall(b'GET /v1/nodes/detail HTTP/1.1\r\nHost: h\r\n'
                           b'X-OpenStack-Ironic-API-Version: 1.115\r\n\r\n')
            reader.recv(1000)
    assert len(server.ok('GET', '/v1/nodes/detail')['nodes']) == 1000


harness.main()
