#!/usr/bin/python3
"""test_redfish_trees: what the redfish driver reads of whole Redfish trees, held to facts that were read in the
trees' JSON by hand, with the number of requests. Two small trees of our own in every run; those captured from real
BMCs where $FERRULE_MOCKUPS (../shared/redfish-mockups) has them. Served with $expand by a handler below, and by
nginx as the plain files that they are."""
import http.server
import json
import os
import pathlib
import re
import subprocess
import threading

import harness
from test_redfish_driver import Driver

MOCKUPS = pathlib.Path(os.environ.get('FERRULE_MOCKUPS', harness.SHARED / 'redfish-mockups'))
ROOT = '/redfish/v1'
DATA = pathlib.Path(__file__).resolve().parent / 'redfish_trees'
READS = ('validate', 'power', 'boot', 'facts', 'sensors', 'indicators', 'firmware', 'vmedia', 'macs', 'inspect')


# ---- servers ----

class Files:
    """A tree in a folder, a file for each resource."""

    def __init__(self, folder):
        self.folder = folder

    def get(self, path):
        place = self.folder / path.strip('/') / 'index.json'
        return json.loads(place.read_text()) if place.is_file() else None


def expand(tree, document, levels):
    """The document with what it contains, but not what its Links lead to. Source: DSP0266, section 7.3.1."""
    def walk(value):
        if isinstance(value, list):
            return [walk(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {'@odata.id'} and '#' not in value['@odata.id']:
            found = tree.get(value['@odata.id'])
            return value if found is None else expand(tree, found, levels - 1)
        return {name: item if name in ('Links', 'Actions', 'Oem') else walk(item) for name, item in value.items()}
    if not levels:
        return document
    return {name: item if name in ('Links', 'Actions', 'Oem') or name.startswith('@') else walk(item)
            for name, item in document.items()}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the tree's own root says that it can: $expand up to its MaxLevels."""
    protocol_version = 'HTTP/1.1'
    wbufsize = 1 << 16   # an answer goes out at once

    def do_GET(self):  # pylint: disable=invalid-name
        path, _, query = self.path.partition('?')
        self.server.asked.append(self.path)
        document = self.server.tree.get(path.rstrip('/'))
        levels = re.fullmatch(r'\$expand=\.\(\$levels=(\d+)\)', query)
        if query and document is not None:
            features = self.server.tree.get(ROOT)['ProtocolFeaturesSupported']['ExpandQuery']
            assert levels and features['NoLinks'] and int(levels[1]) <= features['MaxLevels'], self.path
            document = expand(self.server.tree, document, int(levels[1]))
        body = json.dumps(document if document is not None else {}).encode()
        self.send_response(200 if document is not None else 404)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Served:
    """The tree behind the handler."""

    def __init__(self, tree):
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.tree, self.server.asked, self.server.daemon_threads = tree, [], True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f'http://127.0.0.1:{self.server.server_port}'

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()


NGINX = """
daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log {0}/access.log; default_type application/json;
  client_body_temp_path {0}/1; proxy_temp_path {0}/2; fastcgi_temp_path {0}/3; uwsgi_temp_path {0}/4;
  scgi_temp_path {0}/5;
  server {{
    listen 127.0.0.1:{1}; listen 127.0.0.1:{2} ssl;
    ssl_certificate {0}/cert.pem; ssl_certificate_key {0}/key.pem;
    root {3};
    location / {{ try_files $uri/index.json =404; }}
  }}
}}
"""


class Nginx:
    """The tree as plain files behind nginx, with TLS on another port: nothing of ours answers."""

    def __init__(self, env, folder):
        self.place = env.folder / 'nginx'
        self.place.mkdir()
        self.cert = self.place / 'cert.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
                        '-nodes', '-days', '2', '-subj', '/CN=bmc', '-addext', 'subjectAltName=IP:127.0.0.1',
                        '-keyout', self.place / 'key.pem', '-out', self.cert], check=True, capture_output=True)
        plain, tls = harness.free_port(), harness.free_port()
        (self.place / 'nginx.conf').write_text(NGINX.format(self.place, plain, tls, folder))
        self.address, self.tls_address = f'http://127.0.0.1:{plain}', f'https://127.0.0.1:{tls}'
        path = os.environ['PATH'] + ':/usr/sbin:/sbin'
        self.process = subprocess.Popen(['nginx', '-p', self.place, '-c', self.place / 'nginx.conf'],
                                        env={**os.environ, 'PATH': path}, stderr=subprocess.DEVNULL)

    def __enter__(self):
        harness.eventually(lambda: subprocess.run(['curl', '-sf', '-o', '/dev/null', self.address + ROOT],
                                                  check=False).returncode == 0, 20, what='nginx')
        return self

    def __exit__(self, *args):
        self.process.kill()
        self.process.wait()


