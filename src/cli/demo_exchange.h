// The demonstration's exchange: made from config/demo in a folder of its own, run as real processes on
// loopback.
#pragma once

#include <map>
#include <memory>

#include "cli/node.h"
#include "cli/process.h"
#include "sampan/authority/agencies_file.h"

namespace sampan::cli {

struct DemoPlaces {
    std::string programs;  // where sampan-broker and the others are
    std::string sources;   // config/demo
    std::string folder;    // made here, and everything in it
    std::string data;      // real inputs to attach, or ""
};

struct DemoNode {
    AgencyId agency;
    std::string name;
    std::string config;
    std::string socket;
    std::unique_ptr<Child> process;
    std::string token;  // of the first officer, who is signed in
    Node node() const { return Node(socket, token); }
};

class DemoExchange {
  public:
    explicit DemoExchange(DemoPlaces places) : places_(std::move(places)) {}
    DemoExchange(const DemoExchange&) = delete;
    DemoExchange& operator=(const DemoExchange&) = delete;

    // Authority, broker, auditor and agencies: keys, epochs, configuration. `limit` agencies at most.
    Status make(Console& console);
    Status start_broker();
    // Starts all, then waits until each is connected, unlocked and holds the others' prekeys.
    Status start_nodes(Console& console);
    // A new epoch in which the dialogue's submission deadline is now, known to every node when it returns.
    Status close_submissions(const std::string& dialogue);
    // SIGTERM to all nodes, then the broker. True when every one ended by itself with status 0.
    bool stop();

    const DemoPlaces& places() const { return places_; }
    const std::vector<DemoNode>& nodes() const { return nodes_; }
    const DemoNode* node(const std::string& agency) const;
    const std::string& endpoint() const { return endpoint_; }
    const std::string& operations() const { return operations_; }
    const Sha256Digest& trust() const { return trust_; }
    pid_t broker_pid() const { return broker_ ? broker_->pid() : -1; }
    std::string path(const std::string& name) const { return places_.folder + "/" + name; }

  private:
    Status make_broker_and_auditor(const AgenciesFile& list, Authority& authority);
    Status make_agencies(Console& console, const AgenciesFile& list, Authority& authority);
    Status write_node_configs();
    Result<bool> settled();

    DemoPlaces places_;
    SecretBuffer passphrase_;
    Sha256Digest trust_;
    std::string endpoint_, operations_;
    std::unique_ptr<Child> broker_;
    std::vector<DemoNode> nodes_;
};

// Polls `ready` every 20 ms for `patience_s`; an error, Ctrl-C or time that is up end it.
Status wait_until(const std::string& what, int patience_s, const std::function<Result<bool>()>& ready);

}  // namespace sampan::cli
