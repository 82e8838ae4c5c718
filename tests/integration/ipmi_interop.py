"""ipmi_interop: one table of what the ipmi driver asks of a BMC, and what each of three implementations makes of it:
OpenIPMI's ipmi_sim, pyghmi's server and bmcsim. The test files beside it run it against their peer; where peers
differ, the row says how, so that a peer which changes is noticed."""
import re

OPENIPMI, PYGHMI, BMCSIM = 'openipmi', 'pyghmi', 'bmcsim'
BRIDGED = {'ipmi_bridging': 'single', 'ipmi_target_channel': 0}
UNKNOWN_COMMAND = r'invalid command \(C1h\)'
NO_ALGORITHM = r'refused cipher suite \d+: invalid authentication algorithm \(04h\)'
OTHER_SUITE = r'refused cipher suite \d+: no cipher suite match \(11h\)'

# What is asked: name, driver_info beside the peer's own, commands of ipmi_client; then patterns of the lines that it
# prints, the same for all or one by peer. A line that is to be an error makes the whole exit with status 1.
TABLE = (
    ('suite 3', {'ipmi_cipher_suite': 3}, ['status'], ['status: power off']),
    ('suite 2', {'ipmi_cipher_suite': 2}, ['status'],
     {OPENIPMI: ['status: power off'], PYGHMI: [OTHER_SUITE], BMCSIM: ['status: power off']}),
    ('suite 1', {'ipmi_cipher_suite': 1}, ['status'],
     {OPENIPMI: ['status: power off'], PYGHMI: [OTHER_SUITE], BMCSIM: ['status: power off']}),
    ('suite 0', {'ipmi_cipher_suite': 0}, ['status'],
     {OPENIPMI: ['status: power off'], PYGHMI: [OTHER_SUITE], BMCSIM: ['status: power off']}),
    ('suite 17', {'ipmi_cipher_suite': 17}, ['status'],
     {OPENIPMI: [NO_ALGORITHM], PYGHMI: [OTHER_SUITE], BMCSIM: ['status: power off']}),
    ('suite 15', {'ipmi_cipher_suite': 15}, ['status'],
     {OPENIPMI: [NO_ALGORITHM], PYGHMI: [OTHER_SUITE], BMCSIM: ['status: power off']}),
    ('suite 6 is not for us', {'ipmi_cipher_suite': 6}, ['status'],
     ['InvalidParameterValue: Invalid cipher suite value 6 in ipmi_cipher_suite']),
    ('suite found by trying', {}, ['status'], ['status: power off']),
    ('IPMI 1.5', {'ipmi_protocol_version': '1.5'}, ['on', 'status', 'off', 'status'],
     {OPENIPMI: ['power on: ok', 'status: power on', 'power off: ok', 'status: power off'],
      PYGHMI: ['has no authentication type of IPMI 1.5'] * 4,
      BMCSIM: ['power on: ok', 'status: power on', 'power off: ok', 'status: power off']}),
    ('power', {}, ['on', 'status', 'off', 'status', 'off', 'on', 'soft-off', 'status'],
     ['power on: ok', 'status: power on', 'power off: ok', 'status: power off', 'power off: ok', 'power on: ok',
      'soft power off: ok', 'status: power off']),
    ('boot device', {}, ['boot-set', 'pxe', 'once', 'boot-get', 'boot-set', 'cdrom', 'once', 'boot-get'],
     ['boot-set: ok', 'boot: pxe 0', 'boot-set: ok', 'boot: cdrom 0']),
    ('persistent boot device', {}, ['boot-set', 'disk', 'persistent', 'boot-get'],
     {OPENIPMI: ['boot-set: ok', 'boot: disk 0'],  # it drops the bit
      PYGHMI: ['boot-set: ok', 'boot: disk 0'],
      BMCSIM: ['boot-set: ok', 'boot: disk 1']}),
    ('safe boot device', {}, ['boot-set', 'safe', 'once'],
     {OPENIPMI: [r'refused Set System Boot Options: unspecified error \(FFh\)'],
      PYGHMI: ['boot-set: ok'], BMCSIM: ['boot-set: ok']}),
    ('NMI', {}, ['on', 'nmi', 'off'],
     {OPENIPMI: ['power on: ok', r'refused Chassis Control: invalid data field in request \(CCh\)', 'power off: ok'],
      PYGHMI: ['power on: ok', 'power off: ok'], BMCSIM: ['power on: ok', 'power off: ok']}),
    ('device id', {}, ['raw', '6 1'],
     {OPENIPMI: ['"0x00 0x03 0x09 .* 0x91 0x12 0x00 0x02 0x0f'], PYGHMI: ['"(0x.. ?){14}"'],  # its ids are too long
      BMCSIM: ['"0x20 0x01 .* 0x02 0xcf']}),
    ('system GUID', {}, ['raw', '6 0x37'],
     {OPENIPMI: ['"0x00 0x11 0x22 .* 0xff"'], PYGHMI: [f'Get System GUID: {UNKNOWN_COMMAND}'],
      BMCSIM: ['"(0x.. ?){16}"']}),
    ('warm reset', {}, ['reset', 'warm'],
     {OPENIPMI: [f'Warm Reset: {UNKNOWN_COMMAND}'], PYGHMI: [f'Warm Reset: {UNKNOWN_COMMAND}'],
      BMCSIM: ['bmc_reset: ok']}),
    ('unknown command', {}, ['raw', '0x06 0x99'], [f'command 0x06 0x99: {UNKNOWN_COMMAND}']),
    ('LAN address', {}, ['raw', '0x0c 2 1 3 0 0'],
     {OPENIPMI: ['"0x11 0x7f 0x00 0x00 0x01"'],
      PYGHMI: [f'Get LAN Configuration Parameters: {UNKNOWN_COMMAND}'], BMCSIM: ['"0x11 0x7f 0x00 0x00 0x01"']}),
    ('identify', {}, ['call', 'identify', '{"seconds": 20}'],
     {OPENIPMI: ['identify: ok'], PYGHMI: [f'Chassis Identify: {UNKNOWN_COMMAND}'], BMCSIM: ['identify: ok']}),
    ('sensors', {}, ['sensors'],
     {OPENIPMI: ['"31 .*degrees C".*"12.02.*Volts"'], PYGHMI: ['has no sensor with a reading'],
      BMCSIM: ['"7500 .*RPM".*"240 .*Watts".*"24 .*degrees C".*"12.02.*Volts"']}),
    ('records of sensors', {}, ['call', 'get_sdr', '{}'],
     {OPENIPMI: ['"name":"Air intake".*"name":"Rail 12v"'], PYGHMI: [r'"records":\[\]'],
      BMCSIM: ['"name":"Inlet Temp".*"name":"Rail 12V".*"name":"Memory ECC"']}),
    ('event log', {}, ['call', 'get_sel', '{}', 'call', 'clear_sel', '{}', 'call', 'get_sel', '{}'],
     {OPENIPMI: ['"event":"Upper Non-critical going high".*"count":1', 'clear_sel: ok', '"count":0'],
      PYGHMI: [f'Get SEL Info: {UNKNOWN_COMMAND}', f'Reserve SEL: {UNKNOWN_COMMAND}',
               f'Get SEL Info: {UNKNOWN_COMMAND}'],
      BMCSIM: ['"event":"Upper Non-critical going high".*"count":1', 'clear_sel: ok', '"count":0']}),
    ('inspection', {}, ['inspect'],
     {OPENIPMI: ['inventory:', '"firmware_version":"9.08".*"manufacturer_id":4753.*"fru":\\[\\]', 'properties'],
      PYGHMI: ['inventory:', '"firmware_version":"1.00".*"fru":\\[\\]', 'properties'],
      BMCSIM: ['"product_name":"Simulated server"', '"Board Serial":"machine".*"name":"PSU1 FRU"', 'properties']}),
    ('bridging', {**BRIDGED, 'ipmi_target_address': '0x30'}, ['raw', '6 1'],
     {OPENIPMI: ['"0x02 0x08 0x10'], PYGHMI: [f'Send Message: {UNKNOWN_COMMAND}'], BMCSIM: ['"0x20 0x81 0x01']}),
    ('bridging to nobody', {**BRIDGED, 'ipmi_target_address': '0x44'}, ['raw', '6 1'],
     {OPENIPMI: [r'Send Message: no acknowledge from the target \(83h\)'],
      PYGHMI: [f'Send Message: {UNKNOWN_COMMAND}'],
      BMCSIM: [r'Send Message: no acknowledge from the target \(83h\)']}),
    ('wrong password', {'ipmi_password': 'wrong'}, ['status'],
     ["invalid credentials: the password of user '.*' is wrong"]),
    ('unknown user', {'ipmi_username': 'nobody', 'option.command_retry_timeout': 1}, ['status'],
     {OPENIPMI: [r"invalid credentials for user 'nobody': unauthorized name \(0Dh\)"],
      PYGHMI: ['does not answer RAKP 1'],
      BMCSIM: [r"invalid credentials for user 'nobody': unauthorized name \(0Dh\)"]}),
    ('privilege', {'ipmi_username': 'night', 'ipmi_password': 'operator-pw', 'ipmi_priv_level': 'OPERATOR',
                   'option.command_retry_timeout': 1}, ['on', 'raw', '0x06 0x02', 'off'],
     {OPENIPMI: ['power on: ok', 'Cold Reset: ', 'power off: ok'],
      PYGHMI: ['does not answer RAKP 1'] * 3,
      BMCSIM: ['power on: ok', r'Cold Reset: insufficient privilege level \(D4h\)', 'power off: ok']}),
)


def check(bmc, peer, row):
    """None when the peer answers as the row says; else what it did."""
    name, settings, commands, expected = row
    patterns = expected[peer] if isinstance(expected, dict) else expected
    run = bmc.run_driver(*commands, **settings)
    lines = run.stdout.splitlines()
    good = len(lines) == len(patterns) and all(map(re.search, patterns, lines))
    is_error = any(': error ' in line for line in lines)
    return None if good and run.returncode == is_error else f'{name}: {run.returncode} {run.stdout}{run.stderr}'


def run_table(bmc, peer):
    wrong = [text for text in (check(bmc, peer, row) for row in TABLE) if text]
    assert not wrong, '\n'.join(wrong)


if __name__ == '__main__':
    raise SystemExit('this is no test file')
