"""Rounds of faults under load; a conductor that forgets its lease is found out; the checker finds each kind of break.

Run alone, after all else: what is measured here are seconds."""
import copy
import os
import types

import campaign
import checker
import service
from service import harness

ROUNDS = int(os.environ.get('FERRULE_FAULT_ROUNDS', '25'))
SEED = int(os.environ.get('FERRULE_SEED', '20'))
BROKEN_ROUNDS = 32


@harness.timeout(600)
def test_rounds_break_nothing(env):
    run = campaign.Campaign(env, SEED)
    violations = run.run(ROUNDS)
    print('    ' + run.report())
    assert not violations, '\n'.join(violations[:20])
    assert run.counts['rounds'] == ROUNDS and run.counts['BMC writes'] > 5 * ROUNDS, run.report()


@harness.timeout(300)
def test_conductor_without_its_lease_check_is_caught(env):
    program = harness.BIN.parent / 'tests' / 'fault' / 'ferrule-conductor-ungated'
    run = campaign.Campaign(env, SEED, program, campaign.LEASE_FAULTS)
    violations = run.run(BROKEN_ROUNDS)
    assert any(text.startswith('(3) a write left') for text in violations), run.report()


# ---- the checker itself ----

SECOND = 10 ** 9
TIMES = service.DEFAULT_TIMES


def sound():
    """One node, three actions: done; never to be repeated and taken over; never accepted and refused."""
    def lock(seq, at, old, new, epoch, action):
        return checker.Lock(seq, at * SECOND, 1, 'node', old, new, epoch - bool(new), epoch, 'h' if old else '',
                            'h' if new else '', None, action)

    def action(seq, at, key, state, token='', is_accepted=False, attempt=1):
        return checker.Action(seq, at * SECOND, key, f'u{key}', 1, 'passthru', True, 'never', state, token, 'i1',
                              attempt, is_accepted)

    def write(at, epoch, token, key):
        return checker.Write(int(at * SECOND), 'node', epoch, token, key, int((at + 5) * SECOND), 'POST /x')
    return types.SimpleNamespace(
        locks=[lock(1, 10, '', 't1', 1, 1), lock(2, 13, 't1', '', 1, None), lock(3, 20, '', 't2', 2, 2),
               lock(4, 34, 't2', '', 2, None)],
        actions=[action(1, 9, 1, 'queued', attempt=0), action(2, 10, 1, 'running', 't1'),
                 action(3, 11, 1, 'running', 't1', True), action(4, 13, 1, 'done', 't1', True),
                 action(5, 19, 2, 'queued', attempt=0), action(6, 20, 2, 'running', 't2'),
                 action(7, 21, 2, 'running', 't2', True), action(8, 34, 2, 'unknown', 't2', True),
                 action(9, 35, 3, 'queued', attempt=0), action(10, 36, 3, 'cancelled', attempt=0)],
        leases=[checker.Lease(n, at * SECOND, 'i1', 'h', n, 'live') for n, at in enumerate(range(8, 24, 2))] +
               [checker.Lease(99, 33 * SECOND, 'i1', 'h', 8, 'dead')],
        writes=[write(12, 1, 't1', 1), write(23, 2, 't2', 2)],
        arrivals=[checker.Arrival(int(12.1 * SECOND), 'bmc', 'redfish', 'POST /x', 200),
                  checker.Arrival(int(12.2 * SECOND), 'bmc', 'redfish', 'GET /x', 200),
                  checker.Arrival(int(23.1 * SECOND), 'bmc', 'redfish', 'POST /x', 200)],
        answers=[checker.Answer(13 * SECOND, 202, 'u1'), checker.Answer(21 * SECOND, 202, 'u2'),
                 checker.Answer(36 * SECOND, 409, 'u3')],
        freezes=[], bmc_of={'node': 'bmc'})


def replace(name, index, **fields):
    """A mutant: one row of one list says something else."""
    def mutate(trace):
        rows = getattr(trace, name)
        rows[index] = rows[index]._replace(**fields)
    return mutate


def remove(name, index):
    return lambda trace: getattr(trace, name).pop(index)


def add(name, index, **fields):
    return lambda trace: getattr(trace, name).append(getattr(trace, name)[index]._replace(**fields))


MUTANTS = {
    '(1) two holders': remove('locks', 1),
    '(1) from one to another': replace('locks', 1, new_token='t2', new_host='h', new_action=2),
    '(1) epoch leaps': replace('locks', 2, new_epoch=4),
    '(1) two run at once': replace('actions', 5, at=12 * SECOND, seq=0),
    '(2) half reserved': replace('locks', 0, new_host=''),
    '(2) for another action': replace('locks', 0, new_action=2),
    '(2) ran without a lock': replace('actions', 5, token='t3'),
    '(3) not long trusted': replace('writes', 0, trusted_until=14 * SECOND),
    '(3) long after a renewal': replace('writes', 1, at=int(28.5 * SECOND), trusted_until=40 * SECOND),
    '(3) in no journal': remove('writes', 0),
    '(4) after the release': replace('writes', 0, at=14 * SECOND, trusted_until=30 * SECOND),
    '(4) before the lock': replace('writes', 0, at=9 * SECOND),
    '(4) unknown token': replace('writes', 0, token='t9'),
    '(4) after the death': replace('writes', 1, at=int(33.5 * SECOND), trusted_until=50 * SECOND),
    '(4) late at the BMC': replace('arrivals', 2, at=40 * SECOND),
    '(5) written before the promise': replace('writes', 1, at=int(20.5 * SECOND)),
    '(5) never ends': remove('actions', 7),
    '(5) accepted and lost': replace('answers', 0, action='u9'),
    '(5) 202 without acceptance': replace('answers', 2, status=202),
    '(5) a result of what failed': replace('answers', 1, status=200),
    '(5) a promise taken back': replace('actions', 3, is_accepted=False),
    '(6) repeated': add('actions', 6, seq=20, state='queued', token='', at=40 * SECOND),
    '(6) sent twice': add('writes', 0, at=int(12.05 * SECOND)),
    '(7) refused, yet it ran': replace('answers', 1, status=409),
    '(7) refused, yet it waits': remove('actions', 9),
    '(8) a third attempt': replace('actions', 5, attempt=3),
}


def test_checker_knows_good_from_bad(env):
    del env
    assert not checker.Checker(sound(), TIMES).run(), checker.Checker(sound(), TIMES).run()
    for name, mutate in MUTANTS.items():
        trace = copy.deepcopy(sound())
        mutate(trace)
        trace.actions.sort(key=lambda action: action.at)
        rules = {text[:3] for text in checker.Checker(trace, TIMES).run()}
        assert name[:3] in rules, f'not caught: {name}; found {rules}'


if harness.sys.argv[1:] == ['--list']:
    print('serial')
harness.main()
