"""The provision state machine with the fake hardware and the unmodified client: what each verb leaves behind, what is
seen on the way, and what becomes of a node whose conductor dies between its steps."""
import json
import time

import harness

FAST_LEASE = {'beat': '0.3', 'hold': '2', 'flight': '0.8', 'watch': '3', 'check_orphans_interval': '2'}
RESET = {'interface': 'bios', 'step': 'factory_reset'}
DELETE_RAID = {'interface': 'raid', 'step': 'delete_configuration'}


def state(server, name='n'):
    return server.node(name)['provision_state']


def reaches(server, wanted, seconds=20, name='n'):
    def is_there():
        node = server.node(name)
        return node if node['provision_state'] == wanted and node['reservation'] is None else None
    return harness.eventually(is_there, seconds, what=f'{name} in state "{wanted}"')


def ask(server, target, name='n', status=202, **body):
    """A verb by REST: the installed client knows neither service nor unhold."""
    answer = server.call('PUT', f'/v1/nodes/{name}/states/provision', {'target': target, **body})
    assert answer.status == status, f'{target}: {answer!r}'
    return answer


def manageable(server, name='n', **fields):
    server.create_fake(name, **fields)
    server.client('node', 'manage', name, '--wait', '30')
    return name


def available(server, name='n', **fields):
    manageable(server, name, **fields)
    server.client('node', 'provide', name, '--wait', '30')
    return name


def active(server, name='n', **fields):
    available(server, name, **fields)
    server.client('node', 'deploy', name, '--wait', '30')
    return name


def history(server, name='n'):
    return server.client_json('node', 'history', 'list', name)


def states_seen(server, during, name='n'):
    """The provision states that a poller sees while something happens."""
    seen = []

    def poll():
        seen.append(state(server, name))
        time.sleep(0.05)
    load = harness.Load(poll, 1)
    during()
    load.end()
    return list(dict.fromkeys(seen))


@harness.timeout(240)
def test_a_node_lives_its_life_with_the_client(env):
    server = env.standalone({'fake': {'deploy_delay': '2'}})
    client = server.client
    manageable(server)
    client('node', 'inspect', 'n', '--wait', '30')
    node = server.node('n')
    assert node['inspection_finished_at'] and node['inspection_started_at'] is None
    client('node', 'provide', 'n', '--wait', '30')
    drive = json.dumps({'meta_data': {'a': 'b'}})
    seen = states_seen(server, lambda: client('node', 'deploy', 'n', '--wait', '30', '--config-drive', drive))
    assert 'deploying' in seen and state(server) == 'active', seen
    node = server.node('n')
    assert node['instance_info'] == {'configdrive': '******'}, node['instance_info']
    assert node['target_provision_state'] is None and node['deploy_step'] == {}
    assert node['driver_internal_info']['deploy_steps'] is None
    client('node', 'rebuild', 'n', '--wait', '30')
    client('node', 'rescue', 'n', '--wait', '30', '--rescue-password', 'open sesame')
    assert state(server) == 'rescue'
    hidden = {'rescue_password': '******', 'hashed_rescue_password': '******', 'configdrive': '******'}
    assert server.node('n')['instance_info'] == hidden
    stored = server.psql("SELECT instance_info FROM nodes WHERE name = 'n'")
    assert 'sesame' not in stored and json.loads(stored)['hashed_rescue_password'].startswith('$5$'), stored
    assert 'sesame' not in server.psql('SELECT coalesce(string_agg(args::text, \'\'), \'\') FROM actions')
    client('node', 'unrescue', 'n', '--wait', '30')
    ask(server, 'service', service_steps=[RESET])
    reaches(server, 'active')
    server.ok('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/instance_uuid',
                                        'value': '11111111-1111-4111-8111-111111111111'}])
    seen = states_seen(server, lambda: client('node', 'undeploy', 'n', '--wait', '30'))
    assert 'deleting' in seen and state(server) == 'available', seen
    node = server.node('n')
    assert node['instance_info'] == {} and node['instance_uuid'] is None
    client('node', 'manage', 'n', '--wait', '30')
    client('node', 'adopt', 'n', '--wait', '30')
    assert state(server) == 'active' and not node['last_error']
    assert history(server) == []


