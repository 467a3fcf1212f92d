package dev.linen.syscall;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The constants that a call's argument takes: it prints a value as C and strace write it.
 *
 * <pre>{@code
 * ConstantSet.of("openat", "flags").orElseThrow().print(0x80002);   // O_RDWR|O_CLOEXEC
 * ConstantSet.of("madvise", "behavior").orElseThrow().print(4);     // MADV_DONTNEED
 * }</pre>
 *
 * <p>Bits and numbers without a name are printed in hexadecimal: {@code PROT_READ|0x40}.
 */
public final class ConstantSet {

    /**
     * A line a set: its arguments, how it is printed, and the patterns of its names; a pattern after a minus takes
     * names away.
     * <ul>
     * <li>{@code one}: the value is one of the constants.
     * <li>{@code any}: the value's bits are constants.
     * <li>{@code any/MASK}: the same, but the bits of this constant are a number: one of the constants.
     * <li>{@code any~FLAGS}: the same, but all bits except these are a number.
     * <li>{@code octal}: permissions; with a mask, this constant's bits are one of the constants.
     * </ul>
     * Names that differ between calls but have the same value would hide each other, so a set takes one call's only.
     */
    private static final String SETS_TEXT = """
            open.flags openat.flags open_by_handle_at.flags mq_open.oflag any/O_ACCMODE O_\\w+ \
            -O_(ACCMODE|NDELAY|FSYNC|RSYNC)
            fanotify_init.event_f_flags any/O_ACCMODE O_\\w+ -O_(ACCMODE|NDELAY|FSYNC|RSYNC)
            pipe2.flags dup3.flags any O_(CLOEXEC|NONBLOCK|DIRECT|EXCL)
            lseek.whence one SEEK_\\w+
            access.mode faccessat.mode faccessat2.mode any [RWXF]_OK
            fcntl.cmd one F_\\w+ -F_(OK|RDLCK|WRLCK|UNLCK|EXLCK|SHLCK|SEAL_\\w+|OWNER_\\w+|LOCK|ULOCK|TLOCK|TEST) \
            -F_LINUX\\w+ -F_\\w+LKW?64
            flock.cmd any LOCK_\\w+ -LOCK_RW
            fadvise64.advice one POSIX_FADV_\\w+
            fallocate.mode any FALLOC_FL_\\w+ -FALLOC_FL_NO_HIDE_STALE
            newfstatat.flag any AT_(SYMLINK_NOFOLLOW|NO_AUTOMOUNT|EMPTY_PATH)
            unlinkat.flag any AT_REMOVEDIR
            linkat.flags any AT_(SYMLINK_FOLLOW|EMPTY_PATH)
            fchownat.flag fchmodat2.flags utimensat.flags any AT_(SYMLINK_NOFOLLOW|EMPTY_PATH)
            execveat.flags any AT_(SYMLINK_NOFOLLOW|EMPTY_PATH|EXECVE_CHECK)
            setxattrat.at_flags getxattrat.at_flags listxattrat.at_flags removexattrat.at_flags any \
            AT_(SYMLINK_NOFOLLOW|EMPTY_PATH)
            file_getattr.at_flags file_setattr.at_flags any AT_(SYMLINK_NOFOLLOW|EMPTY_PATH)
            faccessat2.flags any AT_(EACCESS|SYMLINK_NOFOLLOW|EMPTY_PATH)
            name_to_handle_at.flag any AT_(SYMLINK_FOLLOW|EMPTY_PATH|HANDLE_\\w+)
            statx.flags any AT_(SYMLINK_NOFOLLOW|NO_AUTOMOUNT|EMPTY_PATH|STATX_\\w+) -AT_STATX_SYNC_TYPE \
            -AT_STATX_SYNC_AS_STAT
            statx.mask any STATX_[A-Z_]+ -STATX_ATTR_\\w+ -STATX_ALL
            mount_setattr.flags any AT_(SYMLINK_NOFOLLOW|NO_AUTOMOUNT|EMPTY_PATH|RECURSIVE)
            open_tree.flags open_tree_attr.flags any OPEN_TREE_\\w+ \
            AT_(SYMLINK_NOFOLLOW|NO_AUTOMOUNT|EMPTY_PATH|RECURSIVE)
            renameat2.flags any RENAME_\\w+
            setxattr.flags lsetxattr.flags fsetxattr.flags any XATTR_(CREATE|REPLACE)
            preadv2.flags pwritev2.flags any RWF_\\w+
            splice.flags tee.flags vmsplice.flags any SPLICE_F_\\w+
            sync_file_range.flags any SYNC_FILE_RANGE_\\w+ -SYNC_FILE_RANGE_WRITE_AND_WAIT
            close_range.flags any CLOSE_RANGE_\\w+
            getrandom.flags any GRND_\\w+
            mkdir.mode mkdirat.mode chmod.mode fchmod.mode fchmodat.mode fchmodat2.mode creat.mode open.mode \
            openat.mode octal
            mq_open.mode umask.mask octal
            mknod.mode mknodat.mode octal/S_IFMT S_IF\\w+ -S_IFMT
            mmap.prot mprotect.prot pkey_mprotect.prot remap_file_pages.prot any PROT_\\w+
            mmap.flags any/MAP_TYPE MAP_\\w+ -MAP_(TYPE|FILE) -MAP_HUGE_\\w+
            mremap.flags any MREMAP_\\w+
            msync.flags any MS_(ASYNC|INVALIDATE|SYNC)
            madvise.behavior process_madvise.behavior one MADV_\\w+
            mlockall.flags any MCL_\\w+
            mlock2.flags any MLOCK_ONFAULT
            memfd_create.flags any MFD_\\w+ -MFD_HUGE_\\w+
            memfd_secret.flags any FD_CLOEXEC
            mbind.mode set_mempolicy.mode one \
            MPOL_(DEFAULT|PREFERRED|BIND|INTERLEAVE|LOCAL|PREFERRED_MANY|WEIGHTED_INTERLEAVE)
            mbind.flags any MPOL_MF_(STRICT|MOVE|MOVE_ALL)
            get_mempolicy.flags any MPOL_F_(NODE|ADDR|MEMS_ALLOWED)
            membarrier.cmd one MEMBARRIER_CMD_\\w+ -MEMBARRIER_CMD_(SHARED|FLAG_CPU)
            membarrier.flags any MEMBARRIER_CMD_FLAG_CPU
            pkey_alloc.init_val any PKEY_\\w+ -PKEY_(UNRESTRICTED|ACCESS_MASK)
            map_shadow_stack.flags any SHADOW_STACK_SET_\\w+
            userfaultfd.flags any O_(CLOEXEC|NONBLOCK) UFFD_USER_MODE_ONLY
            mount.flags any MS_\\w+ -MS_(ASYNC|INVALIDATE|SYNC|VERBOSE|MGC_MSK|RMT_MASK)
            umount2.flags any MNT_(FORCE|DETACH|EXPIRE) UMOUNT_NOFOLLOW
            fsopen.flags any FSOPEN_\\w+
            fspick.flags any FSPICK_\\w+
            fsmount.flags any FSMOUNT_\\w+
            fsmount.attr_flags any MOUNT_ATTR_\\w+ -MOUNT_ATTR_(_ATIME|SIZE\\w*)
            fsconfig.cmd one FSCONFIG_\\w+
            move_mount.flags any MOVE_MOUNT_[A-Z]+\\w* -MOVE_MOUNT__\\w+
            clone.clone_flags any/CSIGNAL CLONE_\\w+ SIG[A-Z]+\\d? -CLONE_ARGS\\w+ -CLONE_NEWTIME \
            -SIG(CLD|IO|IOT|UNUSED|STKSZ)
            unshare.unshare_flags setns.flags any CLONE_(FS|FILES|SYSVSEM|THREAD|SIGHAND|VM|NEW\\w+)
            sched_setscheduler.policy sched_get_priority_max.policy sched_get_priority_min.policy \
            any~SCHED_RESET_ON_FORK SCHED_(NORMAL|FIFO|RR|BATCH|IDLE|DEADLINE|EXT|RESET_ON_FORK)
            wait4.options waitid.options any W[A-Z]+ __W[A-Z]+ -WSTOPPED
            waitid.which one P_\\w+
            getrusage.who one RUSAGE_(SELF|CHILDREN|BOTH|THREAD)
            getrlimit.resource setrlimit.resource prlimit64.resource one RLIMIT_\\w+
            getpriority.which setpriority.which one PRIO_(PROCESS|PGRP|USER)
            ioprio_set.which ioprio_get.which one IOPRIO_WHO_\\w+
            kcmp.type one KCMP_\\w+ -KCMP_TYPES
            ptrace.request one PTRACE_\\w+ -PTRACE_(O|EVENT|EVENTMSG|SYSCALL_INFO|PEEKSIGINFO)_\\w+ \
            -PTRACE_OLDSETOPTIONS -PTRACE_(PEEK|POKE)MTETAGS -PTRACE_SINGLEBLOCK
            pidfd_open.flags any PIDFD_(NONBLOCK|THREAD)
            pidfd_send_signal.flags any PIDFD_SIGNAL_\\w+
            reboot.cmd one LINUX_REBOOT_CMD_\\w+
            reboot.magic1 reboot.magic2 one LINUX_REBOOT_MAGIC\\w+
            prctl.option one PR_[SG]ET_\\w+ \
            PR_(CAPBSET_(READ|DROP)|TASK_PERF_EVENTS_\\w+|MCE_KILL(_GET)?|CAP_AMBIENT|SCHED_CORE|SET_VMA|RSEQ_SLICE_EXTENSION|PAC_RESET_KEYS|PAC_[SG]ET_ENABLED_KEYS|SVE_\\w+_VL|SME_\\w+_VL|FUTEX_HASH|TIMER_CREATE_RESTORE_IDS) \
            -PR_SET_MM_\\w+ -PR_SET_VMA_\\w+ -PR_SET_PTRACER\\w+
            arch_prctl.option one ARCH_\\w+ -ARCH_SHSTK_(SHSTK|WRSS)
            futex.op any~FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME \
            FUTEX_(WAIT|WAKE|FD|REQUEUE|CMP_REQUEUE|WAKE_OP|LOCK_PI|UNLOCK_PI|TRYLOCK_PI|WAIT_BITSET|WAKE_BITSET|WAIT_REQUEUE_PI|CMP_REQUEUE_PI|LOCK_PI2|PRIVATE_FLAG|CLOCK_REALTIME)
            futex_wake.flags futex_wait.flags any/FUTEX2_SIZE_MASK FUTEX2_\\w+ -FUTEX2_SIZE_MASK
            rt_sigaction.sig kill.sig tkill.sig tgkill.sig rt_sigqueueinfo.sig rt_tgsigqueueinfo.sig one \
            SIG[A-Z]+\\d? -SIG(CLD|IO|IOT|UNUSED|STKSZ|RTMIN)
            pidfd_send_signal.sig one SIG[A-Z]+\\d? -SIG(CLD|IO|IOT|UNUSED|STKSZ|RTMIN)
            rt_sigprocmask.how one SIG_(BLOCK|UNBLOCK|SETMASK)
            signalfd4.flags any SFD_\\w+
            clock_gettime.which_clock clock_settime.which_clock clock_getres.which_clock \
            clock_nanosleep.which_clock one CLOCK_\\w+ -CLOCK_AUX\\w*
            clock_adjtime.which_clock timer_create.which_clock timerfd_create.clockid one CLOCK_\\w+ -CLOCK_AUX\\w*
            futex_wait.clockid futex_waitv.clockid one CLOCK_(REALTIME|MONOTONIC)
            clock_nanosleep.flags timer_settime.flags any TIMER_ABSTIME
            timerfd_create.flags any TFD_(CLOEXEC|NONBLOCK)
            timerfd_settime.flags any TFD_TIMER_\\w+
            getitimer.which setitimer.which one ITIMER_\\w+
            epoll_create1.flags any EPOLL_CLOEXEC
            epoll_ctl.op one EPOLL_CTL_\\w+
            eventfd2.flags any EFD_\\w+
            inotify_init1.flags any IN_(CLOEXEC|NONBLOCK)
            inotify_add_watch.mask any IN_\\w+ -IN_(CLOEXEC|NONBLOCK|ALL_EVENTS|CLOSE|MOVE) \
            -IN_(CLASS|MULTI|EXPERI|BAD|LOOP)\\w*
            fanotify_init.flags any FAN_(CLASS_\\w+|CLOEXEC|NONBLOCK|UNLIMITED_\\w+|ENABLE_AUDIT|REPORT_\\w+) \
            -FAN_REPORT_(DFID_NAME|DFID_NAME_TARGET)
            fanotify_mark.flags any FAN_MARK_\\w+ -FAN_MARK_IGNORE_SURV
            fanotify_mark.mask any \
            FAN_(ACCESS|MODIFY|ATTRIB|CLOSE_WRITE|CLOSE_NOWRITE|OPEN|MOVED_FROM|MOVED_TO|CREATE|DELETE|DELETE_SELF|MOVE_SELF|OPEN_EXEC|Q_OVERFLOW|FS_ERROR|OPEN_PERM|ACCESS_PERM|OPEN_EXEC_PERM|EVENT_ON_CHILD|RENAME|ONDIR|PRE_ACCESS|MNT_ATTACH|MNT_DETACH)
            socket.family socketpair.family one AF_\\w+ -AF_(MAX|ROUTE|FILE|LOCAL)
            socket.type socketpair.type any~SOCK_CLOEXEC|SOCK_NONBLOCK \
            SOCK_(STREAM|DGRAM|RAW|RDM|SEQPACKET|DCCP|PACKET|CLOEXEC|NONBLOCK)
            accept4.flags any SOCK_(CLOEXEC|NONBLOCK)
            sendto.flags recvfrom.flags sendmsg.flags recvmsg.flags sendmmsg.flags recvmmsg.flags any \
            MSG_(OOB|PEEK|DONTROUTE|CTRUNC|PROXY|TRUNC|DONTWAIT|EOR|WAITALL|FIN|SYN|CONFIRM|RST|ERRQUEUE|NOSIGNAL|MORE|WAITFORONE|BATCH|ZEROCOPY|FASTOPEN|CMSG_CLOEXEC)
            shutdown.how one SHUT_\\w+
            setsockopt.level getsockopt.level one SOL_\\w+
            landlock_create_ruleset.flags any LANDLOCK_CREATE_RULESET_\\w+
            landlock_add_rule.rule_type one LANDLOCK_RULE_\\w+
            landlock_restrict_self.flags any LANDLOCK_RESTRICT_SELF_\\w+
            seccomp.op one SECCOMP_(SET_MODE_\\w+|GET_ACTION_AVAIL|GET_NOTIF_SIZES)
            seccomp.flags any SECCOMP_FILTER_FLAG_\\w+
            bpf.cmd one BPF_(MAP|PROG|OBJ|BTF|LINK|RAW|TASK|ENABLE|ITER|TOKEN)_[A-Z_]+ -BPF_(MAP|PROG)_TYPE_\\w+ \
            -BPF_LINK_TYPE_\\w+ -BPF_PROG_RUN -BPF_OBJ_NAME_LEN -BPF_TASK_ITER\\w+ -BPF_RAW_TRACEPOINT
            perf_event_open.flags any PERF_FLAG_\\w+
            io_uring_enter.flags any IORING_ENTER_\\w+
            io_uring_register.opcode one IORING_(UN)?REGISTER_\\w+ \
            -IORING_REGISTER_(FILES_SKIP|USE_REGISTERED_RING|SRC_\\w+|DST_\\w+|LAST)
            shmctl.cmd one IPC_(SET|RMID|INFO|STAT) SHM_(STAT|INFO|STAT_ANY|LOCK|UNLOCK)
            msgctl.cmd one IPC_(SET|RMID|INFO|STAT) MSG_(STAT|INFO|STAT_ANY)
            semctl.cmd one IPC_(SET|RMID|INFO|STAT) SEM_(STAT|INFO|STAT_ANY) (GET|SET)(VAL|ALL) GETPID GETNCNT \
            GETZCNT
            shmget.shmflg any IPC_(CREAT|EXCL) SHM_(HUGETLB|NORESERVE)
            shmat.shmflg any SHM_(RDONLY|RND|REMAP|EXEC)
            semget.semflg msgget.msgflg any IPC_(CREAT|EXCL)
            msgsnd.msgflg any IPC_NOWAIT
            msgrcv.msgflg any IPC_NOWAIT MSG_(NOERROR|EXCEPT|COPY)
            keyctl.option one KEYCTL_\\w+ -KEYCTL_(SUPPORTS|CAPS\\d)_\\w+ -KEYCTL_MOVE_EXCL
            statmount.flags any STATMOUNT_BY_FD
            listmount.flags any LISTMOUNT_REVERSE
            """;

