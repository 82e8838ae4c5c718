"""checker: joins what conductors, BMCs, clients and the database recorded, and says what broke the protocol.

All times are nanoseconds of CLOCK_BOOTTIME. The numbers in brackets are those of docs/locks.rst, section 8.
"""
import bisect
import collections
import json
import re

Lock = collections.namedtuple('Lock', 'seq at node_id node_uuid old_token new_token old_epoch new_epoch old_host '
                                      'new_host old_action new_action')
Action = collections.namedtuple('Action', 'seq at id uuid node_id kind exclusive on_crash state token instance attempt '
                                          'is_accepted')
Lease = collections.namedtuple('Lease', 'seq at instance hostname beat state')
Write = collections.namedtuple('Write', 'at node_uuid epoch token action trusted_until what')
Arrival = collections.namedtuple('Arrival', 'at bmc protocol what status')
Answer = collections.namedtuple('Answer', 'at status action')

ENDED = ('done', 'failed', 'unknown', 'cancelled')
# The database's clock is read in microseconds, and the difference of two clocks with some of noise.
CLOCK_NOISE = 3_000_000
# A datagram of a write that must not be done twice may be repeated with the same sequence number.
DATAGRAM_REPEAT = 4_500_000_000
DATAGRAMS = 5
SESSION_PATH = '/redfish/v1/SessionService/Sessions'
IPMI_READS = re.compile(r'Get |Open Session|RAKP|Set Session Privilege|Close Session|Reserve |Read |datagram')


def number(text):
    return int(text) if text else None


def read_lock(row, at):
    seq, _, node_id, node_uuid, old_token, new_token, old_epoch, new_epoch, *rest = row
    return Lock(int(seq), at, int(node_id), node_uuid, old_token, new_token, int(old_epoch), int(new_epoch), *rest[:2],
                number(rest[2]), number(rest[3]))


def read_action(row, at):
    seq, _, key, uuid, node_id, kind, exclusive, on_crash, state, token, instance, attempt, accepted = row
    return Action(int(seq), at, int(key), uuid, number(node_id), kind, exclusive == 't', on_crash, state, token,
                  instance, int(attempt), accepted == 't')


def read_lease(row, at):
    return Lease(int(row[0]), at, row[2], row[3], int(row[4]), row[5])


def read_writes(path):
    """The journal of one conductor. A last line that a kill cut short cannot be: each is one write(2)."""
    writes = []
    for line in path.read_text().splitlines() if path.exists() else []:
        at, node, epoch, token, action, trusted, what = line.split(' ', 6)
        writes.append(Write(int(at), node, int(epoch), token, int(action), int(trusted), what))
    return writes


def read_arrivals(path):
    arrivals = []
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        arrivals.append(Arrival(entry['time_ns'], entry['bmc'], entry['protocol'], entry['what'], entry['status']))
    return arrivals


def is_write(arrival):
    """A request that only a lock's holder may send."""
    if arrival.protocol == 'ipmi':
        return not IPMI_READS.match(arrival.what)
    method, _, path = arrival.what.partition(' ')
    return method not in ('GET', 'HEAD') and not path.startswith(SESSION_PATH)


def is_same(arrival, write):
    """Does the journal's line speak of that request?"""
    if arrival.protocol == 'redfish':
        return arrival.what == write.what
    name, _, data = arrival.what.partition(' 0x')
    if name == 'Unknown':
        return write.what == f'IPMI command 0x{" ".join(data.split()[:2])}'
    return write.what == f'IPMI {name}'


class Holding:
    """One running attempt of an action: a token from its taking to its release."""

    def __init__(self, action, taken):
        self.action = action
        self.token = action.token
        self.instance = action.instance
        self.taken = taken
        self.released = None
        self.accepted = taken if action.is_accepted else None
        self.ended_as = None


