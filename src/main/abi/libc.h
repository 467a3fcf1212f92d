/*
 * What calls need but the kernel's user headers lack, from libc's: the address families, socket types and message flags,
 * msghdr and its like, the types of directory entries, umount's flags. And linux_dirent64, which is in neither: getdents64(2) shows it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

struct linux_dirent64 {
    unsigned long d_ino;
    long d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[];
};
