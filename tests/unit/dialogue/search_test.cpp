// Search: words of every script of the region, and the filters beside them.
#include "sampan/dialogue/search.h"
#include "workspace_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

SearchIndex::Key key(unsigned number) {
    return {message_id(number), agency("th-rtp")};
}
struct Library {
    SearchIndex index;
    Library() {
        const char* const texts[] = {
            "Recruitment on an online board, first quarter",     // 0
            "สถานการณ์ชายแดนเงียบสงบ ไม่มีเหตุการณ์",                  // 1: Thai, the border is quiet
            "ស្ថានភាពព្រំដែនមានភាពស្ងប់ស្ងាត់",                         // 2: Khmer
            "ສະຖານະການຊາຍແດນສະຫງົບ",                              // 3: Lao
            "နယ်စပ်အခြေအနေ တည်ငြိမ်သည်",                               // 4: Burmese
            "国境の情勢は安定している。募集活動はない。",        // 5: Japanese
            "Tình hình biên giới ổn định",                       // 6: Vietnamese
            "Keadaan sempadan tenang; perekrutan dalam talian",  // 7: Malay
            "ｆｕｌｌ　ｗｉｄｔｈ ＲＡＮＳＯＭＷＡＲＥ",         // 8
        };
        for (unsigned i = 0; i < std::size(texts); ++i) index.add(key(i), texts[i]);
    }
    std::vector<unsigned> find(std::string_view query) const {
        std::vector<unsigned> out;
        for (const auto& found : index.find(query)) out.push_back(found.first.view()[3]);
        return out;
    }
};
using Found = std::vector<unsigned>;

}  // namespace

TEST_CASE("a word is found in scripts with and without spaces") {
    const Library library;
    CHECK(library.find("recruitment") == Found{0});
    CHECK(library.find("ชายแดน") == Found{1});
    CHECK(library.find("ព្រំដែន") == Found{2});
    CHECK(library.find("ຊາຍແດນ") == Found{3});
    CHECK(library.find("နယ်စပ်") == Found{4});
    CHECK(library.find("国境") == Found{5});
    CHECK(library.find("募集") == Found{5});
    CHECK(library.find("biên giới") == Found{6});
    CHECK(library.find("sempadan") == Found{7});
}

TEST_CASE("case, width and composition do not matter; a word that is not there is not found") {
    const Library library;
    CHECK(library.find("RECRUITMENT") == Found{0});
    CHECK(library.find("ransomware FULL") == Found{8});
    CHECK(library.find("bie\xcc\x82n") == Found{6});  // e and a combining circumflex
    CHECK(library.find("recruit").empty());
    CHECK(library.find("ชายหาด").empty());
    CHECK(library.find("国際").empty());
    CHECK(library.find("recruitment sempadan").empty());
    CHECK(library.find("").empty());
    CHECK(library.find("!?").empty());
}

TEST_CASE("a star is the rest of a word, and one character finds all that hold it") {
    const Library library;
    CHECK(library.find("recruit*") == Found{0});
    CHECK(library.find("募") == Found{5});
    CHECK(library.find("い") == Found{5});  // only where a run ends
    CHECK(library.find("r*") == Found{0, 8});
}

TEST_CASE("what was taken out is not found, and what is added twice is found once") {
    Library library;
    library.index.add(key(0), "other text");
    CHECK(library.find("recruitment") == Found{0});
    CHECK(library.find("other").empty());
    library.index.remove(key(0));
    CHECK(library.find("recruitment").empty());
    CHECK(library.index.size() == 8);
    library.index.add(key(0), "recruitment again");
    CHECK(library.find("recruitment") == Found{0});
}

TEST_CASE("each filter keeps what it asks for and nothing else") {
    Entry entry = an_entry(5, "th-rtp", DocumentKind::threat_update, "T");
    entry.fields.set("indicators", Fields::Texts{"bad.example"});
    const auto with = [&](auto set) {
        SearchQuery query;
        set(query);
        return matches(entry, query);
    };
    CHECK(with([](SearchQuery&) {}));
    CHECK(with([](SearchQuery& q) { q.kind = "threat-update"; }));
    CHECK(!with([](SearchQuery& q) { q.kind = "measure"; }));
    CHECK(with([](SearchQuery& q) { q.sender = "th-rtp"; }));
    CHECK(!with([](SearchQuery& q) { q.sender = "jp-npa"; }));
    CHECK(with([](SearchQuery& q) { q.classification = "restricted"; }));
    CHECK(!with([](SearchQuery& q) { q.classification = "secret"; }));
    CHECK(with([](SearchQuery& q) { q.dialogue = "ajct-12"; }));
    CHECK(!with([](SearchQuery& q) { q.dialogue = "ajcc-4"; }));
    CHECK(with([](SearchQuery& q) { q.indicator = "bad.exam"; }));
    CHECK(!with([](SearchQuery& q) { q.indicator = "good.example"; }));
    CHECK(with([&](SearchQuery& q) { q.since = entry.logged; }));
    CHECK(!with([&](SearchQuery& q) { q.since = entry.logged + 1; }));
    CHECK(with([&](SearchQuery& q) { q.until = entry.logged; }));
    CHECK(!with([&](SearchQuery& q) { q.until = entry.logged + -1; }));
    CHECK(with([](SearchQuery& q) { q.unread = true; }));
    entry.read = true;
    CHECK(!with([](SearchQuery& q) { q.unread = true; }));
}

TEST_CASE("indicators of an attached bundle are searched too") {
    Document document{DocumentKind::threat_update, "T", "en", "body", {}};
    StixSummary stix;
    stix.indicators = {"[domain-name:value = 'evil.example']"};
    document.files.push_back({"a.json", "", stix});
    SearchIndex index;
    index.add(key(1), searchable_text(document));
    CHECK(index.find("evil").size() == 1);
    CHECK(index.find("body").size() == 1);
    CHECK(index.find("evil body").size() == 1);
}
