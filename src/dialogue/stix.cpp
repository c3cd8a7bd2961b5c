#include "sampan/dialogue/stix.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "sampan/dialogue/compilation.h"

namespace sampan {
namespace {

using nlohmann::json;

struct Marking {
    std::string_view uuid, tlp;
};
// FACTS: TLP 2.0 by FIRST's extension, then TLP 1.0 of the specification.
constexpr Marking k_markings[] = {
    {"94868c89-83c2-464b-929b-a1a8aa3c8487", "CLEAR"},
    {"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "GREEN"},
    {"55d920b0-5e8b-4f79-9ee9-91f868d9b421", "AMBER"},
    {"939a9414-2ddd-4d32-a0cd-375ea402b003", "AMBER+STRICT"},
    {"e828b379-4e03-4974-9ac4-e53a884c97c1", "RED"},
    {"613f2e26-407d-48c7-9eca-b8e91df99dc9", "CLEAR"},
    {"34098fce-860f-48ae-8e50-ebd3cc5e41da", "GREEN"},
    {"f88d31f6-486f-44da-b317-01333bde0b82", "AMBER"},
    {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "RED"},
};
constexpr std::string_view k_tlp_order[] = {"", "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"};
constexpr std::string_view k_tlp2_extension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

Error bad(const std::string& why) {
    return Error(StixError::bad_stix, why, "correct the bundle; OASIS publishes the schema of STIX 2.1");
}

bool is_type(std::string_view text) {
    return text.size() >= 3 && text.size() <= 250 && text.front() != '-' && text.back() != '-' &&
           text.find("--") == std::string_view::npos && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}
bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = text[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !hex) return false;
    }
    return true;
}
// "type--uuid", of that type when one is named.
bool is_identifier(std::string_view text, std::string_view type = {}) {
    const auto at = text.find("--");
    return at != std::string_view::npos && is_type(text.substr(0, at)) && is_uuid(text.substr(at + 2)) &&
           (type.empty() || text.substr(0, at) == type);
}
// RFC 3339 in UTC with any number of decimals: "2016-05-12T08:17:27.000Z".
bool is_timestamp(const json& value) {
    if (!value.is_string()) return false;
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() < 20 || text.size() > 40 || text.back() != 'Z') return false;
    if (text.size() > 20 &&
        (text[19] != '.' || text.size() < 22 ||
         !std::all_of(text.begin() + 20, text.end() - 1, [](char c) { return c >= '0' && c <= '9'; })))
        return false;
    return parse_rfc3339(text.substr(0, 19) + "Z").ok();
}

struct Required {
    std::string_view type, properties;  // separated by spaces
};
constexpr Required k_required[] = {
    {"attack-pattern", "name"},
    {"campaign", "name"},
    {"course-of-action", "name"},
    {"grouping", "context object_refs"},
    {"identity", "name"},
    {"incident", "name"},
    {"indicator", "pattern pattern_type valid_from"},
    {"infrastructure", "name"},
    {"intrusion-set", "name"},
    {"malware", "is_family"},
    {"malware-analysis", "product"},
    {"note", "content object_refs"},
    {"observed-data", "first_observed last_observed number_observed"},
    {"opinion", "opinion object_refs"},
    {"relationship", "relationship_type source_ref target_ref"},
    {"report", "name published object_refs"},
    {"sighting", "sighting_of_ref"},
    {"threat-actor", "name"},
    {"tool", "name"},
    {"vulnerability", "name"},
};
// Observables carry neither times nor, necessarily, a version.
constexpr std::string_view k_observables[] = {"artifact",
                                              "autonomous-system",
                                              "directory",
                                              "domain-name",
                                              "email-addr",
                                              "email-message",
                                              "file",
                                              "ipv4-addr",
                                              "ipv6-addr",
                                              "mac-addr",
                                              "mutex",
                                              "network-traffic",
                                              "process",
                                              "software",
                                              "url",
                                              "user-account",
                                              "windows-registry-key",
                                              "x509-certificate"};

