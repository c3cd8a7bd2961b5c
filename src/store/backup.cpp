#include "sampan/store/backup.h"

#include <algorithm>
#include <limits>

#include "sampan/base/encode.h"
#include "sampan/crypto/hash.h"
#include "sampan/crypto/hpke.h"
#include "sampan/crypto/random.h"

namespace sampan {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view k_first_line = "sampan backup 1\n";
constexpr std::string_view k_wrap_info = "sampan/1 backup\0"sv;
constexpr std::string_view k_key_info = "sampan/1 backup keys\0"sv;
constexpr std::size_t k_head_bytes = 1024;
constexpr std::size_t k_lock_bytes = 1024;
constexpr std::size_t k_name_bytes = 160;
constexpr std::size_t k_copy_bytes = 256 * limits::k_kib;
constexpr std::uint8_t k_by_passphrase = 1, k_to_recipient = 2;

Error damaged(const std::string& what) {
    return Error(StoreError::backup_damaged, what, "use another backup; this one restores nothing");
}

Bytes encode_head(const BackupHead& head) {
    Writer out;
    out.u8(static_cast<std::uint8_t>(head.kind)).lp(head.exchange).lp(head.owner);
    out.u64(static_cast<std::uint64_t>(head.made.get()));
    return std::move(out).bytes();
}

Result<BackupHead> decode_head(ByteView bytes) {
    Reader in(bytes);
    BackupHead out;
    SAMPAN_ASSIGN(std::uint8_t kind, in.u8());
    SAMPAN_ASSIGN(ByteView exchange, in.lp(k_head_bytes));
    SAMPAN_ASSIGN(ByteView owner, in.lp(k_head_bytes));
    SAMPAN_ASSIGN(std::uint64_t made, in.u64());
    SAMPAN_TRY(in.finish());
    if (kind != static_cast<std::uint8_t>(BackupKind::broker) &&
        kind != static_cast<std::uint8_t>(BackupKind::node))
        return damaged("it is neither of a broker nor of a node");
    if (made > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return damaged("its time is none");
    out.kind = static_cast<BackupKind>(kind);
    out.exchange = as_text(exchange);
    out.owner = as_text(owner);
    out.made = UnixMillis(static_cast<std::int64_t>(made));
    return out;
}

// The head is bound into the content's key: another head opens nothing.
AeadKey content_key(ByteView file_key, ByteView head) {
    AeadKey out;
    hkdf_expand(hkdf_extract(sha256(head).view(), file_key), as_bytes(k_key_info), out.fill(k_reveal));
    return out;
}

Result<Bytes> lock_key(const BackupLock& lock, ByteView file_key, ByteView head) {
    Writer out;
    if (const auto* passphrase = std::get_if<BackupPassphrase>(&lock)) {
        SAMPAN_ASSIGN(std::string text, seal_key_text(key_purpose::k_backup, file_key, passphrase->passphrase,
                                                      passphrase->cost));
        out.u8(k_by_passphrase).raw(text);
    } else {
        SAMPAN_ASSIGN(Bytes sealed,
                      hpke_seal_once(std::get<X25519PublicKey>(lock), as_bytes(k_wrap_info), head, file_key));
        out.u8(k_to_recipient).raw(sealed);
    }
    return std::move(out).bytes();
}

Result<SecretBuffer> unlock_key(const BackupKey& key, ByteView lock, ByteView head) {
    const auto wrong = [](const std::string& why) {
        return Error(StoreError::backup_wrong_key, why,
                     "give the passphrase or the key that it was made for");
    };
    Reader in(lock);
    SAMPAN_ASSIGN(std::uint8_t how, in.u8());
    SAMPAN_ASSIGN(ByteView sealed, in.raw(in.left()));
    if (how == k_by_passphrase) {
        const auto* passphrase = std::get_if<SecretBuffer>(&key);
        if (passphrase == nullptr) return wrong("a passphrase opens this backup, not a key");
        auto opened = open_key_text(as_text(sealed), key_purpose::k_backup, *passphrase, "the backup's lock");
        if (!opened.ok() && opened.error().is(CryptoError::wrong_passphrase))
            return wrong("the passphrase does not open this backup, or its lock is damaged");
        if (!opened.ok()) return damaged(opened.error().text());
        return opened;
    }
    if (how != k_to_recipient) return damaged("its lock is of no known kind");
    const auto* pair = std::get_if<X25519KeyPair>(&key);
    if (pair == nullptr) return wrong("a recipient's key opens this backup, not a passphrase");
    auto opened = hpke_open_once(*pair, as_bytes(k_wrap_info), head, sealed);
    if (!opened.ok()) return wrong("it was made for another recipient, or its lock is damaged");
    return opened;
}

struct Opened {
    std::unique_ptr<File> file;
    Bytes head_bytes, lock;
    BackupHead head;
    std::uint64_t content_at = 0, size = 0;
};

Result<Opened> open_backup(FileSystem& files, const std::string& path) {
    Opened out;
    SAMPAN_ASSIGN(out.file, files.open_read(path));
    SAMPAN_ASSIGN(out.size, out.file->size());
    Bytes begin(k_first_line.size() + 8 + k_head_bytes + k_lock_bytes);
    SAMPAN_ASSIGN(std::size_t got, out.file->read_at(0, begin));
    Reader in(ByteView(begin).first(got));
    const auto first = in.raw(k_first_line.size());
    if (!first.ok() || as_text(*first) != k_first_line)
        return damaged(path + " is no backup of this version");
    const auto head = in.lp(k_head_bytes);
    const auto lock = head.ok() ? in.lp(k_lock_bytes) : head;
    if (!lock.ok()) return damaged(path + " is cut short");
    out.head_bytes = to_bytes(*head);
    out.lock = to_bytes(*lock);
    out.content_at = got - in.left();
    auto decoded = decode_head(out.head_bytes);
    if (!decoded.ok()) return damaged(path + ": " + decoded.error().text());
    out.head = std::move(decoded).value();
    return out;
}

// The content, opened chunk by chunk as it is asked for.
class Content {
  public:
    Content(Opened opened, const AeadKey& key)
        : file_(std::move(opened.file)), at_(opened.content_at), end_(opened.size), opener_(key) {}

    Status read(MutableBytes out) {
        while (!out.empty()) {
            if (used_ == plain_.size()) SAMPAN_TRY(next_chunk());
            const std::size_t take = std::min(out.size(), plain_.size() - used_);
            std::copy_n(plain_.begin() + static_cast<std::ptrdiff_t>(used_), take, out.begin());
            used_ += take;
            out = out.subspan(take);
        }
        return ok_status();
    }
    Result<std::uint32_t> u32() {
        Bytes bytes(4);
        SAMPAN_TRY(read(bytes));
        return Reader(bytes).u32();
    }
    Result<std::uint64_t> u64() {
        Bytes bytes(8);
        SAMPAN_TRY(read(bytes));
        return Reader(bytes).u64();
    }
    Status finish() const {
        if (at_ != end_ || used_ != plain_.size()) return damaged("it goes on after its end");
        return ok_status();
    }

  private:
    Status next_chunk() {
        constexpr std::uint64_t k_whole = limits::k_stream_chunk_bytes + limits::k_aead_tag_bytes;
        const std::uint64_t left = end_ - at_;
        if (left <= limits::k_aead_tag_bytes) return damaged("it is cut short");
        Bytes sealed(static_cast<std::size_t>(std::min(left, k_whole)));
        SAMPAN_ASSIGN(std::size_t got, file_->read_at(at_, sealed));
        if (got != sealed.size()) return damaged("it is cut short");
        at_ += got;
        plain_.resize(got - limits::k_aead_tag_bytes);
        used_ = 0;
        if (!opener_.open_chunk(chunk_++, at_ == end_, sealed, plain_).ok())
            return damaged("its content does not verify at byte " + std::to_string(at_ - got) +
                           ": it was changed, or cut short");
        return ok_status();
    }
    std::unique_ptr<File> file_;
    std::uint64_t at_, end_, chunk_ = 0;
    StreamOpener opener_;
    Bytes plain_;
    std::size_t used_ = 0;
};

// A name never leaves the folder: one file, or one below "parts".
bool is_file_name(std::string_view name) {
    if (name.starts_with("parts/")) name.remove_prefix(6);
    if (name.empty() || name.front() == '.') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    });
}

