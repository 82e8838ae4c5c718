#!/usr/bin/python3
"""test_redfish_firmware: the step that updates firmware, against the simulated BMC: images that wait for a start, the
BMC's own, and such that are none."""
import json

import harness
from test_redfish_driver import requests, rig

QUICK = ('--option', 'firmware_update_status_interval=0.1', '--option', 'firmware_update_overall_timeout=3',
         '--option', 'firmware_update_bmc_version_check_timeout=1')
UPDATE = 'POST /redfish/v1/UpdateService/Actions/UpdateService.SimpleUpdate'


def update(*settings):
    return f'step:update:{json.dumps({"settings": list(settings)})}'


def image(component, name, **more):
    return {'component': component, 'url': f'http://images.example/{name}', **more}


def versions(driver):
    return {row['component']: row['current_version'] for row in driver.ok('firmware')['result']}


def resets(rack):
    return sum('ComputerSystem.Reset' in what for what, _ in requests(rack))


def test_images_are_taken_one_after_the_other(env):
    rack, driver = rig(env, QUICK, on_delay_ms=100)
    before = versions(driver)
    driver.ok(update(image('bios', 'bios-2.0.0.bin'), image('nic:FN1', 'nic-23.0.1.bin', wait=1)))
    assert versions(driver) == {**before, 'bios': '2.0.0', 'nic:FN1': '23.0.1'} and resets(rack) == 4
    assert rack.redfish_system('box')['PowerState'] == 'On'
    driver.ok('set:power off:10', update(image('bmc', 'bmc-1.9.bin')))
    assert versions(driver)['bmc'] == '1.9' and resets(rack) == 5
    driver.ok(update(image('bios', 'bios-2.1.bin')))
    assert versions(driver)['bios'] == '2.1' and rack.redfish_system('box')['PowerState'] == 'Off'
    # the version that is there already is waited for no longer than the option says
    assert driver.ok(update(image('bmc', 'bmc-1.9.bin')))['ms'] >= 1000
    assert sum(what == UPDATE for what, _ in requests(rack)) == 5


def test_what_fails_is_told(env):
    rack, driver = rig(env, QUICK)
    line = driver.fails(update(image('nic:FN1', 'holiday-1.jpg'), image('bios', 'bios-2.0.0.bin')))
    assert 'The firmware of nic:FN1 was not updated' in line['error'] and 'The image is none.' in line['error'], line
    assert resets(rack) == 0 and versions(driver)['bios'] == '1.0.0'
    rack.set('box', fault={'kind': 'status', 'status': 400, 'match': UPDATE})
    line = driver.fails(update(image('bios', 'bios-2.0.0.bin')))
    assert 'update firmware failed' in line['error'] and line['writes'] == 1, line


def test_wrong_settings_reach_no_bmc(env):
    rack, driver = rig(env, QUICK)
    good = image('bios', 'bios-2.0.0.bin')
    for settings in ([good, {'component': 'bios'}], [good, image('disk', 'x')], [good, image('nic:', 'x')],
                     [good, {'component': 'bmc', 'url': 'file:///etc/passwd'}], [good, {**good, 'url': 'http://'}],
                     [good, {**good, 'wait': 0}], [good, {**good, 'wait': 'x'}], [good, {**good, 'checksum': 'x'}],
                     [good, 'x'], [good, {**good, 'component': 5}]):
        line = driver.fails(update(*settings), 'InvalidParameterValue')
        assert 'Item 2 of the firmware settings' in line['error'] and line['writes'] == 0, line
    assert 'must be a list' in driver.fails(update(), 'InvalidParameterValue')['error']
    assert not requests(rack)


if __name__ == '__main__':
    harness.main()
