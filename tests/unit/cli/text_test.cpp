#include "cli/text.h"

#include "support/catch.h"

using namespace sampan::cli;

TEST_CASE("escape sequences of a terminal are shown, not obeyed") {
    CHECK(printable("a\x1b[31mred\x1b[0m") == "a␛[31mred␛[0m");
    CHECK(printable("\x1b]0;title\x07") == "␛]0;title␇");
    CHECK(printable("one\rtwo\bx") == "one␍two␈x");
    CHECK(printable(std::string_view("nul\0end", 7)) == "nul␀end");
    CHECK(printable("\x7f") == "␡");
    // The C1 control CSI, as UTF-8 and as a lone byte.
    CHECK(printable("\xc2\x9b"
                    "31m") == "<U+009B>31m");
    CHECK(printable("\x9b"
                    "31m") ==
          "\xef\xbf\xbd"
          "31m");
}

TEST_CASE("bidirectional controls and invisible characters are named") {
    CHECK(printable("user\xe2\x80\xaegpj.exe") == "user<U+202E>gpj.exe");
    CHECK(printable("\xe2\x81\xa6x\xe2\x81\xa9") == "<U+2066>x<U+2069>");
    CHECK(printable("a\xe2\x80\x8f") == "a<U+200F>");
    CHECK(printable("\xef\xbb\xbf") == "<U+FEFF>");
    CHECK(printable("\xf3\xa0\x81\x81") == "<U+E0041>");  // a tag character
}

TEST_CASE("text in any script passes unchanged") {
    for (const char* text : {"Viet Nam: Bộ Công an", "สำนักงานตำรวจแห่งชาติ", "នគរបាលជាតិកម្ពុជា", "မြန်မာနိုင်ငံရဲတပ်ဖွဲ့",
                             "警察庁", "ກະຊວງປ້ອງກັນຄວາມສະຫງົບ", "சிங்கப்பூர்", "ڤاسوكن ڤوليس"})
        CHECK(printable(text) == text);
}

TEST_CASE("what is no UTF-8 becomes the replacement character") {
    CHECK(printable("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");      // overlong
    CHECK(printable("\xed\xa0\x80").find("\xef\xbf\xbd") == 0);      // surrogate
    CHECK(printable("\xf4\x90\x80\x80").find("\xef\xbf\xbd") == 0);  // beyond U+10FFFF
    CHECK(printable("ab\xe2\x82") == "ab\xef\xbf\xbd\xef\xbf\xbd");  // cut off
}

TEST_CASE("line feeds stay where lines are wanted, and nowhere else") {
    CHECK(printable("a\nb\tc", Lines::many) == "a\nb    c");
    CHECK(printable("a\nb\tc", Lines::one) == "a␊b␉c");
    CHECK(printable("a\rb", Lines::many) == "a␍b");
}

TEST_CASE("wide characters take two columns and marks none") {
    CHECK(display_width("abc") == 3);
    CHECK(display_width("警察庁") == 6);
    CHECK(display_width("e\xcc\x81") == 1);  // e and a combining acute
    CHECK(display_width("ที่") == 1);          // Thai: one consonant, two marks
    CHECK(display_width("กำ") == 2);
}

TEST_CASE("cut text ends in an ellipsis and fits") {
    CHECK(truncated("abcdef", 6) == "abcdef");
    CHECK(truncated("abcdefg", 6) == "abcde…");
    CHECK(truncated("警察庁です", 5) == "警察…");
    CHECK(display_width(truncated("警察庁です", 4)) <= 4);
    CHECK(truncated("e\xcc\x81"
                    "bc",
                    2) == "e\xcc\x81…");
    CHECK(truncated("ab", 0).empty());
}

TEST_CASE("lines break at spaces, and between characters where there are none") {
    CHECK(wrapped("one two three", 8) == std::vector<std::string>{"one two", "three"});
    CHECK(wrapped("警察庁です", 4) == std::vector<std::string>{"警察", "庁で", "す"});
    CHECK(wrapped("a\n\nb", 10) == std::vector<std::string>{"a", "", "b"});
    CHECK(wrapped("fits", 4) == std::vector<std::string>{"fits"});
}

TEST_CASE("sizes are readable") {
    CHECK(human_size(0) == "0 B");
    CHECK(human_size(1023) == "1023 B");
    CHECK(human_size(1536) == "1.5 KiB");
    CHECK(human_size(2147483648) == "2.0 GiB");
}
