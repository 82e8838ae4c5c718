/* redfish: the Redfish side of a simulated BMC: the service of drivers/redfish over the machine of bmc.c,
 * with faults and the request log in between. */
#include <string.h>

#include "drivers/redfish/service.h"
#include "lib/clock.h"
#include "lib/xalloc.h"
#include "tools/bmcsim/bmc.h"
#include "tools/bmcsim/http_side.h"

struct side {
	struct redfish_service *service;
	struct http_server *server;
	void *tls;          /* of its own; NULL: plain or the shared one */
	bool is_tls_shared; /* counted in shared_tls */
};

/* All BMCs without a certificate of their own share a self-signed one: making keys is slow. By whether
 * sessions are resumed. */
static struct {
	void *context;
	unsigned users;
} shared_tls[2];

/* ---- the machine as the service sees it ---- */

static const enum bmc_boot_device boot_devices[REDFISH_BOOT_COUNT] = {
	[REDFISH_BOOT_NONE] = BMC_BOOT_NONE,       [REDFISH_BOOT_PXE] = BMC_BOOT_PXE,
	[REDFISH_BOOT_HDD] = BMC_BOOT_DISK,        [REDFISH_BOOT_CD] = BMC_BOOT_CDROM,
	[REDFISH_BOOT_BIOS_SETUP] = BMC_BOOT_BIOS, [REDFISH_BOOT_USB] = BMC_BOOT_USB,
	[REDFISH_BOOT_FLOPPY] = BMC_BOOT_FLOPPY,   [REDFISH_BOOT_UEFI_HTTP] = BMC_BOOT_UEFI_HTTP,
	[REDFISH_BOOT_DIAGS] = BMC_BOOT_DIAG,      [REDFISH_BOOT_USB_CD] = BMC_BOOT_CDROM,
};

/* By which virtual media boot. The other one is a drive that the machine does not have. */
static enum redfish_boot_target media_target(const struct bmc *bmc)
{
	return bmc->profile->redfish.is_media_usb_cd ? REDFISH_BOOT_USB_CD : REDFISH_BOOT_CD;
}

static enum redfish_power backend_power(void *arg)
{
	static const enum redfish_power powers[] = {
		[BMC_POWER_OFF] = REDFISH_OFF,
		[BMC_POWER_ON] = REDFISH_ON,
		[BMC_POWERING_ON] = REDFISH_POWERING_ON,
		[BMC_POWERING_OFF] = REDFISH_POWERING_OFF,
	};
	return powers[bmc_power(arg)];
}

static int backend_reset(void *arg, enum redfish_reset type, struct error *err)
{
	static const enum bmc_reset resets[REDFISH_RESET_COUNT] = {
		[REDFISH_RESET_ON] = BMC_RESET_ON,
		[REDFISH_RESET_FORCE_ON] = BMC_RESET_ON,
		[REDFISH_RESET_FORCE_OFF] = BMC_RESET_FORCE_OFF,
		[REDFISH_RESET_GRACEFUL_SHUTDOWN] = BMC_RESET_SOFT_OFF,
		[REDFISH_RESET_GRACEFUL_RESTART] = BMC_RESET_SOFT_REBOOT,
		[REDFISH_RESET_FORCE_RESTART] = BMC_RESET_FORCE,
		[REDFISH_RESET_POWER_CYCLE] = BMC_RESET_CYCLE,
		[REDFISH_RESET_NMI] = BMC_RESET_NMI,
	};
	struct bmc *bmc = arg;

	if (type == REDFISH_RESET_PUSH_POWER_BUTTON)
		return bmc_reset(bmc, bmc_is_on(bmc) ? BMC_RESET_SOFT_OFF : BMC_RESET_ON, err);
	/* iDRAC10 answers 409 to On for some time after Off. */
	if (type == REDFISH_RESET_ON && !bmc_is_on(bmc) && bmc->last_off_ms &&
	    clock_ms() < bmc->last_off_ms + bmc->profile->on_conflict_ms)
		return fail(err, ERR_CONFLICT, "The power-off is not complete");
	return bmc_reset(bmc, resets[type], err);
}

static void backend_boot_get(void *arg, struct redfish_boot *ret)
{
	const struct bmc *bmc = arg;

	*ret = (struct redfish_boot){
		.enabled = (enum redfish_boot_enabled)bmc->boot.persistence,
		.is_uefi = bmc->boot.is_uefi,
	};
	for (int target = 0; target < REDFISH_BOOT_COUNT; target++)
		if (boot_devices[target] == bmc->boot.device)
			ret->target = target;
	if (bmc->boot.device == BMC_BOOT_CDROM)
		ret->target = media_target(bmc);
}

static int backend_boot_set(void *arg, const struct redfish_boot *boot, struct error *err)
{
	struct bmc *bmc = arg;

	(void)err;
	bmc->boot = (struct bmc_boot){
		.device = boot_devices[boot->target],
		.persistence = (enum bmc_boot_persistence)boot->enabled,
		.is_uefi = boot->is_uefi,
	};
	if (bmc->boot.device == BMC_BOOT_CDROM && boot->target != media_target(bmc))
		bmc->boot.device = BMC_BOOT_DISK; /* what comes after a drive that is not there */
	return 0;
}

