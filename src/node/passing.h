// The third-party rule where it is enforced: what a message that is passed on must prove to the node that
// receives it. Pure; the same is asked by the node that passes on, before it seals.
#pragma once

#include "sampan/dialogue/consent.h"
#include "sampan/envelope/content.h"
#include "sampan/identity/registry.h"
#include "sampan/log/log.h"

namespace sampan::node {

// A sealed message of another agency that verified: form, certificate to the pinned root at the time of its
// log entry, signature, place in the log, and that the content is what was sealed.
struct ProvenSeal {
    SignedSeal seal;
    Content content;
    UnixMillis logged;
};
struct VerifiedPassing {
    ProvenSeal original, consent;
    Consent terms;
};
struct PassingContext {
    const RegistryEpoch& epoch;
    UnixMillis now;
};
// Everything that PROTOCOL.md section 7 asks of what is passed on. `no_consent` names what is missing or
// wrong. That the anchor's root is the broker's is the caller's to verify.
Result<VerifiedPassing> verify_passing(const Header& header, const Content& content,
                                       const PassingContext& context);
// Of these classes and kinds only: receipts, recalls and consents mean something between two agencies.
Status may_be_passed_on(const Header& original, const Document& document);

}  // namespace sampan::node
