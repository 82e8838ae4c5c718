#!/usr/bin/python3
"""test_redfish_writes: what the redfish driver writes besides power and boot device: virtual media with what single
makes want, boot mode and secure boot that take effect at a boot, keys, indicators, the BMC's clock. The BMC is a tree
of test_redfish_trees that can be written to, with a rule for each make."""
import contextlib
import datetime
import http.server
import json
import re
import subprocess
import threading

import harness
from test_redfish_driver import CLIENT
from test_redfish_trees import ROOT, documents, driver_of

SYSTEM = ROOT + '/Systems/1'
SECURE_BOOT = SYSTEM + '/SecureBoot'
MANAGER = ROOT + '/Managers/1'
SLOTS = MANAGER + '/VirtualMedia'
IMAGE = 'http://images.example/a.iso'
QUICK = ('--option', 'boot_mode_config_interval=0.1', '--option', 'boot_mode_config_timeout=2')


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    wbufsize = 1 << 16

    def answer(self, status, document=None):
        body = json.dumps(document if document is not None else {}).encode() if status != 204 else b''
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # pylint: disable=invalid-name
        document = self.server.bmc.tree.get(self.path.partition('?')[0].rstrip('/'))
        self.answer(200 if document is not None else 404, document)

    def write(self):
        text = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        body = json.loads(text) if text else None
        self.server.bmc.written.append((self.command, self.path.removeprefix(ROOT), body))
        status, text = self.server.bmc.write(self.command, self.path, body)
        self.answer(status, {'error': {'message': text}} if text else None)

    do_PATCH = do_POST = write

    def log_message(self, *args):
        pass


class Bmc:
    """The older tree, whose system can be reset and whose media are ejected and inserted; `rule` may answer first."""

    def __init__(self, rule=None):
        self.tree, self.rule, self.written, self.resets = documents('older'), rule, [], []
        self.pending = []   # what happens at the next boot
        for slot in ('CD', 'USB'):
            path = f'{SLOTS}/{slot}'
            self.tree[path]['Actions'] = {
                f'#VirtualMedia.{verb}': {'target': f'{path}/Actions/VirtualMedia.{verb}'}
                for verb in ('InsertMedia', 'EjectMedia')}
        self.tree[SECURE_BOOT]['Actions'] = {
            '#SecureBoot.ResetKeys': {'target': SECURE_BOOT + '/Actions/SecureBoot.ResetKeys'}}

    def write(self, method, path, body):
        answer = self.rule(self, method, path, body) if self.rule else None
        return answer or getattr(self, method.lower())(path, body)

    def patch(self, path, body):
        document = self.tree[path]
        for name, value in body.items():
            document[name] = {**document.get(name, {}), **value} if isinstance(value, dict) else value
        return 204, None

    def post(self, path, body):
        owner, action = self.tree[path.partition('/Actions/')[0]], path.rpartition('.')[2]
        if action == 'Reset':
            self.resets.append(body['ResetType'])
            owner['PowerState'] = 'Off' if body['ResetType'] == 'ForceOff' else 'On'
            if body['ResetType'] == 'On':
                for boot in self.pending:
                    boot()
        elif action == 'InsertMedia':
            owner.update(Image=body['Image'], Inserted=True)
        elif action == 'EjectMedia':
            owner.update(Image=None, Inserted=False)
        return 204, None


@contextlib.contextmanager
def served(env, rule=None):
    bmc = Bmc(rule)
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.bmc, server.daemon_threads = bmc, True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        driver = driver_of(env, f'http://127.0.0.1:{server.server_port}')
        driver.options.extend(QUICK)
        yield bmc, driver
    finally:
        server.shutdown()
        server.server_close()


# ---- virtual media ----

def wants(member, *others):
    """A BMC that refuses InsertMedia without the member, and says so."""
    def rule(bmc, method, path, body):
        if path.endswith('InsertMedia') and member not in body:
            return 400, f'The property {member} is missing'
        if path.endswith('InsertMedia') and any(other not in body for other in others):
            return 400, f'{others} go with it'
        return None
    return rule


def only_image(bmc, method, path, body):
    return (400, 'unknown property') if path.endswith('InsertMedia') and set(body) != {'Image'} else None


def no_actions(bmc, method, path, body):
    return (405, 'no such action') if method == 'POST' else None


