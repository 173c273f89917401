/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What the verbs test programs share ("vt"). One process holds both ends of every
 * connection, so that it can check what each side saw.
 *
 * A program ends with 0 (passed), 1 (failed) or 77 (skipped), and its last line
 * says why. Nothing here returns an error: whatever was not expected ends the
 * program with the case that was running.
 *
 * End "a" is the one that posts requests, on --dev; end "b" answers, on
 * --peer-dev. Offsets and lengths are in bytes, times in milliseconds.
 */
#ifndef VT_H
#define VT_H

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <infiniband/verbs.h>

#define VT_ARRAY_SIZE(array)	 (sizeof(array) / sizeof((array)[0]))
#define VT_PRINTF(string, first) __attribute__((format(printf, string, first)))

/* ---- say.c: how a program tells its fate ---- */

/* Names the case that runs now; printed when something fails, or with --verbose. */
void vt_case(const char *format, ...) VT_PRINTF(1, 2);
void vt_note(const char *format, ...) VT_PRINTF(1, 2);
/* A measured value, for tests/figures: "figure KEY = VALUE UNIT". */
void vt_figure(const char *key, const char *unit, double value);
_Noreturn void vt_fail(const char *format, ...) VT_PRINTF(1, 2);
_Noreturn void vt_skip(const char *format, ...) VT_PRINTF(1, 2);
/* Prints the number of cases and returns the exit status for main(). */
int vt_pass(void);

#define vt_check(condition)                                                             \
	do {                                                                            \
		if (!(condition))                                                       \
			vt_fail("%s:%d: not true: %s", __FILE__, __LINE__, #condition); \
	} while (0)

/* ---- options.c ---- */

enum vt_memory {
	VT_PINNED,
	VT_ODP
};

struct vt_options {
	const char *dev; /* --dev, RDMA_DEV */
	const char *peer_dev; /* --peer-dev, RDMA_PEER_DEV; default: dev */
	int gid_index; /* --gid-index, RDMA_GID_INDEX; -1: the first RoCE v2 one */
	int peer_gid_index; /* --peer-gid-index, RDMA_PEER_GID_INDEX */
	const char *address; /* --address: the GID is this IP address's, whatever its index */
	const char *peer_address; /* --peer-address */
	int mtu; /* --mtu, bytes; 0: the port's */
	unsigned int memory; /* --memory: bit 2 * memory(a) + memory(b); 0: what the devices do */
	uint64_t seed; /* --seed; default: fixed */
	unsigned int rounds; /* --rounds; 0: the program's default */
	unsigned int seconds; /* --seconds; 0: the program's default */
	unsigned int wait_ms; /* --wait-ms: how long a completion may take */
	uint8_t timeout; /* --timeout, code; default 17: 0.54 s */
	bool lossy; /* --lossy: where a peer's error is expected, "transport retry counter exceeded" will do */
	bool verbose; /* --verbose */
};

extern struct vt_options vt_options;

/* Reads the arguments and the environment. Call it first. */
void vt_init(int argc, char **argv);

/* ---- device.c ---- */

struct vt_device {
	const char *name;
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_device_attr_ex attr;
	struct ibv_port_attr port;
	int gid_index;
	union ibv_gid gid;
};

/* Every call opens the device anew: a context of its own. */
struct vt_device *vt_open(const char *name, int gid_index);
struct vt_device *vt_open_a(void);
struct vt_device *vt_open_b(void);
/* Connections and address handles made from now on are from this GID. */
void vt_use_gid(struct vt_device *dev, int gid_index);
/* The first GID that is an IPv6 address of global scope; fails if there is none. */
int vt_gid6(struct vt_device *dev);
/* The RoCE v2 GID of this IP address, or -1; it may take some time to come and to go. */
int vt_find_gid(struct vt_device *dev, const char *address);
/* The same, but waits --wait-ms for it, then fails. */
int vt_wait_gid(struct vt_device *dev, const char *address);
void vt_wait_no_gid(struct vt_device *dev, const char *address);
void vt_close(struct vt_device *dev);
/* rxe has known holes that a test may have to step around. */
bool vt_is_rxe(const struct vt_device *dev);
/* caps: the IBV_ODP_SUPPORT_* bits that an RC test needs. */
bool vt_has_odp(const struct vt_device *dev, uint32_t caps);
unsigned int vt_mtu_bytes(enum ibv_mtu mtu);
enum ibv_mtu vt_mtu_enum(unsigned int bytes);

/* ---- memory.c ---- */

const char *vt_memory_name(enum vt_memory memory);
/* Calls run for each pair of memory kinds that is asked for and possible. */
void vt_each_memory(const struct vt_device *a, const struct vt_device *b,
		    void (*run)(enum vt_memory a, enum vt_memory b, void *arg), void *arg);
/* The main() of a program that is nothing but that: arg is both devices, struct vt_device *[2]. */
int vt_main_each_memory(int argc, char **argv,
			void (*run)(enum vt_memory a, enum vt_memory b, void *arg));

/* Bytes between guard zones; the MR covers the guards too, so that it hides nothing. */
struct vt_buf {
	uint8_t *data;
	size_t len;
	uint8_t *map;
	size_t map_len;
	struct ibv_mr *mr; /* NULL: not registered */
};

#define VT_GUARD 8192 /* bytes on either side */
#define VT_ACCESS_ALL                                                                \
	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ | \
	 IBV_ACCESS_REMOTE_ATOMIC)

