"""ipmi_peers: the IPMI implementations of others that the test files beside it run: OpenIPMI's ipmi_sim and
pyghmi's server as BMCs; and our driver on the command line (tests/programs/ipmi_client.c) as their client."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import harness

HERE = pathlib.Path(__file__).resolve().parent
CACHING = ('ipmi-sensors', 'ipmi-sel', 'ipmi-fru')
CLIENT = harness.BIN.parent / 'tests' / 'programs' / 'ipmi_client'


def ping(port):
    """True when something answers "what can you do" on that port (Get Channel Authentication Capabilities)."""
    request = bytes.fromhex('0600ff07000000000000000000092018c88100388e04b5')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.2)
        probe.sendto(request, ('127.0.0.1', port))
        try:
            return len(probe.recv(512)) > 0
        except OSError:
            return False


class Bmc:
    """A BMC on a UDP port of this machine."""

    def __init__(self, env, port, user, password, suite):
        self.env = env
        self.port = port
        self.user = user
        self.password = password
        self.suite = suite

    def run_driver(self, *commands, timeout_s=90, **settings):
        """Runs commands by our driver; gives the finished process."""
        words = {'ipmi_address': '127.0.0.1', 'ipmi_port': self.port, 'ipmi_username': self.user,
                 'ipmi_password': self.password, **settings}
        return subprocess.run([CLIENT, *[f'{name}={value}' for name, value in words.items()], '--', *commands],
                              capture_output=True, text=True, timeout=timeout_s, check=False,
                              env=self.env.environment)

    def driver(self, *commands, status=0, timeout_s=90, **settings):
        """Runs commands by our driver; gives the lines that it printed."""
        done = self.run_driver(*commands, timeout_s=timeout_s, **settings)
        assert done.returncode == status, f'status {done.returncode}\n{done.stdout}{done.stderr}'
        return done.stdout.splitlines()

    def ipmitool(self, *words, status=0, suite=None):
        suite = self.suite if suite is None else suite
        chosen = ['-C', str(suite)] if suite != '' else []
        done = subprocess.run(['ipmitool', '-I', 'lanplus', *chosen, '-H', '127.0.0.1', '-p', str(self.port), '-U',
                               self.user, '-E', '-N', '2', '-R', '3', *words], capture_output=True, text=True,
                              timeout=60, check=False, env={**os.environ, 'IPMI_PASSWORD': self.password})
        assert done.returncode == status, f'ipmitool {words}: {done.returncode} {done.stdout}{done.stderr}'
        return (done.stdout if status == 0 else done.stderr).strip()

    def lan(self, *words, status=0, auth='MD5', user=None, password=None, privilege=None):
        """ipmitool in a session of IPMI 1.5."""
        level = ['-L', privilege] if privilege else []
        done = subprocess.run(['ipmitool', '-I', 'lan', '-A', auth, *level, '-H', '127.0.0.1', '-p', str(self.port),
                               '-U', user or self.user, '-E', '-N', '2', '-R', '2', *words], capture_output=True,
                              text=True, timeout=60, check=False,
                              env={**os.environ, 'IPMI_PASSWORD': password or self.password})
        assert done.returncode == status, f'ipmitool {words}: {done.returncode} {done.stdout}{done.stderr}'
        return (done.stdout if status == 0 else done.stderr).strip()

    def freeipmi(self, program, *words, status=0, suite=17, driver='LAN_2_0', timeout_s=60):
        """A program of FreeIPMI; its cache of records lives in the case's folder."""
        suites = ['-I', str(suite)] if driver == 'LAN_2_0' else []
        cache = [f'--sdr-cache-directory={self.env.folder}'] if program in CACHING else []
        done = subprocess.run([program, '-D', driver, *suites, '-h', f'127.0.0.1:{self.port}', '-u', self.user, '-p',
                               self.password, *cache, *words], capture_output=True, text=True, timeout=timeout_s,
                              check=False, env={'PATH': '/usr/bin:/usr/sbin:/bin:/sbin', 'HOME': str(self.env.folder)})
        assert done.returncode == status, f'{program}: {done.returncode} {done.stdout}{done.stderr}'
        return (done.stdout if status == 0 else done.stdout + done.stderr).strip()

    def pyghmi(self, text, key=None):
        """Python statements with `c`, pyghmi's command object for the BMC; gives what they print."""
        kg = f'bytes.fromhex("{key}")' if key else None
        code = ('from pyghmi.ipmi import command\n'
                f'c = command.Command("127.0.0.1", "{self.user}", "{self.password}", port={self.port}, kg={kg})\n'
                f'{text}')
        done = subprocess.run(['/usr/bin/python3', '-c', code], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def is_on(self):
        return self.ipmitool('power', 'status') == 'Chassis Power is on'


def openipmi(env, kg=None, serial=None):
    """OpenIPMI's ipmi_sim, with the configuration of ipmi_sim/. serial: TCP port of what its serial port meets."""
    if not shutil.which('ipmi_sim'):
        raise harness.Skip('ipmi_sim (package openipmi) is not installed')
    port = harness.free_port(socket.SOCK_DGRAM)
    machine = env.folder / f'machine-{port}'
    machine.mkdir()
    config = (HERE / 'ipmi_sim' / 'lan.conf').read_text()
    config = config.replace('@PORT@', str(port)).replace('@FOLDER@', str(HERE / 'ipmi_sim'))
    config = config.replace('@KG@', f'bmc_key "{kg}"' if kg else '')
    config = config.replace('@SERIAL@', f'sol "tcp:127.0.0.1:{serial}" 115200 history=4000' if serial else '')
    (machine / 'lan.conf').write_text(config)
    (machine / 'ipmi_sim' / 'machine').mkdir(parents=True)
    subprocess.run(['sdrcomp', '-o', machine / 'ipmi_sim' / 'machine' / 'sdr.20.main',
                    HERE / 'ipmi_sim' / 'machine.sdrs'], check=True, timeout=30)
    program = harness.Program(env, 'ipmi_sim', ['ipmi_sim', '-c', machine / 'lan.conf', '-f',
                                                HERE / 'ipmi_sim' / 'machine.emu', '-s', machine, '-n'],
                              environment={'MACHINE': str(machine)})
    program.is_checked = False
    harness.eventually(lambda: ping(port), 10, what='an answer of ipmi_sim')
    bmc = Bmc(env, port, 'root', 'calvin-12345', 3)
    bmc.machine = machine
    return bmc


FAKEBMC = """
import sys, pyghmi.cmd.fakebmc as fake, pyghmi.ipmi.bmc as bmc
class Machine(fake.FakeBmc):
    def __init__(self, users, port):
        bmc.Bmc.__init__(self, users, port, address='127.0.0.1')
        self.powerstate, self.bootdevice = 'off', 'default'
    def pulse_diag(self):
        print('nmi', flush=True)
    def cold_reset(self):
        print('cold reset', flush=True)
        return 0
Machine({'admin': 'password'}, int(sys.argv[1])).listen()
"""


def pyghmi(env):
    """pyghmi's BMC. It knows cipher suite 3 alone and does not say so."""
    if subprocess.run(['/usr/bin/python3', '-c', 'import pyghmi'], capture_output=True, check=False).returncode != 0:
        raise harness.Skip('python3-pyghmi is not installed')
    port = harness.free_port(socket.SOCK_DGRAM)
    program = harness.Program(env, 'fakebmc', ['/usr/bin/python3', '-c', FAKEBMC, str(port)])
    program.is_checked = False
    harness.eventually(lambda: ping(port), 20, what='an answer of fakebmc')
    bmc = Bmc(env, port, 'admin', 'password', 3)
    bmc.program = program
    return bmc


def bmcsim(env, **fields):
    """One IPMI BMC of ours; bmc.set(latency_ms=...) changes it, bmc.log() is what it was asked, bmc.state() what it
    shows."""
    rack = env.rack({'machine': {'protocol': 'ipmi', 'password': 'password', **fields}})
    bmc = Bmc(env, rack.port('machine'), 'admin', 'password', 17)
    bmc.rack = rack
    bmc.set = lambda **changes: rack.set('machine', **changes)
    bmc.state = lambda: harness.call('GET', f'http://{rack.control}/bmc/machine').json
    bmc.log = lambda: rack.log_path.read_text() if rack.log_path.exists() else ''
    return bmc


def exhaust(bmc):
    """Takes all session slots, as consoles do that forget theirs: Open Session Requests without RAKP 1."""
    proposals = ''.join(f'0{kind}00000801000000' for kind in range(3))
    for i in range(70):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as console:
            console.settimeout(1)
            payload = bytes([i, 4, 0, 0]) + os.urandom(3) + b'\1' + bytes.fromhex(proposals)
            console.sendto(bytes.fromhex('0600ff0706100000000000000000') + len(payload).to_bytes(2, 'little') + payload,
                           ('127.0.0.1', bmc.port))
            if console.recv(512)[17] == 1:
                return
    raise AssertionError('the BMC has endless sessions')


class Timed:
    """with Timed(2): the block must not take longer."""

    def __init__(self, most_s, least_s=0):
        self.most_s, self.least_s = most_s, least_s

    def __enter__(self):
        self.started = time.monotonic()

    def __exit__(self, kind, *rest):
        seconds = time.monotonic() - self.started
        if kind is None:
            assert self.least_s <= seconds <= self.most_s, f'took {seconds:.2f} s'


if __name__ == '__main__':
    sys.exit('this is no test file')
