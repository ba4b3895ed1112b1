/* The files of a fit: what it writes, none of which it reads, and a claim on them.
 *
 * Two runs with one output would write one learning curve between them, so a run holds
 * a lock on that file (flock, which the kernel drops however a process ends) from
 * before it reads its data until its files are written. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/job.h"
#include "cli/out.h"

const char *cli_job_place(
    const cli_job *job, const char *path, char *buf, size_t size) {
  if (job->root == NULL || path[0] == '/' || strcmp(path, "-") == 0) {
    return path;
  }
  snprintf(buf, size, "%s/%s", job->root, path);
  return buf;
}

static int name_files(cli_job *job) {
  const int stem = cli_stem(job->output, ".safetensors");
  job->yaml = cli_format("%.*s.yaml", stem, job->output);
  job->metrics = cli_format("%.*s.metrics.jsonl", stem, job->output);
  job->checkpoint = cli_format("%s.ckpt", job->output);
  return job->yaml == NULL || job->metrics == NULL || job->checkpoint == NULL
             ? cli_no_memory()
             : 0;
}

/* That an input is none of the files to be written. */
static int apart(const cli_job *job, const char *input, const char *what) {
  const struct {
    const char *path, *says;
  } written[] = {{job->output, "the model"}, {job->yaml, "the settings of this run"},
      {job->metrics, "the learning curve"}, {job->checkpoint, "the checkpoint"}};
  for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
    const int code = cli_apart(written[i].path, written[i].says, input, what);
    if (code != 0) {
      return code;
    }
  }
  return 0;
}

static int inputs_apart(const cli_job *job) {
  static const char *const keys[] = {
      "file", "valid", "test", "mask_file", "labels", "valid_labels", "test_labels"};
  int code = apart(job, job->file, "the configuration");
  for (size_t i = 0; code == 0 && i < sizeof keys / sizeof *keys; i++) {
    char buf[4096], what[32];
    const char *path = cli_key_text(job->config.data, keys[i]);
    snprintf(what, sizeof what, "data.%s", keys[i]);
    if (path != NULL) {
      code = apart(job, cli_job_place(job, path, buf, sizeof buf), what);
    }
  }
  return code;
}

/* Opens path and locks it; -1 with errno where that cannot be. A file that another run
 * removed in between is opened again. */
static int open_locked(const char *path) {
  for (;;) {
    struct stat mine, there;
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
      return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      close(fd);
      errno = EWOULDBLOCK;
      return -1;
    } /* a file system without locks is taken as it is */
    if (fstat(fd, &mine) == 0 && stat(path, &there) == 0 &&
        mine.st_ino == there.st_ino) {
      return fd;
    }
    close(fd);
  }
}

static int claim(cli_job *job) {
  const int fd = open_locked(job->metrics);
  if (fd > 0) {
    job->claim = fd;
    return 0;
  }
  return errno == EWOULDBLOCK
             ? cli_error("%s: another run is writing it; wait for its end, or choose "
                         "another -o",
                   job->output)
             : cli_error("%s: cannot write: %s", job->metrics, strerror(errno));
}

int cli_job_files(cli_job *job) {
  if (strcmp(job->output, "-") == 0) {
    return cli_usage("-o: a model is a file, not a stream");
  }
  int code = cli_extension_among(job->output, "safetensors");
  if (code == 0) {
    code = name_files(job);
  }
  if (code == 0) {
    code = cli_can_write(job->output);
  }
  if (code == 0) {
    code = inputs_apart(job);
  }
  return code == 0 ? claim(job) : code;
}

/* A run that came to no learning curve leaves no empty one. */
void cli_job_files_free(cli_job *job) {
  struct stat st;
  if (job->claim > 0) {
    if (fstat(job->claim, &st) == 0 && st.st_size == 0) {
      unlink(job->metrics);
    }
    close(job->claim);
  }
  free(job->yaml);
  free(job->metrics);
  free(job->checkpoint);
}
