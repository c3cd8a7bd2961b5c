#include "sampan/config/toml.h"

#include <set>
#include <sstream>

#include <toml++/toml.h>

namespace sampan {
namespace {

Error at(const std::string& path, const toml::source_region& where, const std::string& why) {
    const std::string line = std::to_string(where.begin.line);
    return Error(ConfigError::bad_file, (path.empty() ? "line " + line : path + ":" + line) + ": " + why,
                 "correct the file");
}

class Table final : public TomlTable {
  public:
    Table(const toml::table& in, const std::string& path) : in_(in), path_(path) {}

    Result<std::optional<std::string>> text(std::string_view key) override {
        const toml::node* node = take(key);
        if (node == nullptr) return std::optional<std::string>();
        if (const auto* value = node->as_string()) return std::optional<std::string>(value->get());
        if (const auto date = as_time(*node)) return std::optional<std::string>(*date);
        return error(key, "expected text");
    }
    Result<std::optional<std::int64_t>> integer(std::string_view key) override {
        const toml::node* node = take(key);
        if (node == nullptr) return std::optional<std::int64_t>();
        if (const auto* value = node->as_integer()) return std::optional<std::int64_t>(value->get());
        return error(key, "expected a whole number");
    }
    Result<std::optional<std::vector<std::string>>> texts(std::string_view key) override {
        const toml::node* node = take(key);
        if (node == nullptr) return std::optional<std::vector<std::string>>();
        const auto* list = node->as_array();
        if (list == nullptr) return error(key, "expected a list of texts");
        std::vector<std::string> out;
        for (const toml::node& item : *list) {
            const auto* value = item.as_string();
            if (value == nullptr) return error(key, "expected a list of texts");
            out.push_back(value->get());
        }
        return std::optional(std::move(out));
    }
    Result<std::vector<std::string>> one_or_more(std::string_view key) override {
        const toml::node* node = in_.get(key);
        if (node != nullptr && node->is_string()) {
            SAMPAN_ASSIGN(std::optional<std::string> one, text(key));
            return std::vector<std::string>{std::move(*one)};
        }
        SAMPAN_ASSIGN(std::optional<std::vector<std::string>> several, texts(key));
        return several ? std::move(*several) : std::vector<std::string>();
    }
    std::vector<std::string> keys() const override {
        std::vector<std::string> out;
        for (const auto& [key, node] : in_) out.emplace_back(key.str());
        return out;
    }
    Status table(std::string_view key, bool required,
                 const std::function<Status(TomlTable&)>& read) override {
        const toml::node* node = take(key);
        if (node == nullptr) return required ? Status(error(key, "the table is missing")) : ok_status();
        if (!node->is_table()) return error(key, "expected a table");
        return read_one(*node->as_table(), read);
    }
    Status tables(std::string_view key, const std::function<Status(TomlTable&)>& read) override {
        const toml::node* node = take(key);
        if (node == nullptr) return ok_status();
        const auto* list = node->as_array();
        if (list == nullptr) return error(key, "expected a list of tables, written [[…]]");
        for (const toml::node& item : *list) {
            if (!item.is_table()) return error(key, "expected a list of tables, written [[…]]");
            SAMPAN_TRY(read_one(*item.as_table(), read));
        }
        return ok_status();
    }
    Error error(std::string_view key, const std::string& why) const override {
        const toml::node* node = in_.get(key);
        return at(path_, node != nullptr ? node->source() : in_.source(), std::string(key) + ": " + why);
    }
    Status finish() const {
        for (const auto& [key, node] : in_)
            if (!used_.contains(std::string(key.str())))
                return at(path_, node.source(), "unknown key \"" + std::string(key.str()) + "\"");
        return ok_status();
    }

  private:
    const toml::node* take(std::string_view key) {
        used_.emplace(key);
        return in_.get(key);
    }
    static std::optional<std::string> as_time(const toml::node& node) {
        std::ostringstream out;
        if (const auto* date = node.as_date()) {
            out << date->get();
        } else if (const auto* moment = node.as_date_time()) {
            out << moment->get();
        } else {
            return std::nullopt;
        }
        return out.str();
    }
    Status read_one(const toml::table& in, const std::function<Status(TomlTable&)>& read) const {
        Table inner(in, path_);
        SAMPAN_TRY(read(inner));
        return inner.finish();
    }

    const toml::table& in_;
    const std::string& path_;
    std::set<std::string> used_;
};

}  // namespace

Result<std::string> TomlTable::need_text(std::string_view key) {
    SAMPAN_ASSIGN(std::optional<std::string> value, text(key));
    if (!value || value->empty()) return error(key, "is missing or empty");
    return std::move(*value);
}

Result<std::vector<std::string>> TomlTable::need_texts(std::string_view key) {
    SAMPAN_ASSIGN(std::optional<std::vector<std::string>> value, texts(key));
    if (!value || value->empty()) return error(key, "is missing or empty");
    return std::move(*value);
}

Result<std::uint32_t> TomlTable::number(std::string_view key, std::uint32_t low, std::uint32_t high,
                                        std::uint32_t otherwise) {
    SAMPAN_ASSIGN(std::optional<std::int64_t> value, integer(key));
    if (!value) return otherwise;
    if (*value < low || *value > high)
        return error(key, "expected " + std::to_string(low) + " to " + std::to_string(high) + ", found " +
                              std::to_string(*value));
    return static_cast<std::uint32_t>(*value);
}

Result<UnixMillis> TomlTable::need_time(std::string_view key) {
    SAMPAN_ASSIGN(std::string value, need_text(key));
    auto time = parse_rfc3339(value);
    if (!time.ok()) return error(key, time.error().context());
    return time;
}

Status read_toml(std::string_view text, const std::string& path,
                 const std::function<Status(TomlTable&)>& read) {
    toml::table parsed;
    try {
        parsed = toml::parse(text, path);
    } catch (const toml::parse_error& failure) {
        return at(path, failure.source(), std::string(failure.description()));
    }
    Table table(parsed, path);
    SAMPAN_TRY(read(table));
    return table.finish();
}

std::string path_beside(const std::string& file, const std::string& path) {
    const auto slash = file.rfind('/');
    if (path.empty() || path.front() == '/' || slash == std::string::npos) return path;
    return file.substr(0, slash + 1) + path;
}

}  // namespace sampan
