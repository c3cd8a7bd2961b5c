#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "sampan/transport/confine.h"
#include "transport/landlock.h"

namespace sampan {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool k_confined = false;  // sanitizers need what the confinement takes away
#else
constexpr bool k_confined = true;
#endif

// Other processes, the kernel, time and mounts: no part of either daemon does any of this.
constexpr std::array k_never{
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(open_tree),
    SCMP_SYS(move_mount),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(acct),
    SCMP_SYS(syslog),
    SCMP_SYS(personality),
};

Status filter_calls(bool runs_programs) {
    const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(seccomp_init(SCMP_ACT_ALLOW),
                                                                  &seccomp_release);
    const auto refused = [](int result) {
        return Error(TransportError::unsafe_library,
                     std::string("the system call filter: ") + std::strerror(-result));
    };
    if (filter == nullptr) return refused(-ENOMEM);
    for (const int call : k_never)
        if (const int result = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0); result != 0)
            return refused(result);
    if (!runs_programs)
        for (const int call : {SCMP_SYS(execve), SCMP_SYS(execveat)})
            if (const int result = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0);
                result != 0)
                return refused(result);
    if (const int result = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1); result != 0)
        return refused(result);
    if (const int result = seccomp_load(filter.get()); result != 0) return refused(result);
    return ok_status();
}

void allow_path(int ruleset, const std::string& path, std::uint64_t access) {
    const int folder = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    struct stat info {};
    if (folder < 0) return;
    // The kernel refuses a rule about a file that speaks of what only folders have.
    if (::fstat(folder, &info) == 0 && !S_ISDIR(info.st_mode)) access &= landlock::k_of_files;
    landlock::allow(ruleset, folder, access);
    ::close(folder);
}

Result<ConfinementReached> confine_with_landlock(const DaemonConfinement& rules, ConfinementReached out) {
    const long version = landlock::version();
    if (version < 1) return out;
    landlock::Handled handled;
    handled.files = rules.writes.empty() ? 0 : landlock::all_file_accesses(version);
    if (version >= 4)
        handled.network =
            (rules.connects ? 0 : landlock::k_connect_tcp) | (rules.listens ? 0 : landlock::k_bind_tcp);
    if (handled.files == 0 && handled.network == 0) return out;
    const int ruleset = landlock::create(handled, version);
    if (ruleset < 0) return Error(TransportError::library, std::string("Landlock: ") + std::strerror(errno));
    const std::uint64_t reading = landlock::k_read & handled.files;
    const std::uint64_t writing = handled.files & ~landlock::k_execute;
    if (handled.files != 0) {
        for (const std::string& path : rules.reads) allow_path(ruleset, path, reading);
        for (const std::string& path : rules.writes) allow_path(ruleset, path, writing);
        for (const std::string& path : rules.runs) allow_path(ruleset, path, reading | landlock::k_execute);
    }
    const bool failed = landlock::restrict_self(ruleset) != 0;
    ::close(ruleset);
    if (failed) return Error(TransportError::library, std::string("Landlock: ") + std::strerror(errno));
    out.files = handled.files != 0;
    out.network = handled.network != 0;
    return out;
}

}  // namespace

bool lock_memory() {
    if (!k_confined) return false;
    rlimit locked{};
    if (::getrlimit(RLIMIT_MEMLOCK, &locked) == 0) {
        locked.rlim_cur = locked.rlim_max;
        ::setrlimit(RLIMIT_MEMLOCK, &locked);
    }
    // With a limit, memory that cannot be locked could not be had at all: then it is left to be swapped.
    if (locked.rlim_max != RLIM_INFINITY && ::geteuid() != 0) return false;
    return ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

bool harden_daemon() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return lock_memory();
}

Result<ConfinementReached> confine_daemon(const DaemonConfinement& rules) {
    ConfinementReached out;
    if (!k_confined) return out;
    SAMPAN_ASSIGN(out, confine_with_landlock(rules, out));
    SAMPAN_TRY(filter_calls(!rules.runs.empty()));
    return out;
}

}  // namespace sampan
