// Attachments that were uploaded and wait for their message; the parts folder.
#include <algorithm>

#include "node/core.h"
#include "sampan/base/encode.h"

namespace sampan::node {
namespace {

constexpr std::string_view k_upload_info{"sampan/1 upload\0", 16};
constexpr std::int64_t k_upload_life_ms = k_day_ms;

}  // namespace

// Sealed to the archive, as the message will be: a locked node keeps uploads, and cannot read them.
Status Core::keep_upload(const std::string& id, const SealedPart& part, const std::string& file,
                         const UploadRecord& record, UnixMillis now) {
    SAMPAN_TRY(check_attachment_name(record.name));
    SAMPAN_TRY(check_media_type(record.media_type));
    Writer plain;
    plain.lp(record.name)
        .lp(record.media_type)
        .u64(record.size)
        .raw(record.sha256.view())
        .raw(record.key.reveal(k_reveal))
        .lp(record.stix ? encode_stix_summary(*record.stix) : Bytes());
    Bytes bytes = std::move(plain).bytes();
    auto sealed = hpke_seal_once(options_.keys.archive_public, as_bytes(k_upload_info), as_bytes(id), bytes);
    wipe(bytes);
    if (!sealed.ok()) return sealed.error();
    return store_.keep_upload({id, now, {part.description, part.tree.leaves, file}, std::move(*sealed)});
}

Result<UploadRecord> Core::open_upload(const Upload& upload) const {
    if (!archive_) return Error(NodeError::archive_locked, "the archive is locked", "sampan sign-in ID");
    SAMPAN_ASSIGN(SecretBuffer plain,
                  hpke_open_once(*archive_, as_bytes(k_upload_info), as_bytes(upload.id), upload.record));
    Reader in(plain.reveal(k_reveal));
    UploadRecord out;
    SAMPAN_ASSIGN(ByteView name, in.lp(k_attachment_name_bytes));
    SAMPAN_ASSIGN(ByteView type, in.lp(k_media_type_bytes));
    SAMPAN_ASSIGN(out.size, in.u64());
    SAMPAN_ASSIGN(ByteView hash, in.raw(32));
    SAMPAN_ASSIGN(ByteView key, in.raw(32));
    SAMPAN_ASSIGN(ByteView stix, in.lp(limits::k_body_padded_bytes));
    SAMPAN_TRY(in.finish());
    if (!stix.empty()) {
        SAMPAN_ASSIGN(out.stix, decode_stix_summary(stix));
    }
    out.name = as_text(name);
    out.media_type = as_text(type);
    SAMPAN_ASSIGN(out.sha256, Sha256Digest::parse(hash));
    SAMPAN_ASSIGN(out.key, PartKey::parse(key));
    return out;
}

Status Core::sweep_files(UnixMillis now) {
    const bool at_start = swept_at_ == UnixMillis(0);
    swept_at_ = now;
    SAMPAN_ASSIGN(std::vector<Upload> old, store_.uploads_before(now + -k_upload_life_ms));
    for (const Upload& upload : old) {
        SAMPAN_TRY(store_.forget_upload(upload.id));
        [[maybe_unused]] const Status gone = files_.remove(parts_folder() + "/" + upload.part.file);
    }
    // Later, files without a row may be uploads that are being written.
    if (!at_start) return ok_status();
    SAMPAN_ASSIGN(std::vector<std::string> named, store_.part_files());
    std::sort(named.begin(), named.end());
    SAMPAN_ASSIGN(std::vector<std::string> there, files_.list(parts_folder()));
    for (const std::string& file : there)
        if (!std::binary_search(named.begin(), named.end(), file))
            SAMPAN_TRY(files_.remove(parts_folder() + "/" + file));
    return ok_status();
}

}  // namespace sampan::node
