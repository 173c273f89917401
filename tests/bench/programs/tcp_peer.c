// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Messages over a TCP connection, as a program without RDMA would send them: one send() each, and as many recv() as it
 * takes. The receiver checks each message's number. Without an address it is the server, for one client.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message.h"

static const char doc[] =
	"Streams messages over TCP, or has each of them answered, and prints MiB/s or us.";

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0)
		message_fail("socket");
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		message_fail("setsockopt");
	return fd;
}

static struct sockaddr_in tcp_address(const struct options *options)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(options->port) };

	if (options->address && inet_pton(AF_INET, options->address, &to.sin_addr) != 1)
		message_fail(options->address);
	return to;
}

/* Nagle's delay would be inherited from the listener, its absence is too. */
static int tcp_accept(const struct options *options)
{
	struct sockaddr_in any = tcp_address(options);
	int listener = tcp_socket(), fd;

	if (bind(listener, (struct sockaddr *)&any, sizeof(any)) || listen(listener, 1))
		message_fail("listen");
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		message_fail("accept");
	close(listener);
	return fd;
}

static int tcp_connect(const struct options *options)
{
	struct sockaddr_in to = tcp_address(options);
	int fd = tcp_socket();

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		message_fail("connect");
	return fd;
}

static void tcp_send(int fd, uint8_t *data, size_t bytes, uint64_t number)
{
	size_t done = 0;
	ssize_t n;

	message_stamp(data, bytes, number);
	for (; done < bytes; done += n) {
		n = send(fd, data + done, bytes - done, MSG_NOSIGNAL);
		if (n < 0)
			message_fail("send");
	}
}

static void tcp_receive(int fd, uint8_t *data, size_t bytes, uint64_t number)
{
	size_t done = 0;
	ssize_t n;

	for (; done < bytes; done += n) {
		n = recv(fd, data + done, bytes - done, MSG_WAITALL);
		if (n <= 0)
			message_fail("recv");
	}
	message_check(data, bytes, number);
}

static void tcp_serve(int fd, const struct options *options, uint8_t *data)
{
	uint64_t i;

	for (i = 1; i <= options->count; i++) {
		tcp_receive(fd, data, options->bytes, i);
		if (options->pingpong)
			tcp_send(fd, data, options->bytes, i);
	}
	if (!options->pingpong)
		tcp_send(fd, data, sizeof(uint64_t), i); /* all of it is here */
}

static void tcp_ask(int fd, const struct options *options, uint8_t *data)
{
	uint64_t start = message_now_ns(), i;

	for (i = 1; i <= options->count; i++) {
		tcp_send(fd, data, options->bytes, i);
		if (options->pingpong)
			tcp_receive(fd, data, options->bytes, i);
	}
	if (!options->pingpong)
		tcp_receive(fd, data, sizeof(uint64_t), i);
	message_report(options, start);
}

int main(int argc, char **argv)
{
	struct options options = options_read(argc, argv, doc);
	uint8_t *data = message_alloc(options.bytes);

	if (options.address)
		tcp_ask(tcp_connect(&options), &options, data);
	else
		tcp_serve(tcp_accept(&options), &options, data);
	return EXIT_SUCCESS;
}
