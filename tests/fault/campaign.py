"""campaign: rounds of faults against a whole service under load, and the checker's judgement of each episode.

    campaign.py [--rounds N] [--seed S] [--cells C] [--build DIR] [--conductor PROGRAM] [--keep]

A round kills (kill -9) or freezes (SIGSTOP, mostly for longer than a lease) one victim: a conductor, an API, a
backend of PostgreSQL or all of it; or cuts one conductor's way to the database, or takes a BMC's answer away. An
episode is some rounds, which may overlap, then silence: every lock must come free and every action end within the
bound. Its traces are then checked. Cells are campaigns side by side, with seeds that follow each other. The exit
status is 0 only without violations.
"""
import argparse
import collections
import http.client
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
import types

import checker
import proxy
import service
from service import harness

ROUNDS_PER_EPISODE = 8
# With the short times: death is seen after watch + 2 s, the work of the dead is done again, and the machine is slow.
IDLE_BOUND_S = 20
CLIENTS = 8
NEVER_SENT = 30

# Victim, what is done to it, weight.
FAULTS = [
    ('conductor', 'kill', 6), ('conductor', 'freeze', 6), ('conductor', 'terminate', 2),
    ('link', 'cut', 4), ('link', 'reset', 1),
    ('api', 'kill', 2), ('api', 'freeze', 2),
    ('backend', 'freeze', 3), ('lease backend', 'freeze', 2), ('backend', 'end', 2), ('backend', 'kill', 1),
    ('postmaster', 'kill', 1),
    ('bmc', 'lost_reply', 2), ('bmc', 'drop', 1),
]
# What only the lease protects from: its renewal hangs while all else works.
LEASE_FAULTS = [('lease backend', 'freeze', 4), ('conductor', 'freeze', 1)]


class Load:
    """Clients that never wait for each other. Keeps what each was told."""

    def __init__(self, apis, nodes, seed):
        self.apis, self.nodes = apis, nodes
        self.answers = []
        self.problems = []
        self.is_over = threading.Event()
        self.counter = 0
        self.threads = [threading.Thread(target=self.run, args=(random.Random(f'{seed}-{n}'),), daemon=True)
                        for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self, rng):
        while not self.is_over.is_set():
            method, path, body = self.request(rng)
            try:
                answer = rng.choice(self.apis).call(method, path, body, timeout_s=30)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            action = answer.headers.get('ferrule-action', '').rpartition('/')[2]
            self.answers.append(checker.Answer(service.boottime_ns(), answer.status, action))
            if not self.is_expected(answer):
                self.problems.append(f'{method} {path} {body}: {answer!r}')
            if answer.status in (409, 503):
                time.sleep(0.05)

    @staticmethod
    def is_expected(answer):
        """Everything else than what faults explain is a problem of its own. With all conductors dead, no host is
        valid: Ironic's 400."""
        if answer.status == 400:
            return 'No conductor service registered' in answer.text
        return answer.status in (200, 202, 204, 409, 503) or (answer.status >= 500 and answer.json)

    def request(self, rng):
        node = rng.choice(self.nodes)
        kind = rng.random()
        base = f'/v1/nodes/{node}'
        if kind < 0.15:
            return 'GET', base, None
        if kind < 0.20:
            return 'PATCH', base, [{'op': 'add', 'path': '/extra/value', 'value': rng.randrange(1000)}]
        if kind < 0.65:
            target = rng.choice(('power on', 'power off', 'power on', 'power off', 'rebooting'))
            return 'PUT', f'{base}/states/power', {'target': target}
        if kind < 0.75 and node[0] != 'f':
            return 'PUT', f'{base}/management/boot_device', {'boot_device': rng.choice(('pxe', 'disk')),
                                                             'persistent': False}
        return self.passthru(rng, node, f'{base}/vendor_passthru?method=')

    def passthru(self, rng, node, base):
        """Methods of all modes; those of real protocols must never be repeated."""
        self.counter += 1
        if node[0] == 'i':
            if rng.random() < 0.5:
                return 'POST', base + 'send_raw', {'raw_bytes': f'0x00 0x04 0x{rng.randrange(1, 255):02x}'}
            mark = ' '.join(f'0x{byte:02x}' for byte in self.counter.to_bytes(4, 'big'))
            return 'POST', base + 'send_raw', {'raw_bytes': f'0x{NEVER_SENT:02x} 0x77 {mark}'}
        if node[0] == 'r':
            return 'POST', base + 'create_subscription', {'Destination': f'https://192.0.2.1/{self.counter}',
                                                          'Context': 'fault', 'Protocol': 'Redfish',
                                                          'EventTypes': ['Alert']}
        method = rng.choice(('second_method', 'third_method_sync', 'fourth_method_shared_lock', 'log_passthrough'))
        return 'POST', base + method, {'bar': 'meow'}

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), 'a client still waits'


