// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The provider's switch and rule. Both are read once a process, so each case is one: a child that
 * asks what a registration becomes, and leaves its report in a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "on_demand.h"
#include "rodp.h"

#define PAGE   4096ul
#define RIGHTS (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ)
#define REPORT "on_demand_test.report"

static char *memory;
static char *overwritten; /* by the child, once it registered; or NULL */

/* NULL: there is none. */
static void set(const char *environment, const char *file)
{
	FILE *out;

	unlink(RODP_CONFIG);
	unlink(REPORT);
	if (environment)
		setenv("RODP_ON_DEMAND", environment, true);
	else
		unsetenv("RODP_ON_DEMAND");
	if (!file)
		return;
	out = fopen(RODP_CONFIG, "w");
	assert_non_null(out);
	fputs(file, out);
	fclose(out);
}

/* What a registration becomes in a process of its own, and whether its report has such words. */
static int become(bool device, char *addr, size_t length, int access)
{
	struct rodp_context context = { .on_demand = device };
	pid_t child = fork();
	int status, given;

	if (!child) {
		given = rodp_on_demand_access(&context.vctx.context, addr, length, access);
		rodp_on_demand_again(length, access, given, 0);
		if (overwritten)
			memset(overwritten, 'x', strlen(overwritten));
		exit(given == access ? 10 : given == (access | IBV_ACCESS_ON_DEMAND) ? 11 : 12);
	}
	assert_true(waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) - 10;
}

static bool report_has(const char *words)
{
	char line[1024] = "";
	FILE *file = fopen(REPORT, "r");

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = 0;
	fclose(file);
	return strstr(line, words);
}

static int plain(void)
{
	return become(true, memory + 5, PAGE, RIGHTS);
}

static void test_switch(void **state)
{
	static const struct {
		const char *environment, *file;
		int is;
	} cases[] = {
		{ NULL, NULL, 0 },
		{ "1", NULL, 1 },
		{ "YES", NULL, 1 },
		{ "0", NULL, 0 },
		{ "", NULL, 0 },
		{ "maybe", NULL, 0 },
		{ NULL, "on_demand = yes\n", 1 },
		{ NULL, "# a comment\n\n  on_demand=on # and another\n", 1 },
		{ NULL, "on_demand = yes\non_demand = no\n", 0 },
		{ NULL, "#on_demand = yes\n", 0 },
		{ NULL, "on_demand\n=\n= yes\non_demand yes\nother = yes\n", 0 },
		{ NULL, "on_demand = cat unit_on_demand dog\n", 1 },
		{ NULL, "on_demand = cat dog\n", 0 },
		{ "0", "on_demand = yes\n", 0 },
		{ "1", "on_demand = no\n", 1 },
		{ "maybe", "on_demand = yes\n", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set(cases[i].environment, cases[i].file);
		if (plain() != cases[i].is)
			fail_msg("environment %s, file %s: not %d", cases[i].environment,
				 cases[i].file, cases[i].is);
	}
}

static void test_rule(void **state)
{
	const int flush_persistent = 1 << 9;

	(void)state;
	set("1", NULL);
	assert_int_equal(plain(), 1);
	assert_true(report_has("on demand 1 (4096 bytes), device 0"));
	set("1", NULL);
	assert_int_equal(become(false, memory, PAGE, RIGHTS), 0);
	assert_true(report_has("device 1 (4096 bytes)"));
	set("1", NULL);
	assert_int_equal(become(true, memory, PAGE, RIGHTS | IBV_ACCESS_HUGETLB), 0);
	assert_true(report_has("huge pages 1 "));
	set("1", NULL);
	assert_int_equal(become(true, memory, PAGE, RIGHTS | flush_persistent), 0);
	assert_true(report_has("persistent 1 "));
	/* A hole at its end, and one all over. */
	set("1", NULL);
	assert_int_equal(become(true, memory + PAGE, 2 * PAGE, RIGHTS), 0);
	assert_true(report_has("not mapped 1 (8192 bytes)"));
	assert_int_equal(become(true, memory + 2 * PAGE, 1, RIGHTS), 0);
	assert_int_equal(become(true, (char *)-PAGE, 2 * PAGE, RIGHTS), 0);
	/* The whole address space is an implicit region, which nobody asked for. */
	assert_int_equal(become(true, NULL, SIZE_MAX, RIGHTS), 0);
	assert_int_equal(become(true, memory, -(uintptr_t)memory - 1, RIGHTS), 0);
	/* What asks for it is not counted. */
	set("1", NULL);
	assert_int_equal(become(true, memory, PAGE, RIGHTS | IBV_ACCESS_ON_DEMAND), 0);
	assert_true(!report_has("1 ("));
}

/* What is read is kept, whatever becomes of the environment; a name may be of any length. */
static void test_hostile(void **state)
{
	static char line[2000] = "on_demand = cat ", name[4000];
	char *environment = strdup("RODP_ON_DEMAND_REPORT=" REPORT);
	char *const was = program_invocation_short_name;

	(void)state;
	memset(line + strlen(line), 'x', sizeof(line) - 32 - strlen(line));
	strcat(line, " unit_on_demand\n");
	set(NULL, line);
	program_invocation_short_name = (char *)"unit_on_demand";
	assert_int_equal(plain(), 1);
	memset(name, '%', sizeof(name) - 1);
	set("1", NULL);
	program_invocation_short_name = name;
	assert_int_equal(putenv(environment), 0);
	overwritten = environment;
	assert_int_equal(plain(), 1);
	overwritten = NULL;
	assert_true(report_has("%%%: on demand 1 (4096 bytes)"));
	program_invocation_short_name = was;
	setenv("RODP_ON_DEMAND_REPORT", REPORT, true);
	free(environment);
}

static void test_refused(void **state)
{
	(void)state;
	assert_false(rodp_on_demand_again(1, RIGHTS, RIGHTS, EINVAL));
	assert_false(rodp_on_demand_again(1, RIGHTS, RIGHTS | IBV_ACCESS_ON_DEMAND, 0));
	assert_true(rodp_on_demand_again(1, RIGHTS, RIGHTS | IBV_ACCESS_ON_DEMAND, EOPNOTSUPP));
}

static int set_up(void **state)
{
	(void)state;
	setenv("RODP_ON_DEMAND_REPORT", REPORT, true);
	memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED || munmap(memory + 2 * PAGE, PAGE);
}

static int tear_down(void **state)
{
	(void)state;
	set(NULL, NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
