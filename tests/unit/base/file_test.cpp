#include "sampan/base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/catch.h"

namespace sampan {
namespace {

class Folder {
  public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "sampan-file-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string file(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

TEST_CASE("a file that was written is read back, with the mode asked for") {
    const Folder folder;
    FileSystem& files = system_files();
    REQUIRE(write_file(files, folder.file("a"), as_bytes("hello"), Replace::no, 0644).ok());
    CHECK(as_text(read_file(files, folder.file("a"), 5).value()) == "hello");
    CHECK(files.mode(folder.file("a")).value() == 0644);
    REQUIRE(write_file(files, folder.file("b"), as_bytes("secret"), Replace::no, 0600).ok());
    CHECK(files.mode(folder.file("b")).value() == 0600);
}

TEST_CASE("a file longer than its limit is refused") {
    const Folder folder;
    REQUIRE(write_file(system_files(), folder.file("a"), as_bytes("hello"), Replace::no, 0644).ok());
    CHECK(read_file(system_files(), folder.file("a"), 4).error().is(FileError::too_large));
}

TEST_CASE("an existing file is replaced only when that was asked for") {
    const Folder folder;
    FileSystem& files = system_files();
    REQUIRE(write_file(files, folder.file("a"), as_bytes("old"), Replace::no, 0600).ok());
    CHECK(write_file(files, folder.file("a"), as_bytes("new"), Replace::no, 0600)
              .error()
              .is(FileError::exists));
    CHECK(as_text(read_file(files, folder.file("a"), 10).value()) == "old");
    CHECK(write_file(files, folder.file("a"), as_bytes("new"), Replace::yes, 0600).ok());
    CHECK(as_text(read_file(files, folder.file("a"), 10).value()) == "new");
}

TEST_CASE("a replacement leaves nothing beside the file, even after an earlier crash") {
    const Folder folder;
    std::ofstream(folder.file("a.new")) << "a longer half-written leftover";
    REQUIRE(write_file(system_files(), folder.file("a"), as_bytes("new"), Replace::yes, 0600).ok());
    CHECK(as_text(read_file(system_files(), folder.file("a"), 100).value()) == "new");
    CHECK(system_files().list(folder.path()).value() == std::vector<std::string>{"a"});
}

TEST_CASE("a private file is refused when group or others may read or write it") {
    const Folder folder;
    FileSystem& files = system_files();
    REQUIRE(write_file(files, folder.file("key"), as_bytes("k"), Replace::no, 0600).ok());
    CHECK(read_private_file(files, folder.file("key"), 10).ok());
    REQUIRE(files.set_mode(folder.file("key"), 0400).ok());
    CHECK(read_private_file(files, folder.file("key"), 10).ok());
    for (unsigned bits : {0640U, 0620U, 0604U, 0602U, 0644U, 0610U}) {
        REQUIRE(files.set_mode(folder.file("key"), bits).ok());
        const Error error = read_private_file(files, folder.file("key"), 10).error();
        CHECK(error.is(FileError::unsafe_mode));
        CHECK(error.remedy() == "chmod 600 " + folder.file("key"));
    }
}

TEST_CASE("a missing file is named as missing") {
    const Folder folder;
    CHECK(read_file(system_files(), folder.file("none"), 10).error().is(FileError::not_found));
    CHECK(read_private_file(system_files(), folder.file("none"), 10).error().is(FileError::not_found));
    CHECK(system_files().list(folder.file("none")).error().is(FileError::not_found));
    CHECK(system_files().remove(folder.file("none")).error().is(FileError::not_found));
    CHECK_FALSE(system_files().exists(folder.file("none")));
}

TEST_CASE("a folder is not taken for a file, nor a file for a folder") {
    const Folder folder;
    REQUIRE(write_file(system_files(), folder.file("a"), as_bytes("x"), Replace::no, 0600).ok());
    CHECK(system_files().mode(folder.path()).error().is(FileError::io));
    CHECK_FALSE(system_files().make_directories(folder.file("a")).ok());
    CHECK_FALSE(system_files().make_directories(folder.file("a/b")).ok());
}

TEST_CASE("folders are made with their parents, closed to others, and may exist already") {
    const Folder folder;
    REQUIRE(system_files().make_directories(folder.file("one/two/three")).ok());
    CHECK(system_files().make_directories(folder.file("one/two/three")).ok());
    struct stat info {};
    REQUIRE(::stat(folder.file("one/two/three").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("reads and writes go to their offset, and a read is short only at the end") {
    const Folder folder;
    auto file = system_files().open_write(folder.file("a")).value();
    REQUIRE(file->write_at(4, as_bytes("defg")).ok());
    REQUIRE(file->write_at(0, as_bytes("abc")).ok());
    CHECK(file->size().value() == 8);
    Bytes out(4);
    CHECK(file->read_at(4, out).value() == 4);
    CHECK(as_text(out) == "defg");
    CHECK(file->read_at(6, out).value() == 2);
    CHECK(file->read_at(8, out).value() == 0);
    CHECK(file->sync().ok());
}

TEST_CASE("a file that opening creates is closed to others, and one that exists is not truncated") {
    const Folder folder;
    REQUIRE(system_files().open_write(folder.file("a")).value()->write_at(0, as_bytes("kept")).ok());
    CHECK(system_files().mode(folder.file("a")).value() == 0600);
    CHECK(system_files().open_write(folder.file("a")).value()->size().value() == 4);
}

TEST_CASE("a file opened for reading cannot be written") {
    const Folder folder;
    REQUIRE(write_file(system_files(), folder.file("a"), as_bytes("x"), Replace::no, 0600).ok());
    auto file = system_files().open_read(folder.file("a")).value();
    CHECK_FALSE(file->write_at(0, as_bytes("y")).ok());
    CHECK(as_text(read_file(system_files(), folder.file("a"), 1).value()) == "x");
}

TEST_CASE("a full disk is named, with what to do") {
    auto file = system_files().open_write("/dev/full").value();
    const Error error = file->write_at(0, as_bytes("x")).error();
    CHECK(error.is(FileError::no_space));
    CHECK_FALSE(error.remedy().empty());
}

}  // namespace
}  // namespace sampan
