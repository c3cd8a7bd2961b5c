// A node's local API as tests need it: a Unix socket that answers what it was told, and remembers what it was
// asked.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sampan::cli::test {

struct Asked {
    std::string method, target, head, body;
};

class NodeServer {
  public:
    NodeServer();
    NodeServer(const NodeServer&) = delete;
    NodeServer& operator=(const NodeServer&) = delete;
    ~NodeServer();

    const std::string& socket() const { return socket_; }
    const std::string& folder() const { return folder_; }
    // For requests of "METHOD target" ("GET /v1/status"); everything else is a 404.
    void answer(const std::string& request, unsigned status, const std::string& body);
    std::vector<Asked> asked();

  private:
    void serve();
    void handle(int connection);
    std::string folder_, socket_;
    int listener_ = -1;
    std::mutex mutex_;  // the server's thread and the test's both touch these two
    std::map<std::string, std::pair<unsigned, std::string>> answers_;
    std::vector<Asked> asked_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

// What `sampan ARGUMENT…` wrote and ended with.
struct Ran {
    int code = 0;
    std::string out, err;
};
Ran run(const std::vector<std::string>& arguments, std::size_t terminal_width = 0);

// A folder that goes away with the test.
class TemporaryFolder {
  public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();
    std::string path(const std::string& name) const { return folder_ + "/" + name; }
    std::string write(const std::string& name, const std::string& text, unsigned mode = 0600) const;

  private:
    std::string folder_;
};

// Where `sampan sign-in` keeps its token while this lives: in the test's folder.
class SessionFolder {
  public:
    explicit SessionFolder(const TemporaryFolder& in);
    SessionFolder(const SessionFolder&) = delete;
    SessionFolder& operator=(const SessionFolder&) = delete;
    ~SessionFolder();

  private:
    std::string before_;
};

}  // namespace sampan::cli::test
