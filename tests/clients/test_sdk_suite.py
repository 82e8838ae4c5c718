"""python3-openstacksdk's own functional tests of bare metal, unmodified, against Ferrule."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402 pylint: disable=wrong-import-position
import suite # noqa: E402 pylint: disable=wrong-import-position

TESTS = 70 # 0.101 has as many, later versions more
TEST_TIMEOUT_S = 120
SLEEP_MAX_S = 0.2
CLOUD = '''  {name}:
    auth_type: none
    auth: {{endpoint: {url}}}
    baremetal_endpoint_override: {url}
    baremetal_api_version: '1'
    has_compute: false
    has_image: false
'''
CLOUDS = ('devstack', 'devstack-alt', 'devstack-admin', 'devstack-alt-demo', 'devstack-alt-member',
          'devstack-system-admin')


@harness.timeout(600)
def test_every_test_passes(env):
    server = env.standalone()
    clouds = env.folder / 'clouds.yaml'
    clouds.write_text('clouds:\n' + ''.join(CLOUD.format(name=name, url=server.url) for name in CLOUDS))
    os.environ.update(OS_CLIENT_CONFIG_FILE=str(clouds), HOME=str(env.folder), OS_TEST_TIMEOUT=str(TEST_TIMEOUT_S))
    import openstack # pylint: disable=import-outside-toplevel
    package = pathlib.Path(openstack.__file__).parent
    suite.shorten_sleeps(SLEEP_MAX_S)
    outcomes = suite.run(package / 'tests' / 'functional' / 'baremetal', package.parent)
    suite.check(outcomes, TESTS)


harness.main()
