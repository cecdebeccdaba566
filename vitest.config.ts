import { defineConfig } from 'vitest/config';

/** Packages are imported as Node does it, so that the tests run what runs. */
const deps = { interopDefault: false };

/** Where a test polls by vitest's own means: its default of 1 s is not enough for a busy machine. */
const expect = { poll: { timeout: 10_000 } };

export default defineConfig({
  test: {
    // Most tests wait for sockets and processes most of the time: more of them than cores.
    maxWorkers: 4,
    projects: [
      {
        test: {
          name: 'unit',
          deps,
          expect,
          include: ['test/**/*.test.ts'],
          exclude: ['test/end-to-end/**'],
          // The longest take 3 s; on a machine with five times as much to do it is more than 20.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'end-to-end',
          deps,
          expect,
          include: ['test/end-to-end/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
