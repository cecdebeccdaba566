// A freeze and a press at the same time: once a reply has confirmed the freeze, no press is accepted.
import { describe, expect, it } from 'vitest';
import type { Hold } from '../../../release-worker/presses/candidate.ts';
import type { Decision } from '../../../release-worker/presses/decision.ts';
import { until } from '../../support/wait.ts';
import { button } from '../support/buttons.ts';
import { accepting, takingIn } from '../support/intake.ts';
import { settle } from '../support/settle.ts';

describe('a freeze that begins while a press is decided', () => {
  const deciding = async (decision: Decision, action: 'release' | 'refresh') => {
    const now: { frozen?: Hold } = {};
    let decide = (_: Decision) => {};
    const taken = takingIn({
      buttons: [button({ on: { press: action } })],
      frozen: () => now.frozen,
      decide: () =>
        new Promise((resolve) => {
          decide = resolve;
        }),
    });
    taken.press({ id: 'p1' });
    await settle();
    now.frozen = { why: 'frozen: the sale, by ops', alone: false };
    decide(decision);
    const [result] = await until('the result', () => taken.results().length > 0 && taken.results());
    return { result, taken };
  };

  it('counts: the reply to the freeze said that nothing is released', async () => {
    const { result, taken } = await deciding(accepting, 'release');
    expect(result).toMatchObject({
      outcome: 'rejected',
      reason: 'frozen',
      message: expect.stringContaining('the sale'),
    });
    expect(taken.released).toEqual([]);
  });

  it('does not stop a refresh', async () => {
    const look: Decision = { outcome: 'accepted', refresh: [], message: 'Argo CD looks at Git again' };
    expect((await deciding(look, 'refresh')).result).toMatchObject({ outcome: 'accepted' });
  });
});
