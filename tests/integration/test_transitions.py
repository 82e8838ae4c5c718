"""Every verb in every provision state: what the const table of transitions (model/fsm.c) allows runs for real on fake
hardware and ends where the table leads; everything else is refused and changes nothing. The table is read from its
source, so that a row which is added is tried at once."""
import re

import harness

CALM = {'conductor': {'check_orphans_interval': '3600', 'check_provision_state_interval': '3600'}}
ROW = re.compile(r'\{ FROM\((\w+)\),\s*EVENT_(\w+),\s*TO\((\w+)\),\s*(?:TO\((\w+)\)|TARGET_(\w+)),\s*(\d+) \}')
VERB = re.compile(r'\{ "(\w+)",\s*EVENT_(\w+),\s*\d+ \}')
STATE = re.compile(r'\[PROVISION_(\w+)\]\s*= \{ (?:\.name = )?"([\w -]+)"')
STEP = {'interface': 'bios', 'step': 'factory_reset'}
ARGUMENTS = {'clean': {'clean_steps': [STEP]}, 'service': {'service_steps': [STEP]},
             'rescue': {'rescue_password': 'open sesame'}}
# What ends the work of a working state well; the target decides for CLEANING.
ENDS = ('CLEAN', 'DONE')
# Where the work leads elsewhere than the row: an aborted service leaves the instance as it was.
ELSEWHERE = {('SERVICEWAIT', 'ABORT'): 'ACTIVE', ('SERVICEHOLD', 'ABORT'): 'ACTIVE',
             ('SERVICEHOLD', 'UNHOLD'): 'ACTIVE'}


class Table:
    def __init__(self):
        source = (harness.ROOT / 'model' / 'fsm.c').read_text()
        self.rows = {(state, event): (to, target, int(since))
                     for state, event, to, target, _, since in ROW.findall(source)}
        self.verbs = dict(VERB.findall(source))
        self.names = dict(STATE.findall((harness.ROOT / 'model' / 'states.c').read_text()))
        assert len(self.rows) == source.count('{ FROM(') > 80 and len(self.verbs) == 15 and len(self.names) == 30

    def allows(self, state, verb):
        row = self.rows.get((state, self.verbs[verb]))
        return bool(row and row[2])

    def is_working(self, state):
        return (state, 'FAIL') in self.rows and (state, 'ABORT') not in self.rows

    def end(self, state, verb):
        """The name of the state in which the verb's work ends."""
        event = self.verbs[verb]
        to, target, _ = self.rows[state, event]
        if (state, event) in ELSEWHERE:
            return self.names[ELSEWHERE[state, event]]
        while self.is_working(to):
            if to == 'CLEANING':
                to = target
            else:
                to = next(self.rows[to, event][0] for event in ENDS if (to, event) in self.rows)
        return self.names[to]

    def target_in(self, state):
        """A target that a node in this state may have: where its work would lead."""
        targets = [target for to, target, _ in self.rows.values() if to == state and target]
        return self.names[targets[0]] if targets else None


def put(server, table, state, name='n'):
    target = table.target_in(state)
    target = f"'{target}'" if target else 'NULL'
    server.psql(f"UPDATE nodes SET provision_state = '{table.names[state]}', target_provision_state = {target}, "
                f"provision_updated_at = now(), maintenance = false, fault = NULL, last_error = NULL, "
                f"version = version + 1 WHERE name = '{name}'")


def ask(server, verb, name):
    return server.call('PUT', f'/v1/nodes/{name}/states/provision', {'target': verb, **ARGUMENTS.get(verb, {})})


@harness.timeout(300)
def test_allowed_verbs_end_where_the_table_leads(env):
    table = Table()
    server = env.standalone(CALM)
    walks = [(state, verb) for state in table.names for verb in table.verbs if table.allows(state, verb)]
    assert len(walks) > 60, walks
    waited = {}
    for number, (state, verb) in enumerate(walks):
        name = f'n{number}'
        server.create_fake(name)
        put(server, table, state, name)
        answer = ask(server, verb, name)
        assert answer.status == 202, (state, verb, answer)
        waited[name] = (state, verb, table.end(state, verb))
    for name, (state, verb, end) in waited.items():
        def is_there(name=name, end=end):
            node = server.node(name)
            return node['provision_state'] == end and node['reservation'] is None
        try:
            harness.eventually(is_there, 60)
        except AssertionError:
            raise AssertionError(f'{verb} in {state} is to end in {end}: {server.node(name)}') from None


def fail_by_themselves(server, table, states):
    """Nodes are put into each of the states and left alone; the table says where each must end. Gives them by state."""
    for number, state in enumerate(states):
        server.create_fake(f'n{number}')
        put(server, table, state, f'n{number}')
        server.psql(f"UPDATE nodes SET provision_updated_at = now() - interval '1 hour' WHERE name = 'n{number}'")
    ended = {}
    for number, state in enumerate(states):
        to, target, _ = table.rows[state, 'FAIL']
        shown = table.names[to]

        def is_there(number=number, shown=shown):
            node = server.node(f'n{number}')
            return node if node['provision_state'] == shown and node['reservation'] is None else None
        node = ended[state] = harness.eventually(is_there, 60, what=f'{state} failed')
        assert node['target_provision_state'] == (None if to == 'ENROLL' else table.target_in(state)), (state, node)
        events = server.ok('GET', f'/v1/nodes/n{number}/history?detail=true')['history']
        assert [(event['event'], event['state']) for event in events] == [(node['last_error'], shown)], (state, events)
        # No step was under way, so the hardware needs no look.
        assert node['fault'] is None and not node['maintenance'], (state, node)
    return ended


@harness.timeout(240)
def test_every_wait_ends(env):
    table = Table()
    server = env.standalone({'conductor': {'check_provision_state_interval': '0.5', 'check_orphans_interval': '3600'}})
    ended = fail_by_themselves(server, table, [state for state in table.names if state.endswith('WAIT')])
    assert len(ended) == 5, ended
    for state, node in ended.items():
        assert node['last_error'].startswith('Timeout reached while '), (state, node['last_error'])


@harness.timeout(240)
def test_every_work_without_a_conductor_fails(env):
    table = Table()
    server = env.standalone({'conductor': {'check_orphans_interval': '1', 'check_provision_state_interval': '3600'}})
    ended = fail_by_themselves(server, table, [state for state in table.names if table.is_working(state)])
    assert len(ended) == 9, ended
    for state, node in ended.items():
        assert 'was lost' in node['last_error'], (state, node['last_error'])


@harness.timeout(240)
def test_other_verbs_are_refused_and_change_nothing(env):
    table = Table()
    server = env.standalone(CALM)
    server.create_fake('n')
    for state, shown in table.names.items():
        put(server, table, state)
        before = server.node('n')
        for verb in table.verbs:
            if table.allows(state, verb):
                continue
            answer = ask(server, verb, 'n')
            assert answer.status == 400, (state, verb, answer)
            said = answer.fault()
            assert f'"{verb}" can not be performed' in said and f'"{shown}"' in said, (state, answer)
        assert server.node('n') == before, state


harness.main()
