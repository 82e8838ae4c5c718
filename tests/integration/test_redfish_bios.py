#!/usr/bin/python3
"""test_redfish_bios: the redfish BIOS interface: what it reads of captured trees and of odd ones, served by others,
and its steps against bmcsim, whose settings wait for a start."""
import contextlib
import gzip
import http.server
import json
import threading

import harness
from test_redfish_driver import requests, rig
from test_redfish_service import Client
from test_redfish_trees import Files, Nginx, Served, captured, driver_of, facts_of

SYSTEM = '/redfish/v1/Systems/1'
QUICK = ('--option', 'boot_mode_config_interval=0.1', '--option', 'boot_mode_config_timeout=2')
ENUMERATION = {'attribute_type': 'Enumeration', 'read_only': False, 'reset_required': True}

# Read in the trees by hand: how many attributes, and some settings as they are to be stored.
TREES = {
    'dell': (455, {
        'AcPwrRcvry': {'value': 'Last', 'allowable_values': ['Last', 'On', 'Off'], **ENUMERATION},
        'AcPwrRcvryUserDelay': {'value': '120', 'attribute_type': 'Integer', 'lower_bound': 120, 'upper_bound': 600,
                                'read_only': False, 'reset_required': True},
        'AssetTag': {'value': '', 'attribute_type': 'String', 'min_length': 0, 'max_length': 63, 'read_only': False,
                     'reset_required': True},
        'SystemModelName': {'value': 'PowerEdge R750', 'attribute_type': 'String', 'min_length': 0, 'max_length': 40,
                            'read_only': True, 'reset_required': True}}),
    'hpe': (277, {
        'AcpiHpet': {'value': 'Enabled', 'attribute_type': 'Enumeration', 'read_only': False,
                     'allowable_values': ['Enabled', 'Disabled']},
        'AdminEmail': {'value': '', 'attribute_type': 'String', 'read_only': False, 'min_length': 0,
                       'max_length': 28}}),
    'supermicro': (379, {
        'ADDDCSparing_3C3F': {'value': 'Enabled', 'attribute_type': 'Enumeration', 'read_only': False,
                              'allowable_values': ['Disabled', 'Enabled']},
        'QuietBoot_002D': {'value': 'True', 'attribute_type': 'Boolean', 'read_only': False}}),
    'nvidia_gb200': (403, {
        'ActiveCores': {'value': '144', 'attribute_type': 'Integer', 'lower_bound': 0, 'upper_bound': 336,
                        'read_only': False},
        'EGM': {'value': 'False', 'attribute_type': 'Boolean', 'read_only': False}}),
}


def settings_of(line):
    return {row.pop('name'): row for row in line['result']}


def step(name, **settings):
    args = {'settings': [{'name': key, 'value': value} for key, value in settings.items()]} if settings else {}
    return f'step:{name}:{json.dumps(args)}'


def applies(**settings):
    return step('apply_configuration', **settings)


def bios_of(rack, path=SYSTEM + '/Bios'):
    return rack.redfish('box', path)


# ---- reading ----

def check_captured(env, name):
    count, samples = TREES[name]
    folder = captured(env, name)
    with Served(Files(folder)) as served:
        line = driver_of(env, served.address, redfish_system_id=facts_of(name)['system']).ok('bios')
        assert len(served.server.asked) == 5, served.server.asked
    with Nginx(env, folder) as nginx:
        assert driver_of(env, nginx.address).ok('bios')['result'] == line['result']
    found = settings_of(line)
    assert len(found) == count, len(found)
    for key, members in samples.items():
        assert found[key] == members, (key, found[key])


def test_dell(env):
    check_captured(env, 'dell')


def test_hpe(env):
    check_captured(env, 'hpe')


def test_supermicro(env):
    check_captured(env, 'supermicro')


def test_nvidia_gb200(env):
    check_captured(env, 'nvidia_gb200')


def link(path):
    return {'@odata.id': path}


