// The local API: routes, and what each answers. docs/openapi.yaml describes the same; a test compares them.
#pragma once

#include <mutex>

#include "node/api_server.h"
#include "node/owner_queue.h"
#include "sampan/base/time.h"

namespace sampan::node {

struct Route {
    std::string_view method;
    std::string_view path;  // "/v1/messages/{id}"
};
// Every route, in the order of docs/openapi.yaml.
const std::vector<Route>& routes();

// Called on connection threads; everything about the core happens on the owner's thread.
class Api {
  public:
    Api(OwnerQueue& owner, FileSystem& files, const Clock& clock)
        : owner_(owner), files_(files), clock_(clock) {}
    ApiResponse handle(const ApiRequest& request);

  private:
    ApiResponse upload(const ApiRequest& request);
    ApiResponse publish(const ApiRequest& request);
    ApiResponse dialogue(const ApiRequest& request, const std::string& id, const std::string& view);
    ApiResponse opened(const ApiRequest& request, const std::string& what,
                       const std::vector<std::string>& values);
    ApiResponse stix(const ApiRequest& request);
    Result<std::string> export_stix_at(const std::string& label, const std::string& dialogue);
    Status catch_up();
    ApiResponse attachment(const std::string& id, const std::string& index);
    ApiResponse unlock(const ApiRequest& request);
    ApiResponse export_log();
    Status write_export(File& out);

    OwnerQueue& owner_;
    FileSystem& files_;
    const Clock& clock_;
    std::mutex exporting_;  // connection threads take turns: there is one session to ask through
};

// HTTP status of an error, by its name.
unsigned status_of(const Error& error);

}  // namespace sampan::node
