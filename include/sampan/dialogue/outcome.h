// The outcome document: what its readers may see of a dialogue, each statement with the messages it comes
// from. Pure.
#pragma once

#include "sampan/dialogue/briefing.h"
#include "sampan/dialogue/views.h"

namespace sampan {

struct OutcomeRequest {
    // What the document may carry at most; none: whatever its parts ask for.
    std::optional<Label> ceiling;
    // May that agency read that label? The registry's one decision.
    std::function<bool(const AgencyId&, const Label&)> may_read;
};
struct OutcomeDraft {
    Page page;
    Compilation label;              // the dominance of its parts, and which part forced what
    std::vector<AgencyId> readers;  // participants that may read it
    std::vector<EntryPtr> cited;    // in order
    struct LeftOut {
        EntryPtr entry;
        std::string why;
    };
    std::vector<LeftOut> left_out;  // for whoever compiles it; never part of the document
    std::string briefing;           // to be published as it stands, or after a pen has gone over it
};
// Of the messages held, those that every reader of the document has been given (or its originator consented
// to pass on) and that the ceiling dominates. `no_parts` when nothing is left.
Result<OutcomeDraft> compile_outcome(const ViewContext& context, const OutcomeRequest& request);

// "restricted compartment=ct,cyber tlp=AMBER" as people type it: a level, then categories and handling codes.
// "unclassified" is the least. `bad_front_matter` for what is no label at all; complete_label checks the
// rest.
Result<LabelDraft> parse_label_words(std::string_view text, const LabelPolicy& policy);

// A message and everything said about it, as a page: comments, corrections and what became of them,
// positions, recalls, consent.
Page thread_view(const ViewContext& context, const EntryPtr& root);
// "proposed", "accepted", "declined", or "by its author".
std::string correction_state(const Workspace& workspace, const Entry& correction);

}  // namespace sampan
