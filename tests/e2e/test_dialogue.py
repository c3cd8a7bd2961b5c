"""The dialogue's workspace with real processes: sessions of the meeting, drafts and their review, saved searches."""

import json
import unittest

from exchange import EXCHANGE_TOML
import exchange
from harness import ApiError, wait_for
from test_exchange import ExchangeCase
from test_people import PeopleCase

DIALOGUE_TOML = EXCHANGE_TOML + """
[[policy.handling]]
scheme = "tlp"
codes = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
[[dialogue]]
id = "ajct-12"
title = "The 12th Dialogue"
host = "jp-npa"
submission_deadline = "2031-01-01T00:00:00Z"
begins = "2031-02-01"
ends = "2031-02-02"
participants = ["jp-npa", "my-pdrm", "sg-spf", "th-rtp"]
"""


def text(kind, title, front="", tlp="AMBER", body="Exercise."):
    return (f'+++\nkind = "{kind}"\ntitle = {json.dumps(title)}\ndialogue = "ajct-12"\n{front}\n'
            f'[label]\nclassification = "restricted"\ntlp = "{tlp}"\n+++\n{body}\n')


def presence(session, *present):
    return text("presence", f"Present in session {session}", f'session = "{session}"\npresent = {json.dumps(present)}')


def said(title, session="1", tlp="RED", front=""):
    return text("note", title, f'session = "{session}"\n{front}', tlp)


class WithDialogue:
    """Exchanges of this suite have a dialogue, and TLP."""

    def setUp(self):
        self.addCleanup(setattr, exchange, "EXCHANGE_TOML", exchange.EXCHANGE_TOML)
        exchange.EXCHANGE_TOML = DIALOGUE_TOML
        super().setUp()

    def refused(self, name, call, *arguments, **more):
        with self.assertRaises(ApiError) as refusal:
            call(*arguments, **more)
        self.assertEqual(refusal.exception.name, name)
        return str(refusal.exception)


class Meeting(WithDialogue, ExchangeCase):
    agencies = ("jp-npa", "th-rtp", "sg-spf", "my-pdrm")

    def sessions(self, node, key):
        page = node.api("GET", "/v1/dialogues/ajct-12/sessions")
        return next((s["rows"] for s in page["sections"] if s["key"] == key), [])

    def test_what_is_said_in_a_session_is_sealed_to_those_present_alone(self):
        japan, thailand, singapore, malaysia = self.start()
        self.assertIn("no presence list", self.refused("no_presence_list", thailand.publish, said("Too early")))
        self.refused("not_the_host", thailand.publish, presence("1", "th-rtp", "jp-npa"))
        self.refused("not_present", japan.publish, presence("1", "jp-npa", "xx-yy"))

        first = japan.publish(presence("1", "jp-npa", "th-rtp", "sg-spf"))["message_id"]
        for node in (thailand, singapore, malaysia):
            node.wait_inbox(first)
        dry = thailand.publish(said("Names"), dry_run=True)
        self.assertEqual([r["agency"] for r in dry["readers"]], ["jp-npa", "sg-spf"])
        self.refused("session_not_red", thailand.publish, said("Names", tlp="AMBER"))
        self.assertIn("my-pdrm", self.refused("not_present", thailand.publish, said("N", front='to = ["jp-npa", "my-pdrm"]')))
        self.assertIn("my-pdrm", self.refused("not_present", malaysia.publish, said("I was not there")))
        red = thailand.publish(said("Names"))["message_id"]
        for node in (japan, singapore):
            self.assertEqual(node.wait_inbox(red)["session"], "1")

        # The list changes in between: what is said then goes to those present then.
        second = japan.publish(presence("1", "jp-npa", "th-rtp", "my-pdrm"))["message_id"]
        for node in (thailand, singapore, malaysia):
            node.wait_inbox(second)
        self.assertIn("sg-spf", self.refused("not_present", singapore.publish, said("I have left")))
        later = thailand.publish(said("More names"))["message_id"]
        for node in (japan, malaysia):
            node.wait_inbox(later)
        thailand.wait_outbox(later, "delivered")
        self.assertNotIn(red, [m["message_id"] for m in malaysia.inbox()])
        self.assertNotIn(later, [m["message_id"] for m in singapore.inbox()])
        self.assertEqual([r["title"] for r in self.sessions(japan, "said-1")], ["Names", "More names"])
        self.assertEqual([r["sealed"] for r in self.sessions(japan, "said-1")], ["those present", "those present"])
        self.assertEqual([r["title"] for r in self.sessions(malaysia, "said-1")], ["More names"])
        self.assertEqual([r["change"] for r in self.sessions(malaysia, "presence-1")], ["first list", "+my-pdrm -sg-spf"])
        # Nobody who was not there finds it.
        self.assertEqual(malaysia.api("GET", "/v1/search?q=Names&kind=note")["found"], 1)
        self.assertEqual(singapore.api("GET", "/v1/search?q=More")["found"], 0)


