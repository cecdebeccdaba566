// By which selection a list is asked for, and what is made of an answer that lacks what it should have.
import { expect, it } from 'vitest';
import type { ListedApp } from '../../../release-worker/argocd/application.ts';
import type { ListSelection } from '../../../release-worker/argocd/fields.ts';
import { createListing } from '../../../release-worker/drift/listing.ts';
import { listed } from '../support/records.ts';

const { project, repository, sources, plainGit, automated, ...withoutSpec } = listed();

/** @param knowsMembers whether the server is 3.5.0 or newer, whatever it has said of itself */
function listing() {
  const asked: ListSelection[] = [];
  const warnings: string[] = [];
  const server = { knowsMembers: true };
  const { list, server: tell } = createListing({
    argocd: {
      server: 'https://argocd.example',
      list: (selection = 'spec'): Promise<readonly ListedApp[]> => {
        asked.push(selection);
        return Promise.resolve([selection === 'spec' || server.knowsMembers ? listed() : withoutSpec]);
      },
    },
    log: { warn: (_: unknown, message?: string) => void warnings.push(message ?? '') },
  });
  return { list, tell, asked, warnings, server };
}

it('asks for what every version knows until the version is known', async () => {
  const { list, asked } = listing();
  await list();
  expect(asked).toEqual(['spec']);
});

it.each([
  ['v2.14.21+abcdef0', 'spec'],
  ['v3.4.7', 'spec'],
  ['v3.5.0-rc1+abcdef0', 'spec'],
  ['v3.5.0', 'members'],
  ['v3.6.0+simulated', 'members'],
  ['v3.10.1', 'members'],
  ['v4.0.0', 'members'],
  ['built at home', 'spec'],
] as const)('asks %s for its %s', async (version, selection) => {
  const { list, tell, asked } = listing();
  tell(version);
  await list();
  expect(asked).toEqual([selection]);
});

it('asks once more, and from then on, for whole specifications where the server turns out to be older', async () => {
  const { list, tell, asked, warnings, server } = listing();
  tell('v3.6.0');
  server.knowsMembers = false;
  expect(await list()).toEqual([listed()]);
  // The server that answers for the version is still the new one.
  tell('v3.6.0');
  expect(await list()).toEqual([listed()]);

  expect(asked).toEqual(['members', 'spec', 'spec']);
  expect(warnings).toEqual([expect.stringContaining('v3.6.0')]);
});

it('asks for the members again once the server is another version that knows them', async () => {
  const { list, tell, asked, server } = listing();
  tell('v3.6.0');
  server.knowsMembers = false;
  await list();
  tell('v3.4.7');
  await list();
  server.knowsMembers = true;
  tell('v3.6.1');
  await list();

  expect(asked).toEqual(['members', 'spec', 'spec', 'members']);
});
