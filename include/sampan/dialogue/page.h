// A view of a dialogue as data: headings, sentences and tables, with the messages that each row comes from
// and the label of all of them together. Rendered as JSON or as one self-contained HTML page; terminals draw
// the JSON. Pure.
#pragma once

#include <string>
#include <vector>

#include "sampan/dialogue/compilation.h"
#include "sampan/dialogue/workspace.h"

namespace sampan {

struct PageColumn {
    std::string key;    // in JSON
    std::string title;  // "DUE"
};
struct PageRow {
    std::vector<std::string> cells;  // as many as columns
    std::vector<std::string> cites;  // short ids
};
struct PageSection {
    std::string key;
    std::string heading;
    std::vector<std::string> sentences;
    std::vector<PageColumn> columns;
    std::vector<PageRow> rows;
};
struct Page {
    std::string view;  // "submissions"
    std::string dialogue;
    std::string title;
    std::string marking;  // of the whole page
    std::vector<Compilation::Forced> forced;
    std::vector<PageSection> sections;
    UnixMillis made;
};

// Schema "sampan.dialogue/1": the rows of a section are objects by column key, with "cites".
std::string page_json(const Page& page);
// No script, no link to anything outside, every text escaped; the marking on top and at the bottom of the
// page and of every printed sheet.
std::string page_html(const Page& page);
// One message as a page: its marking on top and at the bottom, the lines of its header, its fields, its text.
struct DocumentPage {
    std::string marking;
    std::vector<std::pair<std::string, std::string>> lines;     // "From", "th-rtp"
    std::vector<std::pair<std::string, std::string>> portions;  // name and marking
};
std::string document_html(const Document& document, const DocumentPage& page);
// Text from others inside HTML: & < > " ' escaped, control characters as U+FFFD.
std::string html_text(std::string_view text);
// CommonMark without raw HTML, images or links that leave the page: paragraphs' marks become markings.
std::string markdown_html(std::string_view markdown);

}  // namespace sampan