class MeetingReleased(WithDialogue, PeopleCase):
    agencies = ("jp-npa", "th-rtp", "sg-spf")
    threshold = "restricted"

    def refused(self, *arguments, **more):
        return WithDialogue.refused(self, *arguments, **more)

    def test_a_list_that_changed_while_it_waited_stops_the_release(self):
        japan, thailand, singapore = self.start()
        anan = self.add_officer(thailand, "anan", ["officer"])
        bua = self.add_officer(thailand, "bua", ["releaser"])
        kenji = self.add_officer(japan, "kenji", ["officer", "releaser"])
        japan.sign_in("admin")

        def host_says(*present):
            held = japan.publish(presence("1", *present))
            release = held["release_id"]
            digest = kenji.api("GET", f"/v1/releases/{release}")["digest"]
            message = kenji.api("POST", f"/v1/releases/{release}/approve", {"digest": digest})["message_id"]
            for node in (anan, singapore):
                wait_for("the list", lambda: any(m["message_id"] == message for m in node.inbox()))

        host_says("jp-npa", "th-rtp", "sg-spf")
        held = anan.publish(said("Names"))["release_id"]
        host_says("jp-npa", "th-rtp")
        shown = bua.api("GET", f"/v1/releases/{held}")
        self.assertEqual(shown["session"], "1")
        why = self.refused("not_present", bua.api, "POST", f"/v1/releases/{held}/approve", {"digest": shown["digest"]})
        self.assertIn("sg-spf", why)
        # Written again, it goes to those who are there now.
        held = anan.publish(said("Names again"))["release_id"]
        shown = bua.api("GET", f"/v1/releases/{held}")
        self.assertEqual(shown["readers"], ["jp-npa"])
        sent = bua.api("POST", f"/v1/releases/{held}/approve", {"digest": shown["digest"]})["message_id"]
        wait_for("the message", lambda: any(m["message_id"] == sent for m in kenji.inbox()))


