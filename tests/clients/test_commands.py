"""
Every command that the installed `openstack baremetal` has, used as it should be and, where that tells more, wrongly
too: the first changes what it says, the second ends in the server's sentence. A command without a row fails the case.
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import forked_client # noqa: E402 pylint: disable=wrong-import-position
import harness  # noqa: E402 pylint: disable=wrong-import-position

UUID = '22222222-2222-4222-8222-%012d'
STEP = {'interface': 'bios', 'step': 'factory_reset', 'args': {}}
STEPS = json.dumps([STEP])
WAIT = ('--wait', '60')
NONE = 'nobody'
LOST = 'could not be found'
SILENCE = 'nothing is printed'
NO_VERB = 'can not be performed'
ACTIONS = json.dumps([{'op': 'set-attribute', 'args': {'path': 'extra/seen', 'value': 'yes'}}])
NODES = f'{{"nodes": [{{"name": "from-file", "driver": "fake-hardware", "uuid": "{UUID % 1}"}}]}}'
BAD_NODES = f'{{"nodes": [{{"name": "other", "driver": "nothing", "uuid": "{UUID % 2}"}}]}}'
# In the story a node n has this port, group and so on.
NODE, CHASSIS, PORT, CONNECTOR, TARGET, ALLOCATION, RULE = (UUID % number for number in range(10, 17))


def row(command, words, proof, bad, sentence):
    """The command with `words` succeeds and makes `proof` true of the server (a path and what is in its answer) or is
    in what it prints; with `bad` it fails and says `sentence`. None: left out, the neighbours show as much."""
    return command, words, proof, bad, sentence


def at(path, **members):
    return path, members


N = '/v1/nodes/n'
STORY = (
    row('create', ('FOLDER/nodes.json',), at('/v1/nodes/from-file', driver='fake-hardware'),
        ('FOLDER/bad.json',), 'nothing'),
    row('chassis create', ('--uuid', CHASSIS, '--description', 'row 1'),
        at(f'/v1/chassis/{CHASSIS}', description='row 1'),
        ('--uuid', 'nonsense'), 'uuid'),
    row('chassis set', ('--description', 'row 2', '--extra', 'a=b', CHASSIS),
        at(f'/v1/chassis/{CHASSIS}', description='row 2', extra={'a': 'b'}),
        ('--description', 'x', UUID % 99), LOST),
    row('chassis unset', ('--extra', 'a', CHASSIS), at(f'/v1/chassis/{CHASSIS}', extra={}),
        ('--extra', 'a', CHASSIS), 'a'),
    row('chassis show', (CHASSIS,), 'row 2', (UUID % 99,), LOST),
    row('chassis list', (), CHASSIS, ('--sort', 'nonsense'), 'nonsense'),
    row('node create', ('--driver', 'fake-hardware', '--name', 'n', '--uuid', NODE, '--chassis', CHASSIS,
                        '--resource-class', 'small', '--automated-clean'),
        at(N, uuid=NODE, chassis_uuid=CHASSIS, automated_clean=True), ('--driver', 'nothing'), 'nothing'),
    row('node set', ('n', '--extra', 'a=b', '--description', 'd', '--owner', 'o', '--lessee', 'l'),
        at(N, extra={'a': 'b'}, description='d', owner='o', lessee='l'), ('n', '--driver', 'nothing'),
        'nothing'),
    row('node unset', ('n', '--extra', 'a', '--description', '--lessee'),
        at(N, extra={}, description=None, lessee=None),
        ('n', '--extra', 'a'), 'a'),
    row('node show', ('n',), NODE, (NONE,), LOST),
    row('node list', ('--long',), NODE, ('--fault', 'nonsense'), 'nonsense'),
    row('node validate', ('n',), 'power', None, None),
    row('node children list', ('n',), SILENCE, None, None),
    row('shard list', (), 'None', None, None),
    row('driver list', (), 'fake-hardware', ('--type', 'nonsense'), 'nonsense'),
    row('driver show', ('fake-hardware',), 'default_bios_interface', (NONE,),
        'Could not find the following driver'),
    row('driver property list', ('ipmi',), 'ipmi_address', (NONE,), 'unknown'),
    row('driver raid property list', ('fake-hardware',), 'raid_level', (NONE,), 'unknown'),
    row('driver passthru list', ('redfish',), 'get_service_root', (NONE,), 'unknown'),
    row('driver passthru call', None, None, ('redfish', 'nothing'),
        'nothing'), # its success: test_baremetal.py
    row('conductor list', ('--long',), 'fake-hardware', ('--sort', 'nonsense'), 'nonsense'),
    row('conductor show', ('HOST',), 'fake-hardware', (NONE,), LOST),
    row('node manage', ('n', *WAIT), at(N, provision_state='manageable'), ('n',), NO_VERB),
    row('node inspect', ('n', *WAIT), at(N, provision_state='manageable'), None, None),
    row('node inventory save', None, None, ('n',), LOST),
    row('node clean', ('n', '--clean-steps', STEPS, *WAIT), at(N, provision_state='manageable'),
        ('n', '--clean-steps', '[{"interface": "nothing", "step": "x"}]'), 'nothing'),
    row('node power on', ('n', '--power-timeout', '5'),
        at(N, power_state='power on', target_power_state=None),
        ('n', '--power-timeout', '-1'), 'timeout'),
    row('node reboot', ('n', '--soft'), at(N, power_state='power on', target_power_state=None), None, None),
    row('node power off', ('n', '--soft'), at(N, power_state='power off', target_power_state=None), None,
        None),
    row('node boot device set', ('n', 'pxe', '--persistent'), SILENCE, ('n', 'disk'), 'disk'),
    row('node boot device show', ('n',), 'pxe', (NONE,), LOST),
    row('node boot mode set', ('n', 'uefi'), SILENCE, ('n', 'nonsense'), 'nonsense'),
    row('node secure boot on', ('n',), SILENCE, None, None),
    row('node secure boot off', ('n',), SILENCE, None, None),
    row('node inject nmi', None, None, ('n',), 'does not support inject_nmi'),
    row('node console enable', ('n',), at(N, console_enabled=True), None, None),
    row('node console show', ('n',), 'console_info', (NONE,), LOST),
    row('node console disable', ('n',), at(N, console_enabled=False), None, None),
    row('node maintenance set', ('n', '--reason', 'dust'),
        at(N, maintenance=True, maintenance_reason='dust'), None, None),
    row('node maintenance unset', ('n',), at(N, maintenance=False, maintenance_reason=None), None, None),
    row('node passthru list', ('n',), 'second_method', None, None),
    row('node passthru call', ('n', 'second_method', '--arg', 'bar=kazoo'), SILENCE, ('n', 'second_method'),
        'bar'),
    row('node bios setting list', ('n',), SILENCE, None, None),
    row('node bios setting show', None, None, ('n', 'nothing'), 'nothing'), # its success: the redfish suites
    row('node firmware list', ('n',), SILENCE, None, None),
    row('node add trait', ('n', 'CUSTOM_A', 'CUSTOM_B'), at(N, traits=['CUSTOM_A', 'CUSTOM_B']),
        ('n', 'bad'), 'bad'),
    row('node trait list', ('n',), 'CUSTOM_A', None, None),
    row('node remove trait', ('n', 'CUSTOM_A'), at(N, traits=['CUSTOM_B']), ('n', 'CUSTOM_C'), 'CUSTOM_C'),
    row('node trait add', ('n', 'CUSTOM_A'), at(N, traits=['CUSTOM_A', 'CUSTOM_B']), ('n', 'bad'), 'bad'),
    row('node trait remove', ('n', '--all'), at(N, traits=[]), ('n', 'CUSTOM_C'), 'CUSTOM_C'),
    row('port group create', ('--node', NODE, '--name', 'g', '--mode', '802.3ad'),
        at('/v1/portgroups/g', mode='802.3ad'), ('--node', UUID % 99), UUID % 99),
    row('port group set', ('g', '--address', '52:54:00:00:00:09'),
        at('/v1/portgroups/g', address='52:54:00:00:00:09'),
        ('g', '--address', 'nonsense'), 'nonsense'),
    row('port group unset', ('g', '--address'), at('/v1/portgroups/g', address=None), ('g', '--extra', 'a'),
        'a'),
    row('port group show', ('g',), '802.3ad', (NONE,), LOST),
    row('port group list', ('--node', NODE), '| g ', ('--node', NONE), LOST),
    row('port create', ('52:54:00:00:00:01', '--node', NODE, '--uuid', PORT),
        at(f'/v1/ports/{PORT}', address='52:54:00:00:00:01'),
        ('52:54:00:00:00:01', '--node', NODE), 'already exists'),
    row('port set', (PORT, '--address', '52:54:00:00:00:02', '--extra', 'a=b'),
        at(f'/v1/ports/{PORT}', address='52:54:00:00:00:02'), (PORT, '--address', 'nonsense'), 'nonsense'),
    row('port unset', (PORT, '--extra', 'a'), at(f'/v1/ports/{PORT}', extra={}),
        (PORT, '--extra', 'a'), 'a'),
    row('port show', (PORT,), '52:54:00:00:00:02', (UUID % 99,), LOST),
    row('port list', ('--address', '52:54:00:00:00:02'), PORT, ('--node', NONE), LOST),
    row('node vif attach', ('n', UUID % 50), SILENCE, None, None),
    row('node vif list', ('n',), SILENCE, None, None),
    row('node vif detach', ('n', UUID % 50), SILENCE, None, None),
    row('port delete', (PORT,), at(f'/v1/ports?node={NODE}', ports=[]), (PORT,), LOST),
    row('port group delete', ('g',), at(f'/v1/portgroups?node={NODE}', portgroups=[]), ('g',), LOST),
    row('volume connector create',
        ('--node', NODE, '--type', 'iqn', '--connector-id', 'iqn.1', '--uuid', CONNECTOR),
        at(f'/v1/volume/connectors/{CONNECTOR}', connector_id='iqn.1'),
        ('--node', NODE, '--type', 'iqn', '--connector-id', 'iqn.1'), 'already exists'),
    row('volume connector set', (CONNECTOR, '--connector-id', 'iqn.2', '--extra', 'a=b'),
        at(f'/v1/volume/connectors/{CONNECTOR}', connector_id='iqn.2'), (CONNECTOR, '--node', UUID % 99),
        'cannot be changed'),
    row('volume connector unset', (CONNECTOR, '--extra', 'a'),
        at(f'/v1/volume/connectors/{CONNECTOR}', extra={}),
        (CONNECTOR, '--extra', 'a'), 'a'),
    row('volume connector show', (CONNECTOR,), 'iqn.2', (UUID % 99,), LOST),
    row('volume connector list', (), CONNECTOR, ('--node', NONE), LOST),
    row('volume connector delete', (CONNECTOR,), at('/v1/volume/connectors', connectors=[]), (CONNECTOR,),
        LOST),
    row('volume target create',
        ('--node', NODE, '--type', 'iscsi', '--boot-index', '0', '--volume-id', 'v', '--uuid', TARGET),
        at(f'/v1/volume/targets/{TARGET}', volume_id='v'),
        ('--node', NODE, '--type', 'iscsi', '--boot-index', '0', '--volume-id', 'w'), 'already exists'),
    row('volume target set', (TARGET, '--volume-id', 'w', '--extra', 'a=b', '--property', 'p=q'),
        at(f'/v1/volume/targets/{TARGET}', volume_id='w'), (TARGET, '--node', UUID % 99),
        'cannot be changed'),
    row('volume target unset', (TARGET, '--extra', 'a', '--property', 'p'),
        at(f'/v1/volume/targets/{TARGET}', extra={}),
        (TARGET, '--extra', 'a'), 'a'),
    row('volume target show', (TARGET,), 'iscsi', (UUID % 99,), LOST),
    row('volume target list', (), TARGET, ('--node', NONE), LOST),
    row('volume target delete', (TARGET,), at('/v1/volume/targets', targets=[]), (TARGET,), LOST),
    row('deploy template create', ('CUSTOM_T', '--steps', json.dumps([{**STEP, 'priority': 5}])),
        at('/v1/deploy_templates/CUSTOM_T', extra={}), ('CUSTOM_U', '--steps', '[]'), 'steps'),
    row('deploy template set', ('CUSTOM_T', '--extra', 'a=b'),
        at('/v1/deploy_templates/CUSTOM_T', extra={'a': 'b'}),
        ('CUSTOM_T', '--name', 'bad name'), 'bad name'),
    row('deploy template unset', ('CUSTOM_T', '--extra', 'a'), at('/v1/deploy_templates/CUSTOM_T', extra={}),
        ('CUSTOM_T', '--extra', 'a'), 'a'),
    row('deploy template show', ('CUSTOM_T',), 'factory_reset', (NONE,), LOST),
    row('deploy template list', (), 'CUSTOM_T', ('--sort', 'nonsense'), 'nonsense'),
    row('deploy template delete', ('CUSTOM_T',), at('/v1/deploy_templates', deploy_templates=[]),
        ('CUSTOM_T',), LOST),
    row('runbook create', ('--name', 'CUSTOM_R', '--steps', json.dumps([{**STEP, 'order': 1}])),
        at('/v1/runbooks/CUSTOM_R', public=False), ('--name', 'CUSTOM_S', '--steps', '[]'), 'steps'),
    row('runbook set', ('CUSTOM_R', '--extra', 'a=b'), at('/v1/runbooks/CUSTOM_R', extra={'a': 'b'}),
        ('CUSTOM_R', '--steps', '[]'), 'steps'),
    row('runbook unset', ('CUSTOM_R', '--extra', 'a'), at('/v1/runbooks/CUSTOM_R', extra={}),
        ('CUSTOM_R', '--extra', 'a'), 'a'),
    row('runbook show', ('CUSTOM_R',), 'factory_reset', (NONE,), LOST),
    row('runbook list', (), 'CUSTOM_R', ('--sort', 'nonsense'), 'nonsense'),
    row('runbook trait add', ('CUSTOM_R', 'CUSTOM_A', 'CUSTOM_B'),
        at('/v1/runbooks/CUSTOM_R/traits', traits=['CUSTOM_A', 'CUSTOM_B']), ('CUSTOM_R', 'bad'), 'bad'),
    row('runbook trait list', ('CUSTOM_R',), 'CUSTOM_A', None, None),
    row('runbook trait remove', ('CUSTOM_R', 'CUSTOM_A'),
        at('/v1/runbooks/CUSTOM_R/traits', traits=['CUSTOM_B']),
        None, None),
    row('runbook delete', ('CUSTOM_R',), at('/v1/runbooks', runbooks=[]), ('CUSTOM_R',), LOST),
    row('inspection rule create', ('--uuid', RULE, '--description', 'r', '--actions', ACTIONS),
        at(f'/v1/inspection_rules/{RULE}', description='r'),
        ('--actions', '[{"op": "nonsense", "args": {}}]'), 'nonsense'),
    row('inspection rule set', (RULE, '--priority', '7'), at(f'/v1/inspection_rules/{RULE}', priority=7),
        (RULE, '--phase', 'nonsense'), 'nonsense'),
    row('inspection rule unset', (RULE, '--priority'), at(f'/v1/inspection_rules/{RULE}', priority=0),
        None, None),
    row('inspection rule show', (RULE,), 'set-attribute', (UUID % 99,), LOST),
    row('inspection rule list', (), RULE, ('--sort', 'nonsense'), 'nonsense'),
    row('inspection rule delete', (RULE,), at('/v1/inspection_rules', inspection_rules=[]), (RULE,), LOST),
    row('node provide', ('n', *WAIT), at(N, provision_state='available'), ('n',), NO_VERB),
    row('allocation create', ('--resource-class', 'small', '--name', 'a', '--uuid', ALLOCATION, *WAIT),
        at('/v1/allocations/a', node_uuid=NODE), ('--resource-class', 'small', '--name', 'a'),
        'already exists'),
    row('allocation set', ('a', '--extra', 'k=v'), at('/v1/allocations/a', extra={'k': 'v'}),
        None, None),
    row('allocation unset', ('a', '--extra', 'k'), at('/v1/allocations/a', extra={}), ('a', '--extra', 'k'),
        'k'),
    row('allocation show', ('a',), NODE, (NONE,), LOST),
    row('allocation list', ('--state', 'active'), ALLOCATION, ('--sort', 'nonsense'), 'nonsense'),
    row('allocation delete', ('a',), at(N, allocation_uuid=None, instance_uuid=None), ('a',), LOST),
    row('node deploy', ('n', '--config-drive', '{"meta_data": {"a": "b"}}', *WAIT),
        at(N, provision_state='active'),
        ('n',), NO_VERB),
    row('node rebuild', ('n', *WAIT), at(N, provision_state='active'), None, None),
    row('node rescue', ('n', '--rescue-password', 'open sesame', *WAIT), at(N, provision_state='rescue'),
        None, None),
    row('node unrescue', ('n', *WAIT), at(N, provision_state='active'), ('n',), NO_VERB),
    row('node service', ('n', '--service-steps', '[{"interface": "power", "step": "hold"}]'),
        at(N, provision_state='service hold'), ('from-file', '--service-steps', STEPS), NO_VERB),
    row('node unhold', ('n',), at(N, provision_state='active'), ('n',), NO_VERB),
    row('node undeploy', ('n', *WAIT), at(N, provision_state='available', instance_info={}), ('n',), NO_VERB),
    row('node adopt', None, None, ('n',), NO_VERB), # its success: test_openstack.py
    row('node abort', None, None, ('n',), NO_VERB),
    row('node history list', ('n',), 'set_secure_boot_state', None, None),
    row('node history get', None, None, ('n', UUID % 99), UUID % 99),
    row('node delete', ('n', 'from-file'), at('/v1/nodes', nodes=[]), ('n',), LOST),
    row('chassis delete', (CHASSIS,), at('/v1/chassis', chassis=[]), (CHASSIS,), LOST),
)


def proves(server, proof):
    path, members = proof

    def is_so():
        answer = server.get(path).json
        return all(answer.get(name) == value for name, value in members.items())
    harness.eventually(is_so, 30, what=f'{members} at {path} (there is {server.get(path)!r})')


def use(client, command, words, proof, fill):
    said = client(*command.split(), *map(fill, words))
    if isinstance(proof, tuple):
        proves(client.server, proof)
    elif proof == SILENCE:
        assert said.strip() == '', said
    else:
        assert proof in said, said


def misuse(client, command, words, sentence, fill):
    said = client(*command.split(), *map(fill, words), is_failing=True)
    assert sentence in said and 'Traceback' not in said, said


def tell(client, folder, story):
    """Each command of the story that the client has; gives what went wrong."""
    (folder / 'nodes.json').write_text(NODES)
    (folder / 'bad.json').write_text(BAD_NODES)
    host = client.server.ok('GET', '/v1/conductors')['conductors'][0]['hostname']
    problems = []

    def fill(word):
        return word.replace('FOLDER', str(folder)).replace('HOST', host)
    for command, words, proof, bad, sentence in story:
        if not client.knows(command):
            continue
        try:
            if words is not None:
                use(client, command, words, proof, fill)
            if bad is not None:
                misuse(client, command, bad, sentence, fill)
        except AssertionError as problem:
            problems.append(f'{command}: {problem}')
    return problems


@harness.timeout(240)
def test_every_command(env):
    with forked_client.client_of(env) as client:
        told = {'baremetal_' + command.replace(' ', '_') for command, *_ in STORY}
        assert client.commands <= told, f'commands without a row: {sorted(client.commands - told)}'
        problems = tell(client, env.folder, STORY)
        assert not problems, '\n'.join(problems)


harness.main()
