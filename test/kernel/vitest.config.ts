import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../../node_modules/.vite',
  test: {
    name: 'kernel',
    root: import.meta.dirname,
    include: ['kernel.gpio.ts'],
    globalSetup: ['folder.ts'],
    // The guest is booted once, in a hook: from an empty cache with a kernel to fetch and a module to build.
    hookTimeout: 20 * 60_000,
    // Each test judges what the guest has reported: a second of work, and more on a busy machine.
    testTimeout: 60_000,
  },
});
