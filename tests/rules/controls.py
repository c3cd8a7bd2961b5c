#!/usr/bin/env python3
"""Shows that check_layers.py notices each kind of breach: a small clean tree passes, and each single change to it fails."""
import json
import pathlib
import shutil
import tempfile
import unittest

import check_layers

RULES = pathlib.Path(__file__).with_name("layers.txt")
CLEAN = {
    "include/sampan/base/bytes.h": "#pragma once\n#include <vector>\n",
    "include/sampan/label/label.h": '#pragma once\n#include "sampan/base/bytes.h"\n',
    "src/crypto/hash.cpp": '#include <openssl/evp.h>\n#include "crypto/openssl.h"\n#include "openssl.h"\n',
    "src/crypto/openssl.h": "#pragma once\n#include <openssl/err.h>\n",
    "src/envelope/header.cpp": '#include "sampan/label/label.h"\n#include "wire/message.pb.h"\n',
    "src/envelope/list.cpp": '#include "identity/label_pb.h"\n',
    "src/identity/label_pb.h": '#pragma once\n#include "wire/label.pb.h"\n',
    "src/broker/core.cpp": '#include "sampan/store/store.h"\n',
    "src/node/node.cpp": '#include "sampan/seal/seal.h"\n',
}


class Controls(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.write("tests/rules/layers.txt", RULES.read_text())
        for name, text in CLEAN.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def includes(self, name, text):
        self.write(name, text)
        return list(check_layers.check_includes(self.root))

    def links(self, text):
        return list(check_layers.check_links(self.root, self.write("links.txt", text)))

    def test_a_clean_tree_passes(self):
        self.assertEqual([], list(check_layers.check_includes(self.root)))

    def test_each_forbidden_include_is_noticed(self):
        for name, text, expected in [
            ("src/broker/core.cpp", '#include "sampan/seal/seal.h"', "broker may not include seal"),
            ("src/auditor/audit.cpp", '#include "sampan/store/store.h"', "auditor may not include store"),
            ("src/cli/main.cpp", '#include "sampan/node/api.h"', "cli may not include node"),
            ("include/sampan/label/label.h", '#pragma once\n#include "sampan/crypto/hash.h"', "label may not include crypto"),
            ("src/node/node.cpp", '#include "broker/core.h"', "broker/core.h is private to broker"),
            ("src/node/node.cpp", "#include <sodium.h>", "<sodium.h> belongs to crypto"),
            ("src/identity/a.cpp", "#  include <openssl/x509.h>", "<openssl/x509.h> belongs to crypto"),
            ("src/broker/core.cpp", '#include "zmq.hpp"', "<zmq.hpp> belongs to transport"),
            ("src/node/node.cpp", "#include <sqlite3.h>", "<sqlite3.h> belongs to store"),
            ("include/sampan/envelope/a.h", '#pragma once\n#include "wire/message.pb.h"', "stay in codec .cpp files"),
            ("src/envelope/a.h", '#pragma once\n#include "wire/message.pb.h"', "stay in codec .cpp files"),
            ("src/label/a.cpp", '#include "wire/label.pb.h"', "label does not link wire"),
            ("src/broker/a.h", '#pragma once\n#include "identity/label_pb.h"', "stay in codec .cpp files"),
            ("src/label/a.cpp", '#include "identity/label_pb.h"', "label does not link identity"),
            ("src/label/a.cpp", "#include <fstream>", "label must do without <fstream>"),
            ("include/sampan/crypto/a.h", '#pragma once\n#include "crypto/openssl.h"', "may not include a private one"),
            ("src/node/node.cpp", '#include "../broker/core.h"', "hides which layer"),
            ("src/node/node.cpp", '#include "json.hpp"', "is not in this folder"),
            ("src/node/node.h", "int once;", "no #pragma once"),
            ("src/gateway/a.cpp", "int a;", "knows no layer gateway"),
        ]:
            with self.subTest(text=text):
                self.setUp()
                breaches = self.includes(name, text + "\n")
                self.assertEqual(1, len(breaches), breaches)
                self.assertIn(expected, breaches[0])

    def test_links_are_held_to_the_same_table(self):
        self.assertEqual([], self.links("broker sampan_broker: envelope log store transport\ncli sampan: cli authority\n"))
        self.assertEqual(["sampan_broker: broker may not link seal"], self.links("broker sampan_broker: store seal\n"))
        self.assertEqual(["sampan-audit: auditor may not link store"], self.links("auditor sampan-audit: auditor store\n"))
        self.assertEqual(1, len(self.links("")))

    def test_a_source_file_outside_the_build_is_noticed(self):
        entries = [{"directory": str(self.root), "file": name} for name in CLEAN if name.endswith(".cpp")]
        commands = self.write("compile_commands.json", json.dumps(entries))
        self.assertEqual([], list(check_layers.check_built(self.root, commands)))
        self.write("tests/unit/label/forgotten_test.cpp", "")
        self.assertEqual(1, len(list(check_layers.check_built(self.root, commands))))


if __name__ == "__main__":
    unittest.main()
