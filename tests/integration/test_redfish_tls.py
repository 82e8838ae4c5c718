#!/usr/bin/python3
"""test_redfish_tls: whose certificates the redfish driver trusts: against bmcsim, and against nginx that serves a
tree of files, so that no code of ours is between."""
import json
import shutil
import socket
import subprocess

import harness
from test_redfish_driver import Driver, SYSTEM

NGINX = shutil.which('nginx', path='/usr/sbin:/usr/bin')
TREE = {
    '/redfish/v1': {'Systems': {'@odata.id': '/redfish/v1/Systems'}},
    '/redfish/v1/Systems': {'Members': [{'@odata.id': SYSTEM}]},
    SYSTEM: {'PowerState': 'On',
             'Actions': {'#ComputerSystem.Reset': {'target': SYSTEM + '/Actions/ComputerSystem.Reset'}}},
}


def openssl(*words):
    subprocess.run(['openssl', *map(str, words)], check=True, capture_output=True)


class Authority:
    """A certificate authority of the case's own, in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.path, self.key = folder / 'ca.pem', folder / 'ca.key'
        openssl('req', '-x509', *self.new_key(self.key), '-days', 2, '-subj', '/CN=authority', '-out', self.path)

    @staticmethod
    def new_key(path):
        return '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path

    def issue(self, name, host='IP:127.0.0.1', days=2):
        """A certificate and its key."""
        cert, key, request, extra = (self.folder / f'{name}.{kind}' for kind in ('pem', 'key', 'csr', 'ext'))
        extra.write_text(f'subjectAltName={host}\n')
        openssl('req', *self.new_key(key), '-subj', f'/CN={name}', '-out', request)
        openssl('x509', '-req', '-in', request, '-CA', self.path, '-CAkey', self.key, '-CAcreateserial', '-days', days,
                '-extfile', extra, '-out', cert)
        return cert, key

    def self_signed(self):
        cert, key = self.folder / 'self.pem', self.folder / 'self.key'
        openssl('req', '-x509', *self.new_key(key), '-days', 2, '-subj', '/CN=box', '-addext',
                'subjectAltName=IP:127.0.0.1', '-out', cert)
        return cert, key

    def hashed_folder(self):
        folder = self.folder / 'trusted'
        folder.mkdir()
        shutil.copy(self.path, folder / 'ca.pem')
        openssl('rehash', folder)
        return folder


def start_nginx(env, cert, key, protocols='TLSv1.2 TLSv1.3'):
    """nginx with TLS over the tree's files; gives its address."""
    home = env.folder / f'nginx-{len(env.programs)}'
    for path, document in TREE.items():
        place = home / 'tree' / path.lstrip('/')
        place.mkdir(parents=True, exist_ok=True)
        (place / 'index.json').write_text(json.dumps({'@odata.id': path, **document}))
    port = harness.free_port()
    (home / 'nginx.conf').write_text(f"""
daemon off; master_process off; pid {home}/pid; error_log stderr warn; events {{}}
http {{
    access_log off; client_body_temp_path {home}/b; proxy_temp_path {home}/p; fastcgi_temp_path {home}/f;
    uwsgi_temp_path {home}/u; scgi_temp_path {home}/s; default_type application/json;
    server {{
        listen 127.0.0.1:{port} ssl; ssl_certificate {cert}; ssl_certificate_key {key}; ssl_protocols {protocols};
        root {home}/tree;
        location / {{ try_files $uri/index.json $uri/ =404; }}
    }}
}}
""")
    program = harness.Program(env, 'nginx', [NGINX, '-p', home, '-c', home / 'nginx.conf', '-e', 'stderr'])

    def answers():
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', port)) == 0
    harness.eventually(lambda: answers() or not program.is_alive(), 20, what='nginx')
    assert program.is_alive(), program.log()
    return f'https://127.0.0.1:{port}'


def start_bmcsim(env, cert, key):
    rack = env.rack({'box': {'protocol': 'redfish', 'tls': 'true', 'tls_cert': cert, 'tls_key': key}})
    return f"https://{rack.bmcs['box']['listen']}"


def bad_certificates(env, start, **login):
    authority = Authority(env.folder)
    cases = [
        ('self-signed', authority.self_signed(), True, 'self-signed certificate'),
        ('self-signed beside the authority', authority.self_signed(), str(authority.path), 'self-signed certificate'),
        ('unknown authority', authority.issue('good'), True, 'unable to get local issuer certificate'),
        ('wrong host', authority.issue('wrong', 'DNS:other.example'), str(authority.path), 'IP address mismatch'),
        ('expired', authority.issue('expired', days=-1), str(authority.path), 'certificate has expired'),
    ]
    for name, (cert, key), verify, said in cases:
        address = start(env, cert, key)
        line = Driver(env, address, redfish_verify_ca=verify, **login).fails('power', 'BMCConnectionError')
        assert f'Request to {address} failed: the TLS certificate is not trusted: {said}' in line['error'], (name, line)
        assert line['ms'] < 3000, line  # it is not tried again: the certificate stays what it is
        Driver(env, address, redfish_verify_ca=False, **login).ok('power')
    good = start(env, *authority.issue('good'))
    for verify in (str(authority.path), str(authority.hashed_folder())):
        Driver(env, good, redfish_verify_ca=verify, **login).ok('power', 'power')
    own_cert, own_key = authority.self_signed()
    own = start(env, own_cert, own_key)
    Driver(env, own, redfish_verify_ca=str(own_cert), **login).ok('power')
    # a name that the certificate does not have
    named = good.replace('127.0.0.1', 'localhost')
    line = Driver(env, named, redfish_verify_ca=str(authority.path), **login).fails('power')
    assert 'hostname mismatch' in line['error'], line


def test_bmcsim_with_bad_certificates(env):
    bad_certificates(env, start_bmcsim)


def test_nginx_with_bad_certificates(env):
    bad_certificates(env, start_nginx, redfish_username=None, redfish_password=None)


def test_files_that_are_no_certificates(env):
    authority = Authority(env.folder)
    address = start_nginx(env, *authority.issue('good'))
    junk = env.folder / 'junk.pem'
    junk.write_text('not a certificate')
    line = Driver(env, address, redfish_username=None, redfish_verify_ca=str(junk)).fails('power')
    assert 'the CA file cannot be used' in line['error'], line
    line = Driver(env, address, redfish_username=None, redfish_verify_ca=False,
                  redfish_tls_ciphers='NONSENSE').fails('power')
    assert 'the TLS cipher list cannot be used' in line['error'], line


def test_versions(env):
    authority = Authority(env.folder)
    pair = authority.issue('good')
    only12, only13 = (start_nginx(env, *pair, protocols=protocols) for protocols in ('TLSv1.2', 'TLSv1.3'))
    login = {'redfish_username': None, 'redfish_verify_ca': str(authority.path)}
    Driver(env, only12, **login).ok('power')
    Driver(env, only13, **login).ok('power')
    Driver(env, only13, redfish_tls_minimum_version='1.3', **login).ok('power')
    line = Driver(env, only12, redfish_tls_minimum_version='1.3', **login).fails('power', 'BMCConnectionError')
    assert 'the TLS handshake failed' in line['error'], line


if __name__ == '__main__':
    harness.main()
