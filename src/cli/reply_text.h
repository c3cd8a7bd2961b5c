// Briefings that the command line writes itself: an answer to one agency, under the label of what it answers.
#pragma once

#include <string>

#include "cli/node.h"

namespace sampan::cli {

struct ReplyText {
    std::string kind;
    std::string to;      // an agency
    std::string fields;  // of the kind: lines of TOML, each ended
};
// Front matter. `original` is the node's view of the message that is answered.
Result<std::string> reply_front_matter(const json& original, const ReplyText& reply);
std::string toml_text(const std::string& text);
std::string toml_list(const std::vector<std::string>& texts);

}  // namespace sampan::cli
