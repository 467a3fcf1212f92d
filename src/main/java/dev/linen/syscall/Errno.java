package dev.linen.syscall;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

import dev.linen.internal.linux.Kernel;

/**
 * An error number of the kernel, from 1 to 4095: the reason why a system call failed. Most have a name and a text.
 *
 * <p>The set of numbers is open: one without a name is legal, because newer kernels may add errors, and prints as the
 * number. The numbers come from the kernel's headers. The texts are those of glibc's {@code strerror}, or the header's
 * own if glibc has none yet ({@link #EFTYPE}). Some errors have a second name: {@code EWOULDBLOCK} is {@link #EAGAIN},
 * {@code EDEADLOCK} is {@link #EDEADLK}, {@code EFSBADCRC} is {@link #EBADMSG}, {@code EFSCORRUPTED} is
 * {@link #EUCLEAN}.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/errno.3.html">errno(3)</a>
 *
 * @param number the error number, from 1 to 4095
 */
public record Errno(int number) {

    private static final Map<Integer, String> NAMES = new LinkedHashMap<>();
    private static final Map<Integer, String> TEXTS = new HashMap<>();

    private static final Map<String, Integer> SECOND_NAMES = Map.of(
            "EWOULDBLOCK", Kernel.EWOULDBLOCK,
            "EDEADLOCK", Kernel.EDEADLOCK,
            "EFSBADCRC", Kernel.EFSBADCRC,
            "EFSCORRUPTED", Kernel.EFSCORRUPTED);

    /** Operation not permitted. */
    public static final Errno EPERM = named(Kernel.EPERM, "EPERM", "Operation not permitted");

    /** No such file or directory. */
    public static final Errno ENOENT = named(Kernel.ENOENT, "ENOENT", "No such file or directory");

    /** No such process. */
    public static final Errno ESRCH = named(Kernel.ESRCH, "ESRCH", "No such process");

    /** Interrupted system call. */
    public static final Errno EINTR = named(Kernel.EINTR, "EINTR", "Interrupted system call");

    /** Input/output error. */
    public static final Errno EIO = named(Kernel.EIO, "EIO", "Input/output error");

    /** No such device or address. */
    public static final Errno ENXIO = named(Kernel.ENXIO, "ENXIO", "No such device or address");

    /** Argument list too long. */
    public static final Errno E2BIG = named(Kernel.E2BIG, "E2BIG", "Argument list too long");

    /** Exec format error. */
    public static final Errno ENOEXEC = named(Kernel.ENOEXEC, "ENOEXEC", "Exec format error");

    /** Bad file descriptor. */
    public static final Errno EBADF = named(Kernel.EBADF, "EBADF", "Bad file descriptor");

    /** No child processes. */
    public static final Errno ECHILD = named(Kernel.ECHILD, "ECHILD", "No child processes");

    /** Resource temporarily unavailable. */
    public static final Errno EAGAIN = named(Kernel.EAGAIN, "EAGAIN", "Resource temporarily unavailable");

    /** Cannot allocate memory. */
    public static final Errno ENOMEM = named(Kernel.ENOMEM, "ENOMEM", "Cannot allocate memory");

    /** Permission denied. */
    public static final Errno EACCES = named(Kernel.EACCES, "EACCES", "Permission denied");

    /** Bad address. */
    public static final Errno EFAULT = named(Kernel.EFAULT, "EFAULT", "Bad address");

    /** Block device required. */
    public static final Errno ENOTBLK = named(Kernel.ENOTBLK, "ENOTBLK", "Block device required");

    /** Device or resource busy. */
    public static final Errno EBUSY = named(Kernel.EBUSY, "EBUSY", "Device or resource busy");

    /** File exists. */
    public static final Errno EEXIST = named(Kernel.EEXIST, "EEXIST", "File exists");

    /** Invalid cross-device link. */
    public static final Errno EXDEV = named(Kernel.EXDEV, "EXDEV", "Invalid cross-device link");

