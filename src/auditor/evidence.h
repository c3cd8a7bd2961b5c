// Checking an evidence bundle, offline, with nothing but the trust anchor: what each step proves, in a
// sentence.
#pragma once

#include "auditor/audit_report.h"
#include "sampan/log/evidence.h"

namespace sampan {

struct EvidenceOptions {
    Sha256Digest trust;  // SHA-256 of epoch 1's registry bytes
    // Witness keys that the verifier holds from elsewhere; none: those that the bundle's descriptors state,
    // each certified under a root that the registry pins.
    std::vector<WitnessKey> witnesses;
    // Roots of the time-stamping authority, in PEM: a bundle with a token is then checked against them.
    std::string time_authority;
};
struct EvidenceReport {
    std::vector<AuditStep> steps;
    std::optional<Header> header;
    std::optional<std::uint64_t> time_s;  // the witnesses' median: when it was there at the latest
    std::string document;                 // disclosed, else empty
    bool ok() const;
};
// What a time stamp of a bundle is over: SHA-256 of its checkpoint's text.
Result<Sha256Digest> time_stamped_digest(const Evidence& evidence);
// An Error only when the bundle cannot be read at all.
Result<EvidenceReport> verify_evidence(ByteView bundle, const EvidenceOptions& options);

}  // namespace sampan