    /** The lines above without their arguments, by argument: split at the first use. */
    private static final class ByArgument {
        static final Map<String, String> LINES = read();

        /** The sets that were asked for. */
        static final Map<String, ConstantSet> SETS = new ConcurrentHashMap<>();

        private static Map<String, String> read() {
            Map<String, String> lines = new HashMap<>();
            SETS_TEXT.lines().forEach(line -> {
                List<String> words = List.of(line.split(" "));
                int kind = 0;
                while (words.get(kind).contains(".")) {
                    kind++;
                }
                for (String argument : words.subList(0, kind)) {
                    lines.put(argument, String.join(" ", words.subList(kind, words.size())));
                }
            });
            return Map.copyOf(lines);
        }
    }

    private final boolean isOctal;

    /** The bits that are a number; the others are flags. */
    private final long numberBits;

    /** Names of constants whose value another one has: only for the tests. */
    private final List<String> hidden = new ArrayList<>();

    /** The names by value; of flags, those of more bits first. */
    private final Map<Long, String> numbers = new LinkedHashMap<>();
    private final Map<Long, String> flags = new LinkedHashMap<>();

    private ConstantSet(String line) {
        String kind = line.split(" ", 2)[0];
        isOctal = kind.startsWith("octal");
        numberBits = kind.equals("one")
                ? -1
                : kind.contains("/")
                        ? Constants.parse(kind.substring(kind.indexOf('/') + 1))
                        : kind.contains("~") ? ~Constants.parse(kind.substring(kind.indexOf('~') + 1)) : 0;
        Predicate<String> isMember = members(line.substring(kind.length()).strip());
        List<Map.Entry<String, Long>> members = new ArrayList<>(Constants.startingWith("").entrySet());
        members.removeIf(constant -> !isMember.test(constant.getKey()));
        members.sort(Comparator.comparingInt(constant -> -Long.bitCount(constant.getValue())));
        for (Map.Entry<String, Long> member : members) {
            Map<Long, String> map = (member.getValue() & ~numberBits) == 0 && numberBits != 0 ? numbers : flags;
            if (map.putIfAbsent(member.getValue(), member.getKey()) != null) {
                hidden.add(member.getKey());
            }
        }
    }

