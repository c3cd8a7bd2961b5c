#include "transport/confinement.h"

#include <fcntl.h>
#include <malloc.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "sampan/crypto/random.h"
#include "sampan/transport/confine.h"
#include "transport/landlock.h"

namespace sampan {
namespace {

Error failure(const char* doing) {
    return Error(TransportError::library, std::string(doing) + ": " + std::strerror(errno));
}

Status close_all_but(int kept) {
    constexpr unsigned k_first = 3;
    constexpr unsigned k_last = ~0U;
    const auto keep = static_cast<unsigned>(kept);
    if (keep < k_first) return Error(TransportError::library, "the channel is a standard descriptor");
    if (keep > k_first && ::close_range(k_first, keep - 1, 0) != 0) return failure("closing descriptors");
    if (::close_range(keep + 1, k_last, 0) != 0) return failure("closing descriptors");
    return ok_status();
}

Status limit(int resource, rlim_t value, const char* doing) {
    const rlimit both{value, value};
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) return failure(doing);
    return ok_status();
}

// --- the filter
// What libzmq, libsodium and the C library do once everything is open: wait, move bytes, manage memory.
constexpr std::array k_allowed{
    SCMP_SYS(accept4),
    SCMP_SYS(accept),
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fcntl),
    SCMP_SYS(futex),
    SCMP_SYS(getpeername),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(madvise),
    SCMP_SYS(membarrier),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(pread64),
    SCMP_SYS(pselect6),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(sched_yield),
    SCMP_SYS(select),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(tgkill),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};
// Nothing of ours ever does these: whoever does is not us any more.
constexpr std::array k_deadly{
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(socket),
};
// All else is denied with EPERM, so that a C library that tries a file (for its own curiosity) goes on.

Status add_rules(scmp_filter_ctx filter) {
    const auto check = [](int result) -> Status {
        if (result == 0) return ok_status();
        return Error(TransportError::unsafe_library,
                     std::string("the system call filter: ") + std::strerror(-result));
    };
    const auto allow_if = [&](int call, const scmp_arg_cmp& condition) {
        return check(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &condition));
    };
    for (const int call : k_allowed) SAMPAN_TRY(check(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0)));
    for (const int call : k_deadly)
        SAMPAN_TRY(check(seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, call, 0)));
    // libzmq's threads name themselves when they start, which may be only now.
    SAMPAN_TRY(allow_if(SCMP_SYS(prctl), {0, SCMP_CMP_EQ, PR_SET_NAME, 0}));
    // Memory, but none that can be run; of ioctl, only the count of unread bytes.
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
        SAMPAN_TRY(allow_if(call, {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}));
    SAMPAN_TRY(allow_if(SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, FIONREAD, 0}));
    SAMPAN_TRY(check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1)));
    return check(seccomp_load(filter));
}

Status filter_system_calls() {
    const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                                  &seccomp_release);
    if (filter == nullptr) return Error(TransportError::unsafe_library, "the system call filter");
    return add_rules(filter.get());
}

}  // namespace

Status confine_before_threads(int channel_descriptor) {
    SAMPAN_TRY(start_crypto());
    SAMPAN_TRY(close_all_but(channel_descriptor));
    for (const int ignored : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
        if (::signal(ignored, SIG_IGN) == SIG_ERR) return failure("ignoring signals");
    SAMPAN_TRY(limit(RLIMIT_CORE, 0, "forbidding core dumps"));
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failure("forbidding core dumps");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("forbidding new privileges");
    static_cast<void>(lock_memory());  // the transport key above all
    // Each arena reserves 64 MiB of the address space that is limited below.
    ::mallopt(M_ARENA_MAX, 2);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    return ok_status();
}

Status confine_files() {
    const long version = landlock::version();
    if (version < 1) return ok_status();  // not in this kernel: the filter below forbids the same
    landlock::Handled handled;
    handled.files = landlock::all_file_accesses(version);
    if (version >= 4) handled.network = landlock::k_connect_tcp;
    if (version >= 6) handled.scopes = landlock::k_abstract_sockets_and_signals;
    const int ruleset = landlock::create(handled, version);
    if (ruleset < 0) return failure("Landlock");
    const bool failed = landlock::restrict_self(ruleset) != 0;
    ::close(ruleset);
    return failed ? Status(failure("Landlock")) : ok_status();
}

Status confine_after_threads(std::uint64_t memory_limit_bytes) {
    if (memory_limit_bytes > 0) SAMPAN_TRY(limit(RLIMIT_AS, memory_limit_bytes, "limiting memory"));
    return filter_system_calls();
}

MemoryProbe::~MemoryProbe() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void MemoryProbe::open() {
    descriptor_ = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

std::uint64_t MemoryProbe::resident_bytes() const {
    std::array<char, 128> text{};
    if (descriptor_ < 0 || ::pread(descriptor_, text.data(), text.size() - 1, 0) <= 0) return 0;
    unsigned long long total = 0, resident = 0;
    if (std::sscanf(text.data(), "%llu %llu", &total, &resident) != 2) return 0;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace sampan
