#pragma once
/* unit: cmocka with what it needs, and without its fail(), whose name is ours (lib/error.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#undef fail