Status restore_file(FileSystem& files, Content& content, const std::string& path) {
    SAMPAN_ASSIGN(std::uint64_t size, content.u64());
    SAMPAN_ASSIGN(std::unique_ptr<File> file, files.open_write(path));
    Bytes buffer(k_copy_bytes);
    for (std::uint64_t at = 0; at < size;) {
        const MutableBytes piece = MutableBytes(buffer).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - at)));
        SAMPAN_TRY(content.read(piece));
        SAMPAN_TRY(file->write_at(at, piece));
        at += piece.size();
    }
    return file->sync();
}

Status restore_items(FileSystem& files, Content& content, const std::string& folder,
                     std::vector<std::string>& written) {
    SAMPAN_TRY(files.make_directories(folder + "/parts"));
    while (true) {
        SAMPAN_ASSIGN(std::uint32_t length, content.u32());
        if (length > k_name_bytes) return damaged("a file's name is too long");
        Bytes name(length);
        SAMPAN_TRY(content.read(name));
        if (name.empty()) break;
        const std::string path = folder + "/" + std::string(as_text(name));
        if (!is_file_name(as_text(name)) || files.exists(path))
            return damaged("a file has a name that none has");
        written.push_back(path);
        SAMPAN_TRY(restore_file(files, content, path));
    }
    SAMPAN_ASSIGN(std::uint64_t count, content.u64());
    if (count != written.size()) return damaged("files are missing");
    SAMPAN_TRY(content.finish());
    SAMPAN_TRY(files.sync_directory(folder + "/parts"));
    return files.sync_directory(folder);
}

}  // namespace

