// SPDX-License-Identifier: MIT
#include "run.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int run(char *const *argv, const char *out, const char *err)
{
	posix_spawn_file_actions_t files;
	int status;
	pid_t pid;

	if (posix_spawn_file_actions_init(&files) ||
	    posix_spawn_file_actions_addopen(&files, 1, out,
					     O_WRONLY | O_CREAT | O_TRUNC, 0644) ||
	    posix_spawn_file_actions_addopen(&files, 2, err,
					     O_WRONLY | O_CREAT | O_TRUNC, 0644) ||
	    posix_spawnp(&pid, argv[0], &files, NULL, argv, environ)) {
		perror(argv[0]);
		exit(2);
	}
	posix_spawn_file_actions_destroy(&files);
	if (waitpid(pid, &status, 0) < 0)
		exit(2);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
