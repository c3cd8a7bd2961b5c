#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/app.h"
#include "cli/progress.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

struct ListOptions {
    std::string sender, dialogue, kind, label, since, state;
    bool unread = false, overdue = false;
    int limit = 50;
};
struct MessageOptions {
    std::string id, output, emergency;
    unsigned index = 0;
    std::string html;
    bool peek = false, force = false;
};

// A title that the archive's lock hides.
std::string title_of(const json& message) {
    return message.contains("title") && message["title"].is_null() ? "(locked)" : text_of(message, "title");
}

// Whose word it is; of what was passed on, through whom.
std::string from_text(const json& m) {
    const std::string originator = text_of(m, "originator", text_of(m, "sender"));
    return originator == text_of(m, "sender") ? originator : originator + " via " + text_of(m, "sender");
}

// Unread, overdue, taken back.
std::string state_marks(const json& m) {
    return std::string(flag_of(m, "read") ? "" : "*") + (flag_of(m, "overdue") ? "!" : "") +
           (text_of(m, "withdrawn_by").empty() ? "" : "R");
}

Result<int> run_inbox(Console& console, const Node& node, const ListOptions& o) {
    SAMPAN_ASSIGN(json got, node.get("/v1/inbox" + query({{"limit", std::to_string(o.limit)},
                                                          {"sender", o.sender},
                                                          {"dialogue", o.dialogue},
                                                          {"kind", o.kind},
                                                          {"label", o.label},
                                                          {"since", o.since},
                                                          {"unread", o.unread ? "1" : ""},
                                                          {"overdue", o.overdue ? "1" : ""}})));
    if (console.json) {
        console.print_json("sampan.inbox/1", got);
        return k_exit_ok;
    }
    const json& messages = list_of(got, "messages");
    if (messages.empty()) {
        console.say("No messages here.");
        return k_exit_ok;
    }
    Table table({{"ID"},
                 {""},
                 {"RECEIVED"},
                 {"FROM"},
                 {"PREC"},
                 {"LABEL", false, 6, true},
                 {"KIND", false, 6, true},
                 {"TITLE", false, 16, true},
                 {"ATT", true},
                 {"PROOF"}});
    for (const json& m : messages)
        table.add({short_id(text_of(m, "message_id")), state_marks(m), when(m, "received"), from_text(m),
                   text_of(m, "precedence").substr(0, 4), text_of(m, "classification"), text_of(m, "kind"),
                   title_of(m), number_of(m, "attachment_count") > 0 ? text_of(m, "attachment_count") : "",
                   text_of(m, "proof")});
    console.print(table);
    std::size_t unread = 0, overdue = 0;
    bool locked = false;
    for (const json& m : messages) {
        unread += flag_of(m, "read") ? 0 : 1;
        overdue += flag_of(m, "overdue") ? 1 : 0;
        locked = locked || title_of(m) == "(locked)";
    }
    console.say(std::to_string(messages.size()) + " messages, " + std::to_string(unread) + " unread (*)" +
                (overdue > 0 ? ", " + std::to_string(overdue) + " receipts overdue (!)" : "") + ". " +
                (locked ? "The archive is locked: sampan sign-in ID" : "Next: sampan read ID"));
    return k_exit_ok;
}

std::string outcome_summary(const json& recipients) {
    std::size_t delivered = 0;
    std::string other;
    for (const json& r : recipients) {
        const std::string outcome = text_of(r, "outcome");
        if (outcome == "delivered")
            ++delivered;
        else if (outcome != "pending")
            other += ", " + text_of(r, "agency") + " " + outcome;
    }
    return std::to_string(delivered) + "/" + std::to_string(recipients.size()) + other;
}

std::string receipt_summary(const json& m) {
    if (!m.contains("answered") || !m["answered"].is_number()) return "";
    const json& overdue = list_of(m, "overdue");
    return text_of(m, "answered") + "/" + text_of(m, "awaited") +
           (overdue.empty() ? "" : " overdue " + joined(overdue));
}