class Odd(http.server.BaseHTTPRequestHandler):
    """A BIOS of which every part may be of any kind; what is bytes goes out as it is."""
    protocol_version = 'HTTP/1.1'

    def do_GET(self):  # pylint: disable=invalid-name
        found = self.server.tree.get(self.path.rstrip('/'))
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def odd_server(handler, bios, registries=None, file=None, registry=None):
    """Such a BMC; the ends of its tree are as given."""
    root = '/redfish/v1/Registries'
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    server.daemon_threads, server.posted, server.address = True, [], f'http://127.0.0.1:{server.server_port}'
    server.handle_error = lambda *args: None  # it is no error here that what is too large is not read whole
    reset = {'#ComputerSystem.Reset': {'target': SYSTEM + '/Actions/ComputerSystem.Reset'}}
    server.tree = {'/redfish/v1': {'Systems': link('/redfish/v1/Systems')},
                   '/redfish/v1/Systems': {'Members': [link(SYSTEM)]},
                   SYSTEM: {'Id': '1', 'PowerState': 'On', 'Bios': link(SYSTEM + '/Bios'), 'Actions': reset},
                   SYSTEM + '/Bios': bios,
                   root: {'Members': [link(root + '/BiosAttributeRegistry')]} if registries is None else registries,
                   root + '/BiosAttributeRegistry': file if file is not None else {
                       'Id': 'r', 'Location': [{'Language': 'en', 'Uri': '/file.json'}]}, '/file.json': registry}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def odd_read(env, bios, **ends):
    """The driver's line for such a tree."""
    with odd_server(Odd, bios, **ends) as server:
        return driver_of(env, server.address, redfish_system_id=SYSTEM).run('bios')[0]


def entries(*rows):
    return {'RegistryEntries': {'Attributes': list(rows)}}


def test_odd_registries_leave_the_values(env):
    bios = {'Id': 'Bios', 'AttributeRegistry': 'BiosAttributeRegistry.v9', 'Attributes': {'A': 'x', 'N': 7}}
    plain = [{'name': 'A', 'value': 'x'}, {'name': 'N', 'value': '7'}]
    whole = json.dumps(entries({'AttributeName': 'A', 'Type': 'String'})).encode()
    for more in ({'registry': gzip.compress(whole)}, {'registry': None}, {'registry': b'[' * 9000},
                 {'registry': whole + b' ' * (5 << 20)}, {'registry': {'RegistryEntries': []}},
                 {'registry': entries('A', {'AttributeName': 5}, {'AttributeName': 'B'})}, {'registries': []},
                 {'registries': {'Members': {'0': 'x'}}}, {'registries': {'Members': [link('/redfish/v1/X')]}},
                 {'file': {'Id': 'r', 'Location': 'here'}}, {'file': {'Id': 'r', 'Location': [{'Uri': 7}]}},
                 {'file': {'Id': 'r', 'Location': [{'Language': 'en', 'Uri': 'http://192.0.2.1/file.json'}]}}):
        line = odd_read(env, bios, **more)
        assert line['rc'] == 0 and line['result'] == plain, (list(more), line)


def test_odd_attributes(env):
    long, many = 'L' * 256, {f'k{number}': number for number in range(9000)}
    attributes = {'': 'none', long: 'x', 'list': [1], 'object': {'a': {'b': 1}}, 'null': None, 'real': 1.5,
                  'huge': 9223372036854775807, 'on': True, 'password': 'hunter2', 'empty password': ''}
    registry = entries(
        {'AttributeName': 'on', 'Type': ['Boolean'], 'ReadOnly': 'yes', 'LowerBound': '1', 'UpperBound': 1e300},
        {'AttributeName': 'huge', 'Type': 'Integer', 'LowerBound': -9223372036854775808, 'UpperBound': 2.9,
         'IsSystemUniqueProperty': True, 'Value': 'x'},
        {'AttributeName': 'real', 'Value': [{'ValueName': 1}, 'x', {'ValueDisplayName': 'only'}, {'ValueName': 'n'}]},
        {'AttributeName': 'password', 'Type': 'Password'}, {'AttributeName': 'empty password', 'Type': 'Password'})
    line = odd_read(env, {'Id': 'Bios', 'Attributes': attributes}, registry=registry)
    assert settings_of(line) == {
        'list': {'value': None}, 'object': {'value': None}, 'null': {'value': None},
        'real': {'value': '1.5', 'allowable_values': ['only', 'n']}, 'on': {'value': 'True'},
        'huge': {'value': '9223372036854775807', 'attribute_type': 'Integer', 'lower_bound': -9223372036854775808,
                 'upper_bound': 2, 'unique': True},
        'password': {'value': '******', 'attribute_type': 'Password'},
        'empty password': {'value': '', 'attribute_type': 'Password'}}, line
    assert len(odd_read(env, {'Id': 'Bios', 'Attributes': many})['result']) == 8192
    for bios in (None, {'Id': 'Bios'}, {'Id': 'Bios', 'Attributes': ['A']}, b'not JSON'):
        line = odd_read(env, bios)
        assert line['rc'] < 0 and 'BIOS settings: the BMC shows none' in line['error'], (bios, line)


