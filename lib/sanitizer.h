#pragma once
/*
 * sanitizer: the calls that tell AddressSanitizer and LeakSanitizer about our own memory (arenas,
 * fiber stacks); nothing in a build without them.
 */
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZER_ON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZER_ON 1
#endif
#endif
#ifndef SANITIZER_ON
#define SANITIZER_ON 0
#endif

#if SANITIZER_ON
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#define SANITIZER_GAP 16
#else
#define SANITIZER_GAP 0
#endif

static inline void sanitizer_poison(const void *memory, size_t size)
{
#if SANITIZER_ON
	__asan_poison_memory_region(memory, size);
#else
	(void)memory, (void)size;
#endif
}

static inline void sanitizer_unpoison(const void *memory, size_t size)
{
#if SANITIZER_ON
	__asan_unpoison_memory_region(memory, size);
#else
	(void)memory, (void)size;
#endif
}

/* Pointers in this memory keep what they point to from being called a leak. */
static inline void sanitizer_root_add(const void *memory, size_t size)
{
#if SANITIZER_ON
	__lsan_register_root_region(memory, size);
#else
	(void)memory, (void)size;
#endif
}

static inline void sanitizer_root_remove(const void *memory, size_t size)
{
#if SANITIZER_ON
	__lsan_unregister_root_region(memory, size);
#else
	(void)memory, (void)size;
#endif
}

/* Around each stack switch: `start` on the old stack with the new one's bounds, `finish` on the new one. */
static inline void sanitizer_switch_start(void **fake_stack, const void *stack, size_t size)
{
#if SANITIZER_ON
	__sanitizer_start_switch_fiber(fake_stack, stack, size);
#else
	(void)fake_stack, (void)stack, (void)size;
#endif
}

static inline void sanitizer_switch_finish(void *fake_stack, const void **old_stack, size_t *old_size)
{
#if SANITIZER_ON
	__sanitizer_finish_switch_fiber(fake_stack, old_stack, old_size);
#else
	(void)fake_stack, (void)old_stack, (void)old_size;
#endif
}