def test_manual_cleaning_runs_the_steps_in_their_order(env):
    server = env.standalone({'fake': {'bios_delay': '1', 'raid_delay': '1'}})
    manageable(server)
    server.ok('PUT', '/v1/nodes/n/states/raid', {'logical_disks': [{'size_gb': 1, 'raid_level': '1'}]})
    steps = [RESET, {'interface': 'raid', 'step': 'create_configuration', 'args': {'delete_existing': True}},
             {'interface': 'power', 'step': 'power_on'}]
    seen = []

    def poll():
        step = server.node('n')['clean_step']
        if step and step['step'] not in seen:
            seen.append(step['step'])
    load = harness.Load(poll, 1)
    server.client('node', 'clean', 'n', '--wait', '30', '--clean-steps', json.dumps(steps))
    load.end()
    assert seen[:2] == ['factory_reset', 'create_configuration'], seen
    node = server.node('n')
    assert node['provision_state'] == 'manageable' and node['clean_step'] == {}, node
    assert node['raid_config']['logical_disks'] == [{'size_gb': 1, 'raid_level': '1'}]
    assert node['power_state'] == 'power on' and not node['maintenance']
    assert node['driver_internal_info']['clean_steps'] is None
    assert 'clean_step_index' not in node['driver_internal_info']


def test_raid_is_as_the_target_says(env):
    server = env.standalone()
    server.create_fake('n', properties={'capabilities': 'boot_mode:uefi,raid_level:5,x:y'})
    ask(server, 'manage')
    reaches(server, 'manageable')
    create = {'interface': 'raid', 'step': 'create_configuration'}
    ask(server, 'clean', clean_steps=[create])
    node = reaches(server, 'clean failed')
    assert node['last_error'].endswith('has no target RAID configuration.'), node['last_error']
    server.ok('DELETE', '/v1/nodes/n/maintenance', status=202)
    ask(server, 'manage')
    reaches(server, 'manageable')
    root = {'size_gb': 50, 'raid_level': '1', 'is_root_volume': True}
    other = {'size_gb': 'MAX', 'raid_level': '0', 'controller': 'c', 'physical_disks': ['a', 'b']}
    disks = {'logical_disks': [other, root]}
    server.client('node', 'set', 'n', '--target-raid-config', json.dumps(disks))
    assert server.node('n')['target_raid_config'] == disks and server.node('n')['raid_config'] == {}
    assert server.ok('GET', '/v1/nodes/n/validate')['raid'] == {'result': True}
    for args, made in (({}, [other, root]), ({'create_root_volume': False}, [other]),
                       ({'create_nonroot_volumes': False}, [root])):
        ask(server, 'clean', clean_steps=[{**create, 'args': args}])
        reaches(server, 'manageable')
        found = server.node('n')['raid_config']
        assert found.pop('last_updated') and found == {'logical_disks': made}, (args, found)
    properties = server.node('n')['properties']
    assert properties == {'capabilities': 'boot_mode:uefi,x:y,raid_level:1', 'local_gb': 50}, properties
    server.ok('PUT', '/v1/nodes/n/states/raid', {'logical_disks': [root]})
    ask(server, 'clean', clean_steps=[DELETE_RAID])
    reaches(server, 'manageable')
    assert server.node('n')['raid_config'] == {} and server.node('n')['target_raid_config'] == {'logical_disks': [root]}
    for args, sentence in (({'create_root_volume': False}, 'RAID configuration after skipping root volume.'),
                           ({'create_root_volume': 'no'}, 'create_root_volume must be true or false')):
        ask(server, 'clean', clean_steps=[{**create, 'args': args}])
        node = reaches(server, 'clean failed')
        assert node['last_error'].endswith(sentence), node['last_error']
        server.ok('DELETE', '/v1/nodes/n/maintenance', status=202)
        ask(server, 'manage')
        reaches(server, 'manageable')
    server.ok('PUT', '/v1/nodes/n/states/raid', {})
    assert server.node('n')['target_raid_config'] == {}


