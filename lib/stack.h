#pragma once
/*
 * stack: the machine level of fibers: stacks with guard pages, and the switch between them. Only
 * fiber.c uses it; tools/gdb/fibers.py knows what stack_switch saves.
 */
#include <stddef.h>

/* Other processors switch by swapcontext(), which costs a system call; -DSTACK_UCONTEXT=1 asks for it. */
#ifndef STACK_UCONTEXT
#if defined(__x86_64__) || defined(__aarch64__)
#define STACK_UCONTEXT 0
#else
#define STACK_UCONTEXT 1
#endif
#endif
#if STACK_UCONTEXT
#include <ucontext.h>
#endif

/* A suspended (or not yet started) flow of control. The main stack has one too, with base NULL. */
struct stack {
	void *pointer;      /* where the registers are saved, while suspended */
	char *base;         /* lowest usable byte; the guard page is below */
	size_t size;        /* usable bytes */
	void *fake;         /* ASan's own stack of it, while suspended */
	struct stack *next; /* in the pool of idle ones */
#if STACK_UCONTEXT
	ucontext_t context;
#endif
};

/* Gives the stack memory, from the pool or new, and makes its first switch call entry(), which must
 * never return. */
void stack_take(struct stack *stack, size_t size, void (*entry)(void));
/* Back into the pool. Not while running on it. */
void stack_give(struct stack *stack);
/* Suspends `from`, which is running, and continues `to`. is_last: `from` will never run again. */
void stack_switch(struct stack *from, struct stack *to, int is_last);
/* What entry() calls first: ends the switch that led there. */
void stack_entered(void);
/* Frees the pool. */
void stack_release(void);
