// Finds the end of a release among the messages of several workers.
import { expect, it } from 'vitest';
import { releaseEnds } from '../../cli/release-end.ts';
import { examples } from '../../tools/message-examples.ts';
import { createFakeLink } from '../gpio-agent/fake-link.ts';

it('the end of a release is found, even if another worker publishes an end before the press is answered', async () => {
  const fake = createFakeLink();
  const ends = releaseEnds(fake.link);
  fake.deliver('worker/production/release/last', { ...examples.releaseLast, id: 'ours' });
  fake.deliver('worker/staging/release/last', { ...examples.releaseLast, id: 'another' });
  expect(await ends.of('ours', 0)).toMatchObject({ id: 'ours', outcome: 'succeeded' });
});
