#include "cli/app.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

std::string outbox_line(const json& box) {
    return text_of(box, "waiting", "0") + " waiting, " + text_of(box, "sent", "0") + " sent, " +
           text_of(box, "refused", "0") + " refused";
}

Result<int> run_status(Console& console, const Node& node) {
    SAMPAN_ASSIGN(json s, node.get("/v1/status"));
    if (console.json) {
        console.print_json("sampan.status/1", s);
        return k_exit_ok;
    }
    const json& checkpoint = object_of(s, "checkpoint");
    const json& inbox = object_of(s, "inbox");
    console.out() << fields(
        {{"agency", text_of(s, "agency")},
         {"exchange", text_of(s, "exchange") + ", epoch " + text_of(s, "epoch") + ", until " +
                          when(s, "registry_expires")},
         {"broker", (flag_of(s, "connected") ? "connected to " : "NOT connected to ") + text_of(s, "broker")},
         {"archive", flag_of(s, "unlocked") ? "unlocked" : "locked: sampan sign-in ID"},
         {"outbox", outbox_line(object_of(s, "outbox"))},
         {"inbox", text_of(inbox, "total", "0") + " received, " + text_of(inbox, "unread", "0") + " unread"},
         {"log", checkpoint.empty()
                     ? "no checkpoint verified yet"
                     : text_of(checkpoint, "size") + " entries, verified " + when(checkpoint, "verified_at")},
         {"proofs",
          number_of(s, "proofs_pending") == 0 ? "all verified" : text_of(s, "proofs_pending") + " pending"}});
    for (const json& warning : list_of(s, "warnings"))
        if (warning.is_string()) console.warn("warning: " + warning.get<std::string>());
    return k_exit_ok;
}

Result<int> run_doctor(Console& console, const Node& node) {
    auto got = node.get("/v1/doctor");
    if (!got.ok() && !console.json)
        console.out() << console.coloured("FAIL", Colour::red) << "  node  "
                      << printable(got.error().context()) << "\n";
    if (!got.ok()) return got.error();
    std::size_t failed = 0;
    for (const json& check : list_of(*got, "checks")) failed += flag_of(check, "ok") ? 0 : 1;
    if (console.json) {
        console.print_json("sampan.doctor/1", *got);
    } else {
        std::size_t widest = 0;
        for (const json& check : list_of(*got, "checks"))
            widest = std::max(widest, display_width(text_of(check, "name")));
        for (const json& check : list_of(*got, "checks")) {
            const bool ok = flag_of(check, "ok");
            console.out() << console.coloured(ok ? "ok  " : "FAIL", ok ? Colour::green : Colour::red) << "  "
                          << padded(printable(text_of(check, "name")), widest) << "  "
                          << printable(text_of(check, "detail")) << "\n";
            if (!ok && !text_of(check, "remedy").empty())
                console.out() << std::string(widest + 8, ' ')
                              << "next: " << printable(text_of(check, "remedy")) << "\n";
        }
        console.out() << std::flush;
    }
    return failed == 0 ? k_exit_ok : k_exit_failure;
}

}  // namespace

void add_node_commands(App& app) {
    CLI::App* status = App::command(app.root(), "status", "How the node is, in eight lines",
                                    {"sampan status", "sampan status --json"});
    app.on(status, [&app](Console& console) { return run_status(console, app.node()); });
    CLI::App* doctor = App::command(app.root(), "doctor",
                                    "What is wrong, if anything, and what to do about it", {"sampan doctor"});
    app.on(doctor, [&app](Console& console) { return run_doctor(console, app.node()); });
    CLI::App* lock = App::command(
        app.root(), "lock",
        "Sign everybody out and lock the archive: messages still arrive, none can be read", {"sampan lock"});
    app.on(lock, [&app](Console& console) -> Result<int> {
        SAMPAN_TRY(app.node().post("/v1/lock"));
        console.say("Locked. Nobody is signed in.");
        return k_exit_ok;
    });
}

}  // namespace sampan::cli
