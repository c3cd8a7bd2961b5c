#!/usr/bin/env python3
"""Shows that check_errors.py notices each kind of breach."""
import pathlib
import shutil
import tempfile
import unittest

import check_errors

HEADER = """
enum class SomeError { one, two, three };
constexpr std::string_view error_name(SomeError e) {
    switch (e) {
        case SomeError::one:
            return "one";
        case SomeError::two:
            return "two";
        case SomeError::three:
            return "three";
    }
    return "unknown";
}
"""
ROWS = [f"| `{name}` | It went wrong. | Try it again. |" for name in ("one", "two", "three")]


class Controls(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        for folder in ("include", "src", "docs"):
            (self.root / folder).mkdir()
        (self.root / "include/error.h").write_text(HEADER)

    def breaches(self, rows):
        (self.root / "docs/errors.md").write_text("\n".join(rows))
        return "\n".join(check_errors.check(self.root))

    def test_a_true_page_passes(self):
        self.assertEqual("", self.breaches(ROWS))

    def test_each_breach_is_noticed(self):
        for rows, expected in [
            (ROWS[:2], "`three` has no row"),
            (ROWS + ROWS[:1], "`one` stands twice"),
            (ROWS + ["| `four` | It went wrong. | Try it again. |"], "`four` is no failure"),
            (ROWS[:2] + ["| `three` | It went wrong. |  |"], "`three` needs a sentence and a remedy"),
            (ROWS[:2] + ["| `three` | Wrong | Try it again. |"], "`three` needs a sentence and a remedy"),
        ]:
            self.assertIn(expected, self.breaches(rows))


if __name__ == "__main__":
    unittest.main()