Result<int> run_outbox(Console& console, const Node& node, const ListOptions& o) {
    SAMPAN_ASSIGN(json got,
                  node.get("/v1/outbox" + query({{"limit", std::to_string(o.limit)}, {"state", o.state}})));
    if (console.json) {
        console.print_json("sampan.outbox/1", got);
        return k_exit_ok;
    }
    const json& messages = list_of(got, "messages");
    if (messages.empty()) {
        console.say("No messages here. Next: sampan publish FILE.md");
        return k_exit_ok;
    }
    Table table({{"ID"},
                 {"CREATED"},
                 {"STATE"},
                 {"DELIVERED", false, 10, true},
                 {"RECEIPTS", false, 5, true},
                 {"PREC"},
                 {"LABEL", false, 6, true},
                 {"KIND", false, 6, true},
                 {"TITLE", false, 16, true},
                 {"PROOF"}});
    for (const json& m : messages)
        table.add({short_id(text_of(m, "message_id")), when(m, "created"),
                   text_of(m, "state") + (text_of(m, "reason").empty() ? "" : ": " + text_of(m, "reason")),
                   outcome_summary(list_of(m, "recipients")), receipt_summary(m),
                   text_of(m, "precedence").substr(0, 4), text_of(m, "classification"), text_of(m, "kind"),
                   title_of(m), text_of(m, "proof")});
    console.print(table);
    console.say("Next: sampan receipts ID");
    return k_exit_ok;
}

Result<int> save_message_page(Console& console, const Node& node, const MessageOptions& o) {
    SAMPAN_ASSIGN(HttpAnswer page,
                  node.client().send("GET", "/v1/messages/" + percent_encoded(o.id) + "/page"));
    if (page.status != 200) {
        SAMPAN_ASSIGN(json failure, json_of(page));
        return Error(CliError::failed, failure.dump());
    }
    SAMPAN_TRY(
        write_file(system_files(), o.html, as_bytes(page.body), o.force ? Replace::yes : Replace::no, 0600));
    console.say("Wrote " + o.html);
    return k_exit_ok;
}

Result<int> run_read(Console& console, const Node& node, const MessageOptions& o) {
    if (!o.html.empty()) return save_message_page(console, node, o);
    const std::string target = "/v1/messages/" + percent_encoded(o.id);
    auto got = o.emergency.empty() ? node.get(target + (o.peek ? "?peek=1" : ""))
                                   : node.post(target + "/emergency", {{"emergency", o.emergency}});
    if (!got.ok()) return got.error();
    const json& message = *got;
    if (console.json)
        console.print_json("sampan.message/1", message);
    else
        print_message(console, message);
    return k_exit_ok;
}

// The name that an attachment is saved under when none is given: its own, without anything that is a path.
Result<std::string> safe_name(const std::string& name) {
    const std::string last = name.substr(name.find_last_of("/\\") + 1);
    const bool shown_as_is = printable(last) == last;
    if (last.empty() || last.front() == '.' || last.front() == '-' || last.size() > 200 || !shown_as_is)
        return Error(CliError::usage,
                     "the sender's file name \"" + printable(name) + "\" is not safe to save under",
                     "name the file yourself: -o FILE");
    return last;
}

Result<json> attachment_entry(const Node& node, const MessageOptions& o) {
    SAMPAN_ASSIGN(json message, node.get("/v1/messages/" + percent_encoded(o.id) + "?peek=1"));
    const json& attachments = list_of(message, "attachments");
    if (o.index >= attachments.size())
        return Error(CliError::usage,
                     "the message has " + std::to_string(attachments.size()) +
                         " attachments, numbered from 0; found " + std::to_string(o.index),
                     "sampan read " + o.id + " lists them");
    return attachments[o.index];
}

