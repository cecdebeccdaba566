import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../../node_modules/.vite',
  test: {
    name: 'home-assistant',
    root: import.meta.dirname,
    include: ['real/*.ha.ts'],
    // There is one Home Assistant, and it can be connected to one broker at a time.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
