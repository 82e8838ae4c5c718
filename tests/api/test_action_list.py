"""GET /v1/actions: what was asked of conductors, by node, state and time; how long it is kept, and what never is."""
import base64
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position

MEMBERS = {'uuid', 'node_uuid', 'kind', 'state', 'request_id', 'created_at', 'started_at', 'accepted_at', 'finished_at',
           'conductor', 'progress', 'error', 'error_code', 'result_type', 'result', 'links'}


def actions(server, **query):
    return server.ok('GET', f'/v1/actions?{urllib.parse.urlencode(query)}')['actions']


def settle(server, count):
    """All actions, once they have ended and there are that many."""
    return harness.eventually(lambda: (lambda rows: rows if len(rows) == count and all(
        row['finished_at'] for row in rows) else None)(actions(server)), 20, what=f'{count} ended actions')


def test_by_node_state_and_time(env):
    server = env.standalone({'fake': {'power_delay': '2'}})
    nodes = [server.create_fake(name)['uuid'] for name in ('a', 'b')]
    for name in ('a', 'b', 'a'):
        server.ok('POST', f'/v1/nodes/{name}/vendor_passthru/third_method_sync', {'bar': 'meow'})
    server.call('POST', '/v1/nodes/b/vendor_passthru/third_method_sync', {'surplus': 1})
    server.ok('POST', '/v1/nodes/b/vendor_passthru/second_method', {'bar': 'kazoo'}, status=202)
    rows = settle(server, 5)
    assert all(set(row) == MEMBERS for row in rows), rows[0]
    assert [row['node_uuid'] for row in rows] == [nodes[0], nodes[1], nodes[0], nodes[1], nodes[1]], rows
    assert [row['state'] for row in rows] == ['done', 'done', 'done', 'failed', 'done'], rows
    assert rows[4]['result'] is True and rows[4]['conductor'] and rows[4]['progress'] is None, rows[4]
    assert rows[3]['error_code'] == 400 and rows[3]['error'] and rows[3]['accepted_at'] is None, rows[3]
    assert [row['uuid'] for row in actions(server, node='a')] == [rows[0]['uuid'], rows[2]['uuid']]
    assert [row['uuid'] for row in actions(server, node=nodes[1], state='failed')] == [rows[3]['uuid']]
    assert actions(server, node='b', state='queued') == []

    # Pages, in both directions, with and without a filter.
    for query in ({}, {'node': 'b'}):
        whole = [row['uuid'] for row in actions(server, **query)]
        for direction, wanted in (('asc', whole), ('desc', whole[::-1])):
            seen, path = [], f'/v1/actions?{urllib.parse.urlencode({**query, "limit": 2, "sort_dir": direction})}'
            while path:
                page = server.ok('GET', path)
                seen += [row['uuid'] for row in page['actions']]
                path = page['next'].removeprefix(server.url) if 'next' in page else None
            assert seen == wanted, (query, direction, seen, wanted)

    # One that runs: how far it is, and since when. "since" takes what was made or ended then or later.
    before = server.psql("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
    assert server.power('a').status == 202
    running = actions(server, node='a', state='running')
    assert [row['kind'] for row in running] == ['power'], running
    assert running[0]['progress'] == {'provision_state': 'enroll', 'target_provision_state': None,
                                      'target_power_state': 'power on', 'step': None}, running
    assert [row['uuid'] for row in actions(server, since=before)] == [running[0]['uuid']]
    server.wait_power('a')
    assert actions(server, since='2999-01-01T00:00:00Z') == []
    assert len(actions(server, since='2001-01-01T00:00:00+02:00')) == 6


def test_wrong_questions(env):
    server = env.standalone()
    for query, status, word in (
            ('state=asleep', 400, 'asleep'), ('state=', 400, 'state'), ('since=yesterday', 400, 'since'),
            ("since=2026-11-20T00:00:00';--", 400, 'since'), ('since=2026-13-45T00:00:00Z', 400, 'since'),
            ('since=', 400, 'since'), ('node=nobody', 404, 'nobody'), ('colour=red', 400, 'colour'),
            ('limit=0', 400, 'Limit'), ('limit=x', 400, 'limit'), ('marker=x', 400, 'marker'),
            ('sort_dir=up', 400, 'up'),
            ('sort_key=kind', 400, 'kind'), ('marker=00000000-0000-4000-8000-000000000000', 404, '00000000-0000-4000')):
        answer = server.get(f'/v1/actions?{urllib.parse.quote(query, safe="=&")}')
        assert answer.status == status and word in answer.fault(), (query, answer)
    assert server.get('/v1/actions/x').status == 400
    assert server.get('/v1/actions/00000000-0000-4000-8000-000000000000').status == 404


def test_arguments_are_erased_and_outcomes_kept_for_their_time(env):
    """The database holds no argument of anything that has ended, however it ended, and no outcome past its time."""
    server = env.standalone({'conductor': {'action_retention': 4, 'sync_action_retention': 1,
                                           'node_locked_retry_attempts': 2}})
    server.create_fake('n')
    secret = 'correct horse battery staple'
    calls = [('POST', 'vendor_passthru/second_method', {'bar': secret}, None, 202),
             ('POST', 'vendor_passthru/third_method_sync', {'bar': secret}, None, 200),
             ('POST', 'vendor_passthru/third_method_sync', {'bar': secret, 'z': secret}, None, 400),
             ('POST', 'vendor_passthru/third_method_sync', {'bar': secret}, 'key', 200)]
    for method, where, body, key, status in calls:
        headers = {'Idempotency-Key': key} if key else {}
        assert server.call(method, f'/v1/nodes/n/{where}', body, headers=headers).status == status, (where, body)
    settle_by_sql = "SELECT count(*) FROM actions WHERE finished_at IS NULL"
    harness.eventually(lambda: server.psql(settle_by_sql) == '0', what='all to end')
    server.psql("UPDATE nodes SET reservation = 'elsewhere', lock_token = gen_random_uuid()")
    answer = server.call('POST', '/v1/nodes/n/vendor_passthru/second_method', {'bar': secret})
    assert answer.status == 409, answer
    whole = server.psql("SELECT string_agg(a::text, '\n') FROM actions a")
    assert secret not in whole, whole
    assert server.psql("SELECT count(*) FROM actions WHERE args IS NOT NULL") == '0'
    kept = server.psql("SELECT string_agg(extract(epoch FROM keep_until - finished_at)::int::text, ',' ORDER BY id)"
                       " FROM actions")
    assert kept == '4,1,1,4,600', kept
    harness.eventually(lambda: [row['state'] for row in actions(server)] == ['cancelled'], 60,
                       what='the rest to be gone')


def test_only_who_may_see_nodes_sees_actions(env):
    users = env.folder / 'users'
    users.write_text('admin:$2b$04$rJJDeWTQOSdeB1fMtNPjR.3rWFZwDbnDGRa5z4JJnRwEqkZKpP3ZS\n')
    server = harness.Standalone(env, {'DEFAULT': {'auth_strategy': 'http_basic', 'http_basic_auth_user_file': users}})
    server.start(wait=False)
    harness.eventually(server.answers, 60, what='an answer')
    assert server.get('/v1/actions').status == 401
    assert server.get('/v1/actions/00000000-0000-4000-8000-000000000000').status == 401
    wrong = base64.b64encode(b'admin:wrong').decode()
    assert server.get('/v1/actions', headers={'Authorization': f'Basic {wrong}'}).status == 401


harness.main()
