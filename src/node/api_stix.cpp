// STIX through the local API: one bundle of what may be exported at a label, the rest refused by name.
#include <nlohmann/json.hpp>

#include "node/api.h"
#include "node/reading.h"
#include "node/stix_files.h"
#include "node/views.h"
#include "sampan/crypto/random.h"

namespace sampan::node {
namespace {

using nlohmann::json;

struct BundleFile {
    MessageId message;
    std::string file;
    Label label;
};

// Bundles that came with, or went with, messages of the dialogue ("": of all) that the reader may see.
std::vector<BundleFile> bundles_held(Core& core, const Viewer& viewer, const std::string& dialogue,
                                     UnixMillis now) {
    std::vector<BundleFile> out;
    SearchQuery query;
    query.dialogue = dialogue;
    for (const EntryPtr& entry : core.reading().workspace().all()) {
        if (!matches(*entry, query) || !may_see(core, viewer, *entry, now) ||
            !core.reading().workspace().stands(*entry))
            continue;
        for (const FilePortion& file : entry->files)
            if (file.stix) out.push_back({entry->id, file.file, entry->label});
    }
    return out;
}

Result<AttachmentView> attachment_named(Core& core, const Caller& caller, const BundleFile& wanted,
                                        UnixMillis now) {
    for (std::size_t i = 0;; ++i) {
        SAMPAN_ASSIGN(AttachmentView found, save_attachment(core, caller, wanted.message.hex(), i, now));
        if (found.entry.name == wanted.file) return found;
    }
}

std::string export_json(const StixExport& made) {
    json out{{"schema", "sampan.stix/1"},
             {"objects", made.objects},
             {"bundle", made.bundle},
             {"refused", json::array()}};
    for (const StixExport::Refused& refused : made.refused)
        out["refused"].push_back({{"id", refused.id}, {"source", refused.source}, {"why", refused.why}});
    return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

Result<std::string> Api::export_stix_at(const Caller& caller, const std::string& words,
                                        const std::string& dialogue) {
    SAMPAN_TRY(catch_up());
    const UnixMillis now = clock_.wall();
    SAMPAN_ASSIGN(Label ceiling, owner_.run([&](Core& core) -> Result<Label> {
        const LabelPolicy& policy = core.registry().registry().policy;
        SAMPAN_ASSIGN(LabelDraft draft, parse_label_words(words, policy));
        return complete_label(draft, policy, core.agency(), now);
    }));
    const auto files =
        owner_.run([&](Core& core) { return bundles_held(core, caller.viewer, dialogue, now); });
    std::vector<StixSource> sources;
    for (const BundleFile& file : files) {
        SAMPAN_ASSIGN(AttachmentView found,
                      owner_.run([&](Core& core) { return attachment_named(core, caller, file, now); }));
        SAMPAN_ASSIGN(std::unique_ptr<File> sealed, files_.open_read(found.path));
        SmallFile opened;
        SAMPAN_TRY(open_part(*sealed, found.part, found.entry, opened, {}));
        sources.push_back(
            {short_id(file.message) + "/" + file.file, std::string(as_text(opened.bytes())), file.label});
    }
    const LabelPolicy policy = owner_.run([](Core& core) { return core.registry().registry().policy; });
    SAMPAN_ASSIGN(StixExport made, export_stix(sources, policy, ceiling, random_bytes<MessageId>()));
    return export_json(made);
}

}  // namespace sampan::node
