"""An exchange made with the commands that people type, in a temporary folder."""

import pathlib
import re

from harness import PASSPHRASE, Broker, Node, remove_folder, sampan, temporary_folder

EXCHANGE_TOML = """
[exchange]
name = "e2e.example"
valid_days = 90

[policy]
id = "e2e"
title = "TEST policy"
[[policy.level]]
id = "restricted"
rank = 1
title = "RESTRICTED"
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
"""

# Clearance and ceiling of each agency that tests use.
TERMS = {
    "jp-npa": ("secret compartment=ct,cyber", "secret"),
    "th-rtp": ("confidential compartment=ct", "restricted"),
    "sg-spf": ("secret compartment=ct", "confidential"),
    "my-pdrm": ("secret compartment=ct,cyber", "secret"),
}


class Exchange:
    def __init__(self, agencies, threshold=None):
        self.folder = temporary_folder()
        self.processes = []
        self.passphrase = self.folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE)
        self.passphrase.chmod(0o600)
        four_eyes = f'release_threshold = "{threshold}"\n' if threshold else ""
        (self.folder / "exchange.toml").write_text(EXCHANGE_TOML.replace("[[policy.level]]", four_eyes + "[[policy.level]]", 1))
        key = ["--passphrase-file", self.passphrase]
        exercise = [*key, "--exercise-keys"]
        sampan("authority", "init", self.folder / "authority", "--exchange", self.folder / "exchange.toml", *exercise)
        self.trust = re.search(r"\b[0-9a-f]{64}\b", sampan("authority", "trust", self.folder / "authority").stdout.decode())[0]
        trust = ["--epochs", self.folder / "authority" / "epochs", "--trust", self.trust]
        sampan("broker", "init", self.folder / "broker", "--id", "broker-1", "--data", self.folder / "broker-data", "--bind",
               "tcp://127.0.0.1:0", "--address", "tcp://127.0.0.1:5570", "--operations", "127.0.0.1:0", "--config",
               self.folder / "broker.toml", *trust, *exercise)
        sampan("authority", "add-broker", self.folder / "authority", self.folder / "broker" / "broker.pub.toml", *key)
        for agency in agencies:
            sampan("agency", "init", self.folder / agency, "--agency", agency, "--exchange", "e2e.example", "--name",
                   f"Agency {agency}", "--kind", "member-state", "--country", agency[:2].upper(),
                   "--archive-passphrase-file", self.passphrase, *exercise)
            self._admit(agency, self.folder / agency / "joining-request.txt")

    def _admit(self, agency, request):
        clearance, ceiling = TERMS[agency]
        sampan("authority", "admit", self.folder / "authority", request, "--clearance", clearance, "--send-ceiling", ceiling,
               "--yes", "--passphrase-file", self.passphrase)

    def admit_request(self, agency, text):
        """Admits an agency whose keys were made elsewhere."""
        request = self.folder / f"{agency}.joining-request.txt"
        request.write_text(text)
        self._admit(agency, request)

    def broker(self):
        broker = Broker(self)
        self.processes.append(broker)
        return broker

    def node(self, agency):
        """node.toml names the address that the running broker has; a restarted broker keeps it."""
        broker = self.processes[0]
        self.keep_endpoint(broker.endpoint)
        sampan("node", "init", self.folder / agency, "--data", self.folder / f"{agency}-data", "--socket",
               self.folder / f"{agency}.sock", "--broker", broker.endpoint, "--epochs", self.folder / "authority" / "epochs",
               "--trust", self.trust, "--config", self.folder / f"{agency}.toml", "--passphrase-file", self.passphrase,
               "--archive-passphrase-file", self.passphrase)
        node = Node(self, agency)
        self.processes.append(node)
        return node

    def keep_endpoint(self, endpoint):
        config = self.folder / "broker.toml"
        config.write_text(config.read_text().replace("tcp://127.0.0.1:0", endpoint))

    def authority(self, command, *arguments):
        sampan("authority", command, self.folder / "authority", *arguments, "--yes", "--passphrase-file", self.passphrase)

    def broker_curve_bytes(self):
        card = (self.folder / "broker" / "broker.pub.toml").read_text()
        return bytes.fromhex(re.search(r'curve_key = "([0-9a-f]{64})"', card)[1])

    def broker_curve_key(self):
        """As ZeroMQ writes it (Z85)."""
        import zmq.utils.z85

        return zmq.utils.z85.encode(self.broker_curve_bytes())

    def find_bytes(self, folder, needle):
        """Files below the folder that hold these bytes."""
        return [p for p in sorted(pathlib.Path(self.folder / folder).rglob("*")) if p.is_file() and needle in p.read_bytes()]

    def close(self):
        for process in reversed(self.processes):
            process.kill()
        remove_folder(self.folder)
