"""proxy: a TCP proxy that can go deaf, as a network does: it forwards, holds everything back, or is gone."""
import selectors
import socket
import threading

CHUNK = 65536


class Proxy:
    """Listens on a free port of 127.0.0.1 and forwards to another. Its target may change for new connections."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.links = set()
        self.is_cut = False     # bytes stay where they are, connections stay open, new ones are not taken
        self.is_over = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_over:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        while self.is_cut and not self.is_over:
            threading.Event().wait(0.02)
        try:
            server = socket.create_connection(('127.0.0.1', self.target_port), 5)
        except OSError:
            client.close()
            return
        with self.lock:
            self.links |= {client, server}
        self.forward(client, server)
        with self.lock:
            self.links -= {client, server}
        client.close()
        server.close()

    def forward(self, client, server):
        peer = {client: server, server: client}
        with selectors.DefaultSelector() as selector:
            for end in peer:
                selector.register(end, selectors.EVENT_READ)
            try:
                while not self.is_over:
                    for key, _ in selector.select(0.05):
                        data = key.fileobj.recv(CHUNK)
                        while self.is_cut and not self.is_over:
                            threading.Event().wait(0.02)
                        if not data:
                            return
                        peer[key.fileobj].sendall(data)
            except OSError:
                return

    def cut(self):
        """The network is gone, and nobody is told."""
        self.is_cut = True

    def heal(self):
        self.is_cut = False

    def reset(self):
        """All connections end, as when the proxy is killed."""
        with self.lock:
            links = list(self.links)
        for link in links:
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self):
        self.is_over = True
        self.listener.close()
        self.reset()
