/* Tests of drivers/redfish/problem.c: the error objects of several makes, and what is none. */
#include "drivers/redfish/problem.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_read__forms_of_the_makes__give_code_and_sentence(void **state)
{
	static const struct {
		const char *body, *code, *text;
	} cases[] = {
		/* DSP0266 */
		{ "{\"error\":{\"code\":\"Base.1.8.GeneralError\",\"message\":\"See "
		  "below\",\"@Message.ExtendedInfo\":[{\"MessageId\":"
		  "\"Base.1.8.PropertyUnknown\",\"Message\":\"The property X is "
		  "unknown\",\"Severity\":\"Warning\"}]}}",
		  "Base.1.8.PropertyUnknown", "The property X is unknown" },
		/* the most severe one counts, wherever it stands */
		{ "{\"error\":{\"@Message.ExtendedInfo\":[{\"MessageId\":\"A\",\"Message\":\"a\","
		  "\"Severity\":\"OK\"},{\"MessageId\":"
		  "\"B\",\"Message\":\"b\",\"MessageSeverity\":\"Critical\"},{\"MessageId\":\"C\","
		  "\"Message\":\"c\"}]}}",
		  "B", "b" },
		/* iDRAC: an object instead of a list */
		{ "{\"error\":{\"code\":\"G\",\"message\":\"m\",\"@Message.ExtendedInfo\":{\"MessageId\":"
		  "\"IDRAC.2.8.SYS518\",\"Message\":"
		  "\"Not now\"}}}",
		  "IDRAC.2.8.SYS518", "Not now" },
		/* iLO 5: no Message but arguments */
		{ "{\"error\":{\"code\":\"iLO.0.10.ExtendedInfo\",\"message\":\"See "
		  "@Message.ExtendedInfo\",\"@Message.ExtendedInfo\":"
		  "[{\"MessageId\":\"iLO.2.15.InvalidOperationForSystemState\",\"MessageArgs\":[\"one\","
		  "\"two\"]}]}}",
		  "iLO.2.15.InvalidOperationForSystemState", "one, two" },
		/* iLO 4: Messages, MessageID, at the top */
		{ "{\"Messages\":[{\"MessageID\":\"Base.0.10.ActionNotSupported\"}],\"Name\":\"Extended "
		  "Error\"}",
		  "Base.0.10.ActionNotSupported", "" },
		/* info beside the error */
		{ "{\"error\":{\"code\":\"X\",\"message\":\"x\"},\"@Message.ExtendedInfo\":[{\"MessageId\":"
		  "\"Y\",\"Message\":\"y\"}]}",
		  "Y", "y" },
		/* AMI */
		{ "{\"error\":\"Internal problem\"}", "", "Internal problem" },
		{ "{\"error\":{\"code\":\"X\",\"message\":\"only this\"}}", "X", "only this" },
		{ "{\"code\":\"X\",\"message\":\"flat\"}", "X", "flat" },
		/* no error objects */
		{ "", "", "" },
		{ "<html>502</html>", "", "" },
		{ "null", "", "" },
		{ "[]", "", "" },
		{ "{}", "", "" },
		{ "{\"error\":7}", "", "" },
		{ "{\"error\":{\"@Message.ExtendedInfo\":\"x\"}}", "", "" },
		{ "{\"error\":{\"@Message.ExtendedInfo\":[7,null,[]]}}", "", "" },
		{ "{\"error\":{\"@Message.ExtendedInfo\":[{\"MessageId\":5,\"Message\":{},\"MessageArgs\":[7]"
		  "}]}}",
		  "", "" },
		/* control characters and runs of spaces */
		{ "{\"error\":{\"message\":\"  one\\r\\n\\ttwo\\u0007  three \"}}", "", "one two three" },
	};
	struct redfish_problem problem;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		redfish_problem_read(cases[i].body, strlen(cases[i].body), &problem);
		assert_string_equal(problem.code, cases[i].code);
		assert_string_equal(problem.text, cases[i].text);
	}
}

static void test_read__long_text__is_cut_between_characters(void **state)
{
	static const char head[] = "{\"error\":{\"message\":\"", tail[] = "\"}}";
	struct redfish_problem problem;
	char body[4096];

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		size_t len = 0;
		memcpy(body, head, sizeof(head) - 1);
		len += sizeof(head) - 1;
		memset(body + len, 'x', shift);
		len += shift;
		for (int i = 0; i < 900; i++, len += 3)
			memcpy(body + len, "\xe2\x82\xac", 3);
		memcpy(body + len, tail, sizeof(tail) - 1);
		len += sizeof(tail) - 1;
		redfish_problem_read(body, len, &problem);
		assert_in_range(strlen(problem.text), sizeof(problem.text) - 5, sizeof(problem.text) - 1);
		assert_int_equal((strlen(problem.text) - shift) % 3, 0);
	}
}

static void test_mask__secret_in_the_text__becomes_asterisks(void **state)
{
	struct redfish_problem problem = { "calvin.calvin", "The password calvin of root is not calvi" };

	(void)state;
	redfish_problem_mask(&problem, "calvin");
	assert_string_equal(problem.code, "******.******");
	assert_string_equal(problem.text, "The password ****** of root is not calvi");
	redfish_problem_mask(&problem, "***");
	redfish_problem_mask(&problem, "a");
	redfish_problem_mask(&problem, NULL);
	assert_string_equal(problem.text, "The password ****** of root is not calvi");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read__forms_of_the_makes__give_code_and_sentence),
		cmocka_unit_test(test_read__long_text__is_cut_between_characters),
		cmocka_unit_test(test_mask__secret_in_the_text__becomes_asterisks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
