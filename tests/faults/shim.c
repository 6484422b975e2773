/* Faults of the disk and of the clock for the tests, loaded into the real server with LD_PRELOAD. The server knows
 * nothing of it.
 *
 * Every libc call that changes a file below HEADCOUNT_FAULTS_ROOT is counted in a control file that the test maps too
 * (HEADCOUNT_FAULTS_CONTROL; its fields are those of `struct control`). By what the test writes there, the process
 * kills itself before the n-th call or in the middle of it, calls fail with an error, the clock is wrong, or the power
 * fails at the n-th sync.
 *
 * Power: what would be left is kept in HEADCOUNT_FAULTS_IMAGE. `f<id>` holds what was made durable of a file: its
 * bytes as of its last fsync or fdatasync. A name is durable as of the last fsync of its directory. sync_file_range
 * makes nothing durable: it flushes neither the disk's cache nor a file's length. At the power failure `manifest`
 * is written: "D path", or "F id path". All calls below the root are made one after the other under one lock, so
 * what is copied at a sync is exactly what that sync made durable. Linux and glibc only. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE, CREATE, TRUNCATE, UNLINK, RENAME, MKDIR, SYNC, RANGE, KINDS };

struct control {
    int64_t calls;        /* changes of the disk so far */
    int64_t syncs;        /* fsync and fdatasync so far */
    int64_t kill_before;  /* the call before which the process dies; 0: none */
    int64_t tear;         /* the same, but half of a write is made */
    int64_t fail_from;    /* calls from this one on fail; 0: none */
    int64_t fail_errno;
    int64_t fail_kinds;   /* a bit for each kind that fails */
    int64_t power_at;     /* the sync before which the power fails; 0: none */
    int64_t live_names;   /* power: 1 if names survive as they are now */
    int64_t mixed;        /* power: not 0 if about half of the blocks not yet synced survive; the seed */
    int64_t clock_ms;     /* what the clock is wrong by */
    int64_t failed;       /* calls that were made to fail */
    int64_t kill_after_sync; /* the sync right after which the process dies; 0: none */
    int64_t by_kind[KINDS];
};

enum { BLOCK = 4096, FILES_MAX = 4096, NAMES_MAX = 8192, DIRS_MAX = 64 };

struct range { int64_t from, to; };
struct file { dev_t dev; ino_t ino; int alive; struct range *ranges; int count, room; };
struct name { int dir, id; char text[NAME_MAX + 1]; };

static struct control *control;
static const char *root, *image;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES_MAX];
static struct name names[NAMES_MAX]; /* the durable ones */
static char *dirs[DIRS_MAX];
static int file_count, name_count, dir_count;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

static int below_root(const char *path) {
    size_t length = root ? strlen(root) : 0;
    return length && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* The path of an open file, if it is below the root. */
static int tracked(int fd, char *path) {
    char link[64];
    if (!control) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return below_root(path);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* ---- What is durable ---- */

static int copy_bytes(int to, int from, int64_t at, int64_t end) {
    static char block[1 << 16];
    while (at < end) {
        size_t want = end - at > (int64_t)sizeof block ? sizeof block : (size_t)(end - at);
        ssize_t got = pread(from, block, want, at);
        if (got <= 0) return 0;
        if (REAL(pwrite)(to, block, got, at) != got) abort();
        at += got;
    }
    return 1;
}

static int image_file(int id) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/f%d", image, id);
    int fd = REAL(open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) abort();
    return fd;
}

static int file_of(dev_t dev, ino_t ino) {
    for (int i = 0; i < file_count; i++)
        if (files[i].alive && files[i].ino == ino && files[i].dev == dev) return i;
    if (file_count == FILES_MAX) abort();
    files[file_count] = (struct file){.dev = dev, .ino = ino, .alive = 1};
    return file_count++;
}

static int dir_of(const char *path) {
    for (int i = 0; i < dir_count; i++)
        if (strcmp(dirs[i], path) == 0) return i;
    if (dir_count == DIRS_MAX) abort();
    dirs[dir_count] = strdup(path);
    return dir_count++;
}

/* Remembers bytes of a file that are not durable yet. */
static void pending(int id, int64_t from, int64_t to) {
    struct file *f = &files[id];
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : 16;
        f->ranges = realloc(f->ranges, f->room * sizeof *f->ranges);
        if (!f->ranges) abort();
    }
    f->ranges[f->count++] = (struct range){from, to};
}