Result<int> run_save(Console& console, const Node& node, const MessageOptions& o) {
    SAMPAN_ASSIGN(json entry, attachment_entry(node, o));
    std::string path = o.output;
    if (path.empty()) {
        SAMPAN_ASSIGN(path, safe_name(text_of(entry, "name")));
    }
    const std::string target =
        "/v1/messages/" + percent_encoded(o.id) + "/attachments/" + std::to_string(o.index);
    if (path == "-") {
        SAMPAN_TRY(node.save(target, STDOUT_FILENO, [](std::uint64_t, std::uint64_t) { return true; }));
        return k_exit_ok;
    }
    if (!o.force && system_files().exists(path))
        return Error(CliError::usage, path + " exists already",
                     "choose another name with -o, or add --force");
    // Beside its place first, so that nobody takes half of it for the whole.
    const std::string partial = path + ".partial";
    const int sink = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (sink < 0)
        return Error(CliError::failed, "making " + partial + ": " + std::strerror(errno),
                     "choose another place with -o");
    const auto total = static_cast<std::uint64_t>(number_of(entry, "size"));
    Status saved = ok_status();
    {
        Progress bar(console, path);
        saved = node.save(target, sink, [&](std::uint64_t done, std::uint64_t known) {
            bar.update(done, known > 0 ? known : total);
            return true;
        });
    }
    const bool synced = ::fsync(sink) == 0 && ::close(sink) == 0;
    if (saved.ok() && !synced)
        saved = Error(CliError::failed, "writing " + partial + ": " + std::strerror(errno));
    if (saved.ok() && std::filesystem::file_size(partial) != total)
        saved = Error(CliError::verification_failed,
                      "the attachment has " + human_size(total) + ", and less or more came", "try again");
    if (!saved.ok()) {
        ::unlink(partial.c_str());
        return saved.error();
    }
    SAMPAN_TRY(system_files().rename(partial, path));
    if (console.json)
        console.print_json("sampan.attachment/1",
                           {{"path", path}, {"size", total}, {"sha256", text_of(entry, "sha256")}});
    else
        console.say("Saved " + path + " (" + human_size(total) + "), checked against the sender's SHA-256.");
    return k_exit_ok;
}

// Of a message that came: this agency's own receipts, in the form of one recipient's.
json own_word(const json& got) {
    json out = got;
    out["agency"] = "here";
    return out;
}

Result<int> run_receipts(Console& console, const Node& node, const MessageOptions& o) {
    SAMPAN_ASSIGN(json got, node.get("/v1/messages/" + percent_encoded(o.id) + "/receipts"));
    // Anything that does not verify is the answer, however it is printed.
    bool broken = text_of(object_of(got, "answer"), "signature", "verified") != "verified";
    for (const json& r : list_of(got, "recipients"))
        broken = broken || text_of(r, "signature", "verified") != "verified";
    if (console.json) {
        console.print_json("sampan.receipts/1", got);
    } else {
        const json& answer = object_of(got, "answer");
        console.out() << fields({{"message", text_of(got, "message_id")},
                                 {"state", text_of(got, "state")},
                                 {"broker's answer", text_of(answer, "code", "not yet")},
                                 {"reason",
                                  text_of(answer, "reason") + (text_of(answer, "detail").empty()
                                                                   ? ""
                                                                   : ": " + text_of(answer, "detail"))},
                                 {"its signature", text_of(answer, "signature")},
                                 {"log entry", text_of(got, "leaf_index")},
                                 {"inclusion proof", text_of(got, "proof")}})
                      << "\n";
        Table table({{"AGENCY"}, {"OUTCOME"}, {"TIME"}, {"SIGNATURE"}, {"REASON", false, 10, true}});
        for (const json& r : list_of(got, "recipients"))
            table.add({text_of(r, "agency"), text_of(r, "outcome"), when(r, "time"), text_of(r, "signature"),
                       text_of(r, "reason")});
        if (text_of(got, "direction") == "received")
            print_officers_receipts(console, json::array({own_word(got)}));
        else {
            console.print(table);
            print_officers_receipts(console, list_of(got, "recipients"));
        }
    }
    if (!broken) return k_exit_ok;
    return Error(CliError::verification_failed, "a receipt of this message does not verify",
                 "keep the output of this command with --json, and tell the exchange authority");
}

