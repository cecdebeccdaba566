// Bundles the compiled command: one file a verb and what they share, in place of some hundred small ones, which a Pi's card
// reads slowly and which cost memory. Packages with native code, and those that only the broker and the worker need, stay
// packages.
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: { main: 'dist/cli/main.js' },
  platform: 'node',
  external: ['aedes', 'got', 'koffi', 'pino-pretty', 'rpio'],
  output: {
    dir: 'dist/bundle',
    format: 'esm',
    sourcemap: true,
    cleanDir: true,
  },
});
