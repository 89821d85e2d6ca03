// SPDX-License-Identifier: MIT
#include "qemu/builtin.h"

#include <stddef.h>

const char *const qemu_builtin[] = {
	/* The virtual machine runs, or does not. */
	"runstate_set(int current_state, const char *current_state_str, "
	"int new_state, const char *new_state_str) "
	"\"current_run_state %d (%s) new_state %d (%s)\"",
	"vm_state_notify(int running, int reason, const char *reason_str) "
	"\"running %d reason %d (%s)\"",
	"vm_stop_flush_all(int ret) \"ret %d\"",

	/* Stages, and what ends them. */
	"migrate_set_state(const char *new_state) \"new state %s\"",
	"migrate_fd_cancel(void) \"\"",
	"migration_cancel(void) \"\"",
	"migrate_fd_cleanup(void) \"\"",
	"migration_cleanup(void) \"\"",
	"migrate_fd_error(const char *error_desc) \"error=%s\"",
	"migrate_error(const char *error_desc) \"error=%s\"",
	"migration_block_activation(const char *name) \"%s\"",
	"migration_precopy_complete(void) \"\"",
	"migration_thread_setup_complete(void) \"\"",
	"migration_thread_after_loop(void) \"\"",
	"migration_thread_file_err(void) \"\"",
	"migration_completion_file_err(void) \"\"",
	"migration_completion_vm_stop(int ret) \"ret %d\"",
	"migration_completion_postcopy_end(void) \"\"",
	"migration_completion_postcopy_end_after_complete(void) \"\"",
	"migration_return_path_end_before(void) \"\"",
	"migration_return_path_end_after(int rp_error) \"%d\"",
	"migration_return_path_end_after(void) \"\"",
	"migration_socket_incoming_accepted(void) \"\"",
	"migration_socket_outgoing_connected(const char *hostname) "
	"\"hostname=%s\"",
	"migration_socket_outgoing_error(const char *err) \"error=%s\"",
	"migration_set_incoming_channel(void *ioc, const char *ioctype) "
	"\"ioc=%p ioctype=%s\"",
	"migration_set_outgoing_channel(void *ioc, const char *ioctype, "
	"const char *hostname, void *err) "
	"\"ioc=%p ioctype=%s hostname=%s err=%p\"",
	"migration_exec_outgoing(const char *cmd) \"cmd=%s\"",
	"migration_exec_incoming(const char *cmd) \"cmd=%s\"",
	"migration_fd_outgoing(int fd) \"fd=%d\"",
	"migration_fd_incoming(int fd) \"fd=%d\"",
	"migrate_global_state_pre_save(const char *state) \"saved state: %s\"",
	"migrate_global_state_post_load(const char *state) "
	"\"loaded state: %s\"",
	"process_incoming_migration_co_end(int ret, int ps) "
	"\"ret=%d postcopy-state=%d\"",

	/* Rounds. */
	"migration_bitmap_sync_start(void) \"\"",
	"migration_bitmap_sync_end(uint64_t dirty_pages) "
	"\"dirty_pages %\" PRIu64",
	"migration_bitmap_clear_dirty(char *str, uint64_t start, "
	"uint64_t size, unsigned long page) "
	"\"rb %s start 0x%\" PRIx64 \" size 0x%\" PRIx64 \" page 0x%lx\"",
	"migration_throttle(void) \"\"",
	"cpu_throttle_set(int new_throttle_pct) "
	"\"set guest CPU throttled by %d%%\"",
	"global_dirty_changed(unsigned int bitmask) \"bitmask 0x%\" PRIx32",

	/* What is left, and how fast it goes. */
	"migrate_pending(uint64_t size, uint64_t max, uint64_t pre, "
	"uint64_t compat, uint64_t post) "
	"\"pending size %\" PRIu64 \" max %\" PRIu64 \" (pre = %\" PRIu64 "
	"\" compat=%\" PRIu64 \" post=%\" PRIu64 \")\"",
	"migrate_pending_exact(uint64_t size, uint64_t pre, uint64_t post) "
	"\"exact pending size %\" PRIu64 \" (pre = %\" PRIu64 "
	"\" post=%\" PRIu64 \")\"",
	"migrate_pending_estimate(uint64_t size, uint64_t pre, uint64_t post) "
	"\"estimate pending size %\" PRIu64 \" (pre = %\" PRIu64 "
	"\" post=%\" PRIu64 \")\"",
	"migration_thread_low_pending(uint64_t pending) \"%\" PRIu64",
	"migrate_transferred(uint64_t transferred, uint64_t time_spent, "
	"uint64_t bandwidth, int64_t max_size) "
	"\"transferred %\" PRIu64 \" time_spent %\" PRIu64 \" bandwidth %\" "
	"PRIu64 \" max_size %\" PRId64",
	"migrate_transferred(uint64_t transferred, uint64_t time_spent, "
	"uint64_t bandwidth, uint64_t switchover_bw, int64_t max_size) "
	"\"transferred %\" PRIu64 \" time_spent %\" PRIu64 \" bandwidth %\" "
	"PRIu64 \" switchover_bw %\" PRIu64 \" max_size %\" PRId64",
	"migration_rate_limit_pre(int ms) \"%d ms\"",
	"migration_rate_limit_post(int urgent) \"urgent: %d\"",
	"ram_save_iterate_big_wait(uint64_t milliseconds, int iterations) "
	"\"big wait: %\" PRIu64 \" milliseconds, %d iterations\"",
	"ram_save_page(const char *rbname, uint64_t offset, void *host) "
	"\"%s: offset: 0x%\" PRIx64 \" host: %p\"",
	"ram_load_complete(int ret, uint64_t seq_iter) "
	"\"exit_code %d seq iteration %\" PRIu64",

	/* The state, on its way. */
	"savevm_state_header(void) \"\"",
	"savevm_state_setup(void) \"\"",
	"savevm_state_iterate(void) \"\"",
	"savevm_state_complete_precopy(void) \"\"",
	"savevm_state_cleanup(void) \"\"",
	"savevm_section_start(const char *id, unsigned int section_id) "
	"\"%s, section_id %u\"",
	"savevm_section_end(const char *id, unsigned int section_id, int ret) "
	"\"%s, section_id %u -> %d\"",
	"savevm_section_skip(const char *id, unsigned int section_id) "
	"\"%s, section_id %u\"",
	"savevm_command_send(uint16_t command, uint16_t len) "
	"\"com=0x%x len=%d\"",
	"vmstate_save(const char *idstr, const char *vmsd_name) \"%s, %s\"",
	"vmstate_load(const char *idstr, const char *vmsd_name) \"%s, %s\"",
	"vmstate_downtime_checkpoint(const char *checkpoint) \"%s\"",
	"loadvm_state_setup(void) \"\"",
	"loadvm_state_cleanup(void) \"\"",

	/* Memory that follows the virtual machine. */
	"postcopy_start(void) \"\"",
	"postcopy_start_set_run(void) \"\"",
	"loadvm_postcopy_handle_listen(const char *str) \"%s\"",
	"loadvm_postcopy_handle_run(void) \"\"",
	"postcopy_ram_fault_thread_request(uint64_t hostaddr, "
	"const char *ramblock, size_t offset, uint32_t pid) "
	"\"Request for HVA=0x%\" PRIx64 \" rb=%s offset=0x%zx pid=%u\"",
	"postcopy_place_page(void *host_addr) \"host=%p\"",
	"postcopy_place_page_zero(void *host_addr) \"host=%p\"",
	"postcopy_ram_incoming_cleanup_blocktime(uint64_t total) "
	"\"total blocktime %\" PRIu64",

	/* By qmp.c. */
	"qmp:MIGRATION(const char *status) \"%s\"",
	"qmp:MIGRATION_PASS(int64_t pass) \"%\" PRId64",
	"qmp:query_migrate(const char *status, uint64_t total_time_ms, "
	"uint64_t setup_time_ms, uint64_t downtime_ms, "
	"uint64_t dirty_sync_count, uint64_t page_size, uint64_t total_bytes, "
	"uint64_t normal_pages, uint64_t duplicate_pages, "
	"uint64_t transferred_bytes) "
	"\"%s %\" PRIu64 \" %\" PRIu64 \" %\" PRIu64 \" %\" PRIu64 \" %\" "
	"PRIu64 \" %\" PRIu64 \" %\" PRIu64 \" %\" PRIu64 \" %\" PRIu64",
	NULL,
};
