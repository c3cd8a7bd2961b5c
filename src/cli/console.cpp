#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/error.h"

namespace sampan::cli {
namespace {

std::optional<std::size_t> terminal_width() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

const char* escape_of(Colour colour) {
    switch (colour) {
        case Colour::bold:
            return "\x1b[1m";
        case Colour::red:
            return "\x1b[31m";
        case Colour::green:
            return "\x1b[32m";
        case Colour::yellow:
            return "\x1b[33m";
        case Colour::dim:
            return "\x1b[2m";
        case Colour::reverse:
            return "\x1b[7m";
    }
    return "";
}

}  // namespace

Console::Console(std::ostream& out, std::ostream& err, Setup setup) : out_(&out), err_(&err), setup_(setup) {}

Console Console::of_process() {
    Setup setup;
    setup.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    setup.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
    setup.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
    const char* no_colour = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    setup.no_colour =
        (no_colour != nullptr && *no_colour != '\0') || term == nullptr || std::string_view(term) == "dumb";
    if (setup.out_is_terminal) setup.width = terminal_width();
    return Console(std::cout, std::cerr, setup);
}

void Console::say(std::string_view text) {
    if (!quiet) warn(text);
}

void Console::warn(std::string_view text) {
    *err_ << printable(text, Lines::many) << std::endl;
}

void Console::fail(const Error& error) {
    // Our own failures carry the name in the context; those of the layers below are named here.
    const bool own = error.is(CliError::failed) || exit_code_of(error) != k_exit_failure;
    const std::string context = error.context().empty() ? std::string(error.name()) : error.context();
    if (json) {
        *err_ << safe_json(
                     {{"schema", "sampan.error/1"},
                      {"exit", exit_code_of(error)},
                      {"error", {{"name", error.name()}, {"detail", context}, {"remedy", error.remedy()}}}},
                     2)
              << std::endl;
        return;
    }
    std::string text = "error: " + (own ? "" : std::string(error.name()) + ": ") + context;
    *err_ << (setup_.err_is_terminal ? coloured(printable(text, Lines::many), Colour::red)
                                     : printable(text, Lines::many))
          << "\n";
    if (!error.remedy().empty()) *err_ << "  next: " << printable(error.remedy(), Lines::many) << "\n";
    err_->flush();
}

void Console::print(const Table& table) {
    *out_ << table.text(setup_.width, setup_.out_is_terminal && !setup_.no_colour);
    out_->flush();
}

void Console::print_json(std::string_view schema, nlohmann::json value) {
    if (!value.is_object()) value = {{"value", std::move(value)}};
    value["schema"] = schema;
    *out_ << safe_json(value, 2) << std::endl;
}

std::string Console::coloured(std::string_view text, Colour colour) const {
    if (setup_.no_colour || !setup_.out_is_terminal) return std::string(text);
    return escape_of(colour) + std::string(text) + "\x1b[0m";
}

Status Console::confirm(std::string_view question) {
    if (yes) return ok_status();
    if (!may_prompt())
        return Error(CliError::usage, std::string(question) + " Nobody is there to be asked.",
                     "add --yes to answer yes beforehand");
    *err_ << printable(question, Lines::many) << " [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "y" || answer == "Y" || answer == "yes") return ok_status();
    return Error(CliError::interrupted, "Nothing was changed.");
}

std::string safe_json(const nlohmann::json& value, int indent) {
    const std::string text = value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
    // Outside ASCII every character of JSON stands inside a string, where \u means the same character.
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        const std::string_view piece = std::string_view(text).substr(at, length);
        at += piece.size();
        const std::string shown = length == 1 && lead != 0x7F ? std::string(piece) : printable(piece);
        if (shown == piece) {
            out += shown;
            continue;
        }
        char32_t c = length == 1 ? lead : lead & (0xFFu >> (length + 1));
        for (std::size_t i = 1; i < piece.size(); ++i)
            c = (c << 6) | (static_cast<unsigned char>(piece[i]) & 0x3Fu);
        char escaped[16];
        if (c < 0x10000)
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
        else
            std::snprintf(escaped, sizeof escaped, "\\u%04x\\u%04x",
                          static_cast<unsigned>(0xD800 + ((c - 0x10000) >> 10)),
                          static_cast<unsigned>(0xDC00 + ((c - 0x10000) & 0x3FF)));
        out += escaped;
    }
    return out;
}

}  // namespace sampan::cli