def busy_twice(bmc, method, path, body):
    tries = sum(written[1].endswith('InsertMedia') for written in bmc.written)
    return (500, 'in a moment') if path.endswith('InsertMedia') and tries < 3 else None


MAKES = {   # by make: the rule, and the members that went along in the end
    'plain': (None, {}),
    'Supermicro wants Image alone': (only_image, {}),
    'Nokia wants TransferProtocolType': (wants('TransferProtocolType'), {'TransferProtocolType': 'HTTP'}),
    'TransferMethod is wanted': (wants('TransferMethod'), {'TransferMethod': 'Stream'}),
    'DGX wants credentials': (wants('UserName', 'Password'), {'UserName': 'none', 'Password': 'none'}),
    'Inserted is wanted': (wants('Inserted', 'WriteProtected'), {'Inserted': True, 'WriteProtected': True}),
    'iDRAC is busy': (busy_twice, {}),
}


def test_inserting_as_makes_want_it(env):
    for make, (rule, members) in MAKES.items():
        with served(env, rule) as (bmc, driver):
            driver.ok(f'attach:cdrom:{IMAGE}')
            assert bmc.tree[SLOTS + '/CD']['Image'] == IMAGE, (make, bmc.written)
            assert bmc.written[0][1].endswith('CD/Actions/VirtualMedia.EjectMedia'), (make, bmc.written)
            assert bmc.written[-1][2] == {'Image': IMAGE, **members}, (make, bmc.written)
            assert not bmc.tree[SLOTS + '/USB'].get('Inserted'), make


def test_lenovo_slots_without_actions_are_patched(env):
    with served(env, no_actions) as (bmc, driver):
        for slot in ('CD', 'USB'):
            del bmc.tree[f'{SLOTS}/{slot}']['Actions']
        driver.ok(f'attach:disk:{IMAGE}', f'attach:cdrom:{IMAGE}')
        body = {'Image': IMAGE, 'Inserted': True, 'WriteProtected': True}
        assert bmc.written == [('PATCH', '/Managers/1/VirtualMedia/USB', body),
                               ('PATCH', '/Managers/1/VirtualMedia/CD', {'Image': None, 'Inserted': False}),
                               ('PATCH', '/Managers/1/VirtualMedia/CD', body)], bmc.written
        driver.ok('detach')
        assert not any(bmc.tree[f'{SLOTS}/{slot}']['Inserted'] for slot in ('CD', 'USB'))


def test_cisco_slots_that_refuse_are_passed_over(env):
    def refuses(bmc, method, path, body):
        return (405, 'not this one') if 'USB' in path and path.endswith('InsertMedia') else None
    with served(env, refuses) as (bmc, driver):
        bmc.tree[SLOTS + '/USB']['MediaTypes'] = ['DVD']
        bmc.tree[SLOTS]['Members'].reverse()
        driver.ok(f'attach:cdrom:{IMAGE}')
        assert bmc.tree[SLOTS + '/CD']['Image'] == IMAGE
        bmc.tree[SLOTS]['Members'] = bmc.tree[SLOTS]['Members'][:1]
        line = driver.fails(f'attach:cdrom:{IMAGE}', 'InvalidParameterValue')
        assert 'takes the image' in line['error'] and 'not this one' in line['error'], line
        line = driver.fails(f'attach:floppy:{IMAGE}', 'InvalidParameterValue')
        assert 'No suitable virtual media device' in line['error'], line


def test_ejecting(env):
    def needs_body(bmc, method, path, body):
        return (415, 'no body') if path.endswith('EjectMedia') and body is None else None
    with served(env, needs_body) as (bmc, driver):
        driver.ok('detach:disk')
        assert bmc.written == [], bmc.written
        driver.ok('call:eject_vmedia:POST:{"boot_device": "dvd"}')
        assert [body for _, _, body in bmc.written] == [None, {}] and not bmc.tree[SLOTS + '/CD']['Inserted']
        driver.ok('detach')
        assert len(bmc.written) == 2, bmc.written


# ---- modes ----

