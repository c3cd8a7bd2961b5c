// What the demonstration does once its exchange runs, and what it shows.
#pragma once

#include "cli/demo_exchange.h"

namespace sampan::cli {

// One briefing to publish: from config/demo/briefings/<agency>/NN-title.md, or made here around real inputs.
struct DemoBriefing {
    std::string from;
    std::string name;  // "07-situation"
    std::string text;
    std::vector<std::string> attachments;
};
// In the order of their numbers. `data` may be empty: then there are no real inputs.
Result<std::vector<DemoBriefing>> read_demo_briefings(const std::string& sources, const std::string& data);

// Files under `folder` that contain `bytes`.
Result<std::vector<std::string>> files_with(const std::string& folder, ByteView bytes);

class DemoStory {
  public:
    DemoStory(Console& console, DemoExchange& exchange) : console_(console), exchange_(exchange) {}

    // A text may name another briefing's message as "@05-border-trend", and the outcome document as
    // "@outcome".
    Status publish(std::vector<DemoBriefing> briefings);
    // The host compiles the outcome of ajct-12 and publishes it.
    Status publish_outcome();
    // The dialogue as its host sees it, and what others see of it.
    Status show_dialogue();
    // Every view of both dialogues as a page in `folder`.
    Status write_pages(const std::string& folder);
    Status wait_for_delivery();
    // The table per agency, refusals with their reasons, and the proofs.
    Status show_exchange();
    Status show_one_message();
    Status show_search_at_broker();
    Status show_audit();
    // What was not as it should be, in words; empty when all was.
    const std::vector<std::string>& problems() const { return problems_; }

  private:
    struct Sent {
        DemoBriefing briefing;
        std::string message_id;  // empty when it was refused
        json report;
        std::string refusal;
    };
    Result<Sent> publish_one(DemoBriefing briefing);
    Result<std::string> with_ids(std::string text) const;
    void heading(const std::string& text);
    void check(bool ok, const std::string& text);
    Status show_refusals();
    Status show_meeting();

    Console& console_;
    DemoExchange& exchange_;
    std::string canary_;
    std::size_t shown_ = 0;  // index into sent_ of the message that is read
    std::vector<Sent> sent_;
    std::map<std::string, std::string> ids_;  // message ids by briefing
    std::vector<std::string> problems_;
};

}  // namespace sampan::cli