void add_lists(App& app) {
    const auto i = std::make_shared<ListOptions>();
    CLI::App* inbox =
        App::command(app.root(), "inbox", "What has arrived, newest first",
                     {"sampan inbox --unread", "sampan inbox --sender th-rtp --dialogue ajct-12",
                      "sampan inbox --kind threat-update --since 2021-03-01 --json"});
    inbox->add_option("--sender", i->sender, "Only from this agency")->type_name("AGENCY");
    inbox->add_option("--dialogue", i->dialogue, "Only of this dialogue")->type_name("ID");
    inbox->add_option("--kind", i->kind, "Only of this kind")->type_name("KIND");
    inbox->add_option("--label", i->label, "Only of this classification")->type_name("LEVEL");
    inbox->add_option("--since", i->since, "Only received since this date or time (UTC)")->type_name("DATE");
    inbox->add_flag("--unread", i->unread, "Only what nobody has read yet");
    inbox->add_flag("--overdue", i->overdue, "Only what should have been acknowledged, or destroyed, by now");
    inbox->add_option("--limit", i->limit, "At most this many")
        ->type_name("N")
        ->capture_default_str()
        ->check(CLI::Range(1, 100000));
    app.on(inbox, [i, &app](Console& console) { return run_inbox(console, app.node(), *i); });

    const auto o = std::make_shared<ListOptions>();
    CLI::App* outbox =
        App::command(app.root(), "outbox", "What was sent or waits to be, and what became of it",
                     {"sampan outbox", "sampan outbox --state waiting"});
    outbox->add_option("--state", o->state, "Only in this state")
        ->check(CLI::IsMember({"waiting", "uploading", "accepted", "delivered", "refused"}));
    outbox->add_option("--limit", o->limit, "At most this many")
        ->type_name("N")
        ->capture_default_str()
        ->check(CLI::Range(1, 100000));
    app.on(outbox, [o, &app](Console& console) { return run_outbox(console, app.node(), *o); });
}

// A paragraph's mark becomes the marking that it stands for: "{sources} …" is "(CONFIDENTIAL) …".
std::string with_portions(std::string body, const json& portions) {
    for (const auto& [name, marking] : portions.items()) {
        const std::string mark = "{" + name + "} ";
        for (std::size_t at = body.find(mark); at != std::string::npos; at = body.find(mark, at + 1)) {
            const bool begins = at == 0 || (at >= 2 && body.compare(at - 2, 2, "\n\n") == 0);
            if (begins && marking.is_string())
                body.replace(at, mark.size(), "(" + marking.get<std::string>() + ") ");
        }
    }
    return body;
}

}  // namespace

namespace {

// Four eyes: who wrote and who released it, as the sender's node says.
std::string release_text(const json& release) {
    if (release.empty()) return "";
    const auto person = [&](const char* id, const char* name) {
        return text_of(release, name) + " (" + text_of(release, id) + ")";
    };
    const std::string written = "written by " + person("author", "author_name");
    if (!text_of(release, "emergency").empty())
        return written + ", released by NOBODY: emergency: " + text_of(release, "emergency");
    return written + ", released by " + person("releaser", "releaser_name");
}

// The third-party rule: whose word it is, who gave it to us, and that the originator consented.
std::string passed_on_text(const json& passed) {
    if (passed.empty()) return "";
    return "by " + text_of(passed, "by") + ", with the consent of " + text_of(passed, "originator") + " of " +
           when(passed, "consent_logged") + " (" + short_id(text_of(passed, "consent_id")) + ")" +
           (flag_of(passed, "lowered") ? ", under a lower label" : "");
}
std::string original_text(const json& passed) {
    if (passed.empty()) return "";
    return text_of(passed, "original_id") + " of " + when(passed, "original_logged") + ": " +
           text_of(passed, "original_marking");
}

}  // namespace

