/*
 * attach.c: makes a thread that libc created one of the JVM's, before its function in Java is called.
 *
 * The JVM would do that itself when the function is called. But it would number the thread instead of naming it, and
 * Flight Recorder keeps that first name; and it ends the process if there is no memory for the thread.
 *
 * The functions are those of the JVM's invocation interface. The order in its table and the version's number are part of
 * the JNI specification: every JVM has them.
 */
#include "linen.h"
#include "thread.h"

#define JNI_VERSION_1_8 0x00010008

/* What the specification calls JavaVM: it points to the table of the functions. */
typedef const struct jvm_functions *jvm;

struct jvm_functions {
    void *reserved[3];
    int32_t (*DestroyJavaVM)(jvm *);
    int32_t (*AttachCurrentThread)(jvm *, void **environment, void *arguments);
    int32_t (*DetachCurrentThread)(jvm *);
    int32_t (*GetEnv)(jvm *, void **environment, int32_t version);
    int32_t (*AttachCurrentThreadAsDaemon)(jvm *, void **environment, void *arguments);
};

/* JavaVMAttachArgs */
struct jvm_arguments {
    int32_t version;
    const char *name; /* in modified UTF-8 */
    void *group;      /* NULL: the main one */
};

/* As a daemon, so that the JVM's end doesn't wait for it. Returns 0, or an error of JNI's: a negative number. */
long attach(const struct linen_control *control)
{
    jvm *vm = (jvm *)control->jvm;
    struct jvm_arguments arguments = {.version = JNI_VERSION_1_8, .name = control->name};
    void *environment;
    return (*vm)->AttachCurrentThreadAsDaemon(vm, &environment, &arguments);
}

void detach(const struct linen_control *control)
{
    jvm *vm = (jvm *)control->jvm;
    (*vm)->DetachCurrentThread(vm);
}
