"""Rounds of faults with pgbouncer in transaction mode between ferrule and PostgreSQL."""
import os

import campaign
import database
from service import harness

ROUNDS = int(os.environ.get('FERRULE_FAULT_ROUNDS', '12'))
SEED = int(os.environ.get('FERRULE_SEED', '40'))
FAULTS = [('conductor', 'kill', 3), ('conductor', 'freeze', 3), ('api', 'kill', 1), ('pgbouncer', 'kill', 3),
          ('pgbouncer', 'freeze', 2), ('backend', 'end', 2)]


def rounds(env, options):
    cluster = database.Bounced(env).create()
    run = campaign.Campaign(env, SEED, None, FAULTS, cluster, options(cluster))
    violations = run.run(ROUNDS)
    print('    ' + run.report())
    assert not violations, '\n'.join(violations[:20])


@harness.timeout(400)
def test_rounds_without_listen(env):
    rounds(env, lambda cluster: cluster.DEAF)


@harness.timeout(400)
def test_rounds_with_listen_past_it(env):
    rounds(env, lambda cluster: cluster.hearing())


harness.main()
