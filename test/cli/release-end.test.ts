// Finds the end of a release among those of several workers.
import { expect, it } from 'vitest';
import { releaseEnds } from '../../cli/release-end.ts';
import { examples } from '../../tools/message-examples.ts';
import { createFakeLink } from '../gpio-agent/fake-link.ts';

it('is found although another worker publishes an end after it, before the press is answered', async () => {
  const fake = createFakeLink();
  const ends = releaseEnds(fake.link);
  fake.deliver('worker/production/release/last', { ...examples.releaseLast, id: 'ours' });
  fake.deliver('worker/staging/release/last', { ...examples.releaseLast, id: 'another' });
  expect(await ends.of('ours', 0)).toMatchObject({ id: 'ours', outcome: 'succeeded' });
});
