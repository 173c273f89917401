// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The terminal by its escape sequences, which every terminal of today has: there is no library to
 * need.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "odpctl.h"

static struct termios saved;
static volatile sig_atomic_t ended;

const char *term_colour(enum colour colour)
{
	static const char *const sequence[] = {
		[PLAIN] = "\033[0m", [BOLD] = "\033[1m",   [DIM] = "\033[2m",
		[RED] = "\033[31m",  [GREEN] = "\033[32m", [YELLOW] = "\033[33m",
		[CYAN] = "\033[36m",
	};

	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") ? sequence[colour] : "";
}

void term_size(unsigned int *columns, unsigned int *rows)
{
	struct winsize size = {};

	*columns = 80;
	*rows = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return;
	*columns = size.ws_col;
	*rows = size.ws_row;
}

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

bool term_enter(void)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct termios raw;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved))
		return false;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	raw = saved;
	raw.c_lflag &= ~(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	/* The other screen, without a cursor. */
	fputs("\033[?1049h\033[?25l", stdout);
	return true;
}

void term_leave(void)
{
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

void term_home(void)
{
	fputs("\033[H", stdout);
}

void term_end(void)
{
	fputs("\033[J", stdout);
	fflush(stdout);
}

int term_key(unsigned int ms)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;

	if (ended)
		return 'q';
	if (poll(&input, 1, ms) <= 0)
		return ended ? 'q' : 0;
	return read(STDIN_FILENO, &key, 1) == 1 ? key : 'q';
}
