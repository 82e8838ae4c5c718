"""tools/quickstart: the first thing that a newcomer runs."""
import os
import signal
import subprocess
import time

import harness

SCRIPT = harness.ROOT / 'tools' / 'quickstart'
# It builds and runs the release, without what is meant for the sanitizers.
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith(('FERRULE_', 'ASAN_', 'UBSAN_'))}


@harness.timeout(900)
def test_check(env):
    done = subprocess.run([SCRIPT, '--check'], capture_output=True, text=True, timeout=850, check=False,
                          env=ENVIRONMENT)
    assert done.returncode == 0, f'status {done.returncode}\n{done.stdout}\n{done.stderr}'
    for bmc in ('ipmi-1', 'redfish-1'):
        for state in ('off', 'on'):
            assert f'proved at the BMC of {bmc}: {state}' in done.stdout, done.stdout
    assert 'proved at the EEM: 0xa00000000002 is in the group of expether-1' in done.stdout, done.stdout


@harness.timeout(600)
def test_interrupt_leaves_nothing(env):
    log = env.folder / 'quickstart.log'
    with open(log, 'wb') as out:
        process = subprocess.Popen([SCRIPT, '--check'], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   env={**ENVIRONMENT, 'TMPDIR': str(env.folder)})
        try:
            harness.eventually(lambda: b'Enrolling' in log.read_bytes() or process.poll() is not None, 500, 0.2,
                               'the enrolment')
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) != 0
        finally:
            if process.poll() is None:
                process.kill()
    assert not list(env.folder.glob('ferrule-quickstart.*')), log.read_text()
    time.sleep(0.5)
    left = subprocess.run(['ps', '-eo', 'args'], capture_output=True, text=True, check=True).stdout
    assert f'{env.folder}/ferrule-quickstart' not in left, left


def test_unknown_option_is_refused(env):
    done = subprocess.run([SCRIPT, '--bogus'], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2 and '--check' in done.stdout, done


if harness.sys.argv[1:] == ['--list']:
    print('serial')
harness.main()
