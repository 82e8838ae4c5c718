"""The suites that go through the database, with pgbouncer in transaction mode in between and no LISTEN: the cases of
other files, on single programs instead of `ferrule standalone`."""
import signal
import threading

import database
import service
from service import harness


class Bounced(harness.Service):
    """What env.standalone() gives, made of single programs, a supervisor's restarts among them."""

    def __init__(self, env, config):
        self.cluster = database.Bounced(env).create()
        self.served = service.Service(env, service.DEFAULT_TIMES, {**config, 'database': self.cluster.DEAF}, None,
                                      self.cluster)
        self.first = self.served.api('api')
        super().__init__(env, self.first.port)
        self.conductor = self.served.conductor('behind-it', sync_power_state_interval=0)
        self.program = self
        self.is_checked = True
        self.served.ready()

    def more_api(self):
        return self.served.api(f'api{len(self.served.apis)}')

    def psql(self, sql):
        return self.cluster.sql(sql)

    def child_pid(self, name):
        programs = {'ferrule-conductor': self.conductor.program, 'ferrule-api': self.first.program,
                    'postgresql': self.cluster.program}
        return programs[name].pid

    def kill_child(self, name, signum=signal.SIGKILL):
        pid = self.child_pid(name)
        if name == 'postgresql':
            self.cluster.program.kill(signum)
            threading.Thread(target=self.cluster.start, daemon=True).start()
        else:
            process = self.conductor if name == 'ferrule-conductor' else self.first
            process.program.kill(signum)
            process.start()
        return pid

    def log(self):
        return self.conductor.program.log()

    def stop(self):
        for process in [self.conductor, *self.served.apis]:
            process.program.stop()


def cases_of(folder, stem):
    """The functions of another file of tests, which runs its main when it is read."""
    path = service.ROOT / 'tests' / folder / f'test_{stem}.py'
    names = {'__name__': stem, '__file__': str(path)}
    main, harness.main = harness.main, lambda: None
    exec(compile(path.read_text(), str(path), 'exec'), names)  # pylint: disable=exec-used
    harness.main = main
    return {name.removeprefix('test_'): case for name, case in names.items() if name.startswith('test_')}


def behind_pgbouncer(case):
    def run(env):
        env.standalone = lambda config=None: Bounced(env, config or {})
        case(env)
    run.timeout_s = getattr(case, 'timeout_s', harness.CASE_TIMEOUT_S) + 60
    return run


# The suites that go through the database; the others meet BMCs, or files.
SUITES = (('integration', 'locks'), ('integration', 'processes'), ('api', 'contract'), ('api', 'actions'),
          ('clients', 'baremetal'))
for suite in SUITES:
    for case_name, function in cases_of(*suite).items():
        globals()[f'test_{suite[1]}_{case_name}'] = behind_pgbouncer(function)

harness.main()
