"""The main job with real processes. Each test has an exchange of its own and ends what it started."""

import hashlib
import json
import os
import secrets
import subprocess
import time
import unittest

import harness
from exchange import Exchange
from harness import ApiError, briefing, wait_for


class ExchangeCase(unittest.TestCase):
    agencies = ("jp-npa", "th-rtp", "sg-spf")
    threshold = None  # of four eyes

    def setUp(self):
        self.exchange = Exchange(self.agencies, self.threshold)
        self.addCleanup(self.exchange.close)
        self.broker = self.exchange.broker().start()
        self.nodes = {a: self.exchange.node(a) for a in self.agencies}

    def start(self, *agencies):
        agencies = agencies or self.agencies
        for agency in agencies:
            self.nodes[agency].start()
        for agency in agencies:
            self.nodes[agency].wait_connected()
        for agency in agencies:
            self.nodes[agency].wait_peers([a for a in agencies if a != agency])
        return [self.nodes[a] for a in agencies]


class Briefings(ExchangeCase):
    def test_a_briefing_reaches_every_reader_once_and_its_proof_verifies(self):
        japan, thailand, singapore = self.start()
        sent = japan.publish(briefing("Hello, ขอบคุณ, ありがとう", ["th-rtp", "sg-spf"], body="# 本文\n\nExercise."))
        for reader in (thailand, singapore):
            message = reader.wait_inbox(sent["message_id"])
            self.assertEqual(message["title"], "Hello, ขอบคุณ, ありがとう")
            self.assertIn("本文", message["body"])
            self.assertEqual(message["sender"], "jp-npa")
        done = japan.wait_outbox(sent["message_id"], "delivered")
        self.assertEqual({r["agency"]: r["outcome"] for r in done["recipients"]},
                         {"th-rtp": "delivered", "sg-spf": "delivered"})
        wait_for("the proof to verify", lambda: next(
            m for m in japan.outbox() if m["message_id"] == sent["message_id"])["proof"] == "verified")
        for reader in (thailand, singapore):
            self.assertEqual([m["message_id"] for m in reader.inbox()].count(sent["message_id"]), 1)
        self.assertEqual(self.broker.stop(), 0)

    def test_an_offline_recipient_gets_it_when_it_returns(self):
        japan, thailand, _ = self.start()
        self.assertEqual(thailand.stop(), 0)
        sent = japan.publish(briefing("While you were away", ["th-rtp"]))
        japan.wait_outbox(sent["message_id"], "accepted")
        thailand.start()
        self.assertEqual(thailand.wait_inbox(sent["message_id"])["title"], "While you were away")
        japan.wait_outbox(sent["message_id"], "delivered")

    def test_what_is_written_while_the_broker_is_away_goes_out_when_it_returns(self):
        japan, thailand, _ = self.start()
        self.broker.stop()
        wait_for("the node to notice", lambda: not japan.status()["connected"], 60)
        sent = japan.publish(briefing("Into the outbox", ["th-rtp"]))
        self.assertEqual(next(m for m in japan.outbox() if m["message_id"] == sent["message_id"])["state"], "waiting")
        self.broker.start()
        thailand.wait_inbox(sent["message_id"])

    def test_both_broker_and_node_restarted_in_the_middle_lose_nothing(self):
        japan, thailand, _ = self.start()
        sent = [japan.publish(briefing(f"Message {i}", ["th-rtp"]))["message_id"] for i in range(40)]
        self.broker.kill()
        thailand.kill()
        sent += [japan.publish(briefing(f"Message {i}", ["th-rtp"]))["message_id"] for i in range(40, 60)]
        self.broker.start()
        japan.kill()
        japan.start()
        thailand.start()
        wait_for("all to arrive", lambda: len(thailand.inbox()) >= len(sent), 60)
        arrived = [m["message_id"] for m in thailand.inbox()]
        self.assertEqual(sorted(arrived), sorted(sent))

    def test_the_body_is_nowhere_at_the_broker_and_is_at_the_reader(self):
        japan, thailand, _ = self.start()
        canary = secrets.token_hex(32)
        sent = japan.publish(briefing(f"Title {canary}", ["th-rtp"], body=f"Body {canary}"))
        self.assertIn(canary, thailand.wait_inbox(sent["message_id"])["body"])
        self.broker.stop()
        self.assertEqual(self.exchange.find_bytes("broker-data", canary.encode()), [])
        thailand.stop()
        self.assertEqual(self.exchange.find_bytes("th-rtp-data", canary.encode()), [])
        # The search itself can find: the message id is in the broker's store in the clear.
        self.assertNotEqual(self.exchange.find_bytes("broker-data", bytes.fromhex(sent["message_id"])), [])


