#include "cli/node.h"

#include <array>
#include <cstdlib>
#include <filesystem>

namespace sampan::cli {
namespace {

constexpr int k_json_depth = 32;

// JSON, refused when nested deeper than any answer of ours.
json parse_bounded(const std::string& text) {
    return json::parse(
        text, [](int depth, json::parse_event_t, json&) { return depth <= k_json_depth; }, false);
}

Error failure_of(const HttpAnswer& answer, const json& body) {
    const json& error = object_of(body, "error");
    const std::string name = text_of(error, "name", "http_" + std::to_string(answer.status));
    std::string detail = text_of(error, "detail");
    std::string remedy = text_of(error, "remedy");
    const CliError kind = kind_of_answer(answer.status, name);
    if (kind == CliError::not_allowed && answer.status == 423 && remedy.empty()) remedy = "sampan sign-in ID";
    return Error(kind, name + (detail.empty() ? "" : ": " + detail), remedy);
}

}  // namespace

std::string default_node_socket() {
    if (const char* runtime = std::getenv("XDG_RUNTIME_DIR")) {
        const std::string path = std::string(runtime) + "/sampan/node.sock";
        if (system_files().exists(path)) return path;
    }
    return "/run/sampan/node.sock";
}

Result<json> json_of(const HttpAnswer& answer) {
    json body = answer.body.empty() ? json::object() : parse_bounded(answer.body);
    if (answer.status >= 400) return failure_of(answer, body);
    if (body.is_discarded())
        return Error(CliError::failed, "the node's answer is no JSON",
                     "is the socket that of a sampan-node of this version? sampan version tells ours");
    return body;
}

Result<json> Node::get(const std::string& target, int wait_s) const {
    SAMPAN_ASSIGN(HttpAnswer answer, client_.send("GET", target, {}, wait_s));
    return json_of(answer);
}

Result<json> Node::post(const std::string& target, const json& value) const {
    std::string body;
    try {
        body = value.dump();
    } catch (const json::exception&) {
        return Error(CliError::usage, "the text is not valid UTF-8", "save the file as UTF-8 and try again");
    }
    SAMPAN_ASSIGN(HttpAnswer answer, client_.send("POST", target, as_bytes(body)));
    return json_of(answer);
}

Result<json> Node::remove(const std::string& target) const {
    SAMPAN_ASSIGN(HttpAnswer answer, client_.send("DELETE", target));
    return json_of(answer);
}

Result<json> Node::post_secret(const std::string& target, const json& value,
                               std::initializer_list<SecretField> secrets) const {
    static constexpr std::string_view k_digits = "0123456789abcdef";
    std::string open = value.dump(-1, ' ', false, json::error_handler_t::replace);
    open.pop_back();  // the closing brace
    // Every byte below space, quotes and backslashes becomes \u00XX: at most six bytes for one.
    std::size_t most = open.size() + 1;
    for (const auto& [name, secret] : secrets) most += name.size() + 6 + secret.size() * 6;
    SecretBuffer body(most);
    MutableBytes out = body.fill(k_reveal);
    std::size_t size = 0;
    const auto put = [&](std::string_view text) {
        for (char c : text) out[size++] = static_cast<std::uint8_t>(c);
    };
    put(open);
    bool first = value.empty();
    for (const auto& [name, secret] : secrets) {
        put(first ? "\"" : ",\"");
        put(name);
        put("\":\"");
        first = false;
        for (const std::uint8_t byte : secret.reveal(k_reveal)) {
            if (byte >= 0x20 && byte != '"' && byte != '\\') {
                out[size++] = byte;
                continue;
            }
            put("\\u00");
            put(k_digits.substr(byte >> 4, 1));
            put(k_digits.substr(byte & 15, 1));
        }
        put("\"");
    }
    put("}");
    SAMPAN_ASSIGN(HttpAnswer answer, client_.send("POST", target, body.reveal(k_reveal).first(size)));
    return json_of(answer);
}

Result<json> Node::upload(const std::string& path, const TransferProgress& progress) const {
    const std::string name = std::filesystem::path(path).filename().string();
    SAMPAN_ASSIGN(HttpAnswer answer,
                  client_.upload("/v1/uploads", path, percent_encoded(name), media_type_of(path), progress));
    return json_of(answer);
}

Result<json> Node::put_file(const std::string& target, const std::string& path) const {
    SAMPAN_ASSIGN(HttpAnswer answer, client_.upload(target, path, "", "application/octet-stream",
                                                    [](std::uint64_t, std::uint64_t) { return true; }));
    return json_of(answer);
}

Status Node::save(const std::string& target, int sink, const TransferProgress& progress) const {
    SAMPAN_ASSIGN(HttpAnswer answer, client_.download(target, sink, progress));
    if (answer.status < 400) return ok_status();
    const auto body = json_of(answer);
    return body.error();
}

std::string text_of(const json& in, const char* key, const std::string& otherwise) {
    if (!in.is_object()) return otherwise;
    const auto found = in.find(key);
    if (found == in.end() || found->is_null()) return otherwise;
    if (found->is_string()) return found->get<std::string>();
    return found->is_primitive() ? found->dump() : otherwise;
}

std::int64_t number_of(const json& in, const char* key, std::int64_t otherwise) {
    if (!in.is_object()) return otherwise;
    const auto found = in.find(key);
    return found != in.end() && found->is_number() ? found->get<std::int64_t>() : otherwise;
}

bool flag_of(const json& in, const char* key) {
    if (!in.is_object()) return false;
    const auto found = in.find(key);
    return found != in.end() && found->is_boolean() && found->get<bool>();
}

const json& list_of(const json& in, const char* key) {
    static const json k_none = json::array();
    if (!in.is_object()) return k_none;
    const auto found = in.find(key);
    return found != in.end() && found->is_array() ? *found : k_none;
}

const json& object_of(const json& in, const char* key) {
    static const json k_none = json::object();
    if (!in.is_object()) return k_none;
    const auto found = in.find(key);
    return found != in.end() && found->is_object() ? *found : k_none;
}

std::string joined(const json& texts) {
    std::string out;
    for (const json& text : texts)
        if (text.is_string()) out += (out.empty() ? "" : ", ") + text.get<std::string>();
    return out;
}

std::string media_type_of(const std::string& path) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> k_known = {{
        {".txt", "text/plain"},
        {".md", "text/markdown"},
        {".json", "application/json"},
        {".pdf", "application/pdf"},
        {".csv", "text/csv"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".xml", "application/xml"},
        {".zip", "application/zip"},
        {".stix", "application/stix+json"},
        {".html", "text/html"},
    }};
    const std::string ending = std::filesystem::path(path).extension().string();
    for (const auto& [known, type] : k_known)
        if (known == ending) return std::string(type);
    return "application/octet-stream";
}

}  // namespace sampan::cli
