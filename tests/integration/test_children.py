"""Parents and children: steps that run on children, and power that both share. Each is an action of the other node,
under that node's lock."""
import harness

FAST_LEASE = {'beat': '0.3', 'hold': '2', 'flight': '0.8', 'watch': '3', 'check_orphans_interval': '2'}
IMPATIENT = {'node_locked_retry_attempts': 2, 'node_locked_retry_interval': 0.5}
RESET = {'interface': 'bios', 'step': 'factory_reset'}
DELETE_RAID = {'interface': 'raid', 'step': 'delete_configuration'}
ON_CHILDREN = {'execute_on_child_nodes': True}


def ask(server, target, name='p', status=202, **body):
    answer = server.call('PUT', f'/v1/nodes/{name}/states/provision', {'target': target, **body})
    assert answer.status == status, f'{target}: {answer!r}'
    return answer


def reaches(server, wanted, name='p', seconds=30):
    def is_there():
        node = server.node(name)
        return node if node['provision_state'] == wanted and node['reservation'] is None else None
    return harness.eventually(is_there, seconds, what=f'{name} in state "{wanted}"')


def family(server, *children, parent='p', **fields):
    """A manageable parent and its children; the UUIDs of these."""
    server.create_fake(parent)
    ask(server, 'manage', parent)
    made = [server.create_fake(name, parent_node=parent, **fields)['uuid'] for name in children]
    reaches(server, 'manageable', parent)
    return made


def related(server, name):
    """What was done to a node for another, first to last."""
    actions = server.ok('GET', f'/v1/actions?node={name}&limit=1000')['actions']
    return [action for action in actions if action['kind'] == 'related_step']


def is_held(server, name):
    return server.node(name)['reservation'] is not None


def test_steps_run_on_children_in_their_order(env):
    server = env.standalone({'fake': {'raid_delay': '1'}})
    first, second = family(server, 'a', 'b', driver_info={'has_dedicated_power_supply': True})
    ask(server, 'clean', clean_steps=[{**DELETE_RAID, **ON_CHILDREN, 'limit_child_node_execution': [second]}, RESET,
                                      {'interface': 'power', 'step': 'power_on', **ON_CHILDREN}])
    harness.eventually(lambda: is_held(server, 'b'), 20, what='b locked')
    parent = server.node('p')
    assert parent['provision_state'] == 'cleaning' and parent['reservation'] is not None
    assert parent['clean_step']['step'] == 'delete_configuration', parent['clean_step']
    assert parent['clean_step']['execute_on_child_nodes'] is True
    assert parent['clean_step']['limit_child_node_execution'] == [second]
    assert server.node('b')['provision_state'] == 'enroll' and not server.node('b')['clean_step']
    assert server.call('PATCH', '/v1/nodes/b', [{'op': 'add', 'path': '/extra/a', 'value': 1}],
                       headers={'Prefer': 'wait=0'}).status == 409
    assert reaches(server, 'manageable')['last_error'] is None
    assert [server.node(name)['power_state'] for name in ('a', 'b')] == ['power on'] * 2
    done = [(action['node_uuid'], action['state']) for name in ('b', 'a') for action in related(server, name)]
    assert done == [(second, 'done')] * 2 + [(first, 'done')], done


