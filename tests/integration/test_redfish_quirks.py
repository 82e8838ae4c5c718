#!/usr/bin/python3
"""test_redfish_quirks: what makes of BMC do otherwise, one profile of bmcsim each, met by the redfish driver. The
profiles that test_redfish_driver meets already are not repeated; a profile without a case fails the last one."""
import base64
import http.client
import json
import pathlib
import re
import subprocess

import harness
from test_redfish_driver import SYSTEM, count, requests, rig

IMAGE = 'http://images.example/a.iso'
CASES = {}


def shows(profile):
    """Decorator: the case is that of the profile, whose name it takes."""
    def mark(function):
        CASES[profile] = function.__name__
        function.profile = profile
        return function
    return mark


def writes(rack):
    """What the BMC got but GETs and logins, as (what, status)."""
    return [(what, status) for what, status in requests(rack) if not what.startswith('GET') and 'Sessions' not in what]


def ask(rack, method, path, body):
    """A request past the driver; gives the status."""
    bmc = rack.bmcs['box']
    connection = http.client.HTTPConnection(bmc['listen'], timeout=20)
    login = base64.b64encode(f'{bmc["user"]}:{bmc["password"]}'.encode()).decode()
    connection.request(method, path, json.dumps(body),
                       {'Content-Type': 'application/json', 'Authorization': f'Basic {login}'})
    status = connection.getresponse().status
    connection.close()
    return status


@shows('dell-busy')
def test_dell_sys518_is_waited_out(env):
    rack, driver = rig(env, profile='dell-busy')
    assert driver.ok('power')['power'] == 'power on'
    driver.ok('set:power off:30')
    assert [status for what, status in requests(rack) if 'Systems/1' in what][:3] == [503, 503, 200], requests(rack)
    assert [status for what, status in writes(rack)][:2] == [400, 204], writes(rack)


@shows('dell-media')
def test_dell_media_that_stay_for_a_while(env):
    rack, driver = rig(env, profile='dell-media')
    driver.ok(f'attach:cdrom:{IMAGE}', 'detach:cdrom')
    assert rack.set('box', latency_ms=0)['redfish']['media'][0] is None
    assert [status for what, status in writes(rack) if 'EjectMedia' in what][0] == 503


@shows('dell-tasks')
def test_dell_task_that_vanishes_is_no_failure(env):
    rack, driver = rig(env, profile='dell-tasks')
    driver.ok('set:power off:20', 'set:power on:20', 'set:rebooting:20')
    assert {status for what, status in writes(rack)} == {202}
    assert rack.set('box', latency_ms=0)['power'] == 'on'


@shows('dell-mode-job')
def test_dell_one_time_boot_device_is_not_used_up_by_a_mode_job(env):
    rack, driver = rig(env, profile='dell-mode-job')
    mode = rack.redfish_system('box')['Boot']['BootSourceOverrideMode']
    for names, booted in (({'BootSourceOverrideMode': mode}, 'disk'), ({}, 'pxe')):
        boot = {'BootSourceOverrideTarget': 'Pxe', 'BootSourceOverrideEnabled': 'Once', **names}
        assert ask(rack, 'PATCH', SYSTEM, {'Boot': boot}) == 204
        driver.ok('set:rebooting:20')
        assert rack.set('box', latency_ms=0)['booted'] == booted, names
    driver.ok(f'mode:{mode.lower()}', 'boot:disk', 'boot:pxe', 'set:rebooting:20')
    assert rack.set('box', latency_ms=0)['booted'] == 'pxe'


@shows('hpe-post')
def test_hpe_boot_device_waits_for_the_end_of_post(env):
    rack, driver = rig(env, profile='hpe-post')
    driver.ok('set:rebooting:30', 'boot:pxe')
    statuses = [status for what, status in writes(rack) if what.startswith('PATCH')]
    assert statuses[0] == 400 and statuses[-1] == 204, statuses
    assert rack.set('box', latency_ms=0)['boot']['device'] == 'pxe'


@shows('hpe-busy')
def test_hpe_reset_is_tried_again_unless_the_state_explains_it(env):
    rack, driver = rig(env, profile='hpe-busy')
    driver.ok('set:power off:30')
    assert [status for what, status in writes(rack)] == [400, 204], writes(rack)
    assert rack.set('box', latency_ms=0)['power'] == 'off'
    body = json.dumps({'error': {'@Message.ExtendedInfo': [
        {'MessageId': 'iLO.2.14.InvalidOperationForSystemState', 'Message': 'Power is off.'}]}})
    rack.set('box', fault={'kind': 'status', 'status': 400, 'match': 'Reset', 'text': body})
    assert 'Power is off.' in driver.fails('nmi')['error']
    assert len(writes(rack)) == 3, writes(rack)


