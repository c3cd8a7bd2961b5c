#include "cli/demo_story.h"

#include <algorithm>

#include "cli/progress.h"
#include "cli/words.h"
#include "sampan/crypto/random.h"

namespace sampan::cli {
namespace {

constexpr int k_delivery_patience_s = 60;
// The message that is shown being read, and who reads it: written in one script, read in another country.
constexpr std::string_view k_shown_briefing = "05-border-trend";
constexpr const char* k_reader = "jp-npa";

json publish_request(const std::string& text, const json& uploads, bool dry_run) {
    return {{"briefing", text}, {"uploads", uploads}, {"dry_run", dry_run}};
}

std::string counts_text(const std::map<std::string, std::size_t>& counts) {
    std::string out;
    for (const auto& [name, count] : counts) {
        std::string words = name;
        std::replace(words.begin(), words.end(), '_', ' ');
        out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + words;
    }
    return out;
}

}  // namespace

void DemoStory::heading(const std::string& text) {
    console_.out() << "\n" << console_.coloured(text, Colour::bold) << "\n\n" << std::flush;
}

void DemoStory::check(bool ok, const std::string& text) {
    console_.out() << (ok ? console_.coloured("  ok    ", Colour::green)
                          : console_.coloured("  FAIL  ", Colour::red))
                   << printable(text) << "\n"
                   << std::flush;
    if (!ok) problems_.push_back(text);
}

Result<DemoStory::Sent> DemoStory::publish_one(DemoBriefing briefing) {
    const DemoNode* from = exchange_.node(briefing.from);
    if (from == nullptr)
        return Error(CliError::failed, "briefing " + briefing.name + " is of \"" + briefing.from +
                                           "\", which is no agency here");
    Sent out{std::move(briefing), "", json::object(), ""};
    const Node node = from->node();
    auto preview = node.post("/v1/messages", publish_request(out.briefing.text, json::array(), true));
    if (preview.ok()) {
        out.report = *preview;
    } else if (!preview.error().is(CliError::refused)) {
        return preview.error().within(out.briefing.name);
    }
    json uploads = json::array();
    for (const std::string& path : out.briefing.attachments) {
        SAMPAN_ASSIGN(json made, node.upload(path, [](std::uint64_t, std::uint64_t) {
            return !InterruptGuard::interrupted();
        }));
        uploads.push_back(text_of(made, "upload"));
    }
    auto made = node.post("/v1/messages", publish_request(out.briefing.text, uploads, false));
    if (made.ok()) {
        out.message_id = text_of(*made, "message_id");
        out.report = *made;
    } else if (made.error().is(CliError::refused)) {
        out.refusal = made.error().context();
    } else {
        return made.error().within(out.briefing.name);
    }
    return out;
}

Status DemoStory::publish(std::vector<DemoBriefing> briefings) {
    Progress bar(console_, "Briefings");
    if (canary_.empty()) canary_ = random_bytes<DocumentId>().hex();
    std::size_t done = 0;
    for (DemoBriefing& briefing : briefings) {
        if (InterruptGuard::interrupted()) return Error(CliError::interrupted, "interrupted");
        if (briefing.name == k_shown_briefing) {
            shown_ = sent_.size();
            briefing.text += "\nExercise canary: " + canary_ + "\n";
        }
        SAMPAN_ASSIGN(briefing.text, with_ids(std::move(briefing.text)));
        SAMPAN_ASSIGN(Sent sent, publish_one(std::move(briefing)));
        ids_[sent.briefing.name] = sent.message_id;
        sent_.push_back(std::move(sent));
        bar.count(++done, briefings.size());
    }
    return ok_status();
}

Status DemoStory::wait_for_delivery() {
    std::string last;
    const Status done = wait_until(
        "every message to be delivered and every proof to be verified", k_delivery_patience_s,
        [&]() -> Result<bool> {
            for (const DemoNode& node : exchange_.nodes()) {
                SAMPAN_ASSIGN(json status, node.node().get("/v1/status"));
                if (number_of(object_of(status, "outbox"), "waiting") > 0 ||
                    number_of(status, "proofs_pending") > 0) {
                    last = node.agency.text() + " has " +
                           text_of(object_of(status, "outbox"), "waiting", "0") + " messages waiting and " +
                           text_of(status, "proofs_pending", "0") + " proofs pending";
                    return false;
                }
                SAMPAN_ASSIGN(json outbox, node.node().get("/v1/outbox?limit=1000"));
                for (const json& m : list_of(outbox, "messages"))
                    if (text_of(m, "state") != "delivered" && text_of(m, "state") != "refused") {
                        last = node.agency.text() + ": " + text_of(m, "message_id") + " is " +
                               text_of(m, "state");
                        return false;
                    }
            }
            return true;
        });
    if (done.ok() || done.error().is(CliError::interrupted)) return done;
    problems_.push_back(done.error().context() + "; last seen: " + last);
    return ok_status();
}

Status DemoStory::show_exchange() {
    heading("What each agency sent, received, and was not given");
    Table table({{"AGENCY"},
                 {"NAME", false, 14, true},
                 {"SENT", true},
                 {"COPIES", true},
                 {"RECEIVED", true},
                 {"PROOFS", true},
                 {"NOT GIVEN", false, 20, true}});
    std::size_t verified = 0;
    std::size_t proofs = 0;
    for (const DemoNode& node : exchange_.nodes()) {
        SAMPAN_ASSIGN(json outbox, node.node().get("/v1/outbox?limit=1000"));
        SAMPAN_ASSIGN(json inbox, node.node().get("/v1/inbox?limit=1000"));
        std::size_t copies = 0;
        std::size_t good = 0;
        for (const json& m : list_of(outbox, "messages")) {
            for (const json& r : list_of(m, "recipients"))
                copies += text_of(r, "outcome") == "delivered" ? 1 : 0;
            good += text_of(m, "proof") == "verified" ? 1 : 0;
        }
        for (const json& m : list_of(inbox, "messages")) good += text_of(m, "proof") == "verified" ? 1 : 0;
        std::map<std::string, std::size_t> denied;
        for (const Sent& sent : sent_)
            for (const json& reader : list_of(sent.report, "readers"))
                if (text_of(reader, "agency") == node.agency.text() && !flag_of(reader, "may_read"))
                    ++denied[text_of(reader, "verdict")];
        const std::size_t all = list_of(outbox, "messages").size() + list_of(inbox, "messages").size();
        verified += good;
        proofs += all;
        table.add({node.agency.text(), node.name, std::to_string(list_of(outbox, "messages").size()),
                   std::to_string(copies), std::to_string(list_of(inbox, "messages").size()),
                   std::to_string(good) + "/" + std::to_string(all), counts_text(denied)});
    }
    console_.print(table);
    console_.out() << "\n";
    check(verified == proofs && proofs > 0,
          std::to_string(verified) + " of " + std::to_string(proofs) +
              " inclusion proofs verified, each by the node that holds the message");
    return show_refusals();
}

Status DemoStory::show_refusals() {
    heading("Refused by policy, with the reason an officer reads");
    std::map<std::string, std::string> examples;  // one for each verdict
    for (const Sent& sent : sent_) {
        if (!sent.refusal.empty()) {
            console_.out() << "  " << sent.briefing.from << ", " << printable(sent.briefing.name)
                           << ": not sent. " << printable(sent.refusal) << "\n";
            continue;
        }
        for (const json& reader : list_of(sent.report, "readers"))
            if (!flag_of(reader, "may_read"))
                examples.emplace(text_of(reader, "verdict"), text_of(reader, "reason"));
    }
    for (const auto& [verdict, reason] : examples)
        console_.out() << "  " << printable(verdict) << ": " << printable(reason) << "\n";
    console_.out() << std::flush;
    return ok_status();
}

Status DemoStory::show_one_message() {
    const Sent& sent = sent_.at(shown_);
    const DemoNode* reader = exchange_.node(k_reader);
    if (sent.message_id.empty() || reader == nullptr) {
        check(false, "the message that was to be read was not sent");
        return ok_status();
    }
    heading(sent.briefing.from + " wrote it, " + std::string(k_reader) + " reads it: sampan read " +
            short_id(sent.message_id));
    SAMPAN_ASSIGN(json message, reader->node().get("/v1/messages/" + sent.message_id));
    print_message(console_, message);
    check(text_of(message, "body").find(canary_) != std::string::npos,
          std::string(k_reader) + " reads the exercise's canary in the text");
    return ok_status();
}

Status DemoStory::show_search_at_broker() {
    heading(
        "The same message at the broker: its database, its write-ahead log and its parts, searched byte by "
        "byte");
    const Sent& sent = sent_.at(shown_);
    if (sent.message_id.empty()) return ok_status();
    const std::string data = exchange_.path("broker-data");
    SAMPAN_ASSIGN(std::vector<std::string> canary, files_with(data, as_bytes(canary_)));
    const std::string title = text_of(sent.report, "title");
    SAMPAN_ASSIGN(std::vector<std::string> titled, files_with(data, as_bytes(title)));
    SAMPAN_ASSIGN(Bytes id, from_hex(sent.message_id));
    SAMPAN_ASSIGN(std::vector<std::string> control, files_with(data, id));
    check(canary.empty(), "the canary is in " + std::to_string(canary.size()) + " of the broker's files");
    check(titled.empty(), "its title is in " + std::to_string(titled.size()) + " of them");
    check(!control.empty(),
          "its message id is in " + std::to_string(control.size()) + ", so the search can find");
    return ok_status();
}

Status DemoStory::show_audit() {
    const std::string program = exchange_.places().programs + "/sampan-audit";
    if (!system_files().exists(program)) return ok_status();
    heading("The auditor: who sent what to whom, and that nothing was changed since. No content");
    const std::string log = exchange_.path("logs/audit.log");
    const std::string file = exchange_.path("exchange.slog");
    const std::string trust = exchange_.trust().hex();
    SAMPAN_ASSIGN(Finished fetched, run_program(program,
                                                {"fetch", "--keys", exchange_.path("auditor-1"), "--epochs",
                                                 exchange_.path("authority/epochs"), "--trust", trust,
                                                 "--passphrase-file", exchange_.path("passphrase.txt"),
                                                 "--broker", exchange_.endpoint(), "-o", file},
                                                log));
    check(fetched.code == 0, "sampan-audit fetch took an export from the running broker");
    if (fetched.code != 0) return ok_status();
    SAMPAN_ASSIGN(Finished verified, run_program(program, {"verify", file, "--trust", trust}, log));
    std::istringstream lines(verified.output);
    for (std::string line; std::getline(lines, line);) console_.out() << "  " << printable(line) << "\n";
    check(verified.code == 0, "sampan-audit verify: the export verifies, offline");
    SAMPAN_ASSIGN(std::vector<std::string> canary, files_with(exchange_.path("logs"), as_bytes(canary_)));
    SAMPAN_ASSIGN(Bytes exported, read_file(system_files(), file, 1024ULL * 1024 * 1024));
    check(canary.empty() && as_text(exported).find(canary_) == std::string_view::npos,
          "neither the export nor any log file holds the canary");
    return ok_status();
}

}  // namespace sampan::cli
