"""Creations and patches that share commits: each is judged alone, and none waits for ever."""
import concurrent.futures
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
import harness  # noqa: E402  pylint: disable=wrong-import-position

ROUNDS = 12
CLIENTS = 16


def patch(server, name, path, value):
    return server.call('PATCH', f'/v1/nodes/{name}', [{'op': 'add', 'path': path, 'value': value}])


def test_creations_at_once_are_judged_alone(env):
    """Of twins one is made; the others in the same commit, whatever befell it, are made all the same."""
    server = env.standalone()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        for number in range(ROUNDS):
            names = [f'r{number}-{client // 2 if client < 8 else client}' for client in range(CLIENTS)]
            made = list(pool.map(lambda name: server.call('POST', '/v1/nodes',
                                                          {'name': name, 'driver': 'fake-hardware'}), names))
            for pair in range(4):
                assert sorted(answer.status for answer in made[2 * pair:2 * pair + 2]) == [201, 409], made
            assert all(answer.status == 201 for answer in made[8:]), made
            for answer, name in zip(made, names):
                assert answer.status == 409 or (answer.json['name'] == name and answer.json['updated_at'] is None)
    assert server.psql('SELECT count(*) FROM nodes') == str(ROUNDS * (4 + 8))


def test_patches_of_one_node_at_once_are_all_kept(env):
    server = env.standalone()
    server.create_fake('n')
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda number: patch(server, 'n', f'/extra/k{number}', number), range(96)))
    assert all(answer.status == 200 for answer in answers), answers
    assert server.node('n')['extra'] == {f'k{number}': number for number in range(96)}
    for number, answer in enumerate(answers):  # each answers the row that it wrote
        assert answer.json['extra'][f'k{number}'] == number


def hold(server, seconds):
    """Somebody's transaction that has written the row and takes its time."""
    return subprocess.Popen([harness.psql_program(), '-XqAt', '-U', 'ferrule', '-d', 'ferrule', '-h',
                             str(server.data / 'run'), '-c', "BEGIN; UPDATE nodes SET description = 'held'",
                             '-c', f'SELECT pg_sleep({seconds})', '-c', 'COMMIT'], stdout=subprocess.DEVNULL)


def test_patch_waits_for_whoever_writes_the_row(env):
    server = env.standalone()
    server.create_fake('n')
    server.create_fake('other')
    holder = hold(server, 2)
    harness.eventually(lambda: server.psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND"
                                           " state = 'active' AND pid <> pg_backend_pid()") == '1', 20)
    results = []
    threads = [threading.Thread(target=lambda name=name: results.append(patch(server, name, '/extra/a', 1)))
               for name in ('n', 'other', 'n')]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    server.create_fake('beside')  # what is not held goes on, though groups with the others were tried
    assert holder.poll() is None and not results
    for thread in threads:
        thread.join(30)
    assert [answer.status for answer in results] == [200] * 3, results
    assert holder.wait(30) == 0
    assert server.node('n')['extra'] == {'a': 1} and server.node('n')['description'] == 'held'


def test_patch_of_a_row_that_is_held_too_long_is_503(env):
    server = env.standalone()
    server.create_fake('n')
    holder = hold(server, 60)
    harness.eventually(lambda: server.psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND"
                                           " state = 'active' AND pid <> pg_backend_pid()") == '1', 20)
    answer = patch(server, 'n', '/extra/a', 1)
    assert answer.status == 503 and 'is being written for too long' in answer.fault(), answer
    server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND"
                ' pid <> pg_backend_pid()')
    holder.wait(30)
    harness.eventually(lambda: patch(server, 'n', '/extra/a', 1).status == 200, 20)


harness.main()
