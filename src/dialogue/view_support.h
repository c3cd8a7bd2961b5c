// What the views share: a page under construction that remembers which messages it shows.
#pragma once

#include "sampan/dialogue/views.h"

namespace sampan {

class PageBuilder {
  public:
    PageBuilder(const ViewContext& context, std::string view, std::string title);
    PageSection& section(std::string key, std::string heading, std::vector<PageColumn> columns);
    // Adds a row to the section begun last; what it cites marks the page.
    void row(std::vector<std::string> cells, const std::vector<EntryPtr>& cites = {});
    void say(std::string sentence) { page_.sections.back().sentences.push_back(std::move(sentence)); }
    Page finish();

  private:
    const ViewContext& context_;
    Page page_;
    std::map<MessageId, EntryPtr> shown_;
};

// Of that kind, standing, and visible to the reader; in order.
std::vector<EntryPtr> standing(const ViewContext& context, DocumentKind kind);
// All of that kind that the reader may see, superseded and recalled ones too.
std::vector<EntryPtr> visible(const ViewContext& context, const EntrySet& set);
std::string agency_name(const Registry& registry, const AgencyId& agency);  // "National Police Agency"
std::string country_of(const Registry& registry, const AgencyId& agency);
bool takes_part(const DialogueEntry& dialogue, const AgencyId& agency);
// "in 3 days", "2 hours ago".
std::string distance_text(UnixMillis time, UnixMillis now);
std::string joined(const std::vector<std::string>& texts);
std::string joined(const std::vector<AgencyId>& agencies);

Page submissions_view(const ViewContext& context);
Page reading_view(const ViewContext& context);
Page situation_view(const ViewContext& context);
Page projects_view(const ViewContext& context);
Page measures_view(const ViewContext& context);
Page requests_view(const ViewContext& context);
Page releases_view(const ViewContext& context);
Page agenda_view(const ViewContext& context);
Page sessions_view(const ViewContext& context);
Page actions_view(const ViewContext& context);
Page outcomes_view(const ViewContext& context);

}  // namespace sampan
