import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../../node_modules/.vite',
  test: {
    name: 'home-assistant',
    root: import.meta.dirname,
    include: ['real/*.ha.ts'],
    // There is one Home Assistant, and it is pointed at one broker after the other.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
