import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../../node_modules/.vite',
  test: {
    name: 'kernel',
    root: import.meta.dirname,
    include: ['kernel.gpio.ts'],
    globalSetup: ['folder.ts'],
    // A hook boots the guest once. With an empty cache, it downloads a kernel and builds a module.
    hookTimeout: 20 * 60_000,
    // Each test judges a report: a second of work, and more on a busy machine.
    testTimeout: 60_000,
  },
});
