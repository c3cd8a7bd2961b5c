// The broker's own log of what it does: one JSON object a line on standard error, for operators and journald.
// Never content, keys or passphrases: names, counts and times. Thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace sampan::broker::journal {

enum class Level : std::uint8_t { debug, info, warning, error };
struct Field {
    std::string_view name;
    std::variant<std::string, std::uint64_t> value;
};
void start(std::string_view level);
void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});

}  // namespace sampan::broker::journal
