"""Hostile in the session: greetings, proofs, requests out of turn, statements, forged receipts, others' records."""

import os
import unittest

import identity
from client import Refused
from identity import SCHEMA, Agency, now_ms
from messages import Draft, acknowledge, outcome_list
from primitives import H, SigningKey, X25519Key
from rig import HONEST, HOSTILE, HostileCase, wait_for

LOW_ORDER = [bytes(32), b"\x01" + bytes(31), bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
             bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]


class Opening(HostileCase):
    def challenged(self, **changes):
        client = self.connect()
        client.hello(**changes)
        return client, client.expect("challenge")

    def test_wrong_greetings_are_named(self):
        cases = {"wrong_agency": {"agency": HONEST}, "version_unknown": {"version_low": 2, "version_high": 9},
                 "unknown_agency": {"role": "auditor"}, "bad_packet": {"role": "emperor"}}
        for name, changes in cases.items():
            with self.subTest(name):
                client = self.connect()
                client.hello(**changes)
                self.assert_ended(client, name)
        self.challenged()  # and the right one is answered

    def test_anything_before_the_proof_is_not_permitted(self):
        for name, value in (("submit", {"seal": b"x", "signature": bytes(64), "stanzas": bytes(136), "body": b"x"}),
                            ("fetch_entries", {"count": 1}), ("ping", {"token": 1}), ("credit", {"messages": 1}),
                            ("fetch_peers", {})):
            with self.subTest(name):
                client, _ = self.challenged()
                client.send(name, **value)
                self.assert_ended(client, "not_permitted")
        twice, _ = self.challenged()
        twice.hello()
        self.assert_ended(twice, "not_permitted")

    def test_a_proof_of_another_key_session_epoch_broker_or_role_is_bad(self):
        other = self.challenged()[1]["nonce"]
        stranger = Agency("e2e.example", HOSTILE)
        honest = self.rig.agencies[HONEST]
        cases = {"another key": {"key": SigningKey()}, "another session's nonce": {"nonce": other}, "an older epoch": {"epoch": 1},
                 "another broker": {"broker": "broker-2"}, "another role": {"role": "auditor"}, "another agency": {"agency": HONEST},
                 "another exchange": {"exchange": "other.example"},
                 "a certificate of another root": {"key": stranger.node, "certificate": stranger.certificate},
                 "another agency's certificate": {"certificate": honest.certificate},
                 "its root's certificate": {"certificate": self.rig.agencies[HOSTILE].root_certificate,
                                            "key": self.rig.agencies[HOSTILE].root},
                 "no certificate at all": {"certificate": b"\x30\x00"}}
        for what, changes in cases.items():
            with self.subTest(what):
                client, challenge = self.challenged()
                client.prove(challenge, **changes)
                self.assert_ended(client, "bad_proof")
        client, challenge = self.challenged()
        client.prove(challenge)
        client.expect("welcome")

    def test_a_proof_that_was_captured_opens_nothing_again(self):
        sent = []
        client, challenge = self.challenged()
        client.line.send = lambda *p, send=client.line.send: (sent.append(p), send(*p))
        client.prove(challenge)
        client.expect("welcome")
        again, _ = self.challenged()
        again.line.send(*sent[0])
        self.assert_ended(again, "bad_proof")

    def test_the_newest_session_wins_and_the_older_one_is_told(self):
        first = self.session()
        second = self.session()
        self.assert_ended(first, "session_replaced")
        self.assert_alive(second)


