// Reading TOML with errors that name file, line and key, and with no key left unread. For exchange files,
// cards and briefings.
#pragma once

#include <functional>
#include <optional>

#include "sampan/base/bytes.h"
#include "sampan/base/time.h"

namespace sampan {

enum class ConfigError { bad_file };
constexpr std::string_view error_name(ConfigError) {
    return "bad_file";
}

// A table being read: every key must be asked for, or `finish` refuses it.
class TomlTable {
  public:
    virtual ~TomlTable() = default;
    virtual Result<std::optional<std::string>> text(std::string_view key) = 0;
    virtual Result<std::optional<std::int64_t>> integer(std::string_view key) = 0;
    virtual Result<std::optional<std::vector<std::string>>> texts(std::string_view key) = 0;
    // A list of texts, or one text alone.
    virtual Result<std::vector<std::string>> one_or_more(std::string_view key) = 0;
    // Every key there is, in order: for tables whose keys are names.
    virtual std::vector<std::string> keys() const = 0;
    // A sub-table, or an array of them; each is read and finished by `read`.
    virtual Status table(std::string_view key, bool required,
                         const std::function<Status(TomlTable&)>& read) = 0;
    virtual Status tables(std::string_view key, const std::function<Status(TomlTable&)>& read) = 0;
    // "path:line: why"; "line 4: why" when the text has no path.
    virtual Error error(std::string_view key, const std::string& why) const = 0;

    // As above, refused when missing.
    Result<std::string> need_text(std::string_view key);
    Result<std::vector<std::string>> need_texts(std::string_view key);
    Result<std::uint32_t> number(std::string_view key, std::uint32_t low, std::uint32_t high,
                                 std::uint32_t otherwise);
    Result<UnixMillis> need_time(std::string_view key);
};

Status read_toml(std::string_view text, const std::string& path,
                 const std::function<Status(TomlTable&)>& read);

// A path that a file names: relative ones are relative to that file's folder. "" stays "".
std::string path_beside(const std::string& file, const std::string& path);

}  // namespace sampan
