#include "cli/demo_exchange.h"

#include <chrono>
#include <thread>

#include "cli/progress.h"
#include "cli/setup.h"

namespace sampan::cli {
namespace {

constexpr int k_patience_s = 60;
constexpr KeyFileCost k_demo_cost{1, 64};  // quick to make and to guess: nobody's secrets are here
constexpr std::string_view k_passphrase = "exercise only";
constexpr std::string_view k_demo_officer = "admin";

}  // namespace

Status wait_until(const std::string& what, int patience_s, const std::function<Result<bool>()>& ready) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(patience_s);
    while (true) {
        if (InterruptGuard::interrupted()) return Error(CliError::interrupted, "interrupted");
        SAMPAN_ASSIGN(bool done, ready());
        if (done) return ok_status();
        if (std::chrono::steady_clock::now() > until)
            return Error(CliError::failed,
                         "waited " + std::to_string(patience_s) + " s for " + what + ", in vain",
                         "the logs are beside the data: run again with --dir DIR to keep them");
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

Status DemoExchange::make(Console& console) {
    passphrase_ = SecretBuffer::copy_of(as_bytes(k_passphrase));
    FileSystem& files = system_files();
    SAMPAN_TRY(files.make_directories(path("logs")));
    SAMPAN_TRY(write_file(files, path("passphrase.txt"), as_bytes(k_passphrase), Replace::no, 0600));
    const std::string list_path = places_.sources + "/agencies.toml";
    SAMPAN_ASSIGN(Bytes text, read_file(files, list_path, limits::k_config_bytes));
    SAMPAN_ASSIGN(AgenciesFile list, parse_agencies_file(as_text(text), list_path));
    const UnixMillis now = system_clock().wall();
    SAMPAN_ASSIGN(NewEpoch first,
                  Authority::init(files, path("authority"), places_.sources + "/exchange.toml", passphrase_,
                                  now, k_demo_cost));
    trust_ = first.hash;
    SAMPAN_ASSIGN(Authority authority, Authority::open(files, path("authority"), passphrase_));
    SAMPAN_TRY(make_broker_and_auditor(list, authority));
    SAMPAN_TRY(make_agencies(console, list, authority));
    SAMPAN_ASSIGN(NewEpoch second, authority.commit(now));
    (void)second;
    return ok_status();
}

Status DemoExchange::make_broker_and_auditor(const AgenciesFile& list, Authority& authority) {
    FileSystem& files = system_files();
    SAMPAN_ASSIGN(BrokerId id, BrokerId::parse("broker-1"));
    // Its port is known once it runs; node.toml then names it.
    SAMPAN_ASSIGN(BrokerEntry broker, make_broker(files, path("broker-keys"), id, {"tcp://127.0.0.1:5570"},
                                                  passphrase_, k_demo_cost));
    SAMPAN_TRY(authority.add_broker(broker));
    for (const PlannedAuditor& auditor : list.auditors) {
        SAMPAN_ASSIGN(AuditorEntry made, make_auditor(files, path(auditor.id.text()), auditor.id,
                                                      auditor.name, passphrase_, k_demo_cost));
        SAMPAN_TRY(authority.add_auditor(made));
    }
    BrokerConfig config{"broker-1",
                        path("broker-keys"),
                        path("broker-data"),
                        "tcp://127.0.0.1:0",
                        path("passphrase.txt"),
                        path("authority/epochs"),
                        trust_,
                        "127.0.0.1:0"};
    return write_file(files, path("broker.toml"), as_bytes(broker_toml(config)), Replace::no, 0644);
}

Status DemoExchange::make_agencies(Console& console, const AgenciesFile& list, Authority& authority) {
    Progress bar(console, "Keys of the agencies");
    FileSystem& files = system_files();
    const UnixMillis now = system_clock().wall();
    for (const PlannedAgency& planned : list.agencies) {
        AgencyPlan plan = planned.plan;
        plan.exchange = authority.chain().newest()->registry().exchange;
        const std::string keys = path(plan.agency.text() + "/keys");
        SAMPAN_ASSIGN(NewAgency made,
                      make_agency(files, keys, plan, passphrase_, passphrase_, now, k_demo_cost));
        SAMPAN_ASSIGN(Bytes text, read_file(files, made.request_path, limits::k_statement_bytes));
        SAMPAN_ASSIGN(VerifiedJoiningRequest request, verify_joining_request(as_text(text), now));
        SAMPAN_TRY(authority.admit(request, planned.terms, now));
        nodes_.push_back({plan.agency, plan.names.at("en"), path(plan.agency.text() + "/node.toml"),
                          path(plan.agency.text() + "/node.sock"), nullptr, ""});
        bar.count(nodes_.size(), list.agencies.size());
        if (InterruptGuard::interrupted()) return Error(CliError::interrupted, "interrupted");
    }
    return ok_status();
}

Status DemoExchange::start_broker() {
    SAMPAN_ASSIGN(Child child, Child::start(places_.programs + "/sampan-broker",
                                            {"--config", path("broker.toml")}, path("logs/broker.log")));
    broker_ = std::make_unique<Child>(std::move(child));
    return wait_until("the broker to be ready", k_patience_s, [&]() -> Result<bool> {
        const auto ready = broker_->ready();
        if (!ready && !broker_->running())
            return Error(CliError::failed, "the broker ended instead of starting:\n" + broker_->last_words());
        if (!ready) return false;
        endpoint_ = text_of(*ready, "endpoint");
        operations_ = text_of(*ready, "operations");
        return true;
    });
}

Status DemoExchange::write_node_configs() {
    for (const DemoNode& node : nodes_) {
        const std::string home = path(node.agency.text());
        const NodeConfig config{
            node.agency.text(),       home + "/keys", home + "/data", node.socket, path("passphrase.txt"), "",
            path("authority/epochs"), trust_,         {endpoint_}};
        SAMPAN_TRY(write_file(system_files(), node.config, as_bytes(node_toml(config)), Replace::yes, 0644));
    }
    return ok_status();
}

// Every node connected, and holding the prekeys of all others.
Result<bool> DemoExchange::settled() {
    for (DemoNode& node : nodes_) {
        if (!node.process->running())
            return Error(CliError::failed,
                         "the node of " + node.agency.text() + " ended:\n" + node.process->last_words());
        SAMPAN_ASSIGN(json status, node.node().get("/v1/status"));
        if (!flag_of(status, "connected")) return false;
        SAMPAN_ASSIGN(json peers, node.node().get("/v1/peers"));
        std::size_t ready = 0;
        for (const json& peer : list_of(peers, "peers"))
            ready += flag_of(peer, "prekeys") && text_of(peer, "agency") != node.agency.text() ? 1 : 0;
        if (ready + 1 < nodes_.size()) return false;
    }
    return true;
}

Status DemoExchange::start_nodes(Console& console) {
    Progress bar(console, "Nodes");
    SAMPAN_TRY(write_node_configs());
    for (DemoNode& node : nodes_) {
        SAMPAN_TRY(system_files().make_directories(path(node.agency.text() + "/data")));
        SAMPAN_ASSIGN(Child child, Child::start(places_.programs + "/sampan-node", {"--config", node.config},
                                                path("logs/" + node.agency.text() + ".log")));
        node.process = std::make_unique<Child>(std::move(child));
    }
    std::size_t signed_in = 0;
    for (DemoNode& node : nodes_) {
        SAMPAN_TRY(wait_until("the node of " + node.agency.text() + " to be ready", k_patience_s,
                              [&]() -> Result<bool> {
                                  if (node.process->ready()) return true;
                                  if (!node.process->running())
                                      return Error(CliError::failed, "the node of " + node.agency.text() +
                                                                         " ended instead of starting:\n" +
                                                                         node.process->last_words());
                                  return false;
                              }));
        SAMPAN_ASSIGN(json session, node.node().post_secret("/v1/sign-in", {{"officer", k_demo_officer}},
                                                            {{"passphrase", passphrase_}}));
        node.token = text_of(session, "token");
        bar.count(++signed_in, nodes_.size());
    }
    return wait_until("every node to be connected and to hold the others' prekeys", k_patience_s,
                      [&] { return settled(); });
}

Status DemoExchange::close_submissions(const std::string& dialogue) {
    const std::string file = path("authority/exchange.toml");
    SAMPAN_ASSIGN(Bytes bytes, read_file(system_files(), file, limits::k_config_bytes));
    std::string text(as_text(bytes));
    const std::size_t entry = text.find("id = \"" + dialogue + "\"");
    const std::size_t line = text.find("submission_deadline = ", entry);
    if (entry == std::string::npos || line == std::string::npos)
        return Error(CliError::failed, file + " has no submission deadline for " + dialogue);
    const UnixMillis now = system_clock().wall();
    text.replace(line, text.find('\n', line) - line, "submission_deadline = \"" + to_rfc3339(now) + "\"");
    SAMPAN_TRY(write_file(system_files(), file, as_bytes(text), Replace::yes, 0644));
    SAMPAN_ASSIGN(Authority authority, Authority::open(system_files(), path("authority"), passphrase_));
    SAMPAN_ASSIGN(NewEpoch made, authority.commit(now));
    (void)made;
    const std::uint64_t epoch = authority.chain().newest()->registry().epoch.get();
    return wait_until("every node to hold the new epoch", k_patience_s, [&]() -> Result<bool> {
        // The log counts seconds: what comes next is to be logged in a later one than the deadline.
        if (system_clock().wall() < now + 2 * k_second_ms) return false;
        for (const DemoNode& node : nodes_) {
            SAMPAN_ASSIGN(json status, node.node().get("/v1/status"));
            if (number_of(status, "epoch") < static_cast<std::int64_t>(epoch)) return false;
        }
        return true;
    });
}

bool DemoExchange::stop() {
    bool clean = true;
    for (DemoNode& node : nodes_)
        if (node.process) node.process->ask_to_stop();
    for (DemoNode& node : nodes_) {
        if (!node.process) continue;
        clean = node.process->wait(10'000) && clean;
        node.process.reset();
    }
    if (broker_) {
        broker_->ask_to_stop();
        clean = broker_->wait(10'000) && clean;
        broker_.reset();
    }
    return clean;
}

const DemoNode* DemoExchange::node(const std::string& agency) const {
    for (const DemoNode& node : nodes_)
        if (node.agency.text() == agency) return &node;
    return nullptr;
}

}  // namespace sampan::cli