    /** No such device. */
    public static final Errno ENODEV = named(Kernel.ENODEV, "ENODEV", "No such device");

    /** Not a directory. */
    public static final Errno ENOTDIR = named(Kernel.ENOTDIR, "ENOTDIR", "Not a directory");

    /** Is a directory. */
    public static final Errno EISDIR = named(Kernel.EISDIR, "EISDIR", "Is a directory");

    /** Invalid argument. */
    public static final Errno EINVAL = named(Kernel.EINVAL, "EINVAL", "Invalid argument");

    /** Too many open files in system. */
    public static final Errno ENFILE = named(Kernel.ENFILE, "ENFILE", "Too many open files in system");

    /** Too many open files. */
    public static final Errno EMFILE = named(Kernel.EMFILE, "EMFILE", "Too many open files");

    /** Inappropriate ioctl for device. */
    public static final Errno ENOTTY = named(Kernel.ENOTTY, "ENOTTY", "Inappropriate ioctl for device");

    /** Text file busy. */
    public static final Errno ETXTBSY = named(Kernel.ETXTBSY, "ETXTBSY", "Text file busy");

    /** File too large. */
    public static final Errno EFBIG = named(Kernel.EFBIG, "EFBIG", "File too large");

    /** No space left on device. */
    public static final Errno ENOSPC = named(Kernel.ENOSPC, "ENOSPC", "No space left on device");

    /** Illegal seek. */
    public static final Errno ESPIPE = named(Kernel.ESPIPE, "ESPIPE", "Illegal seek");

    /** Read-only file system. */
    public static final Errno EROFS = named(Kernel.EROFS, "EROFS", "Read-only file system");

    /** Too many links. */
    public static final Errno EMLINK = named(Kernel.EMLINK, "EMLINK", "Too many links");

    /** Broken pipe. */
    public static final Errno EPIPE = named(Kernel.EPIPE, "EPIPE", "Broken pipe");

    /** Numerical argument out of domain. */
    public static final Errno EDOM = named(Kernel.EDOM, "EDOM", "Numerical argument out of domain");

    /** Numerical result out of range. */
    public static final Errno ERANGE = named(Kernel.ERANGE, "ERANGE", "Numerical result out of range");

    /** Resource deadlock avoided. */
    public static final Errno EDEADLK = named(Kernel.EDEADLK, "EDEADLK", "Resource deadlock avoided");

    /** File name too long. */
    public static final Errno ENAMETOOLONG = named(Kernel.ENAMETOOLONG, "ENAMETOOLONG", "File name too long");

    /** No locks available. */
    public static final Errno ENOLCK = named(Kernel.ENOLCK, "ENOLCK", "No locks available");

    /** Function not implemented. */
    public static final Errno ENOSYS = named(Kernel.ENOSYS, "ENOSYS", "Function not implemented");

    /** Directory not empty. */
    public static final Errno ENOTEMPTY = named(Kernel.ENOTEMPTY, "ENOTEMPTY", "Directory not empty");

    /** Too many levels of symbolic links. */
    public static final Errno ELOOP = named(Kernel.ELOOP, "ELOOP", "Too many levels of symbolic links");

    /** No message of desired type. */
    public static final Errno ENOMSG = named(Kernel.ENOMSG, "ENOMSG", "No message of desired type");

    /** Identifier removed. */
    public static final Errno EIDRM = named(Kernel.EIDRM, "EIDRM", "Identifier removed");

    /** Channel number out of range. */
    public static final Errno ECHRNG = named(Kernel.ECHRNG, "ECHRNG", "Channel number out of range");

    /** Level 2 not synchronized. */
    public static final Errno EL2NSYNC = named(Kernel.EL2NSYNC, "EL2NSYNC", "Level 2 not synchronized");

    /** Level 3 halted. */
    public static final Errno EL3HLT = named(Kernel.EL3HLT, "EL3HLT", "Level 3 halted");

    /** Level 3 reset. */
    public static final Errno EL3RST = named(Kernel.EL3RST, "EL3RST", "Level 3 reset");