def test_boot_mode_that_holds_at_once(env):
    with served(env) as (bmc, driver):
        driver.ok('mode:uefi', 'mode:uefi')
        assert bmc.written == [('PATCH', '/Systems/1', {'Boot': {'BootSourceOverrideMode': 'UEFI'}})], bmc.written
        assert driver.ok('facts')['boot_mode'] == 'uefi' and bmc.resets == []
        driver.fails('mode:openfirmware', 'InvalidParameterValue')


def later(path, apply):
    """A rule: PATCHes of the path are taken, and hold after the next boot."""
    def rule(bmc, method, written_path, body):
        if method != 'PATCH' or written_path != path:
            return None
        bmc.pending.append(lambda: apply(bmc, body))
        return 204, None
    return rule


def set_mode(bmc, body):
    bmc.tree[SYSTEM]['Boot']['BootSourceOverrideMode'] = body['Boot']['BootSourceOverrideMode']


def test_boot_mode_that_holds_after_a_boot(env):
    with served(env, later(SYSTEM, set_mode)) as (bmc, driver):
        driver.ok('mode:uefi')
        assert bmc.resets == ['ForceOff', 'On'] and bmc.tree[SYSTEM]['PowerState'] == 'On', bmc.resets
        bmc.tree[SYSTEM]['PowerState'] = 'Off'
        bmc.resets.clear()
        driver.ok('mode:bios')
        assert bmc.resets == ['On', 'ForceOff'] and bmc.tree[SYSTEM]['PowerState'] == 'Off', bmc.resets
    with served(env, later(SYSTEM, lambda bmc, body: None)) as (bmc, driver):
        assert 'did not take effect within 2 s' in driver.fails('mode:uefi')['error']


def test_boot_mode_that_is_not_told(env):
    with served(env) as (bmc, driver):
        del bmc.tree[SYSTEM]['Boot']['BootSourceOverrideMode']
        driver.ok('mode:uefi')
        assert bmc.resets == []
    with served(env, lambda *_: (400, 'no')) as (bmc, driver):
        del bmc.tree[SYSTEM]['Boot']['BootSourceOverrideMode']
        line = driver.fails('mode:uefi', 'UnsupportedDriverExtension')
        assert 'set_boot_mode' in line['error'], line


def test_secure_boot(env):
    with served(env) as (bmc, driver):
        driver.ok('secure:true')
        assert bmc.written == [], bmc.written   # it is on already
        driver.ok('secure:false')
        assert bmc.written == [('PATCH', '/Systems/1/SecureBoot', {'SecureBootEnable': False})], bmc.written
        line = driver.fails('secure:true')
        assert 'boot mode' in line['error'] and len(bmc.written) == 1, line   # the tree boots in Legacy mode
        driver.ok('step:reset_secure_boot_keys_to_default', 'step:clear_secure_boot_keys')
        assert [body for _, _, body in bmc.written[1:]] == [{'ResetKeysType': 'ResetAllKeysToDefault'},
                                                            {'ResetKeysType': 'DeleteAllKeys'}], bmc.written
        del bmc.tree[SYSTEM]['SecureBoot']
        for operation in ('secure:true', 'step:clear_secure_boot_keys'):
            driver.fails(operation, 'UnsupportedDriverExtension')
    with served(env, lambda bmc, method, path, body: (403, 'OemLicenseNotPassed') if 'Secure' in path else None) \
            as (bmc, driver):
        assert 'OemLicenseNotPassed' in driver.fails('secure:false')['error']


def test_secure_boot_that_holds_after_a_boot(env):
    def set_secure(bmc, body):
        bmc.tree[SECURE_BOOT].update(body)
    with served(env, later(SECURE_BOOT, set_secure)) as (bmc, driver):
        driver.ok('secure:false')
        assert bmc.resets == ['ForceOff', 'On'] and driver.ok('facts')['secure_boot'] == 0


# ---- indicators and clock ----

