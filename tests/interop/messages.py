"""Sealing, submitting, receiving and opening messages: PROTOCOL.md sections 6 to 8."""

import os

import identity
import primitives
from client import require
from identity import DAY_MS, SCHEMA, now_ms
from primitives import H, lp, u32, u64


class Chain:
    """Where a sender stands with one reader."""

    def __init__(self):
        self.id, self.sequence, self.before = os.urandom(16), 0, bytes(32)


class Draft:
    """A sealed message, every piece open to change before it is sent: what a hostile member needs."""

    def __init__(self, client, chains, readers, text, **changes):
        """readers: {agency: (certificate, keys, bundle index)} as `Client.peers` gives them."""
        me = client.agency
        self.client, self.me = client, me
        created = now_ms()
        registry = client.registry.value
        label = {"policy": registry["policy"]["id"], "classification": registry["policy"]["levels"][0]["id"],
                 "originator": me.agency, "created_ms": created}
        document = SCHEMA.encode("Document", {"kind": "NOTE", "title": text, "language": "en", "body": text})
        self.content = {"document_id": os.urandom(16), "revision": 1, "document_hash": H(document), "document": document}
        anchor = client.checkpoint
        self.header = {
            "version": 1, "suite": 1, "message_id": os.urandom(16), "class": "SUBMISSION", "sender": me.agency,
            "sender_certificate": H(me.certificate), "epoch": client.registry.epoch, "created_ms": created,
            "expires_ms": created + 30 * DAY_MS, "precedence": "ROUTINE", "label": label,
            "recipients": [{"agency": a, "prekey_id": H(readers[a][1][0])[:16], "bundle_index": readers[a][2]}
                           for a in sorted(readers)],
            "padded_length": len(primitives.pad(SCHEMA.encode("Content", {"h1": bytes(32), **self.content}))),
            "anchor": {"tree_size": anchor.size, "root": anchor.root}}
        self.header.update(changes)
        self.keys = [readers[a][1][0] for a in sorted(readers)]
        self.chains = chains
        self.cek = os.urandom(32)

    def seal(self, signer=None, advance=True):
        self.header_bytes = SCHEMA.encode("Header", self.header)
        self.h1 = H(b"sampan/1 header\0" + self.header_bytes)
        self.payload_key, self.commitment = primitives.message_keys(self.cek, self.h1, self.header["suite"])
        self.body = primitives.stream_seal(self.payload_key, primitives.pad(
            SCHEMA.encode("Content", {"h1": self.h1, **self.content})))
        self.ephemeral = primitives.X25519Key()
        self.stanzas = [self._stanza(i, r, advance) for i, r in enumerate(self.header["recipients"])]
        self.bind(signer)
        for recipient in self.header["recipients"] if advance else []:
            self.chains[recipient["agency"]].before = H(self.seal_bytes)
        return self

    def bind(self, signer=None):
        """Seal and signature over what stands in the pieces now."""
        self.seal_bytes = (lp(self.header_bytes) + self.commitment + primitives.root(self.stanzas) + H(self.body) +
                           u64(len(self.body)))
        self.signature = (signer or self.me.node).sign(b"sampan/1 message\n", self.seal_bytes)
        self.subject = H(self.seal_bytes + self.signature)

    def _stanza(self, index, recipient, advance):
        chain = self.chains.setdefault(recipient["agency"], Chain())
        sequence = chain.sequence + 1
        if advance:
            chain.sequence = sequence
        info = (b"sampan/1 wrap\0" + u32(self.header["suite"]) + self.h1 + u32(index) + lp(recipient["agency"]) +
                recipient["prekey_id"])
        plain = self.cek + chain.id + u64(sequence) + chain.before
        return primitives.hpke_seal(self.ephemeral, self.keys[index], info, plain)

    def packet(self):
        return "submit", {"seal": self.seal_bytes, "signature": self.signature, "stanzas": b"".join(self.stanzas),
                          "body": self.body}

    def submit(self):
        self.client.line.send(self.packet())
        return self

    def answer(self):
        """The broker's signed word on this message."""
        while True:
            for answer in self.client.answers():
                if answer["message_id"] == self.header["message_id"]:
                    if answer["code"] == "ACCEPTED":
                        require(answer["subject"] == self.subject, "the answer is about this seal")
                    return answer


