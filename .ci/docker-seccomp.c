/*
 * docker-seccomp COMMAND...: runs a command as Docker's default profile lets one run: for a process without
 * capabilities on x86-64, these system calls fail with EPERM, as the profile says; clone3 and those that the profile
 * doesn't know fail with ENOSYS.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The newest call of the profile: cachestat, which the headers of older distributions don't have. */
enum { NEWEST = 451 };

static const int refused[] = {
    __NR_acct, __NR_add_key, __NR_bpf, __NR_clock_settime, __NR_create_module, __NR_delete_module,
    __NR_fanotify_init, __NR_finit_module, __NR_fsconfig, __NR_fsmount, __NR_fsopen, __NR_fspick,
    __NR_get_kernel_syms, __NR_get_mempolicy, __NR_init_module, __NR_io_uring_enter, __NR_io_uring_register,
    __NR_io_uring_setup, __NR_ioperm, __NR_iopl, __NR_kcmp, __NR_kexec_file_load, __NR_kexec_load, __NR_keyctl,
    __NR_lookup_dcookie, __NR_mbind, __NR_migrate_pages, __NR_mount, __NR_mount_setattr, __NR_move_mount,
    __NR_move_pages, __NR_nfsservctl, __NR_open_by_handle_at, __NR_open_tree, __NR_perf_event_open,
    __NR_pidfd_getfd, __NR_pivot_root, __NR_process_madvise, __NR_query_module, __NR_quotactl,
    __NR_quotactl_fd, __NR_reboot, __NR_request_key, __NR_set_mempolicy, __NR_setns, __NR_settimeofday,
    __NR_swapoff, __NR_swapon, __NR__sysctl, __NR_sysfs, __NR_syslog, __NR_umount2, __NR_unshare, __NR_uselib,
    __NR_userfaultfd, __NR_ustat, __NR_vhangup,
};

static struct sock_filter filter[2 * sizeof refused / sizeof refused[0] + 16];
static unsigned short length;

static void add(unsigned short code, unsigned value, unsigned char yes, unsigned char no)
{
    filter[length++] = (struct sock_filter){code, yes, no, value};
}

static void answer(int error)
{
    add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error, 0, 0);
}

int main(int count, char **arguments)
{
    add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        add(BPF_JMP | BPF_JEQ | BPF_K, refused[i], 0, 1);
        answer(EPERM);
    }
    add(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1);
    answer(ENOSYS);
    add(BPF_JMP | BPF_JGT | BPF_K, NEWEST, 0, 1);
    answer(ENOSYS);
    add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    struct sock_fprog program = {length, filter};
    if (count < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        perror("docker-seccomp");
        return 1;
    }
    execvp(arguments[1], arguments + 1);
    perror(arguments[1]);
    return 1;
}
