"""G1 in small: core, gate and nodes killed with kill -9 under load, again and again; nothing acknowledged is lost, nothing
comes twice."""

import http.client
import json
import os
import pathlib
import random
import signal
import threading
import time
import unittest

from exchange import Exchange
from harness import ApiError, briefing, wait_for

# What is killed; the core takes its gate with it.
VICTIMS = ("core", "core", "gate", "sender", "reader")
KILLS = int(os.environ.get("SAMPAN_KILLS", "20"))
SEED = int(os.environ.get("SAMPAN_SEED", str(random.SystemRandom().randrange(1 << 32))))


class Kills(unittest.TestCase):
    def test_nothing_acknowledged_is_lost_and_nothing_comes_twice(self):
        print(f"seed {SEED}, {KILLS} kills", flush=True)
        rng = random.Random(SEED)
        agencies = ("jp-npa", "th-rtp", "sg-spf")
        exchange = Exchange(agencies)
        self.addCleanup(exchange.close)
        broker = exchange.broker().start()
        nodes = {a: exchange.node(a).start() for a in agencies}
        for node in nodes.values():
            node.wait_connected()
        nodes["jp-npa"].wait_peers(["th-rtp", "sg-spf"])
        sent, stop, killed = [], threading.Event(), {}
        self.starting = threading.Lock()

        def publish():
            while not stop.is_set():
                try:
                    with self.starting:
                        pass  # a node that is being started has no session of its officer yet
                    sent.append(nodes["jp-npa"].publish(briefing(f"Load {len(sent)}", ["th-rtp", "sg-spf"]))["message_id"])
                except ApiError as error:
                    if error.status != 503:
                        raise
                except (OSError, http.client.HTTPException):
                    pass  # the sender itself is down: nobody was answered
                time.sleep(0.01)

        load = threading.Thread(target=publish)
        load.start()
        try:
            for _ in range(KILLS):
                time.sleep(rng.uniform(0.02, 0.25))
                victim = rng.choice(VICTIMS)
                killed[victim] = killed.get(victim, 0) + 1
                if victim == "core":
                    broker.kill()
                    broker.start()
                elif victim == "gate":
                    self.kill_gate(broker)
                else:
                    node = nodes["jp-npa" if victim == "sender" else "th-rtp"]
                    with self.starting:
                        node.kill()
                        node.start()
        finally:
            stop.set()
            load.join()
        self.assertGreater(len(sent), KILLS)

        def all_final():
            states = {m["message_id"]: m["state"] for m in self.all_outbox(nodes["jp-npa"])}
            return all(states.get(m) == "delivered" for m in sent)

        wait_for("every message to be delivered", all_final, 120)
        for reader in ("th-rtp", "sg-spf"):
            arrived = [m["message_id"] for m in self.all_inbox(nodes[reader])]
            self.assertEqual(len(arrived), len(set(arrived)), "a message came twice")
            missing, unanswered = set(sent) - set(arrived), set(arrived) - set(sent)
            self.assertEqual(missing, set(), "a message was lost")
            # The sender may have died between its commit and its answer, once a kill.
            self.assertLessEqual(len(unanswered), killed.get("sender", 0), "a message was never sent")
        self.assertEqual(broker.stop(), 0)
        print(f"{len(sent)} messages, {KILLS} kills: none lost, none twice; {json.dumps(killed)}", flush=True)

    @staticmethod
    def kill_gate(broker):
        core = broker.child.pid
        children = pathlib.Path(f"/proc/{core}/task/{core}/children").read_text().split()
        for pid in children:  # none while it is being started again
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    @staticmethod
    def all_inbox(node):
        return node.api("GET", "/v1/inbox?limit=100000")["messages"]

    @staticmethod
    def all_outbox(node):
        return node.api("GET", "/v1/outbox?limit=100000")["messages"]


if __name__ == "__main__":
    unittest.main(verbosity=2)
