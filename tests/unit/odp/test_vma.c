// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What a mapping's flags let the device do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Any bits that differ. */
#define VM_READ		0x1ul
#define VM_WRITE	0x2ul
#define VM_IO		0x4ul
#define VM_PFNMAP	0x8ul
#define VM_SHADOW_STACK 0x10ul
#define VM_OTHER	0x20ul

#include "vma.h"

static void plain(void **state)
{
	(void)state;
	assert_true(rodp_vma_allows(VM_READ, false));
	assert_false(rodp_vma_allows(VM_READ, true));
	assert_true(rodp_vma_allows(VM_READ | VM_WRITE, false));
	assert_true(rodp_vma_allows(VM_READ | VM_WRITE, true));
	assert_true(rodp_vma_allows(VM_READ | VM_WRITE | VM_OTHER, true));
}

static void unreadable(void **state)
{
	(void)state;
	assert_false(rodp_vma_allows(0, false));
	assert_false(rodp_vma_allows(VM_OTHER, false));
	assert_false(rodp_vma_allows(VM_WRITE, false));
	assert_false(rodp_vma_allows(VM_WRITE, true));
}

static void without_pages(void **state)
{
	(void)state;
	assert_false(rodp_vma_allows(VM_READ | VM_WRITE | VM_IO, false));
	assert_false(rodp_vma_allows(VM_READ | VM_WRITE | VM_IO, true));
	assert_false(rodp_vma_allows(VM_READ | VM_WRITE | VM_PFNMAP, false));
	assert_false(rodp_vma_allows(VM_READ | VM_WRITE | VM_PFNMAP, true));
}

static void shadow_stack(void **state)
{
	(void)state;
	assert_true(rodp_vma_allows(VM_READ | VM_WRITE | VM_SHADOW_STACK, false));
	assert_false(rodp_vma_allows(VM_READ | VM_WRITE | VM_SHADOW_STACK, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(without_pages),
		cmocka_unit_test(shadow_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
