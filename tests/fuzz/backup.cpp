// A backup that somebody put in the place of ours: any file; and any content, sealed as a backup's is by who
// has the recipient's public key.
#include "sampan/store/backup.h"

#include "fuzz/fuzz.h"
#include "sampan/base/encode.h"
#include "sampan/crypto/hash.h"
#include "sampan/crypto/hpke.h"
#include "support/memory_files.h"

using namespace sampan;

namespace {

const X25519KeyPair& recipient() {
    static const X25519KeyPair pair = X25519KeyPair::generate();
    return pair;
}

// By the words of PROTOCOL.md section 12.
Bytes backup_of(ByteView items) {
    const Bytes head = Writer().u8(1).lp("e2e.example").lp("broker-1").u64(7).bytes();
    const Bytes file_key(32, 3);
    const std::string_view wrap("sampan/1 backup\0", 16), keys("sampan/1 backup keys\0", 21);
    const Bytes locked = hpke_seal_once(recipient().public_key, as_bytes(wrap), head, file_key).value();
    AeadKey key;
    hkdf_expand(hkdf_extract(sha256(head).view(), file_key), as_bytes(keys), key.fill(k_reveal));
    return Writer()
        .raw("sampan backup 1\n")
        .lp(head)
        .lp(Writer().u8(2).raw(locked).bytes())
        .raw(stream_seal(key, items))
        .bytes();
}

void restore(ByteView file, bool ours) {
    test::MemoryFiles files;
    fuzz::hold(write_file(files, "/in", file, Replace::yes, 0600).ok(), "the file is there");
    const auto restored = restore_backup(
        files, "/in", BackupKey(X25519KeyPair{recipient().public_key, recipient().secret_key.duplicate()}),
        "/out");
    if (!restored.ok()) {
        fuzz::hold(!restored.error().name().empty(), "a refusal has a name");
        fuzz::hold(!files.exists("/out/broker.db"), "what is refused leaves nothing");
        return;
    }
    fuzz::hold(ours, "nobody without the key makes a backup that opens");
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    fuzz::Input input(in);
    const std::uint8_t what = input.u8();
    if (what % 3 == 0) return restore(input.rest(), false);
    if (what % 3 == 1) return restore(backup_of(input.rest()), true);
    BackupItems whole, pieces;
    const ByteView rest = input.rest();
    const bool accepted = whole.take(rest).ok();
    bool pieced = true;
    for (std::size_t at = 0; at < rest.size() && pieced; at += 7)
        pieced = pieces.take(rest.subspan(at, std::min<std::size_t>(7, rest.size() - at))).ok();
    fuzz::hold(accepted == pieced && (!accepted || whole.ended() == pieces.ended()),
               "a stream means the same in whatever pieces it comes");
}
