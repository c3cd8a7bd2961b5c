"""Honest traffic for a long time, with restarts and a hostile member beside it: nothing grows.

SAMPAN_SOAK_S=600 SAMPAN_BIN=… python3 -m unittest soak; tools/soak runs it and keeps the result.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import unittest

from rig import HONEST, HOSTILE, Rig, memory_mib, percentile

SECONDS = int(os.environ.get("SAMPAN_SOAK_S", "600"))
PERIODS = 10
RESTART_EVERY = 2  # periods
GROWTH_MIB = 24
ATTACKS = ("flood_garbage", "endless_multipart", "flood_large", "reconnect_storm", "never_reads")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Soak(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.addCleanup(self.rig.close)
        self.stop = threading.Event()

    def attack_now_and_then(self):
        agency = self.rig.agencies[HOSTILE]
        turn = 0
        while not self.stop.wait(5):
            order = {"kind": ATTACKS[turn % len(ATTACKS)], "seconds": 3, "endpoint": self.rig.broker.endpoint, "agency": HOSTILE,
                     "public": agency.curve_public.hex(), "secret": agency.curve_secret.hex(),
                     "server": self.rig.exchange.broker_curve_bytes().hex()}
            subprocess.run([sys.executable, str(pathlib.Path(__file__).with_name("attacker.py"))], input=json.dumps(order).encode(),
                           stdout=subprocess.DEVNULL, timeout=60)
            turn += 1

    def restart(self):
        rig = self.rig
        rig.honest.close()
        self.assertEqual(rig.broker.stop(), 0)
        rig.exchange.keep_endpoint(rig.broker.endpoint)
        rig.broker.start()
        rig.core_pid = rig.broker.child.pid
        rig.reader.wait_connected()
        rig.honest = rig.client(HONEST)
        rig.honest.start()

    def sample(self, latencies):
        rig = self.rig
        gate, reader = rig.gate_pid(), rig.reader.child.pid
        return {"core": memory_mib(rig.core_pid), "gate": memory_mib(gate), "node": memory_mib(reader),
                "descriptors": descriptors(rig.core_pid) + descriptors(reader), "p99": percentile(latencies),
                "messages": len(latencies)}

    def test_nothing_grows(self):
        attacker = threading.Thread(target=self.attack_now_and_then)
        attacker.start()
        samples = []
        try:
            for period in range(PERIODS):
                if period and period % RESTART_EVERY == 0:
                    self.restart()
                until = time.monotonic() + SECONDS / PERIODS
                latencies = []
                while time.monotonic() < until:
                    latencies.append(self.rig.round_trip())
                    time.sleep(0.02)
                samples.append(self.sample(latencies))
                print(json.dumps({k: round(v, 3) for k, v in samples[-1].items()}), flush=True)
        finally:
            self.stop.set()
            attacker.join()
        # The first periods warm caches; the second half is held against what came before it.
        early, late = samples[1:PERIODS // 2], samples[PERIODS // 2:]
        for what in ("core", "gate", "node"):
            growth = statistics.median(s[what] for s in late) - statistics.median(s[what] for s in early)
            self.assertLess(growth, GROWTH_MIB, f"memory of the {what}")
        grown = statistics.median(s["descriptors"] for s in late) - statistics.median(s["descriptors"] for s in early)
        self.assertLess(grown, 8, "descriptors")
        p99 = [statistics.median(s["p99"] for s in part) for part in (early, late)]
        self.assertLess(p99[1], max(2 * p99[0], 0.5), "latency")
        total = sum(s["messages"] for s in samples)
        print(f"{SECONDS} s, {total} messages, {PERIODS // RESTART_EVERY - 1} restarts: core {samples[-1]['core']:.0f} MiB, "
              f"gate {samples[-1]['gate']:.0f} MiB, node {samples[-1]['node']:.0f} MiB, p99 {1000 * p99[1]:.0f} ms", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