void vt_buf_make(struct vt_buf *buf, struct vt_device *dev, size_t len, enum vt_memory memory,
		 int access);
void vt_buf_free(struct vt_buf *buf);
/* Gives the pages back: the next access, by whom ever, finds zeros and faults. */
void vt_buf_cool(struct vt_buf *buf);

/* The byte at position pos of pattern number seed. */
uint8_t vt_pattern(uint64_t seed, uint64_t pos);
void vt_fill(uint8_t *at, size_t len, uint64_t seed, uint64_t pos);
/* Fails unless len bytes at "at" are the pattern from position pos on. */
void vt_verify(const uint8_t *at, size_t len, uint64_t seed, uint64_t pos, const char *what);
void vt_verify_zero(const uint8_t *at, size_t len, const char *what);
void vt_verify_guards(const struct vt_buf *buf, const char *what);

struct ibv_mr *vt_reg(struct vt_device *dev, void *addr, size_t len, enum vt_memory memory,
		      int access);
struct ibv_sge vt_sge(const struct vt_buf *buf, size_t offset, uint32_t len);
uint64_t vt_addr(const struct vt_buf *buf, size_t offset);

/* ---- conn.c ---- */

/* How packets look on their way: what an address handle says besides addresses. */
struct vt_route {
	uint8_t traffic_class;
	uint32_t flow_label; /* 0: made of the QP numbers */
	uint8_t hop_limit; /* default 64 */
	uint8_t sl;
};

struct vt_conn_attr {
	enum ibv_qp_type qp_type; /* default IBV_QPT_RC; or IBV_QPT_UC */
	uint32_t max_wr; /* default 64 */
	uint32_t max_sge; /* default 8, or the device's limit */
	uint32_t max_inline; /* default 64 */
	unsigned int mtu; /* bytes; default: --mtu or the port's */
	uint8_t rnr_retry; /* default 7: for ever; VT_ZERO: 0 */
	uint8_t retry_cnt; /* default 7 */
	uint8_t timeout; /* default --timeout; 4.096 us << timeout */
	uint8_t min_rnr_timer; /* default 12: 0.64 ms */
	uint8_t rd_atomic; /* default: the devices' limit, at most 16 */
	int access; /* QP access; default: all */
	bool events; /* CQs have a completion channel */
	bool wr_api; /* post through ibv_wr_* */
	uint64_t send_ops; /* enum ibv_qp_create_send_ops_flags, more than RC has of old */
	struct ibv_srq *srq_b;
	struct ibv_cq *cq_a; /* the caller's; default: one of our own */
	const struct vt_route *route;
};

#define VT_ZERO 0xff /* in rnr_retry and retry_cnt: 0, which means "default" there */

struct vt_end {
	struct vt_device *dev;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq; /* sends and receives */
	bool own_cq;
	struct ibv_qp *qp;
	struct ibv_qp_ex *qpx; /* with wr_api */
	uint32_t max_inline;
	uint32_t max_sge;
	uint32_t psn;
};

struct vt_conn {
	struct vt_end a, b;
};

/* Where an end can be reached: enough to connect to it from another process. */
struct vt_end_addr {
	union ibv_gid gid;
	uint32_t qpn;
	uint32_t psn;
	uint32_t mtu;
	uint32_t rd_atomic;
};

