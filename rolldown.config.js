// Bundles the compiled command: one file a verb and what they share, in place of some hundred small ones, which a Pi's card
// reads slowly and which cost memory. Packages with native code, and those that only the broker and the worker need, stay
// packages. The licences of what is bundled go beside it, as most of them demand.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';
import license from 'rollup-plugin-license';

const folder = 'dist/bundle';

export default defineConfig({
  input: { main: 'dist/cli/main.js' },
  platform: 'node',
  external: ['aedes', 'got', 'koffi', 'pino-pretty', 'rpio'],
  plugins: [
    license({
      thirdParty: {
        multipleVersions: true,
        output: fileURLToPath(new URL(`${folder}/licences.txt`, import.meta.url)),
      },
    }),
  ],
  output: {
    dir: folder,
    format: 'esm',
    sourcemap: true,
    cleanDir: true,
  },
});
