#include "lib/stack.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/sanitizer.h"

/* Idle stacks kept for the next fiber, with the few pages that each has touched; what is above goes back
 * to the system. */
#define POOL_MAX 256

/* An idle stack's memory; the header lies at its top, the part that is mapped in anyway. */
struct idle {
	struct idle *next;
	char *base;
	size_t size;
};

static struct idle *pool;
static unsigned pool_count;
static struct stack *switching_from; /* set while a switch is under way */

/*
 * machine_switch(save, load): pushes the registers that a C function must preserve, stores the stack
 * pointer in *save, continues with the stack pointer `load`. That is all of a cooperative switch;
 * swapcontext() would add a system call for the signal mask, which no fiber changes. The floating
 * point control words are not switched either: nothing here changes rounding or traps.
 *
 * machine_start is where a new stack's first switch "returns": it calls the entry with a return
 * address of 0, where debuggers stop.
 */
#if STACK_UCONTEXT
#elif defined(__x86_64__)
void machine_switch(void **save, void *load);
void machine_start(void);
__asm__(".text\n"
	".globl machine_switch\n.hidden machine_switch\n.type machine_switch, @function\n"
	"machine_switch:\n"
	"	.cfi_startproc\n"
	"	pushq %rbp\n	pushq %rbx\n	pushq %r12\n	pushq %r13\n	pushq %r14\n	pushq %r15\n"
	"	.cfi_adjust_cfa_offset 48\n	.cfi_offset %rbp, -16\n	.cfi_offset %rbx, -24\n"
	"	.cfi_offset %r12, -32\n	.cfi_offset %r13, -40\n"
	"	.cfi_offset %r14, -48\n	.cfi_offset %r15, -56\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n	popq %r14\n	popq %r13\n	popq %r12\n	popq %rbx\n	popq %rbp\n"
	"	.cfi_adjust_cfa_offset -48\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size machine_switch, . - machine_switch\n"
	".globl machine_start\n.hidden machine_start\n.type machine_start, @function\n"
	"machine_start:\n"
	"	.cfi_startproc\n	.cfi_undefined %rip\n"
	"	xorl %ebp, %ebp\n"
	"	callq *%rbx\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".size machine_start, . - machine_start\n");

enum { SAVED_WORDS = 7, SAVED_ENTRY = 4 /* rbx */, SAVED_RETURN = 6 };

#elif defined(__aarch64__)
void machine_switch(void **save, void *load);
void machine_start(void);
__asm__(".text\n"
	".globl machine_switch\n.hidden machine_switch\n.type machine_switch, %function\n"
	"machine_switch:\n"
	"	.cfi_startproc\n"
	"	sub sp, sp, #160\n	.cfi_adjust_cfa_offset 160\n"
	"	stp x19, x20, [sp, #0]\n	stp x21, x22, [sp, #16]\n	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n	stp x27, x28, [sp, #64]\n	stp x29, x30, [sp, #80]\n"
	"	.cfi_offset x29, -80\n	.cfi_offset x30, -72\n"
	"	stp d8, d9, [sp, #96]\n	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x19, x20, [sp, #0]\n	ldp x21, x22, [sp, #16]\n	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n	ldp x27, x28, [sp, #64]\n	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n	.cfi_adjust_cfa_offset -160\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size machine_switch, . - machine_switch\n"
	".globl machine_start\n.hidden machine_start\n.type machine_start, %function\n"
	"machine_start:\n"
	"	.cfi_startproc\n	.cfi_undefined x30\n"
	"	mov x29, #0\n	mov x30, #0\n"
	"	blr x19\n"
	"	brk #1\n"
	"	.cfi_endproc\n"
	".size machine_start, . - machine_start\n");

enum { SAVED_WORDS = 20, SAVED_ENTRY = 0 /* x19 */, SAVED_RETURN = 11 /* x30 */ };
#endif

static size_t page_size(void)
{
	static size_t size;

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

/* Lazily mapped, so that a stack costs what it has touched; running over its end is a SIGSEGV. */
static char *map_stack(size_t size)
{
	size_t guard = page_size();
	char *memory = mmap(NULL, size + guard, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (memory == MAP_FAILED || mprotect(memory, guard, PROT_NONE) < 0)
		log_fatal("no memory for another fiber's stack: %s", strerror(errno));
	return memory + guard;
}

static void unmap_stack(char *base, size_t size)
{
	munmap(base - page_size(), size + page_size());
}

static struct idle *idle_header(char *base, size_t size)
{
	return (struct idle *)(void *)(base + size - sizeof(struct idle));
}

static void take_memory(struct stack *stack, size_t size)
{
	if (pool && pool->size == size) {
		stack->base = pool->base;
		pool = pool->next;
		pool_count--;
	} else {
		stack->base = map_stack(size);
	}
	stack->size = size;
	/* LeakSanitizer scans the stacks of threads only; the fibers' are ours to name. */
	sanitizer_root_add(stack->base, size);
}

void stack_take(struct stack *stack, size_t size, void (*entry)(void))
{
	memset(stack, 0, sizeof(*stack));
	take_memory(stack, size);
#if STACK_UCONTEXT
	getcontext(&stack->context);
	stack->context.uc_stack.ss_sp = stack->base;
	stack->context.uc_stack.ss_size = size;
	makecontext(&stack->context, entry, 0);
#else
	/* With the saved words popped, the stack is left aligned to 16 bytes for the call of entry. */
	uintptr_t *saved = (uintptr_t *)(void *)(stack->base + size) - 2 - SAVED_WORDS;
	memset(saved, 0, SAVED_WORDS * sizeof(*saved));
	saved[SAVED_ENTRY] = (uintptr_t)entry;
	saved[SAVED_RETURN] = (uintptr_t)machine_start;
	stack->pointer = saved;
#endif
}

void stack_give(struct stack *stack)
{
	sanitizer_root_remove(stack->base, stack->size);
	/* The frames that never returned have left their red zones. */
	sanitizer_unpoison(stack->base, stack->size);
	if (pool_count >= POOL_MAX) {
		unmap_stack(stack->base, stack->size);
	} else {
		struct idle *idle = idle_header(stack->base, stack->size);
		*idle = (struct idle){ .next = pool, .base = stack->base, .size = stack->size };
		pool = idle;
		pool_count++;
	}
	stack->base = NULL;
}

/* The first arrival anywhere from the main stack tells where that lies: it is known to nobody else. */
static void arrived(void *fake)
{
	const void *base;
	size_t size;

	sanitizer_switch_finish(fake, &base, &size);
	if (SANITIZER_ON && !switching_from->base) {
		switching_from->base = (char *)(uintptr_t)base;
		switching_from->size = size;
	}
}

void stack_entered(void)
{
	arrived(NULL);
}

void stack_switch(struct stack *from, struct stack *to, int is_last)
{
	switching_from = from;
	sanitizer_switch_start(is_last ? NULL : &from->fake, to->base, to->size);
#if STACK_UCONTEXT
	swapcontext(&from->context, &to->context);
#else
	machine_switch(&from->pointer, to->pointer);
#endif
	arrived(from->fake);
}

void stack_release(void)
{
	while (pool) {
		struct idle idle = *pool;
		unmap_stack(idle.base, idle.size);
		pool = idle.next;
	}
	pool_count = 0;
}
