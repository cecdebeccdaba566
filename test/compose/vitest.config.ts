import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../../node_modules/.vite',
  test: {
    name: 'compose',
    root: import.meta.dirname,
    include: ['*.docker.ts'],
    // They share the image, and the machine has other things to do, too.
    fileParallelism: false,
    testTimeout: 180_000,
    // The image is built in a hook, from an empty cache with all packages to fetch.
    hookTimeout: 10 * 60_000,
  },
});