# ---- the steps ----

def test_settings_take_effect_at_the_next_start(env):
    rack, driver = rig(env, QUICK, on_delay_ms=200)
    factory = bios_of(rack)['Attributes']
    line = driver.ok(applies(BootMode='Bios', SetupDelay='9', QuietBoot='false', AssetNote='rack 7'))
    assert line['writes'] == 3, line  # the settings, off, on
    wanted = {**factory, 'BootMode': 'Bios', 'SetupDelay': 9, 'QuietBoot': False, 'AssetNote': 'rack 7'}
    assert bios_of(rack)['Attributes'] == wanted
    assert rack.redfish_system('box')['PowerState'] == 'On'
    assert driver.ok(applies(BootMode='Bios', SetupDelay=9))['writes'] == 0
    driver.ok('set:power off:10')
    assert driver.ok(applies(NumLock='Off'))['writes'] == 3
    assert rack.redfish_system('box')['PowerState'] == 'Off' and bios_of(rack)['Attributes']['NumLock'] == 'Off'
    assert settings_of(driver.ok('bios'))['SetupDelay'] == {
        'value': '9', 'attribute_type': 'Integer', 'lower_bound': 0, 'upper_bound': 60, 'read_only': False,
        'reset_required': True}
    assert driver.ok('step:factory_reset')['writes'] == 3
    assert bios_of(rack)['Attributes'] == factory
    assert rack.redfish_system('box')['PowerState'] == 'Off'
    # what waits for a start already is another reason to start
    assert Client(rack).call('PATCH', SYSTEM + '/Bios/Settings', {'Attributes': {'NumLock': 'Off'}}).status == 204
    assert driver.ok(applies(NumLock='On'))['writes'] == 3 and bios_of(rack)['Attributes'] == factory


def test_wrong_settings_reach_no_bmc(env):
    rack, driver = rig(env, QUICK)
    for settings, names in (({'BootMode': 'Legacy'}, 'BootMode'), ({'SetupDelay': 61}, 'SetupDelay'),
                            ({'SetupDelay': '-1'}, 'SetupDelay'), ({'SetupDelay': '5x'}, 'SetupDelay'),
                            ({'SetupDelay': 5.5}, 'SetupDelay'), ({'SetupDelay': '99999999999999999999'}, 'SetupDelay'),
                            ({'QuietBoot': 'On'}, 'QuietBoot'), ({'AssetNote': 'seventeen letters'}, 'AssetNote'),
                            ({'FirmwareBuild': '2'}, 'FirmwareBuild'), ({'None': 1, 'NumLock': 'On'}, 'None'),
                            ({'BootMode': 5, 'NumLock': 'x', 'SetupDelay': 7}, 'BootMode, NumLock')):
        line = driver.fails(applies(**settings), 'InvalidParameterValue')
        assert line['writes'] == 0 and line['error'].endswith(f'invalid value for setting(s): {names}'), line
    line = driver.fails(step('apply_configuration'), 'InvalidParameterValue')
    assert 'must be a list of BIOS settings' in line['error'], line
    assert not [what for what, _ in requests(rack) if what.startswith('PATCH')]