std::string_view backup_kind_name(BackupKind kind) {
    return kind == BackupKind::broker ? "broker" : "node";
}

Status write_backup_items(FileSystem& files, const std::vector<BackupSource>& sources, const ByteSink& sink) {
    Bytes buffer(k_copy_bytes);
    for (const BackupSource& source : sources) {
        SAMPAN_ASSERT(is_file_name(source.name) && source.name.size() <= k_name_bytes);
        SAMPAN_ASSIGN(std::unique_ptr<File> file, files.open_read(source.path));
        SAMPAN_ASSIGN(std::uint64_t size, file->size());
        SAMPAN_TRY(sink(Writer().lp(source.name).u64(size).bytes()));
        // A part may be growing: as much as there was.
        for (std::uint64_t at = 0; at < size;) {
            const MutableBytes piece = MutableBytes(buffer).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - at)));
            SAMPAN_ASSIGN(std::size_t got, file->read_at(at, piece));
            if (got != piece.size())
                return Error(StoreError::io_error, source.path + " became shorter while it was backed up");
            SAMPAN_TRY(sink(piece));
            at += got;
        }
    }
    return sink(Writer().lp("").u64(sources.size()).bytes());
}

Result<std::unique_ptr<BackupWriter>> BackupWriter::create(FileSystem& files, const std::string& path,
                                                           const BackupHead& head, const BackupLock& lock) {
    if (files.exists(path))
        return Error(FileError::exists, path + " exists already", "choose another name, or move it away");
    Secret<struct BackupFileKeyTag, 32> file_key;
    random_fill(file_key.fill(k_reveal));
    const Bytes head_bytes = encode_head(head);
    SAMPAN_ASSIGN(Bytes locked, lock_key(lock, file_key.reveal(k_reveal), head_bytes));
    const std::string beside = path + ".new";
    if (files.exists(beside)) SAMPAN_TRY(files.remove(beside));
    SAMPAN_ASSIGN(std::unique_ptr<File> file, files.open_write(beside));
    std::unique_ptr<BackupWriter> out(
        new BackupWriter(files, path, std::move(file), content_key(file_key.reveal(k_reveal), head_bytes)));
    const Bytes begin = Writer().raw(k_first_line).lp(head_bytes).lp(locked).bytes();
    SAMPAN_TRY(out->file_->write_at(0, begin));
    out->at_ = begin.size();
    return out;
}

