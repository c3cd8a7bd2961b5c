// A registry of four agencies and three dialogues, and messages of any kind, for the suites of the workspace.
#pragma once

#include "sampan/dialogue/views.h"
#include "support/catch.h"

namespace sampan::test {

inline constexpr UnixMillis k_deadline{1'800'000'000'000};  // 2027-01-15T08:00:00Z
inline AgencyId agency(std::string_view text) {
    return AgencyId::parse(text).value();
}
inline DialogueId dialogue_id(std::string_view text) {
    return DialogueId::parse(text).value();
}
inline MessageId message_id(unsigned number) {
    MessageId out;
    for (std::size_t i = 0; i < 4; ++i)
        out.mutable_view()[i] = static_cast<std::uint8_t>(number >> (8 * (3 - i)));
    return out;
}

inline Registry small_registry() {
    Registry out;
    out.policy.id = "p";
    out.policy.version = 1;
    out.policy.title = "P";
    out.policy.levels = {{"unclassified", 1, "UNCLASSIFIED"},
                         {"restricted", 2, "RESTRICTED"},
                         {"confidential", 3, "CONFIDENTIAL"}};
    out.policy.categories = {{"community", CategoryType::permissive, "Community", {"border", "police"}},
                             {"compartment", CategoryType::restrictive, "Compartment", {"ct", "cyber"}},
                             {"topic", CategoryType::informative, "Topic", {"travel"}}};
    out.policy.handling = {{"tlp", {"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"}}};
    const std::pair<const char*, const char*> members[] = {
        {"jp-npa", "JP"}, {"mm-mpf", "MM"}, {"sg-spf", "SG"}, {"th-rtp", "TH"}};
    for (const auto& [id, country] : members) {
        Member member;
        member.id = agency(id);
        member.names["en"] = std::string("Police of ") + country;
        member.country = country;
        member.status = MemberStatus::active;
        out.members.push_back(member);
    }
    DialogueEntry entry;
    entry.id = dialogue_id("ajct-12");
    entry.title = "The 12th Dialogue";
    entry.host = agency("mm-mpf");
    entry.submission_deadline = k_deadline;
    entry.begins = k_deadline + 14 * k_day_ms;
    entry.ends = k_deadline + 15 * k_day_ms;
    entry.participants = {agency("jp-npa"), agency("mm-mpf"), agency("sg-spf"), agency("th-rtp")};
    DialogueEntry sister = entry;
    sister.id = dialogue_id("ajcc-4");
    sister.title = "The 4th Cybercrime Dialogue";
    sister.participants = {agency("jp-npa"), agency("mm-mpf"), agency("sg-spf")};
    DialogueEntry before = entry;
    before.id = dialogue_id("ajct-11");
    before.title = "The 11th Dialogue";
    out.dialogues = {sister, before, entry};
    return out;
}

inline Entry an_entry(unsigned number, std::string_view sender, DocumentKind kind, std::string title) {
    Entry out;
    out.id = message_id(number);
    out.sender = agency(sender);
    out.readers = {agency("jp-npa"), agency("mm-mpf"), agency("sg-spf"), agency("th-rtp")};
    std::erase(out.readers, out.sender);
    out.dialogues = {dialogue_id("ajct-12")};
    out.label.policy = "p";
    out.label.classification = "restricted";
    out.label.originator = out.sender;
    out.label.created = out.created;
    out.leaf = LeafIndex(number);
    out.created = out.logged = k_deadline + (static_cast<std::int64_t>(number) - 100) * k_hour_ms;
    out.document_id.mutable_view()[0] = static_cast<std::uint8_t>(number);
    out.document_id.mutable_view()[1] = static_cast<std::uint8_t>(number >> 8);
    out.kind = kind;
    out.title = std::move(title);
    out.language = "en";
    return out;
}

inline ViewContext context_of(const Workspace& workspace, const Registry& registry,
                              std::string_view dialogue = "ajct-12") {
    const DialogueEntry* entry = registry.dialogue(dialogue_id(dialogue));
    REQUIRE(entry != nullptr);
    return {workspace, registry, *entry, agency("jp-npa"), k_deadline + k_day_ms};
}

// A dialogue as it goes: updates (th-rtp's late, sg-spf's missing), a project with a status by its keeper and
// one by a stranger, a measure with positions that change, an RFI with a nil return, a revision, a recall.
inline std::vector<Entry> a_story() {
    using K = DocumentKind;
    std::vector<Entry> out;
    const auto add = [&](unsigned n, std::string_view from, K kind, std::string title) -> Entry& {
        out.push_back(an_entry(n, from, kind, std::move(title)));
        return out.back();
    };
    Entry& japan = add(10, "jp-npa", K::threat_update, "Update of Japan");
    japan.own = japan.read = true;
    japan.fields.set("summary", "Steady.");
    japan.fields.set("themes", Fields::Texts{"travel"});
    japan.reader_states = {{agency("th-rtp"), "delivered", japan.logged}};
    Entry& late = add(110, "th-rtp", K::threat_update, "Update of Thailand");
    late.opening = "The border is quiet.";
    late.label.handling = {{"tlp", "AMBER", ""}};
    add(12, "mm-mpf", K::activity_report, "Report of the host").fields.set("arrests", 3U);
    Entry& project = add(13, "mm-mpf", K::project_status, "Contact points");
    project.fields.set("project", std::string("p-01"));
    project.fields.set("state", std::string("ongoing"));
    project.fields.set("progress", 40U);
    Entry& stranger = add(14, "sg-spf", K::project_status, "Contact points, cancelled?");
    stranger.fields.set("project", std::string("p-01"));
    stranger.fields.set("state", std::string("cancelled"));
    Entry& measure = add(15, "jp-npa", K::measure, "Quarterly check");
    measure.own = measure.read = true;
    measure.fields.set("measure", std::string("m-01"));
    measure.fields.set("text", std::string("Check contacts each quarter"));
    measure.fields.set("state", std::string("proposed"));
    measure.fields.set("lead", std::string("th-rtp"));
    Entry& agreed = add(120, "th-rtp", K::measure, "Quarterly check, agreed");
    agreed.fields.set("measure", std::string("m-01"));
    agreed.fields.set("text", std::string("Check contacts each quarter"));
    agreed.fields.set("state", std::string("agreed"));
    agreed.fields.set("deadline", UnixMillis(k_deadline.get() / k_day_ms * k_day_ms));
    Entry& reserve = add(16, "sg-spf", K::position, "Reserve");
    reserve.fields.set("on", std::string("m-01"));
    reserve.fields.set("stance", std::string("reserve"));
    reserve.fields.set("reason", std::string("text of the deadline"));
    Entry& support = add(121, "sg-spf", K::position, "Support");
    support.fields.set("on", std::string("m-01"));
    support.fields.set("stance", std::string("support"));
    Entry& request = add(17, "jp-npa", K::request_for_information, "Recruitment?");
    request.own = request.read = true;
    request.fields.set("question", std::string("Any recruitment seen?"));
    request.fields.set("due", k_deadline);
    request.fields.set("asked", Fields::Texts{"sg-spf", "th-rtp"});
    Entry& nil = add(18, "th-rtp", K::answer, "Nil");
    nil.about = {message_id(17)};
    nil.dialogues.clear();
    nil.fields.set("outcome", std::string("nil"));
    Entry& recalled = add(19, "mm-mpf", K::threat_update, "Sent by mistake");
    Entry& recall = add(20, "mm-mpf", K::recall, "Recall");
    recall.about = {recalled.id};
    Entry& revised = add(21, "jp-npa", K::threat_update, "Update of Japan, corrected");
    revised.document_id = out.front().document_id;
    revised.revision = 2;
    revised.own = revised.read = true;
    return out;
}

}  // namespace sampan::test
