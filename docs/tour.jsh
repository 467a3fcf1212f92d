// A tour of linen. Start ./linen shell and paste it line by line, or load all of it: ./linen shell docs/tour.jsh
// The comment at the end of a line is what the line prints.

// 1. Raw system calls, by name.
sys("getppid") == ProcessHandle.current().parent().orElseThrow().pid()
sys("close", -1)                                        // prints close(-1) = -9 (EBADF: Bad file descriptor)
sys("faccessat", "AT_FDCWD", "/no/such/file", 0)        // prints faccessat(AT_FDCWD, "/no/such/file", F_OK) = -2 (ENOENT: No such file or directory)

// 2. Mapping memory and reading it.
Mapping m = Mapping.anonymous(4096)
m.segment().setString(0, "linen")
hexdump(m.address(), 16)                                // prints   6c 69 6e 65 6e 00 00 00  00 00 00 00 00 00 00 00 |linen...........|
m.protect(Protection.READ)
MemoryMap.regionAt(m.address()).orElseThrow().protection()

// 3. A native thread: C, compiled at run time, on a stack that Java mapped.
NativeFunction square = c("long square(long x) { return x * x; }")
run(square, 12)                                         // prints square(12) = 144
boolean isX86 = System.getProperty("os.arch").equals("amd64")
NativeFunction identity = isX86 ? asm(0x48, 0x89, 0xf8, 0xc3) : asm(0xc0, 0x03, 0x5f, 0xd6)
run(identity, 7) == 7

// 4. A thread's stack, after its end.
NativeThread t = NativeThread.builder().name("tour").start(square, 5)
t.join()
System.out.println(t.stack().usableBytes())             // prints 2097136
sketch(t)
t.close()

// 5. A contained crash.
NativeFunction crash = c("long crash(long *p) { return p[3]; }")
run(crash, 0)                                           // prints cause     null-pointer: NULL + 0x18 was read
run(square, 3)                                          // prints square(3) = 9

// 6. A thread that libc created may use all of libc, and Java.
NativeFunction java = NativeFunction.ofJava(n -> n + 1, Arena.global())
NativeThread p = NativeThread.builder().kind(NativeThread.Kind.POSIX).start(java, 41)
System.out.println(p.join())                            // prints 42
p.close()
m.close()
