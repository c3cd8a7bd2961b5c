// How far an agency's joining is, as its own side and the authority's see it, and the words that both can
// read to each other on the telephone at every stage.
//
//   requested   the agency made its request; the words are the request's
//   announced   an epoch names it as joining: everybody sees by which request, it can do nothing yet
//   admitted    an epoch has it as active; its node has not connected yet
//   connected   its node's descriptor is in the exchange's log
//   active      its prekeys are there too: others can write to it
#include "cli/authority_work.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

struct JoiningOptions {
    std::string folder, peers;
    std::vector<std::string> requests;
};
// What a node knows of one agency's keys; none when no node was asked.
struct SeenKeys {
    bool descriptor = false, prekeys = false;
};

std::string stage_of(const std::string& status, const std::optional<SeenKeys>& seen) {
    if (status.empty()) return "requested";
    if (status == "joining") return "announced";
    if (status != "active") return status;
    if (!seen || !seen->descriptor) return "admitted";
    return seen->prekeys ? "active" : "connected";
}

std::string next_at_agency(const std::string& stage) {
    if (stage == "requested")
        return "send the request to the authority, and read its words to it by telephone";
    if (stage == "announced") return "compare the words by telephone: then the authority admits you";
    if (stage == "admitted") return "start the node: sampan node init, then sampan-node";
    if (stage == "connected") return "nothing: the node publishes its prekeys by itself";
    if (stage == "active") return "nothing: others can write to you";
    return "call the exchange authority";
}

std::string next_at_authority(const std::string& stage) {
    if (stage == "requested") return "compare the words, then: sampan authority announce or admit";
    if (stage == "announced") return "compare the words, then: sampan authority admit";
    if (stage == "admitted") return "its node has to connect (or was not asked about: --peers)";
    if (stage == "connected") return "nothing: its prekeys follow";
    if (stage == "active") return "nothing";
    return stage == "suspended" ? "sampan authority reinstate, when it is over" : "";
}

Result<VerifiedJoiningRequest> read_request(const std::string& path) {
    SAMPAN_ASSIGN(Bytes text, read_file(system_files(), path, limits::k_statement_bytes));
    auto verified = verify_joining_request(as_text(text), system_clock().wall());
    if (!verified.ok()) return verified.error().within(path);
    return verified;
}

std::optional<SeenKeys> seen_in(const json& peers, const std::string& agency) {
    for (const json& peer : list_of(peers, "peers"))
        if (text_of(peer, "agency") == agency)
            return SeenKeys{flag_of(peer, "descriptor"), flag_of(peer, "prekeys")};
    return std::nullopt;
}

// The agency's side: its request from its folder, the rest from its node, if that answers.
Result<int> run_agency_status(Console& console, const Node& node, const JoiningOptions& o) {
    SAMPAN_ASSIGN(VerifiedJoiningRequest request, read_request(o.folder + "/joining-request.txt"));
    const std::string agency = request.request.agency.text();
    const Sha256Digest descriptor = request.request.descriptor.hash();
    std::string status, since, epoch;
    std::optional<SeenKeys> seen;
    const auto registry = node.get("/v1/registry");
    bool another = false;
    if (registry.ok()) {
        epoch = text_of(*registry, "epoch");
        for (const json& member : list_of(*registry, "members")) {
            if (text_of(member, "agency") != agency) continue;
            status = text_of(member, "status");
            since = when(member, "since");
            another = text_of(member, "descriptor") != descriptor.hex();
        }
        const auto peers = node.get("/v1/peers");
        if (peers.ok()) seen = seen_in(*peers, agency);
    }
    const std::string stage = stage_of(status, seen);
    const json shown{{"agency", agency},
                     {"stage", stage},
                     {"status", status.empty() ? json(nullptr) : json(status)},
                     {"since", since.empty() ? json(nullptr) : json(since)},
                     {"epoch", epoch.empty() ? json(nullptr) : json(epoch)},
                     {"node", registry.ok() ? "answers" : "does not answer"},
                     {"request_words", fingerprint_words(request.hash)},
                     {"node_words", fingerprint_words(descriptor)},
                     {"another_request", another},
                     {"next", next_at_agency(stage)}};
    if (console.json) {
        console.print_json("sampan.joining/1", shown);
    } else {
        console.out() << fields({{"agency", agency},
                                 {"stage", stage + (since.empty() ? "" : ", since " + since)},
                                 {"registry", registry.ok() ? "epoch " + epoch + ", as the node here holds it"
                                                            : "not known: the node does not answer"},
                                 {"words of the request", fingerprint_words(request.hash)},
                                 {"words of the node's keys", fingerprint_words(descriptor)},
                                 {"next", next_at_agency(stage)}});
    }
    if (another)
        console.warn("warning: the registry names this agency by another request than the one in " +
                     o.folder + ": compare the words with the exchange authority");
    return another ? k_exit_failure : k_exit_ok;
}

json line_of(const std::string& agency, const std::string& name, const std::string& stage,
             const std::string& since, const std::string& request_words, const Sha256Digest& descriptor) {
    return {{"agency", agency},
            {"name", name},
            {"stage", stage},
            {"since", since.empty() ? json(nullptr) : json(since)},
            {"request_words", request_words.empty() ? json(nullptr) : json(request_words)},
            {"node_words", fingerprint_words(descriptor)},
            {"next", next_at_authority(stage)}};
}

