#!/usr/bin/python3
"""run.py [PATTERN...]: runs the tests of a finished build, all of them or those whose folder/name contains
one of the patterns. tools/check calls it; FERRULE_BUILD names the build folder (default build/asan).

A test is a row `folder/name`:
  check/<rule>            a script tools/check-<rule>
  <folder>/<file>         a cmocka program of tests/unit, all its functions
  fuzz/<subject>          the seeds of tests/fuzz/seeds/<subject> (and reference corpora) replayed
  <folder>/<file>.<case>  a case of tests/{api,integration,clients,fault}/test_<file>.py

A case fails by its exit status, by exceeding its time, and by a sanitizer's report. Files that print
"serial" first when asked for their list run alone after the others.
"""
import concurrent.futures
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get('FERRULE_BUILD', ROOT / 'build' / 'asan')).resolve()
SHARED = pathlib.Path(os.environ.get('FERRULE_SHARED', ROOT.parent / 'shared'))
PYTHON = '/usr/bin/python3'
PYTHON_FOLDERS = ('api', 'integration', 'clients', 'fault')
CHECK_TIMEOUT_S = 300
UNIT_TIMEOUT_S = 180
FUZZ_TIMEOUT_S = 300
FILE_TIMEOUT_S = 900
OPEN_FILES = 65536
JOBS_PER_CPU = 3  # most cases wait more than they work
CASES_PER_JOB = 15
OUTPUT_LINES = 200

# Reference seeds for a fuzz target: archive, and the part of the names inside that fits.
CORPORA = {
    'http_request': ('fuzz-seeds.tar.xz', 'httpreq'),
    'http_response': ('fuzz-seeds.tar.xz', 'httpresp'),
    'json': ('fuzz-seeds.tar.xz', 'json'),
    'url': ('fuzz-seeds.tar.xz', 'url'),
}


class Job:
    """A process that decides one or several cases."""

    def __init__(self, names, command, timeout_s, is_python=False, is_serial=False):
        self.names = names            # full names, in order
        self.command = [str(word) for word in command]
        self.timeout_s = timeout_s
        self.is_python = is_python    # its lines tell the cases apart
        self.is_serial = is_serial


def wanted(name, patterns):
    return not patterns or any(pattern in name for pattern in patterns)


def rule_jobs():
    for script in sorted((ROOT / 'tools').glob('check-*')):
        yield Job([f'check/{script.name.removeprefix("check-")}'], [PYTHON, script], CHECK_TIMEOUT_S)


def unit_jobs():
    for program in sorted((BUILD / 'tests' / 'unit').glob('*/test_*')):
        if os.access(program, os.X_OK) and program.is_file() and (source_of(program)).exists():
            yield Job([f'{program.parent.name}/{program.name.removeprefix("test_")}'], [program], UNIT_TIMEOUT_S)


def source_of(program):
    return ROOT / 'tests' / 'unit' / program.parent.name / f'{program.name}.c'


def fuzz_jobs(work):
    for program in sorted((BUILD / 'tests' / 'fuzz').glob('fuzz_*')):
        subject = program.name.removeprefix('fuzz_')
        if not os.access(program, os.X_OK) or not program.is_file():
            continue
        yield Job([f'fuzz/{subject}'], [PYTHON, __file__, '--replay', program, work / f'seeds-{subject}'],
                  FUZZ_TIMEOUT_S)


def python_jobs(patterns):
    for folder in PYTHON_FOLDERS:
        for path in sorted((ROOT / 'tests' / folder).glob('test_*.py')):
            yield from python_file(folder, path, patterns)


def python_file(folder, path, patterns):
    stem = f'{folder}/{path.stem.removeprefix("test_")}'
    listed = subprocess.run([PYTHON, path, '--list'], capture_output=True, text=True, timeout=60, check=False,
                            env=environment(None))
    if listed.returncode != 0:
        yield Job([stem], [PYTHON, path, '--list'], CHECK_TIMEOUT_S)
        return
    print(listed.stderr, end='', flush=True) # what the file leaves out, and why
    cases = listed.stdout.split()
    is_serial = cases[:1] == ['serial']
    chosen = [case for case in cases[is_serial:] if wanted(f'{stem}.{case}', patterns)]
    share = max(1, len(chosen)) if is_serial else CASES_PER_JOB
    for first in range(0, len(chosen), share):
        part = chosen[first:first + share]
        yield Job([f'{stem}.{case}' for case in part], [PYTHON, path, *part], FILE_TIMEOUT_S, True, is_serial)


def replay(program, folder):
    """Feeds the seeds to a fuzz program: those of the tree, and reference corpora where they are."""
    subject = pathlib.Path(program).name.removeprefix('fuzz_')
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    own = ROOT / 'tests' / 'fuzz' / 'seeds' / subject
    files = sorted(str(path) for path in own.glob('*') if path.is_file())
    if subject in CORPORA and (SHARED / 'corpora' / CORPORA[subject][0]).exists():
        archive, part = CORPORA[subject]
        subprocess.run(['tar', '-xJf', SHARED / 'corpora' / archive, '-C', folder], check=True)
        files += sorted(str(path) for path in folder.rglob('*')
                        if path.is_file() and part in path.relative_to(folder).parts)
    (folder / 'empty').touch()
    files.append(str(folder / 'empty'))
    for start in range(0, len(files), 500):
        subprocess.run([program, *files[start:start + 500]], check=True)
    print(f'{len(files)} inputs')


