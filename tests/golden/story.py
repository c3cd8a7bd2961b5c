"""A small exchange, made and used with every command that people type. Each command's output is kept under its name; the order
is the story's, and every step waits until its effect is there, so that the same is printed each time."""

import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))

import exchange as e2e  # noqa: E402
import harness  # noqa: E402
from harness import wait_for  # noqa: E402

POLICY = """
[policy]
id = "golden"
title = "GOLDEN policy"
release_threshold = "secret"
[[policy.level]]
id = "restricted"
rank = 1
title = "RESTRICTED"
retention_days = 365
[[policy.level]]
id = "confidential"
rank = 2
title = "CONFIDENTIAL"
[[policy.level]]
id = "secret"
rank = 3
title = "SECRET"
[[policy.category]]
tag = "compartment"
type = "restrictive"
title = "Compartment"
values = ["ct", "cyber"]
[[policy.handling]]
scheme = "tlp"
codes = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
"""
EXCHANGE = """
[exchange]
name = "golden.example"
valid_days = 90
""" + POLICY + "".join(f"""
[[dialogue]]
id = "{name}"
title = "{title}"
host = "jp-npa"
submission_deadline = "2037-02-20"
begins = "2037-03-09"
ends = "2037-03-10"
participants = ["jp-npa", "th-rtp", "sg-spf"]
""" for name, title in (("ajct-11", "11th dialogue"), ("ajct-12", "12th dialogue")))

STIX = """{"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": [{"type": "indicator",
"spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000002", "created": "2026-01-01T00:00:00Z", "modified":
"2026-01-01T00:00:00Z", "name": "bad", "pattern": "[domain-name:value = 'bad.example']", "pattern_type": "stix", "valid_from":
"2026-01-01T00:00:00Z", "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}]}"""
PASSWORD = harness.PASSPHRASE
AGENCIES = {"jp-npa": ("secret compartment=ct,cyber", "secret"), "th-rtp": ("secret compartment=ct", "confidential"),
            "sg-spf": ("secret compartment=ct", "confidential")}


def briefing(kind, title, front="", body="Exercise.", classification="restricted", label='tlp = "GREEN"'):
    return (f'+++\nkind = "{kind}"\ntitle = "{title}"\n{front}\n[label]\nclassification = "{classification}"\n{label}\n+++\n'
            f"{body}\n")


