// reconcile, anomalies, report, export, witness-status, verify-evidence, verify-fork.
#include <iostream>
#include <nlohmann/json.hpp>

#include "auditor/commands.h"
#include "auditor/evidence.h"
#include "auditor/fork_finder.h"
#include "auditor/reconcile.h"
#include "sampan/crypto/time_stamp.h"
#include "sampan/log/fork.h"

namespace sampan {
namespace {

using nlohmann::json;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

struct PeriodText {
    ExportText common;
    std::string since, until, output, format = "jsonl";
    std::vector<std::string> journals;
};

Result<Period> parse_period(const PeriodText& text) {
    Period out;
    if (!text.since.empty()) {
        SAMPAN_ASSIGN(out.since, parse_rfc3339(text.since));
    }
    if (!text.until.empty()) {
        SAMPAN_ASSIGN(out.until, parse_rfc3339(text.until));
    }
    return out;
}

struct Gathered {
    Ledger ledger;
    Period period;
    AuditReport report;
};
Result<Gathered> gather(const PeriodText& text) {
    Gathered out;
    SAMPAN_ASSIGN(out.period, parse_period(text));
    SAMPAN_ASSIGN(out.report, audit_export(text.common, [&out](const AuditedRow& row) {
                      out.ledger.take(row, out.period);
                  }));
    return out;
}

int run_anomalies(const PeriodText& text) {
    const auto gathered = gather(text);
    if (!gathered.ok()) return fail(gathered.error(), k_exit_verification);
    json out{{"schema", "sampan.audit.anomalies/1"}, {"anomalies", json::array()}};
    const std::vector<Anomaly> found = find_anomalies(gathered->ledger);
    if (found.empty() && !text.common.as_json) std::cout << "Nothing is out of the ordinary.\n";
    for (const Anomaly& anomaly : found) {
        if (text.common.as_json)
            out["anomalies"].push_back(
                {{"kind", anomaly.kind}, {"entry", anomaly.index.get()}, {"text", printable(anomaly.text)}});
        else
            std::cout << "entry " << anomaly.index.get() << "  " << anomaly.kind << ": "
                      << printable(anomaly.text) << "\n";
    }
    if (text.common.as_json) std::cout << dump(out) << "\n";
    return warn_unless_verified(gathered->report);
}

Result<std::vector<JournalFile>> read_journals(const PeriodText& text, const AuditReport& report) {
    std::vector<JournalFile> out;
    for (const std::string& path : text.journals) {
        SAMPAN_ASSIGN(std::unique_ptr<File> file, system_files().open_read(path));
        auto journal = read_journal(*file, report.exchange);
        if (!journal.ok()) return journal.error().within(path);
        out.push_back(std::move(*journal));
    }
    return out;
}

int run_reconcile(const PeriodText& text) {
    const auto gathered = gather(text);
    if (!gathered.ok()) return fail(gathered.error(), k_exit_verification);
    const auto journals = read_journals(text, gathered->report);
    if (!journals.ok()) return fail(journals.error(), k_exit_verification);
    const auto found = reconcile(gathered->ledger, *journals, gathered->report.witness_keys);
    json out{{"schema", "sampan.audit.reconcile/1"}, {"findings", json::array()}};
    const auto number = [](const std::optional<LeafIndex>& at) {
        return at ? std::to_string(at->get()) : "-";
    };
    for (const Discrepancy& one : found) {
        if (text.common.as_json)
            out["findings"].push_back({{"kind", one.kind},
                                       {"agency", one.agency},
                                       {"log_entry", number(one.log_entry)},
                                       {"journal_entry", number(one.journal_entry)},
                                       {"text", printable(one.text)}});
        else
            std::cout << one.kind << "  " << one.agency << "  log " << number(one.log_entry) << "  journal "
                      << number(one.journal_entry) << "  " << printable(one.text) << "\n";
    }
    if (text.common.as_json) std::cout << dump(out) << "\n";
    const bool agree =
        std::none_of(found.begin(), found.end(), [](const auto& one) { return one.is_finding(); });
    if (!text.common.as_json && agree)
        std::cout << "The log and " << journals->size() << " journals agree.\n";
    const int warned = warn_unless_verified(gathered->report);
    return agree ? warned : k_exit_verification;
}

int run_report(const PeriodText& text) {
    const auto gathered = gather(text);
    if (!gathered.ok()) return fail(gathered.error(), k_exit_verification);
    ReportInput input;
    input.ledger = &gathered->ledger;
    input.audit = &gathered->report;
    input.anomalies = find_anomalies(gathered->ledger);
    input.period = gathered->period;
    input.exchange = gathered->report.exchange.text();
    const Status written =
        write_file(system_files(), text.output, as_bytes(html_report(input)), Replace::no, 0644);
    if (!written.ok()) return fail(written.error());
    std::cerr << "wrote " << text.output << "\n";
    return warn_unless_verified(gathered->report);
}

// A field of a CSV file: quoted where RFC 4180 wants it, and never a formula to a spreadsheet.
std::string csv(std::string text) {
    text = printable(text);
    if (!text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos)
        text.insert(0, "'");
    if (text.find_first_of(",\"") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out.append(c == '"' ? "\"\"" : std::string(1, c));
    return out + "\"";
}

json row_json(const AuditedRow& row) {
    json out{{"entry", row.index.get()},
             {"time", to_rfc3339(row.time())},
             {"type", entry_type_name(row.type)},
             {"agency", row.agency},
             {"subject", to_hex(row.subject.view())},
             {"summary", printable(row.summary)}};
    if (row.erased_by) out["erased_by"] = row.erased_by->get();
    if (row.header) {
        out["message"] = row.header->message_id.hex();
        out["label"] = row.header->label.classification;
        out["precedence"] = precedence_name(row.header->precedence);
        out["readers"] = json::array();
        for (const Recipient& reader : row.header->recipients) out["readers"].push_back(reader.agency.text());
    }
    for (const AuditedOutcome& outcome : row.outcomes)
        out["outcomes"].push_back({{"subject", outcome.subject.hex()},
                                   {"reader", outcome.recipient},
                                   {"outcome", outcome_name(outcome.code)},
                                   {"reason", outcome.reason}});
    return out;
}

int run_export(const PeriodText& text) {
    const auto period = parse_period(text);
    if (!period.ok()) return fail(period.error(), k_exit_usage);
    const bool as_csv = text.format == "csv";
    if (as_csv) std::cout << "entry,time,type,agency,message,label,precedence,readers,summary\r\n";
    const auto report = audit_export(text.common, [&](const AuditedRow& row) {
        if (!period->holds(row.time())) return;
        const json out = row_json(row);
        if (!as_csv) {
            std::cout << dump(out) << "\n";
            return;
        }
        std::string readers;
        if (row.header)
            for (const Recipient& reader : row.header->recipients)
                readers.append(readers.empty() ? "" : " ").append(reader.agency.text());
        std::cout << row.index.get() << "," << to_rfc3339(row.time()) << "," << entry_type_name(row.type)
                  << "," << csv(row.agency) << "," << out.value("message", "") << ","
                  << csv(out.value("label", "")) << "," << out.value("precedence", "") << "," << csv(readers)
                  << "," << csv(row.summary) << "\r\n";
    });
    if (!report.ok()) return fail(report.error(), k_exit_verification);
    return warn_unless_verified(*report);
}

int run_witness_status(const ExportText& text) {
    const auto report = audit_export(text, {});
    if (!report.ok()) return fail(report.error(), k_exit_verification);
    const WitnessJudgement& judged = report->witnesses;
    json out{{"schema", "sampan.audit.witnesses/1"}, {"size", report->checkpoint.size.get()},
             {"cosigned", judged.cosigned},          {"quorum", judged.quorum},
             {"witnessed", judged.reached()},        {"witnesses", json::array()}};
    const auto moment = [](std::uint64_t time_s) {
        return to_rfc3339(UnixMillis(static_cast<std::int64_t>(time_s) * k_second_ms));
    };
    for (const WitnessView& view : judged.witnesses) {
        const std::string said = !view.problem.empty() ? view.problem
                                 : view.time_s         ? "cosigned at " + moment(*view.time_s)
                                                       : "has not cosigned";
        out["witnesses"].push_back({{"name", view.name}, {"state", said}});
        if (!text.as_json) std::cout << view.name << "  " << printable(said) << "\n";
    }
    if (text.as_json) {
        std::cout << dump(out) << "\n";
    } else {
        std::cout << judged.cosigned << " of " << judged.witnesses.size() << " cosigned size "
                  << report->checkpoint.size.get() << "; the quorum is " << judged.quorum << ", which bears "
                  << (report->tolerates ? std::to_string(*report->tolerates) : "no") << " faulty witnesses: "
                  << (judged.reached() ? "witnessed, median time " + moment(*judged.time_s)
                                       : "not yet witnessed")
                  << "\n";
    }
    return warn_unless_verified(*report);
}

struct EvidenceText {
    std::string file, trust, key, tsa, response, output;
    std::vector<std::string> witnesses;
    bool as_json = false;
};

Result<EvidenceReport> check_evidence(const EvidenceText& text) {
    EvidenceOptions options;
    SAMPAN_ASSIGN(options.trust, Sha256Digest::parse_hex(text.trust));
    for (const std::string& vkey : text.witnesses) {
        SAMPAN_ASSIGN(WitnessKey witness, WitnessKey::parse(vkey));
        options.witnesses.push_back(std::move(witness));
    }
    if (!text.tsa.empty()) {
        SAMPAN_ASSIGN(Bytes pem, read_file(system_files(), text.tsa, limits::k_mib));
        options.time_authority = std::string(as_text(pem));
    }
    SAMPAN_ASSIGN(Bytes bundle, read_file(system_files(), text.file, k_evidence_bytes));
    return verify_evidence(bundle, options);
}

int run_verify_evidence(const EvidenceText& text) {
    const auto report = check_evidence(text);
    if (!report.ok()) return fail(report.error(), k_exit_verification);
    json out{{"schema", "sampan.audit.evidence/1"}, {"ok", report->ok()}, {"steps", json::array()}};
    for (const AuditStep& step : report->steps) {
        out["steps"].push_back({{"what", step.what}, {"ok", step.ok}, {"detail", printable(step.detail)}});
        if (!text.as_json)
            std::cout << (step.ok ? "ok    " : "FAILED ") << printable(step.what) << ": "
                      << printable(step.detail) << "\n";
    }
    if (text.as_json) {
        out["document"] = report->document;
        std::cout << dump(out) << "\n";
    } else {
        std::cout << (report->ok() ? "The evidence holds.\n" : "The evidence does NOT hold.\n");
    }
    return report->ok() ? 0 : k_exit_verification;
}

Result<Evidence> read_evidence(const std::string& path) {
    SAMPAN_ASSIGN(Bytes bundle, read_file(system_files(), path, k_evidence_bytes));
    return decode_evidence(bundle);
}

int run_ask_time(const EvidenceText& text) {
    const Status done = [&]() -> Status {
        SAMPAN_ASSIGN(Evidence evidence, read_evidence(text.file));
        SAMPAN_ASSIGN(Sha256Digest digest, time_stamped_digest(evidence));
        SAMPAN_ASSIGN(Bytes request, time_stamp_request(digest));
        return write_file(system_files(), text.output, request, Replace::no, 0644);
    }();
    return done.ok() ? 0 : fail(done.error());
}

int run_add_time(const EvidenceText& text) {
    const Status done = [&]() -> Status {
        SAMPAN_ASSIGN(Evidence evidence, read_evidence(text.file));
        SAMPAN_ASSIGN(Bytes response, read_file(system_files(), text.response, limits::k_mib));
        SAMPAN_ASSIGN(evidence.time_stamp, time_stamp_token(response));
        return write_file(system_files(), text.output, encode_evidence(evidence), Replace::no, 0644);
    }();
    return done.ok() ? 0 : fail(done.error());
}

void add_time_commands(CLI::App& app, Command& chosen) {
    auto text = std::make_shared<EvidenceText>();
    CLI::App* ask =
        app.add_subcommand("ask-time", "make an RFC 3161 request over an evidence bundle's checkpoint");
    ask->add_option("file", text->file, "evidence bundle")->required()->check(CLI::ExistingFile);
    ask->add_option("-o,--output", text->output, "where to write the request, for the authority")->required();
    ask->callback([&chosen, text] { chosen = [text] { return run_ask_time(*text); }; });
    auto answer = std::make_shared<EvidenceText>();
    CLI::App* add = app.add_subcommand("add-time", "put the authority's answer into a copy of the bundle");
    add->add_option("file", answer->file, "evidence bundle")->required()->check(CLI::ExistingFile);
    add->add_option("response", answer->response, "the authority's answer")
        ->required()
        ->check(CLI::ExistingFile);
    add->add_option("-o,--output", answer->output, "where to write the new bundle")->required();
    add->callback([&chosen, answer] { chosen = [answer] { return run_add_time(*answer); }; });
}

int run_verify_fork(const EvidenceText& text) {
    const auto proves = [&]() -> Result<std::string> {
        SAMPAN_ASSIGN(NoteKey log, NoteKey::parse(text.key));
        SAMPAN_ASSIGN(Bytes bytes, read_file(system_files(), text.file, k_evidence_bytes));
        SAMPAN_ASSIGN(ForkEvidence evidence, decode_fork_evidence(bytes));
        return verify_fork(evidence, log.name, log.key);
    }();
    if (!proves.ok()) return fail(proves.error(), k_exit_verification);
    std::cout << "PROVEN: " << printable(*proves) << "\n";
    return 0;
}

int run_find_fork(const EvidenceText& text) {
    const auto found = [&]() -> Result<std::optional<ForkEvidence>> {
        SAMPAN_ASSIGN(std::unique_ptr<File> one, system_files().open_read(text.file));
        SAMPAN_ASSIGN(std::unique_ptr<File> other, system_files().open_read(text.response));
        return find_fork(*one, *other);
    }();
    if (!found.ok()) return fail(found.error(), k_exit_verification);
    if (!*found) {
        std::cout << "One history: the longer log begins with the shorter.\n";
        return 0;
    }
    const Status written =
        write_file(system_files(), text.output, encode_fork_evidence(**found), Replace::no, 0644);
    if (!written.ok()) return fail(written.error());
    std::cout << "TWO HISTORIES. The proof is in " << printable(text.output)
              << "; sampan-audit verify-fork checks it.\n";
    return k_exit_verification;
}

void add_find_fork(CLI::App& app, Command& chosen) {
    auto text = std::make_shared<EvidenceText>();
    CLI::App* command =
        app.add_subcommand("find-fork", "compare two exports of one log, taken at different places");
    command->add_option("export", text->file, "log export file")->required()->check(CLI::ExistingFile);
    command->add_option("other", text->response, "another one")->required()->check(CLI::ExistingFile);
    command->add_option("-o,--output", text->output, "where to write the proof of a fork")->required();
    command->callback([&chosen, text] { chosen = [text] { return run_find_fork(*text); }; });
}

CLI::App* add_period(CLI::App& app, Command& chosen, const char* name, const char* help,
                     const std::shared_ptr<PeriodText>& text, int (*run)(const PeriodText&)) {
    CLI::App* command = app.add_subcommand(name, help);
    add_export_options(*command, text->common);
    command->add_option("--since", text->since, "UTC date or time, inclusive");
    command->add_option("--until", text->until, "UTC date or time, exclusive");
    command->callback([&chosen, text, run] { chosen = [text, run] { return run(*text); }; });
    return command;
}

}  // namespace

void add_analysis_commands(CLI::App& app, Command& chosen) {
    const auto fresh = [] { return std::make_shared<PeriodText>(); };
    add_period(app, chosen, "anomalies", "late receipts, unusual hours, refusals, clocks", fresh(),
               run_anomalies);
    auto text = fresh();
    add_period(app, chosen, "reconcile", "the log against the journals of nodes", text, run_reconcile)
        ->add_option("--journal", text->journals, "a node's exported journal; may be given several times")
        ->required()
        ->check(CLI::ExistingFile);
    text = fresh();
    add_period(app, chosen, "report", "one HTML page for a period, with plots, that prints well", text,
               run_report)
        ->add_option("-o,--output", text->output, "where to write the page")
        ->required();
    text = fresh();
    add_period(app, chosen, "export", "the entries as JSON Lines or CSV", text, run_export)
        ->add_option("--format", text->format, "jsonl or csv")
        ->check(CLI::IsMember({"jsonl", "csv"}));
    auto common = std::make_shared<ExportText>();
    CLI::App* status =
        app.add_subcommand("witness-status", "who cosigned the checkpoint, and whether it suffices");
    add_export_options(*status, *common);
    status->callback([&chosen, common] { chosen = [common] { return run_witness_status(*common); }; });
    auto evidence = std::make_shared<EvidenceText>();
    CLI::App* verify =
        app.add_subcommand("verify-evidence", "check an evidence bundle, offline, step by step");
    verify->add_option("file", evidence->file, "evidence bundle")->required()->check(CLI::ExistingFile);
    verify->add_option("--trust", evidence->trust, "SHA-256 of epoch 1's registry, in hexadecimal")
        ->required();
    verify->add_option("--witness", evidence->witnesses,
                       "a witness's verifier key that you hold from elsewhere; may be given several times");
    verify->add_option("--tsa", evidence->tsa, "root certificates of the time-stamping authority, PEM")
        ->check(CLI::ExistingFile);
    verify->add_flag("--json", evidence->as_json, "machine-readable output, with a disclosed document");
    verify->callback([&chosen, evidence] { chosen = [evidence] { return run_verify_evidence(*evidence); }; });
    add_time_commands(app, chosen);
    add_find_fork(app, chosen);
    auto fork = std::make_shared<EvidenceText>();
    CLI::App* prove = app.add_subcommand("verify-fork", "check the proof that a log showed two histories");
    prove->add_option("file", fork->file, "fork evidence")->required()->check(CLI::ExistingFile);
    prove->add_option("--key", fork->key, "the log's verifier key, name+hash+key")->required();
    prove->callback([&chosen, fork] { chosen = [fork] { return run_verify_fork(*fork); }; });
}

}  // namespace sampan
