"""The third-party rule and changed labels with real processes and the commands that officers type."""

import json
import os
import unittest

import harness
from harness import ApiError, briefing, sampan, wait_for
from test_people import PeopleCase as _PeopleCase


class PassingOn(_PeopleCase):
    agencies = ("jp-npa", "th-rtp", "sg-spf")

    def typed(self, node, *arguments, check=True):
        """The command line as the administrator, who signs in first."""
        environment = self.exchange.folder / f"{node.agency}-home"
        environment.mkdir(exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(environment)
        sampan("sign-in", "admin", "--passphrase-file", self.exchange.passphrase, "--node", node.socket)
        return sampan(*arguments, "--yes", "--node", node.socket, check=check)

    def typed_json(self, node, *arguments):
        return json.loads(self.typed(node, *arguments, "--json").stdout)

    def test_an_attachment_goes_on_to_a_third_agency_with_the_originators_consent_and_not_without(self):
        japan, thailand, singapore = self.start()
        file = self.exchange.folder / "table.csv"
        file.write_bytes(os.urandom(1_500_000))
        original = japan.publish(briefing("Two readers", ["th-rtp"], body="Of Japan."),
                                 [japan.upload(file, "table.csv", "text/csv")])["message_id"]
        thailand.wait_inbox(original)
        refused = self.typed(thailand, "pass-on", "send", original[:8], "--to", "sg-spf", check=False)
        self.assertEqual(refused.returncode, 6)
        self.assertIn("no_consent", refused.stderr.decode())

        asked = self.typed_json(thailand, "pass-on", "request", original[:8], "--to", "sg-spf", "--purpose", "A joint case")
        japan.wait_inbox(asked["message_id"])
        given = self.typed_json(japan, "pass-on", "consent", asked["message_id"][:8], "--conditions", "not to the press")
        thailand.wait_inbox(given["message_id"])
        seen = self.typed(thailand, "pass-on", "send", original[:8], "--to", "sg-spf", "--dry-run")
        self.assertIn("sg-spf", seen.stdout.decode())
        passed = wait_for("a head of the log that holds the consent", lambda: self.try_pass_on(thailand, original))
        got = singapore.wait_inbox(passed)
        self.assertEqual((got["sender"], got["originator"]), ("th-rtp", "jp-npa"))
        self.assertEqual((got["passed_on"]["original_id"], got["passed_on"]["consent_id"]), (original, given["message_id"]))
        self.assertEqual((got["body"].strip(), got["passed_on"]["conditions"]), ("Of Japan.", "not to the press"))
        status, data = singapore.request("GET", f"/v1/messages/{passed}/attachments/0")
        self.assertEqual((status, data), (200, file.read_bytes()))
        shown = self.typed(singapore, "read", passed[:8]).stdout.decode()
        self.assertIn("jp-npa via th-rtp", shown)
        self.assertIn("with the consent of jp-npa", shown)
        self.assertIn("not to the press", shown)
        # The copy of the attachment is the message's own: the original's file is still there too.
        self.assertEqual(thailand.request("GET", f"/v1/messages/{original}/attachments/0")[1], file.read_bytes())
        # A refusal afterwards is the last word.
        self.typed(japan, "pass-on", "refuse", asked["message_id"][:8], "--reason", "the source is at risk")
        wait_for("the refusal", lambda: len(thailand.inbox("&kind=release-consent")) == 2)
        again = self.typed(thailand, "pass-on", "send", original[:8], "--to", "sg-spf", check=False)
        self.assertIn("refused", again.stderr.decode())

    def try_pass_on(self, node, message):
        try:
            return self.typed_json(node, "pass-on", "send", message[:8], "--to", "sg-spf")["message_id"]
        except AssertionError as failure:
            if "not_connected" in str(failure):
                return None
            raise

    def test_a_label_is_lowered_as_a_new_revision_of_its_originator_alone(self):
        japan, thailand, singapore = self.start()
        first = japan.publish(briefing("Lower later", ["sg-spf"], classification="confidential"))["message_id"]
        singapore.wait_inbox(first)
        refused = self.typed(singapore, "relabel", first[:8], "--label", "restricted", check=False)
        self.assertEqual(refused.returncode, 6)
        lowered = self.typed_json(japan, "relabel", first[:8], "--label", "restricted", "--to", "sg-spf", "--to", "th-rtp")
        self.assertEqual(thailand.wait_inbox(lowered["message_id"])["revision"], 2)
        self.assertEqual(singapore.wait_inbox(lowered["message_id"])["classification"], "restricted")


class Joining(_PeopleCase):
    agencies = ("jp-npa",)

    def test_both_sides_see_how_far_a_joining_is_and_read_the_same_words(self):
        (japan,) = self.start()
        folder = self.exchange.folder
        authority = folder / "authority"
        sampan("agency", "init", folder / "sg-spf", "--agency", "sg-spf", "--exchange", "e2e.example", "--name", "Singapore",
               "--kind", "member-state", "--country", "SG", "--archive-passphrase-file", self.exchange.passphrase,
               "--passphrase-file", self.exchange.passphrase, "--exercise-keys")
        request = folder / "sg-spf" / "joining-request.txt"

        def at_authority(*more):
            lines = json.loads(sampan("authority", "joining", authority, request, *more, "--json").stdout)["agencies"]
            return next(line for line in lines if line["agency"] == "sg-spf")

        def at_agency(socket):
            return json.loads(sampan("agency", "status", folder / "sg-spf", "--json", "--node", socket).stdout)

        nowhere = folder / "no.sock"
        self.assertEqual((at_agency(nowhere)["stage"], at_authority()["stage"]), ("requested", "requested"))
        self.assertEqual(at_agency(nowhere)["request_words"], at_authority()["request_words"])
        self.exchange.authority("announce", request)
        self.assertEqual(at_authority()["stage"], "announced")
        wait_for("the others to see who joins", lambda: any(
            m["agency"] == "sg-spf" and m["status"] == "joining" for m in japan.api("GET", "/v1/registry")["members"]))
        with self.assertRaises(ApiError):
            japan.publish(briefing("Too early", ["sg-spf"]))
        # Its node holds the epochs as files, and is not let in yet.
        node = self.exchange.node("sg-spf").start()
        wait_for("the agency to see it too", lambda: at_agency(node.socket)["stage"] == "announced")
        self.exchange._admit("sg-spf", request)
        self.assertEqual(at_authority()["stage"], "admitted")
        node.stop()
        node.start(connected=True)
        wait_for("the agency to be active", lambda: at_agency(node.socket)["stage"] == "active")
        japan.wait_peers(["sg-spf"])
        peers = folder / "peers.json"
        peers.write_bytes(sampan("registry", "show", "--json", "--node", japan.socket).stdout)
        seen = at_authority("--peers", peers)
        self.assertEqual(seen["stage"], "active")
        self.assertEqual(seen["node_words"], at_agency(node.socket)["node_words"])
        table = sampan("authority", "joining", authority, request, "--peers", peers).stdout.decode()
        self.assertIn(seen["request_words"], table)
        self.assertIn("active", table)


if __name__ == "__main__":
    unittest.main(verbosity=2)
