/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Shrinking: a scenario that fails is made smaller as long as it fails: fewer work requests, less
 * trouble, shorter messages. Each try is a process of its own, so that one that crashes or hangs is
 * like one that fails.
 */
#ifndef MODEL_SHRINK_H
#define MODEL_SHRINK_H

#include "scenario.h"

/* So long one scenario may take, s. */
#define SHRINK_HANGS 10

/**
 * shrink_reproduce() - run a scenario in another process, and write down what trouble there was
 * @scenario: in memory that processes share
 * @reason: becomes why it failed, 256 bytes, shared too
 *
 * Return: whether it fails.
 */
bool shrink_reproduce(struct scenario *scenario, char *reason);

/**
 * shrink() - make a scenario smaller that fails
 * @scenario: as above; becomes the smaller one, which fails too
 * @reason: as above
 *
 * Takes half a minute at most. Return: how many scenarios were tried.
 */
u32 shrink(struct scenario *scenario, char *reason);

#endif
