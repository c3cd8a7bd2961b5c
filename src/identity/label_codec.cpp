#include "sampan/identity/label_codec.h"

#include "identity/label_pb.h"
#include "sampan/base/limits.h"
#include "sampan/wire/strict.h"

namespace sampan {
namespace {

Error not_canonical(std::string why) {
    return Error(LabelError::not_canonical, std::move(why));
}

}  // namespace

wire::Label to_wire(const Label& label) {
    wire::Label out;
    out.set_policy(label.policy);
    out.set_classification(label.classification);
    for (const LabelCategory& category : label.categories) {
        wire::LabelCategory* added = out.add_categories();
        added->set_tag(category.tag);
        for (const std::string& value : category.values) added->add_values(value);
    }
    for (const AgencyId& agency : label.releasable_to) out.add_releasable_to(agency.text());
    for (const LabelHandling& code : label.handling) {
        wire::LabelHandling* added = out.add_handling();
        added->set_scheme(code.scheme);
        added->set_code(code.code);
        added->set_text(code.text);
    }
    out.set_originator(label.originator.text());
    out.set_created_ms(label.created.get());
    if (label.review) out.set_review_ms(label.review->get());
    if (label.expires) out.set_expires_ms(label.expires->get());
    return out;
}

Result<Label> from_wire(const wire::Label& in) {
    Label out;
    out.policy = in.policy();
    out.classification = in.classification();
    if (out.policy.empty() || out.classification.empty())
        return not_canonical("a label names no policy or no classification");
    std::size_t values = 0;
    for (const wire::LabelCategory& category : in.categories()) {
        LabelCategory added{category.tag(), {category.values().begin(), category.values().end()}};
        values += added.values.size();
        if (added.tag.empty() || added.values.empty()) return not_canonical("a label has an empty category");
        for (std::size_t i = 1; i < added.values.size(); ++i)
            if (!(added.values[i - 1] < added.values[i]))
                return not_canonical("category values are unsorted or repeated");
        if (!out.categories.empty() && !(out.categories.back().tag < added.tag))
            return not_canonical("categories are unsorted or repeated");
        out.categories.push_back(std::move(added));
    }
    if (values > limits::k_label_values)
        return Error(LabelError::too_many_values, "a label has too many category values");
    for (const std::string& text : in.releasable_to()) {
        SAMPAN_ASSIGN(AgencyId agency, AgencyId::parse(text));
        if (!out.releasable_to.empty() && !(out.releasable_to.back() < agency))
            return not_canonical("the releasable-to list is unsorted or repeated");
        out.releasable_to.push_back(std::move(agency));
    }
    for (const wire::LabelHandling& code : in.handling()) {
        if (code.scheme().empty() || code.code().empty() ||
            (!out.handling.empty() && !(out.handling.back().scheme < code.scheme())))
            return not_canonical("handling codes are empty, unsorted or repeated");
        out.handling.push_back({code.scheme(), code.code(), code.text()});
    }
    SAMPAN_ASSIGN(out.originator, AgencyId::parse(in.originator()));
    out.created = UnixMillis(in.created_ms());
    if (in.review_ms() != 0) out.review = UnixMillis(in.review_ms());
    if (in.expires_ms() != 0) out.expires = UnixMillis(in.expires_ms());
    return out;
}

Bytes encode_label(const Label& label) {
    return encode_canonical(to_wire(label));
}

Result<Label> decode_label(ByteView bytes) {
    wire::Label in;
    SAMPAN_TRY(decode_strict(bytes, limits::k_header_bytes, in));
    return from_wire(in);
}

}  // namespace sampan
