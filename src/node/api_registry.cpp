// The local API of registry epochs and of labels.
#include "node/api_json.h"
#include "node/views.h"

namespace sampan::node {

std::optional<ApiResponse> Api::serve_registry(const Route& route, const std::vector<std::string>& values,
                                               const ApiRequest& request, const Caller& caller) {
    const auto tail = route.path.substr(4);
    const auto view = [&](auto make) {
        return answer(owner_.run([&, make](Core& core) { return Result<std::string>(make(core)); }));
    };
    const UnixMillis now = clock_.wall();
    if (tail == "registry/epochs" && route.method == "PUT") return import_epoch(request);
    if (tail == "registry/epochs") return view([](Core& core) { return epochs_view(core); });
    if (tail == "registry/epochs/{number}") return epoch_file(values[0]);
    if (tail == "registry/changes")
        return view([&](Core& core) { return registry_changes_view(core, request.query); });
    if (tail == "label/choices")
        return view([&](Core& core) { return label_choices_view(core, caller.viewer, request.query, now); });
    if (tail == "label/explain") return explain_label(request);
    return std::nullopt;
}

ApiResponse Api::import_epoch(const ApiRequest& request) {
    if (request.upload == nullptr) return fail(bad_request("the epoch file is the body"));
    const auto size = request.upload->size();
    if (!size.ok()) return fail(size.error());
    if (*size == 0 || *size > limits::k_registry_bytes)
        return fail(Error(FileError::too_large, "an epoch file has 1 byte to 4 MiB"));
    Bytes epoch(static_cast<std::size_t>(*size));
    const auto got = request.upload->read_at(0, epoch);
    if (!got.ok()) return fail(got.error());
    epoch.resize(*got);
    const UnixMillis now = clock_.wall();
    const auto newest = owner_.run([&](Core& core) { return core.import_epoch(epoch, now); });
    if (!newest.ok()) return fail(newest.error());
    return ok(json{{"schema", "sampan.imported/1"}, {"epoch", newest->get()}}.dump());
}

ApiResponse Api::epoch_file(const std::string& number) {
    auto bytes = owner_.run([&](Core& core) { return epoch_bytes(core, number); });
    if (!bytes.ok()) return fail(bytes.error());
    ApiResponse out;
    out.content_type = "application/octet-stream";
    out.file_name = number + ".epoch";
    out.stream_bytes = bytes->size();
    const auto kept = std::make_shared<Bytes>(std::move(*bytes));
    out.stream = [kept](File& target) { return target.write_at(0, *kept); };
    return out;
}

ApiResponse Api::explain_label(const ApiRequest& request) {
    const auto body = parse_object(request.body, {"briefing", "agency"});
    if (!body.ok()) return fail(body.error());
    const auto text = need_text(*body, "briefing");
    if (!text.ok()) return fail(text.error());
    const auto briefing = parse_briefing(*text);
    if (!briefing.ok()) return fail(briefing.error());
    const auto name = need_text(*body, "agency");
    if (!name.ok()) return fail(name.error());
    const auto agency = AgencyId::parse(*name);
    if (!agency.ok()) return fail(agency.error());
    const UnixMillis now = clock_.wall();
    return answer(owner_.run([&](Core& core) { return label_explain_view(core, *briefing, *agency, now); }));
}

}  // namespace sampan::node
