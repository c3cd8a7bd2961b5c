// The local API: routes, and what each answers. docs/openapi.yaml describes the same; a test compares them.
#pragma once

#include <mutex>

#include "node/api_server.h"
#include "node/officers.h"
#include "node/owner_queue.h"
#include "node/views.h"
#include "sampan/base/time.h"
#include "sampan/dialogue/search.h"

namespace sampan::node {

struct Route {
    std::string_view method;
    std::string_view path;  // "/v1/messages/{id}"
    Access access = Access::officer;
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
    // Who asks, by the session's token; for Access::peer nobody in particular.
    Result<Caller> authorise(const ApiRequest& request, Access access);
    ApiResponse serve(const Route& route, const std::vector<std::string>& values, const ApiRequest& request,
                      const Caller& caller);
    ApiResponse upload(const ApiRequest& request);
    ApiResponse publish(const ApiRequest& request, const Caller& caller);
    using AttachmentFinder = std::function<Result<AttachmentView>(Core& core, std::size_t index)>;
    ApiResponse attachment(const std::string& index, const AttachmentFinder& find);

    // api_registry.cpp: epochs as files, their differences, labels. None: the route is not about these.
    std::optional<ApiResponse> serve_registry(const Route& route, const std::vector<std::string>& values,
                                              const ApiRequest& request, const Caller& caller);
    ApiResponse import_epoch(const ApiRequest& request);
    ApiResponse epoch_file(const std::string& number);
    ApiResponse explain_label(const ApiRequest& request);
    ApiResponse dialogue(const ApiRequest& request, const Caller& caller, const std::string& id,
                         const std::string& view);
    ApiResponse opened(const ApiRequest& request, const Caller& caller, const std::string& what,
                       const std::vector<std::string>& values);
    Result<SearchQuery> search_query(const ApiRequest& request, const Caller& caller);
    ApiResponse stix(const ApiRequest& request, const Caller& caller);
    Result<std::string> export_stix_at(const Caller& caller, const std::string& label,
                                       const std::string& dialogue);
    Status catch_up();
    // api_receipts.cpp
    ApiResponse receipts(const ApiRequest& request, const Caller& caller, const std::string& id);
    ApiResponse recall(const ApiRequest& request, const Caller& caller, const std::string& id);
    // api_pass.cpp
    ApiResponse pass_on(const ApiRequest& request, const Caller& caller, const std::string& id);
    ApiResponse relabel(const ApiRequest& request, const Caller& caller, const std::string& id);
    Result<std::vector<std::string>> copy_attachments(const ResendDraft& draft);
    // Of one entry in a tree that this node verified, from the broker; the caller verifies it.
    Result<MerkleProof> proof_of(LeafIndex leaf, TreeSize size);
    ApiResponse export_log();
    ApiResponse file_answer(std::shared_ptr<File> source, std::string name);
    // api_log.cpp
    ApiResponse journal(const ApiRequest& request, const Caller& caller);
    ApiResponse export_journal(const Caller& caller);
    ApiResponse fork_evidence();
    ApiResponse evidence(const ApiRequest& request, const Caller& caller, const std::string& id);
    Result<Bytes> make_evidence(const Caller& caller, const std::string& id, bool disclose);
    Status write_export(File& out);

    // api_people.cpp: signing in, and the officers. None: the route is not about people.
    std::optional<ApiResponse> serve_people(const Route& route, const std::vector<std::string>& values,
                                            const ApiRequest& request, const Caller& caller);
    // api_desk.cpp: drafts and saved searches. None: the route is not about them.
    std::optional<ApiResponse> serve_desk(const Route& route, const std::vector<std::string>& values,
                                          const ApiRequest& request, const Caller& caller);
    ApiResponse save_a_draft(const ApiRequest& request, const Caller& caller);
    ApiResponse review_a_draft(const Route& route, const ApiRequest& request, const Caller& caller,
                               const std::string& id);
    ApiResponse searches(const Route& route, const ApiRequest& request, const Caller& caller);
    // api_bundle.cpp: sessions on removable media.
    ApiResponse export_bundle(const Caller& caller);
    ApiResponse import_bundle(const ApiRequest& request, const Caller& caller);
    // api_release.cpp: four eyes. None: the route is not about them.
    std::optional<ApiResponse> serve_releases(const Route& route, const std::vector<std::string>& values,
                                              const ApiRequest& request, const Caller& caller);
    ApiResponse approve_release(const ApiRequest& request, const Caller& caller, const std::string& id);
    ApiResponse end_release(const Route& route, const ApiRequest& request, const Caller& caller,
                            const std::string& id);
    ApiResponse emergency_read(const ApiRequest& request, const Caller& caller, const std::string& id);
    ApiResponse sign_in(const ApiRequest& request);
    ApiResponse sign_out(const ApiRequest& request, const Caller& caller);
    ApiResponse change_passphrase(const ApiRequest& request, const Caller& caller);
    ApiResponse totp(const ApiRequest& request, const Caller& caller);
    ApiResponse add_officer(const ApiRequest& request);
    ApiResponse change_officer(const ApiRequest& request, const OfficerId& id);
    ApiResponse remove_officer(const OfficerId& id);
    Result<Credential> make_credential(Roles roles, const SecretBuffer& passphrase);

    OwnerQueue& owner_;
    FileSystem& files_;
    const Clock& clock_;
    std::mutex hashing_;    // one Argon2id at a time: each takes as much memory as it is meant to
    std::mutex exporting_;  // connection threads take turns: there is one session to ask through
};

// HTTP status of an error, by its name.
unsigned status_of(const Error& error);

}  // namespace sampan::node