def test_automated_cleaning_runs_by_priority(env):
    server = env.standalone({
        'fake': {'bios_delay': '0.7', 'raid_delay': '0.7'},
        'conductor': {'clean_step_priority_override': 'raid.delete_configuration:10,bios.factory_reset:20'}})
    manageable(server)
    ask(server, 'provide')
    node = harness.eventually(lambda: (lambda n: n if n['clean_step'] else None)(server.node('n')), 10)
    listed = [(step['step'], step['priority']) for step in node['driver_internal_info']['clean_steps']]
    assert listed == [('factory_reset', 20), ('delete_configuration', 10)], listed
    assert node['target_provision_state'] == 'available'
    reaches(server, 'available')
    server.ok('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/automated_clean', 'value': False}])
    server.client('node', 'manage', 'n', '--wait', '30')
    seen = states_seen(server, lambda: server.client('node', 'provide', 'n', '--wait', '30'))
    assert server.node('n')['clean_step'] == {} and 'available' in seen


def test_a_failed_step_leaves_fault_and_maintenance(env):
    server = env.standalone()
    name = manageable(server, driver_info={'fake_fail': 'raid.delete_configuration'})
    said = server.client('node', 'clean', name, '--wait', '30', '--clean-steps', json.dumps([RESET, DELETE_RAID]),
                         is_failing=True)
    assert 'raid.delete_configuration' in said, said
    node = server.node(name)
    assert (node['provision_state'], node['target_provision_state']) == ('clean failed', 'manageable'), node
    assert node['fault'] == 'clean failure' and node['maintenance'] is True
    assert 'raid.delete_configuration' in node['last_error'] and node['clean_step'] == {}
    rows = history(server)
    assert len(rows) == 1 and rows[0]['Severity'] == 'ERROR', rows
    assert 'raid.delete_configuration' in rows[0]['Description of the event'], rows
    server.client('node', 'manage', name, '--wait', '30')
    server.client('node', 'maintenance', 'unset', name)
    assert server.node(name)['fault'] is None
    # a step that there is not: nothing ran, so nobody needs to look at the hardware
    ask(server, 'clean', clean_steps=[{'interface': 'raid', 'step': 'dance'}])
    node = reaches(server, 'clean failed')
    assert not node['maintenance'] and 'raid.dance' in node['last_error'], node


def test_failed_cleaning_and_servicing_power_off_if_configured(env):
    server = env.standalone({'conductor': {
        'poweroff_in_cleanfail': 'true', 'poweroff_in_servicefail': 'true', 'automated_clean': 'false',
        'clean_callback_timeout': '1', 'check_provision_state_interval': '0.5'}})
    active(server, driver_info={'fake_fail': 'raid.delete_configuration'})
    manageable(server, 'm')
    for name in ('n', 'm'):
        server.power(name)
        server.wait_power(name)
    ask(server, 'service', service_steps=[DELETE_RAID])
    ask(server, 'clean', name='m', clean_steps=[{'interface': 'power', 'step': 'wait'}])
    assert reaches(server, 'service failed')['power_state'] == 'power off'
    assert reaches(server, 'clean failed', name='m')['power_state'] == 'power off'


def test_history_tells_of_failures_and_is_kept_short(env):
    server = env.standalone({'conductor': {'node_history_max_entries': '2', 'node_history_cleanup_interval': '1'}})
    manageable(server, driver_info={'fake_fail': 'inspect'})
    for _ in range(3):
        ask(server, 'inspect')
        reaches(server, 'inspect failed')
    entries = server.ok('GET', '/v1/nodes/n/history?detail=true')['history']
    last = entries[-1]
    assert last['state'] == 'inspect failed' and last['target_provision_state'] == 'manageable', last
    assert last['event_type'] == 'provision' and last['severity'] == 'ERROR' and last['conductor'], last
    assert last['duration_seconds'] >= 0 and 'inspect' in last['event'], last
    harness.eventually(lambda: len(history(server)) == 2, 20, 0.5, 'two entries left')
    kept = [row['UUID'] for row in history(server)]
    assert kept == [entry['uuid'] for entry in entries[-2:]], (kept, entries)
    long = server.client_json('node', 'history', 'list', 'n', '--long')
    assert [(row['UUID'], row['Event Origin Type']) for row in long] == [(uuid, 'provision') for uuid in kept], long
    found = server.client_json('node', 'history', 'get', 'n', kept[0])
    assert found['uuid'] == kept[0], found


