import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../../node_modules/.vite',
  test: {
    name: 'chaos',
    root: import.meta.dirname,
    include: ['parts.chaos.ts'],
    globalSetup: ['last-line.ts'],
    // A hook plays all rounds, and the tests judge them afterwards.
    hookTimeout: 20 * 60_000,
    testTimeout: 60_000,
  },
});
