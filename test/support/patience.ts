/**
 * How long a test waits for what must happen, in milliseconds. It only bounds how long a failure takes: a test that passes waits
 * for the event alone. On two cores with a load of 40, starting a process has been seen to take 20 s.
 */
export const patienceMs = 60_000;
