#include "lib/utf8.h"

#include <stdbool.h>

#include "tests/support/unit.h"

static void test_utf8__all_code_points__round_trip(void **state)
{
	(void)state;
	for (uint32_t point = 0; point <= 0x110000; point++) {
		char text[4];
		size_t length = utf8_encode(point, text);
		bool is_valid = point < 0xd800 || (point > 0xdfff && point < 0x110000);
		if (utf8_length(text, length) != (is_valid ? length : 0))
			fail_with("U+%04X", (unsigned)point);
		if (is_valid && utf8_decode(text, length) != point)
			fail_with("U+%04X", (unsigned)point);
		if (length > 1 && utf8_length(text, length - 1) != 0)
			fail_with("U+%04X cut", (unsigned)point);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8__all_code_points__round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
