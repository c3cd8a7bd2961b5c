#include "store/broker_parts.h"

#include "sampan/store/error.h"

namespace sampan {
namespace {

constexpr std::size_t k_open_files = 16;

Error as_store_error(const Error& error, std::string_view doing) {
    const bool full = error.is(FileError::no_space);
    return Error(full ? StoreError::disk_full : StoreError::io_error,
                 std::string(doing) + ": " + error.text());
}

}  // namespace

Status PartFiles::prepare() {
    if (directory_.empty()) return ok_status();
    auto made = files_->make_directories(directory_);
    return made ? std::move(made) : Status(as_store_error(made.error(), "making the folder of parts"));
}

Result<File*> PartFiles::open(const MerkleHash& part) {
    std::unique_ptr<File>& file = written_[part];
    if (file) return file.get();
    const bool there = files_->exists(path_of(part));
    auto opened = files_->open_write(path_of(part));
    if (!opened) {
        written_.erase(part);
        return as_store_error(opened.error(), "opening a part");
    }
    if (!there) created_ = true;
    file = std::move(opened).value();
    return file.get();
}

Status PartFiles::write(const MerkleHash& part, std::uint64_t index, ByteView data) {
    if (directory_.empty()) {
        memory_[part][index] = to_bytes(data);
        return ok_status();
    }
    SAMPAN_ASSIGN(File * file, open(part));
    auto written = file->write_at(index * limits::k_part_frame_bytes, data);
    return written ? std::move(written) : Status(as_store_error(written.error(), "writing a part"));
}

Status PartFiles::sync() {
    for (auto& [part, file] : written_) {
        auto synced = file->sync();
        if (!synced) return Error(StoreError::io_error, "syncing a part: " + synced.error().text());
    }
    written_.clear();
    if (!std::exchange(created_, false)) return ok_status();
    auto synced = files_->sync_directory(directory_);
    return synced ? std::move(synced) : Status(as_store_error(synced.error(), "syncing the folder of parts"));
}

Result<Bytes> PartFiles::read(const MerkleHash& part, std::uint64_t index, std::size_t size) {
    if (directory_.empty()) {
        const auto& frames = memory_[part];
        const auto found = frames.find(index);
        if (found == frames.end() || found->second.size() != size)
            return Error(StoreError::not_found, "this frame is not here");
        return found->second;
    }
    std::unique_ptr<File>& file = reading_[part];
    if (!file) {
        auto opened = files_->open_read(path_of(part));
        if (!opened) {
            reading_.erase(part);
            return Error(StoreError::damaged, "a part's file is missing: " + opened.error().text());
        }
        file = std::move(opened).value();
    }
    Bytes out(size);
    auto read = file->read_at(index * limits::k_part_frame_bytes, out);
    if (reading_.size() > k_open_files) reading_.clear();
    if (!read) return Error(StoreError::io_error, "reading a part: " + read.error().text());
    if (*read != size) return Error(StoreError::damaged, "a part's file is shorter than its frames");
    return out;
}

Result<std::vector<MerkleHash>> PartFiles::list() {
    std::vector<MerkleHash> out;
    if (directory_.empty()) {
        for (const auto& [part, frames] : memory_) out.push_back(part);
        return out;
    }
    auto names = files_->list(directory_);
    if (!names) return as_store_error(names.error(), "listing the parts");
    for (const std::string& name : *names)
        if (auto part = MerkleHash::parse_hex(name)) out.push_back(*part);
    return out;
}

Status PartFiles::remove(const MerkleHash& part) {
    if (directory_.empty()) {
        memory_.erase(part);
        return ok_status();
    }
    reading_.erase(part);
    written_.erase(part);
    auto removed = files_->remove(path_of(part));
    if (!removed && !removed.error().is(FileError::not_found))
        return as_store_error(removed.error(), "removing a part");
    return ok_status();
}

}  // namespace sampan
