#include "bench/dialogue.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "sampan/dialogue/search.h"
#include "sampan/dialogue/views.h"

namespace sampan::bench {
namespace {

constexpr unsigned k_messages = 100'000;
constexpr unsigned k_agencies = 12;

using Clock = std::chrono::steady_clock;
double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}
double resident_mib() {
    std::ifstream in("/proc/self/statm");
    std::size_t all = 0, resident = 0;
    in >> all >> resident;
    return static_cast<double>(resident) * 4096 / (1024 * 1024);
}

AgencyId agency(unsigned number) {
    return AgencyId::parse("a-" + std::to_string(10 + number)).value();
}

Registry registry() {
    Registry out;
    out.policy.id = "p";
    out.policy.levels = {{"restricted", 1, "RESTRICTED"}};
    DialogueEntry dialogue;
    dialogue.id = DialogueId::parse("ajct-12").value();
    dialogue.title = "Benchmark";
    dialogue.host = agency(0);
    for (unsigned i = 0; i < k_agencies; ++i) {
        Member member;
        member.id = agency(i);
        member.names["en"] = "Agency";
        member.country = "TH";
        out.members.push_back(member);
        dialogue.participants.push_back(agency(i));
    }
    out.dialogues = {dialogue};
    return out;
}

// Of a kind that comes round: updates, reports, statuses, measures, positions, requests and answers.
Entry entry(unsigned number, const DialogueId& dialogue) {
    Entry out;
    for (std::size_t i = 0; i < 4; ++i)
        out.id.mutable_view()[i] = out.document_id.mutable_view()[i] =
            static_cast<std::uint8_t>(number >> (24 - 8 * i));
    out.sender = agency(number % k_agencies);
    for (unsigned i = 0; i < k_agencies; ++i)
        if (agency(i) != out.sender) out.readers.push_back(agency(i));
    out.dialogues = {dialogue};
    out.label.policy = "p";
    out.label.classification = "restricted";
    out.label.originator = out.sender;
    out.leaf = LeafIndex(number);
    out.logged = out.created = UnixMillis(1'800'000'000'000 + number);
    out.title = "Message " + std::to_string(number);
    out.language = "en";
    const std::string line = std::to_string(number % 500);
    switch (number % 7) {
        case 0:
            out.kind = DocumentKind::threat_update;
            out.fields.set("summary", std::string("Nothing new in the quarter, as before."));
            break;
        case 1:
            out.kind = DocumentKind::activity_report;
            break;
        case 2:
            out.kind = DocumentKind::project_status;
            out.fields.set("project", "p-" + line);
            out.fields.set("state", std::string("ongoing"));
            break;
        case 3:
            out.kind = DocumentKind::measure;
            out.fields.set("measure", "m-" + line);
            out.fields.set("text", std::string("A measure"));
            out.fields.set("state", std::string("agreed"));
            break;
        case 4:
            out.kind = DocumentKind::position;
            out.fields.set("on", "m-" + line);
            out.fields.set("stance", std::string("support"));
            break;
        case 5:
            out.kind = DocumentKind::request_for_information;
            out.fields.set("question", std::string("Any?"));
            break;
        default:
            out.kind = DocumentKind::answer;
            out.about = {entry(number - 1, dialogue).id};
            out.fields.set("outcome", std::string("nil"));
    }
    return out;
}

// 60 words, from a vocabulary of 20,000 with the usual skew; every tenth text is Japanese.
std::string text(std::mt19937& random) {
    std::string out;
    const bool unspaced = random() % 10 == 0;
    for (int i = 0; i < 60; ++i) {
        const double x = std::uniform_real_distribution<double>(0, 1)(random);
        const auto word = static_cast<unsigned>(x * x * x * 20'000);
        if (unspaced) {
            const unsigned c = 0x4e00 + word % 3000;
            out += {static_cast<char>(0xe0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3f)),
                    static_cast<char>(0x80 | (c & 0x3f))};
        } else {
            out += "word" + std::to_string(word) + " ";
        }
    }
    return out;
}

double at(std::vector<double> times, double part) {
    std::sort(times.begin(), times.end());
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
}

void bench_fold() {
    const Registry world = registry();
    const DialogueEntry& dialogue = world.dialogues.front();
    std::vector<Entry> entries;
    for (unsigned i = 0; i < k_messages; ++i) entries.push_back(entry(i, dialogue.id));
    std::shuffle(entries.begin(), entries.end(), std::mt19937(7));
    const double before = resident_mib();
    Workspace workspace;
    auto start = Clock::now();
    for (const Entry& one : entries) workspace.put(one);
    std::printf("fold of %u messages        %8.0f ms   (goal 1000)   %.0f MiB\n", k_messages, ms_since(start),
                resident_mib() - before);
    std::vector<double> times;
    for (unsigned i = 0; i < 10'000; ++i) {
        Entry one = entry(k_messages + i, dialogue.id);
        start = Clock::now();
        workspace.put(std::move(one));
        times.push_back(ms_since(start));
    }
    std::printf("one more message            p50 %.4f p99 %.4f max %.4f ms   (goal 1)\n", at(times, 0.5),
                at(times, 0.99), at(times, 1));
    const ViewContext context{workspace, world, dialogue, agency(0), UnixMillis(1'900'000'000'000)};
    for (const std::string& name : view_names()) {
        start = Clock::now();
        const std::string made = page_json(make_view(context, name).value());
        std::printf("view %-22s %8.0f ms   %.1f MiB of JSON\n", name.c_str(), ms_since(start),
                    static_cast<double>(made.size()) / (1024 * 1024));
    }
}

void bench_search() {
    std::mt19937 random(11);
    const double before = resident_mib();
    SearchIndex index;
    auto start = Clock::now();
    for (unsigned i = 0; i < k_messages; ++i) {
        MessageId id;
        for (std::size_t n = 0; n < 4; ++n)
            id.mutable_view()[n] = static_cast<std::uint8_t>(i >> (24 - 8 * n));
        index.add({id, agency(0)}, text(random));
    }
    std::printf("index of %u messages       %8.0f ms   %.0f MiB resident, %.0f MiB by its own count\n",
                k_messages, ms_since(start), resident_mib() - before,
                static_cast<double>(index.bytes()) / (1024 * 1024));
    std::vector<double> times;
    std::size_t found = 0;
    for (int i = 0; i < 2'000; ++i) {
        std::string query = text(random);
        query.resize(std::min<std::size_t>(query.size(), 24));
        const auto space = query.rfind(' ');
        if (space != std::string::npos) query.resize(space);
        if (i % 5 == 0) query = "word" + std::to_string(random() % 20) + "*";
        start = Clock::now();
        found += index.find(query).size();
        times.push_back(ms_since(start));
    }
    std::printf(
        "search                      p50 %.3f p99 %.3f max %.3f ms   (goal p99 50)   %zu found in 2000\n",
        at(times, 0.5), at(times, 0.99), at(times, 1), found);
}

}  // namespace

int run_dialogue() {
    bench_fold();
    bench_search();
    return 0;
}

}  // namespace sampan::bench