class Checker:
    def __init__(self, trace, times):
        self.trace = trace
        self.times = {name: int(seconds * 1e9) for name, seconds in times.items()}
        self.violations = []
        self.counts = collections.Counter()
        self.holdings = {}                       # by token
        self.history = collections.defaultdict(list)  # of each action, by uuid
        self.beats = collections.defaultdict(list)
        self.dead = {}
        self.slowest_takeover = 0
        self.kind_of = {action.id: action.kind for action in trace.actions}

    def say(self, rule, text):
        self.violations.append(f'({rule}) {text}')

    def run(self):
        self.index()
        self.check_alternation()
        self.check_actions()
        self.check_writes()
        self.check_arrivals()
        self.check_answers()
        self.measure_takeovers()
        return self.violations

    def index(self):
        for lease in self.trace.leases:
            if lease.state == 'live':
                self.beats[lease.instance].append(lease.at)
            else:
                self.dead.setdefault(lease.instance, lease.at)
        for action in self.trace.actions:
            self.history[action.uuid].append(action)
            if action.state == 'running':
                holding = self.holdings.get(action.token)
                if not holding:
                    holding = self.holdings[action.token] = Holding(action, action.at)
                if action.is_accepted and holding.accepted is None:
                    holding.accepted = action.at
        for rows in self.history.values():
            for before, after in zip(rows, rows[1:]):
                if before.state == 'running' and after.state != 'running':
                    holding = self.holdings[before.token]
                    holding.released, holding.ended_as = after.at, after.state

    # ---- (1), (2): the lock's own history ----

    def check_alternation(self):
        held = {}
        epochs = {}
        for lock in self.trace.locks:
            self.counts['lock changes'] += 1
            node = lock.node_id
            if (lock.old_token or None) != held.get(node):
                self.say(1, f'node {node}: held by {held.get(node)}, and {lock} changes it')
            if lock.old_token and lock.new_token:
                self.say(1, f'node {node} went from one holder to another: {lock}')
            if bool(lock.new_token) != bool(lock.new_host) or bool(lock.new_token) != (lock.new_action is not None):
                self.say(2, f'node {node} is half reserved: {lock}')
            if lock.new_token:
                self.counts['takings'] += 1
                if lock.new_epoch != epochs.get(node, lock.old_epoch) + 1:
                    self.say(1, f'node {node}: the epoch does not follow: {lock}')
                holding = self.holdings.get(lock.new_token)
                if not holding or holding.action.id != lock.new_action or not holding.action.exclusive:
                    self.say(2, f'node {node} is reserved for an action that does not run: {lock}')
            epochs[node] = lock.new_epoch
            held[node] = lock.new_token or None
        takings = {lock.new_token for lock in self.trace.locks if lock.new_token}
        for token, holding in self.holdings.items():
            if holding.action.exclusive and token not in takings:
                self.say(2, f'action {holding.action.id} ran without a lock: {holding.action}')

    # ---- (5), (6), (8): actions ----

    def check_actions(self):
        running = {}
        for action in self.trace.actions:
            if action.attempt > 2:
                self.say(8, f'attempt {action.attempt}: {action}')
            if action.exclusive and action.state == 'running':
                other = running.setdefault(action.node_id, action.id)
                if other != action.id:
                    self.say(1, f'node {action.node_id}: actions {other} and {action.id} run at once')
            elif running.get(action.node_id) == action.id and action.exclusive:
                del running[action.node_id]
        for uuid, rows in self.history.items():
            self.counts['actions'] += 1
            self.check_life(uuid, rows)

    def check_life(self, uuid, rows):
        steps = {('queued', 'queued'), ('queued', 'running'), ('queued', 'cancelled'), ('running', 'running'),
                 ('running', 'queued'), ('running', 'done'), ('running', 'failed'), ('running', 'unknown')}
        # what an API left behind when it died is given up a minute later, perhaps in another episode
        if rows[0].state != 'queued' and (rows[0].state != 'cancelled' or rows[0].is_accepted):
            self.say(5, f'action {uuid} began as {rows[0].state}')
        for before, after in zip(rows, rows[1:]):
            if (before.state, after.state) not in steps:
                self.say(5, f'action {uuid} went from {before.state} to {after.state}')
            if before.state == after.state == 'running' and before.token != after.token:
                self.say(1, f'action {uuid} runs, and changes its token: {after}')
            if before.is_accepted and not after.is_accepted:
                self.say(5, f'action {uuid}: its acceptance was taken back')
            if before.is_accepted and after.state in ('queued', 'cancelled') and before.on_crash == 'never':
                self.say(6, f'action {uuid}, never to be repeated, is {after.state} after its acceptance')
        last = rows[-1]
        if last.state not in ENDED and not (last.state == 'queued' and not last.is_accepted):
            self.say(5, f'action {uuid} has not ended: {last}')
        self.counts[f'ended {last.state}'] += 1
        tokens = {row.token for row in rows if row.state == 'running' and row.is_accepted}
        if rows[0].on_crash == 'never' and len(tokens) > 1:
            self.say(6, f'action {uuid}, never to be repeated, was accepted {len(tokens)} times')
        if len({row.attempt for row in rows if row.state == 'running'}) > 1:
            self.counts['repeated actions'] += 1

    # ---- (3), (4): what left ----

    def check_writes(self):
        once = collections.defaultdict(list)
        for write in self.trace.writes:
            self.counts['BMC writes'] += 1
            holding = self.holdings.get(write.token)
            if not holding:
                self.say(4, f'a write bears a token that never held anything: {write}')
                continue
            self.check_write(write, holding)
            if holding.action.on_crash == 'never':
                once[write.action].append(write)
        for action, writes in once.items():
            self.check_once(action, writes)

    def check_write(self, write, holding):
        if write.action != holding.action.id:
            self.say(4, f'a write bears the token of action {holding.action.id}: {write}')
        if write.at + CLOCK_NOISE < holding.taken:
            self.say(4, f'a write left {self.ms(holding.taken - write.at)} before its lock was taken: {write}')
        if holding.released is not None and write.at > holding.released + CLOCK_NOISE:
            self.say(4, f'a write left {self.ms(write.at - holding.released)} after its lock was released: {write}')
        if holding.accepted is None or write.at + CLOCK_NOISE < holding.accepted:
            self.say(5, f'a write left before its action was accepted: {write}')
        if write.at + self.times['flight'] >= write.trusted_until:
            self.say(3, f'a write left although its lease was trusted only for '
                        f'{self.ms(write.trusted_until - write.at)} more: {write}')
        beats = self.beats[holding.instance]
        last = bisect.bisect_right(beats, write.at + CLOCK_NOISE) - 1
        if last < 0 or write.at + self.times['flight'] >= beats[last] + self.times['hold'] + CLOCK_NOISE:
            since = self.ms(write.at - beats[last]) if last >= 0 else 'without any'
            self.say(3, f'a write left {since} after the last renewal of its lease: {write}')
        dead = self.dead.get(holding.instance)
        if dead is not None and write.at > dead + CLOCK_NOISE:
            self.say(4, f'a write left {self.ms(write.at - dead)} after its conductor was declared dead: {write}')

    def check_once(self, action, writes):
        if len({write.token for write in writes}) > 1:
            self.say(6, f'action {action}, never to be repeated, wrote in two attempts: {writes}')
        self.counts['actions that wrote, never to be repeated'] += 1
        if self.kind_of[action] != 'passthru':
            return  # a reboot may be an off and an on: two requests, and the journal does not show their bodies
        by_what = collections.defaultdict(list)
        for write in writes:
            by_what[write.what].append(write.at)
        for what, times in by_what.items():
            allowed = DATAGRAMS if what.startswith('IPMI') else 1
            if len(times) > allowed or max(times) - min(times) > DATAGRAM_REPEAT:
                self.say(6, f'action {action}, never to be repeated, sent "{what}" {len(times)} times in '
                            f'{self.ms(max(times) - min(times))}')

    @staticmethod
    def ms(duration):
        return f'{duration / 1e6:.1f} ms'

    # ---- arrivals ----

    def check_arrivals(self):
        """Each write that a BMC got is in a journal, before it came."""
        waiting = collections.defaultdict(list)
        for write in self.trace.writes:
            waiting[self.trace.bmc_of.get(write.node_uuid)].append(write)
        for arrival in self.trace.arrivals:
            if not is_write(arrival):
                continue
            self.counts['BMC arrivals'] += 1
            lines = waiting[arrival.bmc]
            found = next((i for i in range(len(lines) - 1, -1, -1)
                          if lines[i].at <= arrival.at and is_same(arrival, lines[i])), None)
            if found is None:
                self.say(3, f'a BMC got a write that no journal has: {arrival}')
                continue
            self.check_lateness(arrival, lines.pop(found))

    def check_lateness(self, arrival, write):
        """The one thing that is not promised: a process frozen between its gate and its send."""
        holding = self.holdings.get(write.token)
        if holding and holding.released is not None and arrival.at > holding.released + self.times['flight']:
            if any(start <= arrival.at and write.at - 1_000_000 <= end for start, end in self.trace.freezes):
                self.counts['writes of the frozen, late at the BMC'] += 1
            else:
                self.say(4, f'a BMC got a write {self.ms(arrival.at - holding.released)} after its lock was released: '
                            f'{arrival}')

    def measure_takeovers(self):
        """From the last renewal of a dead instance to the moment when what it held was free."""
        for holding in self.holdings.values():
            dead = self.dead.get(holding.instance)
            beats = self.beats[holding.instance]
            if holding.released is not None and dead is not None and holding.released >= dead and beats:
                self.counts['takeovers'] += 1
                self.slowest_takeover = max(self.slowest_takeover, holding.released - beats[-1])

    # ---- (5), (7): what clients were told ----

    def check_answers(self):
        for answer in self.trace.answers:
            self.counts[f'answered {answer.status}'] += 1
            rows = self.history.get(answer.action) if answer.action else None
            if answer.status == 202 and not rows:
                self.say(5, f'an accepted action is lost: {answer}')
            elif answer.status == 202 and not any(row.is_accepted for row in rows):
                self.say(5, f'202 for an action that was not accepted: {rows[-1]}')
            if answer.status in (200, 204) and answer.action and (not rows or rows[-1].state != 'done'):
                self.say(5, f'a result for an action that is not done: {answer} {rows and rows[-1]}')
            if answer.status in (409, 503) and rows:
                self.check_refused(answer, rows)

    def check_refused(self, answer, rows):
        if rows[-1].state == 'cancelled' and not any(row.is_accepted for row in rows):
            return
        if any(write.action == rows[0].id for write in self.trace.writes) or rows[-1].state != 'failed':
            self.say(7, f'{answer.status} for an action that ran: {rows[-1]}')