def test_deploy_fails_and_is_repaired(env):
    server = env.standalone()
    available(server, driver_info={'fake_fail': 'deploy.deploy'})
    server.power('n')
    server.wait_power('n')
    server.client('node', 'deploy', 'n', '--wait', '30', is_failing=True)
    node = server.node('n')
    assert (node['provision_state'], node['target_provision_state']) == ('deploy failed', 'active'), node
    assert 'deploy.deploy' in node['last_error'] and not node['maintenance'] and node['fault'] is None
    assert node['power_state'] == 'power off'
    server.ok('PATCH', '/v1/nodes/n', [{'op': 'remove', 'path': '/driver_info/fake_fail'}])
    server.client('node', 'deploy', 'n', '--wait', '30')
    node = server.node('n')
    assert node['provision_state'] == 'active' and node['last_error'] is None


def test_a_failed_deploy_leaves_the_power_if_configured(env):
    server = env.standalone({'deploy': {'power_off_after_deploy_failure': 'false'},
                             'conductor': {'automated_clean': 'false'}})
    available(server, driver_info={'fake_fail': 'deploy.deploy'})
    server.power('n')
    server.wait_power('n')
    ask(server, 'active')
    assert reaches(server, 'deploy failed')['power_state'] == 'power on'


def test_a_failed_rescue_keeps_no_password(env):
    server = env.standalone()
    active(server, driver_info={'fake_fail': 'rescue'})
    ask(server, 'rescue', rescue_password='open sesame')
    node = reaches(server, 'rescue failed')
    assert 'rescue' in node['last_error'] and 'sesame' not in node['last_error'], node
    assert node['target_provision_state'] == 'rescue' and node['instance_info'] == {}, node
    assert server.psql("SELECT instance_info FROM nodes WHERE name = 'n'") == '{}'
    ask(server, 'unrescue')
    reaches(server, 'active')
    assert 'sesame' not in server.program.log()


def test_deploy_steps_go_among_the_interfaces(env):
    server = env.standalone({'fake': {'bios_delay': '1', 'deploy_delay': '1'}})
    available(server)
    steps = [{**RESET, 'args': {}, 'priority': 150}, {**DELETE_RAID, 'args': {}, 'priority': 50}]
    ask(server, 'active', deploy_steps=steps)
    node = harness.eventually(lambda: (lambda n: n if n['deploy_step'] else None)(server.node('n')), 10)
    listed = [step['step'] for step in node['driver_internal_info']['deploy_steps']]
    assert listed == ['factory_reset', 'deploy', 'delete_configuration'], listed
    reaches(server, 'active')


