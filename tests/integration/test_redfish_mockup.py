#!/usr/bin/python3
"""test_redfish_mockup: bmcsim serves captured trees, and what acts in them acts: Reset, boot override, media,
settings, sessions, subscriptions. A small tree of our own in every run; those captured from real BMCs, driven by
python3-sushy, where $FERRULE_MOCKUPS (../shared/redfish-mockups) has them."""
import io
import json
import os
import pathlib
import subprocess
import tarfile

import harness
from test_redfish_service import Client, SUBSCRIPTIONS, message_of

MOCKUPS = pathlib.Path(os.environ.get('FERRULE_MOCKUPS', harness.SHARED / 'redfish-mockups'))
ROOT = '/redfish/v1'
NODE = ROOT + '/Systems/Node'
LONG = ROOT + '/Chassis/' + 'shelf-' * 20 + '1'


def link(path):
    return {'@odata.id': path}


def collection(kind, *members):
    return {'@odata.type': f'#{kind}Collection.{kind}Collection', 'Members': [link(m) for m in members],
            'Members@odata.count': len(members)}


TREE = {
    '/redfish': {'v1': '/redfish/v1/'},
    ROOT: {'@odata.type': '#ServiceRoot.v1_5_0.ServiceRoot', 'Systems': link(ROOT + '/Systems'),
           'Links': {'Sessions': link(ROOT + '/SessionService/Sessions')}},
    ROOT + '/Systems': collection('ComputerSystem', NODE, ROOT + '/Systems/Board'),
    ROOT + '/Systems/Board': {'@odata.type': '#ComputerSystem.v1_20_0.ComputerSystem', 'PowerState': 'On'},
    NODE: {
        '@odata.type': '#ComputerSystem.v1_20_0.ComputerSystem', '@odata.etag': '"old"', 'Id': 'Node',
        'PowerState': 'On', 'IndicatorLED': 'Off', 'AssetTag': None,
        'Boot': {'BootSourceOverrideEnabled': 'Disabled', 'BootSourceOverrideTarget': 'None',
                 'BootSourceOverrideTarget@Redfish.AllowableValues': ['None', 'Pxe', 'UsbCd'], 'BootOrder': ['b1']},
        '@Redfish.Settings': {'SettingsObject': link(NODE + '/Settings')},
        'Actions': {'#ComputerSystem.Reset': {'target': NODE + '/Actions/ComputerSystem.Reset',
                                              '@Redfish.ActionInfo': NODE + '/ResetActionInfo'}}},
    NODE + '/ResetActionInfo': {'Parameters': [{'Name': 'ResetType',
                                                'AllowableValues': ['On', 'ForceOff', 'ForceRestart']}]},
    NODE + '/Settings': {'@odata.type': '#ComputerSystem.v1_20_0.ComputerSystem', 'Boot': {}},
    ROOT + '/Managers/M/VirtualMedia/1': {
        '@odata.type': '#VirtualMedia.v1_4_0.VirtualMedia', 'Inserted': False, 'Image': None,
        'Actions': {'#VirtualMedia.InsertMedia': {
            'target': ROOT + '/Managers/M/VirtualMedia/1/Actions/VirtualMedia.InsertMedia'}}},
    ROOT + '/Managers/M/VirtualMedia/2': {'@odata.type': '#VirtualMedia.v1_4_0.VirtualMedia', 'Inserted': False,
                                          'Image': None, 'WriteProtected': True},
    ROOT + '/EventService': {'@odata.type': '#EventService.v1_0_0.EventService', 'Subscriptions': link(SUBSCRIPTIONS)},
    LONG: {'@odata.type': '#Chassis.v1_0_0.Chassis', 'Id': 'long'},
}


def write_folder(folder, tree):
    for path, document in tree.items():
        place = folder / path.lstrip('/')
        place.mkdir(parents=True, exist_ok=True)
        (place / 'index.json').write_text(json.dumps({'@odata.id': path, **document}))
    place = folder / 'redfish/v1/$metadata'
    place.mkdir(parents=True)
    (place / 'index.xml').write_text('<edmx:Edmx Version="4.0"/>')
    (folder / 'README').write_text('not a resource')
    return folder


def client_of(env, tree, **options):
    return Client(env.rack({'box': {'protocol': 'redfish', 'mockup': tree, **options}}))


