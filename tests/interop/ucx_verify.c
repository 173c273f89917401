// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * ucx_verify PORT [SERVER-ADDRESS]: two processes pass data by every way that UCP has, and look at every
 * byte: tagged messages of many sizes both ways, puts, gets, atomics. Which transports and what kind of
 * registration they take is UCX's environment's to say; RMA memory is mapped without blocking, which
 * is UCX's word for on-demand paging, where ODP=1 is in the environment.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <ucp/api/ucp.h>

enum {
	MAX_BYTES = 3 << 20, /* of the largest message, and of the memory for RMA */
	ADDS = 200,
	WAIT_S = 60, /* for one operation */
};

static const size_t sizes[] = { 0,    1,     8,	    63,	   1000,    4096,    4097,
				8191, 16384, 65536, 65537, 1000003, 1 << 20, MAX_BYTES };

static ucp_context_h context;
static ucp_worker_h worker;
static ucp_ep_h ep;
static int sock;
static bool server;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "ucx_verify: %s: %s: %s\n", server ? "server" : "client", what, why);
	exit(1);
}

static void check(const char *what, ucs_status_t status)
{
	if (status != UCS_OK)
		die(what, ucs_status_string(status));
}

/* Until the request is done. */
static void wait_for(const char *what, void *request)
{
	time_t end = time(NULL) + WAIT_S;
	ucs_status_t status;

	if (!request)
		return;
	if (UCS_PTR_IS_ERR(request))
		die(what, ucs_status_string(UCS_PTR_STATUS(request)));
	while ((status = ucp_request_check_status(request)) == UCS_INPROGRESS) {
		ucp_worker_progress(worker);
		if (time(NULL) > end)
			die(what, "not done in time");
	}
	ucp_request_free(request);
	check(what, status);
}

static void fill(uint8_t *at, size_t bytes, uint32_t seed)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (seed + i) * 2654435761u >> 24;
}

static void compare(const char *what, const uint8_t *at, size_t bytes, uint32_t seed)
{
	for (size_t i = 0; i < bytes; i++) {
		if (at[i] == (uint8_t)((seed + i) * 2654435761u >> 24))
			continue;
		fprintf(stderr, "ucx_verify: byte %zu of %zu is wrong\n", i, bytes);
		die(what, "wrong data");
	}
}

/* Over the socket, by which the two know each other. */
static void tell(const void *at, size_t bytes)
{
	if (write(sock, &bytes, sizeof(bytes)) != sizeof(bytes) ||
	    write(sock, at, bytes) != (ssize_t)bytes)
		die("socket", "cannot write");
}

static void *hear(void)
{
	size_t bytes;
	void *at;

	if (recv(sock, &bytes, sizeof(bytes), MSG_WAITALL) != sizeof(bytes))
		die("socket", "the other side is gone");
	at = malloc(bytes);
	if (!at || recv(sock, at, bytes, MSG_WAITALL) != (ssize_t)bytes)
		die("socket", "the other side is gone");
	return at;
}

static void open_socket(const char *port, const char *address)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1, tries;

	if (!server) {
		inet_pton(AF_INET, address, &at.sin_addr);
		for (tries = 0; tries < 100; tries++) {
			sock = socket(AF_INET, SOCK_STREAM, 0);
			if (!connect(sock, (struct sockaddr *)&at, sizeof(at)))
				return;
			close(sock);
			usleep(100000);
		}
		die("socket", "no server");
	}
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 1))
		die("socket", "cannot listen");
	sock = accept(listener, NULL, NULL);
	close(listener);
}

static void open_worker(void)
{
	ucp_params_t params = {
		.field_mask = UCP_PARAM_FIELD_FEATURES,
		.features = UCP_FEATURE_TAG | UCP_FEATURE_RMA | UCP_FEATURE_AMO64,
	};
	ucp_worker_params_t worker_params = { 0 };
	ucp_ep_params_t ep_params = { .field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS };
	ucp_address_t *own;
	size_t bytes;

	check("context", ucp_init(&params, NULL, &context));
	check("worker", ucp_worker_create(context, &worker_params, &worker));
	check("address", ucp_worker_get_address(worker, &own, &bytes));
	tell(own, bytes);
	ep_params.address = hear();
	check("endpoint", ucp_ep_create(worker, &ep_params, &ep));
	ucp_worker_release_address(worker, own);
}

static void send_bytes(uint8_t *at, size_t bytes, ucp_tag_t tag)
{
	ucp_request_param_t param = { 0 };

	wait_for("send", ucp_tag_send_nbx(ep, at, bytes, tag, &param));
}

static void recv_bytes(uint8_t *at, size_t bytes, ucp_tag_t tag)
{
	ucp_request_param_t param = { 0 };

	wait_for("receive", ucp_tag_recv_nbx(worker, at, bytes, tag, ~0ull, &param));
}

