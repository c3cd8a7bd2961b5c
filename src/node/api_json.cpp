#include "node/api_json.h"

#include <algorithm>

namespace sampan::node {
namespace {

constexpr int k_json_depth = 8;

}  // namespace

ApiResponse ok(std::string body) {
    ApiResponse out;
    out.body = std::move(body);
    return out;
}
ApiResponse fail(const Error& error) {
    return error_response(status_of(error), error);
}
ApiResponse answer(Result<std::string> body) {
    return body.ok() ? ok(std::move(*body)) : fail(body.error());
}

Error bad_request(std::string why) {
    return Error(NodeError::bad_request, std::move(why), "docs/openapi.yaml describes the request");
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<json> parse_object(const Bytes& body, std::initializer_list<std::string_view> known) {
    bool too_deep = false;
    const auto depth_guard = [&](int depth, json::parse_event_t, json&) {
        too_deep = too_deep || depth > k_json_depth;
        return depth <= k_json_depth;
    };
    json out = json::parse(body.begin(), body.end(), depth_guard, false);
    if (too_deep) return bad_request("the JSON is nested too deeply");
    if (out.is_discarded() || !out.is_object()) return bad_request("the body is not a JSON object");
    for (const auto& [key, value] : out.items())
        if (std::find(known.begin(), known.end(), key) == known.end())
            return bad_request("unknown key \"" + key + "\"");
    return out;
}

Result<bool> flag(const json& in, const char* key) {
    if (!in.contains(key)) return false;
    if (!in[key].is_boolean()) return bad_request(std::string(key) + ": expected true or false");
    return in[key].get<bool>();
}

Result<std::vector<std::string>> texts(const json& in, const char* key) {
    std::vector<std::string> out;
    if (!in.contains(key)) return out;
    if (!in[key].is_array()) return bad_request(std::string(key) + ": expected a list of texts");
    for (const json& item : in[key]) {
        if (!item.is_string()) return bad_request(std::string(key) + ": expected a list of texts");
        out.push_back(item.get<std::string>());
    }
    return out;
}

Result<std::string> need_text(const json& in, const char* key) {
    if (!in.contains(key) || !in[key].is_string()) return bad_request(std::string(key) + ": expected text");
    return in[key].get<std::string>();
}

Result<SecretBuffer> take_secret(json& in, const char* key) {
    if (!in.contains(key)) return SecretBuffer();
    if (!in[key].is_string()) return bad_request(std::string(key) + ": expected text");
    auto& text = in[key].get_ref<std::string&>();
    SecretBuffer out = SecretBuffer::copy_of(as_bytes(text));
    wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
    return out;
}

}  // namespace sampan::node
