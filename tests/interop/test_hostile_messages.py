"""Hostile in the message: replayed, relabelled, re-addressed, swapped, opened twice. The broker or the reader says no, by name."""

import os
import unittest

import identity
import primitives
from identity import DAY_MS, now_ms
from messages import Draft
from primitives import H, SigningKey, X25519Key
from rig import HONEST, HOSTILE, READER, HostileCase, wait_for


class Messages(HostileCase):
    def setUp(self):
        super().setUp()
        self.sender = self.session()
        self.peers = self.sender.peers(READER, HONEST)
        self.chains = {}

    def draft(self, *to, **changes):
        readers = {a: self.peers[a] for a in to or (READER,)}
        return Draft(self.sender, self.chains, readers, "A hostile member's", **changes)

    def send(self, draft):
        self.sender.line.send(draft.packet())
        return draft.answer()

    def assert_refused(self, draft, name, logged):
        """A signed refusal of this name; in the log when the signature is the sender's."""
        before = self.rig.metric("sampan_submissions_refused_total")
        answer = self.send(draft)
        self.assertEqual((answer["code"], answer.get("reason")), ("REFUSED", name), answer)
        self.assertEqual(answer.get("leaf_index", 0) != 0, logged, answer)
        if logged:
            found = self.sender.fetch_entries(answer["leaf_index"] - 1, 1)["entries"][0]
            self.assertEqual((found["entry"][1], found["entry"][12:]), (2, draft.subject))
        wait_for("the refusal to be counted", lambda: self.rig.metric("sampan_submissions_refused_total") > before)

    def assert_rejected(self, draft, name="unopenable"):
        """The broker cannot see it; the reader does, says so in a signed receipt, and shows nothing."""
        answer = self.send(draft)
        self.assertEqual(answer["code"], "ACCEPTED", answer)
        outcome = self.outcome(draft, READER)
        self.assertEqual((outcome["code"], outcome.get("reason")), ("REJECTED", name))
        shown = [m["message_id"] for m in self.rig.reader.inbox()]
        self.assertNotIn(draft.header["message_id"].hex(), shown)

    def outcome(self, draft, agency):
        while True:
            notice = self.sender.expect("outcome_notice")
            self.sender.send("notices_kept", leaf_index=notice.get("leaf_index", 0))
            if notice.get("agency") != agency:
                continue
            items = self.sender.read_list(notice["list"], "OUTCOMES", agency, b"sampan/1 outcomes\n",
                                          identity.certificate_key(self.peers[agency][0]))
            for item in items:
                if item["subject"] == draft.subject:
                    return item

    def assert_delivered(self, draft):
        answer = self.send(draft)
        self.assertEqual(answer["code"], "ACCEPTED", answer)
        self.assertEqual(self.outcome(draft, READER)["code"], "DELIVERED")

    # --- replay

    def test_the_same_seal_again_has_the_same_answer_and_is_delivered_once(self):
        draft = self.draft().seal()
        self.assert_delivered(draft)
        first = self.send(draft)
        for _ in range(20):
            self.assertEqual(self.send(draft), first)
        self.rig.round_trip()
        shown = [m["message_id"] for m in self.rig.reader.inbox()]
        self.assertEqual(shown.count(draft.header["message_id"].hex()), 1)

    def test_another_seal_under_the_same_id_is_a_conflict(self):
        first = self.draft().seal()
        self.assert_delivered(first)
        second = self.draft(message_id=first.header["message_id"]).seal(advance=False)
        self.assert_refused(second, "conflicting_duplicate", logged=False)

    def test_a_message_of_another_sender_is_not_ones_own(self):
        """Captured on its way, and sent again in a session of one's own."""
        theirs = Draft(self.rig.honest, {}, {READER: self.peers[READER]}, "Honest, captured").seal()
        self.sender.line.send(theirs.packet())
        self.assert_named(self.sender, "wrong_agency")
        # Signed again as one's own, with the other's name in the header.
        renamed = self.draft(sender=HONEST).seal(advance=False)
        self.sender.line.send(renamed.packet())
        self.assert_named(self.sender, "wrong_agency")

    def test_the_stanza_of_anothers_message_opens_nothing_in_ones_own(self):
        theirs = Draft(self.rig.honest, {}, {READER: self.peers[READER]}, "Honest, captured").seal()
        mine = self.draft().seal(advance=False)
        mine.stanzas = theirs.stanzas
        mine.bind()
        self.assert_rejected(mine)

    # --- what is signed

    def test_each_changed_piece_is_refused(self):
        def flip(data, at):
            out = bytearray(data)
            out[at] ^= 1
            return bytes(out)

        for what, name in (("header", None), ("commitment", None), ("signature", "bad_message_signature"),
                           ("stanza", "bad_stanza"), ("body", "bad_body")):
            with self.subTest(what):
                draft = self.draft().seal(advance=False)
                if what == "header":
                    place = draft.seal_bytes.index(draft.header["message_id"])
                    draft.seal_bytes = flip(draft.seal_bytes, place)
                    draft.header["message_id"] = flip(draft.header["message_id"], 0)
                    name = "bad_message_signature"
                elif what == "commitment":
                    draft.seal_bytes = flip(draft.seal_bytes, 4 + len(draft.header_bytes))
                    name = "bad_message_signature"
                elif what == "signature":
                    draft.signature = flip(draft.signature, 0)
                elif what == "stanza":
                    draft.stanzas = [flip(draft.stanzas[0], 50)]
                else:
                    draft.body = flip(draft.body, 99)
                self.assert_refused(draft, name, logged=False)
        self.assert_delivered(self.draft().seal())

    def test_a_seal_by_another_key_or_certificate_is_refused(self):
        self.assert_refused(self.draft().seal(SigningKey(), advance=False), "bad_message_signature", logged=False)
        self.assert_refused(self.draft(sender_certificate=os.urandom(32)).seal(advance=False), "unknown_certificate", logged=False)

    def test_a_signature_under_a_low_order_key_is_refused(self):
        """The all-but-one-zero key, with the fixed signature that some libraries accept for any message."""
        draft = self.draft().seal(advance=False)
        draft.signature = b"\x01" + bytes(63)
        self.assert_refused(draft, "bad_message_signature", logged=False)

    # --- labels

    def test_forged_labels_are_refused_signed_and_logged(self):
        created = now_ms()
        label = {"policy": "e2e", "classification": "restricted", "originator": HOSTILE, "created_ms": created}
        cases = {
            "above the sender's ceiling": ("above_send_ceiling", {"classification": "secret"}),
            "above the reader's clearance": ("not_entitled", {"categories": [{"tag": "compartment", "values": ["cyber"]}]}),
            "another policy": ("not_entitled", {"policy": "mine"}),
            "an unknown level": ("not_entitled", {"classification": "cosmic"}),
            "an unknown category": ("not_entitled", {"categories": [{"tag": "colour", "values": ["red"]}]}),
            "not releasable to the reader": ("not_entitled", {"releasable_to": [HONEST]}),
            "expired": ("not_entitled", {"created_ms": created - 2 * DAY_MS, "expires_ms": created - DAY_MS}),
            "the reader forged as originator": ("not_entitled", {"originator": READER, "categories": [
                {"tag": "compartment", "values": ["cyber"]}]}),
        }
        for what, (name, changes) in cases.items():
            with self.subTest(what):
                self.assert_refused(self.draft(label={**label, **changes}).seal(advance=False), name, logged=True)
        self.assert_delivered(self.draft(label={**label, "categories": [{"tag": "compartment", "values": ["ct"]}]}).seal())

    # --- addresses, suites, prekeys, epochs

    def test_headers_that_ask_for_what_is_not_are_refused_by_name(self):
        recipient = {"agency": READER, "prekey_id": H(self.peers[READER][1][0])[:16], "bundle_index": self.peers[READER][2]}
        created = now_ms()
        cases = {
            "a prekey never logged": ("prekey_not_logged", True, {"recipients": [dict(recipient, prekey_id=os.urandom(16))]}),
            "a bundle of another place": ("prekey_not_logged", True, {"recipients": [dict(recipient, bundle_index=self.peers[HONEST][2])]}),
            "nobody's member": ("not_entitled", True, {"recipients": [dict(recipient, agency="xx-none")]}),
            "expired": ("message_expired", True, {"created_ms": created - 2 * DAY_MS, "expires_ms": created - DAY_MS}),
            "an anchor that never was": ("bad_anchor", True, {"anchor": {"tree_size": 1, "root": os.urandom(32)}}),
            "an anchor of a longer log": ("bad_anchor", True, {"anchor": {"tree_size": 1 << 40, "root": os.urandom(32)}}),
            "an unknown dialogue": ("unknown_dialogue", True, {"dialogues": ["none-such"]}),
        }
        for what, (name, logged, changes) in cases.items():
            with self.subTest(what):
                self.assert_refused(self.draft(**changes).seal(advance=False), name, logged)

    def test_headers_that_are_none_are_named(self):
        created = now_ms()
        recipient = {"agency": READER, "prekey_id": H(self.peers[READER][1][0])[:16], "bundle_index": self.peers[READER][2]}
        cases = {"unknown suite": ("unknown_suite", {"suite": 7}), "unknown version": ("unknown_version", {"version": 9}),
                 "a recipient twice": ("bad_header", {"recipients": [recipient, recipient]}),
                 "one prekey for two": ("bad_header", {"recipients": [dict(recipient, agency=HONEST), recipient]}),
                 "out of order": ("bad_header", {"recipients": [recipient, dict(recipient, agency=HONEST, prekey_id=bytes(16))]}),
                 "a life of 91 days": ("bad_header", {"created_ms": created, "expires_ms": created + 91 * DAY_MS}),
                 "padded beyond the limit": ("bad_header", {"padded_length": 1 << 30})}
        for what, (name, changes) in cases.items():
            with self.subTest(what):
                draft = self.draft()
                keys = draft.keys
                draft.header.update(changes)
                draft.keys = keys * 2
                self.sender.line.send(draft.seal(advance=False).packet())
                self.assert_named(self.sender, name)
        self.sender.line.send(self.draft(recipients=[]).seal(advance=False).packet())
        self.assert_ended(self.sender, "bad_packet")

    def test_a_message_of_a_later_epoch_waits(self):
        draft = self.draft(epoch=self.sender.registry.epoch + 1).seal(advance=False)
        self.sender.line.send(draft.packet())
        self.assert_named(self.sender, "awaiting_epoch")

    # --- what only the reader can see

    def test_swapped_stanzas_are_refused_by_the_broker_or_rejected_by_the_reader(self):
        draft = self.draft(READER, HONEST).seal(advance=False)
        draft.stanzas = draft.stanzas[::-1]
        self.assert_refused(draft, "bad_stanza", logged=False)
        # With a root and a signature that fit the swap, each reader has the other's stanza.
        swapped = self.draft(READER, HONEST).seal(advance=False)
        swapped.stanzas = swapped.stanzas[::-1]
        swapped.bind()
        self.assert_rejected(swapped)

    def test_a_stanza_wrapped_for_another_key_or_place_is_rejected(self):
        other = self.draft().seal(advance=False)
        other.keys = [X25519Key().public]
        other.stanzas = [other._stanza(0, other.header["recipients"][0], False)]
        other.bind()
        self.assert_rejected(other)
        moved = self.draft().seal(advance=False)
        moved.stanzas = [moved._stanza(0, dict(moved.header["recipients"][0], agency=HONEST), False)]
        moved.bind()
        self.assert_rejected(moved)

    def test_a_low_order_ephemeral_key_is_rejected(self):
        draft = self.draft().seal(advance=False)
        draft.stanzas = [bytes(32) + draft.stanzas[0][32:]]
        draft.bind()
        answer = self.send(draft)
        if answer["code"] == "REFUSED":
            self.assertEqual(answer["reason"], "bad_stanza")
        else:
            self.assertEqual(self.outcome(draft, READER)["reason"], "unopenable")

    def test_a_ciphertext_with_two_openings_has_none(self):
        """The stanza wraps another key than the commitment was made with."""
        draft = self.draft().seal(advance=False)
        first, draft.cek = draft.cek, os.urandom(32)
        draft.stanzas = [draft._stanza(0, draft.header["recipients"][0], False)]
        draft.bind()
        self.assertNotEqual(first, draft.cek)
        self.assert_rejected(draft)
        # The other way about: the commitment is that of the wrapped key, the body another's.
        draft = self.draft().seal(advance=False)
        draft.cek = os.urandom(32)
        _, draft.commitment = primitives.message_keys(draft.cek, draft.h1)
        draft.stanzas = [draft._stanza(0, draft.header["recipients"][0], False)]
        draft.bind()
        self.assert_rejected(draft)

    def test_content_that_belongs_to_another_header_is_rejected(self):
        draft = self.draft().seal(advance=False)
        other = dict(draft.content)
        body = primitives.pad(identity.SCHEMA.encode("Content", {"h1": os.urandom(32), **other}))
        draft.body = primitives.stream_seal(draft.payload_key, body)
        draft.bind()
        self.assert_rejected(draft)

    def test_padding_that_is_not_zero_and_bodies_cut_short_are_rejected(self):
        draft = self.draft().seal(advance=False)
        padded = bytearray(primitives.stream_open(draft.payload_key, draft.body))
        padded[-1] = 1
        draft.body = primitives.stream_seal(draft.payload_key, bytes(padded))
        draft.bind()
        self.assert_rejected(draft)
        draft = self.draft().seal(advance=False)
        draft.body = draft.body[:-1]
        draft.bind()
        self.sender.line.send(draft.packet())
        self.assert_named(self.sender, "bad_seal")


if __name__ == "__main__":
    unittest.main(verbosity=2)
