#include "cli/reply_text.h"

#include <algorithm>

#include "cli/console.h"
#include "cli/error.h"

namespace sampan::cli {
namespace {

// Whom the label names, and the one it goes to: an originator does not name itself.
json releasable_to(const json& label, const std::string& to) {
    json out = list_of(label, "releasable_to");
    if (!out.empty() && std::find(out.begin(), out.end(), json(to)) == out.end()) out.push_back(to);
    return out;
}

}  // namespace

std::string toml_text(const std::string& text) {
    // A JSON string is a TOML basic string, but for the escape "\/", which dump() never writes.
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string toml_list(const std::vector<std::string>& texts) {
    return json(texts).dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<std::string> reply_front_matter(const json& original, const ReplyText& reply) {
    const json& label = object_of(original, "label");
    if (label.empty())
        return Error(CliError::failed, "the node does not say which label the message carries",
                     "write the front matter of the reply yourself: see docs/officer.md");
    const std::string title = text_of(original, "title");
    std::string out = "+++\nkind = " + toml_text(reply.kind) +
                      "\ntitle = " + toml_text(title.starts_with("Re: ") ? title : "Re: " + title) +
                      "\nto = [" + toml_text(reply.to) +
                      "]\nprecedence = " + toml_text(text_of(original, "precedence", "ROUTINE")) + "\n" +
                      reply.fields +
                      "[label]\nclassification = " + toml_text(text_of(label, "classification")) + "\n";
    const json readers = releasable_to(label, reply.to);
    if (!readers.empty()) out += "releasable_to = " + readers.dump() + "\n";
    for (const json& mark : list_of(label, "handling"))
        out += text_of(mark, "scheme") + " = " + toml_text(text_of(mark, "code")) + "\n";
    if (!object_of(label, "categories").empty()) out += "[label.categories]\n";
    for (const auto& [tag, values] : object_of(label, "categories").items())
        out += tag + " = " + values.dump() + "\n";
    return out + "+++\n";
}

}  // namespace sampan::cli