class Statements(HostileCase):
    def test_statements_that_do_not_follow_are_named(self):
        client = self.session()
        me = client.agency
        logged = len(me.bundles)
        bad = {}
        good_keys, good_bundles = list(me.prekeys), list(me.bundles)

        def bundle(**changes):
            created = now_ms()
            value = {"exchange": me.exchange, "agency": me.agency, "counter": logged + 1, "previous": H(good_bundles[-1][0]),
                     "keys": [X25519Key().public], "issued_ms": created, "expires_ms": created + 86_400_000}
            signer = changes.pop("signer", me.node)
            value.update(changes)
            statement = SCHEMA.encode("PrekeyBundle", value)
            return {"kind": "PREKEY_BUNDLE", "statement": statement, "signature": signer.sign(b"sampan/1 prekeys\n", statement)}

        for number, key in enumerate(LOW_ORDER):
            bad[f"low-order key {number}"] = ("bad_prekey_bundle", bundle(keys=[key]))
        bad["a key twice"] = ("bad_prekey_bundle", bundle(keys=[me.prekeys[0].public] * 2))
        bad["no key"] = ("bad_prekey_bundle", bundle(keys=[]))
        bad["another agency's"] = ("bad_prekey_bundle", bundle(agency=HONEST))
        bad["another exchange's"] = ("wrong_exchange", bundle(exchange="other.example"))
        bad["not after the newest"] = ("bad_prekey_bundle", bundle(previous=bytes(31) + b"\1"))
        bad["too far ahead"] = ("stale_statement", bundle(counter=logged + 5))
        bad["a second one under a counter"] = ("equivocation", bundle(counter=logged, previous=H(b"x") if logged > 1 else None))
        bad["signed by another key"] = ("bad_signature", bundle(signer=SigningKey()))
        for what, (name, value) in bad.items():
            with self.subTest(what):
                client.send("publish", **value)
                self.assert_named(client, name)
        # The one that follows is logged, and the same bytes again have the same answer.
        me.prekeys, me.bundles = good_keys, good_bundles
        statement = me.next_bundle()
        first = client.publish("PREKEY_BUNDLE", *statement)
        self.assertEqual(client.publish("PREKEY_BUNDLE", *statement), first)


class Receipts(HostileCase):
    """Forged and repeated receipts change nothing."""

    def queue_for_honest(self, client):
        """A message from the hostile member to the honest one, accepted, not yet fetched."""
        readers = client.peers(HONEST)
        draft = Draft(client, self.chains, readers, "To be received").seal().submit()
        self.assertEqual(draft.answer()["code"], "ACCEPTED")
        return draft

    def setUp(self):
        super().setUp()
        self.chains = {}

    def test_a_receipt_for_another_readers_message_is_ignored(self):
        client = self.session()
        draft = self.queue_for_honest(client)
        before = self.rig.metric("sampan_outcomes_ignored_total")
        acknowledge(client, draft.subject, os.urandom(32))
        wait_for("both to be ignored", lambda: self.rig.metric("sampan_outcomes_ignored_total") == before + 2)
        # The reader still gets it.
        self.rig.honest.send("credit", messages=1)
        deliver = self.rig.honest.expect("deliver")
        self.assertEqual(H(deliver["seal"] + deliver["signature"]), draft.subject)
        acknowledge(self.rig.honest, draft.subject)
        outcomes = self.notice(client, HONEST)
        self.assertEqual([o["code"] for o in outcomes], ["DELIVERED"])

    def notice(self, client, agency):
        value = client.expect("outcome_notice")
        client.send("notices_kept", leaf_index=value.get("leaf_index", 0))
        certificate = client.peers(agency)[agency][0]
        return client.read_list(value["list"], "OUTCOMES", agency, b"sampan/1 outcomes\n", identity.certificate_key(certificate))

    def test_lists_that_are_not_ones_own_are_named(self):
        client = self.session()
        outcome = {"subject": os.urandom(32), "code": "DELIVERED", "time_ms": now_ms()}
        following = client.outcome_counter + 1
        honest_list = outcome_list(self.rig.honest, [outcome], following)
        broker_word = {"subject": os.urandom(32), "code": "WITHHELD", "reason": "member_revoked", "time_ms": now_ms(),
                       "recipient": HOSTILE}
        cases = {"another agency's list": ("bad_list", honest_list),
                 "signed by me in its name": ("bad_list", outcome_list(client, [outcome], following, signer=HONEST)),
                 "the broker's sort of word": ("bad_list", outcome_list(client, [broker_word], following)),
                 "a count that is not": ("bad_list", outcome_list(client, [outcome], following, count=2)),
                 "a root that is not": ("bad_list", outcome_list(client, [outcome], following, root=bytes(32))),
                 "a counter ahead": ("stale_statement", outcome_list(client, [outcome], following + 3))}
        for what, (name, data) in cases.items():
            with self.subTest(what):
                client.send("outcomes", list=data)
                self.assert_named(client, name)

    def test_two_lists_under_one_counter_end_the_session_and_are_recorded(self):
        client = self.session()
        outcome = {"subject": os.urandom(32), "code": "DELIVERED", "time_ms": now_ms()}
        client.outcome_counter += 1
        first = outcome_list(client, [outcome], client.outcome_counter)
        for _ in range(2):  # a repeat is answered alike
            client.send("outcomes", list=first)
            logged = client.expect("outcomes_logged")
        self.assertEqual(logged["counter"], client.outcome_counter)
        client.send("outcomes", list=outcome_list(client, [dict(outcome, subject=os.urandom(32))], client.outcome_counter))
        self.assert_ended(client, "equivocation")

    def test_notices_and_parts_that_were_never_offered_are_named(self):
        client = self.session()
        client.send("notices_kept", leaf_index=1 << 40)
        self.assert_named(client, "out_of_range")
        draft = self.queue_for_honest(client)
        client.send("fetch_parts", subject=draft.subject, part=1, count=1)
        self.assert_named(client, "not_in_mailbox")
        client.send("part_frame", message_id=os.urandom(16), part=1, data=b"x")
        self.assert_named(client, "part_not_wanted")
        # Clean up: the honest one takes what is queued.
        self.rig.honest.send("credit", messages=1)
        self.rig.honest.expect("deliver")
        acknowledge(self.rig.honest, draft.subject)


