"""With the protocol's own times: a conductor that is killed, one that is cut off, one that freezes. What the others
do, and what it still does itself."""
import http.client
import os
import re
import signal
import threading
import time
import urllib.request

import checker
import proxy
import service
from service import harness

TAKEOVER_S = 15
CONDUCTORS = 3


class Steady:
    """One client per node that switches it on and off for ever, and notes when what was accepted."""

    def __init__(self, api, names):
        self.api = api
        self.is_over = threading.Event()
        self.accepted = {name: [] for name in names}
        self.threads = [threading.Thread(target=self.run, args=(name,), daemon=True) for name in names]
        for thread in self.threads:
            thread.start()

    def run(self, name):
        target = 'power on'
        while not self.is_over.is_set():
            target = 'power off' if target == 'power on' else 'power on'
            try:
                answer = self.api.power(name, target)
                if answer.status == 202:
                    self.accepted[name].append((time.monotonic(), answer.headers['ferrule-action'].rpartition('/')[2]))
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.2)

    def usable_after(self, moment):
        """For each node, seconds from the moment to the next request that was accepted; None: none was."""
        return {name: next((at - moment for at, _ in times if at > moment), None)
                for name, times in self.accepted.items()}

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)


def fleet(env, first_dsn=None):
    """Three conductors with the default times, nine simulated BMCs that answer slowly enough to be caught at it."""
    served = service.Service(env, service.DEFAULT_TIMES)
    served.cluster.sql((service.ROOT / 'tests' / 'fault' / 'audit.sql').read_text())
    served.simulate(ipmi=4, redfish=5)
    for name in served.rack.bmcs:
        served.rack.set(name, latency_ms=150)
    served.api('api')
    for number in range(CONDUCTORS):
        through = first_dsn(served.cluster) if first_dsn and number == 0 else None
        served.conductor(f'conductor{number}', {'connection': through} if through else None,
                         sync_power_state_interval=0)
    served.ready()
    return served, served.create_nodes()


def holders(served):
    """Which conductor's turn it was, of each node, at its last taking."""
    return dict(served.cluster.rows(
        'SELECT DISTINCT ON (n.name) n.name, l.new_host FROM audit_locks l JOIN nodes n ON n.id = l.node_id '
        'WHERE l.new_host IS NOT NULL ORDER BY n.name, l.seq DESC'))


def instance_row(served, instance):
    return served.cluster.sql(f"SELECT state FROM conductors WHERE instance = '{instance}'")


def wait_dead(served, instance, seconds=TAKEOVER_S):
    harness.eventually(lambda: instance_row(served, instance) == 'dead', seconds, 0.1, 'the silent one declared dead')


def assert_usable(load, moment, what):
    usable = load.usable_after(moment)
    slow = {name: seconds for name, seconds in usable.items() if seconds is None or seconds > TAKEOVER_S}
    print(f'    {what}: nodes usable after {max(seconds or 999 for seconds in usable.values()):.1f} s at most')
    assert not slow, f'not usable within {TAKEOVER_S} s: {slow}'


def assert_all_ended(served, load):
    served.wait_idle(30)
    for times in load.accepted.values():
        for _, action in times:
            state = served.cluster.sql(f"SELECT state FROM actions WHERE uuid = '{action}'")
            assert state in ('done', 'failed', 'unknown'), f'{action}: {state}'


@harness.timeout(180)
def test_killed_conductors_nodes_are_usable_within_15_s(env):
    served, names = fleet(env)
    load = Steady(served.apis[0], names)
    time.sleep(5)
    victim = served.conductors[0]
    own = [name for name, host in holders(served).items() if host == victim.name]
    assert own and len(own) < len(names), holders(served)
    instance = victim.instance()
    moment = time.monotonic()
    victim.kill()
    wait_dead(served, instance)
    time.sleep(max(0, moment + TAKEOVER_S + 2 - time.monotonic()))
    load.end()
    assert_usable(load, moment, 'after a kill')
    assert_all_ended(served, load)
    late = served.cluster.sql(f"SELECT count(*) FROM audit_actions WHERE instance = '{instance}' AND state = 'running' "
                              f"AND at_us > (SELECT at_us FROM audit_leases WHERE instance = '{instance}' "
                              "AND state = 'dead')")
    assert late == '0', late


SHARED_NODES = 20000


def watched(port):
    """How many nodes' power a conductor reads."""
    with urllib.request.urlopen(f'http://127.0.0.1:{port}/metrics', timeout=10) as answer:
        found = re.search(r'^ferrule_power_sync_nodes{class="healthy"} (\d+)', answer.read().decode(), re.M)
    return int(found[1]) if found else 0


