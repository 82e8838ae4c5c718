"""Locks as histories: what many processes were told about taking and releasing, judged as one lock per node."""
import copy
import os
import random
import signal
import time
import uuid

import history
import service
from service import harness

NODES = 12
PROCESSES = 3
FIBERS = 16
OPERATIONS = int(os.environ.get('FERRULE_HISTORY_OPERATIONS', '100000'))


class Worker:
    """A process that takes and releases, under an instance of its own."""

    def __init__(self, env, cluster, number, pairs, mode=()):
        self.instance = str(uuid.uuid4())
        self.path = env.folder / f'history-{number}-{self.instance}'
        self.pairs = pairs
        cluster.sql(f"INSERT INTO conductors (instance, hostname, pools, drivers) "
                    f"VALUES ('{self.instance}', 'h{number}', '{{}}', '{{}}')")
        first = cluster.sql('SELECT min(id) FROM nodes')
        self.program = harness.Program(env, f'history-{number}', [
            harness.BIN.parent / 'tests' / 'fault' / 'lock_history', cluster.dsn(), self.instance, first, NODES, FIBERS,
            pairs, number, self.path, *mode])

    def left(self):
        done = self.path.read_text().count('\nT ') if self.path.exists() else 0
        return max(1, self.pairs - done)


def prepare(env):
    served = service.Service(env)
    served.cluster.sql("INSERT INTO nodes (uuid, driver) SELECT gen_random_uuid(), 'fault' "
                       f'FROM generate_series(1, {NODES})')
    return served.cluster


def running(workers):
    return [worker for worker in workers if worker.program.is_alive()]


def die(cluster, worker):
    """kill -9, and what other conductors would say about it."""
    worker.program.kill()
    cluster.sql(f"UPDATE conductors SET state = 'dead' WHERE instance = '{worker.instance}'")


def disturb(env, cluster, rng, workers, counts):
    kind = rng.choices(('freeze', 'end', 'kill', 'outlive', 'crash'), (4, 4, 3, 2, 1))[0]
    worker = rng.choice(running(workers))
    counts[kind] = counts.get(kind, 0) + 1
    if kind == 'freeze':
        os.kill(worker.program.pid, signal.SIGSTOP)
        time.sleep(rng.uniform(0.2, 0.8))
        os.kill(worker.program.pid, signal.SIGCONT)
    elif kind == 'end':
        for pid in cluster.backends()[:3]:
            os.kill(pid, signal.SIGTERM)
    elif kind == 'crash':
        cluster.crash()
        cluster.start()
    else:
        if kind == 'outlive':   # declared dead while it is frozen, and wakes up to its old locks
            os.kill(worker.program.pid, signal.SIGSTOP)
            cluster.sql(f"UPDATE conductors SET state = 'dead' WHERE instance = '{worker.instance}'")
            time.sleep(0.5)
            os.kill(worker.program.pid, signal.SIGCONT)
            time.sleep(0.3)
        left = worker.left()
        die(cluster, worker)
        workers.append(Worker(env, cluster, len(workers), left))


def judge(cluster, workers):
    holdings, count = history.read([worker.path for worker in workers if worker.path.exists()])
    # who swept may have been killed before it told
    swept = {int(row[0]) for row in cluster.rows("SELECT id FROM actions WHERE state = 'unknown'")}
    for holding in holdings.values():
        if not holding.sweep and holding.action in swept:
            holding.sweep = [holding.invoked, history.FOREVER]
    return holdings, count, history.check(holdings)


@harness.timeout(600)
def test_disturbed_history_is_that_of_locks(env):
    cluster = prepare(env)
    seed = int(os.environ.get('FERRULE_SEED', '7'))
    rng = random.Random(seed)
    workers = [Worker(env, cluster, number, OPERATIONS // 2 // PROCESSES + 500) for number in range(PROCESSES)]
    counts = {}
    started = time.monotonic()
    while running(workers):
        time.sleep(rng.uniform(0.3, 1.2))
        if running(workers):
            disturb(env, cluster, rng, workers, counts)
    for worker in workers:
        assert not worker.program.is_checked or worker.program.wait() == 0, worker.program.log()
    holdings, count, problems = judge(cluster, workers)
    print(f'    seed {seed}: {count} operations, {len(holdings)} holdings, {len(workers)} processes, {counts}, '
          f'{time.monotonic() - started:.1f} s')
    assert count >= OPERATIONS, count
    assert not problems, '\n'.join(problems[:10])


def test_broken_lock_is_caught(env):
    cluster = prepare(env)
    workers = [Worker(env, cluster, number, 1000, ['broken']) for number in range(PROCESSES)]
    for worker in workers:
        worker.program.wait(60)
    holdings, _, problems = judge(cluster, workers)
    assert len(holdings) > 500 and any('at once' in problem for problem in problems), (len(holdings), problems[:3])


def sound():
    """Two holders one after the other, the second taken over."""
    first = history.Holding(1, 10, 'a', 1, 100, 110)
    first.release = [200, 220, 'ok']
    second = history.Holding(1, 11, 'b', 2, 105, 215)
    second.release = [900, 910, 'fenced']
    second.sweep = [300, 310]
    third = history.Holding(1, 12, 'c', 3, 290, 305)
    third.release = [400, 410, 'ok']
    return {'a': first, 'b': second, 'c': third}


def test_checker_knows_good_from_bad(env):
    del env
    assert not history.check(sound())
    frozen = sound()
    frozen['b'].returned = 600 # read its answer after it was swept, and after the next took and released
    assert not history.check(frozen)
    mutants = {
        'taken before the other released': lambda h: setattr(h['b'], 'returned', 150),
        'released too late': lambda h: setattr(h['a'], 'release', [216, 240, 'ok']),
        'epoch went back': lambda h: setattr(h['b'], 'epoch', 4),
        'epoch twice': lambda h: setattr(h['b'], 'epoch', 1),
        'fenced by nobody': lambda h: setattr(h['b'], 'sweep', None),
        'swept after the next took': lambda h: setattr(h['b'], 'sweep', [306, 310]),
        'the next took before the sweep': lambda h: setattr(h['c'], 'returned', 299),
    }
    for name, mutate in mutants.items():
        holdings = copy.deepcopy(sound())
        mutate(holdings)
        assert history.check(holdings), f'not caught: {name}'


harness.main()