def test_runbooks_and_deploy_templates_give_their_steps(env):
    server = env.standalone({'fake': {'bios_delay': '1'}})
    manageable(server)
    server.ok('POST', '/v1/runbooks', {'name': 'CUSTOM_RESET', 'steps': [
        {**DELETE_RAID, 'args': {}, 'order': 2}, {**RESET, 'args': {}, 'order': 1}]})
    assert 'CUSTOM_RESET' in ask(server, 'clean', status=400, runbook='CUSTOM_RESET').fault()
    server.client('node', 'add', 'trait', 'n', 'CUSTOM_RESET')
    ask(server, 'clean', status=400, runbook='CUSTOM_RESET', clean_steps=[RESET])
    ask(server, 'clean', runbook='CUSTOM_RESET')
    node = harness.eventually(lambda: (lambda n: n if n['clean_step'] else None)(server.node('n')), 10)
    listed = [step['step'] for step in node['driver_internal_info']['clean_steps']]
    assert listed == ['factory_reset', 'delete_configuration'], listed
    reaches(server, 'manageable')
    ask(server, 'provide', status=400, runbook='CUSTOM_RESET')
    server.client('node', 'provide', 'n', '--wait', '30')
    server.ok('POST', '/v1/deploy_templates', {'name': 'CUSTOM_FAST', 'steps': [
        {**RESET, 'args': {}, 'priority': 120}, {**DELETE_RAID, 'args': {}, 'priority': 110}]})
    server.ok('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/instance_info/traits', 'value': ['CUSTOM_FAST', 'X']}])
    ask(server, 'active', deploy_steps=[{**DELETE_RAID, 'args': {}, 'priority': 10}])
    node = harness.eventually(lambda: (lambda n: n if n['deploy_step'] else None)(server.node('n')), 10)
    listed = [(step['step'], step['priority']) for step in node['driver_internal_info']['deploy_steps']]
    assert listed == [('factory_reset', 120), ('deploy', 100), ('delete_configuration', 10)], listed
    reaches(server, 'active')


def test_deploy_steps_are_refused_before_they_are_accepted(env):
    server = env.standalone()
    available(server)
    reset = {**RESET, 'args': {}, 'priority': 150}
    core = {'interface': 'deploy', 'step': 'deploy', 'args': {}, 'priority': 1}
    for steps, word in [([reset, {**reset, 'priority': 0}], 'Duplicate deploy steps for bios.factory_reset'),
                        ([core], 'core step'), ([{**reset, 'args': {'colour': 1}}], 'colour')]:
        said = ask(server, 'active', status=400, deploy_steps=steps).fault()
        assert said.startswith('Failed to validate deploy or power info for node') and word in said, said
    for name in ('CUSTOM_A', 'CUSTOM_B'):
        server.ok('POST', '/v1/deploy_templates', {'name': name, 'steps': [reset]})
    both = {'op': 'add', 'path': '/instance_info/traits', 'value': ['CUSTOM_A', 'CUSTOM_B']}
    server.ok('PATCH', '/v1/nodes/n', [both])
    assert 'Duplicate' in ask(server, 'active', status=400).fault()
    node = server.node('n')
    assert (node['provision_state'], node['last_error']) == ('available', None), node
    server.ok('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/instance_info/traits', 'value': ['CUSTOM_A']}])
    ask(server, 'active', deploy_steps=[{**core, 'priority': 0}])
    reaches(server, 'active')


def test_the_operator_disallows_steps(env):
    server = env.standalone({
        'api': {'disallow_clean_steps': 'bios.factory_reset', 'disallow_deploy_steps': 'bios.factory_reset'},
        'conductor': {'clean_step_priority_override': 'bios.factory_reset:20'},
        'fake': {'bios_delay': '120'}})  # what runs it never ends in time
    manageable(server)
    said = ask(server, 'clean', status=400, clean_steps=[RESET]).fault()
    assert said == ("clean step 'bios.factory_reset' is not allowed. Disallowed by operator configuration "
                    '[api]disallow_clean_steps.'), said
    server.client('node', 'provide', 'n', '--wait', '30')
    reset = {**RESET, 'args': {}, 'priority': 150}
    assert 'disallow_deploy_steps' in ask(server, 'active', status=400, deploy_steps=[reset]).fault()
    server.ok('POST', '/v1/deploy_templates', {'name': 'CUSTOM_A', 'steps': [reset]})
    server.ok('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/instance_info/traits', 'value': ['CUSTOM_A']}])
    ask(server, 'active')
    reaches(server, 'active')


def test_tearing_down_ends_the_allocation(env):
    server = env.standalone()
    available(server, resource_class='small')
    server.power('n')
    server.wait_power('n')
    server.client('allocation', 'create', '--resource-class', 'small', '--name', 'a', '--wait', '30')
    node = server.node('n')
    assert node['allocation_uuid'] and node['instance_uuid'] == node['allocation_uuid'], node
    server.client('node', 'deploy', 'n', '--wait', '30')
    server.client('node', 'undeploy', 'n', '--wait', '30')
    node = server.node('n')
    assert node['allocation_uuid'] is None and node['instance_uuid'] is None, node
    assert server.get('/v1/allocations/a').status == 404