static void wrote(int fd, int64_t from, int64_t to) {
    struct stat s;
    if (image && to > from && fstat(fd, &s) == 0) pending(file_of(s.st_dev, s.st_ino), from, to);
}

/* A directory's names become durable as they are now. */
static void names_durable(const char *path) {
    int dir = dir_of(path), kept = 0;
    for (int i = 0; i < name_count; i++)
        if (names[i].dir != dir) names[kept++] = names[i];
    name_count = kept;
    DIR *open_dir = opendir(path);
    if (!open_dir) return;
    for (struct dirent *e; (e = readdir(open_dir));) {
        struct stat s;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if (fstatat(dirfd(open_dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW)) continue;
        if (name_count == NAMES_MAX) abort();
        struct name *n = &names[name_count++];
        n->dir = dir;
        n->id = S_ISDIR(s.st_mode) ? -1 : file_of(s.st_dev, s.st_ino);
        strcpy(n->text, e->d_name);
    }
    closedir(open_dir);
}

static void file_durable(int live, int id, int64_t length) {
    int to = image_file(id);
    struct file *f = &files[id];
    for (int i = 0; i < f->count; i++) copy_bytes(to, live, f->ranges[i].from, f->ranges[i].to);
    f->count = 0;
    if (REAL(ftruncate)(to, length)) abort();
    close(to);
}

static void durable(int fd, const char *path) {
    struct stat s;
    char link[64];
    if (!image || fstat(fd, &s)) return;
    if (S_ISDIR(s.st_mode)) {
        names_durable(path);
        return;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int live = REAL(open)(link, O_RDONLY | O_CLOEXEC);
    if (live < 0) abort();
    file_durable(live, file_of(s.st_dev, s.st_ino), s.st_size);
    close(live);
}

/* What is there at the start is durable; below the root itself only directories that the test made. */
static void begin(const char *path) {
    names_durable(path);
    DIR *open_dir = opendir(path);
    if (!open_dir) return;
    for (struct dirent *e; (e = readdir(open_dir));) {
        char below[PATH_MAX];
        struct stat s;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if (snprintf(below, sizeof below, "%s/%s", path, e->d_name) >= (int)sizeof below || lstat(below, &s)) continue;
        if (S_ISDIR(s.st_mode)) {
            begin(below);
        } else if (S_ISREG(s.st_mode)) {
            int live = REAL(open)(below, O_RDONLY | O_CLOEXEC), id = file_of(s.st_dev, s.st_ino);
            pending(id, 0, s.st_size);
            file_durable(live, id, s.st_size);
            close(live);
        }
    }
    closedir(open_dir);
}

static uint64_t scramble(uint64_t x) {
    x ^= x >> 33; x *= 0xff51afd7ed558ccdULL; x ^= x >> 33; x *= 0xc4ceb9fe1a85ec53ULL;
    return x ^ x >> 33;
}

/* About half of the blocks that were written and not synced survive, whatever their order was. */
static void some_blocks_survive(int live, int id) {
    int to = image_file(id);
    struct file *f = &files[id];
    for (int i = 0; i < f->count; i++) {
        int64_t end = f->ranges[i].to;
        for (int64_t at = f->ranges[i].from; at < end;) {
            int64_t next = (at / BLOCK + 1) * BLOCK;
            if (scramble(control->mixed ^ (uint64_t)id << 40 ^ (uint64_t)at / BLOCK) & 1)
                copy_bytes(to, live, at, next < end ? next : end);
            at = next;
        }
    }
    close(to);
}

static void write_manifest(FILE *manifest, const char *path) {
    int dir = dir_of(path);
    fprintf(manifest, "D %s\n", path);
    for (int i = 0; i < name_count; i++) {
        char below[PATH_MAX];
        if (names[i].dir != dir || snprintf(below, sizeof below, "%s/%s", path, names[i].text) >= (int)sizeof below)
            continue;
        if (names[i].id < 0) {
            write_manifest(manifest, below);
            continue;
        }
        fprintf(manifest, "F %d %s\n", names[i].id, below);
        close(image_file(names[i].id));
        int live = control->mixed ? REAL(open)(below, O_RDONLY | O_CLOEXEC) : -1;
        struct stat s;
        if (live >= 0 && fstat(live, &s) == 0 && s.st_ino == files[names[i].id].ino)
            some_blocks_survive(live, names[i].id);
        if (live >= 0) close(live);
    }
}

static void names_live(const char *path) {
    names_durable(path);
    for (int i = 0, dir = dir_of(path); i < name_count; i++) {
        char below[PATH_MAX];
        if (names[i].dir != dir || names[i].id >= 0) continue;
        if (snprintf(below, sizeof below, "%s/%s", path, names[i].text) < (int)sizeof below) names_live(below);
    }
}

static void power_fails(void) {
    char path[PATH_MAX];
    if (control->live_names) names_live(root);
    snprintf(path, sizeof path, "%s/manifest", image);
    FILE *manifest = fopen(path, "we");
    if (!manifest) abort();
    write_manifest(manifest, root);
    fclose(manifest);
    die();
}

/* ---- The faults ---- */

/* Counts a call, with the lock held. True if the call must fail. `torn` is set where half of it must be made. */
static int fault(enum kind kind, int *torn) {
    int64_t n = ++control->calls;
    control->by_kind[kind]++;
    if (kind == SYNC && ++control->syncs == control->power_at && image) power_fails();
    if (n == control->kill_before) die();
    if (n == control->tear) {
        if (kind != WRITE || !torn) die();
        *torn = 1;
    }
    if (control->fail_from && n >= control->fail_from && (control->fail_kinds >> kind & 1)) {
        control->failed++;
        errno = (int)control->fail_errno;
        return 1;
    }
    return 0;
}

/* Makes a call below the root: counted, under the lock, and perhaps failing. `after` runs where it succeeded. */
#define CHANGE(kind, call, after)               \
    do {                                        \
        pthread_mutex_lock(&lock);              \
        __typeof__(call) result_ = -1;          \
        if (!fault(kind, NULL)) {               \
            result_ = (call);                   \
            if (result_ >= 0) { after; }        \
        }                                       \
        int saved_ = errno;                     \
        pthread_mutex_unlock(&lock);            \
        errno = saved_;                         \
        return result_;                         \
    } while (0)

static ssize_t write_at(int fd, const void *bytes, size_t count, off_t at) {
    pthread_mutex_lock(&lock);
    int torn = 0, saved;
    ssize_t result = -1;
    if (!fault(WRITE, &torn)) {
        if (torn) count /= 2;
        result = REAL(pwrite)(fd, bytes, count, at);
        if (torn) die();
        if (result > 0) wrote(fd, at, at + result);
    }
    saved = errno;
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    char path[PATH_MAX];
    return tracked(fd, path) ? write_at(fd, bytes, count, at) : REAL(pwrite)(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { return pwrite(fd, bytes, count, at); }

ssize_t write(int fd, const void *bytes, size_t count) {
    char path[PATH_MAX];
    if (!tracked(fd, path)) return REAL(write)(fd, bytes, count);
    /* Nothing here appends: the server writes at the place where the file stands. */
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t result = write_at(fd, bytes, count, at);
    if (result > 0) lseek(fd, at + result, SEEK_SET);
    return result;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    if (!tracked(fd, path) || count < 1) return REAL(writev)(fd, parts, count);
    return write(fd, parts[0].iov_base, parts[0].iov_len);
}

int ftruncate(int fd, off_t length) {
    char path[PATH_MAX];
    struct stat s;
    if (!tracked(fd, path) || fstat(fd, &s)) return REAL(ftruncate)(fd, length);
    CHANGE(TRUNCATE, REAL(ftruncate)(fd, length), wrote(fd, length, s.st_size));
}

int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

static int sync_fd(int fd, int data_only) {
    char path[PATH_MAX];
    if (!tracked(fd, path)) return data_only ? REAL(fdatasync)(fd) : REAL(fsync)(fd);
    CHANGE(SYNC, data_only ? REAL(fdatasync)(fd) : REAL(fsync)(fd), {
        durable(fd, path);
        if (control->syncs == control->kill_after_sync) die();
    });
}

int fsync(int fd) { return sync_fd(fd, 0); }
int fdatasync(int fd) { return sync_fd(fd, 1); }

int sync_file_range(int fd, off64_t from, off64_t count, unsigned flags) {
    char path[PATH_MAX];
    if (!tracked(fd, path)) return REAL(sync_file_range)(fd, from, count, flags);
    CHANGE(RANGE, REAL(sync_file_range)(fd, from, count, flags), );
}

static void forget(const char *path, struct stat *s) {
    (void)path;
    if (image && s->st_nlink <= 1) files[file_of(s->st_dev, s->st_ino)].alive = 0;
}

int unlink(const char *path) {
    struct stat s;
    if (!control || !below_root(path) || lstat(path, &s)) return REAL(unlink)(path);
    CHANGE(UNLINK, REAL(unlink)(path), forget(path, &s));
}

int rename(const char *from, const char *to) {
    struct stat s;
    if (!control || !below_root(to)) return REAL(rename)(from, to);
    int replaces = lstat(to, &s) == 0;
    CHANGE(RENAME, REAL(rename)(from, to), { if (replaces) forget(to, &s); });
}

int mkdir(const char *path, mode_t mode) {
    struct stat s;
    if (!control || !below_root(path) || lstat(path, &s) == 0) return REAL(mkdir)(path, mode);
    CHANGE(MKDIR, REAL(mkdir)(path, mode), );
}

static int open_at(int dir, const char *path, int flags, mode_t mode) {
    struct stat s;
    int is_there = lstat(path, &s) == 0, cuts = is_there && (flags & O_TRUNC) && s.st_size > 0;
    if (!control || !below_root(path) || !((flags & O_CREAT && !is_there) || cuts))
        return REAL(openat)(dir, path, flags, mode);
    CHANGE(cuts ? TRUNCATE : CREATE, REAL(openat)(dir, path, flags, mode),
           { if (cuts) wrote(result_, 0, s.st_size); });
}

#define OPEN(signature, dir)                       \
    signature {                                    \
        mode_t mode = 0;                           \
        if (flags & (O_CREAT | __O_TMPFILE)) {     \
            va_list more;                          \
            va_start(more, flags);                 \
            mode = va_arg(more, mode_t);           \
            va_end(more);                          \
        }                                          \
        return open_at(dir, path, flags, mode);    \
    }
OPEN(int open(const char *path, int flags, ...), AT_FDCWD)
OPEN(int open64(const char *path, int flags, ...), AT_FDCWD)
OPEN(int openat(int dir, const char *path, int flags, ...), dir)
OPEN(int openat64(int dir, const char *path, int flags, ...), dir)

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = REAL(clock_gettime)(clock, now);
    if (result == 0 && control && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ms = control->clock_ms, ns = now->tv_nsec + ms % 1000 * 1000000;
        now->tv_sec += ms / 1000 + (ns < 0 ? -1 : ns / 1000000000);
        now->tv_nsec = (ns + 1000000000) % 1000000000;
    }
    return result;
}

__attribute__((constructor)) static void load(void) {
    const char *path = getenv("HEADCOUNT_FAULTS_CONTROL");
    if (!path) return;
    int fd = REAL(open)(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return;
    root = getenv("HEADCOUNT_FAULTS_ROOT");
    image = getenv("HEADCOUNT_FAULTS_IMAGE");
    control = map;
    if (image && root) begin(root);
}
