"""python-ironicclient, unmodified: `baremetal ...` and `openstack baremetal ...` against Ferrule."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402 pylint: disable=wrong-import-position

RACK = {
    'ipmi-1': {'protocol': 'ipmi', 'power': 'off'},
    'redfish-1': {'protocol': 'redfish', 'power': 'off'},
}
DOORS = {
    'baremetal': ('baremetal',),
    'openstack': ('openstack', 'baremetal'),
}


def driver_info(rack, name):
    """Arguments of `node create` that name the simulated BMC."""
    bmc = rack.bmcs[name]
    kind = bmc['protocol']
    info = {f'{kind}_username': bmc['user'], f'{kind}_password': bmc['password']}
    if kind == 'ipmi':
        info.update(ipmi_address='127.0.0.1', ipmi_port=rack.port(name))
    else:
        info.update(redfish_address=f'http://{bmc["listen"]}')
    return [word for key, value in info.items() for word in ('--driver-info', f'{key}={value}')]


def bmc_power(rack, name):
    """What an independent client of the protocol reads at the BMC."""
    if rack.bmcs[name]['protocol'] == 'ipmi':
        return rack.ipmitool(name, 'chassis', 'power', 'status').removeprefix('Chassis Power is ')
    return rack.redfish_system(name)['PowerState'].lower()


def switch_and_prove(server, rack, name, door):
    for state in ('on', 'off'):
        server.client('node', 'power', state, name, program=door)
        server.wait_power(name, f'power {state}')
        shown = server.client('node', 'show', name, '-f', 'value', '-c', 'power_state', program=door).strip()
        assert shown == f'power {state}', shown
        assert bmc_power(rack, name) == state


def check_power_and_passthru(env, door):
    server = env.standalone()
    rack = env.rack({name: dict(bmc) for name, bmc in RACK.items()})

    made = server.client_json('node', 'create', '--driver', 'ipmi', '--name', 'ipmi-1', *driver_info(rack, 'ipmi-1'),
                              program=door)
    assert made['driver'] == 'ipmi' and made['provision_state'] == 'enroll', made
    assert rack.bmcs['ipmi-1']['password'] not in str(made), 'a password was shown'
    server.client_json('node', 'create', '--driver', 'redfish', '--name', 'redfish-1',
                       *driver_info(rack, 'redfish-1'), program=door)
    listed = server.client_json('node', 'list', program=door)
    assert {node['Name'] for node in listed} == {'ipmi-1', 'redfish-1'}, listed

    switch_and_prove(server, rack, 'ipmi-1', door)
    switch_and_prove(server, rack, 'redfish-1', door)

    subscriptions = server.client('node', 'passthru', 'call', 'redfish-1', 'get_all_subscriptions', '--http-method',
                                  'GET', program=door)
    assert 'Members' in subscriptions, subscriptions
    methods = server.client_json('node', 'passthru', 'list', 'ipmi-1', program=door)
    assert {'send_raw', 'bmc_reset'} <= {method['Name'] for method in methods}, methods
    drivers = server.client_json('driver', 'list', program=door)
    assert {'ipmi', 'redfish', 'fake-hardware'} <= {driver['Supported driver(s)'] for driver in drivers}, drivers
    methods = server.client_json('driver', 'passthru', 'list', 'redfish', program=door)
    assert 'get_service_root' in {method['Name'] for method in methods}, methods
    bmc = rack.bmcs['redfish-1']
    # The client cannot print the result of a driver's method ('items'), whoever serves it: its trace shows it.
    root = server.client('driver', 'passthru', 'call', 'redfish', '--http-method', 'GET',
                         f'get_service_root?redfish_address=http://{bmc["listen"]}', is_failing=True,
                         program=(door[0], '--debug', *door[1:]))
    assert 'RedfishVersion' in root, root


@harness.timeout(240)
def test_baremetal_power_and_passthru(env):
    check_power_and_passthru(env, DOORS['baremetal'])


@harness.timeout(240)
def test_openstack_power_and_passthru(env):
    check_power_and_passthru(env, DOORS['openstack'])


def test_command_line_options_instead_of_environment(env):
    server = env.standalone()
    words = ['--os-auth-type', 'none', '--os-endpoint', server.url]
    server.client_environment = lambda: {'PATH': '/usr/bin:/bin', 'HOME': str(env.folder), 'LC_ALL': 'C.UTF-8'}
    server.client(*words, 'node', 'create', '--driver', 'fake-hardware', '--name', 'n')
    assert server.client(*words, 'node', 'list', '-f', 'value', '-c', 'Name').strip() == 'n'


@harness.timeout(240)
def test_fake_passthru_sync_and_async(env):
    server = env.standalone()
    server.create_fake('n')
    methods = {method['Name']: method for method in server.client_json('node', 'passthru', 'list', 'n')}
    assert {'second_method', 'third_method_sync', 'fourth_method_shared_lock'} <= set(methods), methods
    # The client fails to print a result that is no object, whoever serves it; the answer itself is right.
    for bar, result in (('meow', True), ('woof', False)):
        answer = server.call('POST', '/v1/nodes/n/vendor_passthru?method=third_method_sync', {'bar': bar})
        assert answer.status == 200 and answer.json is result, answer
    server.client('node', 'passthru', 'call', 'n', 'second_method', '--arg', 'bar=kazoo')
    said = server.client('node', 'passthru', 'call', 'n', 'third_method_sync', is_failing=True)
    assert 'bar' in said and '400' in said, said
    said = server.client('node', 'passthru', 'call', 'n', 'nothing', is_failing=True)
    assert 'nothing' in said, said


@harness.timeout(240)
def test_life_of_a_node(env):
    server = env.standalone()
    server.client('node', 'create', '--driver', 'fake-hardware', '--name', 'n', '--property', 'cpus=4')
    server.client('node', 'set', 'n', '--extra', 'rack=7', '--description', 'a machine')
    shown = server.client_json('node', 'show', 'n')
    assert shown['extra'] == {'rack': 7} or shown['extra'] == {'rack': '7'}, shown['extra']
    server.client('node', 'manage', 'n', '--wait', '20')
    assert server.node('n')['provision_state'] == 'manageable'
    server.client('node', 'provide', 'n', '--wait', '20')
    assert server.node('n')['provision_state'] == 'available'
    server.client('node', 'maintenance', 'set', 'n', '--reason', 'dust')
    shown = server.client_json('node', 'show', 'n', '--fields', 'maintenance', 'maintenance_reason')
    assert shown == {'maintenance': True, 'maintenance_reason': 'dust'}, shown
    server.client('node', 'maintenance', 'unset', 'n')
    server.client('node', 'boot', 'device', 'set', 'n', 'pxe')
    assert server.client_json('node', 'boot', 'device', 'show', 'n')['boot_device'] == 'pxe'
    results = server.client_json('node', 'validate', 'n')
    assert all(row['Result'] for row in results if row['Interface'] in ('power', 'management')), results
    server.client('node', 'reboot', 'n')
    server.wait_power('n', 'power on')
    server.client('node', 'delete', 'n')
    assert server.client_json('node', 'list') == []


@harness.timeout(240)
def test_drivers_and_conductors(env):
    server = env.standalone()
    shown = server.client_json('driver', 'show', 'ipmi')
    assert shown['name'] == 'ipmi' and shown['type'] == 'dynamic', shown
    properties = server.client('driver', 'property', 'list', 'ipmi')
    assert 'ipmi_address' in properties and 'redfish_address' not in properties
    conductors = server.client_json('conductor', 'list')
    assert len(conductors) == 1 and conductors[0]['Alive'] is True, conductors
    shown = server.client_json('conductor', 'show', conductors[0]['Hostname'])
    assert 'fake-hardware' in shown['drivers'], shown


def test_errors_reach_the_user(env):
    server = env.standalone()
    assert 'could not be found' in server.client('node', 'show', 'nobody', is_failing=True)
    said = server.client('node', 'create', '--driver', 'nothing', is_failing=True)
    assert 'nothing' in said, said
    server.create_fake('n')
    said = server.client('node', 'create', '--driver', 'fake-hardware', '--name', 'n', is_failing=True)
    assert 'already exists' in said, said


harness.main()
