// CommonMark by libcmark. Its safe mode leaves raw HTML and dangerous links out; links and images go
// altogether here, for a page that is printed or kept must ask nobody for anything.
#include <cmark.h>

#include <memory>

#include "sampan/dialogue/page.h"

namespace sampan {
namespace {

struct FreeNode {
    void operator()(cmark_node* node) const { cmark_node_free(node); }
};

// A link or image becomes what it encloses.
void unwrap(cmark_node* node) {
    while (cmark_node* child = cmark_node_first_child(node)) {
        cmark_node_unlink(child);
        cmark_node_insert_before(node, child);
    }
    cmark_node_free(node);
}

void take_out_links(cmark_node* root) {
    std::vector<cmark_node*> found;
    cmark_iter* walk = cmark_iter_new(root);
    for (cmark_event_type event = cmark_iter_next(walk); event != CMARK_EVENT_DONE;
         event = cmark_iter_next(walk)) {
        cmark_node* node = cmark_iter_get_node(walk);
        const cmark_node_type type = cmark_node_get_type(node);
        // On the way out, so that what is inside another is unwrapped first.
        if ((type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE) && event == CMARK_EVENT_EXIT)
            found.push_back(node);
    }
    cmark_iter_free(walk);
    for (cmark_node* node : found) unwrap(node);
}

}  // namespace

std::string markdown_html(std::string_view markdown) {
    constexpr int options = CMARK_OPT_DEFAULT | CMARK_OPT_SAFE | CMARK_OPT_VALIDATE_UTF8;
    const std::unique_ptr<cmark_node, FreeNode> root(
        cmark_parse_document(markdown.data(), markdown.size(), options));
    if (root == nullptr) return "";
    take_out_links(root.get());
    char* html = cmark_render_html(root.get(), options);
    std::string out = html == nullptr ? "" : html;
    std::free(html);
    return out;
}

}  // namespace sampan