class Policy(ExchangeCase):
    def test_a_reader_without_the_clearance_is_refused_with_a_reason_before_anything_is_sent(self):
        japan, _, _ = self.start()
        text = briefing("Too high", ["th-rtp"], classification="secret")
        preview = japan.publish(text, dry_run=True)
        reader = next(r for r in preview["readers"] if r["agency"] == "th-rtp")
        self.assertFalse(reader["may_read"])
        self.assertEqual(reader["verdict"], "classification_too_high")
        self.assertTrue(reader["reason"])
        with self.assertRaises(ApiError) as refused:
            japan.publish(text)
        self.assertEqual(refused.exception.status, 422)
        self.assertEqual(japan.outbox(), [])

    def test_a_sender_above_its_ceiling_is_refused(self):
        _, thailand, _ = self.start()
        with self.assertRaises(ApiError) as refused:
            thailand.publish(briefing("Above", ["jp-npa"], classification="confidential"))
        self.assertEqual(refused.exception.status, 422)

    def test_a_revoked_member_is_cut_off_and_its_queued_messages_are_withheld(self):
        japan, thailand, singapore = self.start()
        thailand.stop()
        sent = japan.publish(briefing("Queued for a revoked member", ["th-rtp", "sg-spf"]))
        japan.wait_outbox(sent["message_id"], "accepted")
        singapore.wait_inbox(sent["message_id"])
        self.exchange.authority("revoke", "th-rtp")
        done = japan.wait_outbox(sent["message_id"], "delivered")
        outcomes = {r["agency"]: r["outcome"] for r in done["recipients"]}
        self.assertEqual(outcomes, {"sg-spf": "delivered", "th-rtp": "withheld"})
        thailand.start()
        time.sleep(3)
        self.assertFalse(thailand.status()["connected"])
        self.assertEqual(thailand.inbox(), [])

    def test_revocation_ends_a_live_session_within_five_seconds(self):
        _, thailand, _ = self.start()
        self.exchange.authority("suspend", "th-rtp")
        started = time.monotonic()
        wait_for("the session to end", lambda: not thailand.status()["connected"], 10)
        self.assertLess(time.monotonic() - started, 5)


