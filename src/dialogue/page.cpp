#include "sampan/dialogue/page.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "sampan/wire/strict.h"

namespace sampan {
namespace {

using nlohmann::json;

// Everything a page needs is in it: it is kept, printed and carried on paper. The whole stands in one table,
// whose head and foot are printed on every sheet.
constexpr std::string_view k_style =
    "@page{size:A4;margin:12mm}"
    "body{font:10pt/1.35 'Noto Sans','Noto Sans Thai','Noto Sans Khmer','Noto Sans Lao','Noto Sans Myanmar',"
    "'Noto Sans CJK JP',sans-serif;margin:0 1.2em 1.2em;color:#111}"
    ".marking{font-weight:bold;text-align:center;padding:.3em;border:1px solid #111;margin:.6em 0}"
    "h1{font-size:15pt;margin:.4em 0 .1em}h2{font-size:12pt;margin:1.2em 0 .3em;break-after:avoid}"
    ".what{color:#444;margin:0 0 .6em}"
    "table{border-collapse:collapse;width:100%;font-size:9pt}thead{display:table-header-group}"
    "tfoot{display:table-footer-group}"
    "th,td{border:1px solid #999;padding:.2em .4em;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#eee;white-space:nowrap}tr{break-inside:avoid}.cites{white-space:nowrap;color:#444}"
    ".sheet{font-size:inherit}.sheet>*>tr{break-inside:auto}.sheet>*>tr>td{border:0;padding:0}"
    "footer{font-size:8pt;color:#444;margin-top:1em}"
    "@media print{body{margin:0}a{color:inherit}}";
constexpr std::size_t k_wide_columns = 6;  // more than a sheet has room for upright

std::string page_begin(const std::string& title, const std::string& marking, bool wide = false) {
    return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
           "'unsafe-inline'\"><title>" +
           html_text(title) + "</title><style>" + std::string(k_style) +
           (wide ? "@page{size:A4 landscape}" : "") +
           "</style></head>\n<body>\n<table class=\"sheet\"><thead><tr><td><div class=\"marking top\">" +
           html_text(marking) + "</div></td></tr></thead><tbody><tr><td>\n<h1>" + html_text(title) +
           "</h1>\n";
}
std::string page_end(const std::string& marking) {
    return "</td></tr></tbody><tfoot><tr><td><div class=\"marking bottom\">" + html_text(marking) +
           "</div></td></tr></tfoot></table>\n</body></html>\n";
}

// Punctuation that CommonMark could take for a mark.
std::string markdown_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("\\`*_[]<>#{}()+-.!|&").find(c) != std::string_view::npos) out.push_back('\\');
        out.push_back(c);
    }
    return out;
}

// Paragraphs' marks become the markings that they stand for.
std::string marked_body(const Document& document, const DocumentPage& page) {
    std::string out;
    for (const Paragraph& paragraph : paragraphs_of(document.body)) {
        for (const auto& [name, marking] : page.portions)
            if (name == paragraph.portion) out += "**(" + markdown_escaped(marking) + ")** ";
        out.append(paragraph.text);
        out += "\n\n";
    }
    return out;
}

std::string rows_html(const std::vector<std::pair<std::string, std::string>>& lines) {
    std::string out = "<table><tbody>\n";
    for (const auto& [name, value] : lines)
        if (!value.empty())
            out += "<tr><th>" + html_text(name) + "</th><td>" + html_text(value) + "</td></tr>\n";
    return out + "</tbody></table>\n";
}

}  // namespace

std::string document_html(const Document& document, const DocumentPage& page) {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const Fields::Field& field : document.fields.all())
        fields.emplace_back(field.name, field_text(field.value));
    std::string out = page_begin(document.title, page.marking) + rows_html(page.lines);
    if (!fields.empty()) out += "<h2>" + html_text(kind_name(document.kind)) + "</h2>\n" + rows_html(fields);
    // Where a portion is named, paragraphs are set one by one; elsewhere the text is as it was written.
    const std::string body = document.portions.empty() ? document.body : marked_body(document, page);
    return out + markdown_html(body) + page_end(page.marking);
}

std::string html_text(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            case '\n':
                out += "<br>";
                break;
            default:
                // Control characters have no place in a page, and break its encoding at worst.
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
                    out += "\xef\xbf\xbd";
                else
                    out.push_back(c);
        }
    }
    return out;
}

std::string page_json(const Page& page) {
    json out{{"schema", "sampan.dialogue/1"}, {"view", page.view},       {"dialogue", page.dialogue},
             {"title", page.title},           {"marking", page.marking}, {"made", to_rfc3339(page.made)}};
    out["forced"] = json::array();
    for (const Compilation::Forced& forced : page.forced)
        out["forced"].push_back({{"what", forced.what}, {"part", forced.part}});
    out["sections"] = json::array();
    for (const PageSection& section : page.sections) {
        json one{{"key", section.key},
                 {"heading", section.heading},
                 {"sentences", section.sentences},
                 {"columns", json::array()},
                 {"rows", json::array()}};
        for (const PageColumn& column : section.columns)
            one["columns"].push_back({{"key", column.key}, {"title", column.title}});
        for (const PageRow& row : section.rows) {
            json cells{{"cites", row.cites}};
            for (std::size_t i = 0; i < row.cells.size(); ++i) cells[section.columns[i].key] = row.cells[i];
            one["rows"].push_back(std::move(cells));
        }
        out["sections"].push_back(std::move(one));
    }
    return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string page_html(const Page& page) {
    const bool wide = std::any_of(page.sections.begin(), page.sections.end(), [](const PageSection& section) {
        return section.columns.size() > k_wide_columns;
    });
    std::string out = page_begin(page.title, page.marking, wide);
    out += "<p class=\"what\">" + html_text(page.dialogue + ": " + page.view) + "</p>\n";
    for (const PageSection& section : page.sections) {
        out += "<h2>" + html_text(section.heading) + "</h2>\n";
        for (const std::string& sentence : section.sentences) out += "<p>" + html_text(sentence) + "</p>\n";
        if (section.columns.empty()) continue;
        out += "<table><thead><tr>";
        for (const PageColumn& column : section.columns) out += "<th>" + html_text(column.title) + "</th>";
        out += "<th>SOURCE</th></tr></thead><tbody>\n";
        for (const PageRow& row : section.rows) {
            out += "<tr>";
            for (const std::string& cell : row.cells) out += "<td>" + html_text(cell) + "</td>";
            out += "<td class=\"cites\">";
            for (const std::string& cite : row.cites) out += "[" + html_text(cite) + "] ";
            out += "</td></tr>\n";
        }
        if (section.rows.empty())
            out += "<tr><td colspan=\"" + std::to_string(section.columns.size() + 1) + "\">none</td></tr>\n";
        out += "</tbody></table>\n";
    }
    out += "<footer><p>Made " + html_text(to_rfc3339(page.made)) + " from the messages this node holds.";
    for (const Compilation::Forced& forced : page.forced)
        out += " " + html_text(forced.what) + " by [" + html_text(forced.part) + "].";
    return out + "</p></footer>\n" + page_end(page.marking);
}

}  // namespace sampan
