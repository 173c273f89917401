// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Numbers: the device's counters, the kernel's memory, random ones. */
#include "vt.h"

static FILE *open_counter(const char *root, const char *dev, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/sys/class/infiniband/%s/ports/1/hw_counters/%s", root, dev,
		 name);
	return fopen(path, "r");
}

/* In a network namespace, ip netns exec hides the devices of /sys; process 1 has them. */
static int64_t read_counter(const struct vt_device *dev, const char *name)
{
	long long value;
	FILE *file;
	int n;

	file = open_counter("", dev->name, name);
	if (!file)
		file = open_counter("/proc/1/root", dev->name, name);
	if (!file)
		return -1;
	n = fscanf(file, "%lld", &value);
	fclose(file);
	return n == 1 ? value : -1;
}

/* The kernel answers with what it read up to 10 ms ago, in whole jiffies: 16 ms with 250 a second. */
#define STALE_MS 25

int64_t vt_counter(const struct vt_device *dev, const char *name)
{
	vt_sleep_ms(STALE_MS);
	return read_counter(dev, name);
}

void vt_counters(const struct vt_device *dev, const char *const *names, size_t n, int64_t *values)
{
	size_t i;

	vt_sleep_ms(STALE_MS);
	for (i = 0; i < n; i++)
		values[i] = read_counter(dev, names[i]);
}

void vt_expect_no_leaves(const struct vt_device *dev)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	int64_t made, freed;

	do {
		vt_sleep_ms(10);
		freed = vt_counter(dev, "odp_leaves_freed");
		made = vt_counter(dev, "odp_leaves_made");
	} while (made != freed && vt_now_ns() < end_ns);
	if (made != freed)
		vt_fail("%ld of %ld leaves are left", (long)(made - freed), (long)made);
}

uint64_t vt_kernel_kib(void)
{
	static const char *const parts[] = { "Slab:", "KernelStack:", "PageTables:", "VmallocUsed:",
					     "Percpu:" };
	unsigned long long value;
	uint64_t sum = 0;
	char word[64];
	size_t i;
	FILE *file;

	file = fopen("/proc/meminfo", "r");
	if (!file)
		vt_fail("/proc/meminfo: %m");
	while (fscanf(file, "%63s %llu%*[^\n]", word, &value) == 2) {
		for (i = 0; i < VT_ARRAY_SIZE(parts); i++)
			sum += strcmp(word, parts[i]) ? 0 : value;
	}
	fclose(file);
	return sum;
}

long vt_available_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = -1;

	if (!file)
		vt_fail("/proc/meminfo: %m");
	while (kib < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, "MemAvailable:", 13))
			kib = atol(line + 13);
	fclose(file);
	return kib;
}

/* xorshift64*: the same numbers for the same seed everywhere. */
uint64_t vt_random(uint64_t *state)
{
	uint64_t x = *state ? *state : 0x9e3779b97f4a7c15ull;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dull;
}
