"""history: is a history of lock operations that of a lock? Exact, in n log n, because every holding has a token.

A node's lock is linearizable when each operation can be given a moment between its call and its answer so that no
two holdings overlap. A holding was taken between the call and the answer of "take"; it ended between the call and
the answer of its release, or of the sweep that took it away (a taker that was frozen may read its answer long after
that sweep). Epochs, which fence, count the takings: so the only order that can be right is known, and giving each
operation of it the earliest moment that it can have decides. A release that was fenced released nothing: then the
sweep did, or nothing is known of when. Beside that a release may be fenced only for who was swept.
"""
import collections
import sys

FOREVER = 1 << 63


class Holding:
    def __init__(self, node, action, token, epoch, invoked, returned):
        self.node, self.action, self.token, self.epoch = node, action, token, epoch
        self.invoked, self.returned = invoked, returned
        self.release = None     # [invoked, returned, result]
        self.sweep = None       # [invoked, returned]

    def is_swept(self):
        return self.sweep and not (self.release and self.release[2] == 'ok')

    def taken_by(self):
        """The latest moment at which it can have been taken."""
        return min(self.returned, self.sweep[1]) if self.is_swept() else self.returned

    def end(self):
        """The span in which the holding ended."""
        if self.release and self.release[2] == 'ok':
            return self.release[0], self.release[1]
        if self.is_swept():
            return max(self.invoked, self.sweep[0]), self.sweep[1]
        if self.release:    # its process died, or the outcome is not known: then, or any time later
            return self.release[0], FOREVER
        return self.returned, FOREVER

    def __repr__(self):
        return f'<node {self.node} action {self.action} {self.token} epoch {self.epoch}: ' \
               f'taken {self.invoked}..{self.returned}, ended {self.end()}>'


def read(paths):
    """Holdings by token, and how many operations there are."""
    holdings, by_action, sweeps, count = {}, collections.defaultdict(list), [], 0
    for path in paths:
        for line in path.read_text().splitlines():
            kind, *words = line.split()
            if kind == 'T':
                node, action, token, epoch, invoked, returned = words
                holding = Holding(int(node), int(action), token, int(epoch), int(invoked), int(returned))
                holdings[token] = holding
                by_action[int(action)].append(holding)
                count += 1
            elif kind == 'R':
                holdings[words[2]].release = [int(words[3]), FOREVER, 'unknown']
                count += 1
            elif kind == 'r':
                holdings[words[1]].release[1:] = [int(words[2]), words[3]]
            else:
                sweeps.append([int(word) for word in words])
                count += 1
    for node, action, invoked, returned in sorted(sweeps, key=lambda sweep: sweep[3]):
        # a start that was swept goes back in line, so an action may be taken again
        for holding in sorted(by_action[action], key=lambda holding: holding.epoch):
            is_over = holding.sweep or (holding.release and holding.release[2] == 'ok')
            if holding.node == node and returned >= holding.invoked and not is_over:
                holding.sweep = [invoked, returned]
                break
    return holdings, count


def check(holdings):
    """The sentences that say why it is no lock; none: it is one."""
    by_node = collections.defaultdict(list)
    for holding in holdings.values():
        by_node[holding.node].append(holding)
    problems = []
    for line in by_node.values():
        line.sort(key=lambda holding: holding.epoch)
        problems += check_line(line)
    return problems


def check_line(line):
    problems = []
    free, last = 0, None
    for holding in line:
        taken = max(holding.invoked, free)
        if taken > holding.taken_by():
            problems.append(f'two hold node {holding.node} at once: {last} and {holding}')
        if last and holding.epoch == last.epoch:
            problems.append(f'node {holding.node} had one epoch twice: {last} and {holding}')
        invoked, returned = holding.end()
        released = max(taken, invoked)
        if released > returned:
            problems.append(f'{holding} was released before it was taken')
        if holding.release and holding.release[2] == 'fenced' and not holding.sweep:
            problems.append(f'{holding} could not be released, and nobody had taken it away')
        free, last = released, holding
    return problems


def main():
    import pathlib  # pylint: disable=import-outside-toplevel
    holdings, count = read([pathlib.Path(path) for path in sys.argv[1:]])
    problems = check(holdings)
    print(f'{count} operations, {len(holdings)} holdings, {len(problems)} problems')
    print('\n'.join(problems[:20]))
    sys.exit(1 if problems else 0)


if __name__ == '__main__':
    main()
