/**
 * How long a test waits for an event, in milliseconds. It only limits how long a failing test takes: a passing test waits for
 * the event alone. On two cores with a load of 40, the start of a process has taken 20 s.
 */
export const patienceMs = 60_000;
