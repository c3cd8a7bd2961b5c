"""Real processes on loopback: an exchange in a temporary folder, a broker, nodes, and what tests ask of them.

Every process is ended by its own id. Nothing outside the temporary folder is touched.
"""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

BIN = pathlib.Path(os.environ["SAMPAN_BIN"])
PASSPHRASE = "a passphrase for tests only"
PATIENCE_S = float(os.environ.get("SAMPAN_PATIENCE_S", "30"))


class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.name = body.get("error", {}).get("name", "") if isinstance(body, dict) else ""


def wait_for(what, ready, patience_s=PATIENCE_S):
    """Polls until ready() is truthy and gives that; fails by name. No fixed sleeps in tests."""
    until = time.monotonic() + patience_s
    last = None
    while time.monotonic() < until:
        last = ready()
        if last:
            return last
        time.sleep(0.05)
    raise AssertionError(f"waited {patience_s:.0f} s for {what}; last seen: {last!r}")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Process:
    """One child process with its log in a file."""

    def __init__(self, name, command, folder):
        self.name = name
        self.command = [str(c) for c in command]
        self.log = pathlib.Path(folder) / f"{name}.log"
        self.child = None

    def start(self):
        assert self.child is None, f"{self.name} runs already"
        with open(self.log, "ab") as log:
            self.offset = log.tell()
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def running(self):
        return self.child is not None and self.child.poll() is None

    def events(self):
        """The JSON log lines since the last start."""
        with open(self.log, "rb") as log:
            log.seek(self.offset)
            lines = log.read().decode("utf-8", "replace").splitlines()
        out = []
        for line in lines:
            try:
                out.append(json.loads(line))
            except ValueError:
                continue
        return out

    def wait_ready(self):
        def ready():
            if not self.running():
                raise AssertionError(f"{self.name} ended with {self.child.returncode}:\n{self.log.read_text()[-3000:]}")
            return next((e for e in self.events() if e.get("event") == "ready"), None)

        return wait_for(f"{self.name} to be ready", ready)

    def stop(self):
        """SIGTERM, and the exit code."""
        if self.child is None:
            return 0
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            code = self.child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"{self.name} did not stop on SIGTERM") from None
        finally:
            self.child = None
        return code

    def kill(self):
        """kill -9."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None


def sampan(*arguments, check=True, input_bytes=None):
    """Runs the program people type; gives the finished process."""
    done = subprocess.run([str(BIN / "sampan"), *[str(a) for a in arguments]], input=input_bytes, capture_output=True,
                          timeout=300)
    if check and done.returncode != 0:
        raise AssertionError(f"sampan {' '.join(map(str, arguments))} ended with {done.returncode}:\n"
                             f"{done.stdout.decode()}\n{done.stderr.decode()}")
    return done


class Broker(Process):
    def __init__(self, exchange):
        super().__init__("broker", [BIN / "sampan-broker", "--config", exchange.folder / "broker.toml"], exchange.folder)

    def start(self):
        super().start()
        ready = self.wait_ready()
        self.endpoint = ready["endpoint"]
        self.operations = ready["operations"]
        return self

    def get(self, path):
        connection = http.client.HTTPConnection(self.operations, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body


class Node(Process):
    def __init__(self, exchange, agency):
        super().__init__(agency, [BIN / "sampan-node", "--config", exchange.folder / f"{agency}.toml"], exchange.folder)
        self.agency = agency
        self.socket = exchange.folder / f"{agency}.sock"
        self.token = None  # of the officer that `request` speaks for
        self.officer, self.passphrase = "admin", PASSPHRASE

    def start(self, connected=False):
        super().start()
        self.wait_ready()
        if connected:
            self.wait_connected()
        return self

    def sign_in(self, officer=None, passphrase=None, code=None):
        """As this officer from now on; gives the answer."""
        self.officer, self.passphrase = officer or self.officer, passphrase or self.passphrase
        ask = {"officer": self.officer, "passphrase": self.passphrase, **({"code": code} if code else {})}
        status, data = self.send("POST", "/v1/sign-in", json.dumps(ask), {"Content-Type": "application/json"})
        answer = json.loads(data)
        if status >= 400:
            raise ApiError(status, answer)
        self.token = answer["token"]
        return answer

    def as_officer(self, officer, passphrase=PASSPHRASE):
        """The same node, spoken to by another person; only the first of them starts and stops it."""
        person = object.__new__(Node)
        person.__dict__.update(self.__dict__)
        person.officer, person.passphrase, person.token = officer, passphrase, None
        return person

    def request(self, method, path, body=None, headers=None, timeout=60):
        """As the officer who is signed in; a node that was started again is signed in to again."""
        for attempt in (1, 2):
            sent = dict(headers or {})
            if self.token:
                sent["Authorization"] = f"Bearer {self.token}"
            if hasattr(body, "seek"):
                body.seek(0)
            status, data = self.send(method, path, body, sent, timeout)
            if status != 401 or attempt == 2:
                return status, data
            self.sign_in()
        return status, data

    def send(self, method, path, body=None, headers=None, timeout=60):
        connection = UnixConnection(self.socket, timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        return answer.status, data

    def api(self, method, path, value=None):
        body = None if value is None else json.dumps(value)
        status, data = self.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        parsed = json.loads(data) if data else {}
        if status >= 400:
            raise ApiError(status, parsed)
        return parsed

    def status(self):
        return self.api("GET", "/v1/status")

    def wait_connected(self):
        wait_for(f"{self.agency} to be connected", lambda: self.status()["connected"])
        return self

    def wait_peers(self, agencies):
        """Until prekeys of all these agencies are held."""
        def ready():
            peers = {p["agency"]: p for p in self.api("GET", "/v1/peers")["peers"]}
            return all(peers.get(a, {}).get("prekeys") for a in agencies)

        wait_for(f"{self.agency} to hold prekeys of {agencies}", ready)

    def upload(self, path, name=None, media_type="application/octet-stream"):
        headers = {"Content-Type": media_type, "X-Sampan-Name": urllib.parse.quote(name or path.name),
                   "Content-Length": str(path.stat().st_size)}
        with open(path, "rb") as file:
            status, data = self.request("PUT", "/v1/uploads", file, headers, timeout=300)
        if status >= 400:
            raise ApiError(status, json.loads(data))
        return json.loads(data)["upload"]

    def publish(self, text, uploads=(), **more):
        return self.api("POST", "/v1/messages", {"briefing": text, "uploads": list(uploads), **more})

    def inbox(self, query=""):
        return self.api("GET", "/v1/inbox?limit=1000" + query)["messages"]

    def outbox(self):
        return self.api("GET", "/v1/outbox?limit=1000")["messages"]

    def message(self, message_id):
        return self.api("GET", f"/v1/messages/{message_id}")

    def wait_inbox(self, message_id):
        wait_for(f"{message_id} in the inbox of {self.agency}",
                 lambda: any(m["message_id"] == message_id for m in self.inbox()))
        return self.message(message_id)

    def wait_outbox(self, message_id, state):
        def ready():
            found = next((m for m in self.outbox() if m["message_id"] == message_id), None)
            return found if found and found["state"] == state else None

        return wait_for(f"{message_id} to be {state} at {self.agency}", ready)


def briefing(title, to=(), dialogue=None, classification="restricted", categories="", body="Exercise.", precedence="ROUTINE",
             extra_label=""):
    """A briefing as an officer types it."""
    readers = f"to = {json.dumps(list(to))}" if to else f"dialogue = {json.dumps(dialogue)}"
    return (f"+++\nkind = \"note\"\ntitle = {json.dumps(title)}\n{readers}\nprecedence = \"{precedence}\"\n"
            f"[label]\nclassification = \"{classification}\"\n{extra_label}\n{categories}\n+++\n{body}\n")


def temporary_folder():
    return pathlib.Path(tempfile.mkdtemp(prefix="sampan-e2e-"))


def remove_folder(folder):
    shutil.rmtree(folder, ignore_errors=True)
