"""A gate that was taken over has the network and its transport key, and nothing else of the machine. With real processes."""

import pathlib
import re
import shutil
import unittest

import harness
from harness import wait_for
from test_exchange import ExchangeCase


class CompromisedGate(ExchangeCase):
    agencies = ("jp-npa",)

    def take_over(self, *attempts):
        """Starts the broker again as one whose gate does this; gives the lines of what became of it."""
        self.assertEqual(self.broker.stop(), 0)
        # Beside what the core may read: its gate inherits what it gave up.
        program = self.exchange.folder / "broker-data" / "compromised-broker"
        shutil.copy(harness.BIN / "compromised-broker", program)
        pathlib.Path(f"{program}.attempts").write_text("".join(f"{a}\n" for a in attempts))
        self.broker.command[0] = str(program)
        self.broker.start()
        return program

    def told(self):
        with open(self.broker.log, "rb") as log:
            log.seek(self.broker.offset)
            return dict(re.findall(r"(?m)^attempt ([a-z ]+): (.*)$", log.read().decode("utf-8", "replace")))

    def wanted(self):
        folder = self.exchange.folder
        return [f"open {folder / 'broker-data' / 'broker.db'}", "parent", "program /bin/true"]

    def test_without_the_confinement_it_reads_the_store_and_starts_programs(self):
        self.take_over("before", *self.wanted())
        told = wait_for("the attempts", lambda: next((t for t in [self.told()] if "program" in t), None))
        self.assertEqual(told["open"], "done")
        self.assertEqual(told["program"], "done")

    def test_it_cannot_open_the_store_or_the_keys_or_read_the_core(self):
        folder = self.exchange.folder
        for secret in (folder / "broker-data" / "broker.db", folder / "broker" / "log.key", folder / "passphrase"):
            with self.subTest(secret=secret.name):
                self.take_over(f"open {secret}", "parent")
                told = wait_for("the attempts", lambda: next((t for t in [self.told()] if "parent" in t), None))
                self.assertIn(told["open"], ("Operation not permitted", "Permission denied"))
                self.assertIn(told["parent"], ("Operation not permitted", "Permission denied"))
        self.assertEqual(self.broker.get("/health")[0], 200)

    def test_it_dies_of_starting_a_program_and_the_broker_goes_on_with_another(self):
        self.take_over("program /bin/true")
        wait_for("the gate to die of it", lambda: any(e.get("event") == "gate_died" for e in self.broker.events()))
        told = self.told()
        self.assertEqual(told.get("program begins"), "done")
        self.assertNotIn("program", told)
        wait_for("another gate", lambda: any(e.get("event") == "gate_ready" for e in self.broker.events()))
        self.assertTrue(self.broker.running())


class Daemons(ExchangeCase):
    agencies = ("jp-npa",)

    def test_broker_gate_and_node_leave_no_core_file_and_gain_no_privileges(self):
        node = self.nodes["jp-npa"].start(connected=True)
        core = self.broker.child.pid
        gate = int(pathlib.Path(f"/proc/{core}/task/{core}/children").read_text().split()[0])
        told = {p: next(e for e in p.events() if e.get("event") == "confined") for p in (self.broker, node)}
        for name, pid, process in (("broker", core, self.broker), ("gate", gate, self.broker), ("node", node.child.pid, node)):
            with self.subTest(process=name):
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                self.assertRegex(status, r"(?m)^NoNewPrivs:\s*1$")
                self.assertRegex(status, r"(?m)^Seccomp:\s*2$")
                limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
                self.assertRegex(limits, r"(?m)^Max core file size\s+0\s+0\s")
                if told[process]["memory_locked"]:  # as root, or with the units' limit
                    self.assertGreater(int(re.search(r"(?m)^VmLck:\s*(\d+) kB", status)[1]), 1024)


if __name__ == "__main__":
    unittest.main(verbosity=2)