static int backend_manager_reset(void *arg, struct error *err)
{
	(void)arg;
	(void)err;
	return 0;
}

/* Looks at every byte of what was sent, whatever it is. */
static bool is_same_secret(const char *sent, const char *right)
{
	size_t right_len = strlen(right);
	size_t len = strlen(sent);
	unsigned char difference = len != right_len;

	for (size_t i = 0; i < len; i++)
		difference |= (unsigned char)(sent[i] ^ right[i < right_len ? i : right_len]);
	return !difference;
}

static bool backend_is_authentic(void *arg, const char *user, const char *password)
{
	struct bmc *bmc = arg;
	bool is_user = is_same_secret(user, bmc->user);
	bool is_password = is_same_secret(password, bmc->password);

	if (is_user && is_password)
		return true;
	bmc->auth_failures++;
	return false;
}

static const struct redfish_backend backend = {
	.power = backend_power,
	.reset = backend_reset,
	.boot_get = backend_boot_get,
	.boot_set = backend_boot_set,
	.manager_reset = backend_manager_reset,
	.is_authentic = backend_is_authentic,
};

/* ---- requests ---- */

static void serve(struct bmc *bmc, struct http_request *request, struct http_response *response)
{
	struct side *side = bmc->side;

	redfish_service_handle(side->service, request, response);
	if (bmc->profile->redfish.is_close)
		response->is_close = true;
	if (response->status == 201 && strstr(request->path, "/Sessions"))
		bmc->sessions_opened++;
}

static const struct http_side_ops ops = { .serve = serve, .refuse = redfish_service_refuse };

SUSPENDS static void handle(struct http_request *request, struct http_response *response, void *arg)
{
	http_side_handle(arg, &ops, request, response);
}

static void refuse(int status, const char *sentence, struct http_response *response, void *arg)
{
	(void)arg;
	redfish_service_refuse(status, sentence, response);
}

/* ---- the side ---- */

static int tls_context(struct bmc *bmc, struct side *side, void **ret, struct error *err)
{
	bool is_own = bmc->tls_cert || bmc->tls_key;
	void **context = is_own ? &side->tls : &shared_tls[bmc->is_tls_forgetful].context;
	int rc = 0;

	if (!bmc->is_tls)
		return 0;
	if (!*context) {
		rc = http_tls_server_context(bmc->tls_cert, bmc->tls_key, context, err);
		if (rc == 0 && bmc->is_tls_forgetful)
			http_tls_refuse_resumption(*context);
	}
	if (rc == 0 && !is_own) {
		side->is_tls_shared = true;
		shared_tls[bmc->is_tls_forgetful].users++;
	}
	*ret = *context;
	return rc;
}

static void side_stop(struct bmc *bmc)
{
	struct side *side = bmc->side;

	http_server_free(side->server);
	redfish_service_free(side->service);
	if (side->tls)
		http_tls_context_free(side->tls);
	if (side->is_tls_shared && !--shared_tls[bmc->is_tls_forgetful].users) {
		http_tls_context_free(shared_tls[bmc->is_tls_forgetful].context);
		shared_tls[bmc->is_tls_forgetful].context = NULL;
	}
	xfree(side);
	bmc->side = NULL;
}

static int side_start(struct bmc *bmc, struct error *err)
{
	struct side *side = xcalloc(1, sizeof(*side));
	struct http_server_options options = {
		.address = bmc->address,
		.port = bmc->port,
		.max_body_bytes = 1 << 20,
		.handle = handle,
		.refuse = refuse,
		.arg = bmc,
	};
	int rc;

	bmc->side = side;
	side->service = redfish_service_new(&(struct redfish_service_options){
		.backend = &backend,
		.arg = bmc,
		.quirks = &bmc->profile->redfish,
		.tree = bmc->tree,
		.name = bmc->name,
		.user = bmc->user,
		.system_uuid = bmc->system_uuid,
		.manufacturer = bmc->profile->manufacturer,
		.model = bmc->profile->model,
	});
	rc = tls_context(bmc, side, &options.tls, err);
	if (rc == 0)
		rc = http_server_new(&options, &side->server, err);
	if (rc < 0) {
		side_stop(bmc);
		return rc;
	}
	bmc->port = http_server_port(side->server);
	return 0;
}

static json_t *side_state(struct bmc *bmc)
{
	const struct side *side = bmc->side;

	return redfish_service_state(side->service);
}

static void side_changed(struct bmc *bmc)
{
	struct side *side = bmc->side;

	redfish_service_set_quirks(side->service, &bmc->profile->redfish);
}

const struct bmc_side bmc_redfish_side = {
	.name = "redfish",
	.start = side_start,
	.stop = side_stop,
	.state = side_state,
	.changed = side_changed,
};
