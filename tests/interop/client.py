"""A client of the exchange written from PROTOCOL.md alone: connection, session, registry, log, messages.

Everything the broker says is verified before it is used: `Distrust` names what did not hold.
"""

import base64
import time

import zmq
import zmq.utils.z85

import identity
from identity import SCHEMA, now_ms
from primitives import H, consistent, included, leaf, lp, root_of_hashes, u64, verifies

PATIENCE_S = 20.0


class Distrust(Exception):
    """The broker said something that does not verify."""


class Refused(Exception):
    def __init__(self, name, detail="", final=False):
        super().__init__(f"{name}: {detail}")
        self.name, self.final = name, final


def require(holds, what):
    if not holds:
        raise Distrust(what)


class Line:
    """A DEALER with CURVE, one frame a message."""

    def __init__(self, endpoint, server_key, public, secret):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.maxmsgsize = 1 << 20
        self.socket.reconnect_ivl = -1  # a connection that was ended stays so: a new session is made on purpose
        self.socket.curve_publickey, self.socket.curve_secretkey = (zmq.utils.z85.encode(k) for k in (public, secret))
        self.socket.curve_serverkey = zmq.utils.z85.encode(server_key)
        self.socket.connect(endpoint)

    def send(self, *packets):
        self.socket.send(SCHEMA.encode("Frame", {"packets": [dict([p]) for p in packets]}))

    def receive(self, patience_s=PATIENCE_S):
        """The packets of the next frame as (name, value); none in time gives an empty list."""
        if not self.socket.poll(int(patience_s * 1000)):
            return []
        frame = self.socket.recv_multipart()
        require(len(frame) == 1 and len(frame[0]) <= 640 << 10, "a frame is one part of at most 640 KiB")
        return [next(iter(p.items())) for p in SCHEMA.decode("Frame", frame[0])["packets"]]

    def close(self):
        self.socket.close(linger=0)
        self.context.term()


class Registry:
    """The chain of epochs, from the hash of the first."""

    def __init__(self, trust):
        self.trust, self.bytes, self.value = trust, None, None

    def add(self, epoch_file):
        signed = SCHEMA.decode("SignedRegistry", epoch_file)
        data = signed["registry"]
        value = SCHEMA.decode("Registry", data)
        before = self.value or value
        if self.value is None:
            require(H(data) == self.trust and value["epoch"] == 1, "epoch 1 is the one that is trusted")
        else:
            require(value["epoch"] == before["epoch"] + 1, "epochs rise by one")
            require(value["previous"] == H(self.bytes), "an epoch names the one before")
        good = {s["key"] for s in signed["signatures"] if verifies(s["key"], b"sampan/1 registry\n", data, s["signature"])}
        require(len(good & set(before["authority_keys"])) >= before["authority_threshold"], "signed by the authority")
        self.bytes, self.value = data, value

    @property
    def epoch(self):
        return self.value["epoch"] if self.value else 0

    def member(self, agency):
        return next(m for m in self.value["members"] if m["id"] == agency)

    def broker(self, name):
        return next(b for b in self.value["brokers"] if b["id"] == name)


class Checkpoint:
    """A C2SP tlog-checkpoint in a signed-note, verified with the broker's log key."""

    def __init__(self, note, origin, key):
        text, signatures = note.split("\n\n", 1)
        lines = text.split("\n")
        require(lines[0] == origin, "the checkpoint's origin")
        self.size, self.root = int(lines[1]), base64.b64decode(lines[2], validate=True)
        key_id = H(origin.encode() + b"\n\x01" + key)[:4]
        mine = [line for line in signatures.splitlines() if line.startswith(f"\u2014 {origin} ")]
        good = False
        for line in mine:
            blob = base64.b64decode(line.rsplit(" ", 1)[1], validate=True)
            good = good or (blob[:4] == key_id and raw_verifies(key, (text + "\n").encode(), blob[4:]))
        require(good, "the checkpoint's signature")


def raw_verifies(key, data, signature):
    import nacl.exceptions
    import nacl.signing

    try:
        nacl.signing.VerifyKey(key).verify(data, signature)
        return True
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False


def entry(kind, time_s, subject):
    return bytes([1, kind, 0, 0]) + u64(time_s) + subject