void print_message(Console& console, const json& m) {
    const std::string top = marking_line(console, text_of(m, "marking"));
    std::ostream& out = console.out();
    out << top << "\n\n"
        << fields({{"From", from_text(m)},
                   {"To", joined(list_of(m, "readers"))},
                   {"Dialogue", joined(list_of(m, "dialogues"))},
                   {"Session", text_of(m, "session")},
                   {"Sent", when(m, "created")},
                   {"Received", when(m, "received")},
                   {"Precedence", text_of(m, "precedence")},
                   {"Kind", text_of(m, "kind")},
                   {"About", joined(list_of(m, "about"))},
                   {"Message", text_of(m, "message_id")},
                   {"Released", release_text(object_of(m, "release"))},
                   {"Passed on", passed_on_text(object_of(m, "passed_on"))},
                   {"Original", original_text(object_of(m, "passed_on"))},
                   {"Conditions", text_of(object_of(m, "passed_on"), "conditions")},
                   {"Log proof", text_of(m, "proof")}})
        << "\n"
        << console.coloured(printable(text_of(m, "title")), Colour::bold) << "\n\n";
    std::vector<std::pair<std::string, std::string>> of_kind;
    for (const auto& [name, value] : object_of(m, "fields").items())
        if (value.is_string()) of_kind.emplace_back(name, value.get<std::string>());
    if (!of_kind.empty()) out << fields(of_kind) << "\n";
    const std::string body =
        printable(with_portions(text_of(m, "body"), object_of(m, "portions")), Lines::many);
    if (console.setup().width) {
        for (const std::string& line : wrapped(body, *console.setup().width)) out << line << "\n";
    } else {
        out << body << (body.ends_with('\n') ? "" : "\n");
    }
    const json& attachments = list_of(m, "attachments");
    if (!attachments.empty()) {
        out << "\n";
        Table table({{"ATTACHMENT", true},
                     {"NAME", false, 12, true},
                     {"TYPE", false, 8, true},
                     {"SIZE", true},
                     {"SHA-256", false, 12, true}});
        for (const json& a : attachments)
            table.add({text_of(a, "index"), text_of(a, "name"), text_of(a, "media_type"),
                       human_size(static_cast<std::uint64_t>(number_of(a, "size"))), text_of(a, "sha256")});
        console.print(table);
    }
    out << "\n" << top << std::endl;
    if (!attachments.empty())
        console.say("Next: sampan attachment save " + short_id(text_of(m, "message_id")) + " 0");
}

void add_message_commands(App& app) {
    add_lists(app);
    const auto r = std::make_shared<MessageOptions>();
    CLI::App* read = App::command(app.root(), "read", "Read a message, its marking on top and at the bottom",
                                  {"sampan read 4f1c2a90", "sampan read 4f1c2a90 --peek"});
    read->add_option("id", r->id, "Message id, or its first 6 digits or more")->required()->type_name("ID");
    read->add_flag("--peek", r->peek, "Do not mark it as read");
    read->add_option("--emergency", r->emergency,
                     "Imminent threat to life: read above your clearance. Say "
                     "why; it is noted, and the originator "
                     "is told")
        ->type_name("REASON");
    read->add_option("--html", r->html, "Write one self-contained page instead")->type_name("FILE");
    read->add_flag("--force", r->force, "Replace an existing file");
    app.on(read, [r, &app](Console& console) { return run_read(console, app.node(), *r); });

    CLI::App& attachment = *App::command(app.root(), "attachment", "Files that came with a message",
                                         {"sampan attachment save 4f1c2a90 0 -o indicators.json"});
    attachment.require_subcommand(1);
    const auto s = std::make_shared<MessageOptions>();
    CLI::App* save =
        App::command(attachment, "save", "Save an attachment; nothing is written before it verified",
                     {"sampan attachment save 4f1c2a90 0", "sampan attachment save 4f1c2a90 1 -o table.csv",
                      "sampan attachment save 4f1c2a90 0 -o - | jq ."});
    save->add_option("id", s->id, "Message id, or its first 6 digits or more")->required()->type_name("ID");
    save->add_option("number", s->index, "Which one, from 0")->required()->type_name("N");
    save->add_option("-o,--output", s->output, "Where to (default: the sender's name, here); - for stdout")
        ->type_name("FILE");
    save->add_flag("--force", s->force, "Replace an existing file");
    app.on(save, [s, &app](Console& console) { return run_save(console, app.node(), *s); });

    const auto c = std::make_shared<MessageOptions>();
    CLI::App* receipts =
        App::command(app.root(), "receipts", "The broker's and each reader's signed word on a message sent",
                     {"sampan receipts 4f1c2a90", "sampan receipts 4f1c2a90 --json"});
    receipts->add_option("id", c->id, "Message id, or its first 6 digits or more")
        ->required()
        ->type_name("ID");
    app.on(receipts, [c, &app](Console& console) { return run_receipts(console, app.node(), *c); });
}

}  // namespace sampan::cli
