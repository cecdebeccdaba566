import { defineConfig } from 'vitest/config';
import { patienceMs } from './test/support/patience.ts';
import { unfitFor } from './test/support/platforms.ts';

/** Packages are imported as Node does it, so that the tests run what runs. */
const deps = { interopDefault: false };

/** Where a test polls by vitest's own means: its default of 1 s is not enough for a busy machine. */
const expect = { poll: { timeout: patienceMs } };

export default defineConfig({
  test: {
    reporters: ['default', './test/support/skipped-reporter.ts'],
    // Most tests wait for sockets and processes most of the time: more of them than cores.
    maxWorkers: 4,
    projects: [
      {
        test: {
          name: 'unit',
          deps,
          expect,
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/end-to-end/**',
            'test/documents/**',
            ...unfitFor(process.platform).map(({ file }) => file),
          ],
          testTimeout: 2 * patienceMs,
          hookTimeout: 2 * patienceMs,
        },
      },
      {
        test: {
          name: 'end-to-end',
          deps,
          expect,
          include: ['test/{end-to-end,documents}/**/*.test.ts'],
          testTimeout: 3 * patienceMs,
          hookTimeout: 3 * patienceMs,
        },
      },
    ],
  },
});