def test_hold_unhold_and_abort(env):
    server = env.standalone()
    manageable(server)
    hold = {'interface': 'power', 'step': 'hold'}
    wait = {'interface': 'power', 'step': 'wait'}
    ask(server, 'clean', clean_steps=[RESET, hold, RESET])
    node = reaches(server, 'clean hold')
    assert node['clean_step']['step'] == 'hold' and node['driver_internal_info']['clean_step_index'] == 1
    ask(server, 'unhold')
    node = reaches(server, 'clean wait')
    server.client('node', 'abort', 'n')
    node = reaches(server, 'clean failed')
    assert 'power.hold (2 of 3)' in node['last_error'] and not node['maintenance'], node
    server.client('node', 'manage', 'n', '--wait', '30')
    ask(server, 'clean', clean_steps=[{**wait, 'args': {'seconds': 1}}, wait])
    node = reaches(server, 'clean wait')
    assert node['driver_internal_info']['clean_step_index'] == 1
    ask(server, 'abort')
    reaches(server, 'clean failed')
    server.client('node', 'manage', 'n', '--wait', '30')
    server.client('node', 'provide', 'n', '--wait', '30')
    server.client('node', 'deploy', 'n', '--wait', '30')
    ask(server, 'service', service_steps=[hold, RESET])
    reaches(server, 'service hold')
    ask(server, 'unhold')
    node = reaches(server, 'active')
    assert node['last_error'] is None and node['service_step'] == {}
    ask(server, 'service', service_steps=[wait, RESET])
    reaches(server, 'service wait')
    ask(server, 'abort')
    node = reaches(server, 'active')
    assert 'aborted' in node['last_error'], node
    ask(server, 'service', service_steps=[hold])
    reaches(server, 'service hold')
    ask(server, 'abort')
    reaches(server, 'active')
    ask(server, 'rebuild', deploy_steps=[{**hold, 'args': {}, 'priority': 200}])
    reaches(server, 'deploy hold')
    ask(server, 'abort')
    node = reaches(server, 'deploy failed')
    assert 'power.hold' in node['last_error']
    server.client('node', 'undeploy', 'n', '--wait', '30')
    assert state(server) == 'available'


def resume(server, name='n'):
    """What a heartbeat asks of the conductor."""
    server.psql("INSERT INTO actions (uuid, node_id, node_uuid, kind, exclusive, on_crash, pool, target, start_by)"
                " SELECT gen_random_uuid(), id, uuid, 'provision_resume', true, 'never', ':fake-hardware', '',"
                f" now() + interval '20 seconds' FROM nodes WHERE name = '{name}'")


def heartbeat(server, token, name='n', status=202):
    body = {'callback_url': 'http://192.0.2.1:9999', 'agent_token': token}
    answer = server.call('POST', f'/v1/heartbeat/{name}', body)
    assert answer.status == status, answer


def lookup(server, node):
    return server.ok('GET', f'/v1/lookup?node_uuid={node["uuid"]}')['config']['agent_token']


