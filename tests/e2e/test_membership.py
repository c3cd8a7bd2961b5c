"""Membership with real processes: what a new epoch does, how fast, and who may sign one."""

import json
import time
import unittest

import harness
from harness import briefing, sampan, wait_for
from test_exchange import ExchangeCase as _ExchangeCase


class Binding(_ExchangeCase):
    """A suspension or revocation binds live sessions and queued messages within 5 s of the broker's accepting it."""

    def end(self, command, reason):
        japan, thailand, singapore = self.start()
        singapore.stop()
        queued = japan.publish(briefing("Queued", ["sg-spf"]))["message_id"]
        japan.wait_outbox(queued, "accepted")
        before = len([e for e in self.broker.events() if e.get("event") == "epoch_accepted"])
        self.exchange.authority(command, "th-rtp")
        self.exchange.authority(command, "sg-spf")
        wait_for("both epochs at the broker",
                 lambda: len([e for e in self.broker.events() if e.get("event") == "epoch_accepted"]) == before + 2)
        accepted = time.monotonic()
        # The live session ends, and the sender is told of what waited.
        wait_for("the live session to end", lambda: not thailand.status()["connected"], 10)
        done = japan.wait_outbox(queued, "delivered")
        self.assertLess(time.monotonic() - accepted, 5)
        self.assertEqual([(r["outcome"], r["reason"]) for r in done["recipients"]], [("withheld", reason)])
        receipts = japan.api("GET", f"/v1/messages/{queued}/receipts")
        self.assertEqual(receipts["recipients"][0]["signature"], "verified")
        # Nothing reaches either of them afterwards.
        singapore.start()
        time.sleep(2)
        for node in (thailand, singapore):
            self.assertFalse(node.status()["connected"])
            self.assertEqual(node.inbox(), [])
        with self.assertRaises(harness.ApiError):
            japan.publish(briefing("Later", ["th-rtp"]))
        return japan, thailand, singapore

    def test_a_suspension_binds_within_five_seconds_and_ends_with_the_reinstatement(self):
        japan, _, singapore = self.end("suspend", "member_suspended")
        self.exchange.authority("reinstate", "sg-spf")
        singapore.wait_connected()
        japan.wait_peers(["sg-spf"])
        sent = wait_for("the reinstatement to reach the sender", lambda: self.try_publish(japan))
        singapore.wait_inbox(sent)

    def try_publish(self, node):
        try:
            return node.publish(briefing("Welcome back", ["sg-spf"]))["message_id"]
        except harness.ApiError:
            return None

    def test_a_revocation_binds_within_five_seconds_and_is_final(self):
        self.end("revoke", "member_revoked")
        done = sampan("authority", "reinstate", self.exchange.folder / "authority", "sg-spf", "--passphrase-file",
                      self.exchange.passphrase, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("final", done.stderr.decode())


class Signers(_ExchangeCase):
    """Two of three authority keys: one person alone changes nothing."""

    agencies = ("jp-npa", "th-rtp")

    def test_a_suspension_takes_effect_only_with_the_second_signature(self):
        _, thailand = self.start()
        folder = self.exchange.folder
        authority, key = folder / "authority", ["--passphrase-file", self.exchange.passphrase]
        for name in ("an", "bo"):
            sampan("authority", "make-signer", folder / name, "--name", name, "--exercise-keys", *key)
        self.exchange.authority("add-signer", folder / "an" / "signer.pub.toml")
        self.exchange.authority("add-signer", folder / "bo" / "signer.pub.toml", "--threshold", "2")
        waiting = sorted((authority / "drafts").iterdir())
        self.assertEqual(len(waiting), 1)

        def sign(draft, who):
            sampan("authority", "sign", authority, draft, "--key", folder / who / "signer.key", "--yes", *key)

        sign(waiting[0], "an")
        sampan("authority", "publish", authority, waiting[0])
        self.exchange.authority("suspend", "th-rtp")
        draft = next((authority / "drafts").iterdir())
        refused = sampan("authority", "publish", authority, draft, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("more_signatures_needed", refused.stderr.decode())
        time.sleep(2)
        self.assertTrue(thailand.status()["connected"])
        review = sampan("authority", "sign", authority, draft, "--key", folder / "bo" / "signer.key", "--yes", *key)
        self.assertIn("th-rtp was active, is suspended", review.stdout.decode())
        sampan("authority", "publish", authority, draft)
        wait_for("the suspension", lambda: not thailand.status()["connected"], 10)


class AirGap(_ExchangeCase):
    """Epochs as files: out of one node, into another."""

    agencies = ("jp-npa", "th-rtp")

    def test_epochs_go_from_node_to_node_as_files_and_only_in_order(self):
        (japan,) = self.start("jp-npa")
        # A node whose folder of epochs ends early, and that never reaches the broker.
        thailand = self.nodes["th-rtp"]
        config = self.exchange.folder / "th-rtp.toml"
        early = self.exchange.folder / "early"
        early.mkdir()
        for number in (1, 2):
            name = f"{number:04}.epoch"
            (early / name).write_bytes((self.exchange.folder / "authority" / "epochs" / name).read_bytes())
        config.write_text(config.read_text().replace(str(self.exchange.folder / "authority" / "epochs"), str(early))
                          .replace(self.broker.endpoint, "tcp://127.0.0.1:1"))
        thailand.start()
        self.exchange.authority("terms", "jp-npa", "--clearance", "confidential", "--send-ceiling", "restricted")
        newest = len(list((self.exchange.folder / "authority" / "epochs").iterdir()))
        wait_for("the newest epoch", lambda: japan.status()["epoch"] == newest)

        files = {}
        for epoch in japan.api("GET", "/v1/registry/epochs")["epochs"]:
            status, files[epoch["epoch"]] = japan.request("GET", f"/v1/registry/epochs/{epoch['epoch']}",
                                                          headers=getattr(japan, "headers", {}) or {})
            self.assertEqual(status, 200)
        self.assertEqual(files[newest], (self.exchange.folder / "authority" / "epochs" / f"{newest:04}.epoch").read_bytes())

        held = thailand.status()["epoch"]
        self.assertLess(held, newest)
        self.assertEqual(self.put(thailand, files[newest])["error"]["name"], "registry_gap" if held + 1 < newest else "")
        for number in range(held + 1, newest + 1):
            self.assertEqual(self.put(thailand, files[number])["epoch"], number)
        self.assertEqual(self.put(thailand, files[1])["error"]["name"], "registry_rollback")
        damaged = bytearray(files[newest])
        damaged[len(damaged) // 3] ^= 1
        self.assertIn("error", self.put(thailand, bytes(damaged)))
        changes = thailand.api("GET", f"/v1/registry/changes?from={newest - 1}&to={newest}")["changes"]
        self.assertEqual(changes, ["the clearance of jp-npa was secret compartment=ct,cyber, is confidential",
                                   "the send ceiling of jp-npa was secret, is restricted"])

    def put(self, node, data):
        headers = {"Content-Type": "application/octet-stream", **(getattr(node, "headers", {}) or {})}
        return json.loads(node.request("PUT", "/v1/registry/epochs", data, headers)[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
