#include <algorithm>

#include "cli/demo_story.h"

namespace sampan::cli {
namespace {

constexpr std::size_t k_search_piece = 4 * 1024 * 1024;

// Around the dialogue's public page and indicator bundles, when somebody has them.
Status add_real_inputs(const std::string& data, std::vector<DemoBriefing>& out) {
    FileSystem& files = system_files();
    if (files.exists(data + "/ajct12.txt"))
        out.push_back({"mm-mpf",
                       "90-public-page",
                       "+++\nkind = \"note\"\ntitle = \"EXERCISE: the public page of the "
                       "dialogue\"\ndialogue = \"ajct-12\"\n"
                       "[label]\nclassification = \"unclassified\"\ntlp = \"CLEAR\"\n+++\n"
                       "EXERCISE – EXERCISE – EXERCISE\n\nThe page that the public can read about this "
                       "dialogue is attached, as it "
                       "stands.\n",
                       {data + "/ajct12.txt"}});
    if (!files.exists(data + "/stix")) return ok_status();
    SAMPAN_ASSIGN(std::vector<std::string> names, files.list(data + "/stix"));
    std::vector<std::string> bundles;
    for (const std::string& name : names)
        if (name.ends_with(".json")) bundles.push_back(data + "/stix/" + name);
    if (bundles.empty()) return ok_status();
    out.push_back({"jp-npa", "91-indicators",
                   "+++\nkind = \"threat-update\"\ntitle = \"EXERCISE: published indicator bundles, STIX "
                   "2.1\"\ndialogue = \"ajcc-4\"\n"
                   "precedence = \"PRIORITY\"\n[label]\nclassification = \"restricted\"\ntlp = "
                   "\"GREEN\"\n[label.categories]\n"
                   "compartment = [\"cyber\"]\n+++\nEXERCISE – EXERCISE – EXERCISE\n\nExample bundles that "
                   "OASIS publishes, attached "
                   "for import tests. They describe no present activity.\n",
                   std::move(bundles)});
    return ok_status();
}

Status search_file(const std::string& path, ByteView bytes, std::vector<std::string>& found) {
    auto file = system_files().open_read(path);
    if (!file.ok()) return file.error().is(FileError::not_found) ? ok_status() : Status(file.error());
    Bytes piece(k_search_piece + bytes.size());
    // Pieces overlap by the length of what is sought.
    for (std::uint64_t at = 0;; at += k_search_piece) {
        SAMPAN_ASSIGN(std::size_t size, (*file)->read_at(at, piece));
        const auto end = piece.begin() + static_cast<std::ptrdiff_t>(size);
        if (std::search(piece.begin(), end, bytes.begin(), bytes.end()) != end) {
            found.push_back(path);
            return ok_status();
        }
        if (size < piece.size()) return ok_status();
    }
}

}  // namespace

Result<std::vector<DemoBriefing>> read_demo_briefings(const std::string& sources, const std::string& data) {
    FileSystem& files = system_files();
    const std::string folder = sources + "/briefings";
    SAMPAN_ASSIGN(std::vector<std::string> agencies, files.list(folder));
    std::vector<DemoBriefing> out;
    for (const std::string& agency : agencies) {
        SAMPAN_ASSIGN(std::vector<std::string> names, files.list(folder + "/" + agency));
        for (const std::string& name : names) {
            if (!name.ends_with(".md")) continue;
            SAMPAN_ASSIGN(Bytes text,
                          read_file(files, folder + "/" + agency + "/" + name, limits::k_body_padded_bytes));
            out.push_back({agency, name.substr(0, name.size() - 3), std::string(as_text(text)), {}});
        }
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    if (!data.empty()) SAMPAN_TRY(add_real_inputs(data, out));
    if (out.empty())
        return Error(CliError::failed, folder + " holds no briefings",
                     "run sampan from its source folder, or install its share folder");
    return out;
}

Result<std::vector<std::string>> files_with(const std::string& folder, ByteView bytes) {
    FileSystem& files = system_files();
    std::vector<std::string> found;
    SAMPAN_ASSIGN(std::vector<std::string> names, files.list(folder));
    for (const std::string& name : names) {
        const std::string path = folder + "/" + name;
        if (files.mode(path).ok()) {
            SAMPAN_TRY(search_file(path, bytes, found));
        } else if (auto below = files_with(path, bytes); below.ok()) {
            found.insert(found.end(), below->begin(), below->end());
        }
    }
    return found;
}

}  // namespace sampan::cli
