#include "unit/node/served.h"

#include <poll.h>

namespace sampan::test {
namespace {

void split(std::string_view text, char at, const std::function<void(std::string)>& each) {
    while (true) {
        const auto end = text.find(at);
        each(std::string(text.substr(0, end)));
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

}  // namespace

Served::Served(Room& room, TestNode& node)
    : clock_(room), node_(node), api_(queue_, system_files(), clock_), owner_([this] { own(); }) {
    SAMPAN_ASSERT(sign_in() == 200);
}

unsigned Served::sign_in(std::string_view passphrase) {
    node::ApiRequest request;
    request.method = "POST";
    request.path = {"v1", "sign-in"};
    const std::string body = nlohmann::json{{"officer", "admin"}, {"passphrase", passphrase}}.dump();
    request.body = to_bytes(as_bytes(body));
    const node::ApiResponse answer = api_.handle(request);
    if (answer.status == 200)
        token_ = from_hex(nlohmann::json::parse(answer.body)["token"].get<std::string>()).value();
    return answer.status;
}

Served::~Served() {
    stop_ = true;
    owner_.join();
}

void Served::own() {
    while (!stop_) {
        pollfd ready{queue_.descriptor(), POLLIN, 0};
        if (::poll(&ready, 1, 5) > 0) queue_.drain(*node_.core);
    }
}

node::ApiResponse Served::ask(std::string_view method, std::string_view target, std::string_view body) {
    node::ApiRequest request;
    request.method = method;
    const auto question = target.find('?');
    split(target.substr(1, question == std::string_view::npos ? question : question - 1), '/',
          [&](std::string segment) { request.path.push_back(std::move(segment)); });
    if (question != std::string_view::npos)
        split(target.substr(question + 1), '&', [&](const std::string& pair) {
            const auto equals = pair.find('=');
            request.query[pair.substr(0, equals)] =
                equals == std::string::npos ? "" : pair.substr(equals + 1);
        });
    request.body = to_bytes(as_bytes(body));
    return handle(std::move(request));
}

nlohmann::json Served::get(std::string_view target) {
    const node::ApiResponse answer = ask("GET", target);
    SAMPAN_ASSERT(answer.status == 200);
    return nlohmann::json::parse(answer.body);
}

std::string error_name_of(const node::ApiResponse& answer) {
    const auto body = nlohmann::json::parse(answer.body);
    return body.contains("error") ? body["error"]["name"].get<std::string>() : "";
}

}  // namespace sampan::test