    /** Link number out of range. */
    public static final Errno ELNRNG = named(Kernel.ELNRNG, "ELNRNG", "Link number out of range");

    /** Protocol driver not attached. */
    public static final Errno EUNATCH = named(Kernel.EUNATCH, "EUNATCH", "Protocol driver not attached");

    /** No CSI structure available. */
    public static final Errno ENOCSI = named(Kernel.ENOCSI, "ENOCSI", "No CSI structure available");

    /** Level 2 halted. */
    public static final Errno EL2HLT = named(Kernel.EL2HLT, "EL2HLT", "Level 2 halted");

    /** Invalid exchange. */
    public static final Errno EBADE = named(Kernel.EBADE, "EBADE", "Invalid exchange");

    /** Invalid request descriptor. */
    public static final Errno EBADR = named(Kernel.EBADR, "EBADR", "Invalid request descriptor");

    /** Exchange full. */
    public static final Errno EXFULL = named(Kernel.EXFULL, "EXFULL", "Exchange full");

    /** No anode. */
    public static final Errno ENOANO = named(Kernel.ENOANO, "ENOANO", "No anode");

    /** Invalid request code. */
    public static final Errno EBADRQC = named(Kernel.EBADRQC, "EBADRQC", "Invalid request code");

    /** Invalid slot. */
    public static final Errno EBADSLT = named(Kernel.EBADSLT, "EBADSLT", "Invalid slot");

    /** Bad font file format. */
    public static final Errno EBFONT = named(Kernel.EBFONT, "EBFONT", "Bad font file format");

    /** Device not a stream. */
    public static final Errno ENOSTR = named(Kernel.ENOSTR, "ENOSTR", "Device not a stream");

    /** No data available. */
    public static final Errno ENODATA = named(Kernel.ENODATA, "ENODATA", "No data available");

    /** Timer expired. */
    public static final Errno ETIME = named(Kernel.ETIME, "ETIME", "Timer expired");

    /** Out of streams resources. */
    public static final Errno ENOSR = named(Kernel.ENOSR, "ENOSR", "Out of streams resources");

    /** Machine is not on the network. */
    public static final Errno ENONET = named(Kernel.ENONET, "ENONET", "Machine is not on the network");

    /** Package not installed. */
    public static final Errno ENOPKG = named(Kernel.ENOPKG, "ENOPKG", "Package not installed");

    /** Object is remote. */
    public static final Errno EREMOTE = named(Kernel.EREMOTE, "EREMOTE", "Object is remote");

    /** Link has been severed. */
    public static final Errno ENOLINK = named(Kernel.ENOLINK, "ENOLINK", "Link has been severed");

    /** Advertise error. */
    public static final Errno EADV = named(Kernel.EADV, "EADV", "Advertise error");

    /** Srmount error. */
    public static final Errno ESRMNT = named(Kernel.ESRMNT, "ESRMNT", "Srmount error");

    /** Communication error on send. */
    public static final Errno ECOMM = named(Kernel.ECOMM, "ECOMM", "Communication error on send");

    /** Protocol error. */
    public static final Errno EPROTO = named(Kernel.EPROTO, "EPROTO", "Protocol error");

    /** Multihop attempted. */
    public static final Errno EMULTIHOP = named(Kernel.EMULTIHOP, "EMULTIHOP", "Multihop attempted");

    /** RFS specific error. */
    public static final Errno EDOTDOT = named(Kernel.EDOTDOT, "EDOTDOT", "RFS specific error");

    /** Bad message. */
    public static final Errno EBADMSG = named(Kernel.EBADMSG, "EBADMSG", "Bad message");

    /** Value too large for defined data type. */
    public static final Errno EOVERFLOW = named(Kernel.EOVERFLOW, "EOVERFLOW",
            "Value too large for defined data type");

    /** Name not unique on network. */
    public static final Errno ENOTUNIQ = named(Kernel.ENOTUNIQ, "ENOTUNIQ", "Name not unique on network");