class Story:
    """`run` is told every step: (command, arguments, exit code, stdout, stderr)."""

    def __init__(self, record):
        self.record = record
        self.folder = harness.temporary_folder()
        self.nodes, self.processes = {}, []
        self.home = None

    def close(self):
        for process in reversed(self.processes):
            process.kill()
        harness.remove_folder(self.folder)

    def path(self, *names):
        return self.folder.joinpath(*names)

    def write(self, name, text):
        self.path(name).write_text(text)
        self.path(name).chmod(0o600)
        return self.path(name)

    def do(self, command, *arguments, at=None, code=0):
        """One command as typed; `at` an agency's node. Gives what it printed."""
        more = ["--node", self.nodes[at].socket] if at else []
        os.environ["XDG_RUNTIME_DIR"] = str(self.path("home"))
        done = harness.sampan(*command.split(), *arguments, *more, "--yes", check=False)
        out, err = done.stdout.decode(), done.stderr.decode()
        if done.returncode != code:
            raise AssertionError(f"sampan {command} {arguments} ended with {done.returncode}, not {code}:\n{out}\n{err}")
        typed = [str(a) for a in arguments] + (["--node", f"{at}.sock"] if at else [])
        self.record(command, typed, done.returncode, out, err, self.folder)
        return out

    def both(self, command, *arguments, at=None, code=0):
        """As a table and as JSON; for commands that change nothing."""
        self.do(command, *arguments, at=at, code=code)
        return self.do(command, *arguments, "--json", at=at, code=code)

    def id_of(self, output, key="message_id"):
        return re.search(rf'"{key}": ?"([0-9a-f]{{32}})"', output)[1]

    # --- chapters
    def tell(self):
        self.path("home").mkdir(mode=0o700)
        self.words = self.write("words", PASSWORD)
        self.key = ["--passphrase-file", self.words]
        self.toy = [*self.key, "--exercise-keys"]
        self.make()
        self.begin()
        self.talk()
        self.dialogue()
        self.change_hands()
        self.write_drafts()
        self.people()
        self.prove()
        self.carry()
        self.rule()
        self.back_up()
        self.print_only()

    def make(self):
        self.write("exchange.toml", EXCHANGE)
        ajct = self.ajct = self.path("ajct")
        self.do("authority init", ajct, "--exchange", self.path("exchange.toml"), *self.toy)
        self.do("authority init", self.path("another"), "--exchange", self.path("exchange.toml"), *self.toy, "--json")
        self.trust = re.search(r"\b[0-9a-f]{64}\b", self.both("authority trust", ajct))[0]
        trust = ["--epochs", ajct / "epochs", "--trust", self.trust]
        self.do("broker init", self.path("broker"), "--id", "broker-1", "--data", self.path("broker-data"), "--bind",
                "tcp://127.0.0.1:0", "--address", "tcp://127.0.0.1:5570", "--operations", "127.0.0.1:0", "--config",
                self.path("broker.toml"), *trust, *self.toy)
        self.do("broker init", self.path("broker-2"), "--id", "broker-2", "--data", self.path("broker-2-data"), "--config",
                self.path("broker-2.toml"), *trust, *self.toy, "--json")
        self.do("authority add-broker", ajct, self.path("broker", "broker.pub.toml"), *self.key)
        self.do("authority add-broker", ajct, self.path("broker", "broker.pub.toml"), *self.key, "--json")
        for agency, name in (("jp-npa", "Japan"), ("th-rtp", "Thailand"), ("sg-spf", "Singapore")):
            request = self.path(agency, "joining-request.txt")
            self.do("agency init", self.path(agency), "--agency", agency, "--exchange", "golden.example", "--name", name,
                    "--country", agency[:2].upper(), "--archive-passphrase-file", self.words, *self.toy,
                    *(["--json"] if agency == "sg-spf" else []))
            self.both("agency show", self.path(agency))
            if agency == "sg-spf":
                self.both("authority joining", ajct, request)
                self.do("authority announce", ajct, request, *self.key)
            clearance, ceiling = AGENCIES[agency]
            self.do("authority admit", ajct, request, "--clearance", clearance, "--send-ceiling", ceiling, *self.key,
                    *(["--json"] if agency == "jp-npa" else []))
        self.do("agency init", self.path("my-pdrm"), "--agency", "my-pdrm", "--exchange", "golden.example", "--name", "Malaysia",
                "--archive-passphrase-file", self.words, *self.toy)
        self.do("authority announce", ajct, self.path("my-pdrm", "joining-request.txt"), *self.key, "--json")
        for number, form in (("1", []), ("2", ["--json"])):
            self.do("auditor init", self.path(f"audit-{number}"), "--id", f"audit-{number}", "--name", "Joint audit", *self.toy, *form)
            self.do("authority add-auditor", ajct, self.path(f"audit-{number}", "auditor.pub.toml"), *self.key, *form)
        self.both("authority renew", ajct, *self.key)
        self.both("authority show", ajct)
        self.both("authority diff", ajct, "3", "4")

    def begin(self):
        broker = self.broker = e2e.Broker(self)
        self.processes.append(broker)
        broker.start()
        config = self.path("broker.toml")
        config.write_text(config.read_text().replace("tcp://127.0.0.1:0", broker.endpoint))
        for agency in AGENCIES:
            arguments = [self.path(agency), "--data", self.path(f"{agency}-data"), "--socket", self.path(f"{agency}.sock"),
                         "--broker", broker.endpoint, "--epochs", self.ajct / "epochs", "--trust", self.trust, "--config",
                         self.path(f"{agency}.toml"), "--passphrase-file", self.words, "--archive-passphrase-file", self.words]
            self.do("node init", *arguments)
            if agency == "jp-npa":
                arguments[arguments.index(self.path(f"{agency}.toml"))] = self.path("another.toml")
                self.do("node init", *arguments, "--json")
            node = self.nodes[agency] = e2e.Node(self, agency)
            self.processes.append(node)
            node.start()
        for agency, node in self.nodes.items():
            node.wait_connected()
            node.wait_peers([a for a in AGENCIES if a != agency])
            self.do("sign-in", "admin", *self.key, at=agency)
        self.do("sign-in", "admin", *self.key, "--json", at="jp-npa")
        self.both("agency status", self.path("jp-npa"), at="jp-npa")
        self.both("whoami", at="jp-npa")
        self.both("registry show", at="jp-npa")
        self.both("registry epochs", at="jp-npa")
        self.both("registry diff", "3", "4", at="jp-npa")
        self.do("registry export", self.path("usb"), at="jp-npa")
        self.do("registry export", self.path("usb-2"), "--json", at="jp-npa")
        self.both("registry import", self.path("usb", "0001.epoch"), at="th-rtp", code=3)
        self.both("dialogues", at="jp-npa")
        self.both("doctor", at="jp-npa")

    def publish(self, agency, name, text, *more, attach=()):
        files = [x for file in attach for x in ("--attach", file)]
        made = self.do("publish", self.write(f"{name}.md", text), *files, *more, "--json", at=agency)
        return self.id_of(made)

    def arrive(self, agency, message):
        wait_for(f"{message} at {agency}", lambda: any(m["message_id"] == message for m in self.nodes[agency].inbox()))

    def settle(self, agency, message):
        """Delivered, every receipt of it here, and its place in the log proven."""
        def proven():
            found = next(m for m in self.nodes[agency].outbox() if m["message_id"] == message)
            return found["state"] == "delivered" and found["proof"] == "verified"

        wait_for(f"{message} to be delivered and proven", proven)

    def talk(self):
        update = self.write("update.md", briefing("threat-update", "Border update", 'to = ["th-rtp", "sg-spf"]\nsummary = "Quiet"'))
        self.both("label explain", update, "--for", "th-rtp", at="jp-npa")
        self.both("label choose", "--to", "th-rtp", "--level", "restricted", "--value", "compartment=ct", at="jp-npa")
        self.both("publish", update, "--dry-run", at="jp-npa")
        self.do("publish", update, at="jp-npa")
        plain = self.publish("jp-npa", "plain", briefing("note", "Plain", 'to = ["th-rtp"]'))
        self.do("publish", self.write("high.md", briefing("note", "Too high", 'to = ["jp-npa"]', classification="secret")),
                at="th-rtp", code=6)
        table = self.write("table.csv", "a,b\n1,2\n")
        stix = self.write("bad.json", STIX)
        self.first = self.publish("jp-npa", "with-files", briefing(
            "threat-update", "With files", 'to = ["th-rtp"]\nprecedence = "PRIORITY"'), attach=(table, stix))
        self.arrive("th-rtp", self.first)
        self.settle("jp-npa", self.first)
        wait_for("its proof at the reader", lambda: all(m["proof"] == "verified" for m in self.nodes["th-rtp"].inbox()))
        self.both("inbox", at="th-rtp")
        self.both("outbox", at="jp-npa")
        self.do("read", self.first, at="th-rtp")
        self.do("read", self.first, "--peek", "--json", at="th-rtp")
        self.do("attachment save", self.first, "0", "-o", self.path("saved.csv"), at="th-rtp")
        self.do("attachment save", self.first, "1", "-o", self.path("saved.json"), "--json", at="th-rtp")
        self.do("read", self.first, "--html", self.path("page.html"), at="th-rtp")
        self.nodes["th-rtp"].message(plain)
        self.do("acknowledge", plain, "--json", at="th-rtp")
        self.do("acknowledge", self.first, at="th-rtp")
        self.do("acted", plain, at="th-rtp")
        self.do("acted", self.first, "--note", "two arrests", "--json", at="th-rtp")
        wait_for("the receipts", lambda: self.nodes["jp-npa"].api("GET", f"/v1/messages/{self.first}/receipts")["recipients"][0]
                 ["receipts"].get("acted"))
        self.both("receipts", self.first, at="jp-npa")
        answer = self.write("answer.md", "Thank you.")
        self.do("reply", self.first, answer, at="th-rtp")
        second = self.id_of(self.do("reply", self.first, answer, "--json", at="th-rtp"))
        self.arrive("jp-npa", second)
        self.both("thread", self.first, at="th-rtp")
        self.both("search", "files", at="th-rtp")
        self.do("stix export", "--label", "restricted tlp=GREEN", "-o", self.path("out.json"), at="th-rtp")
        self.both("stix export", "--label", "restricted tlp=CLEAR", at="th-rtp", code=7)
        for name, form in (("wrong", []), ("wrong-2", ["--json"])):
            gone = self.publish("jp-npa", name, briefing("note", "Wrong annex", 'to = ["th-rtp", "sg-spf"]'))
            for agency in ("th-rtp", "sg-spf"):
                self.arrive(agency, gone)
                self.nodes[agency].message(gone)
            self.do("recall", gone, "--reason", "wrong annex", *form, at="jp-npa")
            for agency in ("th-rtp", "sg-spf"):
                wait_for("the recall", lambda a=agency: next(
                    m for m in self.nodes[a].inbox() if m["message_id"] == gone).get("withdrawn_by"))
            self.do("destroy", gone, *form, at="th-rtp")
            self.do("refuse-recall", gone, "--reason", "evidence in court", *form, at="sg-spf")

    def dialogue(self):
        where = 'dialogue = "ajct-12"'
        self.publish("jp-npa", "situation", briefing(
            "threat-update", "Situation", where + '\nsummary = "Steady"\ncountries = ["JP"]\nthemes = ["terrorism"]\nlevel = "low"'))
        self.publish("th-rtp", "project", briefing(
            "project-status", "Training", where + '\nproject = "p-1"\nstate = "ongoing"\nprogress = 40'))
        measure = self.publish("jp-npa", "measure", briefing(
            "measure", "Joint list", where + '\nmeasure = "m-1"\ntext = "A joint list"\nstate = "agreed"\nlead = "jp-npa"'))
        self.publish("sg-spf", "position", briefing("position", "Support", where + '\non = "m-1"\nstance = "support"'))
        question = self.publish("jp-npa", "question", briefing(
            "request-for-information", "A question", where + '\nquestion = "How many?"\ndue = "2037-01-01"'))
        agenda = self.publish("jp-npa", "agenda", briefing(
            "agenda", "Agenda", where + '\n[[sessions]]\nnumber = "1"\ntitle = "Opening"\ndate = "2037-03-09"'))
        for message in (measure, question, agenda):
            self.settle("jp-npa", message)
        wait_for("all of it at Japan", lambda: len(self.nodes["jp-npa"].inbox("&dialogue=ajct-12")) == 2)
        for view in ("submissions", "reading", "situation", "projects", "measures", "requests", "releases", "agenda", "actions",
                     "outcomes"):
            self.both(f"dialogue {view}", "ajct-12", at="jp-npa")
        self.both("dialogue compare", "ajct-11", "ajct-12", at="jp-npa")
        self.both("dialogue outcome", "ajct-12", at="jp-npa")

    def change_hands(self):
        asked = self.id_of(self.do("pass-on request", self.first, "--to", "sg-spf", "--purpose", "A joint case", "--json",
                                   at="th-rtp"))
        self.arrive("jp-npa", asked)
        given = self.id_of(self.do("pass-on consent", asked, "--conditions", "not to the press", "--json", at="jp-npa"))
        self.arrive("th-rtp", given)
        wait_for("its place in the log", lambda: all(m["proof"] == "verified" for m in self.nodes["th-rtp"].inbox()))
        self.do("pass-on send", self.first, "--to", "sg-spf", "--dry-run", at="th-rtp")
        passed = self.id_of(self.do("pass-on send", self.first, "--to", "sg-spf", "--json", at="th-rtp"))
        self.arrive("sg-spf", passed)
        self.do("read", passed, "--peek", at="sg-spf")
        self.do("pass-on request", self.first, "--to", "sg-spf", "--purpose", "Once more", at="th-rtp")
        self.do("pass-on consent", asked, "--to", "sg-spf", "--until", "2037-01-01", at="jp-npa")
        self.do("pass-on refuse", asked, "--reason", "the source is at risk", "--json", at="jp-npa")
        self.do("pass-on refuse", asked, "--reason", "the source is at risk", at="jp-npa")
        wait_for("the refusals", lambda: len(self.nodes["th-rtp"].inbox("&kind=release-consent")) == 4)
        self.do("pass-on send", self.first, "--to", "sg-spf", at="th-rtp", code=6)
        self.do("relabel", self.first, "--label", "confidential tlp=AMBER", "--dry-run", at="jp-npa")
        higher = self.id_of(self.do("relabel", self.first, "--label", "confidential tlp=AMBER", "--json", at="jp-npa"))
        self.do("relabel", higher, "--label", "restricted tlp=AMBER", at="jp-npa")

    def write_drafts(self):
        """While another officer is here to look them over."""
        words = [self.write(f"anan-words-{n}", f"words that anan alone knows {n}") for n in (1, 2)]
        self.do("officer add", "anan", "--name", "Anan P.", "--role", "officer", "--clearance", "agency", "--passphrase-file", words[0],
                at="sg-spf")
        drafts = []
        for number, form in (("1", []), ("2", ["--json"]), ("3", []), ("4", ["--json"])):
            file = self.write(f"draft-{number}.md", briefing("note", f"Draft {number}", 'to = ["th-rtp"]'))
            self.do("draft save", file, *form, at="sg-spf")
            listed = json.loads(harness.sampan("draft", "list", "--json", "--node", self.nodes["sg-spf"].socket).stdout)
            drafts.append(next(d["id"] for d in listed["drafts"] if d["title"] == f"Draft {number}"))
        self.both("draft show", drafts[0], at="sg-spf")
        os.environ["EDITOR"] = "true"
        self.do("draft edit", drafts[0], at="sg-spf")
        self.do("draft review", drafts[0], "--by", "anan", at="sg-spf")
        self.do("draft review", drafts[1], "--by", "anan", "--json", at="sg-spf")
        for number, form in ((2, []), (3, ["--json"])):
            self.do("draft discard", drafts[number], *form, at="sg-spf")
        self.do("sign-out", at="sg-spf")
        self.do("sign-in", "anan", "--passphrase-file", words[0], at="sg-spf")
        self.do("passphrase", "--old-passphrase-file", words[0], "--new-passphrase-file", words[1], at="sg-spf")
        self.do("sign-in", "anan", "--passphrase-file", words[1], at="sg-spf")
        self.both("draft list", at="sg-spf")
        self.do("draft approve", drafts[0], at="sg-spf")
        self.do("draft return", drafts[1], "--remark", "say which border", at="sg-spf")
        self.do("sign-out", at="sg-spf")
        self.do("sign-in", "admin", *self.key, at="sg-spf")
        self.do("draft publish", drafts[0], at="sg-spf")
        self.do("draft publish", drafts[1], at="sg-spf", code=1)
        self.do("search", "--kind", "note", "--save", "notes", at="sg-spf")
        self.both("searches", at="sg-spf")
        self.do("searches", "--forget", "notes", at="sg-spf")
        self.both("dialogue sessions", "ajct-12", at="sg-spf")

    def people(self):
        first = self.write("first-words", "a first passphrase")
        second = self.write("second-words", "words that malee alone knows")
        third = self.write("third-words", "and other words that nobody else knows")
        self.do("officer add", "malee", "--name", "Malee S.", "--role", "officer", "--role", "releaser", "--clearance", "agency",
                "--passphrase-file", first, at="jp-npa")
        self.do("officer add", "short", "--name", "Short stay", "--role", "auditor", "--clearance", "agency", "--passphrase-file", first, "--json",
                at="jp-npa")
        self.both("officer list", at="jp-npa")
        self.both("officer change", "short", "--name", "Shorter stay", at="jp-npa")
        self.do("officer remove", "short", at="jp-npa")
        self.do("officer add", "short", "--name", "Short stay", "--role", "auditor", "--clearance", "agency", "--passphrase-file",
                first, at="jp-npa")
        self.do("officer remove", "short", "--json", at="jp-npa")
        held = [self.id_of(self.do("publish", self.write(f"secret-{n}.md", briefing(
            "note", f"Secret {n}", 'to = ["th-rtp"]', classification="secret")), "--json", at="jp-npa"), "release_id")
            for n in range(6)]
        for n in (1, 2):
            self.do("publish", self.write("urgent.md", briefing("note", f"Urgent {n}", 'to = ["th-rtp"]', classification="secret")),
                    "--emergency", "an attack within the hour", at="jp-npa")
        self.both("release list", at="jp-npa")
        self.do("release withdraw", held[0], at="jp-npa")
        self.do("release withdraw", held[1], "--json", at="jp-npa")
        self.do("sign-out", at="jp-npa")
        self.do("sign-in", "malee", "--passphrase-file", first, at="jp-npa")
        self.do("passphrase", "--old-passphrase-file", first, "--new-passphrase-file", second, at="jp-npa")
        self.do("sign-in", "malee", "--passphrase-file", second, at="jp-npa")
        self.do("passphrase", "--old-passphrase-file", second, "--new-passphrase-file", third, "--json", at="jp-npa")
        self.do("sign-in", "malee", "--passphrase-file", third, at="jp-npa")
        self.both("release show", held[2], at="jp-npa")
        self.do("release approve", held[2], at="jp-npa")
        self.do("release approve", held[3], "--json", at="jp-npa")
        self.do("release decline", held[4], "--reason", "wait for the ministry", at="jp-npa")
        self.do("release decline", held[5], "--reason", "wait for the ministry", "--json", at="jp-npa")
        done = [r["id"] for r in self.nodes["jp-npa"].api("GET", "/v1/releases")["releases"] if r["state"] == "unreviewed"]
        self.do("release review", done[0], "--reason", "justified", at="jp-npa")
        self.do("release review", done[1], "--reason", "justified", "--json", at="jp-npa")
        self.do("totp", "--json", at="jp-npa")
        self.do("totp", at="jp-npa")
        self.do("sign-out", "--json", at="jp-npa")

    def prove(self):
        self.do("sign-in", "admin", *self.key, at="jp-npa")
        wait_for("witnesses", lambda: self.nodes["jp-npa"].api("GET", f"/v1/log/proof/{self.first}")["witnessed"])
        self.both("log checkpoint", at="jp-npa")
        self.both("log proof", self.first, at="jp-npa")
        for number, form in (("1", []), ("2", ["--json"])):
            self.do("log export", self.path(f"march-{number}.slog"), *form, at="jp-npa")
            self.do("evidence export", self.first, self.path(f"court-{number}.evidence"), *form, at="jp-npa")
            self.do("evidence fork", self.path("none.fork"), *form, at="jp-npa", code=1)
            self.do("journal export", self.path(f"march-{number}.journal"), *form, at="jp-npa")
        self.both("journal list", "--limit", "3", at="th-rtp")
        self.both("status", at="th-rtp")
        self.do("lock", at="th-rtp")
        self.do("inbox", at="th-rtp", code=4)
        self.do("sign-in", "admin", *self.key, at="th-rtp")
        self.do("lock", "--json", at="th-rtp")

    def carry(self):
        """Singapore's node loses its network for good."""
        node, config = self.nodes["sg-spf"], self.path("sg-spf.toml")
        node.stop()
        config.write_text(config.read_text().replace(self.broker.endpoint, "tcp://127.0.0.1:1"))
        node.start()
        self.do("sign-in", "admin", *self.key, at="sg-spf")
        out, answer = self.path("out.bundle"), self.path("answer.bundle")
        self.do("bundle export", "-o", out, at="sg-spf")
        self.do("broker take-bundle", out, "-o", answer, "--data", self.path("broker-data"))
        self.do("bundle import", answer, at="sg-spf")
        self.do("broker take-bundle", answer, "-o", self.path("none.bundle"), "--data", self.path("broker-data"), code=6)

    def back_up(self):
        pair = self.path("backup")
        self.do("backup-key", pair, *self.toy)
        lock = ["--recipient", self.path("backup.pub")]
        opened = ["--key", self.path("backup.key"), *self.key]
        self.do("broker backup", self.path("broker.backup"), "--config", self.path("broker.toml"), *lock)
        self.do("node backup", self.path("node.backup"), "--config", self.path("th-rtp.toml"), *lock)
        self.do("broker restore", self.path("broker.backup"), "--config", self.path("broker.toml"), *opened, code=1)
        self.broker.stop()
        self.nodes["th-rtp"].stop()
        for data in ("broker-data", "th-rtp-data"):
            shutil.rmtree(self.path(data))
        self.do("broker restore", self.path("broker.backup"), "--config", self.path("broker.toml"), *opened)
        self.do("node restore", self.path("node.backup"), "--config", self.path("th-rtp.toml"), *opened)

    def rule(self):
        ajct, key = self.ajct, self.key
        self.both("authority terms", ajct, "sg-spf", "--clearance", "restricted", *key)
        for form in ([], ["--json"]):
            self.do("authority suspend", ajct, "sg-spf", *key, *form)
            self.do("authority reinstate", ajct, "sg-spf", *key, *form)
            self.do("agency renew", self.path("sg-spf"), *key, *form)
            self.do("agency new-root", self.path("sg-spf"), *self.toy, *form)
            self.do("authority readmit", ajct, self.path("sg-spf", "joining-request.txt"), *key, *form)
        self.do("authority revoke", ajct, "sg-spf", *key)
        self.do("authority revoke", ajct, "my-pdrm", *key, "--json")
        self.both("authority joining", ajct)
        self.write("ajct/retention.toml", 'event_days = 730\n[[hold]]\nid = "case-17"\nreason = "order of the court"\nagency = "th-rtp"\n')
        self.do("authority retention", ajct, *key)
        self.do("authority retention", ajct, *key, "--json", code=1)
        head = self.nodes["jp-npa"].api("GET", "/v1/log/checkpoint")["note"]
        self.do("authority begin-log", ajct, "--checkpoint", self.write("last.checkpoint", head), *key)
        for name, form in (("an", []), ("bo", ["--json"])):
            self.do("authority make-signer", self.path(name), "--name", name.capitalize(), *self.toy, *form)
            self.do("authority add-signer", ajct, self.path(name, "signer.pub.toml"), *key, *form)
            self.do("authority remove-signer", ajct, self.path(name, "signer.pub.toml"), *key, *form)
        self.do("authority add-signer", ajct, self.path("bo", "signer.pub.toml"), *key)
        for form in ([], ["--json"]):
            self.do("authority threshold", ajct, "2", *key, *form)
            self.do("authority withdraw", ajct, *form)
        self.do("authority threshold", ajct, "2", *key)
        for form in ([], ["--json"]):
            draft = next((ajct / "drafts").iterdir())
            self.do("authority sign", ajct, draft, "--key", self.path("bo", "signer.key"), *key, *form)
            self.do("authority publish", ajct, draft, *form)
            self.do("authority renew", ajct, *key)
        self.write("ajct/retention.toml", "event_days = 365\n")
        self.do("authority retention", ajct, *key, "--json")
        self.do("authority retention-sign", ajct, ajct / "epochs" / "0002.order", "--key", self.path("bo", "signer.key"), *key)

    def print_only(self):
        self.both("version")
        self.do("template")
        self.both("new", "measure", at="jp-npa")
        self.do("completion", "bash")
        self.do("help")
        # Programs that run until they are stopped: what they can be asked.
        for command in ("broker run", "node run", "demo"):
            self.do(command, "--help")
