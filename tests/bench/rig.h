// What a load runs against: an exchange made for it and a real broker (core and gate as processes) on a fresh
// store in a folder of its own, removed at the end. One owner thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <unordered_map>

#include "support/exchange.h"

namespace sampan::bench {

struct ProcessUse {
    double cpu_s = 0;  // user and system, since the process began
    double resident_mib = 0;
};
ProcessUse process_use(pid_t pid);

class Rig {
  public:
    // Agencies "a-0001" … of one exchange; the broker's program is the one beside ours. Ends the program
    // with a message where the broker does not start.
    explicit Rig(std::size_t agencies);
    ~Rig();
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    test::Exchange& exchange() { return *exchange_; }
    const std::string& address() const { return address_; }
    const CurvePublicKey& broker_curve() const { return entry_.curve_key; }
    const Ed25519PublicKey& receipt_key() const { return entry_.receipt_key; }
    const std::string& folder() const { return folder_; }
    ProcessUse core() const { return process_use(core_); }
    ProcessUse gate() const;
    // Of messages that were delivered, by their place in the log.
    std::unordered_map<LeafIndex, MessageSubject> subjects;

  private:
    void write_configuration(const Sha256Digest& trust);
    void start_broker();

    std::string folder_;
    std::unique_ptr<test::Exchange> exchange_;
    BrokerEntry entry_;
    std::string address_;
    pid_t core_ = -1;
};

std::string agency_name(std::size_t number);  // "a-0001" for 1
// The folder of the running program.
std::string program_folder();
// A new folder below $TMPDIR or /var/tmp (a disk, where /tmp may be memory).
std::string make_folder();
void remove_folder(const std::string& folder);

}  // namespace sampan::bench
