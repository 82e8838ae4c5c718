#!/usr/bin/python3
"""Settings of the BIOS: what conductors store of them and when, what the API and its clients show, and the steps
that change them."""
import harness
from test_redfish_node import redfish_pair

REGISTRY_MEMBERS = ('attribute_type', 'allowable_values', 'lower_bound', 'max_length', 'min_length', 'read_only',
                    'reset_required', 'unique', 'upper_bound')


def settings_of(server, node='n'):
    return {row['name']: row for row in server.ok('GET', f'/v1/nodes/{node}/bios?detail=true')['bios']}


def reaches(server, wanted, node='n'):
    def is_there():
        row = server.node(node)
        return row if row['provision_state'] == wanted and not row['reservation'] else None
    return harness.eventually(is_there, 90, what=f'{node} in state "{wanted}"')


def ask(server, target, wanted, node='n', **body):
    server.ok('PUT', f'/v1/nodes/{node}/states/provision', {'target': target, **body}, status=202)
    return reaches(server, wanted, node)


def clean(server, *steps, node='n', wanted='manageable'):
    return ask(server, 'clean', wanted, node, clean_steps=list(steps))


def apply(**settings):
    return {'interface': 'bios', 'step': 'apply_configuration',
            'args': {'settings': [{'name': name, 'value': value} for name, value in settings.items()]}}


def test_what_is_applied_to_the_fake_bios_is_shown(env):
    server = env.standalone()
    uuid = server.create_fake('n')['uuid']
    ask(server, 'manage', 'manageable')
    assert server.ok('GET', '/v1/nodes/n/bios') == {'bios': []}
    clean(server, apply(Turbo='On', Delay=5, Quiet=True))
    first = settings_of(server)
    assert {name: row['value'] for name, row in first.items()} == {'Delay': '5', 'Quiet': 'True', 'Turbo': 'On'}
    clean(server, apply(Turbo='Off', Delay=5, **{'odd "name"/é': 'x'}))
    second = settings_of(server)
    assert set(second) == {'Delay', 'Turbo', 'odd "name"/é'}, second
    assert second['Delay'] == first['Delay'] and first['Turbo']['updated_at'] is None
    assert second['Turbo']['created_at'] == first['Turbo']['created_at'] and second['Turbo']['updated_at']
    check_views(server, uuid, second)
    check_clients(server)
    clean(server, {'interface': 'bios', 'step': 'factory_reset'})
    assert server.ok('GET', '/v1/nodes/n/bios') == {'bios': []}
    assert server.call('GET', '/v1/nodes/n/bios/Turbo').status == 404


def check_views(server, uuid, rows):
    """Versions, fields, detail and one setting alone."""
    times = ['created_at', 'links', 'updated_at']
    for query, version, more in (('', '1.40', ['name', 'value']), ('', '1.74', ['name', 'value']),
                                 ('?fields=value', '1.74', ['value']), ('?fields=links,unique', '1.74', ['unique']),
                                 ('?detail=false', '1.74', ['name', 'value']),
                                 ('?detail=true', '1.74', ['name', 'value', *REGISTRY_MEMBERS])):
        listed = server.call('GET', '/v1/nodes/n/bios' + query, version=version).json['bios']
        assert len(listed) == 3 and all(sorted(row) == sorted(times + more) for row in listed), (query, listed)
    for query, version in (('?detail=true', '1.73'), ('?fields=name', '1.73'), ('?fields=bogus', '1.74'),
                           ('?fields=name&detail=true', '1.74'), ('?detail=maybe', '1.74')):
        assert server.call('GET', '/v1/nodes/n/bios' + query, version=version).status == 400, (query, version)
    alone = server.ok('GET', '/v1/nodes/n/bios/Turbo')
    links = [link['href'] for link in alone['Turbo'].pop('links')]
    assert alone == {'Turbo': {key: value for key, value in rows['Turbo'].items() if key != 'links'}}, alone
    assert links == [f'{server.url}/v1/nodes/{uuid}/bios/Turbo', f'{server.url}/nodes/{uuid}/bios/Turbo'], links
    old = server.call('GET', '/v1/nodes/n/bios/Turbo', version='1.40').json['Turbo']
    assert sorted(old) == sorted(times + ['name', 'value']), old
    odd = rows['odd "name"/é']['links'][0]['href'].removeprefix(server.url)
    assert odd == '/v1/nodes/n/bios/odd%20%22name%22%2F%C3%A9', odd
    assert server.ok('GET', odd)['odd "name"/é']['value'] == 'x'
    missing = server.call('GET', '/v1/nodes/n/bios/None')
    assert missing.status == 404 and missing.fault() == f"Node {uuid} doesn't have a BIOS setting 'None'", missing


