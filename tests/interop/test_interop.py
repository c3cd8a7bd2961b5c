"""A stranger's client against a real broker and a real node: what PROTOCOL.md promises, seen from outside."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import Client  # noqa: E402
from exchange import Exchange  # noqa: E402
from harness import briefing  # noqa: E402
from identity import Agency  # noqa: E402
from messages import Draft, Opened, acknowledge  # noqa: E402


class Stranger(unittest.TestCase):
    def setUp(self):
        self.exchange = Exchange(["jp-npa"])
        self.addCleanup(self.exchange.close)
        self.agency = Agency("e2e.example", "sg-spf")
        self.exchange.admit_request("sg-spf", self.agency.joining_request())
        self.broker = self.exchange.broker().start()
        self.japan = self.exchange.node("jp-npa").start(connected=True)
        self.client = self.connect()

    def connect(self):
        client = Client(self.agency, self.broker.endpoint, self.exchange.broker_curve_bytes(), bytes.fromhex(self.exchange.trust))
        self.addCleanup(client.close)
        return client

    def test_it_joins_opens_a_session_and_its_keys_are_logged(self):
        client = self.client.start()
        statement = self.agency.bundles[0]
        logged = client.publish("PREKEY_BUNDLE", *statement)
        checkpoint = client.newest_checkpoint()
        self.assertLess(logged.get("leaf_index", 0), checkpoint.size)
        peers = client.peers("jp-npa", "sg-spf")
        self.assertEqual(peers["sg-spf"][0], self.agency.certificate)
        self.assertIsNotNone(peers["jp-npa"])

    def test_what_it_seals_is_read_by_the_node_and_is_in_the_log(self):
        client = self.client.start()
        readers = client.peers("jp-npa")
        draft = Draft(client, {}, readers, "From a stranger: ขอบคุณ").seal().submit()
        answer = draft.answer()
        self.assertEqual(answer["code"], "ACCEPTED", answer)
        client.prove_included(answer["leaf_index"] - 1, 1, self.entry_time(client, answer["leaf_index"] - 1), draft.subject)
        message = self.japan.wait_inbox(draft.header["message_id"].hex())
        self.assertIn("From a stranger: ขอบคุณ", str(message))
        notice = client.expect("outcome_notice")
        outcomes = client.read_list(notice["list"], "OUTCOMES", "jp-npa", b"sampan/1 outcomes\n",
                                    self.certificate_key(readers["jp-npa"][0]))
        self.assertEqual([(o["subject"], o["code"]) for o in outcomes], [(draft.subject, "DELIVERED")])
        client.send("notices_kept", leaf_index=notice.get("leaf_index", 0))

    def test_it_reads_what_the_node_sealed_for_it_and_its_receipt_is_logged(self):
        client = self.client.start()
        self.japan.wait_peers(["sg-spf"])
        sent = self.japan.publish(briefing("To a stranger", ["sg-spf"], body="ありがとう"))
        client.send("credit", messages=8)
        deliver = client.expect("deliver")
        opened = Opened(client, deliver, client.peers("jp-npa")["jp-npa"][0])
        self.assertEqual(opened.header["message_id"].hex(), sent["message_id"])
        self.assertEqual((opened.document["title"], opened.document["body"].strip()), ("To a stranger", "ありがとう"))
        self.assertEqual((opened.sequence, opened.before), (1, bytes(32)))
        client.prove_included(deliver["leaf_index"], 1, deliver["time_s"], opened.subject)
        logged, subject = acknowledge(client, opened.subject)
        client.prove_included(logged["leaf_index"], 3, self.entry_time(client, logged["leaf_index"]), subject)
        self.japan.wait_outbox(sent["message_id"], "delivered")

    @staticmethod
    def entry_time(client, index):
        found = client.fetch_entries(index, 1)["entries"][0]["entry"]
        return int.from_bytes(found[4:12], "big")

    @staticmethod
    def certificate_key(der):
        import identity

        return identity.certificate_key(der)


if __name__ == "__main__":
    unittest.main(verbosity=2)
