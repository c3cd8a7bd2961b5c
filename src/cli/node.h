// The node's local API as the commands use it: JSON in, JSON out, failures with the exit code they end in.
#pragma once

#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/node_client.h"
#include "sampan/base/file.h"
#include "sampan/crypto/secret.h"

namespace sampan::cli {

using nlohmann::json;

// Where the node listens when neither --node nor SAMPAN_NODE says: $XDG_RUNTIME_DIR/sampan/node.sock when
// that exists, else /run/sampan/node.sock.
std::string default_node_socket();

class Node {
  public:
    explicit Node(std::string socket, const std::string& token = "") : client_(std::move(socket)) {
        client_.set_token(token);
    }
    const NodeClient& client() const { return client_; }

    Result<json> get(const std::string& target, int wait_s = 60) const;
    Result<json> post(const std::string& target, const json& value = json::object()) const;
    Result<json> remove(const std::string& target) const;  // DELETE
    // A POST whose body has passphrases beside `value`, which are never copied out of wiped memory.
    using SecretField = std::pair<std::string_view, const SecretBuffer&>;
    Result<json> post_secret(const std::string& target, const json& value,
                             std::initializer_list<SecretField> secrets) const;
    // PUT /v1/uploads of one file; gives its record {"upload","name","size","sha256"}.
    Result<json> upload(const std::string& path, const TransferProgress& progress) const;
    // PUT of one file's bytes as they are.
    Result<json> put_file(const std::string& target, const std::string& path) const;
    // The raw bytes of a GET into `sink`.
    Status save(const std::string& target, int sink, const TransferProgress& progress) const;

  private:
    NodeClient client_;
};

// The JSON of an answer, or the failure that it is.
Result<json> json_of(const HttpAnswer& answer);

// Fields of JSON that may lack them or hold another type: the value, or what is given for it.
std::string text_of(const json& in, const char* key, const std::string& otherwise = "");
std::int64_t number_of(const json& in, const char* key, std::int64_t otherwise = 0);
bool flag_of(const json& in, const char* key);
const json& list_of(const json& in, const char* key);    // an empty array where there is none
const json& object_of(const json& in, const char* key);  // likewise an empty object
// "a, b, c"
std::string joined(const json& texts);

// "application/json" for ".json", and so on; application/octet-stream for what is not known.
std::string media_type_of(const std::string& path);

}  // namespace sampan::cli
