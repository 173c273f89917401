# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""pair: runs both ends of a perftest program in a guest of the lab, and reads what they say.

The programs are those that perftest-patches/check built, or others in PERFTEST_BIN. Server and client write JSON files
of their own. Every wait is bounded.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

BIN = os.environ.get("PERFTEST_BIN") or os.path.join(os.environ.get("LAB_CHECKOUT", "."), "build/perftest/bin")
PORT = 18515   # perftest's default
LIMIT = 60     # seconds that a run may take
LISTEN = 20    # seconds until the server must listen


class Failed(Exception):
    """A run that did not end as it had to."""


def need_programs():
    """Status 77 unless the patched programs are there and run here."""
    try:
        done = subprocess.run([f"{BIN}/ib_read_lat", "--help"], capture_output=True, text=True, check=False, timeout=LIMIT)
        known = "--odp_region" in done.stdout
    except OSError:
        known = False
    if not known:
        print(f"no patched perftest that runs here in {BIN}: perftest-patches/check builds it")
        sys.exit(77)


def in_peer(command):
    """COMMAND, where the other side is."""
    netns = os.environ.get("RDMA_PEER_NETNS") if os.environ.get("RDMA_TOPO") == "veth" else None
    return (["ip", "netns", "exec", netns] if netns else []) + command


def listens(server):
    """Whether a process's network has a listener on PORT. No process is started, since page faults are counted."""
    for table in "tcp", "tcp6":
        try:
            with open(f"/proc/{server.pid}/net/{table}", encoding="ascii") as file:
                if any(words[1].endswith(f":{PORT:04X}") and words[3] == "0A" for words in map(str.split, file)):
                    return True
        except OSError: # it has ended
            return False
    return False


def wait_for_server(server):
    """Until it listens."""
    end = time.monotonic() + LISTEN
    while time.monotonic() < end:
        if server.poll() is not None or listens(server):
            return
        time.sleep(0.05)
    raise Failed(f"the server does not listen after {LISTEN} s")


def command_of(program, options, device, index, out_json):
    return [f"{BIN}/{program}", "-F", "-d", device, "-x", index, "--out_json",
            f"--out_json_file={out_json}"] + options


def load(path):
    """What a side wrote, or None: a side without results writes nothing."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None
    except ValueError as error:
        with open(path, encoding="utf-8") as file:
            raise Failed(f"no JSON: {error}\n{file.read()}") from None


class Result:
    """The client's JSON and text, the server's text."""

    def __init__(self, program, options, out_json, client, server, status):
        self.program, self.options = program, options
        self.json, self.client, self.server, self.status = out_json, client, server, status

    def counter(self, name):
        return self.json["counters"][f"hw_counters/{name}"]

    def info(self, name):
        return self.json["test_info"].get(name)


def run(program, options, server_options=None, during=None):
    """One pair. DURING is called while it runs. Never fails by itself: look at status."""
    if server_options is None:
        server_options = options
    env = os.environ
    print(f"  {program} {' '.join(options)}", flush=True)
    with tempfile.TemporaryDirectory() as work:
        with open(f"{work}/server", "w+", encoding="utf-8") as server_out, \
             open(f"{work}/client", "w+", encoding="utf-8") as client_out:
            server = subprocess.Popen(
                in_peer(command_of(program, server_options, env["RDMA_PEER_DEV"], env["RDMA_PEER_GID_INDEX"],
                                   f"{work}/server.json")), stdout=server_out, stderr=subprocess.STDOUT)
            client = None
            try:
                wait_for_server(server)
                client = subprocess.Popen(
                    command_of(program, options, env["RDMA_DEV"], env["RDMA_GID_INDEX"], f"{work}/client.json")
                    + [env["RDMA_PEER_ADDR"]], stdout=client_out, stderr=subprocess.STDOUT)
                if during:
                    during()
                status = client.wait(LIMIT)
                if status:
                    # A client that gave up leaves its server waiting.
                    time.sleep(0.2)
                    server.kill()
                status = server.wait(LIMIT) or status
            except subprocess.TimeoutExpired:
                status = 124
            finally:
                for process in (client, server):
                    if process and process.poll() is None:
                        process.kill()
                        process.wait()
            for file in (server_out, client_out):
                file.seek(0)
            texts = client_out.read(), server_out.read()
        return Result(program, options, load(f"{work}/client.json") if not status else None, *texts, status)


def good(program, options, server_options=None, during=None):
    """A pair that must succeed, and leave JSON."""
    result = run(program, options, server_options, during)
    if result.status:
        raise Failed(f"{program} {' '.join(options)}: status {result.status}\n"
                     f"client: {result.client}\nserver: {result.server}")
    if not result.json:
        raise Failed(f"{program} {' '.join(options)}: no JSON")
    return result


def refused(program, options, message):
    """Options that the program must refuse with MESSAGE before it looks for a peer."""
    done = subprocess.run([f"{BIN}/{program}", "-d", os.environ["RDMA_DEV"]] + options, capture_output=True, text=True,
                          check=False, timeout=LIMIT)
    said = done.stdout + done.stderr
    if done.returncode == 0 or message not in said:
        raise Failed(f"{program} {' '.join(options)}: status {done.returncode}, no '{message}' in:\n{said}")


def device_refuses(program, options, message):
    """Options that the device cannot serve: both sides say MESSAGE and end."""
    result = run(program, options)
    if result.status == 0 or message not in result.client + result.server:
        raise Failed(f"{program} {' '.join(options)}: status {result.status}, no '{message}' in:\n"
                     f"client: {result.client}\nserver: {result.server}")
