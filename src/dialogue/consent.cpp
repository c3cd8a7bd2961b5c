#include "sampan/dialogue/consent.h"

#include <algorithm>

#include "sampan/dialogue/compilation.h"
#include "sampan/dialogue/error.h"
#include "sampan/dialogue/stix.h"

namespace sampan {
namespace {

Error bad(std::string why) {
    return Error(ConsentError::bad_consent, std::move(why));
}
Error no_consent(std::string why) {
    return Error(ConsentError::no_consent, std::move(why),
                 "ask its originator: sampan pass-on request ID --to AGENCY");
}

std::vector<std::pair<std::string, std::string>> pairs_of(const Fields::Texts& texts) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const std::string& text : texts) {
        const auto at = text.find('=');
        out.emplace_back(text.substr(0, at), text.substr(at + 1));
    }
    return out;
}

Status lower_classification(const LabelPolicy& policy, const std::string& wanted, Label& label) {
    if (wanted.empty()) return ok_status();
    const PolicyLevel* now = policy.level(label.classification);
    const PolicyLevel* then = policy.level(wanted);
    if (then == nullptr) return bad("\"" + wanted + "\" is no level of the policy");
    if (now == nullptr || then->rank > now->rank)
        return bad("\"" + wanted + "\" is not below the message's own level, " + label.classification);
    label.classification = wanted;
    return ok_status();
}

Status take_out(const std::string& tag, const std::string& value, Label& label) {
    for (auto category = label.categories.begin(); category != label.categories.end(); ++category) {
        if (category->tag != tag) continue;
        const auto at = std::find(category->values.begin(), category->values.end(), value);
        if (at == category->values.end()) break;
        category->values.erase(at);
        if (category->values.empty()) label.categories.erase(category);
        return ok_status();
    }
    return bad("without: the message's label has no " + tag + "=" + value);
}

Status replace_code(const std::string& scheme, const std::string& code, Label& label) {
    for (LabelHandling& mark : label.handling) {
        if (mark.scheme != scheme) continue;
        mark.code = code;
        mark.text.clear();
        return ok_status();
    }
    return bad("handling: the message's label has no code of " + scheme);
}

}  // namespace

bool Consent::names(const AgencyId& agency) const {
    return std::binary_search(release_to.begin(), release_to.end(), agency);
}

Result<Consent> consent_of(const Document& document) {
    if (document.kind != DocumentKind::release_consent)
        return bad("a " + std::string(kind_name(document.kind)) + " is no consent");
    const Fields& fields = document.fields;
    Consent out;
    out.granted = fields.text("decision") == "granted";
    for (const std::string& text : fields.texts("release_to")) {
        SAMPAN_ASSIGN(AgencyId id, AgencyId::parse(text));
        out.release_to.push_back(std::move(id));
    }
    std::sort(out.release_to.begin(), out.release_to.end());
    if (const std::string& subject = fields.text("original"); !subject.empty()) {
        SAMPAN_ASSIGN(out.original, MessageSubject::parse_hex(subject));
    }
    out.until = fields.date("until");
    out.conditions = fields.text("conditions");
    out.classification = fields.text("classification");
    out.without = pairs_of(fields.texts("without"));
    out.handling = pairs_of(fields.texts("handling"));
    return out;
}

Status check_consent(const Consent& consent, const MessageSubject& original,
                     const std::vector<AgencyId>& readers, UnixMillis now) {
    if (!consent.granted) return no_consent("the originator refused it");
    if (!consent.original) return no_consent("the consent does not say which sealed message it is for");
    if (*consent.original != original) return no_consent("the consent is for another message");
    for (const AgencyId& reader : readers)
        if (!consent.names(reader))
            return no_consent("the consent does not name " + reader.text() + " as an addressee");
    if (consent.until && now >= *consent.until)
        return no_consent("the consent held until " + to_rfc3339(*consent.until));
    return ok_status();
}

Result<Label> passed_on_label(const LabelPolicy& policy, const Label& original, const Consent& consent,
                              const std::vector<AgencyId>& readers) {
    Label out = original;
    if (!out.releasable_to.empty()) {
        out.releasable_to.insert(out.releasable_to.end(), readers.begin(), readers.end());
        std::sort(out.releasable_to.begin(), out.releasable_to.end());
        out.releasable_to.erase(std::unique(out.releasable_to.begin(), out.releasable_to.end()),
                                out.releasable_to.end());
    }
    SAMPAN_TRY(lower_classification(policy, consent.classification, out));
    for (const auto& [tag, value] : consent.without) SAMPAN_TRY(take_out(tag, value, out));
    for (const auto& [scheme, code] : consent.handling) SAMPAN_TRY(replace_code(scheme, code, out));
    if (consent.lowers())
        if (const Status valid = check_label(policy, out); !valid.ok())
            return bad("the lower label is not one: " + valid.error().context());
    return out;
}

Status check_document_label(const LabelPolicy& policy, const Document& document, const Label& label) {
    for (const PortionLabel& portion : document.portions)
        if (const Status below = dominates(policy, label, portion.label); !below.ok())
            return Error(BriefingError::portion_above_label,
                         "portion " + portion.name + ": " + below.error().context(),
                         "its originator sends a revision without that portion");
    for (const FilePortion& file : document.files) {
        if (!file.stix) continue;
        const Label* own = &label;
        for (const PortionLabel& portion : document.portions)
            if (portion.name == file.portion) own = &portion.label;
        SAMPAN_TRY(check_stix_label(*file.stix, *own, file.file));
    }
    return ok_status();
}

}  // namespace sampan