void vt_end_open(struct vt_end *end, struct vt_device *dev, const struct vt_conn_attr *attr);
struct vt_end_addr vt_end_addr(const struct vt_end *end);
void vt_end_connect(struct vt_end *end, const struct vt_end_addr *peer,
		    const struct vt_conn_attr *attr);
void vt_end_close(struct vt_end *end);
/* attr may be NULL. */
void vt_connect(struct vt_conn *conn, struct vt_device *a, struct vt_device *b,
		const struct vt_conn_attr *attr);
/* Both to RESET, one before the other, and connected anew; what was posted never completes. */
void vt_reconnect(struct vt_conn *conn, bool a_first);
void vt_disconnect(struct vt_conn *conn);
enum ibv_qp_state vt_qp_state(struct ibv_qp *qp);
void vt_expect_state(struct vt_end *end, enum ibv_qp_state state);

/* ---- datagram.c ---- */

#define VT_QKEY 0x1ee7c0de
#define VT_GRH	40 /* bytes in front of what a UD QP receives */

/* A UD QP, ready to send and receive. Ends are closed with vt_end_close(). */
void vt_ud_open(struct vt_end *end, struct vt_device *dev, bool wr_api);
/* The same, with the caller's CQ. */
void vt_ud_open_on(struct vt_end *end, struct vt_device *dev, struct ibv_cq *cq);
/* Back to RTS, after an error has stopped the send queue. */
void vt_ud_recover(struct vt_end *end);
/* The way from GID number sgid_index to gid; route may be NULL. */
struct ibv_ah_attr vt_ah_attr(const union ibv_gid *gid, int sgid_index,
			      const struct vt_route *route);
/* A handle for it. */
struct ibv_ah *vt_ah(struct vt_end *end, const union ibv_gid *gid, int sgid_index);
struct ibv_ah *vt_ah_by(struct vt_end *end, const union ibv_gid *gid, int sgid_index,
			const struct vt_route *route);
struct vt_to {
	struct ibv_ah *ah;
	uint32_t qpn;
	uint32_t qkey;
};

/* ---- post.c ---- */

#define VT_MAX_SGE 16

struct vt_op {
	enum ibv_wr_opcode opcode;
	unsigned int flags; /* enum ibv_send_flags; SIGNALED unless quiet */
	bool quiet;
	uint64_t wr_id;
	struct ibv_sge sge[VT_MAX_SGE];
	int num_sge;
	uint64_t remote_addr;
	uint32_t rkey;
	uint32_t imm; /* host order */
	uint64_t compare_add;
	uint64_t swap;
	uint32_t invalidate; /* the rkey of SEND_WITH_INV and LOCAL_INV */
	struct ibv_mw *mw; /* BIND_MW; rkey is the new one */
	struct ibv_mw_bind_info bind;
	uint32_t srqn; /* XRC: the peer's SRQ */
	struct vt_to to; /* of a UD QP */
};

/* Returns what the post call returned. */
int vt_try_post(struct vt_end *end, const struct vt_op *op);
void vt_post(struct vt_end *end, const struct vt_op *op);
void vt_recv(struct vt_end *end, uint64_t wr_id, struct ibv_sge *sge, int num_sge);
/* One-sided shorthand: op at a on len bytes of local and remote, completed well. */
void vt_rdma(struct vt_conn *conn, enum ibv_wr_opcode opcode, const struct vt_buf *local,
	     size_t local_offset, const struct vt_buf *remote, size_t remote_offset, uint32_t len);

/* ---- complete.c ---- */

/* The next completion; fails if there is none within --wait-ms. */
struct ibv_wc vt_wait(struct vt_end *end);
/*
 * Whether this is the error that was expected of the peer. With --lossy its NAK may be lost; the
 * peer's QP is in error by then and says nothing more, and so the requester gives up.
 */