def test_folder_and_archives_are_the_same(env):
    folder = write_folder(env.folder / 'captured', TREE)
    names = [folder]
    for suffix, mode, form in (('.tar', 'w', tarfile.GNU_FORMAT), ('.tar.gz', 'w:gz', tarfile.PAX_FORMAT),
                               ('.tar.xz', 'w:xz', tarfile.USTAR_FORMAT)):
        names.append(env.folder / f'captured{suffix}')
        with tarfile.open(names[-1], mode, format=form) as archive:
            archive.add(folder, 'captured')
    for number, name in enumerate(names):
        client = client_of(env, name) if number else None
        if not client:  # the program's own option instead of the rack's
            rack = env.rack({'box': {'protocol': 'redfish'}}, '--mockup', name)
            client = Client(rack)
        for path, document in TREE.items():
            shown = client.call('GET', path + '/').json
            expected = {'@odata.id': path, **document}
            expected.pop('@odata.etag', None)
            assert shown == expected, (name, path, shown)
        metadata = client.call('GET', ROOT + '/$metadata', login=False)
        assert metadata.text.startswith('<edmx') and metadata.headers['content-type'].startswith('application/xml')
        assert client.call('GET', ROOT + '/Systems/1').status == 404
        assert client.call('GET', NODE, login=False).status == 401
        assert client.call('GET', ROOT, login=False).status == 200


def test_bad_trees_are_refused_at_the_start(env):
    empty = env.folder / 'empty'
    empty.mkdir()
    binary = env.folder / 'binary' / 'redfish' / 'v1'
    binary.mkdir(parents=True)
    (binary / 'index.json').write_bytes(b'{"a": "\xff"}')
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode='w') as archive:
        archive.add(write_folder(env.folder / 'good', TREE), 'good')
    (env.folder / 'cut.tar.xz').write_bytes(b'\xfd7zXZ\x00' + bytes(40))
    (env.folder / 'noise.tar').write_bytes(os.urandom(4096))
    for name, said in (('empty', 'There is no redfish'), ('missing', 'Cannot read the tree'), ('binary', 'not UTF-8'),
                       ('cut.tar.xz', 'unpack'), ('noise.tar', '')):
        rack = env.folder / 'bad.ini'
        harness.write_config(rack, {'box': {'protocol': 'redfish', 'listen': '127.0.0.1:0', 'user': 'a',
                                            'password': 'b', 'mockup': env.folder / name}})
        done = subprocess.run([harness.BIN / 'bmcsim', '--rack', rack], capture_output=True, text=True, timeout=30,
                              env=env.environment, check=False)
        assert done.returncode == 1 and 'option mockup' in done.stderr and said in done.stderr, (name, done)


def test_tree_acts(env):
    client = client_of(env, write_folder(env.folder / 'captured', TREE), on_delay_ms=300)

    def system():
        return client.call('GET', NODE).json

    reset = NODE + '/Actions/ComputerSystem.Reset'
    assert message_of(client.call('POST', reset, {'ResetType': 'Nmi'})) == 'ActionParameterValueNotInList'
    assert client.call('POST', reset, {'ResetType': 'ForceOff'}).status == 204
    assert system()['PowerState'] == 'Off'
    assert client.call('GET', ROOT + '/Systems/Board').json['PowerState'] == 'On'

    for boot, message in (({'BootSourceOverrideTarget': 'Hdd'}, 'PropertyValueNotInList'),
                          ({'BootSourceOverrideMode': 'UEFI'}, 'PropertyUnknown')):
        assert message_of(client.call('PATCH', NODE, {'Boot': boot})) == message
    etag = client.call('GET', NODE).headers['etag']
    once = {'BootSourceOverrideTarget': 'UsbCd', 'BootSourceOverrideEnabled': 'Once'}
    assert client.call('PATCH', NODE, {'Boot': once}, {'If-Match': etag}).status == 204
    assert client.call('PATCH', NODE, {'Boot': once}, {'If-Match': etag}).status == 412
    assert system()['Boot']['BootSourceOverrideTarget'] == 'UsbCd' and system()['Boot']['BootOrder'] == ['b1']
    client.call('POST', reset, {'ResetType': 'On'})
    assert system()['PowerState'] == 'PoweringOn'
    harness.eventually(lambda: system()['PowerState'] == 'On', 10, what='on')
    assert system()['Boot']['BootSourceOverrideEnabled'] == 'Disabled'
    settings = {'Boot': {'BootSourceOverrideTarget': 'Pxe', 'BootSourceOverrideEnabled': 'Continuous'}}
    assert client.call('PATCH', NODE + '/Settings', settings).status == 204
    assert system()['Boot']['BootSourceOverrideTarget'] == 'Pxe'

    media = ROOT + '/Managers/M/VirtualMedia/1'
    insert, eject = (media + '/Actions/VirtualMedia.' + action for action in ('InsertMedia', 'EjectMedia'))
    assert client.call('POST', eject, {}).status == 404
    assert client.call('POST', insert, {'Image': 'http://images.example/a.iso'}).status == 204
    assert message_of(client.call('POST', insert, {'Image': 'http://images.example/b.iso'})) == 'ResourceInUse'
    assert client.call('GET', media).json['Image'].endswith('a.iso')
    assert client.call('POST', eject, {}).status == 204
    assert client.call('GET', media).json['Inserted'] is False
    by_patch = media[:-1] + '2'
    assert client.call('PATCH', by_patch, {'Image': 'http://images.example/c.iso'}).status == 204
    assert client.call('GET', by_patch).json['Inserted'] is True
    assert client.call('PATCH', by_patch, {'Image': None}).status == 204
    assert client.call('GET', by_patch).json['Inserted'] is False

    made = client.call('POST', SUBSCRIPTIONS, {'Destination': 'https://listener.example/', 'Protocol': 'Redfish'})
    assert made.status == 201 and client.call('GET', SUBSCRIPTIONS).json['Members@odata.count'] == 1
    full = client.call('GET', ROOT + '/Systems?$expand=.').json['Members']
    assert [member['PowerState'] for member in full] == ['On', 'On']
    assert client.call('POST', NODE, {}).status == 405 and client.call('DELETE', NODE).status == 405


