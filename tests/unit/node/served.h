// A node of a room with its local API: requests run as on a connection's thread, the core on the owner's. The
// room may be turned while no request is under way.
#pragma once

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "node/api.h"
#include "unit/node/room.h"

namespace sampan::test {

class Served {
  public:
    Served(Room& room, TestNode& node);
    ~Served();
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;

    // As the first officer, who is signed in.
    node::ApiResponse handle(node::ApiRequest request) {
        request.token = token_;
        return api_.handle(request);
    }
    // "/v1/inbox?unread=1", and a body of text.
    node::ApiResponse ask(std::string_view method, std::string_view target, std::string_view body = "");
    // The JSON of an answer that must be 200.
    nlohmann::json get(std::string_view target);

    // Again, after everybody was signed out. The answer's status.
    unsigned sign_in(std::string_view passphrase = k_first_words);

  private:
    class RoomClock final : public Clock {
      public:
        explicit RoomClock(const Room& room) : room_(room) {}
        UnixMillis wall() const override { return room_.now(); }
        MonotonicMillis monotonic() const override { return MonotonicMillis(room_.now().get()); }

      private:
        const Room& room_;
    };
    void own();

    RoomClock clock_;
    TestNode& node_;
    node::OwnerQueue queue_;
    node::Api api_;
    Bytes token_;
    std::atomic<bool> stop_{false};
    std::thread owner_;
};

// The name in an error's body, "" when there is none.
std::string error_name_of(const node::ApiResponse& answer);

}  // namespace sampan::test
