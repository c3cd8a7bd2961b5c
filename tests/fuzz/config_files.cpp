// Every TOML file that a program reads at its start. What is refused names the file.
#include "broker/config.h"
#include "fuzz/fuzz.h"
#include "node/settings.h"
#include "sampan/authority/agencies_file.h"
#include "sampan/authority/authority.h"

using namespace sampan;

namespace {

template <typename T>
void refused_by_name(const Result<T>& result) {
    if (!result.ok())
        fuzz::hold(result.error().text().find("x.toml") != std::string::npos, "a refusal names the file");
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    const std::string_view text = as_text(in);
    const std::string path = "/etc/x.toml";
    refused_by_name(parse_exchange_file(text, path));
    refused_by_name(parse_agencies_file(text, path));
    refused_by_name(parse_broker_card(text, path));
    refused_by_name(parse_auditor_card(text, path));
    fuzz::OneFile files(in);
    refused_by_name(node::read_settings(files, path));
    refused_by_name(broker::read_config(files, path));
}