# ---- captured trees ----

def captured_case(env, make, **facts):
    archive = MOCKUPS / f'{make}.tar.xz'
    if not archive.exists():
        print(f'# the captured tree of {make} is not in {MOCKUPS}: left out')
        return
    import sushy  # pylint: disable=import-outside-toplevel
    rack = env.rack({'box': {'protocol': 'redfish', 'mockup': archive}})
    root = sushy.Sushy('http://' + rack.bmcs['box']['listen'], 'admin', 'rack-password')
    system = root.get_system(facts['system'])
    assert system.power_state == sushy.PowerState.ON and system.manufacturer == facts['manufacturer']
    system.reset_system(sushy.RESET_FORCE_OFF)
    system.refresh()
    assert system.power_state == sushy.PowerState.OFF
    system.set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE)
    system.refresh()
    assert system.boot.target == sushy.BOOT_SOURCE_TARGET_PXE
    system.reset_system(sushy.RESET_ON)
    system.refresh()
    assert system.power_state == sushy.PowerState.ON
    if not facts.get('has_override_in_settings'):
        assert system.boot.enabled == sushy.BOOT_SOURCE_ENABLED_DISABLED
    media = [one for one in root.get_manager(facts['manager']).virtual_media.get_members()
             if sushy.VirtualMediaType.CD in one.media_types][0]
    media.insert_media('http://images.example/a.iso')
    media.refresh()
    assert media.inserted and media.image_name == 'a.iso'
    media.eject_media()
    media.refresh()
    assert not media.inserted
    state = rack.set('box', latency_ms=0)
    assert state['booted'] == 'pxe' and state['counters']['sessions_opened'] == 1, state


@harness.timeout(180)
def test_captured_dell(env):
    captured_case(env, 'dell', system=ROOT + '/Systems/System.Embedded.1', manufacturer='Dell Inc.',
                  manager=ROOT + '/Managers/iDRAC.Embedded.1')


@harness.timeout(180)
def test_captured_hpe(env):
    captured_case(env, 'hpe', system=ROOT + '/Systems/1', manufacturer='HPE', manager=ROOT + '/Managers/1')


@harness.timeout(180)
def test_captured_supermicro(env):
    captured_case(env, 'supermicro', system=ROOT + '/Systems/1', manufacturer='Supermicro',
                  manager=ROOT + '/Managers/1')


@harness.timeout(180)
def test_captured_nvidia_gb200(env):
    captured_case(env, 'nvidia_gb200', system=ROOT + '/Systems/System_0', manufacturer=None,
                  manager=ROOT + '/Managers/BMC_0')


if __name__ == '__main__':
    harness.main()
