"""forked_client: the installed `openstack` command without the second that Python takes to import it.

A server imports the client once and forks for every call. The command that stands in for /usr/bin/openstack
sends it arguments, environment and descriptors and ends with its status; what runs is the unmodified
client from its entry point on.

  forked_client.py SOCKET     serves until its standard input ends; prints "ready" when it listens
"""
import contextlib
import gc
import importlib.metadata
import json
import logging
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys

import suite

COMMAND = '''#!/usr/bin/python3 -ISE
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({path!r})
call = json.dumps({{'argv': sys.argv, 'environ': dict(os.environ), 'cwd': os.getcwd()}}).encode()
socket.send_fds(server, [b'%10d' % len(call)], [0, 1, 2])
server.sendall(call)
sys.exit((server.recv(1) or b'\\x01')[0])
'''
BACKLOG = 64
SLEEP_MAX_S = 0.2 # instead of 2 s between the client's looks at a node and its attempts at a busy one


@contextlib.contextmanager
def command(folder):
    """A folder with a command `openstack`, served by a process that lives as long as the block."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    path = str(folder / 'socket')
    (folder / 'openstack').write_text(COMMAND.format(path=path))
    (folder / 'openstack').chmod(0o755)
    with subprocess.Popen([sys.executable, __file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout.readline() == b'ready\n', 'the client could not be imported'
        try:
            yield folder
        finally:
            server.stdin.close()
            server.wait(30)


def fields(row):
    return {title.lower().replace(' ', '_').replace('provisioning_', 'provision_'): value
            for title, value in row.items()}


class Client:
    """The command of the distribution, and what its version knows."""

    def __init__(self, server, folder):
        self.server = server
        self.program = (str(folder / 'openstack'), 'baremetal')
        self.commands = {entry.name for entry in importlib.metadata.entry_points(group='openstack.baremetal.v1')}

    def __call__(self, *words, **options):
        return self.server.client(*words, program=self.program, **options)

    def json(self, *words):
        """Its JSON, the columns as fields are called: versions differ in `Power State` and `power_state`."""
        answer = json.loads(self(*words, '-f', 'json'))
        return [fields(row) for row in answer] if isinstance(answer, list) else fields(answer)

    def knows(self, command):
        return 'baremetal_' + command.replace(' ', '_') in self.commands


@contextlib.contextmanager
def client_of(env, config=None):
    server = env.standalone(config)
    with command(env.folder / 'bin') as folder:
        yield Client(server, folder)


def serve(path):
    from openstackclient import shell # pylint: disable=import-outside-toplevel
    # A call that its parser refuses imports the commands and fills the caches.
    with open(os.devnull, 'w', encoding='ascii') as nowhere, contextlib.redirect_stderr(nowhere), \
         contextlib.suppress(SystemExit):
        shell.main(['--os-auth-type', 'none', 'baremetal', 'node', 'create'])
    suite.shorten_sleeps(SLEEP_MAX_S)
    for handler in list(logging.root.handlers):
        logging.root.removeHandler(handler)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN) # nobody waits for the forks
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(BACKLOG)
        print('ready', flush=True)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            peer, _ = listener.accept()
            with peer:
                if os.fork() == 0:
                    listener.close()
                    os._exit(run(peer, shell.main))


def receive(peer):
    size, fds, _, _ = socket.recv_fds(peer, 10, 3)
    data = b''
    while len(data) < int(size):
        more = peer.recv(int(size) - len(data))
        assert more, 'the command that called is gone'
        data += more
    return json.loads(data), fds


def run(peer, main):
    """In the fork: becomes the command that was called, and tells its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    call, fds = receive(peer)
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.environ.clear()
    os.environ.update(call['environ'])
    os.chdir(call['cwd'])
    sys.argv = call['argv']
    try:
        status = main()
    except SystemExit as end:
        status = end.code
    if isinstance(status, str):
        print(status, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    peer.sendall(bytes([status & 255 if isinstance(status, int) else status is not None]))
    return 0


if __name__ == '__main__':
    serve(sys.argv[1])