def test_a_childs_failure_is_the_parents(env):
    server = env.standalone()
    family(server, 'a')
    bad = server.create_fake('b', parent_node='p', driver_info={'fake_fail': 'raid'})['uuid']
    server.create_fake('c', parent_node='p')
    ask(server, 'clean', clean_steps=[{**DELETE_RAID, **ON_CHILDREN}, RESET])
    parent = reaches(server, 'clean failed')
    wanted = ('failed clean step raid.delete_configuration: While executing step raid.delete_configuration on child'
              f' node {bad}: The fake hardware was told to fail raid')
    assert wanted in parent['last_error'], parent['last_error']
    assert parent['fault'] == 'clean failure' and parent['maintenance'] is True
    child = server.node('b')
    assert child['reservation'] is None and child['last_error'] is None and child['maintenance'] is False, child
    assert 'told to fail raid' in server.ok('GET', '/v1/nodes/b/history')['history'][0]['event']
    assert [action['state'] for action in related(server, 'a')] == ['done']
    assert not related(server, 'c')  # after the failure nothing more is done
    server.ok('DELETE', '/v1/nodes/p/maintenance')
    ask(server, 'manage')
    reaches(server, 'manageable')
    ask(server, 'clean', clean_steps=[{'interface': 'bios', 'step': 'dance', **ON_CHILDREN}])
    assert 'bios.dance' in reaches(server, 'clean failed')['last_error']


def test_a_locked_child_fails_its_parent(env):
    server = env.standalone({'fake': {'raid_delay': '60'},
                             'conductor': {**IMPATIENT, **FAST_LEASE}})
    [child] = family(server, 'a')
    ask(server, 'manage', 'a')
    reaches(server, 'manageable', 'a')
    ask(server, 'clean', 'a', clean_steps=[DELETE_RAID])
    ask(server, 'clean', clean_steps=[{**RESET, **ON_CHILDREN}])
    error = reaches(server, 'clean failed')['last_error']
    assert f'child_node {child} is presently locked' in error and 'bios.factory_reset' in error, error
    assert [action['state'] for action in related(server, 'a')] == ['cancelled']
    assert server.node('a')['provision_state'] == 'cleaning'  # its own work goes on
    server.ok('DELETE', '/v1/nodes/a/lock')
    reaches(server, 'clean failed', 'a')


def test_parents_of_each_other_do_not_wait_for_ever(env):
    server = env.standalone({'conductor': IMPATIENT})
    family(server, 'q')
    ask(server, 'manage', 'q')
    reaches(server, 'manageable', 'q')
    server.ok('PATCH', '/v1/nodes/p', [{'op': 'add', 'path': '/parent_node', 'value': 'q'}])
    wait = {'interface': 'power', 'step': 'wait', 'args': {'seconds': 1}}
    for name in ('p', 'q'):
        ask(server, 'clean', name, clean_steps=[wait, {**RESET, **ON_CHILDREN}])
    harness.eventually(lambda: not is_held(server, 'p') and not is_held(server, 'q'), 30, what='both free')
    errors = [server.node(name)['last_error'] or '' for name in ('p', 'q')]
    assert any('is presently locked' in error for error in errors), errors


def test_work_of_a_child_that_goes_on_elsewhere(env):
    for is_permitted in (False, True):
        server = env.standalone({'conductor': {'permit_child_node_step_async_result': is_permitted}})
        [child] = family(server, 'a')
        ask(server, 'clean', clean_steps=[{'interface': 'power', 'step': 'wait', **ON_CHILDREN}])
        if is_permitted:
            reaches(server, 'manageable')
            ask(server, 'clean', clean_steps=[{'interface': 'power', 'step': 'hold', **ON_CHILDREN}])
        error = reaches(server, 'clean failed')['last_error']
        assert f'on child node {child}: step returned invalid value: clean ' in error, error
        assert server.node('a')['provision_state'] == 'enroll' and not is_held(server, 'a')
        server.stop()


def test_full_conductors_wait_for_children_all_the_same(env):
    server = env.standalone({'fake': {'raid_delay': '1'}, 'conductor': {'workers_pool_size': 3}})
    parents = [f'p{number}' for number in range(4)]
    for name in parents:
        family(server, f'{name}-child', parent=name)
    for name in parents:
        ask(server, 'clean', name, clean_steps=[{**DELETE_RAID, **ON_CHILDREN}], status=202)
    for name in parents:
        assert reaches(server, 'manageable', name)['last_error'] is None