def environment(reports):
    env = {**os.environ, 'FERRULE_BIN': str(BUILD / 'bin'), 'FERRULE_SHARED': str(SHARED),
           'PYTHONDONTWRITEBYTECODE': '1', 'LC_ALL': 'C.UTF-8'}
    if reports:
        log = f'log_path={reports}/sanitizer'
        env['ASAN_OPTIONS'] = f'{log}:exitcode=99'
        env['UBSAN_OPTIONS'] = f'{log}:print_stacktrace=1'
    return env


def run_process(job, reports):
    """Runs it in a process group of its own, which is ended with it; gives status and output."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(job.command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   cwd=ROOT, env=environment(reports), start_new_session=True)
        try:
            status = process.wait(job.timeout_s)
            ending = f'exit status {status}'
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status, ending = 1, f'stopped after {job.timeout_s} s'
        output.seek(0)
        return status, ending, output.read().decode(errors='replace')


class Results:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def ok(self, name, seconds):
        self.passed += 1
        print(f'ok      {name} ({seconds} s)', flush=True)

    def bad(self, name, text):
        self.failed += 1
        print(f'FAILED  {name}', flush=True)
        lines = text.rstrip().splitlines()
        for line in lines[-OUTPUT_LINES:]:
            print(f'        {line}')
        sys.stdout.flush()

    def skip(self, name, reason):
        self.skipped += 1
        print(f'skipped {name}: {reason}', flush=True)

    def add(self, job, status, ending, output, seconds):
        if job.is_python:
            self.add_cases(job, status, ending, output)
        elif status == 0:
            self.ok(job.names[0], f'{seconds:.1f}')
        else:
            self.bad(job.names[0], f'{output}\n{ending}')

    def add_cases(self, job, status, ending, output):
        """Lines "ok NAME SECONDS", "not ok NAME SECONDS" and what follows it, "skip NAME: REASON"."""
        told = {}
        name = None
        for line in output.splitlines():
            match = re.match(r'(ok|not ok|skip) (\S+?):?( .*)?$', line)
            if match:
                name = match.group(2)
                told[name] = [match.group(1), (match.group(3) or '').strip(), []]
            elif name:
                told[name][2].append(line)
        for full in job.names:
            verdict, detail, lines = told.get(full.rpartition('.')[2], ('none', '', output.splitlines()))
            if verdict == 'ok':
                self.ok(full, detail)
            elif verdict == 'skip':
                self.skip(full, detail)
            else:
                self.bad(full, '\n'.join(lines) + ('' if verdict == 'not ok' else f'\nnever decided; {ending}'))
        if status != 0 and all(told.get(full.rpartition('.')[2], [''])[0] in ('ok', 'skip') for full in job.names):
            self.bad(job.names[-1], f'{output}\nall cases passed, but the file ended with {ending}')


def run_job(job, work):
    reports = pathlib.Path(tempfile.mkdtemp(dir=work, prefix='reports-'))
    reports.chmod(0o1777)
    started = time.monotonic()
    status, ending, output = run_process(job, reports)
    seconds = time.monotonic() - started
    found = ''.join(path.read_text(errors='replace') for path in sorted(reports.glob('*')))
    if found:
        status = status or 99
        output += f'\nsanitizer report:\n{found}'
    return job, status, ending, output, seconds


def raise_limit_of_files():
    """A login's 1,024 are fewer than some tests open at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


def main():
    patterns = sys.argv[1:]
    raise_limit_of_files()
    work = pathlib.Path(tempfile.mkdtemp(prefix='ferrule-check-'))
    work.chmod(0o755)
    jobs = [job for job in [*rule_jobs(), *unit_jobs(), *fuzz_jobs(work)] if wanted(job.names[0], patterns)]
    jobs += python_jobs(patterns)
    if not jobs:
        sys.exit(f'no test contains {" or ".join(patterns) or "anything"}')
    # The longest first, so that the end is not one file alone.
    together = sorted((job for job in jobs if not job.is_serial), key=lambda job: -len(job.names) * job.is_python)
    results = Results()
    try:
        with concurrent.futures.ThreadPoolExecutor(JOBS_PER_CPU * max(2, os.cpu_count() or 2)) as pool:
            for done in concurrent.futures.as_completed([pool.submit(run_job, job, work) for job in together]):
                results.add(*done.result())
        for job in jobs:
            if job.is_serial:
                results.add(*run_job(job, work))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f'{results.passed} passed, {results.failed} failed, {results.skipped} skipped')
    sys.exit(1 if results.failed else 0)


if len(sys.argv) == 4 and sys.argv[1] == '--replay':
    replay(sys.argv[2], sys.argv[3])
else:
    main()