std::string text_of(const json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Status check_references(const json& object, const std::string& id) {
    for (const auto& [key, value] : object.items()) {
        if (key.ends_with("_ref")) {
            if (!value.is_string() || !is_identifier(value.get_ref<const std::string&>()))
                return bad(id + ": " + key + ": expected an identifier");
        } else if (key.ends_with("_refs")) {
            if (!value.is_array() || value.empty())
                return bad(id + ": " + key + ": expected a list of identifiers");
            for (const json& one : value)
                if (!one.is_string() || !is_identifier(one.get_ref<const std::string&>()))
                    return bad(id + ": " + key + ": expected a list of identifiers");
        } else if (key == "created" || key == "modified" || key == "valid_from" || key == "valid_until" ||
                   key == "first_seen" || key == "last_seen" || key == "first_observed" ||
                   key == "last_observed" || key == "published") {
            if (!is_timestamp(value))
                return bad(id + ": " + key + ": expected a time such as 2027-03-09T09:00:00Z");
        }
    }
    return ok_status();
}

std::string upper(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

// What a marking-definition says in words is what its id says.
Status check_marking(const json& object, const std::string& id) {
    std::string said;
    if (const auto& extensions = object.find("extensions");
        extensions != object.end() && extensions->is_object())
        if (const auto at = extensions->find(k_tlp2_extension); at != extensions->end() && at->is_object())
            said = upper(text_of(*at, "tlp_2_0"));
    if (text_of(object, "definition_type") == "tlp") {
        const auto definition = object.find("definition");
        if (definition == object.end() || !definition->is_object() || text_of(*definition, "tlp").empty())
            return bad(id + ": definition: expected {\"tlp\": …}");
        said = upper(text_of(*definition, "tlp"));
        if (said == "WHITE") said = "CLEAR";
    }
    const std::string_view known = tlp_of_marking(id);
    if (said.empty() && known.empty()) return ok_status();
    if (said != known)
        return Error(
            StixError::wrong_tlp_marking,
            id + (said.empty() ? std::string(" says no TLP level") : " says TLP:" + said) +
                ", and its id is " +
                (known.empty() ? std::string("of no TLP level") : "TLP:" + std::string(known) + "'s"),
            "use the ids that FIRST publishes");
    return ok_status();
}

Status check_object(const json& object, std::size_t number) {
    const std::string where = "objects[" + std::to_string(number) + "]";
    if (!object.is_object()) return bad(where + ": expected an object");
    const std::string type = text_of(object, "type"), id = text_of(object, "id");
    if (!is_type(type)) return bad(where + ": type: expected a STIX type");
    if (!is_identifier(id, type)) return bad(where + ": id: expected \"" + type + "--\" and a UUID");
    const bool observable =
        std::find(std::begin(k_observables), std::end(k_observables), type) != std::end(k_observables);
    const std::string version = text_of(object, "spec_version");
    if (version != "2.1" && !(observable && version.empty()))
        return bad(id + ": spec_version: expected 2.1" +
                   (version.empty() ? "" : ", found " + version.substr(0, 16)));
    if (!observable && !object.contains("created")) return bad(id + ": created: is missing");
    if (!observable && type != "marking-definition" && type != "bundle" && !object.contains("modified"))
        return bad(id + ": modified: is missing");
    for (const Required& required : k_required) {
        if (required.type != type) continue;
        std::string_view left = required.properties;
        while (!left.empty()) {
            const std::string name(left.substr(0, left.find(' ')));
            left.remove_prefix(std::min(left.size(), name.size() + 1));
            if (!object.contains(name)) return bad(id + ": " + name + ": is missing");
        }
    }
    if (type == "indicator" && text_of(object, "pattern").empty())
        return bad(id + ": pattern: expected text");
    SAMPAN_TRY(check_references(object, id));
    return type == "marking-definition" ? check_marking(object, id) : ok_status();
}

// Keys of the objects that are open while parsing: the same twice is refused, where a parser would take the
// last.
class KeyGuard {
  public:
    bool operator()(int depth, json::parse_event_t event, json& value) {
        if (depth > k_stix_depth) too_deep = true;
        if (event == json::parse_event_t::object_start) open_.emplace_back();
        if (event == json::parse_event_t::object_end && !open_.empty()) open_.pop_back();
        if (event == json::parse_event_t::key && !open_.empty() &&
            !open_.back().insert(value.get<std::string>()).second)
            twice = value.get<std::string>();
        return !too_deep;
    }
    bool too_deep = false;
    std::string twice;

  private:
    std::vector<std::set<std::string>> open_;
};

Result<json> parse_bundle(std::string_view text) {
    if (text.size() > k_stix_bytes)
        return Error(StixError::stix_too_large, "a bundle has at most 8 MiB", "split the bundle");
    KeyGuard guard;
    json out = json::parse(text.begin(), text.end(), std::ref(guard), false);
    if (guard.too_deep) return bad("the JSON is nested too deeply");
    if (out.is_discarded() || !out.is_object()) return bad("it is no JSON object");
    if (!guard.twice.empty())
        return bad("the key \"" + guard.twice.substr(0, 64) + "\" stands twice in one object");
    if (text_of(out, "type") != "bundle") return bad("type: expected bundle");
    if (!is_identifier(text_of(out, "id"), "bundle")) return bad("id: expected \"bundle--\" and a UUID");
    if (!out.contains("objects") || !out["objects"].is_array() || out["objects"].empty())
        return bad("objects: expected a list of one at least");
    const json& objects = out["objects"];
    if (objects.size() > k_stix_objects)
        return Error(StixError::stix_too_large, "a bundle has at most 20000 objects", "split the bundle");
    std::set<std::pair<std::string, std::string>> seen;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        SAMPAN_TRY(check_object(objects[i], i));
        if (!seen.emplace(text_of(objects[i], "id"), text_of(objects[i], "modified")).second)
            return bad(text_of(objects[i], "id") + " stands twice");
    }
    return out;
}

void list_indicator(StixSummary& out, std::size_t& bytes, std::string pattern) {
    if (out.indicators.size() >= k_stix_indicators || pattern.size() > k_stix_pattern_bytes ||
        bytes + pattern.size() > k_stix_summary_bytes)
        return;
    bytes += pattern.size();
    out.indicators.push_back(std::move(pattern));
}

// The strictest TLP that an object or a piece of it is marked with.
std::string_view tlp_of(const json& object) {
    std::string_view out;
    const auto take = [&](const json& id) {
        const std::string_view tlp = id.is_string() ? tlp_of_marking(id.get_ref<const std::string&>()) : "";
        if (tlp_rank(tlp) > tlp_rank(out)) out = tlp;
    };
    if (const auto refs = object.find("object_marking_refs"); refs != object.end() && refs->is_array())
        for (const json& id : *refs) take(id);
    if (const auto granular = object.find("granular_markings");
        granular != object.end() && granular->is_array())
        for (const json& one : *granular)
            if (one.is_object() && one.contains("marking_ref")) take(one["marking_ref"]);
    return out;
}

std::string label_tlp(const Label& label) {
    for (const LabelHandling& handling : label.handling)
        if (handling.scheme == "tlp") return handling.code;
    return "";
}

std::vector<std::string> references_of(const json& object) {
    std::vector<std::string> out;
    for (const auto& [key, value] : object.items()) {
        if (key == "object_marking_refs" || key == "created_by_ref") continue;
        if (key.ends_with("_ref") && value.is_string()) out.push_back(value.get<std::string>());
        if (key.ends_with("_refs") && value.is_array())
            for (const json& one : value) out.push_back(one.get<std::string>());
    }
    return out;
}

class Exporter {
  public:
    Exporter(const LabelPolicy& policy, const Label& ceiling) : policy_(policy), ceiling_(ceiling) {}

    Status add(const StixSource& source) {
        SAMPAN_ASSIGN(json bundle, parse_bundle(source.json));
        if (const Status below = dominates(policy_, ceiling_, source.label); !below.ok()) {
            out_.refused.push_back(
                {text_of(bundle, "id"), source.name, "the message: " + below.error().context()});
            return ok_status();
        }
        const int most = tlp_rank(label_tlp(ceiling_));
        for (json& object : bundle["objects"]) {
            const std::string id = text_of(object, "id");
            const std::string_view tlp = tlp_of(object);
            if (tlp_rank(tlp) > most && text_of(object, "type") != "marking-definition") {
                refuse(id, source.name,
                       "it is TLP:" + std::string(tlp) + ", the export " +
                           (most == 0 ? "has no TLP" : "TLP:" + label_tlp(ceiling_)));
                continue;
            }
            // Of an object that came twice the newer state stands, as STIX has it.
            auto& held = objects_[id];
            if (held.is_null() || text_of(held, "modified") < text_of(object, "modified"))
                held = std::move(object);
            from_[id] = source.name;
        }
        return ok_status();
    }
    StixExport finish(const MessageId& bundle_id) {
        // An older state that was free to go does not go where a newer one is held back.
        for (const auto& [id, why] : refused_ids_) objects_.erase(id);
        for (bool changed = true; changed;) {
            changed = false;
            for (auto at = objects_.begin(); at != objects_.end();) {
                std::string to;
                for (const std::string& id : references_of(at->second))
                    if (refused_ids_.contains(id)) to = id;
                if (to.empty()) {
                    ++at;
                    continue;
                }
                refuse(at->first, from_[at->first], "it refers to " + to + ", which is refused");
                at = objects_.erase(at);
                changed = true;
            }
        }
        const std::string hex = bundle_id.hex();
        json bundle{{"type", "bundle"},
                    {"id", "bundle--" + hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-4" + hex.substr(13, 3) +
                               "-a" + hex.substr(17, 3) + "-" + hex.substr(20, 12)},
                    {"objects", json::array()}};
        for (auto& [id, object] : objects_) bundle["objects"].push_back(std::move(object));
        out_.objects = bundle["objects"].size();
        out_.bundle = bundle.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
        return std::move(out_);
    }

  private:
    void refuse(const std::string& id, const std::string& source, std::string why) {
        refused_ids_.emplace(id, why);
        out_.refused.push_back({id, source, std::move(why)});
    }
    const LabelPolicy& policy_;
    const Label& ceiling_;
    StixExport out_;
    std::map<std::string, json> objects_;
    std::map<std::string, std::string> from_, refused_ids_;
};

}  // namespace

