import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../../node_modules/.vite',
  test: {
    name: 'compose',
    root: import.meta.dirname,
    include: ['compose.docker.ts'],
    testTimeout: 180_000,
    // The image is built in a hook, from an empty cache with all packages to fetch.
    hookTimeout: 10 * 60_000,
  },
});