    private static Predicate<String> members(String patterns) {
        Predicate<String> isMember = name -> false;
        for (String word : List.of(patterns.split(" "))) {
            Predicate<String> matches = Pattern.compile(word.replaceFirst("^-", "")).asMatchPredicate();
            isMember = word.startsWith("-") ? isMember.and(matches.negate()) : isMember.or(matches);
        }
        return isMember;
    }

    /**
     * Returns the constants of an argument.
     *
     * @param call the call's name: {@code "openat"}
     * @param argument the argument's name: {@code "flags"}
     * @return the set; empty if the argument takes no constants, or if they depend on another argument
     */
    public static Optional<ConstantSet> of(String call, String argument) {
        String line = ByArgument.LINES.get(call + "." + argument);
        return line == null
                ? Optional.empty()
                : Optional.of(ByArgument.SETS.computeIfAbsent(line, ConstantSet::new));
    }

    /**
     * Writes a value by names.
     *
     * @param value the argument
     * @return {@code O_RDWR|O_CLOEXEC}, {@code PROT_NONE}, {@code PROT_READ|0x40}, {@code 0644}
     */
    public String print(long value) {
        List<String> names = new ArrayList<>();
        if (numberBits != 0) {
            String name = numbers.get(value & numberBits);
            if (name == null && numberBits == -1) {
                return number(value);
            } else if (name != null) {
                names.add(name);
            } else if ((value & numberBits) != 0) {
                names.add(number(value & numberBits));
            }
        }
        long rest = value & ~numberBits;
        if (isOctal) {
            names.add("0" + (rest == 0 ? "" : Long.toOctalString(rest)));
        } else {
            for (Map.Entry<Long, String> flag : flags.entrySet()) {
                if (flag.getKey() != 0 && (rest & flag.getKey()) == flag.getKey()) {
                    names.add(flag.getValue());
                    rest &= ~flag.getKey();
                }
            }
            if (rest != 0) {
                names.add(number(rest));
            }
        }
        return names.isEmpty() ? flags.getOrDefault(0L, "0") : String.join("|", names);
    }

    /** Flags in hexadecimal; of 32 bits if the value is an int with its top bit set. */
    private static String number(long value) {
        return value >= 0 && value < 10
                ? Long.toString(value)
                : "0x" + (value == (int) value ? Integer.toHexString((int) value) : Long.toHexString(value));
    }

    /** {@return the names of the constants, in no particular order: for completion} */
    public List<String> names() {
        List<String> names = new ArrayList<>(numbers.values());
        names.addAll(flags.values());
        return List.copyOf(names);
    }

    List<String> hidden() {
        return hidden;
    }

    /** All arguments that have a set: {@code "openat.flags"}. */
    static Set<String> arguments() {
        return ByArgument.LINES.keySet();
    }
}