class Drafts(WithDialogue, PeopleCase):
    agencies = ("jp-npa", "th-rtp")

    def refused(self, *arguments, **more):
        return WithDialogue.refused(self, *arguments, **more)

    def drafts(self, node):
        return node.api("GET", "/v1/drafts")["drafts"]

    def test_a_draft_is_its_authors_until_a_colleague_is_asked_and_is_published_as_it_was_saved(self):
        japan, thailand = self.start()
        anan = self.add_officer(japan, "anan", ["officer"])
        bua = self.add_officer(japan, "bua", ["officer"])
        cha = self.add_officer(japan, "cha", ["officer"], {"level": "restricted"})

        unfinished = anan.api("POST", "/v1/drafts", {"briefing": "+++\nkind = \"note\"\n"})
        self.assertIn("front matter", unfinished["problem"])
        self.refused("bad_front_matter", anan.api, "POST", "/v1/messages", {"draft": unfinished["id"]})
        anan.api("DELETE", f"/v1/drafts/{unfinished['id']}")

        draft = anan.api("POST", "/v1/drafts", {"briefing": text("note", "Canary of a draft")})["id"]
        self.assertEqual(self.drafts(bua), [])
        self.refused("not_found", bua.api, "GET", f"/v1/drafts/{draft}")
        self.refused("not_found", bua.api, "POST", "/v1/messages", {"draft": draft})
        self.refused("same_person", anan.api, "POST", f"/v1/drafts/{draft}/review", {"reviewer": "anan"})
        self.refused("unknown_officer", anan.api, "POST", f"/v1/drafts/{draft}/review", {"reviewer": "nobody"})
        anan.api("POST", f"/v1/drafts/{draft}/review", {"reviewer": "bua"})
        self.refused("draft_in_review", anan.api, "POST", "/v1/messages", {"draft": draft})
        self.assertEqual([d["state"] for d in self.drafts(bua)], ["in-review"])
        self.refused("bad_request", bua.api, "POST", f"/v1/drafts/{draft}/decision", {"decision": "returned"})
        bua.api("POST", f"/v1/drafts/{draft}/decision", {"decision": "returned", "remark": "say which border"})
        self.assertIn("say which border", self.refused("draft_in_review", anan.api, "POST", "/v1/messages", {"draft": draft}))

        better = text("note", "Canary of a draft, better")
        self.assertEqual(anan.api("POST", "/v1/drafts", {"briefing": better, "id": draft})["state"], "draft")
        self.refused("not_found", bua.api, "GET", f"/v1/drafts/{draft}")
        anan.api("POST", f"/v1/drafts/{draft}/review", {"reviewer": "bua"})
        self.assertEqual(bua.api("POST", f"/v1/drafts/{draft}/decision", {"decision": "approved"})["state"], "approved")
        self.refused("not_waiting", bua.api, "POST", f"/v1/drafts/{draft}/decision", {"decision": "approved"})

        # It survives a restart, and is nowhere in the clear.
        japan.stop()
        japan.start(connected=True)
        japan.wait_peers(["th-rtp"])
        for needle in (b"Canary of a draft", "Canary of a draft".encode("utf-16-le")):
            self.assertEqual(self.exchange.find_bytes("jp-npa-data", needle), [])
        anan.sign_in()
        self.assertEqual([(d["state"], d["title"]) for d in self.drafts(anan)], [("approved", "Canary of a draft, better")])
        sent = anan.api("POST", "/v1/messages", {"draft": draft})["message_id"]
        self.assertEqual(thailand.wait_inbox(sent)["title"], "Canary of a draft, better")
        japan.sign_in("admin")
        japan.wait_outbox(sent, "delivered")
        recent = self.drafts(anan)[0]
        self.assertEqual((recent["state"], recent["message_id"], recent["became"]), ("published", sent, "delivered"))
        self.refused("not_waiting", anan.api, "POST", "/v1/messages", {"draft": draft})

        # Who may not read it is not asked to.
        secret = anan.api("POST", "/v1/drafts", {"briefing": text("note", "Higher").replace("restricted", "confidential")})["id"]
        self.refused("not_cleared", anan.api, "POST", f"/v1/drafts/{secret}/review", {"reviewer": "cha"})
        # What an officer kept goes with the officer.
        japan.api("DELETE", "/v1/officers/anan")
        self.add_officer(japan, "anan", ["officer"])
        self.assertEqual(self.drafts(japan.as_officer("anan", "words that anan alone knows")), [])

    def test_saved_searches_are_an_officers_own_and_count_what_is_unread(self):
        japan, thailand = self.start()
        anan = self.add_officer(thailand, "anan", ["officer"])
        bua = self.add_officer(thailand, "bua", ["officer"])
        message = japan.publish(text("note", "Border trend"))["message_id"]
        wait_for("the message", lambda: any(m["message_id"] == message for m in anan.inbox()))
        anan.api("POST", "/v1/searches", {"name": "border", "query": {"q": "border", "kind": "note"}})
        self.refused("bad_request", anan.api, "POST", "/v1/searches", {"name": "No Name", "query": {"q": "x"}})
        self.refused("bad_request", anan.api, "POST", "/v1/searches", {"name": "x", "query": {}})
        self.refused("bad_request", anan.api, "POST", "/v1/searches", {"name": "x", "query": {"colour": "red"}})
        listed = anan.api("GET", "/v1/searches")["searches"]
        self.assertEqual([(s["name"], s["found"], s["unread"]) for s in listed], [("border", 1, 1)])
        self.assertEqual(bua.api("GET", "/v1/searches")["searches"], [])
        self.refused("not_found", bua.api, "GET", "/v1/search?saved=border")
        self.assertEqual(anan.api("GET", "/v1/search?saved=border")["messages"][0]["message_id"], message)
        self.refused("bad_request", anan.api, "GET", "/v1/search?saved=border&kind=measure")
        dialogue = anan.api("GET", "/v1/dialogues")["dialogues"][0]
        self.assertEqual((dialogue["unread_total"], dialogue["unread"]), (1, {"note": 1}))
        anan.message(message)
        self.assertEqual(anan.api("GET", "/v1/searches")["searches"][0]["unread"], 0)
        self.assertEqual(anan.api("GET", "/v1/dialogues")["dialogues"][0]["unread_total"], 0)
        thailand.stop()
        thailand.start()
        self.assertEqual(anan.api("GET", "/v1/search?saved=border")["found"], 1)
        anan.api("DELETE", "/v1/searches/border")
        self.assertEqual(anan.api("GET", "/v1/searches")["searches"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