class Records(HostileCase):
    def test_a_member_is_shown_no_record_of_messages_between_others(self):
        client = self.session()
        self.rig.round_trip()
        shown = hidden = 0
        first = 0
        while True:
            answer = client.fetch_entries(first, 4096)
            for offset, found in enumerate(answer.get("entries", [])):
                if found["entry"][1] not in (1, 2, 3):
                    continue
                named = HOSTILE.encode() in found.get("record", b"")
                self.assertTrue(named or not found.get("record"), f"entry {first + offset}")
                shown, hidden = shown + named, hidden + (not named)
            first += len(answer.get("entries", []))
            if first >= answer["tree_size"] or not answer.get("entries"):
                break
        self.assertGreater(hidden, 0)
        # The two who are named see the record of the same sort: the rule, not an empty store.
        own = [e for e in self.rig.honest.fetch_entries(0, 4096)["entries"] if e["entry"][1] == 1]
        self.assertTrue(any(HONEST.encode() in e.get("record", b"") for e in own))

    def test_requests_beyond_the_log_are_named(self):
        client = self.session()
        size = client.newest_checkpoint().size
        client.send("fetch_inclusion", leaf_indexes=[size + 10], tree_size=size)
        self.assert_named(client, "out_of_range")
        client.send("fetch_consistency", from_size=1, to_size=size + 1000)
        self.assert_named(client, "out_of_range")
        client.send("fetch_inclusion", leaf_indexes=list(range(1025)), tree_size=size)
        self.assert_ended(client, "bad_packet")

    def test_a_flood_of_questions_is_answered_in_turn_or_refused_by_name(self):
        client = self.session()
        for _ in range(40):
            client.line.send(*[("fetch_entries", {"count": 4096})] * 32)
        names = set()
        answers = 0
        while answers < 40 * 32:
            try:
                client.await_packet("entries", patience_s=20)
            except Refused as refused:
                names.add(refused.name)
            answers += 1
        self.assertLessEqual(names, {"too_many_requests"})
        self.assert_alive(client)


if __name__ == "__main__":
    unittest.main(verbosity=2)
