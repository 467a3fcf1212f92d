// The startup file of ./linen shell: the imports that the documents' examples need, and the helpers that print.
import dev.linen.*
import dev.linen.function.*
import dev.linen.futex.*
import dev.linen.inject.*
import dev.linen.memory.*
import dev.linen.process.*
import dev.linen.syscall.*
import dev.linen.syscall.abi.X86_64
import dev.linen.thread.*
import java.lang.foreign.*
import java.nio.file.*
import java.time.Duration
import static dev.linen.syscall.abi.Bpf.*
import static dev.linen.syscall.abi.Epoll.*
import static dev.linen.syscall.abi.Fcntl.*
import static dev.linen.syscall.abi.Futex.*
import static dev.linen.syscall.abi.IoUring.*
import static dev.linen.syscall.abi.Ioctl.*
import static dev.linen.syscall.abi.Ipc.*
import static dev.linen.syscall.abi.Key.*
import static dev.linen.syscall.abi.Landlock.*
import static dev.linen.syscall.abi.Macros.*
import static dev.linen.syscall.abi.Mman.*
import static dev.linen.syscall.abi.Mount.*
import static dev.linen.syscall.abi.Perf.*
import static dev.linen.syscall.abi.Prctl.*
import static dev.linen.syscall.abi.Sched.*
import static dev.linen.syscall.abi.Seccomp.*
import static dev.linen.syscall.abi.Signal.*
import static dev.linen.syscall.abi.Socket.*
import static dev.linen.syscall.abi.Time.*
import static dev.linen.cli.Shell.*