@harness.timeout(240)
def test_a_conductor_killed_in_the_step_of_a_child(env):
    server = env.standalone({'fake': {'raid_delay': '60'}, 'conductor': FAST_LEASE})
    family(server, 'a', 'b')
    ask(server, 'clean', clean_steps=[RESET, {**DELETE_RAID, **ON_CHILDREN}, RESET])
    harness.eventually(lambda: is_held(server, 'a'), 20, what='a locked')
    old = server.kill_child('ferrule-conductor')
    harness.eventually(lambda: server.child_pid('ferrule-conductor') != old, 10, what='a new conductor')
    parent = reaches(server, 'clean failed', seconds=60)
    assert 'raid.delete_configuration (2 of 3)' in parent['last_error'], parent['last_error']
    harness.eventually(lambda: not is_held(server, 'a') and not is_held(server, 'b'), 30, what='the children free')
    assert [action['state'] for action in related(server, 'a')] == ['unknown']
    assert not related(server, 'b')
    assert server.psql("SELECT count(*) FROM actions WHERE state IN ('queued', 'running')") == '0'


@harness.timeout(240)
def test_breaking_the_parents_lock_stops_the_step_of_its_child(env):
    server = env.standalone({'fake': {'raid_delay': '60'}, 'conductor': FAST_LEASE})
    family(server, 'a')
    ask(server, 'clean', clean_steps=[{**DELETE_RAID, **ON_CHILDREN}])
    harness.eventually(lambda: is_held(server, 'a'), 20, what='a locked')
    server.ok('DELETE', '/v1/nodes/p/lock')
    assert 'the lock was broken' in reaches(server, 'clean failed')['last_error']
    harness.eventually(lambda: not is_held(server, 'a'), 30, what='the child free')
    [step] = related(server, 'a')
    assert step['state'] == 'failed' and 'has ended' in step['error'], step


@harness.timeout(240)
def test_a_child_of_another_conductor(env):
    server = env.standalone({'conductor': FAST_LEASE})
    [near] = family(server, 'a')
    text = (server.data / 'run' / 'ferrule.conf').read_text()
    path = env.folder / 'north.conf'
    path.write_text(f'{text}\n[DEFAULT]\nhost = north\n[conductor]\nconductor_group = north\n[fake]\nraid_delay = 60\n')
    other = harness.Program(env, 'ferrule-conductor', [harness.BIN / 'ferrule-conductor', '--config', path])
    harness.eventually(lambda: len(server.ok('GET', '/v1/conductors')['conductors']) == 2, 30, what='two conductors')
    far = server.create_fake('b', parent_node='p', conductor_group='north')['uuid']
    ask(server, 'clean', clean_steps=[{**RESET, **ON_CHILDREN}])
    assert reaches(server, 'manageable')['last_error'] is None
    assert [related(server, name)[0]['node_uuid'] for name in ('a', 'b')] == [near, far]
    ask(server, 'clean', clean_steps=[{**DELETE_RAID, **ON_CHILDREN}, RESET])
    harness.eventually(lambda: is_held(server, 'b'), 20, what='b locked')
    other.kill()
    error = reaches(server, 'clean failed')['last_error']
    assert f'raid.delete_configuration on child node {far}' in error and 'outcome is unknown' in error, error
    assert not is_held(server, 'b')
    server.ok('DELETE', '/v1/nodes/p/maintenance')
    ask(server, 'manage')
    reaches(server, 'manageable')
    ask(server, 'clean', clean_steps=[{**RESET, **ON_CHILDREN}])
    error = reaches(server, 'clean failed')['last_error']
    assert far in error and 'No conductor serves driver fake-hardware and conductor group "north"' in error, error


