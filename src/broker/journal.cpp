#include "broker/journal.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

namespace sampan::broker::journal {
namespace {

spdlog::level::level_enum level_of(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = spdlog::stderr_logger_mt("sampan-broker");
        made->set_pattern("%v");
        return made;
    }();
    return *instance;
}

}  // namespace

void start(std::string_view level) {
    logger().set_level(level == "debug"     ? spdlog::level::debug
                       : level == "warning" ? spdlog::level::warn
                       : level == "error"   ? spdlog::level::err
                                            : spdlog::level::info);
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    // The line that says "ready" is part of the contract with whoever started us, at every level.
    const bool always = event == "ready";
    if (!always && !logger().should_log(level_of(level))) return;
    nlohmann::ordered_json line;
    line["time"] = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
    line["level"] = spdlog::level::to_string_view(level_of(level)).data();
    line["event"] = std::string(event);
    for (const Field& field : fields)
        std::visit([&](const auto& value) { line[std::string(field.name)] = value; }, field.value);
    const std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    logger().log(always ? spdlog::level::off : level_of(level), "{}", text);
    if (always || level == Level::error) logger().flush();
}

}  // namespace sampan::broker::journal
