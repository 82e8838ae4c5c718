"""The recorded answers of the real Ironic, asked again by the program that compares them: what differs is in
docs/compatibility.rst, and nothing else. The recording lies outside the tree; without it the case is left out."""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402 pylint: disable=wrong-import-position

REPLAY = harness.SHARED / 'compat' / 'replay'
CALLS = 292
DIFFERENT_MAX = 18


@harness.timeout(240)
def test_only_documented_answers_differ(env):
    server = env.standalone()
    done = subprocess.run([REPLAY, '-v', server.url], capture_output=True, text=True, timeout=200, check=False)
    total = re.search(r'^all +status +\d+/(\d+) +whole +(\d+)/', done.stdout, re.M)
    assert total and int(total.group(1)) == CALLS, done.stdout + done.stderr
    different = re.findall(r'^[^ ].*? \| (.*?) \| [A-Z]+ /\S* -> \d+', done.stdout, re.M)
    assert len(different) == CALLS - int(total.group(2)) <= DIFFERENT_MAX, done.stdout
    documented = (harness.ROOT / 'docs' / 'compatibility.rst').read_text()
    unknown = [title for title in different if f'``{title}``' not in documented]
    assert not unknown, f'not in docs/compatibility.rst: {unknown}\n{done.stdout}'


if not REPLAY.exists():
    del test_only_documented_answers_differ
    print(f'clients/recording is left out: there is no {REPLAY}', file=sys.stderr)
harness.main()
