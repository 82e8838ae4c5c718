/* bmcsim: any number of simulated BMCs in one process. A thin program over the server sides of Redfish
 * and IPMI. */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/clock.h"
#include "lib/fiber.h"
#include "lib/http_client.h"
#include "lib/http_server.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "tools/bmcsim/control.h"
#include "tools/bmcsim/rack.h"

#define STOP_MS 3000

struct program {
	const char *rack_path, *log_path, *mockup_path;
	char control_address[64];
	int control_port; /* -1: no control port */
	struct rack rack;
	struct http_server *control;
	bool is_stopping;
};

static void usage(FILE *out)
{
	fprintf(out,
		"usage: bmcsim --rack FILE.ini [--log FILE.jsonl] [--control ADDRESS:PORT] [--mockup TREE]\n"
		"Simulates BMCs over Redfish and IPMI. Prints a line that begins with \"ready\" when "
		"all listen.\n"
		"  --rack FILE      an INI file with a section for each BMC\n"
		"  --log FILE       append a JSON line for each request\n"
		"  --control A:P    HTTP: GET /bmc, GET and POST /bmc/<name>\n"
		"  --mockup TREE    captured tree, a folder or tar archive, for Redfish BMCs without "
		"one\n\n");
	rack_print_help(out);
}

static int parse_control(struct program *program, const char *text)
{
	const char *colon = strrchr(text, ':');
	char *end;
	long port;

	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(program->control_address))
		return -1;
	port = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end || port < 0 || port > 65535)
		return -1;
	memcpy(program->control_address, text, (size_t)(colon - text));
	program->control_address[colon - text] = '\0';
	program->control_port = (int)port;
	return 0;
}

static int take_option(struct program *program, int option)
{
	switch (option) {
	case 'r':
		program->rack_path = optarg;
		return -1;
	case 'l':
		program->log_path = optarg;
		return -1;
	case 'c':
		if (parse_control(program, optarg) == 0)
			return -1;
		fprintf(stderr, "bmcsim: --control wants ADDRESS:PORT, not '%s'\n", optarg);
		return 2;
	case 'm':
		program->mockup_path = optarg;
		return -1;
	case 'h':
		usage(stdout);
		return 0;
	case 'v':
		printf("bmcsim %s\n", FERRULE_VERSION);
		return 0;
	default:
		usage(stderr);
		return 2;
	}
}

/* Returns the exit status, or -1 to go on. */
static int parse_arguments(struct program *program, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "rack", required_argument, NULL, 'r' },
		{ "log", required_argument, NULL, 'l' },
		{ "control", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ "mockup", required_argument, NULL, 'm' },
		{ 0 },
	};
	int option, status = -1;

	while (status < 0 && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		status = take_option(program, option);
	if (status < 0 && (!program->rack_path || optind != argc)) {
		usage(stderr);
		status = 2;
	}
	return status;
}

SUSPENDS static void stop(void *arg)
{
	struct program *program = arg;

	http_server_free(program->control);
	program->control = NULL;
	rack_stop(&program->rack);
	/* requests under way were cancelled: they end before what they use goes */
	for (int64_t end_ms = clock_ms() + STOP_MS; fiber_count() > 1 && clock_ms() < end_ms;)
		fiber_sleep(1);
	loop_stop();
}

static void on_signal(int signum, void *arg)
{
	struct program *program = arg;

	(void)signum;
	if (!program->is_stopping)
		fiber_spawn("stop", stop, program);
	program->is_stopping = true;
}

/* A listener each, and connections: as many descriptors as the system gives. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int start(struct program *program, struct error *err)
{
	int rc = rack_start(&program->rack, err);

	if (rc == 0 && program->control_port >= 0) {
		rc = control_start(&program->rack, program->control_address, program->control_port,
				   &program->control, err);
		if (rc < 0)
			rack_stop(&program->rack);
	}
	if (rc < 0)
		return rc;
	printf("ready: %zu BMCs", program->rack.count);
	if (program->control)
		printf(", control %s:%d", program->control_address, http_server_port(program->control));
	printf("\n");
	fflush(stdout);
	return 0;
}

static int run(struct program *program)
{
	struct error err;
	int rc = rack_load(&program->rack, program->rack_path, &err);

	if (rc == 0 && program->mockup_path)
		rc = rack_set_mockup(&program->rack, program->mockup_path, &err);
	if (rc == 0 && program->log_path)
		rc = bmc_log_open(program->log_path, &err);
	if (rc == 0) {
		loop_init();
		http_client_init();
		loop_on_signal(SIGTERM, on_signal, program);
		loop_on_signal(SIGINT, on_signal, program);
		rc = start(program, &err);
		if (rc == 0)
			loop_run();
		http_client_release();
		loop_release();
	}
	rack_release(&program->rack);
	bmc_log_close();
	if (rc < 0)
		fprintf(stderr, "bmcsim: %s\n", err.text);
	return rc < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct program program = { .control_port = -1 };
	int status = parse_arguments(&program, argc, argv);

	if (status >= 0)
		return status;
	log_init("bmcsim", LOG_WARNING, 0);
	raise_file_limit();
	return run(&program);
}
