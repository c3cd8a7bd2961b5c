// What a label ends: a received message leaves the inbox at its expiry, or when its level has been kept long
// enough under the newest policy. A stub stays: who sent it, under which label, when it came and when it
// left.
#include <algorithm>

#include "node/core.h"
#include "sampan/label/choices.h"

namespace sampan::node {
namespace {

constexpr std::size_t k_page = 256;
constexpr std::int64_t k_between_rounds_ms = 10 * k_minute_ms;

}  // namespace

// Attachments of messages that ended, unless another message has the same ones.
Status Core::remove_files(const std::vector<std::string>& files) {
    if (files.empty()) return ok_status();
    SAMPAN_ASSIGN(std::vector<std::string> named, store_.part_files());
    for (const std::string& file : files)
        if (std::find(named.begin(), named.end(), file) == named.end() &&
            files_.exists(parts_folder() + "/" + file))
            SAMPAN_TRY(files_.remove(parts_folder() + "/" + file));
    return ok_status();
}

// A page at a time, so that a large inbox never holds up what arrives.
Status Core::end_messages(UnixMillis now) {
    const Epoch epoch = registry().registry().epoch;
    if (epoch != ended_under_) ended_position_.reset(), ended_at_ = UnixMillis(0);
    if (!ended_position_ && now < ended_at_ + k_between_rounds_ms && ended_at_.get() != 0) return ok_status();
    ended_under_ = epoch;
    ended_at_ = now;
    SAMPAN_ASSIGN(std::vector<KeptMessage> page, store_.kept_messages(ended_position_.value_or(0), k_page));
    std::vector<std::string> files;
    for (const KeptMessage& kept : page) {
        SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(kept.seal, kept.signature.view()));
        const auto ends = label_ends(registry().registry().policy, seal.header.label);
        if (!ends || now < *ends) continue;
        SAMPAN_TRY(store_.end_message(kept.subject, now));
        for (const PartDescription& part : seal.header.parts) files.push_back(part.root.hex());
    }
    SAMPAN_TRY(remove_files(files));
    ended_position_.reset();
    if (page.size() == k_page) ended_position_ = page.back().position;
    return ok_status();
}

}  // namespace sampan::node
