#!/usr/bin/python3
"""The bill of materials names what the programs link and what they were compiled from: sbom_check.py TOOL BUILD"""

import json
import re
import subprocess
import sys

PROGRAMS = ("sampan", "sampan-broker", "sampan-node", "sampan-audit")
# What every build of ours has: a bill without them was not read from the build.
KNOWN = {"sampan", "libzmq5", "libsodium23", "nlohmann-json3-dev", "libtomlplusplus-dev"}


def main():
    tool, build = sys.argv[1:]
    texts = [subprocess.run([tool, build], capture_output=True, check=True).stdout for _ in range(2)]
    assert texts[0] == texts[1], "two bills of one build differ"
    bill = json.loads(texts[0])
    assert (bill["spdxVersion"], bill["dataLicense"]) == ("SPDX-2.3", "CC0-1.0")
    names = {p["name"] for p in bill["packages"]}
    assert KNOWN <= {re.sub(r"t64$", "", n) for n in names}, KNOWN - names
    ids = [e["SPDXID"] for e in bill["packages"] + bill["files"]]
    assert len(ids) == len(set(ids)), "an id stands twice"
    known = {*ids, "SPDXRef-DOCUMENT"}
    for relation in bill["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= known, relation
    assert {f["fileName"].rsplit("/", 1)[1] for f in bill["files"]} == set(PROGRAMS)
    for program in PROGRAMS:
        needed = re.findall(r"\(NEEDED\).*\[(\S+)\]",
                            subprocess.run(["readelf", "-Wd", f"{build}/bin/{program}"], capture_output=True, text=True).stdout)
        links = [r for r in bill["relationships"]
                 if r["spdxElementId"] == f"SPDXRef-file-{program}" and r["relationshipType"] == "DYNAMIC_LINK"]
        assert needed and links, program
    print(f"{len(bill['packages'])} packages, {len(bill['relationships'])} relations")


if __name__ == "__main__":
    main()
