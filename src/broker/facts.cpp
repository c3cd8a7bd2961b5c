#include "broker/facts.h"

namespace sampan::broker {
namespace {

constexpr std::size_t k_roots_kept = 4096;

}  // namespace

Result<Facts> FactReader::read(const std::vector<CheckedFrame>& frames, const State& state) {
    Facts facts;
    for (const CheckedFrame& frame : frames)
        for (const CheckedPacket& packet : frame.packets) {
            if (const auto* submit = std::get_if<CheckedSubmit>(&packet.checked)) {
                if (!submit->unreadable) SAMPAN_TRY(read_submit(*submit, facts));
            } else if (const auto* list = std::get_if<CheckedOutcomes>(&packet.checked)) {
                const auto number = state.numbers.find(frame.agency);
                if (list->refused || number == state.numbers.end()) continue;
                const auto& newest = state.agencies[number->second].newest_outcomes;
                if (!newest || list->statement.counter > newest->counter) continue;
                SAMPAN_ASSIGN(std::optional<StoredOutcomeList> known,
                              store_.outcome_list(frame.agency, list->statement.counter));
                if (known) facts.outcome_lists[{frame.agency, list->statement.counter}] = *known;
            }
        }
    return facts;
}

Status FactReader::read_submit(const CheckedSubmit& submit, Facts& facts) {
    const Header& header = submit.parcel->seal.header;
    SAMPAN_TRY(read_submission({header.sender, header.message_id}, facts, true));
    if (submit.refused || submit.denied) return ok_status();
    SAMPAN_TRY(read_root(header.anchor.size, facts));
    if (header.message_class == MessageClass::recall)
        for (const MessageId& about : header.about)
            SAMPAN_TRY(read_submission({header.sender, about}, facts, false));
    for (const PartDescription& part : header.parts)
        if (facts.part_frames.count(part.root) == 0) {
            SAMPAN_ASSIGN(facts.part_frames[part.root], store_.part_frames(part.root));
        }
    return ok_status();
}

Status FactReader::read_submission(const SubmissionKey& key, Facts& facts, bool with_list) {
    SAMPAN_ASSIGN(std::optional<StoredSubmission> known, store_.find_submission(key));
    if (!known) return ok_status();
    facts.submissions[key] = *known;
    if (!with_list || facts.answer_lists.count(known->list_counter) != 0) return ok_status();
    SAMPAN_ASSIGN(Bytes bytes, store_.answer_list(known->list_counter));
    auto list = decode_signed_list(bytes);
    if (!list || known->item >= list->items.size())
        return Error(StoreError::damaged, "a stored list of answers does not decode");
    facts.answer_lists[known->list_counter] = std::move(list).value();
    return ok_status();
}

Status FactReader::read_root(TreeSize size, Facts& facts) {
    if (size > store_.head().size || facts.roots.count(size) != 0) return ok_status();
    auto known = roots_.find(size);
    if (known == roots_.end()) {
        const auto read = [this](unsigned level, std::uint64_t index) { return store_.node(level, index); };
        SAMPAN_ASSIGN(MerkleHash root, merkle_root(size, read));
        if (roots_.size() >= k_roots_kept) roots_.erase(roots_.begin());
        known = roots_.emplace(size, root).first;
    }
    facts.roots[size] = known->second;
    return ok_status();
}

}  // namespace sampan::broker