def test_a_heartbeat_resumes_what_waits_for_it(env):
    server = env.standalone()
    manageable(server)
    wait = {'interface': 'power', 'step': 'wait'}
    ask(server, 'clean', clean_steps=[wait, RESET, wait])
    node = reaches(server, 'clean wait')
    token = lookup(server, node)
    heartbeat(server, 'a guess', status=400)
    assert state(server) == 'clean wait'
    server.ok('PUT', '/v1/nodes/n/maintenance', {})
    heartbeat(server, token)
    assert state(server) == 'clean wait', 'in maintenance nothing goes on'
    server.call('DELETE', '/v1/nodes/n/maintenance')
    heartbeat(server, token)
    harness.eventually(lambda: server.node('n')['driver_internal_info'].get('clean_step_index') == 2)
    reaches(server, 'clean wait')
    heartbeat(server, token)
    node = reaches(server, 'manageable')
    assert node['last_error'] is None and node['clean_step'] == {}, node
    # its token is as old as the cleaning
    heartbeat(server, token, status=400)
    # held, then let go: the ramdisk's next call goes on
    ask(server, 'clean', clean_steps=[RESET, {'interface': 'power', 'step': 'wait'},
                                      {'interface': 'power', 'step': 'hold'}, {'interface': 'power', 'step': 'reboot'}])
    reaches(server, 'clean wait')
    assert lookup(server, node) != token
    token = server.psql("SELECT driver_internal_info->>'agent_secret_token' FROM nodes WHERE name = 'n'")
    assert lookup(server, node) == '******', 'a token was shown twice'
    heartbeat(server, token)
    reaches(server, 'clean hold')
    heartbeat(server, token)
    assert state(server) == 'clean hold'
    ask(server, 'unhold')
    reaches(server, 'clean wait')
    heartbeat(server, token)
    node = reaches(server, 'manageable')
    assert 'agent_url' not in node['driver_internal_info'], node['driver_internal_info']


def test_a_waiting_step_is_resumed(env):
    server = env.standalone()
    manageable(server)
    ask(server, 'clean', clean_steps=[{'interface': 'power', 'step': 'wait'}, RESET])
    reaches(server, 'clean wait')
    resume(server)
    node = reaches(server, 'manageable')
    assert node['last_error'] is None and node['clean_step'] == {}
    # a step that cannot be left half done is aborted when it ends
    ask(server, 'clean', clean_steps=[{'interface': 'power', 'step': 'wait'}, RESET])
    reaches(server, 'clean wait')
    server.psql("UPDATE nodes SET clean_step = (clean_step::jsonb || '{\"abortable\": false}')::json")
    ask(server, 'abort')
    node = harness.eventually(lambda: (lambda n: n if n['clean_step'].get('abort_after') else None)(server.node('n')))
    assert node['provision_state'] == 'clean wait', node
    resume(server)
    node = reaches(server, 'clean failed')
    assert 'aborted' in node['last_error'] and not node['maintenance'], node


def test_waiting_too_long_fails(env):
    server = env.standalone({'conductor': {'clean_callback_timeout': '1', 'check_provision_state_interval': '0.5'}})
    manageable(server)
    ask(server, 'clean', clean_steps=[{'interface': 'power', 'step': 'wait'}])
    node = reaches(server, 'clean failed')
    assert 'Timeout reached while cleaning the node' in node['last_error'], node
    assert 'power.wait (1 of 1)' in node['last_error'] and node['fault'] == 'clean failure', node
    assert len(history(server)) == 1


@harness.timeout(240)
def test_a_conductor_killed_in_the_second_of_three_steps(env):
    server = env.standalone({'fake': {'raid_delay': '60'}, 'conductor': FAST_LEASE})
    manageable(server)
    ask(server, 'clean', clean_steps=[RESET, DELETE_RAID, RESET])

    def is_in_the_second():
        return server.node('n')['driver_internal_info'].get('clean_step_index') == 1
    harness.eventually(is_in_the_second, 20, what='the second step')
    assert server.node('n')['clean_step']['step'] == 'delete_configuration'
    old = server.kill_child('ferrule-conductor')
    harness.eventually(lambda: server.child_pid('ferrule-conductor') != old, 10, what='a new conductor')
    node = reaches(server, 'clean failed', 60)
    assert 'raid.delete_configuration (2 of 3)' in node['last_error'], node['last_error']
    assert node['fault'] == 'clean failure' and node['maintenance'] is True
    assert node['clean_step'] == {} and node['target_provision_state'] == 'manageable'
    events = [row['Description of the event'] for row in history(server)]
    assert any('raid.delete_configuration (2 of 3)' in event for event in events), events
    server.client('node', 'maintenance', 'unset', 'n')
    server.client('node', 'manage', 'n', '--wait', '30')
    server.program.stop()