@harness.timeout(180)
def test_four_conductors_share_20000_nodes_evenly(env):
    served = service.Service(env, service.DEFAULT_TIMES)
    served.api('api')
    ports = [harness.free_port() for _ in range(4)]
    for number, port in enumerate(ports):
        served.conductor(f'conductor{number}', sync_power_state_interval=3600, metrics_port=port)
    served.ready()
    served.cluster.sql("INSERT INTO nodes (uuid, driver, power_interface, provision_state) SELECT md5(n::text)::uuid, "
                       f"'fake-hardware', 'fake', 'manageable' FROM generate_series(1, {SHARED_NODES}) n")
    harness.eventually(lambda: sum(map(watched, ports)) == SHARED_NODES, 60, 0.5, 'each node with one conductor')
    shares = [watched(port) for port in ports]
    print(f'    shares: {shares}')
    assert all(abs(share - SHARED_NODES / 4) <= SHARED_NODES / 4 / 10 for share in shares), shares
    # One leaves: its nodes go to the others, as evenly.
    served.conductors[3].kill()
    harness.eventually(lambda: sum(map(watched, ports[:3])) == SHARED_NODES, 60, 0.5, 'each node with one of three')
    shares = [watched(port) for port in ports[:3]]
    assert all(abs(share - SHARED_NODES / 3) <= SHARED_NODES / 3 / 10 for share in shares), shares


def writes_of(conductor, since):
    return [write for write in checker.read_writes(conductor.journal) if write.at >= since]


def first_taking_by_others(served, nodes, host, since_us):
    found = served.cluster.sql(f"SELECT min(l.at_us) FROM audit_locks l JOIN nodes n ON n.id = l.node_id "
                               f"WHERE n.name IN ({', '.join(repr(name) for name in nodes)}) "
                               f"AND l.new_host <> '{host}' "
                               f"AND l.at_us > {since_us}")
    return int(found) if found else None


@harness.timeout(180)
def test_cut_off_conductor_stops_writing_before_the_takeover(env):
    links = []

    def through(cluster):
        links.append(proxy.Proxy(cluster.port))
        return cluster.dsn(links[0].port)
    served, names = fleet(env, through)
    load = Steady(served.apis[0], names)
    time.sleep(5)
    victim = served.conductors[0]
    own = [name for name, host in holders(served).items() if host == victim.name]
    instance = victim.instance()
    cut_ns, cut_us, moment = service.boottime_ns(), time.time_ns() // 1000, time.monotonic()
    links[0].cut()
    wait_dead(served, instance)
    dead_ns = service.boottime_ns()
    time.sleep(max(0, moment + TAKEOVER_S + 2 - time.monotonic()))
    load.end()
    late = writes_of(victim, cut_ns + int((service.DEFAULT_TIMES['hold'] - service.DEFAULT_TIMES['flight']) * 1e9))
    assert not late, f'written although the lease had run out: {late}'
    written = writes_of(victim, cut_ns)
    last = max((write.at for write in written), default=cut_ns)
    taken = first_taking_by_others(served, own, victim.name, cut_us)
    assert taken, f'nobody took over {own}'
    print(f'    cut off: last write {(last - cut_ns) / 1e9:.2f} s after the cut, '
          f'dead after {(dead_ns - cut_ns) / 1e9:.1f} s, first takeover after {(taken - cut_us) / 1e6:.1f} s')
    assert (last - cut_ns) / 1e9 < (taken - cut_us) / 1e6
    assert_usable(load, moment, 'after a cut')
    assert victim.is_alive()
    links[0].heal()
    harness.eventually(lambda: victim.instance() not in ('', instance), 30, 0.2, 'a new instance')
    assert instance_row(served, instance) == 'dead'
    served.wait_idle(30)
    assert not [write for write in writes_of(victim, dead_ns) if write.token in old_tokens(served, instance)]
    links[0].close()


def old_tokens(served, instance):
    return {row[0] for row in served.cluster.rows("SELECT DISTINCT token FROM audit_actions WHERE token IS NOT NULL "
                                                  f"AND instance = '{instance}'")}


@harness.timeout(180)
def test_frozen_conductor_wakes_to_a_closed_gate(env):
    served, names = fleet(env)
    load = Steady(served.apis[0], names)
    time.sleep(4)
    victim = served.conductors[0]
    instance = victim.instance()
    moment = time.monotonic()
    victim.freeze()
    wait_dead(served, instance)
    time.sleep(max(0, moment + TAKEOVER_S - time.monotonic()))
    woken = service.boottime_ns()
    victim.thaw()
    harness.eventually(lambda: victim.instance() not in ('', instance), 20, 0.1, 'a new instance of the one that slept')
    time.sleep(2)
    load.end()
    assert_usable(load, moment, 'after a freeze')
    old = old_tokens(served, instance)
    assert not [write for write in writes_of(victim, woken) if write.token in old]
    assert_all_ended(served, load)


@harness.timeout(120)
def test_hung_lease_connection_stops_nothing(env):
    """One backend is frozen, that of a lease: the renewal goes over another before the gate closes."""
    served, names = fleet(env)
    load = Steady(served.apis[0], names)
    time.sleep(4)
    instances = sorted(conductor.instance() for conductor in served.conductors)
    backends = served.cluster.backends("query LIKE '%exclusive AND instance = $1 UNION ALL%'")
    assert len(backends) == CONDUCTORS, backends
    moment = service.boottime_ns()
    for pid in backends:
        os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(12)
        assert sorted(conductor.instance() for conductor in served.conductors) == instances
        for conductor in served.conductors:
            times = [moment] + [write.at for write in writes_of(conductor, moment)] + [service.boottime_ns()]
            gap = max(after - before for before, after in zip(times, times[1:])) / 1e9
            assert gap < 2.5, f'{conductor.name} wrote nothing for {gap:.1f} s'
    finally:
        for pid in backends:
            os.kill(pid, signal.SIGCONT)
    load.end()
    assert_all_ended(served, load)


harness.main()
