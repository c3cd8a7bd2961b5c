// Where a command reads and writes. Data goes to `out`, commentary to `err`; colour only on a terminal. Owned
// by main, or by a test that looks at what was written.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "cli/table.h"
#include "cli/text.h"
#include "sampan/base/result.h"

namespace sampan::cli {

enum class Colour : std::uint8_t { bold, red, green, yellow, dim, reverse };

class Console {
  public:
    struct Setup {
        bool out_is_terminal = false;
        bool err_is_terminal = false;
        bool in_is_terminal = false;
        bool no_colour = false;
        std::optional<std::size_t> width;  // of the terminal that `out` is
    };
    Console(std::ostream& out, std::ostream& err, Setup setup);
    // The process's own streams; NO_COLOR, TERM and COLUMNS are heeded.
    static Console of_process();

    bool json = false;      // --json
    bool no_input = false;  // --no-input
    bool yes = false;       // --yes
    bool quiet = false;     // --quiet

    std::ostream& out() { return *out_; }
    // A line of commentary; `text` is made printable.
    void say(std::string_view text);
    // A line of commentary that goes out even with --quiet.
    void warn(std::string_view text);
    // "error: …" with the remedy, or one JSON object with --json.
    void fail(const Error& error);
    void print(const Table& table);
    // Adds "schema", prints indented JSON that no terminal can take for a command.
    void print_json(std::string_view schema, nlohmann::json value);
    std::string coloured(std::string_view text, Colour colour) const;

    const Setup& setup() const { return setup_; }
    // Asks on the terminal; --yes answers; without a terminal the answer is an error that names --yes.
    Status confirm(std::string_view question);
    bool may_prompt() const { return setup_.in_is_terminal && setup_.err_is_terminal && !no_input; }

  private:
    std::ostream* out_;
    std::ostream* err_;
    Setup setup_;
};

// JSON text in which no character beyond ASCII's printable ones and ordinary letters stands as itself.
std::string safe_json(const nlohmann::json& value, int indent);

}  // namespace sampan::cli