def test_guards(env):
    server = env.standalone({'conductor': {'max_concurrent_clean': '1', 'max_concurrent_deploy': '1'},
                             'fake': {'deploy_delay': '3', 'raid_delay': '3'}})
    manageable(server, 'a')
    manageable(server, 'b')
    ask(server, 'clean', 'a', clean_steps=[DELETE_RAID])
    answer = ask(server, 'clean', 'b', status=503, clean_steps=[RESET])
    assert 'The concurrent limit for cleaning has been reached' in answer.fault(), answer
    ask(server, 'provide', 'b') # which the limit lets through
    reaches(server, 'available', name='b')
    server.client('node', 'manage', 'b', '--wait', '30')
    reaches(server, 'manageable', name='a')
    server.client('node', 'maintenance', 'set', 'b', '--reason', 'broken')
    answer = ask(server, 'clean', 'b', status=400, clean_steps=[RESET])
    assert 'maintenance' in answer.fault(), answer
    server.client('node', 'provide', 'b', '--wait', '30')
    answer = ask(server, 'active', 'b', status=400)
    assert 'maintenance' in answer.fault(), answer
    server.client('node', 'maintenance', 'unset', 'b')
    server.client('node', 'provide', 'a', '--wait', '30')
    ask(server, 'active', 'b')
    answer = ask(server, 'active', 'a', status=503)
    assert 'The concurrent limit for provisioning has been reached' in answer.fault(), answer
    reaches(server, 'active', name='b')
    server.client('node', 'manage', 'a', '--wait', '30')
    ask(server, 'clean', 'a', clean_steps=[DELETE_RAID])
    answer = ask(server, 'deleted', 'b', status=503)
    assert 'The concurrent limit for unprovisioning has been reached' in answer.fault(), answer
    reaches(server, 'manageable', name='a')
    server.client('node', 'set', 'b', '--protected')
    for target in ('rebuild', 'deleted'):
        assert ask(server, target, 'b', status=403).fault().endswith('cannot be undeployed, rebuilt or deleted')
    server.client('node', 'unset', 'b', '--protected')
    server.client('node', 'set', 'b', '--retired')
    ask(server, 'deleted', 'b')
    node = reaches(server, 'manageable', name='b')
    assert node['target_provision_state'] is None
    assert 'retired' in ask(server, 'provide', 'b', status=400).fault()


def test_bodies_are_refused_by_the_member_that_is_wrong(env):
    server = env.standalone()
    manageable(server)
    for steps, word in [([{'step': 'x'}], 'interface'), ([{'interface': 'raid'}], 'step'),
                        (['x'], 'object'), ([], 'too short'), ([{**RESET, 'colour': 1}], 'colour'),
                        ([{**RESET, 'args': []}], 'args'), ([{'interface': 'boot', 'step': 'x'}], 'interface'),
                        ([{**RESET, 'order': -1}], 'order'),
                        ([{'interface': 'vendor', 'step': 'send_raw'}], 'send_raw'),
                        ([{**RESET, 'execute_on_child_nodes': 1}], 'execute_on_child_nodes')]:
        answer = ask(server, 'clean', status=400, clean_steps=steps)
        assert 'clean_steps' in answer.fault() and word in answer.fault(), answer
    assert 'clean_steps' in ask(server, 'clean', status=400).fault()
    assert 'disable_ramdisk' in ask(server, 'inspect', status=400, disable_ramdisk=True).fault()
    ask(server, 'clean', status=404, runbook='none')
    server.client('node', 'provide', 'n', '--wait', '30')
    for drive, word in [(5, 'configdrive'), ({'meta_data': []}, 'meta_data'), ({'colour': {}}, 'colour'),
                        ({'user_data': 5}, 'user_data')]:
        answer = ask(server, 'active', status=400, configdrive=drive)
        assert word in answer.fault(), answer
    answer = server.call('PUT', '/v1/nodes/n/states/provision', {'target': 'active', 'configdrive': {}},
                         version='1.55')
    assert answer.status == 406, answer
    answer = ask(server, 'active', status=400, deploy_steps=[{**RESET, 'args': {}}])
    assert 'priority' in answer.fault(), answer
    assert state(server) == 'available'


harness.main()
