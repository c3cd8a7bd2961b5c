"""The life of a node's keys: renewal, another root, enrolment again after a loss, a key in a token. With real processes."""

import os
import pathlib
import shutil
import subprocess
import unittest

from harness import briefing, sampan, wait_for
from test_exchange import ExchangeCase

MODULE = next((p for p in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
                           "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so") if pathlib.Path(p).exists()), None)


class KeysCase(ExchangeCase):
    agencies = ("jp-npa", "th-rtp")

    def keys(self, agency):
        return self.exchange.folder / agency

    def passphrase(self):
        return ["--passphrase-file", self.exchange.passphrase]

    def readmit(self, agency):
        self.exchange.authority("readmit", self.keys(agency) / "joining-request.txt")

    def send(self, sender, reader, title):
        sent = sender.publish(briefing(title, [reader.agency]))
        self.assertEqual(reader.wait_inbox(sent["message_id"])["title"], title)
        return sent["message_id"]


class Certificates(KeysCase):
    def test_a_renewed_certificate_is_taken_at_the_next_start_and_nothing_is_lost_across_it(self):
        japan, thailand = self.start()
        before = japan.status()["certificate_expires"]
        self.broker.stop()
        waiting = japan.publish(briefing("Sealed under the old certificate", ["th-rtp"]))
        japan.stop()
        sampan("agency", "renew", self.keys("jp-npa"), *self.passphrase())
        japan.start()
        self.broker.start()
        japan.wait_connected()
        self.assertNotEqual(japan.status()["certificate_expires"], before)
        thailand.wait_inbox(waiting["message_id"])
        self.send(japan, thailand, "Sealed under the new one")

    def test_without_the_root_key_nothing_is_renewed(self):
        (self.keys("jp-npa") / "root.key").unlink()
        done = sampan("agency", "renew", self.keys("jp-npa"), *self.passphrase(), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"root.key", done.stderr)

    def test_another_root_is_taken_over_when_its_epoch_comes(self):
        japan, thailand = self.start()
        self.send(thailand, japan, "Under the old root")
        sampan("agency", "new-root", self.keys("th-rtp"), "--exercise-keys", *self.passphrase())
        self.send(thailand, japan, "Still under the old root")
        self.readmit("th-rtp")
        wait_for("the node to take the new certificate",
                 lambda: any(e.get("event") == "certificate_replaced" for e in thailand.events()))
        thailand.wait_connected()
        self.assertFalse((self.keys("th-rtp") / "node.next.pem").exists())
        self.send(thailand, japan, "Under the new root")
        self.send(japan, thailand, "To it")
        thailand.stop()
        thailand.start()
        thailand.wait_connected()
        self.send(thailand, japan, "And after a restart")


class Enrolment(KeysCase):
    def test_a_lost_node_begins_again_and_gets_what_the_broker_still_holds(self):
        japan, thailand = self.start()
        before = self.send(japan, thailand, "Before the loss")
        wait_for("the outcome before the loss", lambda: any(m["message_id"] == before and m["recipients"][0]["outcome"] == "delivered"
                                                            for m in japan.outbox()))
        thailand.stop()
        late = japan.publish(briefing("While it was lost", ["th-rtp"]))
        japan.wait_outbox(late["message_id"], "accepted")
        shutil.rmtree(self.keys("th-rtp"))
        shutil.rmtree(self.exchange.folder / "th-rtp-data")
        sampan("agency", "init", self.keys("th-rtp"), "--again", "--agency", "th-rtp", "--exchange", "e2e.example", "--name",
               "Agency th-rtp", "--country", "TH", "--archive-passphrase-file", self.exchange.passphrase, "--exercise-keys",
               *self.passphrase())
        self.readmit("th-rtp")
        thailand.token = None
        thailand.start()
        thailand.wait_connected()
        # Sealed for keys that are gone, it is refused by name, and comes again by itself.
        wait_for("the message to come again", lambda: any(m["title"] == "While it was lost" for m in thailand.inbox()), 60)
        self.assertEqual([m["title"] for m in thailand.inbox()], ["While it was lost"])
        first = next(m for m in japan.outbox() if m["message_id"] == late["message_id"])
        self.assertEqual(first["recipients"][0]["reason"], "prekey_unknown")
        self.send(japan, thailand, "After it")
        thailand.wait_peers(["jp-npa"])
        self.send(thailand, japan, "And back")


@unittest.skipUnless(MODULE and shutil.which("softhsm2-util"), "SoftHSM is not installed: tools/packages, group test")
class Tokens(KeysCase):
    agencies = ("jp-npa", "sg-spf")

    def setUp(self):
        super().setUp()
        folder = self.exchange.folder / "tokens"
        folder.mkdir()
        (self.exchange.folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\n")
        before = os.environ.get("SOFTHSM2_CONF")
        os.environ["SOFTHSM2_CONF"] = str(self.exchange.folder / "softhsm2.conf")
        self.addCleanup(lambda: os.environ.pop("SOFTHSM2_CONF") if before is None else os.environ.update(SOFTHSM2_CONF=before))
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "agency", "--pin", "1234", "--so-pin", "5678"],
                       check=True, capture_output=True)
        self.pin = self.exchange.folder / "pin"
        self.pin.write_text("1234")
        self.pin.chmod(0o600)

    def test_a_node_whose_signing_key_is_in_a_token_does_all_that_another_does(self):
        shutil.rmtree(self.keys("sg-spf"))
        sampan("agency", "init", self.keys("sg-spf"), "--again", "--agency", "sg-spf", "--exchange", "e2e.example", "--name",
               "Agency sg-spf", "--country", "SG", "--archive-passphrase-file", self.exchange.passphrase, "--exercise-keys",
               "--token-module", MODULE, "--token", "agency", "--token-key", "node", "--token-pin-file", self.pin,
               *self.passphrase())
        self.assertFalse((self.keys("sg-spf") / "node.key").exists())
        self.readmit("sg-spf")
        config = self.exchange.folder / "sg-spf.toml"
        config.write_text(config.read_text() + f"""
[signing_token]
module = "{MODULE}"
token = "agency"
key = "node"
pin_file = "{self.pin}"
""")
        japan, singapore = self.start()
        self.send(singapore, japan, "Signed in a token")
        self.send(japan, singapore, "To it")
        singapore.stop()
        with self.subTest("a wrong PIN stops the start by name"):
            self.pin.write_text("4321")
            done = subprocess.run([*singapore.command, "--check"], capture_output=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("PIN", done.stderr.decode())


if __name__ == "__main__":
    unittest.main(verbosity=2)