BackupWriter::~BackupWriter() {
    if (!finished_) static_cast<void>(files_.remove(path_ + ".new").ok());
}

Status BackupWriter::seal_held(bool last) {
    Bytes sealed(held_.size() + limits::k_aead_tag_bytes);
    sealer_.seal_chunk(chunk_++, last, held_, sealed);
    SAMPAN_TRY(file_->write_at(at_, sealed));
    at_ += sealed.size();
    held_.clear();
    return ok_status();
}

Status BackupItems::take(ByteView bytes) {
    while (!bytes.empty()) {
        if (ended_) return damaged("the stream goes on after its end");
        if (left_ > 0) {
            const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
            left_ -= take;
            bytes = bytes.subspan(take);
            continue;
        }
        begun_.push_back(bytes.front());
        bytes = bytes.subspan(1);
        if (begun_.size() < 12) continue;
        Reader in(begun_);
        SAMPAN_ASSIGN(std::uint32_t length, in.u32());
        if (length > k_name_bytes) return damaged("a file's name is too long");
        if (begun_.size() < 12 + length) continue;
        SAMPAN_TRY(in.raw(length));
        SAMPAN_ASSIGN(std::uint64_t number, in.u64());
        begun_.clear();
        if (length == 0 && number != files_) return damaged("files are missing");
        if (length == 0) {
            ended_ = true;
        } else {
            left_ = number;
            ++files_;
        }
    }
    return ok_status();
}

Status BackupWriter::write(ByteView bytes) {
    SAMPAN_TRY(items_.take(bytes));
    while (!bytes.empty()) {
        if (held_.size() == limits::k_stream_chunk_bytes) SAMPAN_TRY(seal_held(false));
        const std::size_t take = std::min(bytes.size(), limits::k_stream_chunk_bytes - held_.size());
        append(held_, bytes.first(take));
        bytes = bytes.subspan(take);
    }
    return ok_status();
}

Status BackupWriter::finish() {
    if (!items_.ended())
        return Error(StoreError::backup_damaged, "the backup broke off before its end",
                     "look at the log of the program that was backed up, and try again");
    SAMPAN_TRY(seal_held(true));
    SAMPAN_TRY(file_->sync());
    SAMPAN_TRY(files_.rename(path_ + ".new", path_));
    finished_ = true;
    const auto slash = path_.rfind('/');
    return files_.sync_directory(slash == std::string::npos ? "."
                                 : slash == 0               ? "/"
                                                            : path_.substr(0, slash));
}

Result<BackupHead> read_backup_head(FileSystem& files, const std::string& path) {
    SAMPAN_ASSIGN(Opened opened, open_backup(files, path));
    return opened.head;
}

Result<bool> backup_wants_passphrase(FileSystem& files, const std::string& path) {
    SAMPAN_ASSIGN(Opened opened, open_backup(files, path));
    return !opened.lock.empty() && opened.lock.front() == k_by_passphrase;
}

Result<BackupHead> restore_backup(FileSystem& files, const std::string& path, const BackupKey& key,
                                  const std::string& folder) {
    SAMPAN_ASSIGN(Opened opened, open_backup(files, path));
    SAMPAN_ASSIGN(SecretBuffer file_key, unlock_key(key, opened.lock, opened.head_bytes));
    const AeadKey aead = content_key(file_key.reveal(k_reveal), opened.head_bytes);
    BackupHead head = opened.head;
    Content content(std::move(opened), aead);
    std::vector<std::string> written;
    const Status restored = restore_items(files, content, folder, written);
    if (restored.ok()) return head;
    for (const std::string& file : written) static_cast<void>(files.remove(file).ok());
    static_cast<void>(files.remove(folder + "/parts").ok());
    static_cast<void>(files.remove(folder).ok());
    return restored.error();
}

}  // namespace sampan
