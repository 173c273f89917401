/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Who is accounted for what a process asks for.
 */
#ifndef RODP_BASE_USER_H
#define RODP_BASE_USER_H

#include <linux/cred.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

/**
 * rodp_user_current() - the user whom the current process counts for
 *
 * That is its uid. But a user without privileges who makes a user namespace may be given many uids
 * in it (/etc/subuid), and would have each limit as often: what runs in such a namespace, or in one
 * inside it, counts for who made it. A namespace that root made, for a container, is another matter: its
 * uids are users, like those outside.
 *
 * Context: Process.
 * Return: a uid of the kernel's, which stays when the namespaces go.
 */
static inline kuid_t rodp_user_current(void)
{
	const struct user_namespace *ns;
	kuid_t user = current_uid();

	for (ns = current_user_ns(); ns->parent; ns = ns->parent)
		if (!uid_eq(ns->owner, GLOBAL_ROOT_UID))
			user = ns->owner;
	return user;
}

#endif
