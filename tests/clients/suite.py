"""suite: runs the unittest files that others wrote, in this process, and tells how each test ended."""
import time
import unittest


class Outcomes(unittest.TestResult):
    """Names of the tests by how they ended; of those that failed with their text."""

    def __init__(self):
        super().__init__()
        self.passed = []
        self.not_run = {} # name: reason
        self.bad = {}     # name: (id, what it printed)

    def addSuccess(self, test):
        self.passed.append(name_of(test))

    def addSkip(self, test, reason):
        self.not_run[name_of(test)] = reason

    def addFailure(self, test, err):
        self.bad[name_of(test)] = (test.id(), self._exc_info_to_string(err, test))

    addError = addFailure


def name_of(test):
    """file.Class.test, or what stands in for a file that cannot be imported."""
    return '.'.join(test.id().split('.')[-3:])


def shorten_sleeps(longest_s):
    """Clients look at a node every 2 s: here more often. How long they look in all stays as it is."""
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(min(seconds, longest_s))


def run(folder, top, hasty=()):
    """
    Runs all test files below folder, a package of the folder top. Classes in `hasty` ask for work that goes on
    after the answer and look at once whether it is done, which a busy machine cannot promise: they have three goes.
    """
    loader = unittest.TestLoader()
    outcomes = Outcomes()
    loader.discover(str(folder), top_level_dir=str(top)).run(outcomes)
    for _ in range(2):
        for name, (test, _) in list(outcomes.bad.items()):
            if name.split('.')[1] in hasty:
                del outcomes.bad[name]
                loader.loadTestsFromName(test).run(outcomes)
    return outcomes


def check(outcomes, least):
    """Every test has passed: none failed, none was skipped, and at least so many ran."""
    for name, (_, text) in outcomes.bad.items():
        print(f'    FAILED {name}\n{text}', flush=True)
    assert not outcomes.bad, f'{len(outcomes.bad)} of {outcomes.testsRun} failed: {", ".join(outcomes.bad)}'
    assert not outcomes.not_run, f'not run: {outcomes.not_run}'
    assert len(outcomes.passed) >= least, f'only {len(outcomes.passed)} tests ran, there are {least}'