# ---- trees and facts ----

def documents(name):
    """Paths and documents of a small tree of our own."""
    return {path: {'@odata.id': path, **document}
            for path, document in json.loads((DATA / f'{name}.json').read_text()).items()}


def facts_of(name):
    """What was read in the tree by hand. sensors: all `rows`, or the `count` in each group and some `samples`.
    requests: for captured trees what Ironic 39 with sushy 5.13 needs (for nvidia_gb200, where its inspection does not
    get to its end, what it needs where it needs most), for ours what is needed."""
    return json.loads((DATA / f'{name}.facts.json').read_text())


# ---- the comparison ----

def check_sensors(got, want):
    if 'rows' in want:
        assert got == want['rows'], json.dumps(got, indent=1)
        return
    assert {group: len(rows) for group, rows in got.items()} == want['count'], got
    for group, rows in want['samples'].items():
        for key, members in rows.items():
            found = got[group][key]
            assert {name: found[name] for name in members} == members, (key, found)


def check_inspection(line, facts):
    found = line['inventory']
    assert found['memory'] == facts['memory'] and found['cpu'] == facts['cpu'], found
    assert [[disk['name'], disk['size']] for disk in found['disks']] == facts['disks'], found['disks']
    assert [row['mac_address'] for row in found['interfaces']] == facts['macs'] == line['macs'], found['interfaces']
    vendor = found['system_vendor']
    names = ('manufacturer', 'product_name', 'serial_number', 'sku', 'system_uuid')
    assert [vendor[name] for name in names] == facts['vendor'], vendor
    pci = [[row['vendor_id'], row['product_id'], row['class']] for row in found['pci_devices']]
    assert pci == facts['pci'] if 'pci' in facts else len(pci) == facts['pci_count'], pci
    assert found['boot'] == {'current_boot_mode': facts['facts']['boot_mode']}, found['boot']
    assert line['plugin_data'] == {'parsed_lldp': facts['lldp']}, line['plugin_data']
    assert line['properties'] == facts['properties'], line['properties']


def check_reads(lines, facts):
    """Lines of the driver by operation; none may have failed."""
    for line in lines.values():
        assert line['rc'] == 0 and line['writes'] == 0, line
    for name in ('power', 'boot', 'facts'):
        got = {member: lines[name][member] for member in facts[name]}
        assert got == facts[name], (name, got)
    check_sensors(lines['sensors']['result'], facts['sensors'])
    assert lines['indicators']['result'] == list(facts['indicators']), lines['indicators']
    firmware = {row['component']: row['current_version'] for row in lines['firmware']['result']}
    assert firmware == facts['firmware'], firmware
    media = [[row['media_types'], row['inserted'], row['image']] for row in lines['vmedia']['result']]
    assert media == facts['vmedia'], media
    assert lines['macs']['result'] == facts['macs'], lines['macs']
    check_inspection(lines['inspect'], facts)


def driver_of(env, address, options=(), **info):
    return Driver(env, address, options, redfish_username=None, redfish_password=None, **info)