    /** File descriptor in bad state. */
    public static final Errno EBADFD = named(Kernel.EBADFD, "EBADFD", "File descriptor in bad state");

    /** Remote address changed. */
    public static final Errno EREMCHG = named(Kernel.EREMCHG, "EREMCHG", "Remote address changed");

    /** Can not access a needed shared library. */
    public static final Errno ELIBACC = named(Kernel.ELIBACC, "ELIBACC", "Can not access a needed shared library");

    /** Accessing a corrupted shared library. */
    public static final Errno ELIBBAD = named(Kernel.ELIBBAD, "ELIBBAD", "Accessing a corrupted shared library");

    /** .lib section in a.out corrupted. */
    public static final Errno ELIBSCN = named(Kernel.ELIBSCN, "ELIBSCN", ".lib section in a.out corrupted");

    /** Attempting to link in too many shared libraries. */
    public static final Errno ELIBMAX = named(Kernel.ELIBMAX, "ELIBMAX",
            "Attempting to link in too many shared libraries");

    /** Cannot exec a shared library directly. */
    public static final Errno ELIBEXEC = named(Kernel.ELIBEXEC, "ELIBEXEC", "Cannot exec a shared library directly");

    /** Invalid or incomplete multibyte or wide character. */
    public static final Errno EILSEQ = named(Kernel.EILSEQ, "EILSEQ",
            "Invalid or incomplete multibyte or wide character");

    /** Interrupted system call should be restarted. */
    public static final Errno ERESTART = named(Kernel.ERESTART, "ERESTART",
            "Interrupted system call should be restarted");

    /** Streams pipe error. */
    public static final Errno ESTRPIPE = named(Kernel.ESTRPIPE, "ESTRPIPE", "Streams pipe error");

    /** Too many users. */
    public static final Errno EUSERS = named(Kernel.EUSERS, "EUSERS", "Too many users");

    /** Socket operation on non-socket. */
    public static final Errno ENOTSOCK = named(Kernel.ENOTSOCK, "ENOTSOCK", "Socket operation on non-socket");

    /** Destination address required. */
    public static final Errno EDESTADDRREQ = named(Kernel.EDESTADDRREQ, "EDESTADDRREQ",
            "Destination address required");

    /** Message too long. */
    public static final Errno EMSGSIZE = named(Kernel.EMSGSIZE, "EMSGSIZE", "Message too long");

    /** Protocol wrong type for socket. */
    public static final Errno EPROTOTYPE = named(Kernel.EPROTOTYPE, "EPROTOTYPE", "Protocol wrong type for socket");

    /** Protocol not available. */
    public static final Errno ENOPROTOOPT = named(Kernel.ENOPROTOOPT, "ENOPROTOOPT", "Protocol not available");

    /** Protocol not supported. */
    public static final Errno EPROTONOSUPPORT = named(Kernel.EPROTONOSUPPORT, "EPROTONOSUPPORT",
            "Protocol not supported");

    /** Socket type not supported. */
    public static final Errno ESOCKTNOSUPPORT = named(Kernel.ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT",
            "Socket type not supported");

    /** Operation not supported. */
    public static final Errno EOPNOTSUPP = named(Kernel.EOPNOTSUPP, "EOPNOTSUPP", "Operation not supported");

    /** Protocol family not supported. */
    public static final Errno EPFNOSUPPORT = named(Kernel.EPFNOSUPPORT, "EPFNOSUPPORT",
            "Protocol family not supported");

    /** Address family not supported by protocol. */
    public static final Errno EAFNOSUPPORT = named(Kernel.EAFNOSUPPORT, "EAFNOSUPPORT",
            "Address family not supported by protocol");

    /** Address already in use. */
    public static final Errno EADDRINUSE = named(Kernel.EADDRINUSE, "EADDRINUSE", "Address already in use");

    /** Cannot assign requested address. */
    public static final Errno EADDRNOTAVAIL = named(Kernel.EADDRNOTAVAIL, "EADDRNOTAVAIL",
            "Cannot assign requested address");