def test_indicators(env):
    with served(env) as (bmc, driver):
        for state, led in (('on', 'Lit'), ('blinking', 'Blinking'), ('off', 'Off')):
            line = driver.ok(f'led:{state}:chassis:1', 'led:?:chassis:1')
            assert line['result'] == state and bmc.tree[ROOT + '/Chassis/1']['IndicatorLED'] == led
        assert 'has no state purple' in driver.fails('led:purple:chassis:1', 'InvalidParameterValue')['error']
        del bmc.tree[ROOT + '/Chassis/1']['IndicatorLED']
        bmc.tree[ROOT + '/Chassis/1']['LocationIndicatorActive'] = False
        driver.ok('led:on:chassis:1')
        assert bmc.tree[ROOT + '/Chassis/1']['LocationIndicatorActive'] is True
        driver.fails('led:blinking:chassis:1', 'InvalidParameterValue')

    def newer_only(bmc, method, path, body):
        return (400, 'read-only') if 'IndicatorLED' in body else None
    with served(env, newer_only) as (bmc, driver):
        bmc.tree[ROOT + '/Chassis/1']['LocationIndicatorActive'] = False
        driver.ok('led:on:chassis:1')
        assert bmc.tree[ROOT + '/Chassis/1']['LocationIndicatorActive'] is True


def test_bmc_clock(env):
    with served(env) as (bmc, driver):
        bmc.tree[MANAGER]['DateTimeLocalOffset'] = '+00:00'
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds')
        driver.ok(f'step:set_bmc_clock:{json.dumps({"target_datetime": now, "datetime_local_offset": "+00:00"})}')
        assert bmc.written == [('PATCH', '/Managers/1', {'DateTime': now})], bmc.written
        driver.ok(f'step:set_bmc_clock:{json.dumps({"target_datetime": now, "datetime_local_offset": "+02:00"})}')
        assert bmc.written[-1][2] == {'DateTime': now, 'DateTimeLocalOffset': '+02:00'}, bmc.written
        for args, word in (({}, 'target_datetime'), ({'target_datetime': 'noon'}, 'target_datetime'),
                           ({'target_datetime': now, 'datetime_local_offset': 'CET'}, 'datetime_local_offset')):
            line = driver.fails(f'step:set_bmc_clock:{json.dumps(args)}', 'InvalidParameterValue')
            assert word in line['error'], line
    with served(env, lambda *_: (204, None)) as (bmc, driver):
        bmc.tree[MANAGER]['DateTime'] = '2001-01-01T00:00:00Z'
        assert "clock shows 2001" in driver.fails(f'step:set_bmc_clock:{json.dumps({"target_datetime": now})}')['error']


# ---- boot device ----

def test_targets_of_the_system_count_where_its_settings_list_none(env):
    with served(env, lambda *_: (204, None)) as (bmc, driver):
        boot = {'BootSourceOverrideTarget': 'None', 'BootSourceOverrideEnabled': 'Disabled'}
        bmc.tree[SYSTEM]['Boot'] = {
            **boot, 'BootSourceOverrideTarget@Redfish.AllowableValues': ['None', 'Pxe', 'UsbCd']}
        bmc.tree[SYSTEM]['@Redfish.Settings'] = {'SettingsObject': {'@odata.id': f'{SYSTEM}/SD'}}
        bmc.tree[f'{SYSTEM}/SD'] = {'@odata.id': f'{SYSTEM}/SD', 'Boot': boot}
        driver.ok('boot:cdrom')
        assert [(path, body['Boot']['BootSourceOverrideTarget']) for _, path, body in bmc.written] == [
            ('/Systems/1/SD', 'UsbCd')], bmc.written
        line = driver.fails('boot:disk', 'InvalidParameterValue')
        assert "['None', 'Pxe', 'UsbCd']" in line['error'], line


# ---- the documentation's table ----

def test_quirks_are_documented_and_met(env):
    table = subprocess.run([CLIENT, 'quirks'], capture_output=True, text=True, check=True, env=env.environment).stdout
    page = (harness.ROOT / 'docs' / 'drivers' / 'redfish.rst').read_text()
    assert page.endswith(table), 'docs/drivers/redfish.rst is older than drivers/redfish/quirk.c'
    profiles = subprocess.run([harness.BIN / 'bmcsim', '--help'], capture_output=True, text=True, check=True,
                              env=env.environment).stdout.partition('Profiles:')[2].partition('\n')[0].split()
    for cell in re.findall(r'     - ``(\S+)``$', table, re.M):
        file, _, case = cell.partition('.')
        if case:
            source = (harness.ROOT / 'tests' / 'integration' / f'test_{file}.py').read_text()
            assert f'def test_{case}(' in source, cell
        else:
            assert cell in profiles, cell


if __name__ == '__main__':
    harness.main()