bool vt_is_error(enum ibv_wc_status status, enum ibv_wc_status expected);
/* The next completion must be this one. */
struct ibv_wc vt_expect(struct vt_end *end, uint64_t wr_id, enum ibv_wc_status status);
struct ibv_wc vt_expect_ok(struct vt_end *end, uint64_t wr_id, enum ibv_wc_opcode opcode);
/* As vt_expect() with success, but leaves the CPU to others. Needs vt_conn_attr.events. */
void vt_expect_asleep(struct vt_end *end, uint64_t wr_id);
void vt_expect_none(struct vt_end *end, unsigned int ms);
/* The next asynchronous event of the device, or -1 after ms. It is acknowledged. */
int vt_async_event(struct vt_device *dev, unsigned int ms);
/* The next completion event of the end, or false after ms. It is acknowledged. */
bool vt_comp_event(struct vt_end *end, unsigned int ms);
uint64_t vt_now_ns(void);
void vt_sleep_ms(unsigned int ms);

/* ---- swap.c ---- */

/* Swap on a disk until the program ends; skips without one. */
void vt_swap_on(void);
/* Pages of the range that are not in the process's page table. */
size_t vt_pages_out(const uint8_t *at, size_t len);
/* Pushes the range out; returns how many pages went. */
size_t vt_page_out(uint8_t *at, size_t len);

/* ---- uffd.c ---- */

enum vt_uffd_mode {
	VT_UFFD_MISSING,
	VT_UFFD_MINOR, /* memory of a memfd */
	VT_UFFD_WP,
};

/* Registers a range of whole pages; returns the userfaultfd. Skips where there is none. */
int vt_uffd_open(enum vt_uffd_mode mode, uint8_t *at, size_t len);
void vt_uffd_protect(int fd, uint8_t *at, size_t len, bool protect);
/* Answers faults in the range, whose pages are missing, with zeros. */
void vt_uffd_zero(int fd, uint8_t *at, size_t len);
/* Takes the faults that come within ms, without an answer. Returns how many. */
unsigned int vt_uffd_wait_fault(int fd, unsigned int ms);

/*
 * The same with a thread that answers each fault after delay_ms: missing pages
 * become pattern number seed, minor ones are mapped, protected ones unprotected.
 */
struct vt_uffd;
struct vt_uffd *vt_uffd_answer(enum vt_uffd_mode mode, uint8_t *at, size_t len, uint64_t seed,
			       unsigned int delay_ms);
int vt_uffd_fd(const struct vt_uffd *uffd);
unsigned int vt_uffd_answered(struct vt_uffd *uffd);
void vt_uffd_end(struct vt_uffd *uffd);

/* ---- process.c ---- */

/* A child that dies with its parent. As fork(), but does not fail. */
pid_t vt_fork(void);
/* The wait status of a child; fails unless it ends within ms. */
int vt_reap(pid_t pid, unsigned int ms, const char *what);
/* Over a socketpair(): len bytes and, unless fd is negative, a file. The receiver waits --wait-ms. */
void vt_tell(int socket, const void *data, size_t len, int fd);
void vt_hear(int socket, void *data, size_t len, int *fd);

/* ---- cgroup.c ---- */

/* A cgroup of its own below the root, with the memory controller, gone when the program ends. */
void vt_cgroup_make(const char *name);
void vt_cgroup_enter(const char *name); /* this process */
void vt_cgroup_set(const char *name, const char *file, const char *value);
/* A number in a file like memory.events: "KEY NUMBER"; key NULL: the file is one number. */
int64_t vt_cgroup_get(const char *name, const char *file, const char *key);
void vt_cgroup_end(const char *name);

/* ---- show.c ---- */

/* What a command prints; fails if it does. The next call overwrites it. */
const char *vt_run(const char *format, ...) VT_PRINTF(1, 2);
/* rdma(8) prints a list of flat objects: the one that has this member, cut off behind it; or fails. */
char *vt_object_with(const char *list, const char *member);
/* A number of the object, which must have it. */
uint64_t vt_number_of(const char *object, const char *name);

/* ---- counters.c ---- */

/* Waits until every leaf that the device made is freed again; fails after --wait-ms. */
void vt_expect_no_leaves(const struct vt_device *dev);

/* A device counter of port 1 (hw_counters) as it is now, or -1 if the device has none of that name. Takes 25 ms. */
int64_t vt_counter(const struct vt_device *dev, const char *name);
/* n of them, of one moment. */
void vt_counters(const struct vt_device *dev, const char *const *names, size_t n, int64_t *values);
/* What the kernel itself occupies, KiB: slab, stacks, page tables, vmalloc, per-CPU. */
uint64_t vt_kernel_kib(void);
uint64_t vt_random(uint64_t *state);

#endif