class Sampler:
    """Looks at the database all the time: no snapshot may show a half lock."""

    QUERY = """
        SELECT 'reserved without its action', n.id FROM nodes n
          WHERE (n.reservation IS NOT NULL OR n.lock_token IS NOT NULL)
          AND NOT EXISTS (SELECT FROM actions a WHERE a.id = n.lock_action AND a.token = n.lock_token
                          AND a.state = 'running' AND a.exclusive)
        UNION ALL SELECT 'action without its lock', a.id FROM actions a WHERE a.state = 'running' AND a.exclusive
          AND NOT EXISTS (SELECT FROM nodes n WHERE n.id = a.node_id AND n.lock_token = a.token
                          AND n.reservation IS NOT NULL)
        """

    def __init__(self, cluster):
        self.cluster = cluster
        self.violations = []
        self.count = 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_over.wait(0.3):
            try:
                self.violations += [f'(2) {text} {key}' for text, key in self.cluster.rows(self.QUERY)]
                self.count += 1
            except (AssertionError, subprocess.TimeoutExpired):
                continue

    def end(self):
        self.is_over.set()
        self.thread.join(70)


class Campaign:
    """cluster: another database than a plain one; database: what ferrule is told about it."""

    def __init__(self, env, seed, conductor_program=None, faults=None, cluster=None, database=None,
                 conductors=3, apis=2):
        self.rng = random.Random(seed)
        self.seed = seed
        self.env = env
        self.counts = collections.Counter()
        self.kinds = faults or FAULTS
        self.freezes = []
        self.faults = []
        self.violations = []
        self.slowest_idle = self.slowest_takeover = 0.0
        programs = {'ferrule-conductor': conductor_program} if conductor_program else {}
        self.service = service.Service(env, service.SHORT_TIMES, {
            'ipmi': {'command_retry_timeout': 8, 'allow_send_raw': 'true'},
            'redfish': {'connection_attempts': 2, 'connection_retry_interval': 0.5,
                        'connect_timeout': 3, 'read_timeout': 8},
            'fake': {'power_delay': '0,0.3', 'vendor_delay': '0,0.3'}, 'database': database or {}}, programs, cluster)
        self.cluster = self.service.cluster
        self.cluster.sql((pathlib.Path(__file__).parent / 'audit.sql').read_text())
        self.rack = self.service.simulate(ipmi=3, redfish=3, on_delay_ms=100, off_delay_ms=100)
        for name in self.rack.bmcs:
            self.rack.set(name, latency_ms=self.rng.choice((5, 40, 120)))
            if name[0] == 'i':
                self.rack.set(name, loss_percent=self.rng.choice((0, 4)))
        for number in range(apis):
            self.service.api(f'api{number}')
        self.links = [] if database or cluster else [proxy.Proxy(self.cluster.port) for _ in range(conductors)]
        for number in range(conductors):
            through = {'connection': self.cluster.dsn(self.links[number].port)} if self.links else None
            self.service.conductor(f'conductor{number}', through)
        self.service.ready()
        self.nodes = self.service.create_nodes(fake=2)
        self.bmc_of = {row[1]: row[0] for row in self.cluster.rows('SELECT name, uuid FROM nodes')}
        self.forget()

    # ---- faults ----

    def freeze(self, pid, is_conductor=False):
        """Frozen and thawed by a thread of its own, so that rounds overlap."""
        seconds = self.frozen_seconds()

        def run():
            started = service.boottime_ns()
            self.send(pid, signal.SIGSTOP)
            time.sleep(seconds)
            self.send(pid, signal.SIGCONT)
            if is_conductor:
                self.freezes.append((started, service.boottime_ns()))
        return self.spawn(run)

    @staticmethod
    def send(pid, signum):
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            pass

    def spawn(self, function):
        thread = threading.Thread(target=function, daemon=True)
        thread.start()
        return thread

    def restart(self, process, seconds, end):
        def run():
            end(process)
            time.sleep(seconds)
            process.start()
        return self.spawn(run)

    def frozen_seconds(self):
        """Mostly longer than the lease; some shorter, some so that takeover and waking meet."""
        times = self.service.times
        return self.rng.uniform(times['hold'] * 0.6, times['watch'] + 3)

    def process_fault(self, processes, how):
        free = [process for process in processes if not self.busy.get(process.name) or
                not self.busy[process.name].is_alive()]
        if not free:
            return None
        victim = self.rng.choice(free)
        if how == 'freeze':
            thread = self.freeze(victim.program.pid, victim in self.service.conductors)
        elif how == 'kill':
            thread = self.restart(victim, self.rng.choice((0, 0.5, 2)), lambda process: process.kill())
        else:
            thread = self.restart(victim, 0, lambda process: process.terminate())
        self.busy[victim.name] = thread
        return victim.name

    def backend_fault(self, who, how):
        where = 'true'
        if who == 'lease backend':
            where = "(query LIKE 'UPDATE conductors SET beat%' OR query LIKE '%exclusive AND instance = $1 UNION ALL%')"
        try:
            pids = self.cluster.backends(where)
        except (AssertionError, subprocess.TimeoutExpired):
            return None
        if not pids:
            return None
        pid = self.rng.choice(pids)
        if how == 'freeze':
            self.threads.append(self.freeze(pid))
        else:
            self.send(pid, signal.SIGTERM if how == 'end' else signal.SIGKILL)
        return f'{who} {pid}'

    def link_fault(self, how):
        link = self.rng.choice(self.links)
        if how == 'reset':
            link.reset()
        elif not link.is_cut:
            link.cut()

            def run():
                time.sleep(self.frozen_seconds())
                link.heal()
            self.threads.append(self.spawn(run))
        return f'link {self.links.index(link)}'

    def bmc_fault(self, how):
        """The next write is not answered: it was done, or it was not."""
        name = self.rng.choice(list(self.rack.bmcs))
        self.rack.set(name, fault={'kind': how, 'times': 1, 'match': 'POST /redfish/v1/Systems' if name[0] == 'r'
                                   else self.rng.choice(('Chassis Control', 'Unknown'))})
        return f'bmc {name}'

    def postmaster_fault(self):
        self.cluster.crash()
        time.sleep(self.rng.choice((0, 0.3, 1)))
        self.thaw_backends()
        self.cluster.start()
        return 'postmaster'

    def bouncer_fault(self, how):
        if how == 'freeze':
            self.threads.append(self.freeze(self.cluster.bouncer.pid))
        else:
            self.cluster.kill_bouncer()
            time.sleep(self.rng.choice((0, 0.5)))
            self.cluster.start_bouncer()
        return 'pgbouncer'

    def primary_fault(self):
        """The one primary that there is dies once; then the replica serves."""
        if self.counts['fault: primary fail over']:
            return None
        self.cluster.fail_over()
        return 'primary'

    def thaw_backends(self):
        """A frozen child would hold the dead server's memory: its thread's SIGCONT may be far away."""
        for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
            try:
                if pathlib.Path(os.readlink(path.parent / 'cwd')) == self.cluster.data:
                    self.send(int(path.parent.name), signal.SIGCONT)
            except OSError:
                continue

    def one_round(self):
        who, how, _ = self.rng.choices(self.kinds, [kind[2] for kind in self.kinds])[0]
        if who == 'conductor':
            victim = self.process_fault(self.service.conductors, how)
        elif who == 'api':
            victim = self.process_fault(self.service.apis, how)
        elif who == 'link':
            victim = self.link_fault(how)
        elif who == 'bmc':
            victim = self.bmc_fault(how)
        elif who == 'postmaster':
            victim = self.postmaster_fault()
        elif who == 'pgbouncer':
            victim = self.bouncer_fault(how)
        elif who == 'primary':
            victim = self.primary_fault()
        else:
            victim = self.backend_fault(who, how)
        if victim:
            self.counts[f'fault: {who} {how}'] += 1
            self.faults.append((service.boottime_ns(), f'{how} {victim}'))

    # ---- an episode ----

    def episode(self, rounds):
        self.busy, self.threads = {}, []
        load = Load(self.service.apis, self.nodes, f'{self.seed}-{self.rng.random()}')
        sampler = Sampler(self.cluster)
        for _ in range(rounds):
            time.sleep(self.rng.uniform(0.2, 2.0))
            self.one_round()
        for thread in [*self.busy.values(), *self.threads]:
            thread.join(60)
        self.thaw_backends()
        load.end()
        try:
            self.slowest_idle = max(self.slowest_idle, self.service.wait_idle(IDLE_BOUND_S))
        except AssertionError as problem:
            self.violations.append(f'(5) {problem}')
        sampler.end()
        for conductor in self.service.conductors:
            conductor.terminate()
        self.judge(load, sampler)
        for conductor in self.service.conductors:
            conductor.start()
        self.service.ready()

    def judge(self, load, sampler):
        trace = self.trace(load)
        judge = checker.Checker(trace, self.service.times)
        found = [*sampler.violations, *load.problems, *judge.run()]
        if found:
            found.append('faults: ' + ', '.join(f'{at} {text}' for at, text in self.faults))
        self.violations += found
        self.counts.update(judge.counts)
        self.slowest_takeover = max(self.slowest_takeover, judge.slowest_takeover / 1e9)
        self.counts['snapshots'] += sampler.count
        self.forget()

    def trace(self, load):
        offset = self.clock_offset()

        def read(table, make):
            return [make([field for field in row], int(row[1]) * 1000 - offset)
                    for row in self.cluster.rows(f'SELECT * FROM {table} ORDER BY seq')]
        writes = [write for conductor in self.service.conductors for write in checker.read_writes(conductor.journal)]
        return types.SimpleNamespace(
            locks=read('audit_locks', checker.read_lock), actions=read('audit_actions', checker.read_action),
            leases=read('audit_leases', checker.read_lease), writes=sorted(writes), answers=load.answers,
            arrivals=checker.read_arrivals(self.rack.log_path), freezes=self.freezes, bmc_of=self.bmc_of)

    @staticmethod
    def clock_offset():
        """Wall clock less boot time: the difference of two readings side by side, the closest of some."""
        best = None
        for _ in range(50):
            before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            wall = time.time_ns()
            after = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            if best is None or after - before < best[0]:
                best = (after - before, wall - (before + after) // 2)
        return best[1]

    def forget(self):
        """The next episode begins with empty traces; nothing is open."""
        self.cluster.sql('TRUNCATE audit_locks, audit_actions; '
                         'DELETE FROM audit_leases WHERE at_us < audit_now() - 60000000')
        for conductor in self.service.conductors:
            if conductor.journal.exists():
                os.truncate(conductor.journal, 0)
        os.truncate(self.rack.log_path, 0)
        self.freezes, self.faults = [], []

    def run(self, rounds):
        left = rounds
        while left > 0 and not self.violations:
            part = min(left, ROUNDS_PER_EPISODE)
            self.episode(part)
            left -= part
            self.counts['rounds'] += part
        return self.violations

    def report(self):
        words = [f'{name}: {count}' for name, count in sorted(self.counts.items())]
        return f'seed {self.seed}: {len(self.violations)} violations; slowest to idle {self.slowest_idle:.1f} s, ' \
            f'slowest takeover {self.slowest_takeover:.1f} s; ' + \
            ', '.join(words)


def run_here(options):
    env = harness.Env()
    problems = []
    campaign = None
    try:
        campaign = Campaign(env, options.seed, options.conductor)
        campaign.run(options.rounds)
        problems = campaign.violations
    except Exception:  # pylint: disable=broad-except
        problems = [traceback.format_exc()]
    finally:
        if campaign:
            print(campaign.report(), flush=True)
        problems = problems + env.close()
        for problem in problems[:40]:
            print(problem, flush=True)
        if options.keep and problems:
            print(f'kept: {env.folder}')
        else:
            env.remove()
    return not problems


def run_cells(options):
    """Each cell a process of its own."""
    share = -(-options.rounds // options.cells)
    words = [sys.executable, __file__, '--rounds', str(share)]
    if options.conductor:
        words += ['--conductor', str(options.conductor)]
    if options.keep:
        words += ['--keep']
    cells = [subprocess.Popen([*words, '--seed', str(options.seed + number)]) for number in range(options.cells)]
    return not any([cell.wait() for cell in cells])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=25)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--cells', type=int, default=1)
    parser.add_argument('--build', type=pathlib.Path, help='folder of a build; default: FERRULE_BIN, or build/asan')
    parser.add_argument('--conductor', type=lambda path: pathlib.Path(path).resolve(), help='another conductor program')
    parser.add_argument('--keep', action='store_true', help='keep the folder of a campaign that failed')
    options = parser.parse_args()
    if options.build:
        os.environ['FERRULE_BIN'] = str(options.build.resolve() / 'bin')
        harness.BIN = options.build.resolve() / 'bin'
    sys.exit(0 if (run_cells if options.cells > 1 else run_here)(options) else 1)


if __name__ == '__main__':
    main()