std::string_view tlp_of_marking(std::string_view id) {
    constexpr std::string_view prefix = "marking-definition--";
    if (!id.starts_with(prefix)) return "";
    id.remove_prefix(prefix.size());
    for (const Marking& marking : k_markings)
        if (marking.uuid == id) return marking.tlp;
    return "";
}

int tlp_rank(std::string_view tlp) {
    for (std::size_t i = 1; i < std::size(k_tlp_order); ++i)
        if (k_tlp_order[i] == tlp) return static_cast<int>(i);
    return 0;
}

bool looks_like_stix(std::string_view text) {
    const std::string_view head = text.substr(0, 4096);
    return head.find_first_not_of(" \t\r\n") != std::string_view::npos &&
           head[head.find_first_not_of(" \t\r\n")] == '{' &&
           text.find("\"bundle--") != std::string_view::npos;
}

Result<StixSummary> read_stix(std::string_view text) {
    SAMPAN_ASSIGN(json bundle, parse_bundle(text));
    StixSummary out;
    std::size_t bytes = 0;
    std::map<std::string, std::uint32_t> counts;
    for (const json& object : bundle["objects"]) {
        const std::string type = text_of(object, "type");
        ++counts[type];
        if (type == "indicator") list_indicator(out, bytes, text_of(object, "pattern"));
        const std::string_view tlp = tlp_of(object);
        if (tlp_rank(tlp) > tlp_rank(out.tlp)) out.tlp = tlp;
    }
    if (counts.size() > k_stix_types)
        return Error(StixError::stix_too_large, "a bundle has at most 64 types of objects",
                     "split the bundle");
    for (const auto& [type, count] : counts) out.counts.push_back({type, count});
    return out;
}

Status check_stix_label(const StixSummary& summary, const Label& label, std::string_view file) {
    const std::string tlp = label_tlp(label);
    if (tlp_rank(summary.tlp) <= tlp_rank(tlp)) return ok_status();
    return Error(StixError::tlp_above_label,
                 std::string(file) + " is marked TLP:" + summary.tlp + ", and its label " +
                     (tlp.empty() ? "has no TLP" : "says TLP:" + tlp),
                 "set tlp = \"" + summary.tlp + "\" in the label, or leave the file out");
}

Result<StixExport> export_stix(const std::vector<StixSource>& sources, const LabelPolicy& policy,
                               const Label& ceiling, const MessageId& bundle_id) {
    Exporter exporter(policy, ceiling);
    for (const StixSource& source : sources)
        if (const Status added = exporter.add(source); !added.ok()) return added.error().within(source.name);
    return exporter.finish(bundle_id);
}

}  // namespace sampan
