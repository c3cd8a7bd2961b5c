"""G2: what officers write is nowhere in the broker: not in its memory, its files, its logs, nor on the wire.

Canaries of 64 bytes stand in title, body, file name and file. The positive control is a message that is sent unsealed:
the same search finds it in all of the broker's places.
"""

import os
import pathlib
import secrets
import socket
import threading
import unittest

from client import Client
from identity import Agency
from messages import Draft
from rig import HOSTILE, Exchange, briefing, wait_for


class Tap:
    """A TCP relay that keeps all that passes, in both directions."""

    def __init__(self, endpoint):
        host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
        self.to = (host, int(port))
        self.seen = bytearray()
        self.ends = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.to)
            except OSError:
                return
            self.ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._relay, args=(source, sink), daemon=True).start()

    def _relay(self, source, sink):
        try:
            while data := source.recv(65536):
                self.seen += data
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for end in [self.listener, *self.ends]:
            end.close()


def memory_holds(pid, needles):
    """Which of the needles stand in the writable memory of a process. Needs root: the programs are not dumpable."""
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if "rw" not in rights:
                continue
            first, last = (int(x, 16) for x in span.split("-"))
            tail = b""
            for at in range(first, last, 1 << 22):
                try:
                    memory.seek(at)
                    block = memory.read(min(1 << 22, last - at))
                except OSError:
                    break
                found |= {n for n in needles if n in tail + block}
                tail = block[-256:]
    return found


class Canaries(unittest.TestCase):
    def setUp(self):
        self.exchange = Exchange(["jp-npa", "th-rtp"])
        self.addCleanup(self.exchange.close)
        self.agency = Agency("e2e.example", HOSTILE)
        self.exchange.admit_request(HOSTILE, self.agency.joining_request())
        self.broker = self.exchange.broker().start()
        self.tap = Tap(self.broker.endpoint)
        self.addCleanup(self.tap.close)
        true_endpoint, self.broker.endpoint = self.broker.endpoint, self.tap.endpoint
        self.exchange.keep_endpoint = lambda _: None
        self.nodes = [self.exchange.node(a).start(connected=True) for a in ("jp-npa", "th-rtp")]
        self.broker.endpoint = true_endpoint

    def backup_items(self):
        """What a backup of the running broker is made of, before it is encrypted."""
        asking = socket.socket(socket.AF_UNIX)
        asking.connect(str(self.exchange.folder / "broker-data" / "backup.sock"))
        items = bytearray()
        while data := asking.recv(1 << 20):
            items += data
        asking.close()
        self.assertEqual(items[:1], b"\0")
        self.assertIn(b"broker.db", items[:64])
        return bytes(items)

    def broker_places(self, needles):
        """{place: which needles}: memory of core and gate, files, log, wire, backup."""
        core = self.broker.child.pid
        gate = int(pathlib.Path(f"/proc/{core}/task/{core}/children").read_text().split()[0])
        places = {}
        if os.geteuid() == 0:
            places["memory of the core"] = memory_holds(core, needles)
            places["memory of the gate"] = memory_holds(gate, needles)
        places["log"] = {n for n in needles if n in self.broker.log.read_bytes()}
        places["wire"] = {n for n in needles if n in bytes(self.tap.seen)}
        backup = self.backup_items()
        places["backup"] = {n for n in needles if n in backup}
        for path in sorted((self.exchange.folder / "broker-data").rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                places[f"file {path.name}"] = {n for n in needles if n in data}
        return {place: found for place, found in places.items() if found}

    def test_nothing_that_officers_write_is_at_the_broker_or_on_the_nodes_disks(self):
        japan, thailand = self.nodes
        japan.wait_peers(["th-rtp"])
        title, body, name, content = (f"{what}-{secrets.token_hex(40)}"[:64] for what in ("title", "body", "name", "file"))
        path = self.exchange.folder / "attachment.txt"
        path.write_text(content * 100)
        needles = [x.encode() for x in (title, body, name, content)]
        # Delivered to one who is there, and then queued for one who is not.
        for queued in (False, True):
            if queued:
                thailand.stop()
            upload = japan.upload(path, name)
            sent = japan.publish(briefing(title, ["th-rtp"], body=body), [upload])
            japan.wait_outbox(sent["message_id"], "accepted" if queued else "delivered")
            self.assertEqual(self.broker_places(needles), {})
        japan.stop()
        for agency in ("jp-npa", "th-rtp"):
            for needle in needles:
                self.assertEqual(self.exchange.find_bytes(f"{agency}-data", needle), [], agency)
        # The reader does have it: it was there to be found.
        thailand.start()
        message = thailand.wait_inbox(sent["message_id"])
        self.assertIn(title, str(message))

    def test_a_message_sent_unsealed_is_found_by_the_same_search(self):
        client = Client(self.agency, self.broker.endpoint, self.exchange.broker_curve_bytes(), bytes.fromhex(self.exchange.trust))
        self.addCleanup(client.close)
        client.start()
        thailand = self.nodes[1]
        readers = wait_for("the reader's prekeys", lambda: (p := client.peers("th-rtp"))["th-rtp"] and p)
        thailand.stop()
        canary = secrets.token_hex(32).encode()
        draft = Draft(client, {}, readers, "x" * 200).seal()
        # In the place of the ciphertext, the words themselves: the broker cannot tell.
        draft.body = (canary * 40)[:len(draft.body)].ljust(len(draft.body), b"x")
        draft.bind()
        draft.submit()
        self.assertEqual(draft.answer()["code"], "ACCEPTED")
        places = self.broker_places([canary])
        self.assertTrue(any(p.startswith("file") for p in places), places)
        self.assertIn("backup", places)
        if os.geteuid() == 0:
            self.assertIn("memory of the core", places)
        self.assertGreater(len(self.tap.seen), 1000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