@shows('hpe-events')
def test_hpe_dropped_subscription_is_told_and_power_is_polled(env):
    rack, driver = rig(env, profile='hpe-events')
    listener = json.dumps({'Destination': f'http://127.0.0.1:{harness.free_port()}/'})
    driver.ok(f'call:create_subscription:POST:{listener}')
    number = json.dumps({'id': driver.ok('call:get_all_subscriptions:GET:{}')['result']['Members'][0]
                         ['@odata.id'].rpartition('/')[2]})
    driver.ok(f'call:get_subscription:GET:{number}')
    assert ask(rack, 'POST', '/redfish/v1/EventService/Actions/EventService.SubmitTestEvent', {}) == 204
    rack.set('box', power='off')
    assert driver.ok('power')['power'] == 'power off'
    assert driver.ok('call:get_all_subscriptions:GET:{}')['result']['Members'] == []
    assert 'returned code 404' in driver.fails(f'call:get_subscription:GET:{number}')['error']
    driver.fails(f'call:delete_subscription:DELETE:{number}', 'NotFound')
    driver.ok(f'call:create_subscription:POST:{listener}')
    assert len(driver.ok('call:get_all_subscriptions:GET:{}')['result']['Members']) == 1


@shows('hpe-none')
def test_hpe_override_is_never_ended_by_none(env):
    rack, driver = rig(env, profile='hpe-none')
    driver.ok('boot:pxe:persistent', 'boot:disk', 'boot:cdrom')
    assert rack.set('box', latency_ms=0)['boot']['device'] == 'cdrom'
    assert {status for what, status in writes(rack)} == {204}, writes(rack)


@shows('supermicro-media')
def test_supermicro_plain_insert_and_an_image_that_stays(env):
    rack, driver = rig(env, profile='supermicro-media')
    driver.ok(f'attach:cdrom:{IMAGE}', 'detach:cdrom')
    shown = driver.ok('vmedia')
    assert not any(slot['inserted'] for slot in shown['result']), shown
    driver.ok(f'attach:cdrom:{IMAGE}')
    assert rack.set('box', latency_ms=0)['redfish']['media'][0] == IMAGE
    line = driver.run('secure:true')[0]  # without its license: said, not crashed
    assert line['rc'] == 0 or 'license' in line['error'], line


@shows('supermicro-usbcd')
def test_supermicro_boots_media_as_usb_cd(env):
    rack, driver = rig(env, profile='supermicro-usbcd')
    driver.ok('boot:cdrom')
    assert rack.redfish_system('box')['Boot']['BootSourceOverrideTarget'] == 'UsbCd'
    assert driver.ok('boot')['device'] == 'cdrom'
    driver.ok('set:rebooting:20')
    assert rack.set('box', latency_ms=0)['booted'] == 'cdrom'


@shows('supermicro-cd')
def test_supermicro_ars_boots_media_as_cd(env):
    rack, driver = rig(env, profile='supermicro-cd')
    driver.ok('boot:cdrom')
    assert rack.redfish_system('box')['Boot']['BootSourceOverrideTarget'] == 'Cd'
    driver.ok('set:rebooting:20')
    assert rack.set('box', latency_ms=0)['booted'] == 'cdrom'


@shows('asrockrack-sd')
def test_asrockrack_boot_is_written_at_sd(env):
    rack, driver = rig(env, profile='asrockrack-sd')
    assert ask(rack, 'PATCH', SYSTEM, {'Boot': {'BootSourceOverrideTarget': 'Pxe'}}) == 400
    before = len(writes(rack))
    driver.ok('boot:pxe:persistent')
    assert writes(rack)[before:] == [(f'PATCH {SYSTEM}/SD', 204)], writes(rack)
    assert (driver.ok('boot')['device'], driver.ok('boot')['persistent']) == ('pxe', 1)
    assert 'Target@Redfish' not in json.dumps(rack.redfish('box', f'{SYSTEM}/SD'))


@shows('lenovo-media')
def test_lenovo_media_by_patch(env):
    rack, driver = rig(env, profile='lenovo-media')
    driver.ok(f'attach:cdrom:{IMAGE}')
    assert rack.set('box', latency_ms=0)['redfish']['media'][0] == IMAGE
    driver.ok('detach:cdrom')
    assert rack.set('box', latency_ms=0)['redfish']['media'][0] is None
    assert {what.split()[0] for what, _ in writes(rack)} == {'PATCH'}


@shows('lenovo-se450')
def test_lenovo_settings_without_boot_are_passed_over(env):
    rack, driver = rig(env, profile='lenovo-se450')
    driver.ok('boot:pxe')
    assert rack.set('box', latency_ms=0)['boot']['device'] == 'pxe'
    assert driver.ok('boot')['device'] == 'pxe'


@shows('cisco')
def test_cisco_slots_of_the_console_are_passed_over(env):
    rack, driver = rig(env, profile='cisco')
    driver.ok(f'attach:cdrom:{IMAGE}')
    assert rack.set('box', latency_ms=0)['redfish']['media'] == [None, None, IMAGE]
    assert len(driver.ok('macs')['result']) == 2  # the adapters' ports know them
    driver.ok('inspect')
    assert count(rack, '/Systems/1/EthernetInterfaces') == 0


