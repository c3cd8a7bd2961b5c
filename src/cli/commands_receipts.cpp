// What officers say about messages: acknowledge, acted, recall, destroy, refuse-recall; and what was said.
#include "cli/app.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

struct ReceiptOptions {
    std::vector<std::string> ids;
    std::string note, precedence;
};

// One message after another; those that fail are told, and the exit code says that not all were done.
Result<int> run_receipt(Console& console, const Node& node, const ReceiptOptions& o,
                        const std::string& step) {
    json made = json::array();
    std::optional<Error> failure;
    for (const std::string& id : o.ids) {
        json body{{"step", step}};
        if (!o.note.empty()) body["note"] = o.note;
        auto got = node.post("/v1/messages/" + percent_encoded(id) + "/receipts", body);
        if (!got.ok()) {
            if (o.ids.size() == 1) return got.error();
            console.warn(id + ": " + got.error().text() + "\n");
            failure = got.error();
            continue;
        }
        const std::string waits = text_of(*got, "release_id");
        if (!console.json)
            console.say(
                short_id(text_of(*got, "about")) + ": " + step +
                (waits.empty()
                     ? ", said to " + text_of(*got, "to") + " in " + short_id(text_of(*got, "message_id"))
                     : "; your words wait for a releaser: sampan release show " + short_id(waits)));
        made.push_back(std::move(*got));
    }
    if (console.json) console.print_json("sampan.receipts-given/1", {{"receipts", made}});
    if (!failure) return k_exit_ok;
    return made.empty() ? Result<int>(*failure) : Result<int>(k_exit_partly);
}

Result<int> run_recall(Console& console, const Node& node, const ReceiptOptions& o) {
    json body{{"reason", o.note}};
    if (!o.precedence.empty()) body["precedence"] = o.precedence;
    SAMPAN_ASSIGN(json made, node.post("/v1/messages/" + percent_encoded(o.ids.front()) + "/recall", body));
    if (console.json) {
        console.print_json("sampan.publish/1", made);
        return k_exit_ok;
    }
    std::vector<std::string> told;
    for (const json& reader : list_of(made, "readers"))
        if (flag_of(reader, "may_read") && flag_of(reader, "ready")) {
            told.push_back(text_of(reader, "agency"));
        } else {
            console.say("not told: " + text_of(reader, "agency") + ": " + text_of(reader, "reason"));
        }
    const std::string waits = text_of(made, "release_id");
    console.out() << fields(
        {{waits.empty() ? "recall" : "release", waits.empty() ? text_of(made, "message_id") : waits},
         {"state", text_of(made, "state")},
         {"to", joined(json(told))}});
    if (!waits.empty()) {
        console.say("It waits for a releaser: sampan release approve " + short_id(waits));
        return k_exit_ok;
    }
    console.say(
        "Each holder answers with a receipt: destroyed, or refused with its reason. Next: sampan receipts " +
        o.ids.front());
    return k_exit_ok;
}

void add_step(App& app, const std::string& name, const std::string& step, const std::string& what,
              const std::string& note, bool note_needed) {
    const auto o = std::make_shared<ReceiptOptions>();
    std::vector<std::string> examples{"sampan " + name + " 4f1c2a90"};
    if (!note.empty()) examples = {"sampan " + name + " 4f1c2a90 " + note + " \"…\""};
    CLI::App* command = App::command(app.root(), name, what, examples);
    command->add_option("id", o->ids, "Message ids, or their first 6 digits or more")
        ->required()
        ->type_name("ID");
    if (!note.empty()) {
        CLI::Option* option =
            command->add_option(note, o->note, "In words; only the message's sender reads them")
                ->type_name("TEXT");
        if (note_needed) option->required();
    }
    app.on(command, [o, step, &app](Console& console) { return run_receipt(console, app.node(), *o, step); });
}

std::string step_text(const json& given) {
    std::string out;
    for (const char* step : {"opened", "acknowledged", "acted", "destroyed", "refused"})
        if (given.contains(step) && given[step].is_object()) out = step;
    return out;
}

}  // namespace

// Which officer said what, and what is still owed: below the signed outcomes of a message's copies.
void print_officers_receipts(Console& console, const json& recipients) {
    Table table({{"AGENCY"}, {"SAID"}, {"TIME"}, {"OFFICER", false, 8, true}, {"WORDS", false, 10, true}});
    bool any = false;
    for (const json& r : recipients) {
        const json& given = object_of(r, "receipts");
        for (const char* step : {"opened", "acknowledged", "acted", "destroyed", "refused"}) {
            const json& mark = object_of(given, step);
            if (mark.empty()) continue;
            any = true;
            table.add({text_of(r, "agency"), step, when(mark, "time"), text_of(mark, "officer"),
                       text_of(mark, "note")});
        }
    }
    if (any) {
        console.out() << "\n";
        console.print(table);
    }
    for (const json& r : recipients) {
        if (text_of(r, "owed").empty() || !text_of(r, "met").empty()) continue;
        const std::string last = step_text(object_of(r, "receipts"));
        console.out() << text_of(r, "agency") << ": " << text_of(r, "owed")
                      << (flag_of(r, "overdue") ? " OVERDUE, was due " : " due ") << when(r, "due")
                      << (last.empty() ? "" : " (" + last + ")")
                      << (flag_of(r, "escalated") ? "; late by twice its time" : "") << "\n";
    }
}

void add_receipt_commands(App& app) {
    add_step(app, "acknowledge", "acknowledged", "Tell a message's sender that it was taken note of", "",
             false);
    add_step(app, "acted", "acted", "Tell a message's sender that it was acted on", "--note", false);
    add_step(app, "destroy", "destroyed",
             "Take a recalled or superseded message out of the archive, and tell its sender", "", false);
    add_step(app, "refuse-recall", "refused",
             "Keep a recalled or superseded message, and tell its sender why", "--reason", true);
    const auto o = std::make_shared<ReceiptOptions>();
    CLI::App* recall =
        App::command(app.root(), "recall", "Take a message back from everybody who holds it",
                     {"sampan recall 4f1c2a90 --reason \"wrong annex\"",
                      "sampan recall 4f1c2a90 --reason \"source at risk\" --precedence FLASH"});
    recall->add_option("id", o->ids, "Message id, or its first 6 digits or more")
        ->required()
        ->expected(1)
        ->type_name("ID");
    recall->add_option("--reason", o->note, "Why, for its holders")->required()->type_name("TEXT");
    recall
        ->add_option("--precedence", o->precedence,
                     "In what time they are to answer (default: the message's)")
        ->check(CLI::IsMember({"FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"}));
    app.on(recall, [o, &app](Console& console) { return run_recall(console, app.node(), *o); });
}

}  // namespace sampan::cli
