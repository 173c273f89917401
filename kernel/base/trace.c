// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The tracepoints themselves, see trace.h. */
#define CREATE_TRACE_POINTS
#include "base/trace.h"
