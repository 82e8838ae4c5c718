"""A streaming replica is promoted under load: service goes on, no lock and no promise is lost."""
import os
import time

import campaign
import database
import proxy
import service
from service import harness

SEED = int(os.environ.get('FERRULE_SEED', '60'))
FAULTS = [('conductor', 'kill', 2), ('conductor', 'freeze', 2), ('backend', 'end', 1), ('primary', 'fail over', 4)]
BACK_S = 15


@harness.timeout(400)
def test_rounds_across_a_promotion(env):
    cluster = database.Replicated(env).create()
    run = campaign.Campaign(env, SEED, None, FAULTS, cluster)
    violations = run.run(int(os.environ.get('FERRULE_FAULT_ROUNDS', '12')))
    print('    ' + run.report())
    assert not violations, '\n'.join(violations[:20])
    assert run.counts['fault: primary fail over'] == 1, run.report()


@harness.timeout(240)
def test_service_goes_on_after_a_promotion(env):
    """Nobody died but the primary: no instance is declared dead, what ran goes on, and its locks are kept."""
    cluster = database.Replicated(env).create()
    served = service.Service(env, service.DEFAULT_TIMES, {'fake': {'power_delay': '6'}}, None, cluster)
    api = served.api('api')
    for number in range(2):
        served.conductor(f'conductor{number}', sync_power_state_interval=0)
    served.ready()
    for number in range(6):
        api.create_fake(f'n{number}')
    accepted = []
    for number in range(6):
        answer = api.power(f'n{number}')
        assert answer.status == 202, answer
        accepted.append(answer.headers['ferrule-action'].rpartition('/')[2])
    held = served.reserved()
    assert len(held) == 6, held
    instances = sorted(conductor.instance() for conductor in served.conductors)
    seconds = cluster.fail_over()
    started = time.monotonic()

    def serves():
        answer = api.get('/v1/nodes')
        return answer.status == 200 and len(answer.json['nodes']) == 6
    harness.eventually(serves, BACK_S, 0.1, 'an answer of the API after the promotion')
    print(f'    promoted in {seconds:.1f} s, the API answers {time.monotonic() - started:.1f} s later')
    assert served.reserved() == held, 'the promotion has changed the locks'
    served.wait_idle(30)
    rows = cluster.rows('SELECT uuid, state, attempt FROM actions WHERE kind = \'power\' ORDER BY id')
    assert rows == [[uuid, 'done', '1'] for uuid in accepted], rows
    assert sorted(conductor.instance() for conductor in served.conductors) == instances
    for number in range(6):
        assert api.node(f'n{number}')['power_state'] == 'power on'
    answer = api.power('n0', 'power off')
    assert answer.status == 202, answer
    api.wait_power('n0', 'power off')


@harness.timeout(120)
def test_starts_survive_a_database_that_comes_and_goes(env):
    """Whatever a program does at its start, a connection that ends then is waited for again."""
    served = service.Service(env)
    link = proxy.Proxy(served.cluster.port)
    for number in range(4):
        through = {'connection': served.cluster.dsn(link.port)}
        served.conductor(f'conductor{number}', through)
        served.apis.append(service.Api(served, f'api{number}', served.sections(
            {'api': {'port': harness.free_port()}}, through), 0).start())
        for _ in range(25):
            link.reset()
            time.sleep(0.01 * (number + 1))
    time.sleep(1)
    for process in [*served.conductors, *served.apis]:
        assert process.is_alive(), process.program.log()
    harness.eventually(lambda: all(conductor.instance() for conductor in served.conductors), 20, 0.2, 'all registered')
    link.close()


harness.main()
