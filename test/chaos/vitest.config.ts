import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../../node_modules/.vite',
  test: {
    name: 'chaos',
    root: import.meta.dirname,
    include: ['parts.chaos.ts'],
    globalSetup: ['last-line.ts'],
    // All rounds are played in a hook, and judged afterwards.
    hookTimeout: 20 * 60_000,
    testTimeout: 60_000,
  },
});
