// Landlock, the kernel's interface, by its version: the headers of the distribution may be older than the
// kernel. https://docs.kernel.org/userspace-api/landlock.html
#pragma once

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace sampan::landlock {

struct Handled {
    std::uint64_t files = 0, network = 0, scopes = 0;
};
inline constexpr long k_create_call = 444, k_add_call = 445, k_restrict_call = 446;
inline constexpr std::uint64_t k_execute = 1U << 0, k_write_file = 1U << 1, k_read_file = 1U << 2,
                               k_read_folder = 1U << 3, k_truncate = 1U << 14, k_ioctl = 1U << 15;
inline constexpr std::uint64_t k_read = k_read_file | k_read_folder;
inline constexpr std::uint64_t k_of_files = k_execute | k_write_file | k_read_file | k_truncate | k_ioctl;
inline constexpr std::uint64_t k_bind_tcp = 1U << 0, k_connect_tcp = 1U << 1;
inline constexpr std::uint64_t k_abstract_sockets_and_signals = 3;

// 0 or less: not in this kernel.
inline long version() {
    return ::syscall(k_create_call, nullptr, 0, 1U);
}
inline std::uint64_t all_file_accesses(long version) {
    if (version >= 5) return (1U << 16) - 1;
    if (version >= 3) return (1U << 15) - 1;
    if (version == 2) return (1U << 14) - 1;
    return (1U << 13) - 1;
}
inline int create(const Handled& handled, long version) {
    const std::size_t size = version >= 6 ? sizeof handled : version >= 4 ? 16 : 8;
    return static_cast<int>(::syscall(k_create_call, &handled, size, 0U));
}
// Access to what lies beneath a folder, or to a file.
inline long allow(int ruleset, int parent, std::uint64_t access) {
    struct [[gnu::packed]] Beneath {
        std::uint64_t access;
        std::int32_t parent;
    };
    const Beneath rule{access, parent};
    constexpr int k_path_beneath = 1;
    return ::syscall(k_add_call, ruleset, k_path_beneath, &rule, 0U);
}
inline long restrict_self(int ruleset) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return ::syscall(k_restrict_call, ruleset, 0U);
}

}  // namespace sampan::landlock
