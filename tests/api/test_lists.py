"""Long lists: pages that miss nobody, streams that hold nothing."""
import json
import pathlib
import socket
import sys
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
        nodes = server.ok('GET', f'/v1/nodes?sort_key=name&sort_dir={direction}&limit=1000&fields=name')['nodes']
        names = [node['name'] or '' for node in nodes]
        assert names == sorted(names, reverse=direction == 'desc'), direction


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
