#!/usr/bin/python3
"""test_ipmi_bmcsim: bmcsim's IPMI side against the clients of others: ipmitool, FreeIPMI and pyghmi."""
import socket
import subprocess

import harness
import ipmi_peers

SUITES = (0, 1, 2, 3, 15, 16, 17)
KEY = '0102030405060708090a0b0c0d0e0f1011121314'


def freeipmi(program, bmc, *words, suite=17):
    done = subprocess.run([program, '-D', 'LAN_2_0', '-I', str(suite), '-h', f'127.0.0.1:{bmc.port}', '-u', bmc.user,
                           '-p', bmc.password, *words], capture_output=True, text=True, timeout=60, check=False,
                          env={'PATH': '/usr/bin:/usr/sbin:/bin:/sbin'})
    assert done.returncode == 0, f'{program}: {done.stdout}{done.stderr}'
    return done.stdout.strip()


def pyghmi(bmc, text):
    """Python statements with `c`, pyghmi's command object for the BMC; gives what they print."""
    code = ('from pyghmi.ipmi import command\n'
            f'c = command.Command("127.0.0.1", "{bmc.user}", "{bmc.password}", port={bmc.port})\n{text}')
    done = subprocess.run(['/usr/bin/python3', '-c', code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_ipmitool_suites(env):
    bmc = ipmi_peers.bmcsim(env, cipher_suites=','.join(str(suite) for suite in SUITES), power='off')
    for suite in SUITES:
        bmc.ipmitool('power', 'on', suite=suite)
        assert bmc.state()['power'] == 'on', suite
        bmc.ipmitool('power', 'off', suite=suite)
        assert bmc.state()['power'] == 'off', suite
    listed = bmc.ipmitool('channel', 'getciphers', 'ipmi', '1')
    assert [line.split()[0] for line in listed.splitlines()[1:]] == [str(suite) for suite in SUITES], listed
    assert bmc.ipmitool('power', 'status', suite='') == 'Chassis Power is off'


def test_ipmitool_suite_not_offered(env):
    bmc = ipmi_peers.bmcsim(env, cipher_suites='17')
    assert 'Error' in bmc.ipmitool('power', 'status', suite=3, status=1)
    assert bmc.ipmitool('power', 'status', suite=17) == 'Chassis Power is on'


def test_ipmitool_commands(env):
    bmc = ipmi_peers.bmcsim(env, profile='dell')
    assert 'Manufacturer ID           : 674' in bmc.ipmitool('mc', 'info')
    assert 'System GUID' in bmc.ipmitool('mc', 'guid')
    assert 'IP Address              : 127.0.0.1' in bmc.ipmitool('lan', 'print', '1')
    assert '802.3 LAN' in bmc.ipmitool('channel', 'info', '1')
    assert 'session handle' in bmc.ipmitool('session', 'info', 'active')
    bmc.ipmitool('chassis', 'identify', '20')
    assert bmc.state()['ipmi']['identify_s'] == 20
    bmc.ipmitool('chassis', 'policy', 'always-on')
    assert 'Power Restore Policy : always-on' in bmc.ipmitool('chassis', 'status')
    bmc.ipmitool('power', 'diag')
    assert bmc.state()['nmis'] == 1
    bmc.ipmitool('power', 'cycle')
    bmc.ipmitool('power', 'reset')
    assert bmc.state()['boots'] == 2
    bmc.ipmitool('power', 'soft')
    assert 'not supported in present state' in bmc.ipmitool('power', 'cycle', status=1)
    assert 'Invalid command' in bmc.ipmitool('raw', '6', '0x99', status=1)
    assert bmc.ipmitool('mc', 'reset', 'warm')


def test_ipmitool_boot_device(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.ipmitool('chassis', 'bootdev', 'pxe', 'options=efiboot')
    assert bmc.state()['boot'] == {'device': 'pxe', 'persistence': 'once', 'mode': 'uefi'}
    bmc.ipmitool('power', 'cycle')
    assert bmc.state()['booted'] == 'pxe' and bmc.state()['boot']['persistence'] == 'disabled'
    bmc.ipmitool('chassis', 'bootdev', 'disk', 'options=persistent')
    assert bmc.state()['boot'] == {'device': 'disk', 'persistence': 'continuous', 'mode': 'legacy'}
    assert 'Options apply to all future boots' in bmc.ipmitool('chassis', 'bootparam', 'get', '5')


def test_wrong_credentials(env):
    bmc = ipmi_peers.bmcsim(env)
    bmc.password = 'wrong'
    assert 'Unable to establish' in bmc.ipmitool('power', 'status', status=1)
    bmc.user, bmc.password = 'nobody', 'password'
    assert 'Unable to establish' in bmc.ipmitool('power', 'status', status=1)
    assert bmc.state()['counters']['auth_failures'] >= 1
    bmc.user = 'admin'
    assert bmc.is_on()


def test_key(env):
    bmc = ipmi_peers.bmcsim(env, kg_key=KEY)
    assert bmc.ipmitool('-y', KEY, 'power', 'status') == 'Chassis Power is on'
    bmc.ipmitool('power', 'status', status=1)
    for suite in (3, 17):
        assert freeipmi('ipmipower', bmc, '-k', '0x' + KEY, '--stat', suite=suite) == '127.0.0.1: on'


def test_freeipmi(env):
    bmc = ipmi_peers.bmcsim(env, on_delay_ms=300, off_delay_ms=300)
    for suite in (3, 17):
        assert freeipmi('ipmipower', bmc, '--off', '--wait-until-off', suite=suite) == '127.0.0.1: ok'
        assert bmc.state()['power'] == 'off'
        assert freeipmi('ipmipower', bmc, '--on', '--wait-until-on', suite=suite) == '127.0.0.1: ok'
        assert freeipmi('ipmipower', bmc, '--stat', suite=suite) == '127.0.0.1: on'
    assert freeipmi('/usr/sbin/ipmi-raw', bmc, '0', '6', '1').startswith('rcvd: 01 00 20')
    assert 'IPMI Version          : 2.0' in freeipmi('/usr/sbin/bmc-info', bmc)
    assert freeipmi('ipmipower', bmc, '--pulse') == '127.0.0.1: ok'
    assert bmc.state()['nmis'] == 1


def test_pyghmi(env):
    bmc = ipmi_peers.bmcsim(env)
    assert pyghmi(bmc, 'print(c.get_power()["powerstate"])') == 'on'
    pyghmi(bmc, 'c.set_power("off", wait=True)')
    assert bmc.state()['power'] == 'off'
    pyghmi(bmc, 'c.set_bootdev("pxe", persist=True, uefiboot=True)')
    assert bmc.state()['boot'] == {'device': 'pxe', 'persistence': 'continuous', 'mode': 'uefi'}


def test_ping(env):
    bmc = ipmi_peers.bmcsim(env)
    assert ipmi_peers.ping(bmc.port)
    done = subprocess.run(['rmcpping', '-c', '2', f'127.0.0.1:{bmc.port}'], capture_output=True, text=True, timeout=30,
                          check=False)
    if done.returncode == 0:
        assert 'pong' in done.stdout, done.stdout


def test_session_limit(env):
    """Sessions that nobody closes keep their slots; ours are closed at the end of the client."""
    bmc = ipmi_peers.bmcsim(env, session_limit=2)
    for _ in range(5):
        assert bmc.driver('status', 'sessions') == ['status: power on', 'sessions: 1']
    assert bmc.state()['ipmi']['sessions'] == 0


def test_ipv6(env):
    port = harness.free_port(socket.SOCK_DGRAM)
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(('::1', port))
    except OSError:
        return  # a machine without IPv6
    bmc = ipmi_peers.bmcsim(env, listen=f'[::1]:{port}')
    assert bmc.driver('off', 'status', ipmi_address='::1')[1] == 'status: power off'
    assert bmc.state()['power'] == 'off'


if __name__ == '__main__':
    harness.main()