static void *map_memory(void)
{
	void *at = mmap(NULL, MAX_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	if (at == MAP_FAILED)
		die("memory", "mmap");
	return at;
}

/* There and back: the client begins. Fresh memory each time, so that registrations are new. */
static void pass_message(size_t bytes, uint32_t seed)
{
	uint8_t *at = map_memory();

	if (!server) {
		fill(at, bytes, seed);
		send_bytes(at, bytes, seed);
		memset(at, 0, bytes);
	}
	recv_bytes(at, bytes, server ? seed : seed + 1);
	compare("message", at, bytes, server ? seed : seed + 1);
	if (server) {
		fill(at, bytes, seed + 1);
		send_bytes(at, bytes, seed + 1);
	}
	munmap(at, MAX_BYTES);
}

static ucp_mem_h map_rma(void *at)
{
	ucp_mem_map_params_t params = {
		.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS | UCP_MEM_MAP_PARAM_FIELD_LENGTH |
			      UCP_MEM_MAP_PARAM_FIELD_FLAGS,
		.address = at,
		.length = MAX_BYTES,
		.flags = getenv("ODP") ? UCP_MEM_MAP_NONBLOCK : 0,
	};
	ucp_mem_h mem;

	check("mem_map", ucp_mem_map(context, &params, &mem));
	return mem;
}

static void flush(void)
{
	ucp_request_param_t param = { 0 };

	wait_for("flush", ucp_ep_flush_nbx(ep, &param));
}

/* Both are done with what they did before. */
static void meet(void)
{
	uint8_t byte = 0;

	if (server) {
		recv_bytes(&byte, 1, 1 << 20);
		send_bytes(&byte, 1, 1 << 21);
	} else {
		send_bytes(&byte, 1, 1 << 20);
		recv_bytes(&byte, 1, 1 << 21);
	}
}

static void put_and_get(uint64_t remote, ucp_rkey_h rkey)
{
	ucp_request_param_t param = { 0 };
	uint8_t *at = map_memory();

	fill(at, MAX_BYTES, 77);
	for (size_t from = 0, n = 1; from < MAX_BYTES; from += n, n = n * 3 + 1) {
		if (n > MAX_BYTES - from)
			n = MAX_BYTES - from;
		wait_for("put", ucp_put_nbx(ep, at + from, n, remote + from, rkey, &param));
	}
	flush();
	memset(at, 0, MAX_BYTES);
	wait_for("get", ucp_get_nbx(ep, at, MAX_BYTES, remote, rkey, &param));
	flush();
	compare("get", at, MAX_BYTES, 77);
	munmap(at, MAX_BYTES);
}

static void add(uint64_t remote, ucp_rkey_h rkey)
{
	uint64_t one = 1, reply = 0;
	ucp_request_param_t param = {
		.op_attr_mask = UCP_OP_ATTR_FIELD_DATATYPE | UCP_OP_ATTR_FIELD_REPLY_BUFFER,
		.datatype = ucp_dt_make_contig(sizeof(uint64_t)),
		.reply_buffer = &reply,
	};

	for (uint64_t i = 0; i < ADDS; i++) {
		wait_for("fetch and add",
			 ucp_atomic_op_nbx(ep, UCP_ATOMIC_OP_ADD, &one, 1, remote, rkey, &param));
		if (reply != i)
			die("fetch and add", "the reply is not what the sum was");
	}
}

/* The client works on the server's memory. */
static void test_rma(void)
{
	uint8_t *at = map_memory();
	ucp_mem_h mem = map_rma(at);
	uint64_t address = (uintptr_t)at, *remote;
	size_t bytes;
	void *packed;
	ucp_rkey_h rkey;

	check("rkey", ucp_rkey_pack(context, mem, &packed, &bytes));
	tell(packed, bytes);
	tell(&address, sizeof(address));
	check("rkey", ucp_ep_rkey_unpack(ep, hear(), &rkey));
	remote = hear();
	meet();
	if (!server)
		put_and_get(*remote, rkey);
	meet();
	if (server) {
		compare("put", at, MAX_BYTES, 77);
		memset(at, 0, 8);
	}
	meet();
	if (!server)
		add(*remote, rkey);
	meet();
	memcpy(&address, at, sizeof(address));
	if (server && address != ADDS)
		die("fetch and add", "the sum is wrong");
	ucp_rkey_destroy(rkey);
	ucp_rkey_buffer_release(packed);
	check("mem_unmap", ucp_mem_unmap(context, mem));
	munmap(at, MAX_BYTES);
}

static void close_all(void)
{
	ucp_request_param_t param = { 0 };
	char done = 0;

	flush();
	tell(&done, 1);
	free(hear());
	wait_for("close", ucp_ep_close_nbx(ep, &param));
	ucp_worker_destroy(worker);
	ucp_cleanup(context);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		fprintf(stderr, "usage: ucx_verify PORT [SERVER-ADDRESS]\n");
		return 2;
	}
	server = argc == 2;
	open_socket(argv[1], argv[2]);
	open_worker();
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		pass_message(sizes[i], 2 * i + 2);
	test_rma();
	close_all();
	if (!server)
		printf("ucx_verify: %zu sizes of messages both ways, puts, gets, %d atomics: all verified\n",
		       i, ADDS);
	return 0;
}
