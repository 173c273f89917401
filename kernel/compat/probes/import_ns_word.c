// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Is a symbol namespace named by a word, not by a string? */
#include <linux/module.h>

MODULE_IMPORT_NS(DMA_BUF);
