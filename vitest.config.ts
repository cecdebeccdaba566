import { defineConfig } from 'vitest/config';

/** Packages are imported as Node does it, so that the tests run what runs. */
const deps = { interopDefault: false };

export default defineConfig({
  test: {
    // Most tests wait for sockets and processes most of the time: more of them than cores.
    maxWorkers: 4,
    projects: [
      {
        test: {
          name: 'unit',
          deps,
          include: ['test/**/*.test.ts'],
          exclude: ['test/end-to-end/**'],
          testTimeout: 15_000,
        },
      },
      {
        test: {
          name: 'end-to-end',
          deps,
          include: ['test/end-to-end/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