def test_which_nodes_steps_are_limited_to(env):
    server = env.standalone()
    [child] = family(server, 'a')
    nobody = '00000000-0000-4000-8000-0000000000ff'
    for limit, status, word in ((['a'], 400, 'limit_child_node_execution'), (child, 400, 'limit_child_node_execution'),
                                ([child, 5], 400, 'limit_child_node_execution'), ([child] * 1001, 400, 'UUIDs'),
                                ([child, nobody], 404, f'Node {nobody} could not be found.')):
        step = {**RESET, **ON_CHILDREN, 'limit_child_node_execution': limit}
        assert word in ask(server, 'clean', status=status, clean_steps=[step]).fault()
    assert 'execute_on_child_nodes' in ask(server, 'clean', status=400,
                                           clean_steps=[{**RESET, 'execute_on_child_nodes': 'yes'}]).fault()
    stranger = server.create_fake('s')['uuid']
    ask(server, 'clean', clean_steps=[{**RESET, **ON_CHILDREN, 'limit_child_node_execution': [stranger]}])
    reaches(server, 'manageable')
    assert not related(server, 's') and not related(server, 'a')


def test_children_go_off_before_their_parent_and_need_it_on(env):
    server = env.standalone()
    family(server, 'a', 'b')
    server.create_fake('own', parent_node='p', driver_info={'has_dedicated_power_supply': 'true'})
    for name in ('own', 'p'):
        server.power(name)
        server.wait_power(name)
    server.power('p', 'power off')
    server.wait_power('p', 'power off')
    assert server.node('own')['power_state'] == 'power on' and not related(server, 'own')
    server.power('a')  # which turns its parent on
    server.wait_power('a')
    assert server.node('p')['power_state'] == 'power on' and len(related(server, 'p')) == 1
    server.power('b')
    server.wait_power('b')
    server.power('p', 'power off')
    server.wait_power('p', 'power off')
    assert [server.node(name)['power_state'] for name in ('a', 'b')] == ['power off'] * 2
    off = related(server, 'a')[-1]['finished_at']
    assert off <= server.node('p')['driver_internal_info']['last_power_state_change'], off
    server.power('p', 'rebooting')  # a parent's reboot leaves its children alone
    server.wait_power('p')
    assert server.node('a')['power_state'] == 'power off'


def test_a_locked_relative_refuses_a_change_of_power(env):
    server = env.standalone({'fake': {'raid_delay': '60'}, 'conductor': {**IMPATIENT, **FAST_LEASE}})
    [child] = family(server, 'a')
    parent = server.node('p')['uuid']
    ask(server, 'manage', 'a')
    reaches(server, 'manageable', 'a')
    ask(server, 'clean', clean_steps=[DELETE_RAID])
    answer = server.power('a')
    assert answer.status == 409 and f'Node {child} parent_node {parent} is presently locked' in answer.fault(), answer
    server.ok('DELETE', '/v1/nodes/p/lock')
    reaches(server, 'clean failed')
    for name in ('p', 'a'):
        server.power(name)
        server.wait_power(name)
    ask(server, 'clean', 'a', clean_steps=[DELETE_RAID])
    harness.eventually(lambda: is_held(server, 'a'), 20, what='a locked')
    answer = server.power('p', 'power off')
    assert answer.status == 409 and f'Node {parent} child_node {child} is presently locked' in answer.fault(), answer
    assert server.node('p')['target_power_state'] is None and not is_held(server, 'p')
    server.ok('DELETE', '/v1/nodes/a/lock')
    reaches(server, 'clean failed', 'a')


def test_a_child_that_stays_on_keeps_its_parent_on(env):
    server = env.standalone()
    [child] = family(server, 'a', disable_power_off=True)
    for name in ('p', 'a'):
        server.power(name)
        server.wait_power(name)
    server.power('p', 'power off')
    error = harness.eventually(lambda: server.node('p')['last_error'], 20, what='last_error')
    assert f'power.power_off on child node {child}' in error and 'disable_power_off' in error, error
    assert server.node('p')['power_state'] == 'power on' and server.node('a')['power_state'] == 'power on'


harness.main()