def check_clients(server):
    listed = server.client_json('node', 'bios', 'setting', 'list', 'n')
    assert {row['BIOS setting name']: row['BIOS setting value'] for row in listed}['Delay'] == '5', listed
    detailed = server.client_json('node', 'bios', 'setting', 'list', 'n', '--long')
    assert len(detailed) == 3 and 'Read Only' in detailed[0], detailed
    shown = server.client_json('node', 'bios', 'setting', 'show', 'n', 'Turbo')
    assert shown['name'] == 'Turbo' and shown['value'] == 'Off' and shown['allowable_values'] == [], shown


def test_wrong_settings_fail_the_step(env):
    server = env.standalone()
    server.create_fake('n')
    ask(server, 'manage', 'manageable')
    for settings, sentence in (([], 'must be a list of BIOS settings'), ('x', 'must be a list of BIOS settings'),
                               ([{'name': 'A'}], 'Item 1'), ([{'name': '', 'value': 1}], 'Item 1'),
                               ([{'name': 'A', 'value': 1}, {'name': 'B', 'value': {}}], 'Item 2'),
                               ([{'name': 'A' * 256, 'value': 1}], 'Item 1'),
                               ([{'name': 'A', 'value': 1, 'more': 2}], 'Item 1'),
                               ([{'name': 'A', 'value': 1}, {'name': 'A', 'value': 2}], 'A is given twice')):
        step = {'interface': 'bios', 'step': 'apply_configuration', 'args': {'settings': settings}}
        node = clean(server, step, wanted='clean failed')
        assert sentence in node['last_error'], (settings, node['last_error'])
        server.ok('DELETE', '/v1/nodes/n/maintenance', status=202)
        ask(server, 'manage', 'manageable')
    assert server.ok('GET', '/v1/nodes/n/bios') == {'bios': []}


def test_a_redfish_node_tells_its_settings(env):
    rack, server = redfish_pair(env, {'redfish': {'boot_mode_config_interval': '0.2'}})
    assert server.node('box')['bios_interface'] == 'redfish'
    ask(server, 'manage', 'manageable', 'box')
    before = settings_of(server, 'box')
    bmc = rack.redfish('box', '/redfish/v1/Systems/1/Bios')['Attributes']
    assert set(before) == set(bmc)
    delay = before['SetupDelay']
    assert [delay[name] for name in ('value', 'attribute_type', 'lower_bound', 'upper_bound', 'read_only',
                                     'reset_required', 'unique')] == ['5', 'Integer', 0, 60, False, True, None], delay
    assert before['BootMode']['allowable_values'] == ['Uefi', 'Bios'] and before['FirmwareBuild']['read_only'] is True
    clean(server, apply(SetupDelay='7', QuietBoot=False), node='box')
    after = settings_of(server, 'box')
    assert {name for name, row in after.items() if row != before[name]} == {'SetupDelay', 'QuietBoot'}, after
    assert after['SetupDelay']['value'] == '7' and after['QuietBoot']['value'] == 'False'
    assert all(after[name]['updated_at'] and after[name]['created_at'] == before[name]['created_at']
               for name in ('SetupDelay', 'QuietBoot')), after
    node = clean(server, apply(SetupDelay=99), node='box', wanted='clean failed')
    assert 'bios.apply_configuration' in node['last_error'] and 'setting(s): SetupDelay' in node['last_error'], node
    server.ok('DELETE', '/v1/nodes/box/maintenance', status=202)
    ask(server, 'manage', 'manageable', 'box')
    clean(server, {'interface': 'bios', 'step': 'factory_reset'}, node='box')
    assert {name: row['value'] for name, row in settings_of(server, 'box').items()} == {
        name: row['value'] for name, row in before.items()}


if __name__ == '__main__':
    harness.main()