class Client:
    """One agency's session. `waiting` holds packets that came while another was awaited."""

    def __init__(self, agency, endpoint, server_key, trust, broker="broker-1", keys=None):
        self.agency, self.broker = agency, broker
        self.registry = Registry(trust)
        self.checkpoint = None
        self.waiting = []
        self.line = Line(endpoint, server_key, *(keys or (agency.curve_public, agency.curve_secret)))

    def close(self):
        self.line.close()

    def send(self, name, **value):
        self.line.send((name, value))

    def await_packet(self, *names, patience_s=PATIENCE_S):
        """The next packet of one of these names; a refusal on the way is raised."""
        until = time.monotonic() + patience_s
        while True:
            for position, (name, value) in enumerate(self.waiting):
                if name in names:
                    del self.waiting[position]
                    return name, value
                if name == "session_error":
                    del self.waiting[position]
                    raise Refused(value["name"], value.get("detail", ""), value.get("final", False))
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no {' or '.join(names)}; waiting: {[n for n, _ in self.waiting]}")
            self.waiting += self.line.receive(left)

    def expect(self, name, patience_s=PATIENCE_S):
        return self.await_packet(name, patience_s=patience_s)[1]

    # --- opening

    def hello(self, **changes):
        value = {"version_low": 1, "version_high": 1, "role": "node", "agency": self.agency.agency, "epoch": self.registry.epoch,
                 "software": "stranger 1.0", "suites": [1]}
        value.update(changes)
        self.send("hello", **value)

    def prove(self, challenge, **changes):
        parts = {"exchange": self.agency.exchange, "broker": challenge["broker"], "agency": self.agency.agency, "role": "node",
                 "epoch": challenge["epoch"], "nonce": challenge["nonce"], "key": self.agency.node,
                 "certificate": self.agency.certificate}
        parts.update(changes)
        signed = (lp(parts["exchange"]) + lp(parts["broker"]) + lp(parts["agency"]) + lp(parts["role"]) + u64(parts["epoch"]) +
                  parts["nonce"])
        self.send("prove", signature=parts["key"].sign(b"sampan/1 session\n", signed), certificate=parts["certificate"])

    def open_session(self):
        self.hello()
        challenge = self.expect("challenge")
        require(challenge["version"] == 1 and len(challenge["nonce"]) == 32, "the challenge")
        self.prove(challenge)
        self.welcome = self.expect("welcome")
        return self.welcome

    def start(self):
        """The order of section 4, up to credit."""
        welcome = self.open_session()
        self.fetch_registry(welcome["registry_epoch"])
        self.take_checkpoint(welcome["checkpoint"])
        logged = welcome.get("descriptor_counter", 0)
        for number, statement in enumerate(self.agency.descriptors[logged:], logged + 1):
            self.publish("DESCRIPTOR", *statement)
        if not self.agency.bundles:
            self.agency.next_bundle()
        for statement in self.agency.bundles[welcome.get("prekey_counter", 0):]:
            self.publish("PREKEY_BUNDLE", *statement)
        self.outcome_counter = welcome.get("outcome_counter", 0)
        return self

    def fetch_registry(self, newest):
        while self.registry.epoch < newest:
            self.send("fetch_registry", after_epoch=self.registry.epoch)
            for epoch in self.expect("registry_epochs")["epochs"]:
                self.registry.add(epoch)

    def publish(self, kind, statement, signature):
        self.send("publish", kind=kind, statement=statement, signature=signature)
        logged = self.expect("statement_logged")
        require(logged["hash"] == H(statement), "what was logged is what was sent")
        return logged

    # --- the log

    def origin(self):
        return f"{self.registry.value['exchange']}/log/{self.registry.value.get('incarnation', 0)}"

    def take_checkpoint(self, note):
        """Accepts a checkpoint only when the log grew from the one held."""
        new = Checkpoint(note, self.origin(), self.registry.broker(self.broker)["log_key"])
        old = self.checkpoint
        if old and old.size and old.size != new.size:
            require(new.size > old.size, "the log never shrinks")
            self.send("fetch_consistency", from_size=old.size, to_size=new.size)
            answer = self.expect("consistency")
            require(consistent(old.size, new.size, old.root, new.root, answer.get("proof", [])), "the log only grows")
        self.checkpoint = new
        return new

    def newest_checkpoint(self):
        self.send("fetch_checkpoint")
        return self.take_checkpoint(self.expect("checkpoint")["note"])

    def prove_included(self, leaf_index, kind, time_s, subject):
        """That this entry stands at this place of the newest checkpoint's tree."""
        checkpoint = self.newest_checkpoint()
        self.send("fetch_inclusion", leaf_indexes=[leaf_index], tree_size=checkpoint.size)
        answer = self.expect("inclusion")
        proofs = {p.get("leaf_index", 0): p.get("proof", []) for p in answer["proofs"]}
        require(included(leaf(entry(kind, time_s, subject)), leaf_index, checkpoint.size, proofs[leaf_index], checkpoint.root),
                f"entry {leaf_index} is in the log")

    def fetch_entries(self, first, count):
        self.send("fetch_entries", first=first, count=count)
        return self.expect("entries")

    # --- others

    def peers(self, *agencies):
        """{agency: (certificate, bundle keys newest first, log index of the bundle)}, each proven and verified."""
        self.send("fetch_peers", agencies=sorted(agencies))
        out, complete = {}, False
        while not complete:
            answer = self.expect("peers")
            checkpoint = self.take_checkpoint(answer["checkpoint"])
            for peer in answer.get("peers", []):
                out[peer["agency"]] = self._peer(peer, checkpoint)
            complete = answer.get("complete", False)
        return out

    def _peer(self, peer, checkpoint):
        if "node_descriptor" not in peer or "bundle" not in peer:
            return None
        member = self.registry.member(peer["agency"])
        for statement, kind in ((peer["node_descriptor"], 8), (peer["bundle"], 7)):
            at = statement.get("leaf_index", 0)
            require(included(leaf(entry(kind, statement["time_s"], H(statement["statement"]))), at, checkpoint.size,
                             statement.get("proof", []), checkpoint.root), f"{peer['agency']}'s statement is in the log")
        descriptor = SCHEMA.decode("Descriptor", peer["node_descriptor"]["statement"])
        bundle = SCHEMA.decode("PrekeyBundle", peer["bundle"]["statement"])
        require(descriptor["agency"] == bundle["agency"] == peer["agency"], "statements are of the agency asked for")
        require(identity.certificate_is_of(descriptor["certificate"], member["root_certificate"], peer["agency"],
                                           self.agency.exchange), "the certificate's path")
        key = identity.certificate_key(descriptor["certificate"])
        require(verifies(key, b"sampan/1 descriptor\n", peer["node_descriptor"]["statement"],
                         peer["node_descriptor"]["signature"]), "the descriptor's signature")
        require(verifies(key, b"sampan/1 prekeys\n", peer["bundle"]["statement"], peer["bundle"]["signature"]),
                "the bundle's signature")
        require(bundle["expires_ms"] > now_ms(), "the bundle is still good")
        return descriptor["certificate"], bundle["keys"], peer["bundle"].get("leaf_index", 0)

    # --- lists under one signature

    def read_list(self, data, kind, signer, namespace, key):
        """The items that are open to this reader, decoded."""
        signed = SCHEMA.decode("SignedList", data)
        statement = SCHEMA.decode("ListStatement", signed["statement"])
        require((statement["kind"], statement["signer"], statement["exchange"]) == (kind, signer, self.agency.exchange),
                "a list of the expected kind and signer")
        require(verifies(key, namespace, signed["statement"], signed["signature"]), "the list's signature")
        items = signed["items"]
        require(len(items) == statement["count"], "the list's count")
        require(root_of_hashes([i.get("leaf_hash") or leaf(i["bytes"]) for i in items]) == statement["root"], "the list's root")
        return [SCHEMA.decode("Answer" if kind == "ANSWERS" else "Outcome", i["bytes"]) for i in items if "bytes" in i]

    def answers(self, patience_s=PATIENCE_S):
        data = self.expect("answers", patience_s)["list"]
        return self.read_list(data, "ANSWERS", self.broker, b"sampan/1 answers\n",
                              self.registry.broker(self.broker)["receipt_key"])