class Attachments(ExchangeCase):
    agencies = ("jp-npa", "th-rtp")

    def make_file(self, size):
        path = self.exchange.folder / "attachment.bin"
        block = os.urandom(1 << 20)
        digest = hashlib.sha256()
        with open(path, "wb") as file:
            left = size
            while left:
                piece = block[:min(left, len(block))]
                file.write(piece)
                digest.update(piece)
                left -= len(piece)
        return path, digest.hexdigest()

    def read_attachment(self, node, message_id):
        status, data = node.request("GET", f"/v1/messages/{message_id}/attachments/0", timeout=300)
        self.assertEqual(status, 200, data[:300])
        return hashlib.sha256(data).hexdigest()

    def test_a_small_attachment_arrives_whole(self):
        japan, thailand = self.start()
        path, digest = self.make_file(100_000)
        sent = japan.publish(briefing("With a file", ["th-rtp"]), [japan.upload(path, "報告 1.bin")])
        message = thailand.wait_inbox(sent["message_id"])
        self.assertEqual(message["attachments"][0]["name"], "報告 1.bin")
        self.assertEqual(message["attachments"][0]["sha256"], digest)
        self.assertEqual(self.read_attachment(thailand, sent["message_id"]), digest)

    def test_200_mib_resume_after_broker_sender_and_reader_were_killed_in_the_middle(self):
        japan, thailand = self.start()
        path, digest = self.make_file(200 << 20)
        upload = japan.upload(path)
        sent = japan.publish(briefing("A large file", ["th-rtp"]), [upload])
        time.sleep(0.3)
        self.broker.kill()
        self.broker.start()
        japan.kill()
        japan.start()
        japan.wait_connected()
        time.sleep(0.3)
        thailand.kill()
        thailand.start()
        wait_for("the attachment to arrive", lambda: any(
            m["message_id"] == sent["message_id"] for m in thailand.inbox()), 120)
        self.assertEqual(self.read_attachment(thailand, sent["message_id"]), digest)


class Strangers(ExchangeCase):
    agencies = ("jp-npa",)

    def test_an_unknown_curve_key_is_refused_and_counted(self):
        import zmq

        public, secret = zmq.curve_keypair()
        context = zmq.Context()
        stranger = context.socket(zmq.DEALER)
        stranger.linger = 0
        stranger.curve_publickey, stranger.curve_secretkey = public, secret
        stranger.curve_serverkey = self.exchange.broker_curve_key()
        monitor = stranger.get_monitor_socket()
        stranger.connect(self.broker.endpoint)
        seen = set()
        until = time.monotonic() + 10
        while time.monotonic() < until and zmq.EVENT_HANDSHAKE_FAILED_AUTH not in seen:
            if monitor.poll(100):
                from zmq.utils.monitor import recv_monitor_message

                seen.add(recv_monitor_message(monitor)["event"])
        stranger.disable_monitor()
        monitor.close(linger=0)
        stranger.close(linger=0)
        context.destroy(linger=0)
        self.assertIn(zmq.EVENT_HANDSHAKE_FAILED_AUTH, seen)
        self.assertNotIn(zmq.EVENT_HANDSHAKE_SUCCEEDED, seen)

        wait_for("the broker to name it", lambda: "unknown_key" in self.broker.log.read_text())

    def test_metrics_and_health_answer(self):
        self.assertEqual(self.broker.get("/health")[0], 200)
        status, metrics = self.broker.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("# TYPE sampan_", metrics)


class BadStarts(ExchangeCase):
    agencies = ("jp-npa",)

    def test_a_second_broker_on_the_same_store_says_who_holds_it(self):
        second = subprocess.run([str(harness.BIN / "sampan-broker"), "--config", str(self.exchange.folder / "broker.toml")],
                                capture_output=True, timeout=60)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("locked", (second.stderr + second.stdout).decode())

    def test_an_unknown_key_in_the_configuration_stops_the_start_with_file_and_line(self):
        config = self.exchange.folder / "bad.toml"
        config.write_text((self.exchange.folder / "broker.toml").read_text() + "\n[nonsense]\ncolour = 1\n")
        done = subprocess.run([str(harness.BIN / "sampan-broker"), "--config", str(config), "--check"], capture_output=True,
                              timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr.decode(), r"bad\.toml:\d+")

    def test_a_key_file_that_others_can_read_is_refused(self):
        japan = self.nodes["jp-npa"]
        keys = self.exchange.folder / "jp-npa"
        target = next(p for p in keys.iterdir() if p.name.startswith("node") and p.suffix == ".key")
        target.chmod(0o644)
        done = subprocess.run(japan.command, capture_output=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("chmod 600", done.stderr.decode())


if __name__ == "__main__":
    unittest.main(verbosity=2)
