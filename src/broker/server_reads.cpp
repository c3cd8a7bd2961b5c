// Answers from the log and from attachments: in turns among those who ask, a bounded amount each turn, so
// that nobody's questions hold up anybody's messages.
#include <algorithm>
#include <chrono>

#include "broker/error.h"
#include "broker/server.h"

namespace sampan::broker {
namespace {

// A turn decides, commits and delivers; reading takes no more than this of it.
constexpr std::chrono::milliseconds k_reading_a_turn{4};

}  // namespace

void Server::take_reads(std::vector<LogRead>& reads) {
    for (LogRead& read : reads) {
        std::size_t waiting = 0;
        if (std::holds_alternative<FetchParts>(read.request))
            waiting = static_cast<std::size_t>(
                std::count_if(part_jobs_.begin(), part_jobs_.end(),
                              [&](const PartJob& job) { return job.connection == read.connection; }));
        else if (const auto found = reads_.find(read.connection); found != reads_.end())
            waiting = found->second.size();
        if (waiting >= k_reads_waiting) {
            queue(read.connection, SessionError{std::string(error_name(BrokerError::too_many_requests)),
                                                "too many requests of yours wait",
                                                false,
                                                {}});
        } else if (auto* parts = std::get_if<FetchParts>(&read.request)) {
            part_jobs_.push_back({read.connection, std::move(read.agency), std::move(*parts)});
        } else {
            if (waiting == 0) readers_.push_back(read.connection);
            reads_[read.connection].push_back(std::move(read));
        }
    }
}

// One answer a connection in turn; each connection's own stay in order.
Status Server::serve_reads() {
    const auto began = std::chrono::steady_clock::now();
    while (!readers_.empty() && has_room() && std::chrono::steady_clock::now() - began < k_reading_a_turn) {
        const ConnectionId connection = readers_.front();
        readers_.pop_front();
        auto& mine = reads_.at(connection);
        if (core_->state().sessions.count(connection) == 0) {
            reads_.erase(connection);
            continue;
        }
        const LogRead read = std::move(mine.front());
        mine.pop_front();
        if (mine.empty())
            reads_.erase(connection);
        else
            readers_.push_back(connection);
        SAMPAN_ASSIGN(std::vector<Packet> answer, reader_->answer(read));
        for (const Packet& packet : answer) queue(connection, packet);
    }
    return ok_status();
}

// Frames of attachments, one a job in turn, a bounded amount each turn: nobody's 2 GiB hold up a FLASH
// message.
Status Server::serve_parts() {
    for (std::size_t bytes = 0; !part_jobs_.empty() && bytes < limits::k_batch_part_bytes && has_room();) {
        PartJob job = std::move(part_jobs_.front());
        part_jobs_.pop_front();
        const auto session = core_->state().sessions.find(job.connection);
        if (session == core_->state().sessions.end() || session->second.agency != job.agency) continue;
        auto part = core_->part_of(job.agency, job.request);
        if (!part) continue;  // settled meanwhile
        SAMPAN_ASSIGN(PartData data, reader_->part_data(job.request, *part, job.request.first));
        bytes += data.data.size();
        queue(job.connection, std::move(data));
        ++job.request.first;
        if (--job.request.count > 0 && job.request.first < part->frames())
            part_jobs_.push_back(std::move(job));
    }
    return ok_status();
}

}  // namespace sampan::broker