    /** Network is down. */
    public static final Errno ENETDOWN = named(Kernel.ENETDOWN, "ENETDOWN", "Network is down");

    /** Network is unreachable. */
    public static final Errno ENETUNREACH = named(Kernel.ENETUNREACH, "ENETUNREACH", "Network is unreachable");

    /** Network dropped connection on reset. */
    public static final Errno ENETRESET = named(Kernel.ENETRESET, "ENETRESET", "Network dropped connection on reset");

    /** Software caused connection abort. */
    public static final Errno ECONNABORTED = named(Kernel.ECONNABORTED, "ECONNABORTED",
            "Software caused connection abort");

    /** Connection reset by peer. */
    public static final Errno ECONNRESET = named(Kernel.ECONNRESET, "ECONNRESET", "Connection reset by peer");

    /** No buffer space available. */
    public static final Errno ENOBUFS = named(Kernel.ENOBUFS, "ENOBUFS", "No buffer space available");

    /** Transport endpoint is already connected. */
    public static final Errno EISCONN = named(Kernel.EISCONN, "EISCONN", "Transport endpoint is already connected");

    /** Transport endpoint is not connected. */
    public static final Errno ENOTCONN = named(Kernel.ENOTCONN, "ENOTCONN", "Transport endpoint is not connected");

    /** Cannot send after transport endpoint shutdown. */
    public static final Errno ESHUTDOWN = named(Kernel.ESHUTDOWN, "ESHUTDOWN",
            "Cannot send after transport endpoint shutdown");

    /** Too many references: cannot splice. */
    public static final Errno ETOOMANYREFS = named(Kernel.ETOOMANYREFS, "ETOOMANYREFS",
            "Too many references: cannot splice");

    /** Connection timed out. */
    public static final Errno ETIMEDOUT = named(Kernel.ETIMEDOUT, "ETIMEDOUT", "Connection timed out");

    /** Connection refused. */
    public static final Errno ECONNREFUSED = named(Kernel.ECONNREFUSED, "ECONNREFUSED", "Connection refused");

    /** Host is down. */
    public static final Errno EHOSTDOWN = named(Kernel.EHOSTDOWN, "EHOSTDOWN", "Host is down");

    /** No route to host. */
    public static final Errno EHOSTUNREACH = named(Kernel.EHOSTUNREACH, "EHOSTUNREACH", "No route to host");

    /** Operation already in progress. */
    public static final Errno EALREADY = named(Kernel.EALREADY, "EALREADY", "Operation already in progress");

    /** Operation now in progress. */
    public static final Errno EINPROGRESS = named(Kernel.EINPROGRESS, "EINPROGRESS", "Operation now in progress");

    /** Stale file handle. */
    public static final Errno ESTALE = named(Kernel.ESTALE, "ESTALE", "Stale file handle");

    /** Structure needs cleaning. */
    public static final Errno EUCLEAN = named(Kernel.EUCLEAN, "EUCLEAN", "Structure needs cleaning");

    /** Not a XENIX named type file. */
    public static final Errno ENOTNAM = named(Kernel.ENOTNAM, "ENOTNAM", "Not a XENIX named type file");

    /** No XENIX semaphores available. */
    public static final Errno ENAVAIL = named(Kernel.ENAVAIL, "ENAVAIL", "No XENIX semaphores available");

    /** Is a named type file. */
    public static final Errno EISNAM = named(Kernel.EISNAM, "EISNAM", "Is a named type file");

    /** Remote I/O error. */
    public static final Errno EREMOTEIO = named(Kernel.EREMOTEIO, "EREMOTEIO", "Remote I/O error");

    /** Disk quota exceeded. */
    public static final Errno EDQUOT = named(Kernel.EDQUOT, "EDQUOT", "Disk quota exceeded");

    /** No medium found. */
    public static final Errno ENOMEDIUM = named(Kernel.ENOMEDIUM, "ENOMEDIUM", "No medium found");

