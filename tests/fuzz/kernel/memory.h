/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Memory, each object an allocation of its own and of its exact size, so that the sanitizer guards
 * its ends. fuzz_memory_fails() is asked each time.
 */
#ifndef RODP_FUZZ_MEMORY_H
#define RODP_FUZZ_MEMORY_H

#define GFP_KERNEL	    1u
#define GFP_KERNEL_ACCOUNT  2u
#define __GFP_RETRY_MAYFAIL 4u
#define __GFP_NOWARN	    8u

/* The target's: whether there is no memory just now. */
bool fuzz_memory_fails(void);

static inline void *fuzz_alloc(size_t n, size_t bytes)
{
	return fuzz_memory_fails() ? NULL : calloc(n, bytes);
}

#define kzalloc(bytes, gfp)	      fuzz_alloc(1, bytes)
#define kvcalloc(n, bytes, gfp)	      fuzz_alloc(n, bytes)
#define kvmalloc_array(n, bytes, gfp) fuzz_alloc(n, bytes)
#define kfree(object)		      free(object)
#define kvfree(object)		      free(object)

/* A grace period is over at once: nobody else reads. */
struct rcu_head {
	int unused;
};
#define kfree_rcu(object, member) free(object)
#define call_rcu(head, function)  (function)(head)

struct kmem_cache {
	size_t bytes;
};

static inline struct kmem_cache *fuzz_cache(size_t bytes)
{
	struct kmem_cache *cache = fuzz_alloc(1, sizeof(*cache));

	if (cache)
		cache->bytes = bytes;
	return cache;
}

#define kmem_cache_create_usercopy(name, bytes, align, flags, from, size, ctor) fuzz_cache(bytes)
#define kmem_cache_destroy(cache)						free(cache)
#define kmem_cache_zalloc(cache, gfp)						fuzz_alloc(1, (cache)->bytes)
#define kmem_cache_free(cache, object)						free(object)

#endif
