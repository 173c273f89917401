// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Retries are bounded; a child knows that it is one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "home.h"
#include "retry.h"

static void test_retry(void **state)
{
	struct odp_retry retry = {};
	unsigned int again = 0;

	(void)state;
	assert_false(odp_retry(&retry, 0));
	assert_false(odp_retry(&retry, -EINVAL));
	assert_false(odp_retry(&retry, -ENOMEM));
	assert_int_equal(retry.count, 0);
	while (odp_retry(&retry, again % 2 ? -EINTR : -EAGAIN))
		again++;
	assert_int_equal(again, ODP_RETRIES);
	assert_int_equal(retry.count, ODP_RETRIES);
	assert_false(odp_retry(&retry, -EAGAIN));
}

static void test_home(void **state)
{
	struct odp_home home;
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(odp_home_init(&home), 0);
	assert_true(odp_home_is(&home));
	child = fork();
	assert_true(child >= 0);
	if (!child)
		_exit(odp_home_is(&home));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	assert_true(odp_home_is(&home));
	odp_home_exit(&home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
