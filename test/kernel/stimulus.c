// Moves and watches lines of the kernel's GPIO simulator (gpio-sim), with the times of CLOCK_MONOTONIC before and after each step.
//
//   stimulus play LINE < plan
//     LINE is the folder of a line in sysfs (…/gpiochip0/sim_gpio3). A line of the plan is "level wait": it sets the level
//     (0 or 1) and keeps it for so many µs. For each it prints "level before after" in ns: the level changed between the
//     two. It has priority over ordinary programs, so that the durations are those of the plan.
//   stimulus storm LINE < plan
//     The same, but takes turns with ordinary programs.
//   stimulus watch MILLISECONDS MICROSECONDS LINE...
//     Reads lines every so many µs for so many ms. For the first level of each line and for each change it prints
//     "index level before after" in ns: the level was not there yet at `before`, and was there at `after`.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL
#define MAX_LINES 64

static void fail(const char *what) {
  fprintf(stderr, "stimulus: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void usage(const char *what) {
  fprintf(stderr, "stimulus: %s\n", what);
  exit(2);
}

static int64_t now(void) {
  struct timespec time;
  if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) fail("clock_gettime");
  return time.tv_sec * NS_PER_S + time.tv_nsec;
}

static void sleep_until(int64_t at) {
  const struct timespec time = {.tv_sec = at / NS_PER_S, .tv_nsec = at % NS_PER_S};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) continue;
}

// Below the interrupt threads of the kernel (50), so that an edge is processed before the next one comes.
static void go_before_others(void) {
  const struct sched_param param = {.sched_priority = 1};
  if (sched_setscheduler(0, SCHED_FIFO, &param) != 0) fail("sched_setscheduler");
}

static int open_attribute(const char *line, const char *attribute, int flags) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", line, attribute) >= (int)sizeof path) usage("a path is too long");
  const int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) fail(path);
  return fd;
}

struct step {
  int level;
  int64_t wait_ns;
  int64_t before, after;
};

static void play(const char *line) {
  size_t count = 0, room = 0;
  struct step *steps = NULL;
  int level;
  int64_t wait_us;
  int read;
  while ((read = scanf("%d %" SCNd64, &level, &wait_us)) == 2) {
    if ((level != 0 && level != 1) || wait_us < 0) usage("a step of the plan is not `level wait`");
    if (count == room) {
      room = room == 0 ? 1024 : 2 * room;
      steps = realloc(steps, room * sizeof *steps);
      if (steps == NULL) fail("realloc");
    }
    // Writes to the memory here, so that it is mapped before the timing begins.
    steps[count++] = (struct step){.level = level, .wait_ns = wait_us * 1000};
  }
  if (read != EOF) usage("the plan cannot be read");

  static const char *const pulls[] = {"pull-down", "pull-up"};
  const int fd = open_attribute(line, "pull", O_WRONLY);
  for (size_t i = 0; i < count; i++) {
    const char *pull = pulls[steps[i].level];
    steps[i].before = now();
    if (pwrite(fd, pull, strlen(pull), 0) < 0) fail("setting the level");
    steps[i].after = now();
    if (steps[i].wait_ns > 0) sleep_until(steps[i].after + steps[i].wait_ns);
  }
  for (size_t i = 0; i < count; i++)
    printf("%d %" PRId64 " %" PRId64 "\n", steps[i].level, steps[i].before, steps[i].after);
}

static void watch(int64_t for_ns, int64_t every_ns, int count, char **lines) {
  int fds[MAX_LINES];
  char known[MAX_LINES] = {0};
  if (count > MAX_LINES) usage("too many lines");
  for (int i = 0; i < count; i++) fds[i] = open_attribute(lines[i], "value", O_RDONLY);
  const int64_t end = now() + for_ns;
  int64_t last = now();
  for (int64_t at = last; at < end; at += every_ns) {
    sleep_until(at);
    const int64_t before = now();
    for (int i = 0; i < count; i++) {
      char level = 0;
      if (pread(fds[i], &level, 1, 0) != 1) fail("reading a level");
      if (level == known[i]) continue;
      printf("%d %c %" PRId64 " %" PRId64 "\n", i, level, last, now());
      known[i] = level;
    }
    last = before;
    // If a reading is late by more than a whole turn, the missed turns are skipped.
    if (before > at + every_ns) at = before;
  }
}

static int64_t number(const char *text) {
  char *end;
  const long long value = strtoll(text, &end, 10);
  if (end == text || *end != '\0' || value <= 0) usage("a number is missing");
  return value;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "play") == 0) {
    go_before_others();
    play(argv[2]);
  } else if (argc == 3 && strcmp(argv[1], "storm") == 0) {
    play(argv[2]);
  } else if (argc >= 5 && strcmp(argv[1], "watch") == 0) {
    go_before_others();
    watch(number(argv[2]) * 1000000, number(argv[3]) * 1000, argc - 4, argv + 4);
  } else {
    usage("usage: stimulus play|storm LINE < plan, stimulus watch MILLISECONDS MICROSECONDS LINE...");
  }
  return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