def test_a_refusal_fails_the_step(env):
    rack, driver = rig(env, QUICK)
    rack.set('box', fault={'kind': 'status', 'status': 400, 'match': 'PATCH ' + SYSTEM + '/Bios/Settings'})
    line = driver.fails(applies(NumLock='Off'))
    assert 'apply BIOS configuration failed' in line['error'] and line['writes'] == 1, line
    assert bios_of(rack)['Attributes']['NumLock'] == 'On'


class Deaf(Odd):
    """Accepts everything, and does nothing."""

    def do_POST(self):  # pylint: disable=invalid-name
        self.rfile.read(int(self.headers['Content-Length']))
        self.server.posted.append(self.path)
        self.send_response(204)
        self.end_headers()

    do_PATCH = do_POST  # pylint: disable=invalid-name


def test_what_does_not_take_effect_fails_by_name(env):
    bios = {'Id': 'Bios', 'Attributes': {'A': 'x', 'N': 7, 'B': False}}
    with odd_server(Deaf, bios, registry=entries({'AttributeName': 'P', 'Type': 'Password'})) as server:
        driver = driver_of(env, server.address, options=QUICK, redfish_system_id=SYSTEM)
        line = driver.run('field:disable_power_off:true', applies(A='x', N='8', B=True, P='hidden'))[-1]
        assert line['rc'] < 0 and 'Attributes N, B are not updated: It did not take effect' in line['error'], line
        assert 'hidden' not in line['error'] and server.posted == [
            SYSTEM + '/Bios', SYSTEM + '/Actions/ComputerSystem.Reset'], (line, server.posted)
        assert driver.run('field:disable_power_off:true', applies(P='hidden'))[-1]['rc'] == 0


def test_makes_with_conditions_and_tasks(env):
    for profile in ('lenovo', 'gigabyte', 'dell-idrac10'):
        rack, driver = rig(env, QUICK, profile=profile)
        driver.ok(applies(NumLock='Off', SetupDelay=0))
        found = bios_of(rack)['Attributes']
        assert (found['NumLock'], found['SetupDelay']) == ('Off', 0), (profile, found)


CAPTURED_STEPS = {
    'dell': ('/redfish/v1/Systems/System.Embedded.1/Bios', {'AcPwrRcvry': 'Off', 'AcPwrRcvryUserDelay': '130'},
             {'AcPwrRcvry': 'Off', 'AcPwrRcvryUserDelay': 130}),
    'hpe': ('/redfish/v1/systems/1/bios', {'AcpiHpet': 'Disabled'}, {'AcpiHpet': 'Disabled'}),
    'supermicro': ('/redfish/v1/Systems/1/Bios', {'QuietBoot_002D': 'False', 'ADDDCSparing_3C3F': 'Disabled'},
                   {'QuietBoot_002D': False, 'ADDDCSparing_3C3F': 'Disabled'}),
    'nvidia_gb200': ('/redfish/v1/Systems/System_0/Bios', {'ActiveCores': 8, 'EGM': 'True'},
                     {'ActiveCores': 8, 'EGM': True}),
}


def check_captured_steps(env, name):
    path, settings, written = CAPTURED_STEPS[name]
    folder = captured(env, name)
    rack, driver = rig(env, QUICK, mockup=folder)
    factory = bios_of(rack, path)['Attributes']
    driver.ok(applies(**settings))
    assert bios_of(rack, path)['Attributes'] == {**factory, **written}
    driver.ok('step:factory_reset')
    assert bios_of(rack, path)['Attributes'] == factory


def test_steps_on_a_captured_dell(env):
    check_captured_steps(env, 'dell')


def test_steps_on_a_captured_hpe(env):
    check_captured_steps(env, 'hpe')


def test_steps_on_a_captured_supermicro(env):
    check_captured_steps(env, 'supermicro')


def test_steps_on_a_captured_nvidia_gb200(env):
    check_captured_steps(env, 'nvidia_gb200')


if __name__ == '__main__':
    harness.main()