@shows('huawei')
def test_huawei_old_link_and_if_match(env):
    rack, driver = rig(env, profile='huawei')
    driver.ok('boot:pxe', f'attach:cdrom:{IMAGE}')
    state = rack.set('box', latency_ms=0)
    assert state['boot']['device'] == 'pxe' and state['redfish']['media'][0] == IMAGE, state


@shows('nokia')
def test_nokia_boot_in_settings_and_protocol_of_media(env):
    rack, driver = rig(env, profile='nokia')
    driver.ok('boot:cdrom', f'attach:cdrom:{IMAGE}')
    state = rack.set('box', latency_ms=0)
    assert state['boot']['device'] == 'cdrom' and state['redfish']['media'][0] == IMAGE, state
    assert any('/Settings' in what and status == 204 for what, status in writes(rack))


@shows('gigabyte')
def test_gigabyte_etag_that_never_matches(env):
    rack, driver = rig(env, profile='gigabyte')
    driver.ok('boot:pxe')
    assert [status for what, status in writes(rack)] == [412, 204], writes(rack)


@shows('nvidia-dgx')
def test_nvidia_dgx_credentials_for_media_and_missing_members(env):
    rack, driver = rig(env, profile='nvidia-dgx')
    driver.ok('power', f'attach:cdrom:{IMAGE}', 'macs', 'inspect', 'sensors')
    assert rack.set('box', latency_ms=0)['redfish']['media'][0] == IMAGE


@shows('etag-twice')
def test_bmcweb_etag_twice(env):
    rack, driver = rig(env, profile='etag-twice')
    driver.ok('boot:pxe')
    assert [status for what, status in writes(rack)] == [204], writes(rack)


@shows('etag-quoted')
def test_some_etag_quoted_twice(env):
    rack, driver = rig(env, profile='etag-quoted')
    driver.ok('boot:pxe')
    assert writes(rack)[-1][1] == 204 and len(writes(rack)) <= 3, writes(rack)


@shows('etag-empty')
def test_some_etag_empty(env):
    rack, driver = rig(env, profile='etag-empty')
    driver.ok('boot:pxe')
    assert writes(rack)[-1][1] == 204 and len(writes(rack)) <= 2, writes(rack)


@shows('stale-power')
def test_some_power_state_is_old(env):
    rack, driver = rig(env, profile='stale-power')
    driver.ok('power', 'set:power off:20')
    assert rack.set('box', latency_ms=0)['power'] == 'off'
    assert driver.ok('power')['power'] == 'power off'
    assert count(rack, 'ComputerSystem.Reset') == 1


@shows('slow-tasks')
def test_some_task_is_waited_for(env):
    rack, driver = rig(env, profile='slow-tasks')
    line = driver.ok('boot:pxe')
    assert count(rack, 'GET /redfish/v1/TaskService/TaskMonitors/1') == 3 and line['ms'] >= 2000, line
    driver.ok('set:power off:20')  # seen by the state, not by the task
    assert count(rack, 'GET /redfish/v1/TaskService/TaskMonitors/1') == 3


@shows('failing-tasks')
def test_some_task_that_fails_says_why(env):
    _, driver = rig(env, profile='failing-tasks')
    line = driver.fails('boot:pxe')
    assert 'ended as Exception' in line['error'] and 'The settings were not taken.' in line['error'], line


@shows('terse')
def test_some_leave_out_location_and_context(env):
    rack, driver = rig(env, profile='terse')
    driver.ok('power', 'power', 'set:power off:10')
    assert count(rack, 'POST /redfish/v1/SessionService/Sessions') == 1
    made = driver.ok('call:create_subscription:POST:' + json.dumps({'Destination': 'https://listener.example/'}))
    assert made['result']['Destination'] == 'https://listener.example/', made


@shows('plain-urls')
def test_some_take_no_image_url_with_a_query(env):
    rack, driver = rig(env, profile='plain-urls')
    for url in (f'{IMAGE}?token=1', IMAGE.replace('.iso', '&b.iso')):
        line = driver.fails(f'attach:cdrom:{url}', 'InvalidParameterValue')
        assert 'URL has ? or &' in line['error'] and 'The Image is not a valid URI.' in line['error'], line
    assert {status for what, status in writes(rack)} == {400}, writes(rack)
    driver.ok(f'attach:cdrom:{IMAGE}')
    assert rack.set('box', latency_ms=0)['redfish']['media'][0] == IMAGE


def test_every_profile_has_a_case(env):
    shown = subprocess.run([harness.BIN / 'bmcsim', '--help'], capture_output=True, text=True, env=env.environment,
                           timeout=20, check=True).stdout
    profiles = set(re.search(r'^Profiles: (.*)$', shown, re.M).group(1).split())
    others = pathlib.Path(__file__).with_name('test_redfish_driver.py').read_text()
    met = set(CASES) | {name for name in profiles if f"'{name}'" in others}
    assert profiles - met <= {'generic'}, profiles - met
    assert set(CASES) <= profiles, set(CASES) - profiles


if __name__ == '__main__':
    harness.main()
