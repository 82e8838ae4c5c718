"""Long lists: pages that miss nobody, streams that hold nothing."""
import json
import pathlib
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
