// Sessions on removable media over the local API: a file to carry to the broker, and the one that comes back.
#include "node/api_json.h"
#include "node/core.h"
#include "sampan/crypto/random.h"

namespace sampan::node {
namespace {

constexpr std::size_t k_copied_at_once = 256 * limits::k_kib;

// The body of a request is read once, in order; a bundle is read here and there.
Status copy_in(File& source, File& target, std::uint64_t size) {
    Bytes buffer(k_copied_at_once);
    for (std::uint64_t at = 0; at < size;) {
        SAMPAN_ASSIGN(std::size_t got, source.read_at(at, buffer));
        if (got == 0) return Error(FileError::io, "the bundle was cut short on its way here");
        SAMPAN_TRY(target.write_at(at, ByteView(buffer).first(got)));
        at += got;
    }
    return ok_status();
}

json carried_json(const Core::CarriedIn& taken) {
    return {{"schema", "sampan.bundle/1"},    {"sequence", taken.sequence}, {"again", taken.again},
            {"epochs", taken.epochs},         {"answers", taken.answers},   {"notices", taken.notices},
            {"deliveries", taken.deliveries}, {"received", taken.received}, {"held", taken.held}};
}

}  // namespace

ApiResponse Api::export_bundle(const Caller& caller) {
    const UnixMillis now = clock_.wall();
    const std::string path = owner_.run([](Core& core) { return core.parts_folder(); }) + "/bundle-" +
                             random_bytes<MessageId>().hex();
    auto file = files_.open_write(path);
    if (!file.ok()) return fail(file.error());
    const auto made = owner_.run([&](Core& core) -> Result<Core::CarriedOut> {
        SAMPAN_ASSIGN(Core::CarriedOut out, core.export_bundle(**file, now));
        SAMPAN_TRY(core.journal().append(
            {JournalEvent::export_made, caller.id.text(), {}, "bundle " + std::to_string(out.sequence)},
            now));
        return out;
    });
    // Open, it can still be read; nothing stays behind.
    const Status removed = files_.remove(path);
    if (!made.ok()) return fail(made.error());
    if (!removed.ok()) return fail(removed.error());
    const std::string agency = owner_.run([](Core& core) { return core.agency().text(); });
    return file_answer(std::move(*file), agency + "-" + std::to_string(made->sequence) + ".bundle");
}

ApiResponse Api::import_bundle(const ApiRequest& request, const Caller& caller) {
    if (request.upload == nullptr) return fail(bad_request("the bundle is the body"));
    const auto size = request.upload->size();
    if (!size.ok()) return fail(size.error());
    const std::string path = owner_.run([](Core& core) { return core.parts_folder(); }) + "/bundle-" +
                             random_bytes<MessageId>().hex();
    auto file = files_.open_write(path);
    if (!file.ok()) return fail(file.error());
    const Status copied = copy_in(*request.upload, **file, *size);
    const Status removed = files_.remove(path);
    if (!copied.ok()) return fail(copied.error());
    if (!removed.ok()) return fail(removed.error());
    auto bundle = BundleReader::open(std::move(*file));
    if (!bundle.ok()) return fail(bundle.error());
    const UnixMillis now = clock_.wall();
    return answer(owner_.run([&](Core& core) -> Result<std::string> {
        SAMPAN_ASSIGN(Core::CarriedIn taken, core.import_bundle(*bundle, now));
        SAMPAN_TRY(core.journal().append(
            {JournalEvent::receive, caller.id.text(), {}, "bundle " + std::to_string(taken.sequence)}, now));
        return dump(carried_json(taken));
    }));
}

}  // namespace sampan::node
