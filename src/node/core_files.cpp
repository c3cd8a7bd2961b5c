// What a document says of the files that go with it: the portions they are in, and what a STIX bundle holds.
#include <algorithm>

#include "node/core.h"
#include "sampan/dialogue/stix.h"

namespace sampan::node {

Status describe_files(Document& document, const Label& whole, const std::vector<AttachmentEntry>& attachments,
                      std::vector<std::optional<StixSummary>> bundles) {
    SAMPAN_ASSERT(attachments.size() == bundles.size());
    for (const FilePortion& file : document.files)
        if (std::none_of(attachments.begin(), attachments.end(),
                         [&](const AttachmentEntry& entry) { return entry.name == file.file; }))
            return Error(BriefingError::bad_front_matter,
                         "attachment: no attached file is named \"" + file.file + "\"",
                         "attach it, or take [[attachment]] out");
    for (std::size_t i = 0; i < attachments.size(); ++i) {
        if (!bundles[i]) continue;
        const std::string& name = attachments[i].name;
        auto at = std::find_if(document.files.begin(), document.files.end(),
                               [&](const FilePortion& file) { return file.file == name; });
        if (at == document.files.end()) at = document.files.insert(at, FilePortion{name, "", std::nullopt});
        // The file's own portion covers its markings; the whole covers the portion.
        const Label* label = &whole;
        for (const PortionLabel& portion : document.portions)
            if (portion.name == at->portion) label = &portion.label;
        SAMPAN_TRY(check_stix_label(*bundles[i], *label, name));
        at->stix = std::move(bundles[i]);
    }
    std::sort(document.files.begin(), document.files.end(),
              [](const FilePortion& a, const FilePortion& b) { return a.file < b.file; });
    return ok_status();
}

}  // namespace sampan::node