Result<json> read_peers(const std::string& path) {
    if (path.empty()) return json::object();
    SAMPAN_ASSIGN(Bytes text, read_file(system_files(), path, limits::k_registry_bytes));
    json out = json::parse(text.begin(), text.end(), nullptr, false);
    if (out.is_discarded() || !out.is_object() || !out.contains("peers"))
        return Error(CliError::usage, path + " is not what sampan registry show --json prints",
                     "at any node: sampan registry show --json > peers.json");
    return out;
}

// The authority's side: its registry, requests that came, and what a node says of who has connected.
Result<int> run_authority_joining(Console& console, const JoiningOptions& o) {
    SAMPAN_ASSIGN(Authority authority, Authority::open_to_read(system_files(), o.folder));
    SAMPAN_ASSIGN(json peers, read_peers(o.peers));
    const Registry& registry = authority.chain().newest()->registry();
    std::map<std::string, VerifiedJoiningRequest> requests;
    for (const std::string& path : o.requests) {
        SAMPAN_ASSIGN(VerifiedJoiningRequest request, read_request(path));
        const std::string agency = request.request.agency.text();
        requests.insert_or_assign(agency, std::move(request));
    }
    json lines = json::array();
    for (const Member& member : registry.members) {
        std::string words;
        const auto request = requests.find(member.id.text());
        const bool same =
            request != requests.end() && request->second.request.descriptor.hash() == member.first_descriptor;
        if (same) words = fingerprint_words(request->second.hash);
        if (request != requests.end() && !same)
            console.warn("warning: " + member.id.text() + " is in the registry by another request than " +
                         "the one given: its words are " + fingerprint_words(request->second.hash));
        lines.push_back(line_of(
            member.id.text(), member.names.at("en"),
            stage_of(std::string(member_status_word(member.status)), seen_in(peers, member.id.text())),
            to_rfc3339(member.status_since).substr(0, 10), words, member.first_descriptor));
    }
    for (const auto& [agency, request] : requests)
        if (registry.member(request.request.agency) == nullptr)
            lines.push_back(line_of(agency, request.request.names.at("en"), "requested", "",
                                    fingerprint_words(request.hash), request.request.descriptor.hash()));
    if (console.json) {
        console.print_json("sampan.joinings/1", {{"epoch", registry.epoch.get()}, {"agencies", lines}});
        return k_exit_ok;
    }
    Table table({{"AGENCY"}, {"NAME", false, 10, true}, {"STAGE"}, {"SINCE"}, {"NEXT", false, 12, true}});
    for (const json& line : lines)
        table.add({text_of(line, "agency"), text_of(line, "name"), text_of(line, "stage"),
                   text_of(line, "since"), text_of(line, "next")});
    console.print(table);
    console.out() << "\nWords, for the telephone:\n";
    for (const json& line : lines) {
        if (!text_of(line, "request_words").empty())
            console.out() << "  " << text_of(line, "agency") << ", its request:\n    "
                          << text_of(line, "request_words") << "\n";
        console.out() << "  " << text_of(line, "agency") << ", its node's keys:\n    "
                      << text_of(line, "node_words") << "\n";
    }
    console.out() << std::flush;
    return k_exit_ok;
}

Result<int> run_announce(Console& console, const AuthorityOptions& o) {
    std::vector<VerifiedJoiningRequest> requests;
    for (const std::string& path : o.requests) {
        SAMPAN_ASSIGN(VerifiedJoiningRequest request, read_request(path));
        console.say(request.request.agency.text() + ": \"" + request.request.names.at("en") +
                    "\", words:\n    " + fingerprint_words(request.hash));
        requests.push_back(std::move(request));
    }
    return next_epoch(console, o, [&](Authority& authority, UnixMillis now) -> Status {
        for (const VerifiedJoiningRequest& request : requests) SAMPAN_TRY(authority.announce(request, now));
        return ok_status();
    });
}

}  // namespace

void add_joining_commands(App& app, CLI::App& authority) {
    const auto a = std::make_shared<AuthorityOptions>();
    CLI::App* announce = changing_command(
        authority, a, "announce", "Say that agencies join, before their words are compared: a new epoch",
        {"sampan authority announce ajct th-rtp/joining-request.txt"});
    announce->add_option("request", a->requests, "joining-request.txt of each agency")
        ->required()
        ->type_name("FILE");
    app.on(announce, [a](Console& console) { return run_announce(console, *a); });

    const auto j = std::make_shared<JoiningOptions>();
    CLI::App* joining = App::command(
        authority, "joining",
        "How far each agency's joining is, and the words to compare; needs no passphrase",
        {"sampan authority joining ajct", "sampan authority joining ajct th-rtp/joining-request.txt",
         "sampan registry show --json > peers.json && sampan authority joining ajct --peers peers.json"});
    joining->add_option("folder", j->folder, "The authority's folder")->required()->type_name("DIR");
    joining->add_option("request", j->requests, "Requests that came in, to show their words too")
        ->type_name("FILE");
    joining
        ->add_option("--peers", j->peers,
                     "What sampan registry show --json printed at a node: who has connected")
        ->type_name("FILE");
    app.on(joining, [j](Console& console) { return run_authority_joining(console, *j); });
}

void add_agency_status_command(App& app, CLI::App& agency) {
    const auto o = std::make_shared<JoiningOptions>();
    CLI::App* status = App::command(
        agency, "status", "How far this agency's joining is, as its node knows it, and the words to compare",
        {"sampan agency status keys", "sampan agency status keys --node /run/sampan/node.sock"});
    status->add_option("folder", o->folder, "The agency's key folder")->required()->type_name("DIR");
    app.on(status, [o, &app](Console& console) { return run_agency_status(console, app.node(), *o); });
}

}  // namespace sampan::cli
