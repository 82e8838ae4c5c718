"""The scripts that judge the sources and run the tests: each must find what it is for."""
import os
import shutil
import subprocess

import harness

HEADER = '#pragma once\n'


def tree(env, files, programs=()):
    """A small tree with copies of the scripts; files maps path to text."""
    root = env.folder / 'tree'
    for path in ('tools/check-includes', 'tools/check-banned', 'tools/check-suspends', 'tools/check-format',
                 'tests/run.py'):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(harness.ROOT / path, root / path)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        if path in programs:
            (root / path).chmod(0o755)
    return root


def check(root, name):
    done = subprocess.run([root / 'tools' / f'check-{name}'], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 1), done
    assert (done.returncode == 0) == (done.stdout == ''), done
    return done.stdout


def finds(env, name, files, *words):
    said = check(tree(env, files), name)
    for word in words:
        assert word in said, said
    shutil.rmtree(env.folder / 'tree')


def accepts(env, name, files):
    said = check(tree(env, files), name)
    assert said == '', said
    shutil.rmtree(env.folder / 'tree')


def test_includes(env):
    accepts(env, 'includes', {'lib/a.h': HEADER, 'lib/a.c': '#include "lib/a.h"\n\n#include <uv.h>\n',
                              'api/b.c': '#include "db/c.h"\n', 'db/c.h': HEADER})
    finds(env, 'includes', {'api/b.c': '#include "drivers/driver.h"\n'}, 'api/b.c: api may not see drivers')
    finds(env, 'includes', {'lib/b.c': '#include "model/node.h"\n'}, 'lib may not see model')
    finds(env, 'includes', {'drivers/b.c': '#include "passthru/passthru.h"\n'}, 'drivers may not see passthru')
    finds(env, 'includes', {'api/b.c': '#include <libpq-fe.h>\n'}, '<libpq-fe.h> belongs to db/')
    finds(env, 'includes', {'conductor/b.c': '#include <uv.h>\n'}, '<uv.h> belongs to')
    finds(env, 'includes', {'lib/a.h': HEADER, 'lib/a.c': '#include <stdio.h>\n#include "lib/a.h"\n'}, 'own header')
    finds(env, 'includes', {'lib/a.h': 'int a;\n'}, 'no #pragma once')
    finds(env, 'includes', {'lib/a.c': '#include "b.h"\n'}, 'not named by its full path')


def test_banned(env):
    accepts(env, 'banned', {'api/a.c': '/* strcpy(a, b) */\nconst char *a = "system(x)";\nint b = item->free(1);\n',
                            'lib/b.c': 'void *c = malloc(1);\n', 'tools/d.c': 'int e = fork();\n'})
    for call in ('strcpy(a, b)', 'malloc (1)', 'free(a)', 'system("x")', 'getaddrinfo(a)', 'fork()', 'sscanf(a)'):
        name = call.split('(')[0].strip()
        finds(env, 'banned', {'api/a.c': f'\nvoid f(void) {{ {call}; }}\n'}, f'api/a.c:2: {name}()')


def test_suspends(env):
    header = {'lib/a.h': HEADER + 'SUSPENDS int nap(void);\nint work(void);\nvoid start(void);\n'}
    body = 'static int inner(void)\n{\n\treturn nap();\n}\n\nint work(void)\n{\n\treturn inner();\n}\n'
    finds(env, 'suspends', {**header, 'lib/a.c': body}, 'work may suspend in inner')
    marked = {'lib/a.h': header['lib/a.h'].replace('int work', 'SUSPENDS int work')}
    accepts(env, 'suspends', {**marked, 'lib/a.c': body})
    accepts(env, 'suspends', {**header, 'lib/a.c': 'void start(void)\n{\n\tfiber_spawn("nap", nap, 0);\n}\n'})


def test_format(env):
    accepts(env, 'format', {'lib/a.c': '\tint a;\n'})
    finds(env, 'format', {'lib/a.c': 'int a; \n'}, 'lib/a.c:1: blanks at the end')
    finds(env, 'format', {'lib/a.c': '        int a;\n'}, 'indented by blanks')
    finds(env, 'format', {'lib/a.c': '\t' * 13 + 'int abcdefg;\n'}, 'longer than 110')
    finds(env, 'format', {'lib/a.c': 'int a;'}, 'no newline at the end')


UNITS = 'build/asan/tests/unit/lib/'
CASES = '''import sys
if sys.argv[1:] == ['--list']:
    print('good\\nbad\\nleft_out\\nlost')
else:
    for name in sys.argv[1:]:
        if name == 'good':
            print('ok good 0.1')
        elif name == 'bad':
            print('not ok bad 0.1')
            print('    reason of bad')
        elif name == 'left_out':
            print('skip left_out: no moon')
    sys.exit(1 if 'bad' in sys.argv else 0)
'''


def run_tests(env, *patterns):
    programs = {UNITS + 'test_good': '#!/bin/sh\nexit 0\n', UNITS + 'test_bad': '#!/bin/sh\necho why not\nexit 3\n',
                UNITS + 'test_leaky': '#!/bin/sh\nlog=${ASAN_OPTIONS#log_path=}\necho leak >"${log%%:*}.1"\nexit 0\n'}
    sources = {f'tests/unit/lib/{path.rpartition("/")[2]}.c': '' for path in programs}
    root = tree(env, {**programs, **sources, 'tests/api/test_some.py': CASES}, programs)
    bare = {name: value for name, value in os.environ.items() if not name.startswith('FERRULE_')}
    done = subprocess.run(['/usr/bin/python3', root / 'tests' / 'run.py', *patterns], capture_output=True, text=True,
                          timeout=60, env=bare, check=False)
    shutil.rmtree(root)
    return done


def test_runner_counts(env):
    done = run_tests(env, 'lib/', 'api/')
    assert done.returncode == 1, done
    assert done.stdout.splitlines()[-1] == '2 passed, 4 failed, 1 skipped', done.stdout
    for line in ('why not', 'exit status 3', 'reason of bad', 'never decided', 'no moon'):
        assert line in done.stdout, done.stdout


def test_runner_patterns(env):
    done = run_tests(env, 'lib/good')
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == '1 passed, 0 failed, 0 skipped', done
    done = run_tests(env, 'some.good')
    assert done.returncode == 0 and 'ok      api/some.good' in done.stdout, done
    done = run_tests(env, 'no such thing')
    assert done.returncode == 1 and 'no test contains no such thing' in done.stderr, done


def test_runner_finds_sanitizer_reports(env):
    done = run_tests(env, 'leaky')
    assert done.returncode == 1 and 'sanitizer report' in done.stdout, done


harness.main()