def read_seal(seal):
    size = int.from_bytes(seal[:4], "big")
    header, rest = seal[4:4 + size], seal[4 + size:]
    require(len(rest) == 32 + 32 + 32 + 8, "the seal's length")
    return header, rest[:32], rest[32:64], rest[64:96], int.from_bytes(rest[96:], "big")


class Opened:
    """A delivery, through every check of section 7 that a client without parts meets."""

    def __init__(self, client, deliver, sender_certificate):
        me = client.agency
        header_bytes, commitment, stanza_root, body_hash, body_size = read_seal(deliver["seal"])
        self.header = header = SCHEMA.decode("Header", header_bytes)
        self.subject = H(deliver["seal"] + deliver["signature"])
        names = [r["agency"] for r in header["recipients"]]
        index = deliver.get("stanza_index", 0)
        require(index < len(names) and names[index] == me.agency, "addressed to me")
        require(H(sender_certificate) == header["sender_certificate"], "sealed under the certificate that is logged")
        require(identity.certificate_is_of(sender_certificate, client.registry.member(header["sender"])["root_certificate"],
                                           header["sender"], me.exchange), "the sender's certificate")
        require(primitives.verifies(identity.certificate_key(sender_certificate), b"sampan/1 message\n", deliver["seal"],
                                    deliver["signature"]), "the message's signature")
        recipient = header["recipients"][index]
        prekey = next((k for k in me.prekeys if k.id == recipient["prekey_id"]), None)
        require(prekey is not None, "a prekey that is held")
        require(primitives.included(primitives.leaf(deliver["stanza"]), index, len(names), deliver.get("stanza_proof", []),
                                    stanza_root), "the stanza's proof")
        h1 = H(b"sampan/1 header\0" + header_bytes)
        info = (b"sampan/1 wrap\0" + u32(header["suite"]) + h1 + u32(index) + lp(me.agency) + recipient["prekey_id"])
        plain = primitives.hpke_open(prekey, deliver["stanza"], info)
        self.chain, self.sequence, self.before = plain[32:48], int.from_bytes(plain[48:56], "big"), plain[56:]
        payload_key, expected = primitives.message_keys(plain[:32], h1, header["suite"])
        require(expected == commitment, "the commitment")
        body = deliver["body"]
        require(len(body) == body_size and H(body) == body_hash, "the body's hash")
        padded = primitives.stream_open(payload_key, body)
        require(len(padded) == header["padded_length"], "the padded length")
        content = SCHEMA.decode("Content", primitives.unpad(padded))
        require(content["h1"] == h1 and content["document_hash"] == H(content["document"]), "the content's own hashes")
        self.document = SCHEMA.decode("Document", content["document"])


def outcome_list(client, outcomes, counter, **changes):
    """A SignedList of this node's outcomes."""
    items = [SCHEMA.encode("Outcome", o) for o in outcomes]
    value = {"kind": "OUTCOMES", "exchange": client.agency.exchange, "signer": client.agency.agency,
             "epoch": client.registry.epoch, "counter": counter, "time_ms": now_ms(), "count": len(items),
             "root": primitives.root(items)}
    value.update(changes)
    statement = SCHEMA.encode("ListStatement", value)
    return SCHEMA.encode("SignedList", {
        "statement": statement, "signature": client.agency.node.sign(b"sampan/1 outcomes\n", statement),
        "items": [{"bytes": i} for i in items]})


def acknowledge(client, *subjects):
    """Says that these were delivered, and waits until the log has it."""
    client.outcome_counter += 1
    outcomes = [{"subject": s, "code": "DELIVERED", "time_ms": now_ms()} for s in subjects]
    data = outcome_list(client, outcomes, client.outcome_counter)
    client.send("outcomes", list=data)
    logged = client.expect("outcomes_logged")
    require(logged["counter"] == client.outcome_counter, "the list that was logged is the one that was sent")
    signed = SCHEMA.decode("SignedList", data)
    return logged, H(signed["statement"] + signed["signature"])
