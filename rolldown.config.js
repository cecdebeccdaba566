// Bundles the compiled command with all packages but those with native code: one file a command and what they share, in place
// of some hundred small ones, which a Pi's card reads slowly and which cost memory; and in the versions that were tested,
// since an installation of the package knows no lock file. The licences of what is bundled go beside it, as most demand.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';
import license from 'rollup-plugin-license';

const folder = 'dist/bundle';

export default defineConfig({
  input: { main: 'dist/cli/entry.js' },
  platform: 'node',
  // kerberos: an optional login at proxies that we do not offer.
  external: ['koffi', 'rpio', 'kerberos'],
  plugins: [
    license({
      thirdParty: {
        multipleVersions: true,
        output: fileURLToPath(new URL(`${folder}/licences.txt`, import.meta.url)),
      },
    }),
    {
      name: 'executable',
      // npm makes the command executable when it links it, not after a later build: then `npx release-button` was refused.
      writeBundle: ({ dir = folder }) => chmodSync(join(dir, 'main.js'), 0o755),
    },
  ],
  output: {
    dir: folder,
    format: 'esm',
    sourcemap: true,
    cleanDir: true,
  },
});
