import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../../node_modules/.vite',
  test: {
    name: 'compose',
    root: import.meta.dirname,
    include: ['*.docker.ts'],
    // The files share the image, and the machine has other work too.
    fileParallelism: false,
    testTimeout: 180_000,
    // A hook builds the image from an empty cache, and downloads all packages.
    hookTimeout: 10 * 60_000,
  },
});