def read_all(driver, operations=READS):
    return {line['op']: line for line in driver.run(*operations)}


def check_requests(env, served, system, facts):
    """Each operation alone and warm: the service root, which is read once for each BMC, is not counted."""
    for operation, most in facts['requests'].items():
        served.server.asked.clear()
        driver_of(env, served.address, redfish_system_id=system).ok(operation)
        asked = [path for path in served.server.asked if path.rstrip('/') != ROOT]
        assert len(asked) <= most, (operation, len(asked), asked)


def check_indicators(env, served, facts):
    driver = driver_of(env, served.address)
    names = list(facts['indicators'])
    for name in {names[0], names[-1]}:
        identity, _, component = name.rpartition('@')
        state = driver.ok(f'led:?:{component}:{identity}')['result']
        assert state == facts['indicators'][name], (name, state)
    line = driver.fails('led:?:disk:nowhere', 'InvalidParameterValue')
    assert 'has no indicator nowhere@disk' in line['error'], line


def check_tree(env, tree, facts):
    system = facts['system']
    with Served(tree) as served:
        check_reads(read_all(driver_of(env, served.address, redfish_system_id=system)), facts)
        check_requests(env, served, system, facts)
        check_indicators(env, served, facts)


def captured(env, name):
    archive = MOCKUPS / f'{name}.tar.xz'
    if not archive.is_file():
        raise harness.Skip(f'{archive} is not there: the facts of {name} are not held to the captured tree')
    folder = env.folder / 'tree'
    folder.mkdir()
    subprocess.run(['tar', '-xJf', archive, '-C', folder], check=True)
    return next(folder.rglob('redfish')).parent


def captured_case(env, name):
    check_tree(env, Files(captured(env, name)), facts_of(name))


def test_small_tree_of_the_older_model(env):
    check_tree(env, documents('older'), facts_of('older'))


def test_small_tree_of_the_newer_model(env):
    check_tree(env, documents('newer'), facts_of('newer'))


def test_dell(env):
    captured_case(env, 'dell')


def test_hpe(env):
    captured_case(env, 'hpe')


def test_supermicro(env):
    captured_case(env, 'supermicro')


def test_nvidia_gb200(env):
    captured_case(env, 'nvidia_gb200')


# ---- plain files ----

def write_files(folder, tree):
    for path, document in tree.items():
        place = folder / path.lstrip('/')
        place.mkdir(parents=True, exist_ok=True)
        (place / 'index.json').write_text(json.dumps(document))
    return folder


def plain_case(env, folder, facts, **info):
    """The same reads, without and with TLS."""
    with Nginx(env, folder) as nginx:
        check_reads(read_all(driver_of(env, nginx.address, **info)), facts)
        verified = driver_of(env, nginx.tls_address, redfish_verify_ca=str(nginx.cert), **info)
        check_reads(read_all(verified), facts)
        refused = driver_of(env, nginx.tls_address, **info).fails('sensors', 'BMCConnectionError')
        assert 'certificate' in refused['error'], refused


def test_plain_files_small(env):
    for name in ('older', 'newer'):
        folder = write_files(env.folder / name, documents(name))
        with Nginx(env, folder) as nginx:
            check_reads(read_all(driver_of(env, nginx.address)), facts_of(name))
        (env.folder / 'nginx').rename(env.folder / f'nginx-{name}')


def test_plain_files_dell(env):
    plain_case(env, captured(env, 'dell'), facts_of('dell'))


def test_plain_files_hpe(env):
    plain_case(env, captured(env, 'hpe'), facts_of('hpe'))


def test_plain_files_supermicro(env):
    plain_case(env, captured(env, 'supermicro'), facts_of('supermicro'))


def test_plain_files_nvidia_gb200(env):
    plain_case(env, captured(env, 'nvidia_gb200'), facts_of('nvidia_gb200'))


if __name__ == '__main__':
    harness.main()