    /** Wrong medium type. */
    public static final Errno EMEDIUMTYPE = named(Kernel.EMEDIUMTYPE, "EMEDIUMTYPE", "Wrong medium type");

    /** Operation canceled. */
    public static final Errno ECANCELED = named(Kernel.ECANCELED, "ECANCELED", "Operation canceled");

    /** Required key not available. */
    public static final Errno ENOKEY = named(Kernel.ENOKEY, "ENOKEY", "Required key not available");

    /** Key has expired. */
    public static final Errno EKEYEXPIRED = named(Kernel.EKEYEXPIRED, "EKEYEXPIRED", "Key has expired");

    /** Key has been revoked. */
    public static final Errno EKEYREVOKED = named(Kernel.EKEYREVOKED, "EKEYREVOKED", "Key has been revoked");

    /** Key was rejected by service. */
    public static final Errno EKEYREJECTED = named(Kernel.EKEYREJECTED, "EKEYREJECTED",
            "Key was rejected by service");

    /** Owner died. */
    public static final Errno EOWNERDEAD = named(Kernel.EOWNERDEAD, "EOWNERDEAD", "Owner died");

    /** State not recoverable. */
    public static final Errno ENOTRECOVERABLE = named(Kernel.ENOTRECOVERABLE, "ENOTRECOVERABLE",
            "State not recoverable");

    /** Operation not possible due to RF-kill. */
    public static final Errno ERFKILL = named(Kernel.ERFKILL, "ERFKILL", "Operation not possible due to RF-kill");

    /** Memory page has hardware error. */
    public static final Errno EHWPOISON = named(Kernel.EHWPOISON, "EHWPOISON", "Memory page has hardware error");

    /** Wrong file type for the intended operation. */
    public static final Errno EFTYPE = named(Kernel.EFTYPE, "EFTYPE", "Wrong file type for the intended operation");

    /** Creates an error from its number; for a system call's result, use {@link #ofResult}. */
    public Errno {
        if (!Syscall.isError(-(long) number)) {
            throw new IllegalArgumentException("an errno is a number from 1 to 4095, not " + number
                    + " (to decode a system call's result, use Errno.ofResult)");
        }
    }

    private static Errno named(int number, String name, String text) {
        NAMES.put(number, name);
        TEXTS.put(number, text);
        return new Errno(number);
    }

    /**
     * Returns the error with this name.
     *
     * @param name the first or second name in C: "ENOMEM", "EWOULDBLOCK"
     * @return the error; empty if the kernel's headers define no such name
     */
    public static Optional<Errno> of(String name) {
        if (SECOND_NAMES.containsKey(name)) {
            return Optional.of(new Errno(SECOND_NAMES.get(name)));
        }
        return NAMES.entrySet().stream().filter(entry -> entry.getValue().equals(name))
                .map(entry -> new Errno(entry.getKey())).findFirst();
    }

    /**
     * Decodes a system call's result.
     *
     * @param result what {@link Syscall#invoke(long) Syscall.invoke} returned
     * @return the error; empty if the result isn't one
     */
    public static Optional<Errno> ofResult(long result) {
        return Syscall.isError(result) ? Optional.of(new Errno((int) -result)) : Optional.empty();
    }

    /**
     * Returns the result of a system call that failed with this error.
     *
     * @return {@code -number}
     */
    public int result() {
        return -number;
    }

    /**
     * Returns the text of this error.
     *
     * @return "Cannot allocate memory"; "Unknown error 4000" if there is no text
     */
    public String text() {
        return TEXTS.getOrDefault(number, "Unknown error " + number);
    }

    /**
     * Returns the name and the text of this error.
     *
     * @return "ENOMEM (Cannot allocate memory)"
     */
    public String describe() {
        return this + " (" + text() + ")";
    }

    /**
     * Returns the name of this error in C.
     *
     * @return "ENOMEM", or "errno 4000" if there is no name
     */
    @Override
    public String toString() {
        return NAMES.getOrDefault(number, "errno " + number);
    }
}
