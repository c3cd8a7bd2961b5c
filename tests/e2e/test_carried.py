"""The air gap: a node that never has a network, and its bundles on removable media. With real processes."""

import hashlib
import json
import secrets
import subprocess
import unittest

import harness
from harness import ApiError, briefing, sampan, wait_for
from test_exchange import ExchangeCase

CANARY = "CANARY-" + secrets.token_hex(16)


class Carried(ExchangeCase):
    agencies = ("jp-npa", "th-rtp", "sg-spf")

    def setUp(self):
        super().setUp()
        self.stick = self.exchange.folder / "stick"
        self.stick.mkdir()
        self.count = 0
        config = self.exchange.folder / "th-rtp.toml"
        config.write_text(config.read_text().replace(self.broker.endpoint, "tcp://127.0.0.1:1"))
        self.japan, self.singapore = self.nodes["jp-npa"], self.nodes["sg-spf"]
        for node in (self.japan, self.singapore):
            node.start(connected=True)
        self.thailand = self.nodes["th-rtp"].start()
        self.thailand.sign_in()

    def export(self, node=None):
        self.count += 1
        status, data = (node or self.thailand).request("GET", "/v1/bundle")
        self.assertEqual(status, 200, data)
        path = self.stick / f"{self.count}.bundle"
        path.write_bytes(data)
        return path

    def hand_in(self, bundle, check=True):
        """The operator's command; gives the answer's file."""
        self.count += 1
        answer = self.stick / f"{self.count}.answer"
        done = sampan("broker", "take-bundle", bundle, "-o", answer, "--data", self.exchange.folder / "broker-data",
                      "--wait", "60", check=check)
        return answer if check else done

    def take(self, answer, node=None):
        data = answer if isinstance(answer, bytes) else answer.read_bytes()
        status, body = (node or self.thailand).request("PUT", "/v1/bundle", data,
                                                       {"Content-Type": "application/octet-stream", "X-Sampan-Name": "answer"})
        body = json.loads(body)
        if status >= 400:
            raise ApiError(status, body)
        return body

    def carry(self):
        return self.take(self.hand_in(self.export()))

    def refused(self, name, call, *arguments):
        with self.assertRaises(ApiError) as refusal:
            call(*arguments)
        self.assertEqual(refusal.exception.name, name, str(refusal.exception))

    def row(self, node, message):
        return next(m for m in node.outbox() if m["message_id"] == message)

    def meet(self):
        """The first bundle brings the descriptor and the prekeys, its answer everybody else's."""
        self.carry()
        for node in (self.japan, self.singapore):
            node.wait_peers(["th-rtp"])
        self.thailand.wait_peers(["jp-npa", "sg-spf"])

    def test_messages_attachments_outcomes_and_proofs_go_both_ways_and_nothing_twice(self):
        self.meet()
        file = self.exchange.folder / "photo.bin"
        file.write_bytes(secrets.token_bytes(1_300_000) + CANARY.encode())
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        upload = self.japan.upload(file)
        to_thailand = self.japan.publish(briefing(CANARY, ["th-rtp", "sg-spf"], body=CANARY), [upload])["message_id"]
        self.japan.wait_outbox(to_thailand, "accepted")
        upload = self.thailand.upload(file)
        to_japan = self.thailand.publish(briefing(CANARY, ["jp-npa", "sg-spf"], body=CANARY), [upload])["message_id"]
        self.assertEqual(self.row(self.thailand, to_japan)["state"], "waiting")

        second = self.export()
        answer = self.hand_in(second)
        taken = self.take(answer)
        self.assertEqual((taken["received"], taken["again"], taken["held"]), (1, False, 0))
        self.assertEqual(self.thailand.message(to_thailand)["title"], CANARY)
        self.assertEqual(self.row(self.thailand, to_japan)["state"], "accepted")
        self.assertEqual(self.row(self.thailand, to_japan)["proof"], "verified")
        self.assertEqual(self.thailand.message(to_thailand)["proof"], "verified")
        for node, message in ((self.thailand, to_thailand), (self.japan, to_japan), (self.singapore, to_japan)):
            node.wait_inbox(message)
            status, data = node.request("GET", f"/v1/messages/{message}/attachments/0")
            self.assertEqual((status, hashlib.sha256(data).hexdigest()), (200, digest))
        # The broker has not heard of its delivery: that goes with the next one.
        self.assertEqual(next(r["outcome"] for r in self.row(self.japan, to_thailand)["recipients"]
                              if r["agency"] == "th-rtp"), "pending")

        # The same again, both ways, and the old one after a newer one: nothing is taken twice.
        third = self.export()
        for bundle in (second, third):
            self.take(self.hand_in(bundle))  # brings the readers' receipts
        for again in (self.hand_in(third), self.hand_in(second), answer):
            taken = self.take(again)
            self.assertEqual((taken["received"], taken["again"]), (0, True))
        self.japan.wait_outbox(to_thailand, "delivered")
        wait_for("the outcomes of th-rtp's message", lambda: (self.carry(), self.row(self.thailand, to_japan))[1]["state"] == "delivered")
        for node, message in ((self.thailand, to_thailand), (self.japan, to_japan)):
            self.assertEqual([m["message_id"] for m in node.inbox()].count(message), 1)
        self.assertEqual([self.submitted(m) for m in (to_thailand, to_japan)], [1, 1])

        # No plaintext on the medium; and the search can find what is there.
        for path in self.stick.iterdir():
            self.assertNotIn(CANARY.encode(), path.read_bytes(), path)
        self.assertTrue(any(bytes.fromhex(to_thailand) in p.read_bytes() for p in self.stick.iterdir()))

    def submitted(self, message):
        """How often the log says that it was accepted, in an export that verifies."""
        export = self.exchange.folder / "log.slog"
        status, data = self.japan.request("GET", "/v1/log/export")
        self.assertEqual(status, 200)
        export.write_bytes(data)
        done = subprocess.run([harness.BIN / "sampan-audit", "verify", export, "--trust", self.exchange.trust, "--json"],
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        search = subprocess.run([harness.BIN / "sampan-audit", "search", export, "--trust", self.exchange.trust, "--message",
                                 message, "--type", "submitted", "--json"], capture_output=True, timeout=60)
        return len(json.loads(search.stdout)["entries"])

    def test_a_new_epoch_and_receipts_come_along_and_a_restart_in_between_loses_nothing(self):
        self.meet()
        self.exchange.authority("terms", "th-rtp", "--clearance", "confidential compartment=ct", "--send-ceiling", "confidential")
        wait_for("the epoch at a node with a network", lambda: self.japan.status()["epoch"] == 6)
        message = self.japan.publish(briefing("Annex", ["th-rtp"]))["message_id"]
        self.japan.wait_outbox(message, "accepted")
        bundle = self.export()
        self.thailand.stop()
        self.broker.stop()
        self.broker.start()
        answer = self.hand_in(bundle)
        self.thailand.start()
        self.thailand.sign_in()
        taken = self.take(answer)
        self.assertEqual((taken["received"], self.thailand.status()["epoch"]), (1, 6))
        self.thailand.message(message)  # the first reading is a receipt
        self.thailand.api("POST", f"/v1/messages/{message}/receipts", {"step": "acknowledged"})
        self.thailand.stop()
        self.thailand.start()
        self.thailand.sign_in()
        self.carry()
        self.japan.wait_connected()

        def given():
            got = self.japan.api("GET", f"/v1/messages/{message}/receipts")["recipients"][0]
            return (got["receipts"] or {}).get("acknowledged")

        self.assertIn("admin", wait_for("the receipt", given)["officer"])

    def test_what_was_altered_or_is_anothers_is_refused_by_name(self):
        self.meet()
        message = self.japan.publish(briefing("Annex", ["th-rtp"]))["message_id"]
        self.japan.wait_outbox(message, "accepted")
        bundle = self.export()
        answer = self.hand_in(bundle)
        good = answer.read_bytes()
        for place in [20, 60, len(good) // 2, len(good) - 100, len(good) - 1]:
            bad = bytearray(good)
            bad[place] ^= 1
            with self.assertRaises(ApiError) as refusal:
                self.take(bytes(bad))
            self.assertIn(refusal.exception.name, ("bundle_altered", "bad_bundle", "foreign_bundle"), place)
        self.refused("bad_bundle", self.take, good[:-1])
        self.refused("bad_bundle", self.take, good + b"\0")
        self.refused("bad_bundle", self.take, b"nothing")
        self.refused("foreign_bundle", self.take, bundle)
        self.singapore.stop()
        config = self.exchange.folder / "sg-spf.toml"
        config.write_text(config.read_text().replace(self.broker.endpoint, "tcp://127.0.0.1:1"))
        self.singapore.start()
        self.singapore.sign_in()
        self.refused("foreign_bundle", self.take, answer, self.singapore)
        self.assertEqual(self.thailand.inbox(), [])
        self.assertEqual(self.take(good)["received"], 1)

        # The broker's side: each refusal has its name, and is said in the answer where there is one.
        sent = bytearray(bundle.read_bytes())
        for place, name in ((20, "bad_bundle"), (len(sent) // 2, ""), (len(sent) - 1, "bad_proof")):
            bad = bytearray(sent)
            bad[place] ^= 1
            path = self.stick / f"bad-{place}.bundle"
            path.write_bytes(bad)
            done = self.hand_in(path, check=False)
            self.assertEqual(done.returncode, 6, done.stderr)
            self.assertIn(name, done.stderr.decode())
        done = self.hand_in(answer, check=False)
        self.assertIn("foreign_bundle", done.stderr.decode())
        # A node with a session needs none.
        status, body = self.japan.request("GET", "/v1/bundle")
        self.assertEqual((status, json.loads(body)["error"]["name"]), (409, "bundle_not_needed"))

    def test_a_revoked_member_is_told_so_in_the_answer(self):
        self.meet()
        bundle = self.export()
        self.exchange.authority("revoke", "th-rtp")
        wait_for("the epoch", lambda: self.japan.status()["epoch"] == 6)
        path = self.stick / "no.answer"
        done = sampan("broker", "take-bundle", bundle, "-o", path, "--data", self.exchange.folder / "broker-data", check=False)
        self.assertEqual(done.returncode, 6)
        self.assertIn("member_revoked", done.stderr.decode())
        self.refused("bundle_refused", self.take, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
