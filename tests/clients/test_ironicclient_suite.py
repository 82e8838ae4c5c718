"""
python3-ironicclient's own functional tests, unmodified, against Ferrule. Debian 12 and Ubuntu 24.04 install
them with the client. Since 5.9 (Debian 13) there are none: its authors have removed them.
"""
import importlib.metadata
import importlib.util
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import forked_client # noqa: E402 pylint: disable=wrong-import-position
import harness  # noqa: E402 pylint: disable=wrong-import-position
import suite # noqa: E402 pylint: disable=wrong-import-position

TESTS = 108
HASTY = ('PowerStateTests', 'ProvisionStateTests') # they show a node right after a command that does not wait
REMOVED_IN = (5, 9)
PACKAGE = pathlib.Path(importlib.util.find_spec('ironicclient').origin).parent
FOLDER = PACKAGE / 'tests' / 'functional' / 'osc' / 'v1'


def version():
    return tuple(int(part) for part in importlib.metadata.version('python-ironicclient').split('.')[:2])


@harness.timeout(600)
def test_every_test_passes(env):
    assert FOLDER.exists(), f'python3-ironicclient {version()} has lost its functional tests'
    server = env.standalone()
    config = env.folder / 'test.conf'
    config.write_text(f'[functional]\nauth_strategy = noauth\nironic_url = {server.url}\n')
    os.environ.update(IRONICCLIENT_TEST_CONFIG=str(config), HOME=str(env.folder), OS_TESTENV_NAME='functional')
    os.chdir(env.folder)
    with forked_client.command(env.folder / '.tox' / 'functional' / 'bin'): # where the tests look for it
        outcomes = suite.run(FOLDER, PACKAGE.parent, HASTY)
    suite.check(outcomes, TESTS)


if version() >= REMOVED_IN and not FOLDER.exists():
    del test_every_test_passes
    print('clients/ironicclient_suite is left out: this version of the client has no functional tests',
          file=sys.stderr)
harness.main()
