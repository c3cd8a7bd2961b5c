// The fold: its state does not depend on the order of arrival, and shows what is entitled alone.
#include <random>

#include "workspace_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

std::string ids_of(const EntrySet& set) {
    std::string out;
    for (const EntryPtr& entry : set) out += short_id(entry->id) + " ";
    return out;
}

// Everything that the workspace says, by its own verbs.
std::string state_of(const Workspace& workspace) {
    std::string out;
    const EntrySet all = workspace.all();
    for (const EntryPtr& entry : all) {
        out += short_id(entry->id) + (entry->leaf ? " logged" : " waiting");
        out += workspace.superseded(*entry) ? " superseded" : "";
        const EntryPtr recall = workspace.recall_of(*entry);
        out += recall ? " recalled by " + short_id(recall->id) : "";
        out += " about: " + ids_of(workspace.about(entry->id)) + "\n";
    }
    for (const char* line : {"p-01", "m-01"})
        out += ids_of(workspace.of_register(dialogue_id("ajct-12"), line)) + "\n";
    for (int kind = 1; kind <= static_cast<int>(k_last_kind); ++kind)
        out += ids_of(workspace.of_kind(dialogue_id("ajct-12"), static_cast<DocumentKind>(kind))) + "|";
    return out;
}

std::string views_of(const Workspace& workspace, const Registry& registry) {
    std::string out;
    for (const std::string& name : view_names())
        out += page_json(make_view(context_of(workspace, registry), name).value()) + "\n";
    return out;
}

Workspace fold(const std::vector<Entry>& entries) {
    Workspace out;
    for (const Entry& entry : entries) out.put(entry);
    return out;
}

}  // namespace

TEST_CASE("the same messages in a hundred thousand random orders give the same state") {
    const Registry registry = small_registry();
    std::vector<Entry> entries = a_story();
    for (const unsigned number : {30U, 31U}) {
        entries.push_back(an_entry(number, "mm-mpf", DocumentKind::presence, "Present"));
        entries.back().fields.set("session", std::string("1"));
        entries.back().fields.set("present", Fields::Texts{"mm-mpf", number == 30 ? "jp-npa" : "th-rtp"});
    }
    entries.push_back(an_entry(32, "th-rtp", DocumentKind::note, "Said"));
    entries.back().session = "1";
    const std::string state = state_of(fold(entries));
    const std::string views = views_of(fold(entries), registry);
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::size_t differing = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::shuffle(entries.begin(), entries.end(), random);
        const Workspace workspace = fold(entries);
        differing += state_of(workspace) == state ? 0 : 1;
        if (round % 2'000 == 0) differing += views_of(workspace, registry) == views ? 0 : 1;
    }
    CHECK(differing == 0);
    // The control: one message less is another state.
    entries.pop_back();
    CHECK(state_of(fold(entries)) != state);
}

TEST_CASE("a message that is accepted later moves to its place in the log, whichever state came first") {
    Entry waiting = an_entry(30, "jp-npa", DocumentKind::threat_update, "T");
    waiting.leaf.reset();
    Entry other = an_entry(40, "th-rtp", DocumentKind::threat_update, "U");
    Workspace workspace = fold({waiting, other});
    CHECK(ids_of(workspace.all()) == short_id(other.id) + " " + short_id(waiting.id) + " ");
    Entry accepted = waiting;
    accepted.leaf = LeafIndex(30);
    workspace.put(accepted);
    CHECK(workspace.size() == 2);
    CHECK(ids_of(workspace.all()) == short_id(accepted.id) + " " + short_id(other.id) + " ");
    CHECK(state_of(workspace) == state_of(fold({other, accepted})));
}

TEST_CASE("what is taken out leaves no trace") {
    std::vector<Entry> entries = a_story();
    Workspace workspace = fold(entries);
    const Entry last = entries.back();
    workspace.remove(last.sender, last.id);
    entries.pop_back();
    CHECK(state_of(workspace) == state_of(fold(entries)));
    CHECK(workspace.find(last.id) == nullptr);
}

TEST_CASE("an id that a second sender took too changes nothing about the first one's message") {
    std::vector<Entry> entries = a_story();
    const Registry registry = small_registry();
    Entry thief = an_entry(17, "sg-spf", DocumentKind::request_for_information, "Other question");
    thief.leaf = LeafIndex(500);
    thief.fields.set("question", std::string("x"));
    thief.fields.set("due", k_deadline);
    entries.push_back(thief);
    const Workspace workspace = fold(entries);
    REQUIRE(workspace.find(message_id(17)) != nullptr);
    CHECK(workspace.find(message_id(17))->sender == agency("jp-npa"));
    CHECK(workspace.size() == entries.size());
}

TEST_CASE("a recall by anybody but the sender recalls nothing") {
    Entry original = an_entry(50, "th-rtp", DocumentKind::threat_update, "T");
    Entry foreign = an_entry(51, "jp-npa", DocumentKind::recall, "R");
    foreign.about = {original.id};
    Workspace workspace = fold({original, foreign});
    CHECK(workspace.stands(original));
    Entry own = an_entry(52, "th-rtp", DocumentKind::recall, "R");
    own.about = {original.id};
    workspace.put(own);
    CHECK(!workspace.stands(original));
}

TEST_CASE("a later revision supersedes only documents of its own sender") {
    Entry original = an_entry(60, "th-rtp", DocumentKind::threat_update, "T");
    Entry foreign = an_entry(61, "jp-npa", DocumentKind::threat_update, "T");
    foreign.document_id = original.document_id;
    foreign.revision = 2;
    Workspace workspace = fold({original, foreign});
    CHECK(!workspace.superseded(original));
    Entry second = an_entry(62, "th-rtp", DocumentKind::threat_update, "T2");
    second.document_id = original.document_id;
    second.revision = 2;
    workspace.put(second);
    CHECK(workspace.superseded(original));
    CHECK(!workspace.superseded(second));
    CHECK(!workspace.superseded(foreign));
}
